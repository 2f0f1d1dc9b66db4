"""What a connection takes for a request, and what it refuses (RFC 9112)."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from aggregator.serve import Limits
from tests.serve.conftest import World
from tests.serve.test_server import BIG, is_hung_up, say, serving

NEXT = b"GET /status HTTP/1.1\r\nHost: x\r\n\r\n"


def lines(*of_head: bytes) -> bytes:
    return b"\r\n".join((*of_head, b"", b""))


async def everything(reader: asyncio.StreamReader) -> bytes:
    """Read until the server hangs up."""
    async with asyncio.timeout(20):
        return await reader.read(-1)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(lines(b"GET / HTTP/1.1"), id="no Host"),
        pytest.param(lines(b"GET / HTTP/1.1", b"Host: x", b"Host: y"), id="two Hosts"),
        pytest.param(lines(b"GET / HTTP/1.0", b"Host: x", b"Host: y"), id="two Hosts in 1.0"),
        pytest.param(lines(b"GET / HTTP/0.9", b"Host: x"), id="version 0.9"),
        pytest.param(lines(b"GET / HTTP/2.0", b"Host: x"), id="version 2.0"),
        pytest.param(lines(b"GET /"), id="no version"),
        pytest.param(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", id="HTTP/2 by prior knowledge"),
        pytest.param(lines(b"GET / HTTP/1.1", b"Host: x", b"Name : x"), id="space before the colon"),
        pytest.param(lines(b"GET / HTTP/1.1", b"Host: x", b": x"), id="no name"),
        pytest.param(lines(b"GET / HTTP/1.1", b"Host: x", b"A: b", b" c"), id="folded line"),
        pytest.param(lines(b"GET / HTTP/1.1", b"Host: x", b"A: b\rc"), id="bare CR"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: x\nA: b\r\n\r\n", id="bare LF"),
        pytest.param(lines(b"GET / HTTP/1.1", b"Host: x", b"A: b\0c"), id="NUL"),
        pytest.param(lines(b"GET /\xff HTTP/1.1", b"Host: x"), id="target is not ASCII"),
        pytest.param(lines(b"GET /\x7f HTTP/1.1", b"Host: x"), id="control character in the target"),
        pytest.param(lines(b"CONNECT x:1 HTTP/1.1", b"Host: x"), id="CONNECT"),
        pytest.param(lines(b"FEED / HTTP/1.1", b"Host: x"), id="no method of HTTP"),
        pytest.param(
            lines(b"POST / HTTP/1.1", b"Host: x", b"Content-Length: 3", b"Transfer-Encoding: chunked")
            + b"0\r\n\r\n",
            id="length and chunks",
        ),
        pytest.param(
            lines(b"POST / HTTP/1.1", b"Host: x", b"Transfer-Encoding: chunked", b"Content-Length: 3")
            + b"0\r\n\r\n",
            id="chunks and length",
        ),
        pytest.param(
            lines(b"POST / HTTP/1.1", b"Host: x", b"Content-Length: 3", b"Content-Length: 3") + b"abc",
            id="two lengths",
        ),
        pytest.param(
            lines(b"POST / HTTP/1.1", b"Host: x", b"Content-Length: +3") + b"abc", id="signed length"
        ),
        pytest.param(
            lines(b"POST / HTTP/1.1", b"Host: x", b"Content-Length: 99999999999999999999999"),
            id="vast length",
        ),
        pytest.param(
            lines(b"POST / HTTP/1.1", b"Host: x", b"Transfer-Encoding: chunked, gzip"), id="chunks not last"
        ),
        pytest.param(
            lines(b"POST / HTTP/1.1", b"Host: x", b"Transfer-Encoding: gzip") + b"abc", id="no chunks"
        ),
        pytest.param(
            lines(b"GET / HTTP/1.1", b"Host: x", b"Transfer-Encoding: xchunked"), id="nearly chunks"
        ),
        pytest.param(
            lines(b"GET / HTTP/1.1", b"Host: x", b"Transfer-Encoding: chunked", b"Transfer-Encoding: gzip"),
            id="chunks in the line before the last",
        ),
        pytest.param(b"\r\n" * 40_000, id="empty lines"),
        pytest.param(lines(b"GET / HTTP/1.1", b"Host: x", *[b"A: b"] * 20_000), id="many fields"),
        pytest.param(lines(b"GET /" + b"x" * 20_000 + b" HTTP/1.1", b"Host: x"), id="long target"),
    ],
)
async def test_no_request(text: bytes) -> None:
    """It is refused once, and whatever follows is not taken for a request."""
    async with serving() as (_, listening):
        reader, writer = await say(listening, text + NEXT)
        answered = await everything(reader)
        assert answered.startswith(b"HTTP/1.1 400 ")
        assert answered.count(b"HTTP/1.1 ") == 1
        writer.close()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            lines(b"POST / HTTP/1.1", b"Host: x", b"Transfer-Encoding: chunked") + b"zz\r\n\r\n", id="no size"
        ),
        pytest.param(
            lines(b"POST / HTTP/1.1", b"Host: x", b"Transfer-Encoding: chunked") + b"1\na\r\n0\r\n\r\n",
            id="bare LF after a size",
        ),
        pytest.param(
            lines(b"POST / HTTP/1.1", b"Host: x", b"Transfer-Encoding: chunked") + b"1;" + b"x" * 70_000,
            id="endless extension of a chunk",
        ),
        pytest.param(
            lines(b"POST / HTTP/1.1", b"Host: x", b"Transfer-Encoding: chunked")
            + b"0\r\nA: "
            + b"x" * 70_000,
            id="endless trailer",
        ),
        pytest.param(
            lines(b"POST / HTTP/1.1", b"Host: x", b"Transfer-Encoding: chunked")
            + b"0\r\n"
            + b"A: b\r\n" * 20_000,
            id="many trailers",
        ),
        pytest.param(
            lines(
                b"POST / HTTP/1.1", b"Host: x", b"Connection: upgrade", b"Upgrade: h2c", b"Content-Length: 35"
            ),
            id="upgrade",
        ),
    ],
)
async def test_request_with_a_body_that_is_none(text: bytes) -> None:
    """The method is refused as ever; where the next request would begin nobody knows."""
    async with serving() as (_, listening):
        reader, writer = await say(listening, text + NEXT)
        answered = await everything(reader)
        assert answered.startswith(b"HTTP/1.1 405 ")
        assert answered.count(b"HTTP/1.1 ") == 1
        writer.close()


async def test_trailers_are_not_fields(world: World) -> None:
    world.settings = replace(world.settings, token="s3cret")
    text = lines(b"GET /feed.atom HTTP/1.1", b"Host: x", b"Transfer-Encoding: chunked")
    reader, writer = await asyncio.open_connection("127.0.0.1", world.port)
    writer.write(text + b"0\r\nAuthorization: Bearer s3cret\r\n\r\n")
    assert (await reader.readline()).startswith(b"HTTP/1.1 401 ")
    writer.close()


async def test_nonsense_after_a_request_leaves_its_answer_whole() -> None:
    async with serving() as (_, listening):
        reader, writer = await say(listening, b"GET /big.atom HTTP/1.1\r\nHost: x\r\n\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 ")
        writer.write(b"nonsense\r\n\r\n" + NEXT)
        assert await everything(reader) == BIG
        writer.close()


@pytest.mark.parametrize("form", [b"http://x/feed.atom", b"https://user@x:1/feed.atom"])
async def test_absolute_form(form: bytes) -> None:
    """RFC 9112 §3.2.2: every server must understand it."""
    async with serving() as (_, listening):
        reader, writer = await say(listening, lines(b"GET " + form + b" HTTP/1.1", b"Host: x"))
        assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")
        writer.close()


async def test_http_1_0_is_hung_up_on_after_its_answer() -> None:
    async with serving() as (_, listening):
        reader, writer = await say(listening, b"GET /healthz HTTP/1.0\r\n\r\n" + NEXT)
        answered = await everything(reader)
        assert answered.startswith(b"HTTP/1.1 200 ")
        assert answered.count(b"HTTP/1.1 ") == 1
        writer.close()


async def test_so_many_requests_may_be_sent_ahead_and_no_more() -> None:
    async with serving(limits=Limits(pipelined=5)) as (_, listening):
        reader, writer = await say(listening, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * 50)
        assert (await everything(reader)).count(b"HTTP/1.1 200 ") == 6  # one is being answered already
        writer.close()


@pytest.mark.parametrize(
    "rest", [b"", b"GET /feed", lines(b"POST / HTTP/1.1", b"Host: x", b"Content-Length: 9")]
)
async def test_client_that_has_said_all_gets_its_answers(rest: bytes) -> None:
    """RFC 9112 §9.6: whoever ends its side may still read; then it is hung up on."""
    text = NEXT * 3 + lines(b"GET /big.atom HTTP/1.1", b"Host: x") + rest
    async with serving() as (_, listening):
        reader, writer = await say(listening, text)
        writer.write_eof()
        answered = await everything(reader)
        assert answered.count(b"HTTP/1.1 200 ") == 4
        assert BIG in answered
        writer.close()


@pytest.mark.parametrize("text", [b"", b"GET /feed"])
async def test_client_that_ends_without_asking(text: bytes) -> None:
    async with serving() as (_, listening):
        reader, writer = await say(listening, text)
        writer.write_eof()
        assert await everything(reader) == b""
        writer.close()


async def test_head_in_single_bytes() -> None:
    """However the network cuts it."""
    async with serving() as (_, listening):
        reader, writer = await say(listening, b"")
        for byte in lines(b"GET /feed.atom HTTP/1.1", b"Host: x", b"Accept-Encoding: identity"):
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0)
        assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")
        writer.close()


async def test_client_that_takes_its_time_between_requests() -> None:
    """Within the limit it stays, beyond it is hung up on, however much longer a request may take."""
    limits = Limits(idle=timedelta(seconds=1), request=timedelta(seconds=60))
    async with serving(limits=limits) as (_, listening):
        reader, writer = await say(listening, NEXT)
        assert await is_hung_up(reader)
        writer.close()
