"""What a single value must be, as far as its text alone can tell. Every `ValueError` says what to do."""

import re
import warnings
from datetime import datetime
from email.utils import getaddresses
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from aggregator.config.problems import did_you_mean, nearest, quoted
from aggregator.errors import QueryError
from aggregator.search import parse_query

NAME_LENGTH = 100  # of ids and names of feeds: they are parts of addresses and of file names
TAG_LENGTH = 100
URL_LENGTH = 8_000
PATTERN_LENGTH = 2_000
MAX_PORT = 65_535
QUOTED = 200  # characters of another library's message that ours repeats
UNIX = "unix:"

# RFC 9110 §5.6.2, and what the daemon itself decides for every request.
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_OURS = {
    *("accept-encoding", "connection", "content-length", "expect", "host", "if-modified-since"),
    *("if-none-match", "keep-alive", "range", "te", "trailer", "transfer-encoding", "upgrade"),
}
SECRET_HEADERS = {"authorization", "cookie", "proxy-authorization"}

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")
_NOT_NAME = re.compile(r"[^a-z0-9._]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_BLANK = re.compile(r"[\s\x00-\x20\x7f]")
_LISTEN = re.compile(r"(?P<host>\[[0-9A-Fa-f:.%]+\]|[^\s:\[\]/]*):(?P<port>[0-9]+)")
_MAILBOX = re.compile(r"[^\s@<>,;:]+@[^\s@<>,;:]+")
_DIRECTIVE = re.compile(r"%(.)", re.DOTALL)
_YEARS = {"Y", "y", "G", "c", "x"}


def check_line(text: str) -> str:
    """Return text that is to be shown on one line, if it is any."""
    if not text.strip():
        raise ValueError("is empty")
    if _CONTROL.search(text):
        raise ValueError("must be a single line without control characters")
    return text


def check_path(text: str) -> str:
    """Return a path that a file system can hold; "" stays."""
    if _CONTROL.search(text):
        raise ValueError("a path must not contain control characters")
    return text


def check_query(text: str) -> str:
    """Return a query that can be read; the column that a complaint names is the query's own."""
    try:
        parse_query(text)
    except QueryError as exc:
        raise ValueError(str(exc)) from None
    return text


def check_name(text: str) -> str:
    """Return an id or the name of a feed: it becomes part of addresses and file names."""
    if not _NAME.fullmatch(text) or len(text) > NAME_LENGTH:
        usable = as_name(text)
        raise ValueError(
            f"{quoted(text)} must be made of a-z, 0-9, '.', '_' and '-', begin with a letter or digit "
            f"and have at most {NAME_LENGTH} characters" + (f"; {quoted(usable)} would do" if usable else "")
        )
    return text


def as_name(text: str) -> str:
    """Return `text` brought into the shape of an id, "" when nothing of it is left."""
    lowered = text.lower()
    if _NAME.fullmatch(lowered) and len(lowered) <= NAME_LENGTH:
        return lowered  # the host name of an IDN has a double hyphen
    return _NOT_NAME.sub("-", lowered).strip("-._")[:NAME_LENGTH].strip("-._")


def check_tag(text: str) -> str:
    """Return a tag: any word or words that can be shown."""
    if text != text.strip() or len(text) > TAG_LENGTH:
        raise ValueError(
            f"{quoted(text)} must not begin or end with a space nor exceed {TAG_LENGTH} characters"
        )
    return check_line(text)


def split_url(url: str) -> SplitResult:
    """Return the parts of an absolute URL without credentials; the message never repeats these."""
    if _BLANK.search(url) or len(url) > URL_LENGTH:
        raise ValueError(f"must not contain spaces nor exceed {URL_LENGTH} characters; write a space as %20")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as exc:
        raise ValueError(f"is no URL: {str(exc)[:QUOTED]}") from exc
    if parts.username is not None or parts.password is not None:
        raise ValueError(
            "must not carry credentials: write the URL without user:password@ and "
            'add auth = { username = "…", password_file = "…" }'
        )
    if port is not None and not 1 <= port <= MAX_PORT:
        raise ValueError(f"has no usable port: {port} is not between 1 and {MAX_PORT}")
    return parts


def check_source_url(url: str) -> str:
    """Return the address of a source: http(s): with a host, or file:."""
    parts = split_url(url)
    scheme = parts.scheme.lower()
    if scheme == "file":
        if parts.netloc not in {"", "localhost"} or not parts.path or parts.query or parts.fragment:
            raise ValueError(
                'is no file of this machine: write "file:feeds/one.xml" or "file:///srv/feeds/one.xml"'
            )
    elif scheme not in {"http", "https"}:
        raise ValueError(
            f"{quoted(url)} must begin with https://, http:// or file:" + _scheme_advice(url, scheme)
        )
    else:
        _check_host(parts)
    return url


def _scheme_advice(url: str, scheme: str) -> str:
    if scheme == "feed":
        rest = url.partition(":")[2].removeprefix("//")
        return f"; write {quoted(rest if rest.startswith('http') else 'https://' + rest)}"
    return did_you_mean(scheme, ("https", "http", "file")) if scheme else ""


def _check_host(parts: SplitResult) -> None:
    host = parts.hostname
    if not host:
        raise ValueError(f"{quoted(parts.geturl())} names no host")
    if ":" not in host:
        try:
            host.encode("idna")
        except UnicodeError as exc:
            raise ValueError(f"{quoted(host)} is no host name") from exc


def check_web_url(url: str) -> str:
    """Return an http(s) URL without query and fragment and without a trailing slash; "" stays."""
    if not url:
        return url
    parts = split_url(url)
    if parts.scheme not in {"http", "https"} or parts.query or parts.fragment:
        raise ValueError(
            f'{quoted(url)} must be an http(s) address without ? and #, like "https://news.example.org"'
        )
    _check_host(parts)
    return url.rstrip("/")


def check_proxy(url: str) -> str:
    """Return the address of a proxy. Credentials may be in it: whether they may is for the caller."""
    if _BLANK.search(url):
        raise ValueError("the proxy's URL must not contain spaces")
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise ValueError('the proxy\'s URL must be like "http://proxy.example.org:3128"')
    return url


def check_webhook(url: str) -> str:
    """Return an address that messages are posted to; "" stays. A part of it may be a secret."""
    if not url:
        return url
    parts = split_url(url)
    if parts.scheme not in {"http", "https"} or parts.fragment:
        raise ValueError(
            'the webhook must be an http(s) address without #, like "https://chat.example.org/hook"'
        )
    _check_host(parts)
    return url


def check_mailbox(text: str) -> str:
    """Return addresses of mail as one header line has them (RFC 5322 §3.4); "" stays."""
    if not text:
        return text
    check_line(text)
    if not all(_MAILBOX.fullmatch(address) for _, address in getaddresses([text])):
        raise ValueError(f'{quoted(text)} is no address of mail, like "ops@example.org"')
    return text


def check_contact(text: str) -> str:
    """Return an address people can write to or look up; it becomes part of the User-Agent."""
    if not text.isascii() or _CONTROL.search(text) or "(" in text or ")" in text:
        raise ValueError(
            "must be an address or URL in ASCII without parentheses: it becomes part of the User-Agent"
        )
    return text.strip()


def check_listen(text: str) -> str:
    """Return an address to serve on: host:port, unix:/path, or "" for none."""
    if not text:
        return text
    if text.startswith(UNIX):
        if not text.removeprefix(UNIX):
            raise ValueError('names no socket; write "unix:/run/aggregator/http.sock"')
        return text
    found = _LISTEN.fullmatch(text)
    if found is None:
        raise ValueError(f'{quoted(text)} is no address to listen on; write "127.0.0.1:8080" or "unix:/path"')
    if int(found["port"]) > MAX_PORT:
        raise ValueError(f"port {found['port']} is not between 0 and {MAX_PORT}")
    if not found["host"]:
        raise ValueError(f'names no host; write "127.0.0.1{text}", or "0.0.0.0{text}" for every network')
    return text


def check_network(text: str) -> str:
    """Return an address or network in CIDR notation."""
    network(text)
    return text


def network(text: str) -> IPv4Network | IPv6Network:
    """Return the network `text` names; an address is a network of one."""
    try:
        return ip_network(text)
    except ValueError as exc:
        try:
            meant = f" (did you mean {quoted(str(ip_network(text, strict=False)))}?)"
        except ValueError:
            meant = '; write it like "10.0.0.0/8" or "::1"'
        raise ValueError(f"{quoted(text)} is no IP address or network{meant}") from exc


def check_store_url(text: str) -> str:
    """Return the address of a store: sqlite or sqlite:///path."""
    if text.startswith(("postgresql://", "postgres://")):
        raise ValueError('PostgreSQL is not supported yet: use "sqlite" or "sqlite:///path"')
    if text != "sqlite" and not (text.startswith("sqlite:///") and len(text) > len("sqlite:///")):
        raise ValueError('must be "sqlite" or "sqlite:///path"')
    return text


@lru_cache(maxsize=1024)
def check_zone(name: str) -> str:
    """Return the IANA name of a time zone."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as exc:  # OSError: "Europe" is a directory
        meant = _nearest_zone(name)
        offer = f" (did you mean {quoted(meant)}?)" if meant else '; names are like "Europe/Minsk"'
        raise ValueError(f"unknown time zone {quoted(name)}{offer}") from exc
    return name


def _nearest_zone(name: str) -> str | None:
    """Return the likeliest zone by its whole name, else by its city."""
    zones = sorted(available_timezones())
    cities = {zone.rpartition("/")[2]: zone for zone in reversed(zones) if "/" in zone}
    city = nearest(name.rpartition("/")[2].replace(" ", "_"), cities)
    return nearest(name, zones) or (cities[city] if city else None)


@lru_cache(maxsize=1024)
def check_date_format(text: str) -> str:
    """Return a strptime format that says a year: without one every date would lie in 1900."""
    try:
        datetime.strptime("", text)  # noqa: DTZ007  # only its complaint is of interest
    except ValueError as exc:
        if "bad directive" in str(exc) or "stray %" in str(exc):
            raise ValueError(f"{quoted(text)} is no strptime format: {exc}") from exc
    except re.error as exc:  # a directive used twice
        raise ValueError(f"{quoted(text)} is no strptime format: a directive is used twice") from exc
    if not _YEARS & set(_DIRECTIVE.findall(text)):
        raise ValueError(f'{quoted(text)} has no year; write a format like "%d.%m.%Y %H:%M:%S"')
    return text


@lru_cache(maxsize=1024)
def check_pattern(text: str) -> str:
    """Return a regular expression of Python's `re`."""
    if len(text) > PATTERN_LENGTH:
        raise ValueError(f"the regular expression is longer than {PATTERN_LENGTH} characters")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            re.compile(text)
    except (re.error, Warning, OverflowError, RecursionError) as exc:
        raise ValueError(f"bad regular expression {quoted(text)}: {exc}") from exc
    return text


def check_header_name(name: str) -> str:
    """Return the name of a request header (RFC 9110 §5.6.2) that is not the daemon's to decide."""
    if not _TOKEN.fullmatch(name):
        raise ValueError(f"{quoted(name)} is no header name")
    if name.lower() in _OURS:
        raise ValueError(f"the header {quoted(name)} is set by the daemon itself")
    return name


def check_header_value(text: str) -> str:
    """Return what may be sent as a header's value (RFC 9110 §5.5), ASCII only."""
    if not text.isascii() or _CONTROL.search(text.replace("\t", " ")):
        raise ValueError("must be a single line of ASCII characters")
    return text.strip()
