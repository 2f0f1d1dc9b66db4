"""Requests that no client of ours sends, byte by byte, to the real server."""

import asyncio

import pytest

from tests.serve.test_server import serving

PATHS = (
    "/../../../../etc/passwd",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/..%2f..%2fetc%2fpasswd",
    "/static/../../aggregator.toml",
    "/static/..%2f..%2f..%2fpyproject.toml",
    "/static/%2e%2e/server.py",
    "/archive/../../aggregator.sqlite",
    "/archive/feed/..%2f..%2faggregator.lock",
    "/feeds/..%2fprivate%2fx.atom",
    "/private/feeds/x.atom",
    "//etc/passwd",
    "/\\..\\..\\etc\\passwd",
    "/%00/etc/passwd",
    "/feed.atom%00.json",
    "http://127.0.0.1/../../etc/passwd",
)
INJECTIONS = (
    b"/%0d%0aX-Evil:%201",
    b"/feed.atom?limit=%0d%0aX-Evil:%201",
    b"/static/style.css%0d%0aX-Evil:%201",
    b"/tags/%0d%0aX-Evil:%201.atom",
    b"/feed.atom?token=%0d%0aX-Evil:1",
)
HEADERS = (
    b'If-None-Match: "a\rX-Evil: 1"',
    b"X-Forwarded-For: 1.1.1.1\nX-Evil: 1",
    b"A-IM: feed\0X-Evil: 1",
    b"Content-Length: 5\r\nTransfer-Encoding: chunked",
)


async def answered(request: bytes) -> bytes:
    async with serving() as (_, listening):
        reader, writer = await asyncio.open_connection(*listening.getsockname()[:2])
        writer.write(request)
        await writer.drain()
        async with asyncio.timeout(10):
            said = await reader.read()
        writer.close()
        return said


@pytest.mark.parametrize("path", PATHS)
async def test_no_path_leads_out_of_what_is_published(path: str) -> None:
    said = await answered(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert said.split(b" ")[1] in {b"400", b"404"}
    assert b"root:" not in said


@pytest.mark.parametrize("target", INJECTIONS)
async def test_no_request_puts_a_header_into_an_answer(target: bytes) -> None:
    said = await answered(b"GET " + target + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    head = said.partition(b"\r\n\r\n")[0].lower()
    assert head.startswith(b"http/1.1 ")
    assert b"\r\nx-evil" not in head


@pytest.mark.parametrize("header", HEADERS)
async def test_no_header_is_two(header: bytes) -> None:
    request = b"GET /health HTTP/1.1\r\nHost: x\r\n" + header + b"\r\nConnection: close\r\n\r\n"
    said = await answered(request)
    assert said.count(b"HTTP/1.1 ") <= 1
    assert b"x-evil" not in said.lower()
