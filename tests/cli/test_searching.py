"""`search`, and feeds of what a search finds, from outside."""

import json
from pathlib import Path

import pytest
from sqlite_utils import Database

from tests.fetch.server import Answer, Server
from tests.running import Site, eventually

FEED = """<rss version="2.0"><channel><title>News of {name}</title>{items}</channel></rss>"""
ITEM = """<item><guid>urn:{guid}</guid><title>{title}</title><link>https://n.example/{guid}</link>
<pubDate>Sun, 01 Mar 2026 {hour:02}:00:00 GMT</pubDate></item>"""


def answer(name: str, *titles: str) -> Answer:
    items = "".join(ITEM.format(guid=f"{name}:{n}", title=title, hour=n) for n, title in enumerate(titles))
    return Answer(body=FEED.format(name=name, items=items).encode())


@pytest.fixture
def site(tmp_path: Path, publisher: Server) -> Site:
    publisher.answer("/alfa", answer("alfa", "Armenia and the CSTO", "Straßenbahn in Łódź", "中国人民银行"))
    source = f'[[source]]\nid = "alfa"\nurl = "{publisher.url("/alfa")}"\ninterval = "1s"\ntags = ["east"]\n'
    feed = '[[feed]]\nname = "csto"\nquery = "CSTO OR Lodz -Armenia"\n'
    return Site(tmp_path, sources=source + feed)


def titles(site: Site, *query: str) -> list[str]:
    found = site.run("search", "--json", *query)
    assert found.returncode == 0, found.stderr
    return [row["title"] for row in json.loads(found.stdout)]


def test_before_anything_is_stored_nothing_is_found(site: Site) -> None:
    assert site.run("search", "x").stdout.split() == ["DATE", "SOURCE", "TITLE", "ENTRY_ID"]


def test_what_is_stored_is_found(site: Site) -> None:
    assert site.run("poll").returncode == 0
    assert titles(site, "-armenia", "lodz OR 银行") == ["中国人民银行", "Straßenbahn in Łódź"]
    assert titles(site, "tag:east", "--limit", "2") == ["中国人民银行", "Straßenbahn in Łódź"]
    table = site.run("search", "CSTO")
    assert (table.stdout.splitlines()[1].split(), table.stderr) == (
        ["2026-03-01", "00:00:00", "UTC", "alfa", "Armenia", "and", "the", "CSTO", "urn:alfa:0"],
        "",
    )


@pytest.mark.parametrize(
    ("query", "told"), [("a OR", "column 3: OR needs something after it"), ("titel:x", "did you mean title:")]
)
def test_a_query_that_cannot_be_read(site: Site, query: str, told: str) -> None:
    refused = site.run("search", query)
    assert refused.returncode == 2
    assert told in refused.stderr


def test_explain_says_that_a_query_does_not_find_a_story(site: Site) -> None:
    assert site.run("poll").returncode == 0
    (facts,) = json.loads(site.run("--json", "explain", "urn:alfa:2").stdout)
    assert facts["in feeds"] == ["feed"]
    assert facts["in no other"] == ["feeds/csto: its query does not find the story"]
    (facts,) = json.loads(site.run("--json", "explain", "urn:alfa:0").stdout)
    assert facts["in feeds"] == ["feed", "feeds/csto"]


def test_beside_a_daemon_news_are_found_within_seconds(site: Site, publisher: Server) -> None:
    with site.daemon() as daemon:
        eventually(lambda: titles(site, "csto"), "the first entries are found")
        publisher.answer("/alfa", answer("alfa", "Armenia and the CSTO", "Straßenbahn", "中国", "Lodz today"))
        eventually(lambda: "Lodz today" in daemon.get("/feeds/csto.atom").text, "the feed has it")
        assert "中国" not in daemon.get("/feeds/csto.atom").text
        assert titles(site, "today") == ["Lodz today"]
        site.sources.write_text(site.sources.read_text().replace("CSTO OR Lodz -Armenia", "title:中国"))
        eventually(lambda: "中国" in daemon.get("/feeds/csto.atom").text, "another query is in force")
        site.sources.write_text(site.sources.read_text().replace("title:中国", "(中国"))
        line = daemon.log("event=reload", "error", "sources.toml:")
        assert "query in [[feed]]: column 1: this ( is not closed" in line


def test_a_daemon_that_was_killed_takes_in_what_it_left(site: Site) -> None:
    with site.daemon() as daemon:
        eventually(lambda: titles(site, "csto"), "the first entries are found")
        daemon.process.kill()
        daemon.process.wait()
        store = Database(site.directory / "data" / "aggregator.sqlite")
        store.execute("UPDATE entries SET title = 'Nagorno', digest = 'x' WHERE entry_id = 'urn:alfa:1'")
        store.conn.commit()
        store.close()
    assert titles(site, "nagorno") == []
    assert "changes cannot be found yet" in site.run("search", "nagorno").stderr
    with site.daemon():
        eventually(lambda: titles(site, "nagorno"), "what changed is found")
