"""One client's connection, which may be slow only at its own cost (uvicorn itself has no such limits)."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from uvicorn.protocols.http.h11_impl import H11Protocol

from aggregator.serve.client import bucket_of, is_trusted, parse_address
from aggregator.serve.settings import Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one client, and all of them together, may hold of us."""

    connections: int = 512  # then 503: we need file descriptors for polling too
    connections_per_client: int = 32  # but of proxies and this machine
    header_bytes: int = 16 * 1024  # request line and fields
    idle: timedelta = timedelta(seconds=15)  # between two requests of one connection
    request: timedelta = timedelta(seconds=20)  # to send a request, counted from the last answer
    stall: timedelta = timedelta(seconds=30)  # to take 64 KiB of an answer


class Connection(H11Protocol):
    """Ends when a request does not come, or an answer is not taken, in time."""

    limits: Limits
    trusted_proxies: Callable[[], Sequence[Network]]
    _client_bucket: str | None = None
    _request_timer: asyncio.TimerHandle | None = None
    _stall_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        super().connection_made(transport)
        self._client_bucket = self._bucket()
        if self._client_bucket is not None and self._siblings() > self.limits.connections_per_client:
            transport.abort()
        else:
            self._expect_request()

    def handle_events(self) -> None:
        super().handle_events()
        if self._is_answering():
            _cancel(self._request_timer)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self._is_answering():  # a pipelined request may have begun
            self._expect_request()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stall_timer = self.loop.call_later(self.limits.stall.total_seconds(), self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        _cancel(self._stall_timer)

    def connection_lost(self, exc: Exception | None) -> None:
        _cancel(self._request_timer)
        _cancel(self._stall_timer)
        self._unset_keepalive_if_required()
        super().connection_lost(exc)

    def _expect_request(self) -> None:
        """Abort, rather than close, when time is up: closing would wait for what is not taken."""
        _cancel(self._request_timer)
        self._request_timer = self.loop.call_later(self.limits.request.total_seconds(), self.transport.abort)

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

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
