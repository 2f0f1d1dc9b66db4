"""PROTOCOL E1 to E29 from outside, each at least once: a real daemon, real publishers, what subscribers get.

Deltas (E18), archives and tombstones (E19, E20) and clients (E25) have files of their own.
"""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import feedparser
import html5lib
import httpx
import pytest
from lxml import etree

from tests.fetch.server import Answer, Server
from tests.publishing.rfc4287 import ATOM, wrongs
from tests.running import Running, Site

DATA = Path(__file__).parents[1] / "data"
NEXT_YEAR = (datetime.now(UTC) + timedelta(days=365)).strftime("%a, %d %b %Y %H:%M:%S GMT")
RSS = f"""<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>Alfa</title>
<link>https://alfa.example/</link><atom:link rel="hub" href="https://hub.example/"/>
<atom:link rel="self" href="https://alfa.example/its-own"/>
<item><guid>https://alfa.example/1</guid><link>https://alfa.example/1</link><title>A &lt;b&gt; &amp;amp; more</title>
<description>Short words.</description><author>anna@alfa.example (Anna)</author>
<pubDate>Mon, 13 Nov 2023 10:00:00 +0300</pubDate>
<enclosure url="https://alfa.example/1.mp3" type="audio/mpeg" length="5"/>
<enclosure url="https://alfa.example/2.mp3" type="audio/mpeg" length="6"/></item>
<item><guid>4711</guid><title>Evil \N{SNOWMAN}</title>
<description><![CDATA[<a href="/rel">x</a><script>alert(1)</script>
<img src="pic.png" onerror="alert(1)"><a href="javascript:alert(1)">y</a>]]></description></item>
<item><guid>next</guid><link>https://alfa.example/next</link><title>Dated next year</title>
<pubDate>{NEXT_YEAR}</pubDate><description>Tomorrow's words.</description></item>
</channel></rss>"""
JSON = """{"version": "https://jsonfeed.org/version/1.1", "title": "Bravo", "home_page_url": "https://bravo.example/",
"items": [{"id": "b-1", "url": "https://alfa.example/1", "title": "A & more", "content_text": "Short words.",
"date_published": "2023-11-13T07:00:00Z"},
{"id": "b-2", "content_html": "<p>Untitled and without a link</p>", "date_published": "2023-11-12T00:00:00+14:00"}]}"""
SOURCES = """
[[source]]
id = "alfa"
url = "{alfa}"
tags = ["t"]
[[source]]
id = "bravo"
url = "{bravo}"
title = "Bravo & <Sons>"
[[source]]
id = "seed"
url = "{seed}"
timezone = "Europe/Minsk"
date_formats = ["%d.%m.%Y %H:%M:%S"]
[[feed]]
name = "both"
sources = ["alfa", "bravo"]
"""


@pytest.fixture(scope="module")
def publisher() -> Iterator[Server]:
    with Server() as publisher:
        publisher.answer("/alfa", Answer(body=RSS.encode()))
        publisher.answer("/bravo", Answer(body=JSON.encode()))
        publisher.answer("/seed", Answer(body=(DATA / "walk" / "commentary.xml").read_bytes()))
        yield publisher


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, publisher: Server) -> Site:
    urls = {name: publisher.url(f"/{name}") for name in ("alfa", "bravo", "seed")}
    return Site(tmp_path_factory.mktemp("protocol"), sources=SOURCES.format(**urls))


@pytest.fixture(scope="module")
def daemon(site: Site) -> Iterator[Running]:
    done = site.run("poll")  # all in one cycle: the earliest founds a story
    assert done.returncode == 0, done.stderr
    with site.daemon() as running:
        running.feed("Dated next year", "Untitled and", "2023-11-14T08:33:00Z")
        running.feed("https://alfa.example/1", "Bravo")
        yield running


ALL = ["feed", "feeds/both", "tags/t", "sources/alfa", "sources/seed", "feed?limit=2"]


def get(daemon: Running, path: str, extension: str, *fields: tuple[str, str]) -> httpx.Response:
    stem, mark, query = path.partition("?")
    response = daemon.get(f"/{stem}.{extension}{mark}{query}", list(fields))
    assert response.status_code in {200, 304, 406}
    return response


def atom(daemon: Running, path: str = "feed") -> Any:
    return etree.fromstring(get(daemon, path, "atom").content)


def entries(daemon: Running, path: str = "feed") -> list[Any]:
    found: list[Any] = atom(daemon, path).findall(f"{ATOM}entry")
    assert found
    return found


def items(daemon: Running, path: str = "feed") -> list[Any]:
    return list(etree.fromstring(get(daemon, path, "rss").content).iter("item"))


def text(element: Any, path: str) -> str:
    return str(element.findtext("/".join(f"{ATOM}{step}" for step in path.split("/"))))


def titled(daemon: Running, title: str) -> Any:
    return next(entry for entry in entries(daemon) if title in text(entry, "title"))


@pytest.mark.parametrize("path", ALL)
def test_e01_atom_is_as_its_rfc_wants_it(daemon: Running, path: str) -> None:
    assert wrongs(get(daemon, path, "atom").content) == []


@pytest.mark.parametrize("path", ALL)
def test_e02_atom_has_what_validators_ask_for(daemon: Running, path: str) -> None:
    """No two entries of one id, no relative addresses, self where it was asked for, nothing from the future."""
    root = atom(daemon, path)
    ids = [text(entry, "id") for entry in root.findall(f"{ATOM}entry")]
    assert len(ids) == len(set(ids))
    hrefs = [link.get("href") for link in root.iter(f"{ATOM}link")]
    assert all(re.match(r"https?://|mailto:", href) for href in hrefs)
    assert max(text(entry, "updated") for entry in root.findall(f"{ATOM}entry")) == text(root, "updated")
    assert datetime.fromisoformat(text(root, "updated")) <= datetime.now(UTC)


@pytest.mark.parametrize("path", ALL)
def test_e03_rss_has_what_its_profile_asks_for(daemon: Running, path: str) -> None:
    root = etree.fromstring(get(daemon, path, "rss").content)
    assert (root.get("version"), len(root.findall("channel"))) == ("2.0", 1)
    assert all(root.findtext(f"channel/{name}") for name in ("title", "link", "description", "lastBuildDate"))
    for item in items(daemon, path):
        assert item.findtext("title") or item.findtext("description")
        guid = item.find("guid")
        assert (guid.get("isPermaLink") == "true") == (guid.text == item.findtext("link"))
        assert len(item.findall("enclosure")) <= 1
        assert all({"url", "type", "length"} <= set(one.attrib) for one in item.findall("enclosure"))
        assert item.find("author") is None  # which would need an address; dc:creator does not
        assert item.findtext("{http://purl.org/dc/elements/1.1/}creator")
        assert parsedate_to_datetime(item.findtext("pubDate")).tzinfo is not None


@pytest.mark.parametrize("path", ALL)
def test_e04_json_feed_is_as_its_specification_wants_it(daemon: Running, path: str) -> None:
    response = get(daemon, path, "json")
    feed = response.json()
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert isinstance(feed["title"], str)
    for item in feed["items"]:
        assert isinstance(item["id"], str)
        assert "content_html" in item or "content_text" in item
        assert None not in item.values()
        assert "" not in item.values()
        assert all(
            isinstance(author, dict) and author.keys() & {"name", "url", "avatar"}
            for author in item["authors"]
        )
        assert all({"url", "mime_type"} <= one.keys() for one in item.get("attachments", []))
        for name in ("date_published", "date_modified"):
            assert datetime.fromisoformat(item[name]).tzinfo is not None
    assert response.headers["content-type"].startswith("application/feed+json")


def test_e05_the_list_of_sources_is_taken_elsewhere_and_here(daemon: Running, tmp_path: Path) -> None:
    document = daemon.get("/opml")
    root = etree.fromstring(document.content)
    assert (root.tag, root.get("version")) == ("opml", "2.0")
    listed = {str(one.get("xmlUrl")): one.get("text") for one in root.iter("outline") if one.get("xmlUrl")}
    assert len(listed) == 3
    assert "Bravo & <Sons>" in listed.values()
    assert all(one.get("type") == "rss" for one in root.iter("outline") if one.get("xmlUrl"))
    other = Site(tmp_path / "other")
    (tmp_path / "list.opml").write_bytes(document.content)
    assert other.run("import", "opml", str(tmp_path / "list.opml")).returncode == 0
    assert all(url in other.sources.read_text() for url in listed)


def test_e06_ids_outlast_the_store(daemon: Running, publisher: Server, tmp_path: Path) -> None:
    """Another daemon that reads the same documents emits the same ids, in every format."""
    before = [text(entry, "id") for entry in entries(daemon)]
    assert "https://alfa.example/1" in before  # a URI stays as it came
    assert any(re.fullmatch(r"tag:[^,]+,\d{4}:alfa/4711", one) for one in before)
    urls = {name: publisher.url(f"/{name}") for name in ("alfa", "bravo", "seed")}
    other = Site(tmp_path / "rebuilt", sources=SOURCES.format(**urls))
    done = other.run(
        "poll", environ={"AGGREGATOR_AGGREGATOR__PUBLIC_URL": f"http://127.0.0.1:{daemon.site.port}"}
    )
    assert done.returncode == 0, done.stderr
    rebuilt = feedparser.parse((other.data / "public" / "feed.atom").read_bytes())
    assert sorted(entry.id for entry in rebuilt.entries) == sorted(before)
    assert [item["id"] for item in get(daemon, "feed", "json").json()["items"]] == before
    assert [item.text for item in etree.fromstring(get(daemon, "feed", "rss").content).iter("guid")] == before


def test_e07_bytes_stay_while_nothing_changes(site: Site, publisher: Server, tmp_path: Path) -> None:
    other = Site(tmp_path / "again", sources=site.sources.read_text())
    assert other.run("poll").returncode == 0
    files = sorted((other.data / "public").rglob("*.*"))
    before = [(file.read_bytes(), file.stat().st_mtime_ns) for file in files]
    asked = len(publisher.asked("/alfa"))
    assert other.run("poll", "--force").returncode == 0
    assert len(publisher.asked("/alfa")) == asked + 1
    assert [(file.read_bytes(), file.stat().st_mtime_ns) for file in files] == before
    feed = feedparser.parse(before[[file.name for file in files].index("feed.atom")][0])
    assert feed.feed.updated == max(entry.updated for entry in feed.entries)


def test_e08_who_tells_a_story_is_named(daemon: Running) -> None:
    entry = titled(daemon, "more")
    assert text(entry, "source/title") == "Alfa"
    assert text(entry, "source/updated") == text(entry, "updated")
    selves = [
        one.get("href") for one in entry.findall(f"{ATOM}source/{ATOM}link") if one.get("rel") == "self"
    ]
    assert selves == [daemon.get("/status.json").json()["sources"][0]["url"]]
    via = [one for one in entry.findall(f"{ATOM}link") if one.get("rel") == "via"]
    assert [one.get("href") for one in via] == ["https://alfa.example/1"]
    assert "Bravo" in via[0].get("title")
    item = next(one for one in items(daemon) if "more" in str(one.findtext("title")))
    assert (item.find("source").get("url"), item.findtext("source")) == (selves[0], "Alfa")


def test_e09_every_entry_has_an_author(daemon: Running) -> None:
    names = [text(entry, "author/name") for entry in entries(daemon)]
    assert all(name not in {"", "None"} for name in names)
    assert "Anna" in names
    assert text(titled(daemon, "Evil"), "author/name") == "Alfa"  # who has none is the source itself


@pytest.mark.parametrize("path", ALL)
@pytest.mark.parametrize("extension", ["atom", "rss", "json"])
def test_e10_e24_it_says_where_it_is(daemon: Running, path: str, extension: str) -> None:
    stem, mark, query = path.partition("?")
    address = f"http://127.0.0.1:{daemon.site.port}/{stem}.{extension}{mark}{query}"
    response = get(daemon, path, extension, ("Host", "whatever.example"))
    assert response.headers["link"] == f'<{address}>; rel="self"'
    if extension == "json":
        assert response.json()["feed_url"] == address
    else:
        root = etree.fromstring(response.content)
        head = root if extension == "atom" else root.find("channel")
        assert head is not None
        selves = [link for link in head.findall(f"{ATOM}link") if link.get("rel") == "self"]
        assert [(link.get("href"), link.get("type")) for link in selves] == [
            (address, f"application/{extension}+xml")
        ]


@pytest.mark.parametrize("path", [*ALL, "opml"])
def test_e11_to_e14_conditional_and_compressed(daemon: Running, path: str) -> None:
    address = "/opml" if path == "opml" else "/" + re.sub(r"(\?|$)", r".atom\1", path, count=1)
    plain = daemon.get(address, [("Accept-Encoding", "identity")])
    etag, modified = plain.headers["etag"], plain.headers["last-modified"]
    assert re.fullmatch(r'"[^"]+"', etag)
    assert parsedate_to_datetime(modified) <= datetime.now(UTC)
    kept = ("etag", "cache-control", "vary")
    for fields in (
        [("If-None-Match", etag)],
        [("If-None-Match", f'"x", W/{etag} , "y"')],
        [("If-None-Match", "*")],
        [("If-Modified-Since", modified)],
        [("If-None-Match", etag), ("If-Modified-Since", "Thu, 01 Jan 1970 00:00:00 GMT")],
    ):
        again = daemon.get(address, [("Accept-Encoding", "identity"), *fields])
        assert (again.status_code, again.content) == (304, b""), fields
        assert [again.headers[name] for name in kept] == [plain.headers[name] for name in kept]
    newer = daemon.get(address, [("If-None-Match", '"x"'), ("If-Modified-Since", modified)])
    assert newer.status_code == 200  # E12: If-None-Match alone decides
    tags = {etag}
    for coding in ("gzip", "zstd"):
        coded = daemon.get(address, [("Accept-Encoding", coding)])
        assert (coded.headers["content-encoding"], coded.headers["vary"]) == (coding, "Accept-Encoding")
        tags.add(coded.headers["etag"])
    assert len(tags) == 3  # E13: one for each
    refused = daemon.get(address, [("Accept-Encoding", "gzip;q=0, zstd;q=0")])
    assert "content-encoding" not in refused.headers


@pytest.mark.parametrize("path", ["/feed.atom", "/tags/t.rss", "/opml", "/", "/status"])
def test_e15_head_is_like_get_and_nothing_else_is(daemon: Running, path: str) -> None:
    base = f"http://127.0.0.1:{daemon.site.port}{path}"
    given, head = httpx.get(base, trust_env=False), httpx.head(base, trust_env=False)
    assert (head.status_code, head.content) == (200, b"")
    changing = {"date", "content-length", "transfer-encoding"}
    fields = [
        {name: value for name, value in one.headers.items() if name not in changing} for one in (given, head)
    ]
    assert fields[0] == fields[1]
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        refused = httpx.request(method, base, trust_env=False)
        assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")


def test_e16_how_long_a_copy_is_good(daemon: Running) -> None:
    """Not longer than the shortest interval we poll with, and RSS says no less."""
    control = get(daemon, "feed", "rss").headers["cache-control"]
    seconds = int(re.fullmatch(r"public, max-age=(\d+)", control)[1])  # type: ignore[index]
    ttl = etree.fromstring(get(daemon, "feed", "rss").content).findtext("channel/ttl")
    assert 1 <= seconds <= int(str(ttl)) * 60


def test_e17_types(daemon: Running) -> None:
    types = {
        extension: get(daemon, "feed", extension).headers["content-type"]
        for extension in ("atom", "rss", "json")
    }
    assert types == {
        "atom": "application/atom+xml; charset=utf-8",
        "rss": "application/rss+xml; charset=utf-8",
        "json": "application/feed+json; charset=utf-8",
    }


@pytest.mark.parametrize("path", ["/", "/feeds/both", "/tags/t", "/sources/alfa", "/status"])
def test_e21_pages_lead_readers_to_feeds(daemon: Running, path: str) -> None:
    page = html5lib.parse(daemon.get(path).text, namespaceHTMLElements=False)
    found = [
        (link.get("type"), link.get("href")) for link in page.iter("link") if link.get("rel") == "alternate"
    ]
    assert {kind for kind, _ in found} == {
        "application/atom+xml",
        "application/rss+xml",
        "application/feed+json",
    }
    base = httpx.URL(f"http://127.0.0.1:{daemon.site.port}{path}")
    assert {daemon.get(str(base.join(href))).status_code for _, href in found} == {200}


@pytest.mark.parametrize("extension", ["atom", "rss", "json"])
def test_e22_nothing_active_and_nothing_relative(daemon: Running, extension: str) -> None:
    body = get(daemon, "feed", extension).text
    assert "Evil" in body
    assert not re.search(r"<script|&lt;script|onerror|javascript:", body)
    for name in ("rel", "pic.png"):
        assert re.findall(rf"(.{{7}})[\w.:]+/{name}", body) == ["http://"]


def test_e23_what_is_read_during_publishing_is_whole(tmp_path: Path) -> None:
    """A thousand reads while the daemon polls and publishes: each parses and is what its tag says."""
    bodies: dict[str, bytes] = {}
    with Server() as publisher:
        publisher.answer("/alfa", Answer(body=RSS.encode()))
        source = f'[[source]]\nid = "alfa"\nurl = "{publisher.url("/alfa")}"\ninterval = "1s"\n'
        own = Site(tmp_path, sources=source)
        own.config.write_text(own.config.read_text().replace("[server]", '[server]\nrate_limit = ""'))

        def read(number: int) -> None:
            response = client.get("/feed.atom")
            if bodies.setdefault(response.headers["etag"], response.content) != response.content:
                raise AssertionError("two documents of one tag")
            if number % 100 == 0:
                item = f"<item><guid>more-{number}</guid><title>More {number}</title></item></channel>"
                publisher.answer("/alfa", Answer(body=RSS.replace("</channel>", item).encode()))

        with (
            own.daemon() as running,
            httpx.Client(base_url=f"http://127.0.0.1:{own.port}", trust_env=False) as client,
        ):
            running.feed("Dated next year")
            with ThreadPoolExecutor(4) as threads:
                assert len(list(threads.map(read, range(1000)))) == 1000
            running.feed("More 900")
            read(1)
    assert len(bodies) >= 2
    assert [wrong for body in bodies.values() for wrong in wrongs(body)] == []


def test_e26_odd_dates_come_out_as_the_right_instant(daemon: Running) -> None:
    entry = next(
        one for one in entries(daemon, "sources/seed") if text(one, "published") == "2023-11-14T08:33:00Z"
    )
    item = next(one for one in items(daemon, "sources/seed") if one.findtext("guid") == text(entry, "id"))
    assert item.findtext("pubDate") == "Tue, 14 Nov 2023 08:33:00 GMT"


@pytest.mark.parametrize("extension", ["atom", "rss", "json"])
def test_e27_hubs_of_others_are_theirs(daemon: Running, extension: str) -> None:
    body = get(daemon, "feed", extension).text
    assert "hub.example" not in body
    assert "its-own" not in body


def test_e28_who_asks_too_often_waits(site: Site, tmp_path: Path) -> None:
    limited = Site(tmp_path / "limited")
    limited.config.write_text(limited.config.read_text().replace("[server]", '[server]\nrate_limit = "3/h"'))
    with limited.daemon() as running:
        statuses = [running.get("/feed.atom") for _ in range(5)]
        assert [one.status_code for one in statuses] == [200, 200, 200, 429, 429]
        assert int(statuses[-1].headers["retry-after"]) > 0
        assert running.get("/healthz").status_code == 200


def test_e29_the_future_does_not_stick_to_the_top(daemon: Running) -> None:
    entry = titled(daemon, "Dated next year")
    assert datetime.fromisoformat(text(entry, "published")) <= datetime.now(UTC)
