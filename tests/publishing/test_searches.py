"""Feeds of what a search finds, by HTTP: whatever is asked, it is answered or refused in words."""

from collections.abc import Iterator
from urllib.parse import quote

import feedparser
import pytest

from tests.fetch.server import Answer, Server
from tests.publishing.test_on_demand import document
from tests.running import Running, Site

# What FTS5, SQL, URLs or templates might take for their own.
HOSTILE = [
    '"', "'", "(", ")", "*", "a*", "-", "NOT", "OR day", "day AND", "NEAR(alfa day, 2)", "{title text} : day", "^day",
    'day" OR "alfa', 'alfa") OR ("', "title : day", "rowid:1", "facts:day", "search_words", "day + alfa",
    "title:", "title:(",
    "after:2023", "after:9999-12-31 before:0001-01-01", "source:", "tag:)", "'; DROP TABLE entries; --",
    "day;", "%00", "\x00",
    "\ue000alfa", "\ue003", "\ufffd", "day\ud7ff", "<script>", "{{ 7*7 }}", "((((((((((((((((((((((((((((((",
    "NOT " * 40 + "a",
    "a " * 40, "x" * 1001, "-day", "NOT day", "*day*", "🙂", "後", "ё*", "day -day", '"day on"*',
    "title:after:2023-01-01",
]  # fmt: skip


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with Server() as publisher:
        publisher.answer("/alfa", Answer(body=document("alfa", 1, 2)))
        source = f'[[source]]\nid = "alfa"\nurl = "{publisher.url("/alfa")}"\ntags = ["t"]\n'
        with Site(tmp_path_factory.mktemp("searches"), sources=source).daemon() as running:
            running.feed("alfa on day 2")
            running.feed("alfa on day 2", path="/search.atom?q=alfa")
            yield running


@pytest.mark.parametrize("query", HOSTILE)
def test_no_query_is_too_much(daemon: Running, query: str) -> None:
    for path in ("search.atom", "search"):
        response = daemon.get(f"/{path}?q={quote(query)}")
        assert response.status_code in {200, 400}, response.text
        assert "<script>" not in response.text.replace("&lt;script&gt;", "")
        assert len(response.text) > 20


def test_a_query_that_cannot_be_read_is_refused_in_words(daemon: Running) -> None:
    response = daemon.get("/search.atom?q=(alfa")
    assert (response.status_code, response.headers["cache-control"]) == (400, "no-store")
    assert "column 1: this ( is not closed" in response.text
    assert daemon.get("/search.atom").status_code == 400  # which asks nothing


@pytest.mark.parametrize(
    "query", ["alfa", "title:alfa", "source:alfa -xyz", "tag:t after:2000-01-01", "(alfa OR x) day"]
)
def test_what_is_found_is_a_feed(daemon: Running, query: str) -> None:
    response = daemon.get(f"/search.atom?q={quote(query)}&limit=1")
    found = feedparser.parse(response.content)
    assert ([entry.title for entry in found.entries], found.bozo) == (["alfa on day 2"], False)
    (itself,) = [link.href for link in found.feed.links if link.rel == "self"]
    again = daemon.get(itself, [("If-None-Match", response.headers["etag"])])
    assert again.status_code == 304
