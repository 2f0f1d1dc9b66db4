"""The real server: slow clients, many connections, and an end in time."""

import asyncio
import signal
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from aggregator.model import Publication
from aggregator.serve import Limits, Server, ServeSettings, create_app
from aggregator.serve.connection import Connection
from tests.serve.conftest import PUBLIC_URL, merged_feed, publication_of, published, status_of

BIG = b"x" * 30_000_000  # more than the kernel buffers for a client that does not read
PATIENT = Limits(connections=3, refused=2, idle=timedelta(hours=1), request=timedelta(hours=1))
IMPATIENT = Limits(idle=timedelta(seconds=1), request=timedelta(seconds=1), stall=timedelta(seconds=1))


@asynccontextmanager
async def serving(
    address: str = "127.0.0.1:0", limits: Limits | None = None
) -> AsyncIterator[tuple[Server, socket.socket]]:
    publication = publication_of(merged_feed("feed"))
    big = published("big.atom", BIG, "application/atom+xml")
    publication = Publication(published={**publication.published, "big.atom": big}, feeds=publication.feeds)
    settings = ServeSettings(title="News", public_url=PUBLIC_URL)
    server = Server(limits=limits)
    listening = server.listen(address)
    app = create_app(publication=lambda: publication, status=status_of, settings=lambda: settings)
    await server.start(app, listening)
    try:
        yield server, listening
    finally:
        await server.stop(timedelta())


async def say(listening: socket.socket, text: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Open a connection and send `text`; reading no more than 64 KiB ahead."""
    reader, writer = await asyncio.open_connection(*listening.getsockname()[:2], limit=2**15)
    writer.write(text)
    await writer.drain()
    return reader, writer


async def is_hung_up(reader: asyncio.StreamReader) -> bool:
    """Read until the server ends the connection; its limits here are 1 s, so 20 s are never needed."""
    async with asyncio.timeout(20):
        try:
            while await reader.read(2**20):
                pass
        except ConnectionError:
            pass
    return True


async def notice_hanging_up(writer: asyncio.StreamWriter) -> None:
    """Write until it fails: whoever does not read does not see the end in any other way."""
    async with asyncio.timeout(20):
        while not writer.is_closing():
            writer.write(b"x")
            await asyncio.sleep(0.05)


async def get(listening: socket.socket, path: str) -> httpx.Response:
    host, port = listening.getsockname()[:2]
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.get(f"http://{host}:{port}{path}")


@pytest.mark.parametrize(
    "text",
    [
        b"",  # says nothing
        b"GET /feed.atom HTTP/1.1\r\nHost: x\r\n",  # never ends its request
        b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",  # is answered, and stays
        b"POST /feed.atom HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\nx",  # never sends the rest
    ],
)
async def test_client_that_does_not_ask_is_hung_up_on(text: bytes) -> None:
    async with serving(limits=IMPATIENT) as (_, listening):
        reader, writer = await say(listening, text)
        assert await is_hung_up(reader)
        writer.close()


async def test_client_that_drips_a_request_is_hung_up_on() -> None:
    """Every byte is a sign of life; the whole request is what counts."""
    async with serving(limits=IMPATIENT) as (_, listening):
        reader, writer = await say(listening, b"GET / HTTP/1.1\r\nX: ")
        ended = asyncio.create_task(is_hung_up(reader))
        async with asyncio.timeout(20):
            while not ended.done():
                writer.write(b"x")
                await asyncio.wait({ended}, timeout=0.1)
        writer.transport.abort()


async def test_client_that_does_not_read_is_hung_up_on() -> None:
    async with serving(limits=IMPATIENT) as (_, listening):
        reader, writer = await say(listening, b"GET /big.atom HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        await notice_hanging_up(writer)


async def test_what_nobody_takes_is_not_in_the_kernel_either() -> None:
    """Else each slow client holds megabytes of it, which count as ours where memory is limited."""
    async with serving() as (server, listening):
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(client, listening.getsockname())
        reader, writer = await asyncio.open_connection(sock=client, limit=2**15)
        writer.write(b"GET /big.atom HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        for _ in range(2_000):  # turns of the loop, in which the server sends what it can
            await asyncio.sleep(0)
        await server.stop(timedelta())
        held = 0
        while taken := await reader.read(2**20):
            held += len(taken)
        assert held < 1_000_000
        writer.close()


async def test_slow_clients_cost_others_nothing() -> None:
    """PROTOCOL E28. Neither time nor memory: of each answer a piece is held, not the whole."""
    async with serving() as (_, listening):
        slow = [await say(listening, b"GET /big.atom HTTP/1.1\r\nHost: x\r\n\r\n") for _ in range(20)]
        for reader, _ in slow:
            assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        began = time.monotonic()
        assert (await get(listening, "/feed.atom")).status_code == 200
        assert time.monotonic() - began < 2
        for _, writer in slow:
            writer.transport.abort()


async def test_end_comes_in_time_though_a_client_holds_an_answer() -> None:
    async with serving() as (server, listening):
        reader, writer = await say(listening, b"GET /big.atom HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        began = time.monotonic()
        await server.stop(timedelta(seconds=1))
        assert time.monotonic() - began < 3
        await notice_hanging_up(writer)


async def test_answers_under_way_are_finished_at_the_end() -> None:
    async with serving() as (server, listening):
        reader, writer = await say(listening, b"GET /big.atom HTTP/1.1\r\nHost: x\r\n\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        assert f"content-length: {len(BIG)}".encode() in head
        stopping = asyncio.create_task(server.stop(timedelta(seconds=10)))
        assert await reader.readexactly(len(BIG)) == BIG
        await stopping
        writer.close()


async def test_port_is_free_at_the_end_and_stop_may_be_repeated() -> None:
    async with serving() as (server, listening):
        port = listening.getsockname()[1]
        await server.stop()
        await server.stop()
    async with serving(f"127.0.0.1:{port}") as (_, again):
        assert (await get(again, "/healthz")).text == "ok\n"


async def test_stop_before_start() -> None:
    await Server().stop()


async def test_signals_stay_with_the_daemon() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    async with serving():
        assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


async def test_server_does_not_name_itself() -> None:
    async with serving() as (_, listening):
        headers = (await get(listening, "/feed.atom")).headers
        assert "server" not in headers
        assert "date" in headers  # RFC 9110 §6.6.1


async def test_too_many_connections_are_told_so() -> None:
    async with serving(limits=Limits(connections=3)) as (_, listening):
        idle = [await say(listening, b"") for _ in range(3)]
        assert (await get(listening, "/feed.atom")).status_code == 503
        for _, writer in idle:
            writer.close()


async def test_of_idle_connections_there_are_no_more_than_told() -> None:
    """They would take every descriptor: 503 is for requests, and who sends none is not told."""
    async with serving(limits=PATIENT) as (_, listening):
        idle = [await say(listening, b"") for _ in range(5)]
        for _ in range(3):
            reader, writer = await say(listening, b"")
            assert await is_hung_up(reader)
            writer.close()
        idle[4][1].write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await idle[4][0].readline()).startswith(b"HTTP/1.1 503")
        for _, writer in idle:
            writer.close()


async def test_one_client_cannot_take_all_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine itself is exempt, so the test has it counted like a stranger."""
    monkeypatch.setattr(Connection, "_bucket", lambda _: "198.51.100.7")
    async with serving(limits=Limits(connections_per_client=3)) as (_, listening):
        held = [await say(listening, b"") for _ in range(3)]
        reader, writer = await say(listening, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert await is_hung_up(reader)
        writer.close()
        held[0][1].write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await held[0][0].readline()).startswith(b"HTTP/1.1 200")
        for _, one in held:
            one.close()


async def test_oversized_request_is_refused() -> None:
    async with serving() as (_, listening):
        reader, writer = await say(listening, b"GET / HTTP/1.1\r\nX: " + b"x" * 40_000)
        assert (await reader.readline()).startswith(b"HTTP/1.1 400")
        writer.close()


async def test_pipelined_requests_are_all_answered() -> None:
    async with serving(limits=IMPATIENT) as (_, listening):
        reader, writer = await say(listening, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * 5)
        answered = b""
        async with asyncio.timeout(20):
            while piece := await reader.read(2**16):
                answered += piece
        assert answered.count(b"HTTP/1.1 200 OK") == 5
        writer.close()


async def test_unix_socket_is_served_and_tidied(tmp_path: Path) -> None:
    path = tmp_path / "http.sock"
    async with serving(f"unix:{path}") as (server, _):
        transport = httpx.AsyncHTTPTransport(uds=str(path))
        async with httpx.AsyncClient(transport=transport) as client:
            assert (await client.get("http://x/feed.atom")).status_code == 200
        await server.stop()
        assert not path.exists()
