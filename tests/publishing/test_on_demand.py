"""Feeds made when somebody asks: of a tag, of a source, and parts of those that are published."""

from collections.abc import Iterator
from pathlib import Path

import feedparser
import pytest

from tests.fetch.server import Answer, Server
from tests.running import Running, Site

SOURCES = """
[[source]]
id = "alfa"
url = "{alfa}"
title = "Alfa Radio"
tags = ["politics", "Ost & West/Süd"]
[[source]]
id = "bravo"
url = "{bravo}"
tags = ["politics"]
[[source]]
id = "carl"
url = "{carl}"
"""


def document(name: str, *days: int) -> bytes:
    items = "".join(
        f"<item><guid>{name}-{day}</guid><title>{name} on day {day}</title><link>https://{name}.example/{day}</link>"
        f"<pubDate>{day:02} Nov 2023 08:00:00 GMT</pubDate></item>"
        for day in days
    )
    return f"<rss version='2.0'><channel><title>{name}</title>{items}</channel></rss>".encode()


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with Server() as publisher:
        days = {"alfa": (1, 4, 7), "bravo": (2, 5, 8), "carl": (3, 6, 9)}
        for name, some in days.items():
            publisher.answer(f"/{name}", Answer(body=document(name, *some)))
        urls = {name: publisher.url(f"/{name}") for name in days}
        site = Site(tmp_path_factory.mktemp("demand"), sources=SOURCES.format(**urls))
        with site.daemon() as running:
            for name in days:
                running.feed(f"{name} on day {days[name][0]}")
            yield running


def days(daemon: Running, address: str) -> list[int]:
    """The days of the entries of a feed, in its order, the same in every format."""
    stem, _, query = address.partition("?")
    atom, rss = (
        feedparser.parse(daemon.get(f"{stem}.{extension}?{query}").content) for extension in ("atom", "rss")
    )
    items = daemon.get(f"{stem}.json?{query}").json()["items"]
    titles = [entry.title for entry in atom.entries]
    assert titles == [entry.title for entry in rss.entries] == [item["title"] for item in items]
    return [int(title.rpartition(" ")[2]) for title in titles]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("/sources/alfa", [7, 4, 1]),
        ("/tags/politics", [8, 7, 5, 4, 2, 1]),
        ("/tags/Ost%20%26%20West/S%C3%BCd", [7, 4, 1]),
        ("/tags/Ost%20%26%20West%2FS%C3%BCd", [7, 4, 1]),
        ("/feed?limit=2", [9, 8]),
        ("/tags/politics?limit=3", [8, 7, 5]),
        ("/feed?since=2030-01-01", []),
        ("/feed?since=2000-01-01&limit=4", [9, 8, 7, 6]),
    ],
)
def test_what_they_hold(daemon: Running, address: str, expected: list[int]) -> None:
    assert days(daemon, address) == expected


def test_since_counts_by_the_last_change(daemon: Running) -> None:
    assert days(daemon, "/feed?since=2023-11-07T08:00:00Z") == [9, 8, 7]
    assert days(daemon, "/feed?since=2023-11-07T08:00:01Z") == [9, 8]


@pytest.mark.parametrize(
    "address",
    ["/sources/nobody.atom", "/tags/nothing.rss", "/tags/.json", "/sources/.atom", "/tags/politics.xml"],
)
def test_what_is_not_there(daemon: Running, address: str) -> None:
    assert daemon.get(address).status_code == 404


def test_they_say_where_they_are(daemon: Running) -> None:
    """PROTOCOL E10, E24: the address asked for, in one spelling, without the token or what is not ours."""
    here = f"http://127.0.0.1:{daemon.site.port}"
    address = f"{here}/tags/Ost%20%26%20West/S%C3%BCd.atom?limit=2&since=2023-11-01T00:00:00Z"
    asked = "/tags/Ost%20%26%20West%2FS%C3%BCd.atom?since=2023-11-01&token=abc&limit=2&utm=x"
    response = daemon.get(asked)
    feed = feedparser.parse(response.content)
    selves = [link.href for link in feed.feed.links if link.rel == "self"]
    assert selves == [address]
    assert response.headers["link"] == f'<{address}>; rel="self"'
    assert feed.feed.title == "Ost & West/Süd"
    assert feedparser.parse(daemon.get("/sources/alfa.atom").content).feed.title == "Alfa Radio"


@pytest.mark.parametrize("address", ["/sources/alfa.atom", "/tags/politics.json", "/feed.rss?limit=2"])
def test_they_are_asked_for_again_without_cost(daemon: Running, address: str) -> None:
    """PROTOCOL E11 to E13 hold for what is made on demand too."""
    plain = ("Accept-Encoding", "identity")
    first = daemon.get(address, [plain])
    for name, field in (("If-None-Match", "etag"), ("If-Modified-Since", "last-modified")):
        again = daemon.get(address, [plain, (name, first.headers[field])])
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
    coded = {coding: daemon.get(address, [("Accept-Encoding", coding)]) for coding in ("gzip", "zstd")}
    assert {one.headers["content-encoding"] for one in coded.values()} == {"gzip", "zstd"}
    assert len({first.headers["etag"], *(one.headers["etag"] for one in coded.values())}) == 3


def test_a_query_that_cannot_be_read_is_told(daemon: Running) -> None:
    response = daemon.get("/feed.atom?limit=many")
    assert (response.status_code, response.text) == (400, "limit must be a number from 1 to 1000.\n")
    page = daemon.get("/tags/politics?since=x", [("Accept", "text/html")])
    assert page.status_code == 400
    assert "since must be a date" in page.text


@pytest.mark.parametrize("path", ["/tags/politics", "/sources/alfa", "/tags/Ost%20%26%20West/S%C3%BCd"])
def test_they_have_pages(daemon: Running, path: str) -> None:
    page = daemon.get(path)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "alfa on day 7" in page.text
    assert 'type="application/atom+xml"' in page.text


def test_before_the_first_publication_nobody_is_sent_away(tmp_path: Path) -> None:
    site = Site(tmp_path, sources='[[source]]\nid = "alfa"\nurl = "http://127.0.0.1:1/"\n')
    with site.daemon() as daemon:
        assert daemon.get("/sources/alfa.atom").status_code == 200  # empty, and there
