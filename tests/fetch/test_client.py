"""What is asked, what is answered, and where redirects lead."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from aggregator.errors import FetchError
from aggregator.fetch import Fetcher
from aggregator.fetch.client import MAX_REDIRECTS
from aggregator.model import Validators

from .asking import FEED, NONE, make_fetcher, source
from .server import Answer, Server, raw, redirect

GOOD = Answer(body=FEED)

# --- what is asked


async def test_a_feed_comes_with_all_that_was_said_about_it(server: Server, fetcher: Fetcher) -> None:
    server.answer(
        "/feed",
        Answer(
            body=FEED, headers=[("ETag", '"1"'), ("X-Served-By", "test"), ("Cache-Control", "max-age=60")]
        ),
    )
    response = await fetcher.fetch(source(server.url("/feed")), NONE)
    assert (response.status, response.url, response.body) == (200, server.url("/feed"), FEED)
    assert response.headers["x-served-by"] == "test"
    assert response.validators == Validators(etag='"1"')
    assert response.fresh_for == timedelta(seconds=60)
    assert response.retry_after is None
    assert response.wire_bytes == len(FEED)
    assert timedelta() < response.elapsed < timedelta(seconds=10)


async def test_p10_p29_the_request_says_no_more_than_needed(server: Server) -> None:
    server.answer("/feed", GOOD)
    async with make_fetcher() as fetcher:
        await fetcher.fetch(source(server.url("/feed?a=1#fragment")), NONE)
    (asked,) = server.requests
    assert asked.method == "GET"
    assert asked.target == "/feed?a=1"
    assert {name.lower() for name, _ in asked.headers} == {"host", "user-agent", "accept", "accept-encoding"}
    assert asked.header("host") == f"127.0.0.1:{server.port}"
    assert asked.header("user-agent") == "aggregator/test (+https://example.org; feed-id=s)"
    assert asked.header("accept-encoding") == "gzip, deflate, zstd"
    assert (asked.header("accept") or "").startswith(
        "application/atom+xml, application/rss+xml, application/feed+json"
    )


@pytest.mark.parametrize(
    "target",
    [
        "/feed?sig=a%2Cb%3D&x=~%7e",  # a signed query is signed as it is written
        "/%7euser/a,b;c",
        "/feed?a=b|c+d",
        "/feed?",
        "/feed/%E9",  # not UTF-8
    ],
)
async def test_p10_the_url_is_asked_as_it_is_written(server: Server, fetcher: Fetcher, target: str) -> None:
    await fetcher.fetch(source(server.url(target)), NONE)
    assert server.requests[0].target.rstrip("?") == target.rstrip("?")


@pytest.mark.parametrize(
    "etag",
    ['"1"', 'W/"1"', "no-quotes", '"a,b", "c"', '"', "W/unquoted,", '"ä"', "'single'", '"1"--gzip', '"a b"'],
)
@pytest.mark.parametrize(
    "modified", ["Sun, 06 Nov 1994 08:49:37 GMT", "yesterday,  at noon", "1700000000", None]
)
async def test_p01_p02_p03_validators_go_back_byte_for_byte(
    server: Server, fetcher: Fetcher, etag: str, modified: str | None
) -> None:
    headers = [("ETag", etag), *([("Last-Modified", modified)] if modified else [])]
    server.answer("/feed", Answer(body=FEED, headers=headers), Answer(status=304))
    first = await fetcher.fetch(source(server.url("/feed")), NONE)
    second = await fetcher.fetch(source(server.url("/feed")), first.validators)
    assert (second.status, second.body, second.validators) == (304, b"", NONE)
    unconditional, conditional = server.requests
    assert unconditional.header("if-none-match") is None
    assert unconditional.header("if-modified-since") is None
    assert conditional.header("if-none-match") == etag
    assert conditional.header("if-modified-since") == modified


async def test_p04_a_200_without_validators_has_none(server: Server, fetcher: Fetcher) -> None:
    server.answer("/feed", GOOD)
    response = await fetcher.fetch(source(server.url("/feed")), Validators(etag='"old"'))
    assert response.validators == NONE


async def test_p05_p11_a_304_brings_validators_and_freshness(server: Server, fetcher: Fetcher) -> None:
    headers = [("ETag", '"2"'), ("Cache-Control", "max-age=600"), ("Age", "100")]
    server.answer("/feed", Answer(status=304, headers=headers))
    response = await fetcher.fetch(source(server.url("/feed")), Validators(etag='"1"', last_modified="then"))
    assert response.validators == Validators(etag='"2"')
    assert response.fresh_for == timedelta(seconds=500)


async def test_p10_cookies_are_never_returned(server: Server, fetcher: Fetcher) -> None:
    cookie = ("Set-Cookie", "session=1; Path=/")
    server.answer("/feed", Answer(status=302, headers=[cookie, ("Location", "/next")]))
    server.answer("/next", Answer(body=FEED, headers=[cookie]))
    for _ in range(2):
        response = await fetcher.fetch(source(server.url("/feed")), NONE)
        assert "set-cookie" not in response.headers
    assert len(server.requests) == 4
    assert all(asked.header("cookie") is None for asked in server.requests)
    assert all(asked.header("referer") is None for asked in server.requests)


# --- statuses


@pytest.mark.parametrize("status", [201, 204, 206, 300, 400, 401, 403, 404, 410, 418, 429, 500, 503, 599])
async def test_every_status_is_a_value_without_body(server: Server, fetcher: Fetcher, status: int) -> None:
    server.answer("/feed", Answer(status=status, body=b"" if status == 204 else b"sorry"))
    response = await fetcher.fetch(source(server.url("/feed")), NONE)
    assert (response.status, response.body) == (status, b"")


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    "form",
    [
        lambda moment: "120",
        lambda moment: format_datetime(moment, usegmt=True),
        lambda moment: moment.strftime("%A, %d-%b-%y %H:%M:%S GMT"),
        lambda moment: moment.strftime("%a %b %e %H:%M:%S %Y"),
    ],
    ids=["seconds", "IMF", "RFC 850", "asctime"],
)
async def test_p13_p14_retry_after(
    server: Server, fetcher: Fetcher, status: int, form: Callable[[datetime], str]
) -> None:
    text = form(datetime.now(UTC) + timedelta(seconds=120))
    server.answer("/feed", Answer(status=status, headers=[("Retry-After", text)]))
    wait = (await fetcher.fetch(source(server.url("/feed")), NONE)).retry_after
    assert wait is not None
    assert timedelta(seconds=110) < wait <= timedelta(seconds=120)


async def test_a_large_error_page_is_left_unread(server: Server, fetcher: Fetcher) -> None:
    server.answer("/feed", Answer(status=404, body=bytes(1_000_000)), GOOD)
    assert (await fetcher.fetch(source(server.url("/feed")), NONE)).status == 404
    assert (await fetcher.fetch(source(server.url("/feed")), NONE)).body == FEED
    assert [asked.connection for asked in server.requests] == [1, 2]


async def test_a_status_does_not_wait_for_a_body_that_drips(server: Server, fetcher: Fetcher) -> None:
    head = b"HTTP/1.1 404 No\r\nContent-Length: 1000000\r\n\r\n"
    server.answer("/feed", raw(head, b".", pause=0.05, repeat=True))
    response = await fetcher.fetch(source(server.url("/feed")), NONE)
    assert response.status == 404
    assert response.elapsed < timedelta(seconds=5)


# --- redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_p17_redirects_are_followed_and_not_remembered(
    server: Server, fetcher: Fetcher, status: int
) -> None:
    server.answer("/old", redirect("sub/../new?x=1#part", status))
    server.answer("/new", GOOD)
    for _ in range(2):
        response = await fetcher.fetch(source(server.url("/old")), Validators(etag='"1"'))
        assert (response.url, response.body) == (server.url("/new?x=1"), FEED)
    assert [asked.path for asked in server.requests] == ["/old", "/new"] * 2
    assert all(asked.header("if-none-match") == '"1"' for asked in server.requests)


async def test_p19_ten_redirects_are_followed_eleven_are_not(server: Server, fetcher: Fetcher) -> None:
    for number in range(MAX_REDIRECTS + 1):
        server.answer(f"/{number}", redirect(f"/{number + 1}"))
    server.answer(f"/{MAX_REDIRECTS + 1}", GOOD)
    assert (await fetcher.fetch(source(server.url("/1")), NONE)).body == FEED
    asked_before = len(server.requests)
    with pytest.raises(FetchError, match="more than 10 redirects"):
        await fetcher.fetch(source(server.url("/0")), NONE)
    assert len(server.requests) - asked_before == MAX_REDIRECTS + 1


@pytest.mark.parametrize(("to", "requests"), [("/a", 1), ("/b", 2), ("/a#other", 1)])
async def test_p19_loops_stop(server: Server, fetcher: Fetcher, to: str, requests: int) -> None:
    server.answer("/a", redirect(to))
    server.answer("/b", redirect("/a"))
    with pytest.raises(FetchError, match="loop"):
        await fetcher.fetch(source(server.url("/a")), NONE)
    assert len(server.requests) == requests


@pytest.mark.parametrize(
    "location",
    [
        "file:///etc/passwd",
        "ftp://example.org/",
        "javascript:alert(1)",
        "http://",
        "http://[::1",
        "http://h:99999/",
        "http://h:0/",
        "x" * 8001,
    ],
)
async def test_redirects_to_nowhere_are_errors(server: Server, fetcher: Fetcher, location: str) -> None:
    server.answer("/feed", redirect(location))
    with pytest.raises(FetchError, match=r"redirect|URL"):
        await fetcher.fetch(source(server.url("/feed")), NONE)


async def test_a_redirect_without_location_is_a_status(server: Server, fetcher: Fetcher) -> None:
    server.answer("/feed", Answer(status=301))
    assert (await fetcher.fetch(source(server.url("/feed")), NONE)).status == 301


async def test_a_fetcher_is_idle_when_its_last_fetch_has_ended(server: Server, fetcher: Fetcher) -> None:
    server.answer("/slow", Answer(delay=0.3))
    server.answer("/broken", raw(b"no HTTP"))
    await fetcher.idle()
    slow = asyncio.create_task(fetcher.fetch(source(server.url("/slow")), NONE))
    with pytest.raises(FetchError):
        await fetcher.fetch(source(server.url("/broken", server.hosts[1])), NONE)
    assert not slow.done()
    await fetcher.idle()
    assert (await asyncio.wait_for(slow, 0.1)).status == 200
