"""`[dedup] groups` from outside: in every format, on the page, in words; and off, as if it were not there."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from lxml import etree

from aggregator.dedup import Window
from aggregator.emit.extensions import NAMESPACES
from aggregator.model import Source
from tests.cli.test_stories import explained
from tests.dedup.test_events import EVENTS
from tests.fetch.server import Answer, Server
from tests.running import Site
from tests.world import World, world

GROUPS = Window(group=timedelta(hours=72))
NAMES = ("alfa", "bravo")
AGG = {"agg": NAMESPACES["agg"], "a": "http://www.w3.org/2005/Atom"}
ITEM = """<rss version="2.0"><channel><title>{name}</title><item><guid>urn:{name}:1</guid>
<link>https://{name}.example/tram</link><title>{title}</title><description>{text}</description>
<pubDate>Sun, 01 Mar 2026 1{hour}:00:00 GMT</pubDate></item></channel></rss>"""


@pytest.fixture(params=["sqlite", "memory"])
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    async with world(request.param, tmp_path) as made:
        yield made


def sources_of(publisher: Server) -> list[Source]:
    """Two publishers that write about one event."""
    for hour, (name, (title, text)) in enumerate(zip(NAMES, EVENTS["en"], strict=True)):
        body = ITEM.format(name=name, hour=hour, title=title, text=text)
        publisher.answer(f"/{name}", Answer(body=body.encode()))
    return [Source(id=name, url=publisher.url(f"/{name}")) for name in NAMES]


def documents(place: World) -> dict[str, bytes]:
    return {
        extension: (place.directory / f"feed.{extension}").read_bytes()
        for extension in ("atom", "rss", "json")
    }


def element(document: bytes, entry_id: str) -> bytes:
    """The bytes of one entry of an Atom document, for nothing in them may change."""
    entries = document.split(b"<entry")
    return next(entry for entry in entries if entry_id.encode() in entry).partition(b"</entry>")[0]


async def test_every_format_names_the_event_and_what_was_emitted_stays_as_it_was(
    place: World, publisher: Server
) -> None:
    place.configure(*sources_of(publisher), window=GROUPS)
    await place.poll("alfa")
    await place.pipeline.publish()
    before = documents(place)["atom"]
    place.wait(hours=1)
    await place.poll("bravo")
    await place.pipeline.publish()
    after = documents(place)
    assert (
        etree.fromstring(after["atom"]).xpath("//a:entry/agg:group/text()", namespaces=AGG)
        == ["urn:alfa:1"] * 2
    )
    assert (
        etree.fromstring(after["rss"]).xpath("//item/agg:group/text()", namespaces=AGG) == ["urn:alfa:1"] * 2
    )
    items = json.loads(after["json"])["items"]
    assert [item["_aggregator"]["group"] for item in items] == ["urn:alfa:1"] * 2
    assert element(after["atom"], "<id>urn:alfa:1") == element(before, "<id>urn:alfa:1")


async def test_groups_hide_nothing_and_change_nothing_else(place: World, publisher: Server) -> None:
    """Not ids, not dates, not the order; and switched off not one byte."""
    place.configure(*sources_of(publisher), window=GROUPS)
    await place.poll()
    await place.pipeline.publish()
    grouped = documents(place)
    place.configure(*place.pipeline.plant.sources.values(), window=Window())
    await place.pipeline.publish()
    plain = documents(place)
    root = etree.fromstring(grouped["atom"])
    for one in root.iterfind(".//agg:group", AGG):
        parent = one.getparent()
        assert parent is not None
        parent.remove(one)
    assert b"agg:" not in plain["atom"] + plain["rss"]
    assert b'"group"' not in plain["json"]
    assert etree.tostring(root, method="c14n", exclusive=True) == etree.tostring(
        etree.fromstring(plain["atom"]), method="c14n", exclusive=True
    )


async def test_a_store_that_never_grouped_holds_nothing_of_it(tmp_path: Path, publisher: Server) -> None:
    async with world("sqlite", tmp_path) as place:
        place.configure(*sources_of(publisher))
        await place.poll()
        await place.pipeline.publish()
        assert [story.group_id for story in place.store.latest(9)] == [None, None]
        assert place.store.dossier("urn:bravo:1").related == ()


def test_an_operator_sees_the_event_and_why(tmp_path: Path, publisher: Server) -> None:
    tables = "".join(f'[[source]]\nid = "{one.id}"\nurl = "{one.url}"\n' for one in sources_of(publisher))
    site = Site(tmp_path, settings="[dedup]\ngroups = true\n", sources=tables)
    for name in NAMES:
        assert site.run("poll", name).returncode == 0
    facts = explained(site, "urn:bravo:1")
    assert facts["event"] == "urn:alfa:1"
    assert facts["grouped by"] == [
        "5 telling words are in both titles",
        "75% of one title is said by the other article",
        "100% of the other",
        "44% of what the shorter beginning tells is in the other",
    ]
    assert facts["told too in"] == ["urn:alfa:1"]
    first = explained(site, "urn:alfa:1")
    assert (first["event"], first["told too in"]) == (
        "urn:alfa:1, which it was the first to tell",
        ["urn:bravo:1"],
    )
    (site.directory / "config" / "aggregator.toml").write_text(
        (site.directory / "config" / "aggregator.toml").read_text().replace("groups = true", "groups = false")
    )
    assert "event" not in explained(site, "urn:bravo:1")
