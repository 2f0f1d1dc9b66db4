"""httpx's transport interface over aiohttp's connections.

httpx's own pool scans all of its connections for every request; aiohttp's does not. A transport is
called directly: the httpx client around it costs more than the rest and keeps cookies.
"""

import asyncio
import socket
import ssl
from collections import OrderedDict
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from time import monotonic
from typing import Any

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport
from httpx_aiohttp.transport import AiohttpResponseStream
from yarl import URL

from aggregator.errors import FetchError
from aggregator.fetch.request import basic
from aggregator.fetch.resolver import ThreadResolver
from aggregator.fetch.wire import bounded_handler

MAX_CONNECTIONS = 256  # in use at once
MAX_CONNECTIONS_PER_HOST = 2  # the gate lets one request through; its predecessor may be closing
MAX_KEPT_HOSTS = 256  # beyond it, connections are closed after the answer: file descriptors are few
KEEP_ALIVE = timedelta(seconds=15)
DNS_CACHE = timedelta(seconds=10)
MAX_HEADER_LINE = 8190  # bytes
MAX_HEADERS = 128
READ_BUFFER = 2**16  # bytes read ahead of us

Dial = Callable[[tuple[Any, ...]], socket.socket]


class BrokenConnection(aiohttp.ClientError):
    """The publisher closed the connection before it answered."""


class Transport(AiohttpTransport):
    """Sends one request, once, to exactly the URL given; answers whatever came.

    `dial` makes every socket and may refuse the address (None: any address will do). What belongs
    to a source is in the request's extensions: "proxy" (a URL) and "ca_file". Errors are those of
    aiohttp, as causes of httpx's or as they are.
    """

    def __init__(self, dial: Dial | None, *, max_connections: int, tls: ssl.SSLContext) -> None:
        super().__init__(verify=tls, trust_env=False)
        self._resolver = ThreadResolver()
        connector = aiohttp.TCPConnector(
            ssl=tls,
            socket_factory=dial,
            resolver=self._resolver,
            ttl_dns_cache=int(DNS_CACHE.total_seconds()),
            limit=max_connections,
            limit_per_host=MAX_CONNECTIONS_PER_HOST,
            keepalive_timeout=KEEP_ALIVE.total_seconds(),
        )
        # aiohttp has no setting for it; tests of the bounds see to it that it still counts.
        connector._factory = partial(bounded_handler, asyncio.get_running_loop())
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(),  # the fetcher's deadline is the only one
            max_line_size=MAX_HEADER_LINE,
            max_field_size=MAX_HEADER_LINE,
            max_headers=MAX_HEADERS,
            read_bufsize=READ_BUFFER,
            middlewares=(_ask_once,),
        )
        self.client = self._session
        self._kept = KeptHosts()
        self._tls_by_file: dict[str, ssl.SSLContext] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send `request` and return the answer with its body unread."""
        host = request.url.netloc
        if not self._kept.may_keep(host):
            request.headers["Connection"] = "close"
        try:
            answer = await self._ask(request)
        except BrokenConnection:
            # A publisher may close a kept connection just as we use it; a new one gets no second chance.
            if not self._kept.forget(host):
                raise
            answer = await self._ask(request)
        self._kept.add(host)
        return httpx.Response(
            status_code=answer.status,
            headers=list(answer.raw_headers),
            stream=AiohttpResponseStream(answer),
            request=request,
        )

    async def aclose(self) -> None:
        """Close all connections."""
        await self._session.close()
        await self._resolver.close()  # aiohttp closes none but its own

    async def _ask(self, request: httpx.Request) -> aiohttp.ClientResponse:
        headers = [(name.decode(), value.decode()) for name, value in request.headers.raw]
        proxy, proxy_headers = proxy_parts(request.extensions.get("proxy"))
        if request.url.scheme == "http":  # the proxy reads the request itself; aiohttp tells only a tunnel
            headers += proxy_headers.items()
        return await self._session.request(
            request.method,
            # yarl would otherwise decode and encode again, and a signed query would no longer be the same
            URL(str(request.url), encoded=True),
            headers=headers,
            data=request.content or None,
            allow_redirects=False,
            proxy=proxy,
            proxy_headers=proxy_headers,
            ssl=self._tls(request.extensions.get("ca_file")),
        )

    def _tls(self, ca_file: str | None) -> ssl.SSLContext | bool:
        if ca_file is None:
            return True  # the connector's
        if ca_file not in self._tls_by_file:
            try:
                self._tls_by_file[ca_file] = ssl.create_default_context(cafile=ca_file)
            except OSError as exc:
                raise FetchError(f"ca_file {ca_file} cannot be used: {exc.strerror or exc}") from exc
        return self._tls_by_file[ca_file]


class KeptHosts:
    """Which hosts probably have an idle connection to us.

    aiohttp bounds the connections in use but not the idle ones, and a start with 10,000 sources
    would leave more of them open than the process may have.
    """

    def __init__(self, limit: int = MAX_KEPT_HOSTS, span: timedelta = KEEP_ALIVE) -> None:
        self._limit = limit
        self._span = span.total_seconds()
        self._until: OrderedDict[bytes, float] = OrderedDict()  # monotonic seconds, soonest first

    def may_keep(self, host: bytes) -> bool:
        """Tell whether one more connection may be kept, for `host`."""
        while self._until and next(iter(self._until.values())) <= monotonic():
            self._until.popitem(last=False)
        return host in self._until or len(self._until) < self._limit

    def add(self, host: bytes) -> None:
        """Note that `host` has just answered."""
        if self.may_keep(host):
            self._until[host] = monotonic() + self._span
            self._until.move_to_end(host)

    def forget(self, host: bytes) -> bool:
        """Note that the connection to `host` is gone, and tell whether there may have been one."""
        return self._until.pop(host, None) is not None


def proxy_parts(proxy: str | None) -> tuple[str | None, dict[str, str]]:
    """Return a proxy's URL without credentials, and its headers with them: URLs appear in messages."""
    if proxy is None:
        return None, {}
    url = httpx.URL(proxy)
    headers = {"Proxy-Authorization": basic(url.username, url.password)} if url.userinfo else {}
    return str(url.copy_with(username=None, password=None)), headers


async def _ask_once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Keep aiohttp from asking again at once, which it does whenever a connection breaks."""
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise  # nothing was asked yet; aiohttp does not repeat it
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as exc:
        raise BrokenConnection(str(exc)) from exc
