"""Many outputs from one store (FEATURES G11): rules, order, caps, extent, formats and tokens of each."""

import re
from collections.abc import Iterator
from pathlib import Path

import feedparser
import pytest

from tests.fetch.server import Answer, Server
from tests.running import Running, Site, eventually

LONG = "Snow fell on the hills. " * 60
SOURCES = """
[[source]]
id = "alfa"
url = "{alfa}"
[[source]]
id = "bravo"
url = "{bravo}"
tags = ["b"]
[[source]]
id = "carl"
url = "{carl}"
content = "summary"
[[source]]
id = "dora"
url = "{dora}"
content = "links"
"""
FEEDS = """
[[feed]]
name = "no-odd"
rules = [{ drop = { title = "[13579]$" } }]
limit = 3
[[feed]]
name = "capped"
per_source = 1
[[feed]]
name = "arrival"
order = "seen"
[[feed]]
name = "short"
tags = ["b"]
content = "summary"
[[feed]]
name = "bare"
sources = ["alfa", "carl"]
content = "links"
[[feed]]
name = "one-format"
tags = ["b"]
formats = ["json"]
[[feed]]
name = "closed"
title = "Behind closed doors"
tags = ["b"]
token_file = "closed.tokens"
"""


def document(name: str, *days: int) -> bytes:
    items = "".join(
        f"<item><guid>{name}-{day}</guid><title>{name} {day}</title><link>https://{name}.example/{day}</link>"
        f"<description>{name} {day}: {LONG}</description>"
        f"<enclosure url='https://{name}.example/{day}.mp3' type='audio/mpeg' length='1'/>"
        f"<pubDate>{day:02} Nov 2023 08:00:00 GMT</pubDate></item>"
        for day in days
    )
    return f"<rss version='2.0'><channel><title>{name}</title>{items}</channel></rss>".encode()


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with Server() as publisher:
        days = {"alfa": (10, 9, 8, 7), "bravo": (6, 5, 4), "carl": (3,), "dora": (2, 1)}
        for name, some in days.items():
            publisher.answer(f"/{name}", Answer(body=document(name, *some)))
        urls = {name: publisher.url(f"/{name}") for name in days}
        site = Site(tmp_path_factory.mktemp("outputs"), sources=SOURCES.format(**urls) + FEEDS)
        tokens = site.sources.with_name("closed.tokens")
        tokens.write_text("# Anna\nanna-1\n\nbert-2\n")
        tokens.chmod(0o600)
        with site.daemon() as running:
            for name in days:
                running.feed(f"{name} {days[name][0]}")
            yield running


def entries(daemon: Running, path: str) -> list[feedparser.FeedParserDict]:
    found: list[feedparser.FeedParserDict] = feedparser.parse(daemon.get(path).content).entries
    return found


def titles(daemon: Running, path: str) -> list[str]:
    return [entry.title for entry in entries(daemon, path)]


def test_rules_leave_stories_out_and_older_ones_take_their_places(daemon: Running) -> None:
    assert titles(daemon, "/feeds/no-odd.atom") == ["alfa 10", "alfa 8", "bravo 6"]


def test_a_cap_for_each_source(daemon: Running) -> None:
    assert titles(daemon, "/feeds/capped.atom") == ["alfa 10", "bravo 6", "carl 3", "dora 2"]


def test_in_the_order_of_arrival(daemon: Running) -> None:
    """Within one document by date; the documents as they came, whatever their dates."""
    seen = titles(daemon, "/feeds/arrival.atom")
    assert sorted(seen) == sorted(titles(daemon, "/feed.atom"))
    runs = [title.split()[0] for title in seen]
    assert len([name for n, name in enumerate(runs) if n == 0 or runs[n - 1] != name]) == 4
    assert [title for title in seen if title.startswith("alfa")] == ["alfa 10", "alfa 9", "alfa 8", "alfa 7"]


@pytest.mark.parametrize(("path", "name"), [("/feeds/short.atom", "bravo 6"), ("/feed.atom", "carl 3")])
def test_a_summary_is_the_beginning(daemon: Running, path: str, name: str) -> None:
    entry = next(entry for entry in entries(daemon, path) if entry.title == name)
    assert entry.summary.startswith(f"<p>{name}: Snow fell on the hills. Snow")
    assert entry.summary.endswith("…</p>")
    assert len(entry.summary) < 520
    assert entry.enclosures


@pytest.mark.parametrize(("path", "name"), [("/feeds/bare.atom", "alfa 10"), ("/feed.atom", "dora 2")])
def test_links_are_all_there_is(daemon: Running, path: str, name: str) -> None:
    entry = next(entry for entry in entries(daemon, path) if entry.title == name)
    assert (entry.link, entry.enclosures) == (f"https://{name.replace(' ', '.example/')}", [])
    assert "Snow" not in str(entry)


def test_what_says_less_wins(daemon: Running) -> None:
    """An output does not show more than a source allows."""
    assert "Snow" not in next(e for e in entries(daemon, "/sources/dora.atom") if e.title == "dora 2").summary
    assert all("Snow" not in str(entry) for entry in entries(daemon, "/feeds/bare.atom"))


def test_only_in_its_formats(daemon: Running) -> None:
    assert [item["title"] for item in daemon.get("/feeds/one-format.json").json()["items"]] == titles(
        daemon, "/feeds/short.atom"
    )
    assert {
        daemon.get(f"/feeds/one-format.{one}").status_code for one in ("atom", "rss", "atom?limit=2")
    } == {404}
    page = daemon.get("/feeds/one-format").text
    assert "feeds/one-format.json" in page
    assert "feeds/one-format.atom" not in page
    published = {path.name for path in (daemon.site.data / "public" / "feeds").iterdir()}
    assert {name for name in published if name.startswith("one-format")} == {"one-format.json"}


@pytest.mark.parametrize("path", ["/feeds/closed.atom", "/feeds/closed", "/feeds/closed.json?limit=1"])
def test_a_feed_with_tokens_of_its_own(daemon: Running, path: str) -> None:
    mark = "&" if "?" in path else "?"
    assert daemon.get(path).status_code == 401
    assert daemon.get(f"{path}{mark}token=anna").status_code == 401
    for token in ("anna-1", "bert-2"):
        assert daemon.get(f"{path}{mark}token={token}").status_code == 200
        given = daemon.get(path, [("Authorization", f"Bearer {token}")])
        assert (given.status_code, given.headers["cache-control"][:7]) == (200, "private")
    assert daemon.get("/feed.atom").headers["cache-control"].startswith("public")


def test_it_is_not_named_to_everybody(daemon: Running) -> None:
    assert "closed" not in daemon.get("/").text
    assert "feeds/closed.atom?token=anna-1" in daemon.get("/feeds/closed?token=anna-1").text
    public = [path.name for path in (daemon.site.data / "public").rglob("*")]
    assert not [name for name in public if "closed" in name]
    kept = daemon.site.data / "private" / "feeds" / "closed.atom"
    assert kept.stat().st_mode & 0o777 == 0o600
    printed = daemon.site.run("export", "feed", "--feed", "closed").stdout
    assert "bravo 6" in printed
    assert daemon.site.run("export", "feed", "--feed", "one-format").returncode == 2


def test_a_token_is_taken_back_while_it_runs(tmp_path: Path, publisher: Server) -> None:
    publisher.answer("/alfa", Answer(body=document("alfa", 1)))
    feed = '[[feed]]\nname = "closed"\nsources = ["alfa"]\ntoken_file = "tokens"\n'
    site = Site(tmp_path, sources=f'[[source]]\nid = "alfa"\nurl = "{publisher.url("/alfa")}"\n{feed}')
    tokens = site.sources.with_name("tokens")
    tokens.write_text("anna-1\nbert-2\n")
    with site.daemon() as daemon:
        daemon.feed("alfa 1", path="/feeds/closed.atom?token=anna-1")
        tokens.write_text("bert-2\ncarl-3\n")
        daemon.log("event=reload", "result=ok")
        statuses = {
            token: daemon.get(f"/feeds/closed.atom?token={token}").status_code
            for token in ("anna-1", "bert-2", "carl-3")
        }
        assert statuses == {"anna-1": 401, "bert-2": 200, "carl-3": 200}


def test_a_feed_that_leaves_the_configuration_opens_nothing(tmp_path: Path, publisher: Server) -> None:
    """Neither what it last published, until the next publication, nor its archive."""
    publisher.answer("/alfa", Answer(body=document("alfa", 1, 2, 3)))
    feed = '[[feed]]\nname = "closed"\nlimit = 1\ntoken_file = "tokens"\n'
    site = Site(tmp_path, sources=f'[[source]]\nid = "alfa"\nurl = "{publisher.url("/alfa")}"\n{feed}')
    tokens = site.sources.with_name("tokens")
    tokens.write_text("anna-1\n")
    with site.daemon() as daemon:
        text = daemon.feed("prev-archive", path="/feeds/closed.atom?token=anna-1")
        (page,) = re.findall("/archive/feeds/closed/[0-9a-f/-]+.atom", text)
        assert daemon.get(page).status_code == 401
        assert daemon.get(f"{page}?token=anna-1").status_code == 200
        site.sources.write_text(site.sources.read_text().replace('"closed"', '"renamed"'))
        seen: set[int] = set()

        def is_renamed() -> bool:
            seen.update(daemon.get(path).status_code for path in ("/feeds/closed", "/feeds/closed.rss", page))
            return daemon.get("/feeds/renamed.atom?token=anna-1").status_code == 200

        eventually(is_renamed, "a feed of another name")
        assert seen <= {401, 404}
    with site.daemon() as daemon:
        assert daemon.get(page).status_code == 404
