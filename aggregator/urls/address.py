"""Read an address into its normal form, and resolve references."""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import quote, unquote, urljoin

import idna

MAX_URL_LENGTH = 8_000  # characters; a longer one is no address anyone can follow, and is left alone
MAX_HOST_LENGTH = 253  # RFC 1035 §2.3.4

LINK_SCHEMES = frozenset({"http", "https", "mailto", "tel"})
REFERENCE_SCHEMES = LINK_SCHEMES | {"ftp", "magnet"}  # what `absolute` returns
DEFAULT_PORTS = {"http": "80", "https": "443"}
_MAX_PORT = 65_535
_PRIVATE_SUFFIXES = (
    ".localhost",
    ".local",
    ".internal",
    ".lan",
    ".home.arpa",
    ".test",
    ".invalid",
)  # RFC 6761, 6762

# In normal form already, as most are: no port, no user, no empty query or fragment, encoded what has to be.
_ENCODED = "%(?:[0189A-F][0-9A-F]|2[0-9A-CF]|3[A-F]|40|5[B-E]|60|7[B-DF])"
_NORMAL = re.compile(
    rf"https?://[a-z0-9_-]+(?:\.[a-z0-9_-]+)*/(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]++|{_ENCODED})*+"
    rf"(?:\?(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]++|{_ENCODED})++)?"
    rf"(?:#(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]++|{_ENCODED})++)?"
)
_SEMICOLON = "\uffff"  # stands for one in `join`: no character, so in no address
_HOST = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*")
BLANKS = "".join(map(chr, range(0x21)))  # C0 controls and space
_ESCAPED = re.compile(r"%([0-9A-Fa-f]{2})")
_STRAY = re.compile(
    r"%(?![0-9A-Fa-f]{2})"
)  # means itself: decoding what follows must not make an escape of it
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_NOT_PATH = re.compile(r"%(?![0-9A-F]{2})|[^A-Za-z0-9._~!$&'()*+,;=:@/%-]+")
_NOT_QUERY = re.compile(r"%(?![0-9A-F]{2})|[^A-Za-z0-9._~!$&'()*+,;=:@/?%-]+")  # RFC 3986 §3.4, §3.5


@dataclass(frozen=True, slots=True)
class Address:
    """An http(s) address in normal form; `str` puts it together again."""

    scheme: str
    userinfo: str
    host: str
    port: str  # empty for the scheme's own
    path: str
    query: str
    fragment: str

    def __str__(self) -> str:
        user = f"{self.userinfo}@" if self.userinfo else ""
        port = f":{self.port}" if self.port else ""
        query = f"?{self.query}" if self.query else ""
        fragment = f"#{self.fragment}" if self.fragment else ""
        return f"{self.scheme}://{user}{self.host}{port}{self.path}{query}{fragment}"


def is_normal(url: str) -> bool:
    """Whether an address is plainly in normal form, so that there is nothing to do to it; False means nothing."""
    return len(url) <= MAX_HOST_LENGTH and _NORMAL.fullmatch(url) is not None and "/." not in url


def absolute(base: str | None, url: str) -> str | None:
    """Resolve a reference (RFC 3986 §5) to a valid URI, or None when nothing can be followed.

    None for javascript:, data:, any scheme outside `REFERENCE_SCHEMES`, an empty reference, and a
    relative one without a base. Tracking parameters stay.
    """
    if is_normal(url):
        return url
    reference = forgiven(url)
    if not reference or len(reference) > MAX_URL_LENGTH:
        return None
    above = forgiven(base or "")
    if above.partition(":")[0].lower() not in DEFAULT_PORTS:  # nothing is read from elsewhere
        above = ""
    joined = _joined(above, reference)
    scheme, colon, rest = joined.partition(":")
    scheme = scheme.lower()
    if not colon or not rest or scheme not in REFERENCE_SCHEMES:
        return None
    if scheme in DEFAULT_PORTS:
        address = parsed(joined)
        return None if address is None else str(address)
    rest, mark, fragment = rest.partition("#")
    return f"{scheme}:{encoded(rest, _NOT_QUERY)}{mark}{encoded(fragment, _NOT_QUERY)}"


def _joined(base: str, reference: str) -> str:
    """Resolve against a base that may be none; "" for brackets that are no IPv6 address."""
    try:
        return join(base, reference)
    except ValueError:
        return _joined("", reference) if base else ""


def join(base: str, reference: str) -> str:
    """Resolve a reference (RFC 3986 §5.2); raises `ValueError` for brackets that are no IPv6 address.

    urljoin knows parameters (RFC 2396) as well: a ";" at the end of a path, with nothing after it, would be lost.
    """
    joined = urljoin(base.replace(";", _SEMICOLON), reference.replace(";", _SEMICOLON))
    return joined.replace(_SEMICOLON, ";")


def host(url: str) -> str:
    """Return the host of an http(s) address in lower case and ASCII, else ""; no port, no brackets."""
    address = parsed(url)
    return "" if address is None else address.host.strip("[]")


def is_public_name(host: str) -> bool:
    """Return whether a host is a name that all its URLs share on the public net: no IP address, no private name."""
    if "." not in host or host.endswith(_PRIVATE_SUFFIXES):
        return False
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return True
    return False


def parsed(url: str) -> Address | None:
    """Read an http(s) address with a usable host (RFC 3986 appendix B), else None."""
    text = forgiven(url)
    scheme, colon, rest = text.partition("://")
    scheme = scheme.lower()
    if scheme not in DEFAULT_PORTS or not colon or len(text) > MAX_URL_LENGTH:
        return None
    rest, _, fragment = rest.partition("#")
    rest, _, query = rest.partition("?")
    authority, _, path = rest.partition("/")
    userinfo, _, host_port = authority.rpartition("@")
    name, port = _host_and_port(host_port)
    if name is None or port is None:
        return None
    return Address(
        scheme=scheme,
        userinfo=encoded(userinfo, _NOT_PATH).replace("/", "%2F") if userinfo != ":" else "",
        host=name,
        port="" if port == DEFAULT_PORTS[scheme] else port,
        path=without_dots("/" + encoded(path, _NOT_PATH)),
        query=encoded(query, _NOT_QUERY),
        fragment=encoded(fragment, _NOT_QUERY),
    )


def forgiven(url: str) -> str:
    """Undo what browsers forgive: white space around, line breaks and tabs inside, backslashes."""
    text = url.strip(BLANKS)
    for unwanted in "\t\n\r":
        text = text.replace(unwanted, "")
    if "\\" in text and len(text) <= MAX_URL_LENGTH:
        start = re.split(r"[?#]", text, maxsplit=1)[0]
        text = start.replace("\\", "/") + text[len(start) :]
    return text


def _host_and_port(text: str) -> tuple[str | None, str | None]:
    """Split and normalise "host:port"; None for what is not one."""
    if text.startswith("["):
        literal, bracket, after = text[1:].partition("]")
        port = after.removeprefix(":")
        name = _ipv6_host(literal) if bracket and after[:1] in {"", ":"} else None
    else:
        raw, _, port = text.partition(":")
        name = _ascii_host(raw)
    if not port:
        return name, ""
    if not (port.isascii() and port.isdigit()) or len(port) > 10 or int(port) > _MAX_PORT:
        return name, None
    return name, str(int(port))


def _ipv6_host(literal: str) -> str | None:
    """Return an address in its shortest form (RFC 5952), without zone: that is local to a machine."""
    try:
        return f"[{ipaddress.IPv6Address(literal)}]" if "%" not in literal else None
    except ValueError:
        return None


def _ascii_host(raw: str) -> str | None:
    """Return a host as DNS knows it (IDNA 2008 with the mapping of UTS 46), without the root dot."""
    name = unquote(raw) if "%" in raw else raw
    if len(name) > MAX_HOST_LENGTH:
        return None
    if not name.isascii():
        try:
            name = idna.encode(name, uts46=True).decode("ascii")
        except UnicodeError:
            try:
                name = name.encode("idna").decode("ascii")  # emoji hosts: valid in IDNA 2003 only
            except UnicodeError:
                return None
    name = name.lower().removesuffix(".")
    return name if _HOST.fullmatch(name) else None


def encoded(text: str, forbidden: re.Pattern[str]) -> str:
    """Normalise percent-encoding (RFC 3986 §6.2.2): unreserved decoded, upper-case hex, the rest encoded."""
    return forbidden.sub(
        lambda found: quoted(found[0]), unescaped(_STRAY.sub("%25", text) if "%" in text else text)
    )


def unescaped(text: str) -> str:
    """Decode the percent-encoded octets that never need it; the others get upper-case hex."""
    return _ESCAPED.sub(_decoded, text) if "%" in text else text


def _decoded(found: re.Match[str]) -> str:
    character = chr(int(found[1], 16))
    return character if character in _UNRESERVED else found[0].upper()


def quoted(text: str) -> str:
    """Percent-encode everything but the unreserved; a lone surrogate is quoted like any other."""
    return quote(text.encode(errors="surrogatepass"), safe="")


def without_dots(path: str) -> str:
    """Resolve "." and ".." segments (RFC 3986 §5.2.4) of a path that starts with a slash."""
    if "/." not in path:
        return path
    kept: list[str] = []
    segments = path.split("/")[1:]
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in {".", ".."}:
        kept.append("")
    return "/" + "/".join(kept)
