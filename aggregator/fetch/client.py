"""Source + Validators -> Response: redirects, deadline, politeness, bounds."""

import asyncio
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from time import monotonic
from types import TracebackType
from typing import Self

import httpx

from aggregator.errors import FetchError
from aggregator.fetch.body import TooLarge, check_size, decode, human_span
from aggregator.fetch.failures import LIBRARY_ERRORS, sentence
from aggregator.fetch.gate import HostGate
from aggregator.fetch.guard import AddressGuard, Network
from aggregator.fetch.headers import fresh_for, read_headers, retry_after, validators
from aggregator.fetch.local import read_local
from aggregator.fetch.posting import post
from aggregator.fetch.request import (
    PERMANENT,
    REDIRECTS,
    host_of,
    may_carry_on,
    parse_url,
    request_headers,
    shown,
)
from aggregator.fetch.room import LARGE, Room, Rooms
from aggregator.fetch.transport import MAX_CONNECTIONS, Transport
from aggregator.model import Access, Response, Source, Validators
from aggregator.urls import host

MAX_REDIRECTS = 10
WITH_FEED = (HTTPStatus.OK, HTTPStatus.IM_USED)  # whose bodies are wanted
# What is read of a body nobody wants, so that its connection can be used again.
MAX_DISCARD = 2**16  # bytes
DISCARD_TIME = timedelta(seconds=1)
INFLATE_AT_ONCE = 2**14  # bytes; larger bodies are inflated in a thread


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """What one hop brought."""

    status: int
    headers: Mapping[str, str]
    raw: bytes  # as it came over the wire


@dataclass(slots=True, kw_only=True)
class _Visit:
    """One fetch on its way through its hops."""

    url: httpx.URL
    access: Access | None  # None once a redirect has led to another origin
    proxy: str | None
    ca_file: str | None
    user_agent: str
    validators: Validators
    delta: bool  # new entries only, if the publisher can (RFC 3229)
    held_hosts: Collection[str]
    timeout: timedelta
    max_bytes: int
    room: Room
    permanent: httpx.URL | None = None  # where the permanent redirects at the start of the chain have led
    permanent_safely: bool = True  # over https, all of them
    detour: bool = False  # a redirect was not permanent
    answered: bool = False  # this hop's headers have come
    spent: float = 0.0  # seconds; waiting for a host's turn, or for room, does not count
    deadline: asyncio.Timeout = field(default_factory=lambda: asyncio.timeout(None))  # of this hop
    wire_bytes: int = 0


class Fetcher:
    """Fetches sources; an async context manager that owns the connections.

    `timeout` (wall clock, for a whole fetch with DNS and body) and `max_bytes` (after decompression)
    are what a source gets that sets none of its own. `user_agent` is how we introduce ourselves on behalf of
    the source of that id. Dates in headers are compared with `clock`. For changed settings make a new Fetcher
    with the same `gate`, and leave the old one when it is `idle`.
    """

    def __init__(
        self,
        *,
        user_agent: Callable[[str], str],
        timeout: timedelta,
        max_bytes: int,
        allow_addresses: Sequence[Network] = (),
        gate: HostGate | None = None,
        max_connections: int = MAX_CONNECTIONS,
        clock: Callable[[], datetime],
    ) -> None:
        self.gate = gate if gate is not None else HostGate()
        self._user_agent = user_agent
        self._timeout = timeout
        self._max_bytes = max_bytes
        self._max_connections = max_connections
        self._clock = clock
        self._guard = AddressGuard(allow_addresses)
        self._fetching = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._direct: Transport | None = None
        self._proxied: Transport | None = None

    async def __aenter__(self) -> Self:
        tls = httpx.create_ssl_context()
        self._direct = Transport(self._guard.dial, max_connections=self._max_connections, tls=tls)
        # The operator named the proxy, so its own address needs no leave; what it dials is its affair.
        self._proxied = Transport(None, max_connections=self._max_connections, tls=tls)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        for transport in (self._direct, self._proxied):
            if transport is not None:
                await transport.aclose()

    async def idle(self) -> None:
        """Wait for the fetches on their way."""
        await self._idle.wait()

    async def post(self, url: str, body: bytes, *, content_type: str, user_agent: str) -> None:
        """See `posting.post`."""
        with self._on_its_way():
            await post(
                self._entered(self._direct),
                self._guard,
                url,
                body,
                content_type=content_type,
                user_agent=user_agent,
            )

    async def fetch(
        self,
        source: Source,
        validators: Validators,
        *,
        url: str | None = None,
        delta: bool = False,
        held_hosts: Collection[str] = (),
        room: Room | None = None,
    ) -> Response:
        """Return what the publisher answers, of whatever status; FetchError when there is no usable answer.

        Asks at `url` instead of the source's own address, where given; credentials go with it only to the
        same origin. With `delta` and a validator, new entries alone will do (226). Only a 200 and a 226
        keep their body. Redirects are followed, but to none of `held_hosts`; `Response.url` is where they ended.
        Of `room` a place is taken when the body is large, which waits as long as it must, and kept.
        """
        max_bytes = source.max_bytes or self._max_bytes
        timeout = source.timeout or self._timeout
        if source.url.lower().startswith("file:"):
            return await self._read(source.url, timeout, max_bytes)
        configured = parse_url(source.url)
        start = configured if url is None else parse_url(url)
        visit = _Visit(
            url=start,
            access=source.access if may_carry_on(configured, start) else None,
            proxy=source.access.proxy,
            ca_file=source.access.ca_file,
            user_agent=self._user_agent(source.id),
            validators=validators,
            delta=delta and validators != Validators(),
            held_hosts=held_hosts,
            timeout=timeout,
            max_bytes=max_bytes,
            room=room or Rooms().visit(),
        )
        with self._on_its_way():
            return await self._respond(visit, await self._follow(visit))

    @contextmanager
    def _on_its_way(self) -> Iterator[None]:
        self._fetching += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._fetching -= 1
            if not self._fetching:
                self._idle.set()

    async def _read(self, url: str, timeout: timedelta, max_bytes: int) -> Response:  # noqa: ASYNC109
        started = monotonic()
        try:
            async with asyncio.timeout(timeout.total_seconds()):
                raw, headers = await asyncio.to_thread(read_local, url, max_bytes)
                body = raw if headers else await asyncio.to_thread(decode, raw, "", max_bytes)
        except TimeoutError as exc:
            raise FetchError(f"file is not read within {human_span(timeout)}") from exc
        return Response(
            status=HTTPStatus.OK.value,
            url=url,
            headers=headers,
            body=body,
            wire_bytes=len(raw),
            elapsed=timedelta(seconds=monotonic() - started),
        )

    async def _follow(self, visit: _Visit) -> _Answer:
        """Ask, and ask again where a redirect says, until an answer is none."""
        seen = {visit.url}
        while True:
            async with self.gate.turn(host(str(visit.url)) or host_of(visit.url)):
                answer = await self._ask_in_time(visit)
            location = answer.headers.get("location")
            if answer.status not in REDIRECTS or location is None:
                return answer
            following = parse_url(location, base=visit.url)
            if following in seen:
                raise FetchError(f"redirects go round in a loop at {shown(following)}")
            if len(seen) > MAX_REDIRECTS:
                raise FetchError(f"more than {MAX_REDIRECTS} redirects")
            if host(str(following)) in visit.held_hosts:
                raise FetchError(f"redirect to {shown(following)}, whose host has asked to be left alone")
            seen.add(following)
            if answer.status not in PERMANENT:
                visit.detour = True
            elif not visit.detour:  # in a mixed chain only what comes before a detour (PROTOCOL P19)
                visit.permanent = following
                visit.permanent_safely &= visit.url.scheme == "https"
            if not may_carry_on(visit.url, following):
                visit.access = None
            visit.url = following

    async def _ask_in_time(self, visit: _Visit) -> _Answer:
        """Ask once, within what is left of the deadline."""
        started = monotonic()
        visit.deadline = deadline = asyncio.timeout(visit.timeout.total_seconds() - visit.spent)
        try:
            async with deadline:
                return await self._ask(visit)
        except LIBRARY_ERRORS as exc:
            if deadline.expired():
                what = "no complete answer" if visit.answered else "no answer"
                raise FetchError(f"{what} within {human_span(visit.timeout)}") from exc
            raise FetchError(sentence(exc, visit.url)) from exc
        finally:
            visit.spent += monotonic() - started

    @staticmethod
    def _entered(transport: Transport | None) -> Transport:
        if transport is None:
            raise RuntimeError("a Fetcher must be entered before it can fetch")
        return transport

    async def _ask(self, visit: _Visit) -> _Answer:
        transport = self._entered(self._direct if visit.proxy is None else self._proxied)
        visit.answered = False
        self._guard.check_literal(host_of(visit.url))
        response = await transport.handle_async_request(
            httpx.Request(
                "GET",
                visit.url,
                headers=request_headers(
                    visit.url, visit.user_agent, visit.validators, visit.access, delta=visit.delta
                ),
                extensions={"proxy": visit.proxy, "ca_file": visit.ca_file},
            )
        )
        visit.answered = True
        try:
            headers = read_headers(response.headers.raw)
            if response.status_code in WITH_FEED:
                raw = await _body(response, headers, visit)
            else:
                raw = b""
                if response.status_code != HTTPStatus.NOT_MODIFIED:  # which has no body (RFC 9110 §15.4.5)
                    await _discard(response)
        finally:
            await response.aclose()
        visit.wire_bytes += len(raw)
        return _Answer(status=response.status_code, headers=headers, raw=raw)

    async def _respond(self, visit: _Visit, answer: _Answer) -> Response:
        body = await _decoded(answer, visit)
        now = self._clock()
        return Response(
            status=answer.status,
            url=str(visit.url),
            permanent_url=None if visit.permanent is None else str(visit.permanent),
            permanent_safely=visit.permanent_safely,
            detour=visit.detour,
            headers=answer.headers,
            body=body,
            validators=validators(answer.headers),
            retry_after=retry_after(answer.headers, now),
            fresh_for=fresh_for(answer.headers, now),
            wire_bytes=visit.wire_bytes,
            elapsed=timedelta(seconds=visit.spent),
        )


async def _take_room(visit: _Visit) -> None:
    """Wait for a place while the clock of the deadline stands still: it is our other sources that are waited for."""
    if visit.room.is_taken:
        return
    end, began = visit.deadline.when(), monotonic()
    visit.deadline.reschedule(None)
    await visit.room.take()
    waited = monotonic() - began
    visit.spent -= waited
    visit.deadline.reschedule(None if end is None else end + waited)


async def _decoded(answer: _Answer, visit: _Visit) -> bytes:
    coding, raw = answer.headers.get("content-encoding", ""), answer.raw
    try:
        return await _inflated(raw, coding, min(LARGE, visit.max_bytes))
    except TooLarge:
        await visit.room.take()
        return await _inflated(raw, coding, visit.max_bytes)


async def _inflated(raw: bytes, coding: str, max_bytes: int) -> bytes:
    if len(raw) > INFLATE_AT_ONCE:
        return await asyncio.to_thread(decode, raw, coding, max_bytes)
    return decode(raw, coding, max_bytes)


async def _body(response: httpx.Response, headers: Mapping[str, str], visit: _Visit) -> bytes:
    """Return the body as it came. What is larger than `max_bytes` compressed is larger still inflated."""
    max_bytes = visit.max_bytes
    length = headers.get("content-length", "")
    if length.isdecimal():
        check_size(int(length), max_bytes)
    chunks: list[bytes] = []
    size = 0
    async for chunk in response.aiter_raw():
        chunks.append(chunk)
        size += len(chunk)
        check_size(size, max_bytes)
        if size > LARGE:
            await _take_room(visit)
    return b"".join(chunks)


async def _discard(response: httpx.Response) -> None:
    """Read a little of a body nobody wants; the status has said everything, so nothing here is an error."""
    size = 0
    try:
        async with asyncio.timeout(DISCARD_TIME.total_seconds()):
            async for chunk in response.aiter_raw():
                size += len(chunk)
                if size > MAX_DISCARD:
                    return
    except (TimeoutError, *LIBRARY_ERRORS):
        return
