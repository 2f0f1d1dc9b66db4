"""What is asked: the headers of a request, who may see credentials, where a redirect leads."""

from base64 import b64encode

import httpx

from aggregator.errors import FetchError
from aggregator.fetch.headers import UNSENDABLE
from aggregator.model import Access, Validators
from aggregator.urls import absolute, join

ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, "
    "application/json;q=0.8, application/xml;q=0.8, text/xml;q=0.8, */*;q=0.1"
)
ACCEPT_ENCODING = "gzip, deflate, zstd"  # what can be inflated within a bound; brotli cannot
REDIRECTS = frozenset({301, 302, 303, 307, 308})
PERMANENT = frozenset({301, 308})
MAX_URL = 8000  # characters; more does not fit the request line of common servers


def parse_url(text: str, base: httpx.URL | None = None) -> httpx.URL:
    """Return an http(s) URL without fragment and without credentials; FetchError if it is none.

    A configured URL carries no credentials, and those a publisher puts into a redirect are not ours
    to send.
    """
    try:
        url = _read(text, base)
        if "#" in str(url) or url.userinfo:  # few have; dropping them costs as much as reading the URL
            url = url.copy_with(fragment=None, username=None, password=None)
    except (httpx.InvalidURL, ValueError) as exc:
        raise FetchError("URL cannot be read" if base is None else "redirect to no readable URL") from exc
    if url.scheme not in {"http", "https"} or not host_of(url):
        what = "redirect to" if base is not None else "URL"
        raise FetchError(f"{what} {shown(url)}: only http and https with a host can be fetched")
    if url.port is not None and not 0 < url.port < 2**16:
        raise FetchError(f"URL of port {url.port}: there is no such port")
    if len(str(url)) > MAX_URL:
        raise FetchError(f"URL of more than {MAX_URL} characters")
    return url


def _read(text: str, base: httpx.URL | None) -> httpx.URL:
    """Resolve and read an address, as it is written where that can be sent."""
    try:
        return httpx.URL(text if base is None else join(str(base), str(httpx.URL(text))))
    except httpx.InvalidURL:  # a host that IDNA 2008 has not, as of emoji, may be one all the same
        normal = None if text.isascii() else absolute(None if base is None else str(base), text)
        if normal is None:
            raise
        return httpx.URL(normal)


def host_of(url: httpx.URL) -> str:
    """Return the host as DNS knows it; httpx's own `host` raises for an A-label that IDNA 2008 has not."""
    return url.raw_host.decode("ascii")


def shown(url: httpx.URL) -> str:
    """Return a URL for a message: without the query, which may carry a token, and not too long."""
    return str(url.copy_with(query=None, fragment=None, username=None, password=None))[:200]


def request_headers(
    url: httpx.URL, user_agent: str, validators: Validators, access: Access | None, *, delta: bool = False
) -> list[tuple[bytes, bytes]]:
    """Return the headers of a request; `access` is None where the credentials may not go.

    Validators are sent as they came (RFC 9110 §13.1). With `delta` a publisher may answer with new entries
    only (RFC 3229 §10.5.3, instance-manipulation "feed"). A header of the configuration takes the place
    of ours.
    """
    headers = {
        "Host": url.netloc.decode("ascii"),  # httpx's own would decode the name
        "User-Agent": user_agent,
        "Accept": ACCEPT,
        "Accept-Encoding": ACCEPT_ENCODING,
    }
    if validators.etag is not None:
        headers["If-None-Match"] = validators.etag
    if validators.last_modified is not None:
        headers["If-Modified-Since"] = validators.last_modified
    if delta:
        headers["A-IM"] = "feed"
    if access is not None:
        headers |= _credentials(access)
        for name, value in access.headers:
            headers = {ours: text for ours, text in headers.items() if ours.lower() != name.lower()}
            headers[name] = value
    return [_checked(name, value) for name, value in headers.items()]


def may_carry_on(previous: httpx.URL, following: httpx.URL) -> bool:
    """Tell whether credentials may follow a redirect: same origin, or its upgrade to https."""
    if _origin(previous) == _origin(following):
        return True
    upgrade = ("http", 80), ("https", 443)
    return (
        host_of(previous) == host_of(following) and (_origin(previous)[1:], _origin(following)[1:]) == upgrade
    )


def basic(username: str, password: str) -> str:
    """Return the value of an Authorization header (RFC 7617)."""
    return "Basic " + b64encode(f"{username}:{password}".encode()).decode()


def _credentials(access: Access) -> dict[str, str]:
    if access.bearer is not None:
        return {"Authorization": f"Bearer {access.bearer}"}
    if access.username is not None or access.password is not None:
        return {"Authorization": basic(access.username or "", access.password or "")}
    return {}


def _checked(name: str, value: str) -> tuple[bytes, bytes]:
    """Return a header in bytes. The message names no value: it may be a secret."""
    if UNSENDABLE.search(name + value):
        raise FetchError(f"header {name!r} cannot be sent: its value holds a control character")
    try:
        return name.encode("ascii"), value.encode()
    except UnicodeEncodeError as exc:
        raise FetchError(f"header {name!r} cannot be sent: it is no valid text") from exc


def _origin(url: httpx.URL) -> tuple[str, str, int]:
    return host_of(url), url.scheme, url.port or {"http": 80, "https": 443}[url.scheme]
