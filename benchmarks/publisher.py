"""A publisher in a process of its own, on many addresses of 127.0.0.0/8: one host each.

    with Publisher(hosts=3) as publisher:
        ... fetch f"{origin}/any/path" for each of origins(3, publisher.port) ...
        publisher.count()   how many requests so far
    publisher.requests      all of them, after the end of the `with`

Whoever sends an If-None-Match gets a 304, anybody else a small feed of the address asked for, or with
`directory` the file of that name in it.
"""

import asyncio
import json
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Self
from urllib.request import urlopen

COUNT = "/_count"  # the only path that is no feed
BACKLOG = 4096  # connections that wait to be accepted
TITLES = 3  # entries of a feed
STOP_TIME = 30.0  # seconds for the last words of the process


@dataclass(frozen=True, slots=True)
class Asked:
    """One request. Times are monotonic seconds, which all processes of a machine share."""

    host: str
    path: str
    connection: int
    start: float  # its last byte has come
    end: float  # the answer's last byte has gone; infinite if it never did


def addresses(count: int) -> list[str]:
    """Return so many loopback addresses, 127.0.0.1 not among them."""
    return [f"127.{n >> 16}.{n >> 8 & 255}.{n & 255}" for n in range(256, 256 + count)]


def origins(count: int, port: int) -> list[str]:
    """Return the URLs of `count` hosts."""
    return [f"http://{address}:{port}" for address in addresses(count)]


class Publisher:
    """The process; start it with `with`. `delay` is how many seconds an answer takes."""

    def __init__(
        self, *, hosts: int, close: bool = False, delay: float = 0.0, directory: Path | None = None
    ) -> None:
        self.requests: list[Asked] = []
        self._arguments = [str(hosts), str(int(close)), str(delay), str(directory or "")]

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, __file__, *self._arguments], stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self.pid = self._process.pid
        self.port = int(self._process.stdout.readline())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.send_signal(signal.SIGTERM)
        said, _ = self._process.communicate(timeout=STOP_TIME)
        self.requests = [Asked(*json.loads(line)) for line in said.splitlines()]

    def count(self) -> int:
        """Return how many requests have come so far."""
        with urlopen(f"http://127.0.0.1:{self.port}{COUNT}") as answer:
            return int(answer.read())


class _Connection(asyncio.Protocol):
    """One connection, with requests one after the other."""

    count = 0
    asked: list[list[object]] = []  # noqa: RUF012 - of all connections

    def __init__(self, *, close: bool, delay: float, directory: Path | None) -> None:
        self._close, self._delay, self._directory = close, delay, directory
        self._read = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        _Connection.count += 1
        self._number = _Connection.count
        self._host, self._port = transport.get_extra_info("sockname")

    def data_received(self, data: bytes) -> None:
        self._read += data
        while b"\r\n\r\n" in self._read:
            head, _, self._read = self._read.partition(b"\r\n\r\n")
            path = head.split(b" ", 2)[1].decode("latin-1")
            if path == COUNT:
                said = str(len(self.asked))
                self._transport.write(
                    f"HTTP/1.0 200 OK\r\nContent-Length: {len(said)}\r\n\r\n{said}".encode()
                )
                self._transport.close()
                return
            record = [self._host, path, self._number, monotonic(), float("inf")]
            self.asked.append(record)
            if self._delay:
                asyncio.get_running_loop().call_later(self._delay, self._answer, head.lower(), path, record)
            else:
                self._answer(head.lower(), path, record)

    def _answer(self, head: bytes, path: str, record: list[object]) -> None:
        if self._transport.is_closing():
            return
        close = self._close or b"\r\nconnection: close" in head
        known = b"\r\nif-none-match:" in head
        body = b"" if known else self._body(path)
        lines = [
            "HTTP/1.1 " + ("304 Not Modified" if known else "200 OK"),
            "Date: Wed, 25 Nov 2026 12:00:00 GMT",
            "Server: benchmark",
            'ETag: "a1b2c3d4"',
            "Cache-Control: max-age=60",
            *([] if known else ["Content-Type: application/atom+xml", f"Content-Length: {len(body)}"]),
            *(["Connection: close"] if close else []),
        ]
        record[-1] = monotonic()
        self._transport.write("\r\n".join([*lines, "", ""]).encode() + body)
        if close:
            self._transport.close()

    def _body(self, path: str) -> bytes:
        if self._directory is not None:
            return (self._directory / path.rpartition("/")[2]).read_bytes()
        return feed(f"http://{self._host}:{self._port}{path}").encode()


def feed(url: str) -> str:
    """Return a small Atom feed, different for every address."""
    entries = "".join(
        f"<entry><id>{url}#{n}</id><title>Entry {n} of {url}</title><link href='{url}#{n}'/>"
        f"<updated>2026-11-{n + 1:02}T12:00:00Z</updated><summary>Told by {url}, number {n}</summary></entry>"
        for n in range(TITLES)
    )
    return (
        f"<?xml version='1.0'?><feed xmlns='http://www.w3.org/2005/Atom'><id>{url}</id>"
        f"<title>{url}</title><updated>2026-11-25T12:00:00Z</updated>{entries}</feed>"
    )


async def serve(hosts: int, *, close: bool, delay: float, directory: Path | None) -> None:
    """Answer until told to stop, then say what was asked."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    server = await loop.create_server(
        lambda: _Connection(close=close, delay=delay, directory=directory),
        ["127.0.0.1", *addresses(hosts)],
        port,
        backlog=BACKLOG,
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await stop.wait()
    server.close()
    sys.stdout.writelines(lines(_Connection.asked))


def lines(asked: list[list[object]]) -> Iterator[str]:
    return (json.dumps(record) + "\n" for record in asked)


if __name__ == "__main__":
    asyncio.run(
        serve(
            int(sys.argv[1]),
            close=sys.argv[2] == "1",
            delay=float(sys.argv[3]),
            directory=Path(sys.argv[4]) if sys.argv[4] else None,
        )
    )
