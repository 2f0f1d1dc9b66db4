"""One client's connection, which may be slow only at its own cost (uvicorn itself has no such limits)."""

import asyncio
import re
import resource
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import httptools
from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from aggregator.serve.client import bucket_of, is_trusted, parse_address
from aggregator.serve.settings import Network

VERSIONS: Final = {"1.0", "1.1"}
NOT_MODIFIED: Final = b"HTTP/1.1 304 Not Modified\r\n"
TRANSFER_CODING: Final = b"transfer-encoding"
CONNECTIONS: Final = 512  # of all clients together
NO_REQUEST: Final = "Invalid HTTP request received."


_PATHLESS = re.compile(rb"^(https?://[^/?#]+)(?=[?#]|$)", re.IGNORECASE)


def _connections() -> int:
    """Return how many there may be: polling and the store need descriptors, too."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return CONNECTIONS if soft == resource.RLIM_INFINITY else min(CONNECTIONS, soft // 4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one client, and all of them together, may hold of us."""

    connections: int = field(default_factory=_connections)  # then 503
    refused: int = 64  # more connections than that are told so; the others are hung up on
    connections_per_client: int = 32  # but of proxies and this machine
    header_bytes: int = 16 * 1024  # request line and fields; what is on its way may be one read more
    pipelined: int = 64  # requests sent ahead of their answers
    idle: timedelta = timedelta(seconds=15)  # between two requests of one connection
    request: timedelta = timedelta(seconds=20)  # to send a request, counted from the last answer
    stall: timedelta = timedelta(seconds=30)  # to take 64 KiB of an answer


class Refused(Exception):
    """A request that the parser lets through and we do not."""


class _Incoming(HttpToolsProtocol):
    """Counts what is on its way, and refuses what is no request (RFC 9112).

    After a refusal nothing more is read from the connection: where the next request begins nobody knows.
    """

    limits: Limits
    _is_over = False  # no more requests are taken
    _in_head = False
    _in_message = False
    _head_bytes = 0  # of the request line, and of the fields that are whole
    _hosts = 0
    _coding: bytes | None = None  # of the body in transfer, the last one
    _unparsed_bytes = 0  # since anything was whole

    def data_received(self, data: bytes) -> None:
        step = self.limits.header_bytes
        for start in range(0, len(data), step):
            if self._is_over:
                return
            self._feed(data if len(data) <= step else data[start : start + step])

    def _feed(self, data: bytes) -> None:
        self._unparsed_bytes += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:  # what follows may be another protocol (RFC 9110 §7.8)
            self._end()
            return
        except httptools.HttpParserError as exc:
            if not isinstance(exc.__context__, Refused | httptools.HttpParserError | None):
                self.logger.exception("A request could not be taken")
            self._end()
            return
        if self._head_bytes + self._unparsed_bytes > self.limits.header_bytes:
            self._end()

    def _end(self) -> None:
        """Hang up after the answers that are due; refuse what did not get as far as being answered."""
        self._is_over = True
        if self.is_answering():
            self.cycle.keep_alive = False
        elif self._in_head or not self._in_message:
            self.send_400_response(NO_REQUEST)
        else:  # it has its answer
            self.transport.close()

    def eof_received(self) -> bool:  # type: ignore[override]  # as in asyncio
        """Whoever has said all gets its answers all the same (RFC 9112 §9.6); return whether there are any."""
        if not self.is_answering():
            return False
        self._end()
        return True

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head_bytes = self._unparsed_bytes = self._hosts = 0
        self._in_head = self._in_message = True
        self._coding = None

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        self._count(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value))
        if self._in_head:  # trailers (RFC 9112 §7.1.2) say nothing to us
            super().on_header(name, value)
            self._hosts += len(name) == len(b"host") and name.lower() == b"host"
            if len(name) == len(TRANSFER_CODING) and name.lower() == TRANSFER_CODING:
                self._coding = value.rpartition(b",")[2].strip(b" \t").lower()

    def on_headers_complete(self) -> None:
        """RFC 9112 §2.3, §3.2: one of the versions there are, one Host, and a target with a path, if it is only "/".

        §6.3: of a body in another coding than chunks nobody knows the end.
        """
        version = self.parser.get_http_version()
        if version not in VERSIONS or self._hosts > 1 or (self._hosts == 0 and version == "1.1"):
            raise Refused
        if self._coding not in {None, b"chunked"}:
            raise Refused
        self.url = _PATHLESS.sub(rb"\1/", self.url)
        if httptools.parse_url(self.url).path is None or len(self.pipeline) >= self.limits.pipelined:
            raise Refused
        self._in_head = False
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._unparsed_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._in_message = False
        self._head_bytes = self._unparsed_bytes = 0
        super().on_message_complete()

    def is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _count(self, size: int) -> None:
        self._head_bytes += size
        self._unparsed_bytes = 0
        if self._head_bytes > self.limits.header_bytes:
            raise Refused


class Connection(_Incoming):
    """Ends when a request does not come, or an answer is not taken, in time.

    `not_modified` returns the fields of a 304, as they are sent, for a request that is answered so: at once, without
    a task for the application; None for any other.
    """

    trusted_proxies: Callable[[], Sequence[Network]]
    not_modified: Callable[[Scope], bytes | None]
    _client_bucket: str | None = None
    _quiet_since = 0.0  # when the last answer ended, by the loop's clock
    _has_begun = True  # the next request; before the first one only the whole request counts
    _running: RequestResponseCycle | None = None
    _watch_timer: asyncio.TimerHandle | None = None
    _stall_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        super().connection_made(transport)
        self._client_bucket = self._bucket()
        if len(self.connections) > self.limits.connections + self.limits.refused:
            transport.abort()
            return
        if self._client_bucket is not None and self._siblings() > self.limits.connections_per_client:
            transport.abort()
            return
        self._quiet_since = self.loop.time()
        self._watch()

    def data_received(self, data: bytes) -> None:
        self._has_begun = True
        super().data_received(data)

    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        else:
            self._quiet_since = self.loop.time()
            self._has_begun = self._in_message

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stall_timer = self.loop.call_later(self.limits.stall.total_seconds(), self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        _cancel(self._stall_timer)

    def connection_lost(self, exc: Exception | None) -> None:
        _cancel(self._watch_timer)
        _cancel(self._stall_timer)
        if self._running is not None:  # uvicorn tells the last of several pipelined ones only
            self._running.disconnected = True
        super().connection_lost(exc)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._running = cycle
        fields = None
        if app is self.app and not self.flow.write_paused:
            fields = self.not_modified(cycle.scope)  # type: ignore[arg-type]  # a Scope is any mapping
        if fields is None:
            super()._start_asgi_task(cycle, app)
        else:  # after what else has come in: whoever reads answers would take the CPU at each
            self.loop.call_soon(self._send_not_modified, cycle, fields)

    def _send_not_modified(self, cycle: RequestResponseCycle, fields: bytes) -> None:
        if cycle.disconnected:
            return
        cycle.response_started = cycle.response_complete = True
        always = b"".join(b"%b: %b\r\n" % one for one in self.server_state.default_headers)
        end = b"\r\n" if cycle.keep_alive else b"connection: close\r\n\r\n"
        self.transport.write(b"".join((NOT_MODIFIED, always, fields, end)))
        if not cycle.keep_alive:
            self.transport.close()
        self.on_response_complete()

    def _watch(self) -> None:
        """Look from time to time, rather than set a timer at every request, whether time is up.

        Abort at the end of a request's time: closing waits for what is not taken.
        """
        idle, request = self.limits.idle.total_seconds(), self.limits.request.total_seconds()
        wait = min(idle, request)
        if not self.is_answering():
            quiet = self.loop.time() - self._quiet_since
            if quiet >= request:
                self.transport.abort()
                return
            if quiet >= idle and not self._has_begun:
                self.transport.close()
            wait = min(wait, request - quiet if self._has_begun or quiet >= idle else idle - quiet)
        self._watch_timer = self.loop.call_later(wait, self._watch)

    def _bucket(self) -> str | None:
        """Name whom the connection counts for; None for a Unix socket, this machine and trusted proxies."""
        address = parse_address(self.client[0]) if self.client else None
        if address is None or address.is_loopback or is_trusted(address, self.trusted_proxies()):
            return None
        return bucket_of(address)

    def _siblings(self) -> int:
        return sum(getattr(one, "_client_bucket", None) == self._client_bucket for one in self.connections)


def _cancel(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()
