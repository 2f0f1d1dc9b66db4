"""PROTOCOL E18: 226 with only what is newer, for who asks for it (RFC 3229)."""

import sys
from collections.abc import Iterator

import feedparser
import httpx
import pytest

from tests.fetch.server import Answer, Server
from tests.publishing.test_on_demand import document
from tests.running import Running, Site, eventually

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

ASKS = [("A-IM", "feed")]


@pytest.fixture
def publisher() -> Iterator[Server]:
    with Server() as publisher:
        publisher.answer("/alfa", Answer(body=document("alfa", 1, 2)))
        yield publisher


@pytest.fixture
def daemon(tmp_path_factory: pytest.TempPathFactory, publisher: Server) -> Iterator[Running]:
    source = f'[[source]]\nid = "alfa"\nurl = "{publisher.url("/alfa")}"\ninterval = "1s"\ntags = ["t"]\n'
    with Site(tmp_path_factory.mktemp("delta"), sources=source).daemon() as running:
        running.feed("alfa on day 2")
        yield running


def titles(response: httpx.Response) -> list[str]:
    body = response.content  # httpx by itself knows gzip only
    if response.headers.get("content-encoding") == "zstd":
        body = zstd.decompress(body)
    return [entry.title for entry in feedparser.parse(body).entries]


def tell(daemon: Running, publisher: Server, *days: int) -> None:
    """Let the publisher tell of these days, and wait for the last to be published."""
    publisher.answer("/alfa", Answer(body=document("alfa", *days)))
    daemon.feed(f"alfa on day {days[-1]}")


@pytest.mark.parametrize(
    ("path", "coding"), [("/feed.atom", "zstd"), ("/feed.rss", "identity"), ("/tags/t.atom", "gzip")]
)
def test_only_what_is_newer(daemon: Running, publisher: Server, path: str, coding: str) -> None:
    accept = ("Accept-Encoding", coding)
    first = daemon.get(path, [accept])
    base = first.headers["etag"]
    assert daemon.get(path, [accept, *ASKS, ("If-None-Match", base)]).status_code == 304
    tell(daemon, publisher, 1, 2, 3, 4)
    newer = daemon.get(path, [accept, *ASKS, ("If-None-Match", f'"unknown", W/{base}')])
    assert (newer.status_code, titles(newer)) == (226, ["alfa on day 4", "alfa on day 3"])
    whole = daemon.get(path, [accept])
    assert (newer.headers["im"], newer.headers["delta-base"]) == ("feed", base)
    assert newer.headers["etag"] == whole.headers["etag"]  # what the client has from now on
    assert {"no-store", "im"} <= {one.strip() for one in newer.headers["cache-control"].split(",")}
    assert {"a-im", "if-none-match"} <= {one.strip().lower() for one in newer.headers["vary"].split(",")}
    asked_again = daemon.get(path, [accept, *ASKS, ("If-None-Match", newer.headers["etag"])])
    assert (asked_again.status_code, asked_again.content) == (304, b"")
    tell(daemon, publisher, 1, 2, 3, 4, 5)
    for known, expected in ((base, [5, 4, 3]), (newer.headers["etag"], [5])):
        found = daemon.get(path, [accept, *ASKS, ("If-None-Match", known)])
        assert titles(found) == [f"alfa on day {day}" for day in expected]


def test_a_corrected_entry_comes_again(daemon: Running, publisher: Server) -> None:
    base = daemon.get("/feed.atom").headers["etag"]
    corrected = document("alfa", 1, 2).replace(b"alfa on day 1", b"Corrected: nothing happened")
    publisher.answer("/alfa", Answer(body=corrected))
    daemon.feed("Corrected: nothing happened")
    found = daemon.get("/feed.atom", [*ASKS, ("If-None-Match", base)])
    assert (found.status_code, titles(found)) == (226, ["Corrected: nothing happened"])


@pytest.mark.parametrize(
    "fields",
    [
        [],
        [("A-IM", "feed")],
        [("A-IM", "feed"), ("If-None-Match", '"unknown"')],
        [("A-IM", "vcdiff, gzip"), ("If-None-Match", "BASE")],
        [("A-IM", "feed;q=0"), ("If-None-Match", "BASE")],
        [("If-None-Match", "BASE")],
    ],
)
def test_who_does_not_ask_or_has_nothing_is_given_all(
    daemon: Running, publisher: Server, fields: list[tuple[str, str]]
) -> None:
    base = daemon.get("/feed.atom").headers["etag"]
    tell(daemon, publisher, 1, 2, 3)
    response = daemon.get("/feed.atom", [(name, value.replace("BASE", base)) for name, value in fields])
    assert (response.status_code, len(titles(response))) == (200, 3)


def test_after_a_restart_all_is_given(daemon: Running, publisher: Server) -> None:
    base = daemon.get("/feed.atom").headers["etag"]
    tell(daemon, publisher, 1, 2, 3)
    daemon.stop()
    with daemon.site.daemon() as again:
        eventually(lambda: again.get("/feed.atom").status_code == 200 or None, "the feed is served")
        response = again.get("/feed.atom", [*ASKS, ("If-None-Match", base)])
        assert (response.status_code, len(titles(response))) == (200, 3)
