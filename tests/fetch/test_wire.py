"""What publishers send that is no answer: each costs its own poll, and no other (PROTOCOL P30)."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from aggregator.errors import FetchError
from aggregator.fetch import Fetcher

from .asking import FEED, NONE, make_fetcher, source
from .server import Answer, Server, raw

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
INTERIM = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n"


def chunks(body: bytes, size: int) -> bytes:
    """A chunked body, in chunks of `size` bytes."""
    pieces = (body[start : start + size] for start in range(0, len(body), size))
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


@contextmanager
def listening() -> Iterator[socket.socket]:
    """A socket whose connections the kernel accepts; nobody ever reads from them."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


# --- more than can be meant


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (raw(b"", INTERIM * 100, repeat=True), "more than 65536 bytes before its body"),
        (raw(b"", b"\r\n" * 1000, repeat=True), "more than 65536 bytes before its body"),
        (
            raw(b"HTTP/1.1 200 OK\r\n" + (b"X: " + b"x" * 8000 + b"\r\n") * 20 + b"\r\n"),
            "more than 65536 bytes",
        ),
        (raw(CHUNKED + b"5;", b"x" * 4096, repeat=True), "more framing than body"),
        (raw(CHUNKED, b"1\r\nx\r\n" * 1000, repeat=True), "more framing than body"),
        (raw(CHUNKED + b"0\r\n", b"X: y\r\n" * 100, pause=0.01, repeat=True), "Too many headers"),
        (raw(CHUNKED + b"0\r\nX: ", b"y" * 4096, pause=0.01, repeat=True), "more than 8190 bytes"),
    ],
    ids=[
        "endless interim responses",
        "endless blank lines",
        "long headers",
        "endless chunk extension",
        "endless chunks of a byte",
        "endless trailers",
        "endless trailer",
    ],
)
async def test_p30_what_goes_on_for_ever_is_refused(server: Server, answer: Answer, message: str) -> None:
    server.answer("/feed", answer)
    async with make_fetcher(max_bytes=10**8) as fetcher, asyncio.timeout(5):  # long before its deadline
        with pytest.raises(FetchError, match=message):
            await fetcher.fetch(source(server.url("/feed")), NONE)


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (raw(INTERIM * 3 + b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(FEED) + FEED), FEED),
        (raw(b"\r\n\r\nHTTP/1.1 200 OK\r\n\r\n" + FEED), FEED),
        (raw(CHUNKED + b"%x;name=value\r\n%s\r\n0\r\nX-Trailer: 1\r\n\r\n" % (len(FEED), FEED)), FEED),
        (raw(CHUNKED + chunks(FEED * 100, 1)), FEED * 100),
        (raw(CHUNKED + chunks(FEED * 5000, 20)), FEED * 5000),
        (raw(CHUNKED + chunks(FEED * 50_000, 2**16)), FEED * 50_000),
        (Answer(body=FEED * 50_000), FEED * 50_000),
    ],
    ids=["interim", "blank lines", "extension and trailer", "bytes", "small chunks", "large chunks", "large"],
)
async def test_what_is_odd_but_bounded_is_read(server: Server, answer: Answer, body: bytes) -> None:
    server.answer("/feed", answer)
    async with make_fetcher(max_bytes=10**7) as fetcher:
        assert (await fetcher.fetch(source(server.url("/feed")), NONE)).body == body


async def test_each_answer_on_a_connection_has_the_whole_bound(server: Server, fetcher: Fetcher) -> None:
    server.answer("/feed", Answer(body=FEED, headers=[(f"X-{number}", "x" * 8000) for number in range(5)]))
    for _ in range(3):
        assert (await fetcher.fetch(source(server.url("/feed")), NONE)).body == FEED
    assert server.connections == 1


# --- nothing at all


async def test_p30_a_handshake_that_never_ends(fetcher: Fetcher) -> None:
    with listening() as listener:
        url = f"https://127.0.0.1:{listener.getsockname()[1]}/"
        with pytest.raises(FetchError, match=r"^no answer within 0\.3 s$"):
            await fetcher.fetch(source(url, timeout=timedelta(seconds=0.3)), NONE)


async def test_p30_nobody_reads_what_we_ask(fetcher: Fetcher) -> None:
    with listening() as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        with pytest.raises(FetchError, match=r"^no answer within 0\.3 s$"):
            await fetcher.fetch(source(url, timeout=timedelta(seconds=0.3)), NONE)


async def test_p30_a_deadline_closes_the_connection(server: Server, fetcher: Fetcher) -> None:
    closed = threading.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.read() == b""
        closed.set()

    server.answer("/feed", Answer(script=silent))
    with pytest.raises(FetchError, match="no answer within"):
        await fetcher.fetch(source(server.url("/feed"), timeout=timedelta(seconds=0.2)), NONE)
    assert await asyncio.to_thread(closed.wait, 5)


async def test_p30_slow_publishers_hold_up_nobody_else(server: Server, fetcher: Fetcher) -> None:
    """Others are answered all the while, although these cost their deadline."""
    server.answer("/silent", Answer(delay=30))
    server.answer(
        "/drip", raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b".", pause=0.05, repeat=True)
    )
    server.answer("/good", Answer(body=FEED))
    with listening() as listener:
        slow = [
            server.url("/silent", "127.0.0.1"),
            server.url("/drip", "127.0.0.2"),
            f"http://localhost:{listener.getsockname()[1]}/",
        ]
        timeout = timedelta(seconds=2)
        polls = [asyncio.create_task(fetcher.fetch(source(url, timeout=timeout), NONE)) for url in slow]
        for _ in range(20):
            response = await fetcher.fetch(source(server.url("/good", "127.0.0.3")), NONE)
            assert response.body == FEED
        assert not any(poll.done() for poll in polls)
        answers = await asyncio.gather(*polls, return_exceptions=True)
    assert [str(answer) for answer in answers] == [
        "no answer within 2 s",
        "no complete answer within 2 s",
        "no answer within 2 s",
    ]
