"""Deadlines, sizes, addresses, and what goes wrong (PROTOCOL P21, P30, P38)."""

import asyncio
import socket
import sys
from datetime import timedelta
from ipaddress import IPv4Network

import pytest

from aggregator.errors import FetchError
from aggregator.fetch import Fetcher
from tests.fetch.server import packed

from .asking import FEED, NONE, make_fetcher, source
from .server import Answer, Server, raw, redirect

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

GOOD = Answer(body=FEED)

# --- addresses


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/feed",
        "http://localhost:{port}/feed",
        "http://2130706433:{port}/feed",
        "http://0x7f000001:{port}/feed",
        "http://017700000001:{port}/feed",
        "http://127.1:{port}/feed",
        "http://[::ffff:127.0.0.1]:{port}/feed",
        "http://[::1]:{port}/feed",
        "http://[64:ff9b::7f00:1]:{port}/feed",
        "http://10.1.2.3/feed",
        "http://169.254.169.254/latest/meta-data/",
    ],
)
async def test_p21_private_addresses_are_refused(server: Server, url: str) -> None:
    async with make_fetcher(allow=[IPv4Network("127.0.0.2/32")]) as fetcher:
        with pytest.raises(FetchError, match=r"allow it in \[poll\] allow_addresses"):
            await fetcher.fetch(source(url.format(port=server.port)), NONE)
    assert server.connections == 0


async def test_p21_every_hop_is_checked(server: Server) -> None:
    server.answer("/feed", redirect(server.url("/feed", "127.0.0.1")))
    async with make_fetcher(allow=[IPv4Network("127.0.0.2/32")]) as fetcher:
        with pytest.raises(FetchError, match=r"address 127\.0\.0\.1 is loopback"):
            await fetcher.fetch(source(server.url("/feed", "127.0.0.2")), NONE)
    assert [asked.host for asked in server.requests] == ["127.0.0.2"]


async def test_p21_a_name_is_judged_by_what_it_resolves_to(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: whatever a name meant a moment ago, the address dialled counts."""
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", server.port))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    async with make_fetcher(allow=[]) as fetcher:
        with pytest.raises(FetchError, match=r"address 127\.0\.0\.1 is loopback"):
            await fetcher.fetch(source(f"http://feeds.example.org:{server.port}/"), NONE)
    async with make_fetcher() as fetcher:
        assert (await fetcher.fetch(source(f"http://feeds.example.org:{server.port}/"), NONE)).status == 404


# --- bounds


async def test_p30_no_answer_within_the_deadline(server: Server, fetcher: Fetcher) -> None:
    server.answer("/feed", Answer(delay=30))
    with pytest.raises(FetchError, match=r"^no answer within 0\.3 s$"):
        await fetcher.fetch(source(server.url("/feed"), timeout=timedelta(seconds=0.3)), NONE)


async def test_p30_the_deadline_counts_for_the_whole_fetch(server: Server) -> None:
    """Something comes all the time, so a timeout per read would never strike."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"
    server.answer("/feed", raw(head, b".", pause=0.01, repeat=True))
    async with make_fetcher(timeout=timedelta(seconds=0.3)) as fetcher, asyncio.timeout(5):
        with pytest.raises(FetchError, match=r"^no complete answer within 0\.3 s$"):
            await fetcher.fetch(source(server.url("/feed")), NONE)


async def test_p30_redirects_share_the_deadline(server: Server) -> None:
    for number in range(9):
        server.answer(f"/{number}", Answer(status=302, headers=[("Location", f"/{number + 1}")], delay=0.15))
    async with make_fetcher(timeout=timedelta(seconds=0.5)) as fetcher:
        with pytest.raises(FetchError, match="within"):
            await fetcher.fetch(source(server.url("/0")), NONE)
    assert len(server.requests) < 6


async def test_p30_looking_up_the_name_counts_too(
    server: Server, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = asyncio.Event()
    loop = asyncio.get_running_loop()

    def slow(*_: object, **__: object) -> list[object]:
        asyncio.run_coroutine_threadsafe(released.wait(), loop).result()
        return []

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    with pytest.raises(FetchError, match="no answer within"):
        await fetcher.fetch(source("http://slow.example/", timeout=timedelta(seconds=0.2)), NONE)
    released.set()
    await asyncio.sleep(0)


async def test_p30_waiting_for_a_turn_does_not_count(server: Server) -> None:
    server.answer("/feed", Answer(body=FEED, delay=0.2))
    async with make_fetcher(timeout=timedelta(seconds=0.5)) as fetcher:
        feed = source(server.url("/feed"))
        responses = await asyncio.gather(*(fetcher.fetch(feed, NONE) for _ in range(4)))
    assert [response.status for response in responses] == [200] * 4
    assert all(response.elapsed < timedelta(seconds=0.5) for response in responses)


@pytest.mark.parametrize(
    "answer",
    [
        Answer(body=b"<" * 5001),
        Answer(body=packed(b"<" * 5001), headers=[("Content-Encoding", "gzip")]),
        raw(b"HTTP/1.1 200 OK\r\n\r\n" + b"<" * 5001),  # until the connection closes
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 5001\r\n\r\n"),  # announced
        raw(b"HTTP/1.1 200 OK\r\n\r\n", b"<" * 65536, repeat=True),  # endless
    ],
)
async def test_p30_large_bodies_are_refused(server: Server, fetcher: Fetcher, answer: Answer) -> None:
    server.answer("/feed", answer)
    with pytest.raises(FetchError, match="body is larger than 5000 bytes"):
        await fetcher.fetch(source(server.url("/feed"), max_bytes=5000), NONE)


@pytest.mark.parametrize(
    ("bomb", "coding"),
    [(packed(bytes(50_000_000)), "gzip"), (zstd.compress(bytes(50_000_000)), "zstd")],
    ids=["gzip", "zstd"],
)
async def test_p30_a_bomb_is_refused(server: Server, fetcher: Fetcher, bomb: bytes, coding: str) -> None:
    server.answer("/feed", Answer(body=bomb, headers=[("Content-Encoding", coding)]))
    with pytest.raises(FetchError, match="body is larger than 100000 bytes"):
        await fetcher.fetch(source(server.url("/feed")), NONE)


@pytest.mark.parametrize(
    "answer",
    [
        raw(b"HTTP/1.1 200 OK\r\n", b"X-Many: headers\r\n", repeat=True),
        raw(b"HTTP/1.1 200 OK\r\nX-Long: ", b"x" * 4096, repeat=True),
        raw(b"HTTP/1.1 200 " + b"x" * 4096, b"x" * 4096, repeat=True),
        raw(b"HTTP/1.1 200 OK\r\n" + b"X: 1\r\n" * 1000 + b"\r\n"),
        raw(b"220 mail.example.org ESMTP\r\n"),
    ],
    ids=["endless headers", "endless header", "endless status line", "many headers", "no HTTP"],
)
async def test_p30_what_is_no_bounded_http_is_refused(
    server: Server, fetcher: Fetcher, answer: Answer
) -> None:
    server.answer("/feed", answer)
    async with asyncio.timeout(5):  # long before the deadline of the fetch
        with pytest.raises(FetchError, match="no readable HTTP"):
            await fetcher.fetch(source(server.url("/feed")), NONE)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + FEED), "truncated"),
        (raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<rss>\r\n"), "truncated"),
        (Answer(body=packed(FEED)[:-4], headers=[("Content-Encoding", "gzip")]), "truncated"),
        (Answer(body=packed(FEED)[:-4]), "truncated"),
        (raw(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + packed(FEED)[:40]), "truncated"),
        (raw(), "closed the connection without an answer"),
    ],
)
async def test_p38_half_a_feed_is_an_error(
    server: Server, fetcher: Fetcher, answer: Answer, message: str
) -> None:
    server.answer("/feed", answer)
    with pytest.raises(FetchError, match=message):
        await fetcher.fetch(source(server.url("/feed")), NONE)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [
        Answer(body=packed(FEED), headers=[("Content-Encoding", "gzip")]),
        Answer(body=packed(FEED)),
        Answer(body=zstd.compress(FEED), headers=[("Content-Encoding", "zstd")]),
        Answer(body=FEED, headers=[("Content-Encoding", "gzip")]),
        raw(b"HTTP/1.1 200 OK\r\n\r\n" + FEED),
        raw(b"HTTP/1.0 200 OK\r\n\r\n" + FEED),
        raw(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(FEED), FEED)
        ),
    ],
)
async def test_p29_a_body_is_read_however_it_comes(server: Server, fetcher: Fetcher, answer: Answer) -> None:
    server.answer("/feed", answer)
    assert (await fetcher.fetch(source(server.url("/feed")), NONE)).body == FEED


async def test_large_bodies_are_inflated_too(server: Server) -> None:
    body = b"<rss>" + b"".join(b"%x" % (number * number) for number in range(40_000))
    server.answer("/feed", Answer(body=packed(body), headers=[("Content-Encoding", "gzip")]))
    async with make_fetcher(max_bytes=10**6) as fetcher:
        response = await fetcher.fetch(source(server.url("/feed")), NONE)
    assert response.body == body
    assert 2**14 < response.wire_bytes < len(body)


# --- troubles


async def test_refused_connections_say_so(fetcher: Fetcher) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound but not listening
        port = taken.getsockname()[1]
        with pytest.raises(FetchError, match=rf"^connection refused by 127\.0\.0\.1:{port}$"):
            await fetcher.fetch(source(f"http://127.0.0.1:{port}/"), NONE)


@pytest.mark.parametrize("host", ["nowhere.invalid", "a..b", "x" * 70 + ".example"])
async def test_unknown_names_say_so(fetcher: Fetcher, host: str) -> None:
    with pytest.raises(FetchError, match=r"^name does not resolve: "):
        await fetcher.fetch(source(f"http://{host}/"), NONE)


@pytest.mark.parametrize(
    "url", ["", "nonsense", "ftp://example.org/", "http://", "http://h:x/", "http://h/\0"]
)
async def test_unusable_urls_say_so(fetcher: Fetcher, url: str) -> None:
    with pytest.raises(FetchError, match="URL"):
        await fetcher.fetch(source(url), NONE)


@pytest.mark.parametrize(
    "host", ["xn--ls8h.invalid", "xn--.invalid", "i❤.invalid", "💩.invalid", "xn--0.invalid"]
)
async def test_names_that_idna_2008_has_not_are_names(server: Server, fetcher: Fetcher, host: str) -> None:
    server.answer("/moved", redirect(f"http://{host}/feed"))
    for url in (f"http://{host}/feed", server.url("/moved")):
        with pytest.raises(FetchError, match=r"^name does not resolve: xn--"):
            await fetcher.fetch(source(url), NONE)


@pytest.mark.parametrize("location", ["http://xn--\u00e9.invalid/", "http://\ud800/", "//[::1"])
async def test_a_redirect_nobody_can_follow_says_so(server: Server, fetcher: Fetcher, location: str) -> None:
    server.answer("/moved", Answer(status=302, headers=[("Location", location)]))
    with pytest.raises(FetchError):
        await fetcher.fetch(source(server.url("/moved")), NONE)


async def test_a_redirect_keeps_the_semicolon_at_its_end(server: Server, fetcher: Fetcher) -> None:
    server.answer("/moved", redirect("feed;"))
    server.answer("/feed;", GOOD)
    assert (await fetcher.fetch(source(server.url("/moved")), NONE)).url == server.url("/feed;")


async def test_one_bad_source_does_not_stop_the_next(server: Server, fetcher: Fetcher) -> None:
    server.answer("/bad", raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + FEED))
    server.answer("/good", GOOD)
    with pytest.raises(FetchError):
        await fetcher.fetch(source(server.url("/bad")), NONE)
    assert (await fetcher.fetch(source(server.url("/good")), NONE)).body == FEED


async def test_a_fetcher_that_was_not_entered_is_a_bug(server: Server) -> None:
    with pytest.raises(RuntimeError, match="entered"):
        await make_fetcher().fetch(source(server.url("/feed")), NONE)
