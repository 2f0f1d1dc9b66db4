"""Library exceptions to short sentences for the operator, without secrets."""

import errno
import ssl

import aiohttp
import httpx

from aggregator.errors import printable
from aggregator.fetch.guard import AddressError
from aggregator.fetch.request import host_of, shown
from aggregator.fetch.transport import BrokenConnection

LIBRARY_ERRORS = (httpx.HTTPError, aiohttp.ClientError, OSError)  # what asking may raise

MAX_QUOTE = 200  # characters of a library's or a publisher's own words


def sentence(exc: BaseException, url: httpx.URL) -> str:
    """Return why `url` could not be fetched."""
    for cause in reversed(_chain(exc)):  # the first cause knows best
        if said := _say(cause, host_of(url)):
            return said
    return f"{shown(url)} cannot be fetched: {type(exc).__name__}"


def _chain(exc: BaseException) -> list[BaseException]:
    chain: list[BaseException] = []
    following: BaseException | None = exc
    while following is not None and following not in chain:
        chain.append(following)
        following = following.__cause__ or getattr(following, "os_error", None)
    return chain


def _say(exc: BaseException, host: str) -> str | None:  # noqa: C901, PLR0911, PLR0912 - a table
    """Return a sentence for an exception with something of its own to say; subclasses come first."""
    match exc:
        case AddressError():
            return str(exc)
        case ssl.SSLCertVerificationError():
            return f"certificate of {host} is not valid: {_quote(exc.verify_message)}"
        case ssl.SSLError():
            return f"no TLS with {host}: {_quote(exc.reason or exc.strerror or exc)}"
        case aiohttp.ClientConnectorDNSError():
            return f"name does not resolve: {exc.host} ({_reason(exc.os_error)})"
        case aiohttp.ClientProxyConnectionError():
            return f"no connection to the proxy {exc.host}:{exc.port}: {_reason(exc.os_error)}"
        case aiohttp.ClientConnectorError() if exc.os_error.errno == errno.ECONNREFUSED:
            return f"connection refused by {exc.host}:{exc.port}"
        case aiohttp.ClientConnectorError():
            return f"no connection to {exc.host}:{exc.port}: {_reason(exc.os_error)}"
        case aiohttp.InvalidURL():
            return f"URL cannot be used: {host} {_quote(exc.description or 'is no host')}"
        case aiohttp.ClientHttpProxyError():
            return f"the proxy answers {exc.status} {_quote(exc.message)}"
        case aiohttp.ClientResponseError():
            return f"answer of {host} is no readable HTTP: {_quote(exc.message)}"
        case aiohttp.ClientPayloadError():
            return f"body is truncated or broken: {_quote(exc)}"
        case BrokenConnection() | aiohttp.ServerDisconnectedError():
            return f"{host} closed the connection without an answer"
        case aiohttp.ClientOSError():
            return f"connection to {host} broke: {_reason(exc)}"
    return None


def _reason(exc: OSError) -> str:
    # aiohappyeyeballs joins what was wrong with the several addresses of a name
    return _quote(str(exc.strerror or exc).removeprefix("Multiple exceptions: "))


def _quote(text: object) -> str:
    return printable(" ".join(str(text).split())[:MAX_QUOTE])
