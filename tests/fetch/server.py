"""A publisher on loopback that answers as told and remembers what it was asked.

    with Server() as server:
        server.answer("/feed", Answer(body=b"<rss/>", headers=[("ETag", '"1"')]), Answer(status=304))
        ... fetch server.url("/feed") ...
        assert server.asked("/feed")[0].header("if-none-match") is None

It listens on one port of several loopback addresses, so that there are several hosts, and runs in a
thread of its own, so that it serves tests with and without an event loop, and child processes.
"""

import asyncio
import gzip
import ssl
import threading
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic
from types import TracebackType
from typing import Self, TypeAlias

HOSTS = ("127.0.0.1", "127.0.0.2", "127.0.0.3")
START_TIME = 10.0  # seconds a thread may take


def packed(body: bytes) -> bytes:
    """Gzip, the same bytes at any time: they may be part of a test's name."""
    return gzip.compress(body, mtime=0)


Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer. Content-Length is added unless `headers` say something about length.

    `script` writes whatever it likes instead of an answer, and the connection is closed after it.
    """

    status: int = 200
    headers: Sequence[tuple[str, str]] = ()
    body: bytes = b""
    delay: float = 0.0  # seconds before the first byte
    close: bool = False
    script: Script | None = None

    def encode(self) -> bytes:
        """Return the bytes on the wire."""
        names = {name.lower() for name, _ in self.headers}
        lines = [f"HTTP/1.1 {self.status} Told", *(f"{name}: {value}" for name, value in self.headers)]
        if not names & {"content-length", "transfer-encoding"} and self.status not in {204, 304}:
            lines.append(f"Content-Length: {len(self.body)}")
        if self.close:
            lines.append("Connection: close")
        return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape") + self.body


@dataclass(slots=True, kw_only=True)
class Asked:
    """One request as it came. Times are monotonic seconds; `ended_at` is when the last byte was sent.

    `when` is the moment it came by `Server.clock`, which may be a clock of the test's.
    """

    method: str
    target: str  # as in the request line
    headers: list[tuple[str, bytes]]  # names as they came
    host: str  # the local address asked
    connection: int  # counts connections
    at: float
    when: datetime
    ended_at: float = field(default=float("inf"))
    body: bytes = b""

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    def header(self, name: str) -> str | None:
        """Return the header of that name as text, None if it was not sent."""
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        assert len(values) <= 1, f"{name} came {len(values)} times"
        return values[0].decode("utf-8", "surrogateescape") if values else None


Say: TypeAlias = Answer | Callable[[Asked], Answer]  # an answer, or how to make it of the request


class Server:
    """The publisher; start it with `with`."""

    def __init__(self, hosts: Sequence[str] = HOSTS, tls: ssl.SSLContext | None = None) -> None:
        self.hosts = tuple(hosts)
        self.tls = tls
        self.port = 0
        self.requests: list[Asked] = []
        self.dialled: list[str] = []  # the local address of every connection
        self.clock: Callable[[], datetime] = lambda: datetime.now(UTC)
        self._answers: dict[str, list[Say]] = {}
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="test publisher", daemon=True)
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._problem: BaseException | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(START_TIME), "the test publisher does not start"
        if self._problem is not None:
            raise self._problem
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(START_TIME)
        assert not self._thread.is_alive(), "the test publisher does not stop"

    @property
    def connections(self) -> int:
        return len(self.dialled)

    def url(self, path: str = "/", host: str | None = None) -> str:
        """Return the address of `path` on one of the hosts, the first by default."""
        return f"{'https' if self.tls else 'http'}://{host or self.hosts[0]}:{self.port}{path}"

    def answer(self, path: str, *answers: Say) -> None:
        """Answer requests for `path` (without query) on any host in this order; the last one for ever."""
        self._answers[path] = list(answers)

    def asked(self, path: str | None = None) -> list[Asked]:
        """Return the requests for `path` so far, or all of them."""
        return [one for one in list(self.requests) if path is None or one.path == path]

    # in the thread

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve())
        except OSError as exc:
            self._problem = exc
        finally:
            self._ready.set()
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()

    async def _serve(self) -> None:
        servers = []
        for host in self.hosts:
            server = await asyncio.start_server(self._connected, host, self.port, ssl=self.tls)
            self.port = server.sockets[0].getsockname()[1]
            servers.append(server)
        self._ready.set()
        await self._stop.wait()
        for server in servers:
            server.close()
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host = writer.get_extra_info("sockname")[0]
        self.dialled.append(host)
        number = len(self.dialled)
        try:
            # What a client does to the connection is the client's business, not an error of the test's.
            with suppress(ConnectionError, ssl.SSLError, asyncio.IncompleteReadError, asyncio.CancelledError):
                while await self._exchange(reader, writer, host, number):
                    pass
        finally:
            writer.close()

    async def _exchange(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, number: int
    ) -> bool:
        """Read a request and answer it; tell whether the connection stays open."""
        head = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
        method, target, _ = head[0].decode("latin-1").split(" ")
        headers = [
            (name.decode(), value.strip()) for name, _, value in (line.partition(b":") for line in head[1:-2])
        ]
        asked = Asked(
            method=method,
            target=target,
            headers=headers,
            host=host,
            connection=number,
            at=monotonic(),
            when=self.clock(),
        )
        asked.body = await reader.readexactly(int(asked.header("content-length") or 0))
        self.requests.append(asked)
        said = self._next(asked.path)
        answer = said if isinstance(said, Answer) else said(asked)
        try:
            await asyncio.sleep(answer.delay)
            if answer.script is not None:
                await answer.script(reader, writer)
                return False
            writer.write(answer.encode())
            await writer.drain()
        finally:
            asked.ended_at = monotonic()
        wishes = (asked.header("connection") or "").lower()
        return not answer.close and wishes != "close"

    def _next(self, path: str) -> Say:
        answers = self._answers.get(path)
        if not answers:
            return Answer(status=404)
        return answers.pop(0) if len(answers) > 1 else answers[0]


def redirect(to: str, status: int = 302) -> Answer:
    return Answer(status=status, headers=[("Location", to)], body=b"moved")


def raw(*pieces: bytes, pause: float = 0.0, repeat: bool = False) -> Answer:
    """Send `pieces` as they are, for ever if `repeat`."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        while repeat:
            await asyncio.sleep(pause)
            writer.write(pieces[-1])
            await writer.drain()

    return Answer(script=script)
