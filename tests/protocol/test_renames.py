"""The operator calls a source otherwise: what it tells is what it told (PROTOCOL E6, E7)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from feedparser import FeedParserDict

from aggregator.model import Source
from tests.fetch.server import Answer, Server
from tests.things import NOON
from tests.world import World

TEXT = "The river has taken the old bridge at Westhaven, {}, and the school bus goes round by the mill till spring."


def rss(*items: str) -> Answer:
    return Answer(
        body=f'<rss version="2.0"><channel><title>Feed</title>{"".join(items)}</channel></rss>'.encode()
    )


def item(
    name: str, *, text: str = TEXT, link: bool = True, dated: bool = True, guid: str = "tag:a.example,{}"
) -> str:
    said = guid.format(name)
    address = f"<link>https://a.example/{name}</link>" if link else ""
    date = f"<pubDate>{NOON - timedelta(hours=5):%a, %d %b %Y %H:%M:%S} GMT</pubDate>" if dated else ""
    return (
        f'<item><guid isPermaLink="false">{said}</guid><title>Bridge {name}</title>'
        f"<description>{text.format(name)}</description>{address}{date}</item>"
    )


def dates(entries: list[FeedParserDict]) -> Mapping[str, tuple[datetime, datetime]]:
    return {one.id: (one.published, one.updated) for one in entries}


async def test_e07_a_source_of_another_name_updates_nothing(world: World, publisher: Server) -> None:
    names = ("one", "two", "three")
    publisher.answer("/a", rss(*map(item, names)))
    world.configure(Source(id="alfa", url=publisher.url("/a")))
    await world.poll()
    before = dates((await world.feed()).entries)
    assert len(before) == 3
    world.wait(days=30)
    world.configure(Source(id="gamma", url=publisher.url("/a")))
    await world.poll()
    assert dates((await world.feed()).entries) == before
    world.wait(days=1)
    await world.poll()
    assert dates((await world.feed()).entries) == before
    publisher.answer("/a", rss(item("one"), item("two"), item("three", text=TEXT + " Nobody was hurt.")))
    world.wait(days=1)
    await world.poll()
    after = dates((await world.feed()).entries)
    assert after.keys() == before.keys()
    assert sorted(one[1] != before[key][1] for key, one in after.items()) == [False, False, True]


ADDRESSED = {
    "undated": {"dated": False},
    "undated, short": {"dated": False, "text": "Short."},
    "undated, a guid of its own site": {"dated": False, "guid": "{}"},
    "undated, no address": {"dated": False, "link": False, "guid": "urn:isbn:{}"},
    "undated, short, no address": {"dated": False, "link": False, "guid": "urn:isbn:{}", "text": "Short."},
    "dated, short, no address": {"link": False, "guid": "urn:isbn:{}", "text": "Short."},
    "undated, a UUID": {"dated": False, "link": False, "guid": "0b35ad4a-f2d8-4ae9-9fc1-6cc1d6b2{}"},
}


@pytest.mark.parametrize("facts", ADDRESSED.values(), ids=ADDRESSED)
async def test_e06_a_source_of_another_name_tells_the_same_stories(
    world: World, publisher: Server, facts: Mapping[str, Any]
) -> None:
    """Whatever the time between, when it says of each what it said under a guid that is nobody else's."""
    publisher.answer("/a", rss(*(item(f"{n}", **facts) for n in range(1001, 1005))))
    publisher.answer("/b", rss(*(item(f"{n}", **facts) for n in range(2001, 2005))))
    sources = [Source(id=name, url=publisher.url(f"/{name[0]}")) for name in ("alfa", "bravo")]
    world.configure(*sources)
    await world.poll()
    before = dates((await world.feed()).entries)
    assert len(before) == 8
    world.wait(days=30)
    world.configure(Source(id="gamma", url=publisher.url("/a")), sources[1])
    await world.poll()
    assert dates((await world.feed()).entries) == before
    world.wait(days=30)
    world.configure(
        *(Source(id=one, url=publisher.url(f"/{path}")) for one, path in (("gamma", "b"), ("bravo", "a")))
    )
    await world.poll()
    assert (await world.feed()).entries[8:] == []
    assert dates((await world.feed()).entries) == before


@pytest.mark.parametrize("facts", ADDRESSED.values(), ids=ADDRESSED)
@pytest.mark.parametrize("order", [("alfa", "bravo"), ("bravo", "alfa")])
async def test_e06_whoever_is_polled_first(
    world: World, publisher: Server, facts: Mapping[str, Any], order: tuple[str, str]
) -> None:
    """Two names for one publisher, in one cycle: each story once, under the same ids."""
    publisher.answer("/a", rss(*(item(f"{n}", **facts) for n in range(1001, 1005))))
    world.configure(*(Source(id=name, url=publisher.url("/a")) for name in ("alfa", "bravo")))
    for name in order:
        await world.poll(name)
    ids = {one.id for one in (await world.feed()).entries}
    assert len(ids) == 4
    assert "bravo" not in "".join(ids)


OTHERS: Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any]]] = {
    "a number, no address": ({"link": False, "guid": "1"}, {"link": False, "guid": "1"}),
    "another text": ({}, {"text": TEXT + " Nobody was hurt, and the ferry sails."}),
    "the homepage": ({"link": False, "guid": "https://a.example/"},) * 2,
    "another guid": ({}, {"guid": "tag:b.example,{}"}),
}


@pytest.mark.parametrize(("first", "later"), OTHERS.values(), ids=OTHERS)
async def test_what_may_be_another_story_is_told(
    world: World, publisher: Server, first: Mapping[str, Any], later: Mapping[str, Any]
) -> None:
    """What another source tells a month later is hidden only where it is certain to be the same."""
    publisher.answer("/a", rss(item("one", **{"dated": False, **first})))
    world.configure(Source(id="alfa", url=publisher.url("/a")))
    await world.poll()
    world.wait(days=60)
    publisher.answer("/b", rss(item("one", **{"dated": False, **later})))
    world.configure(*(Source(id=name, url=publisher.url(f"/{name[0]}")) for name in ("alfa", "bravo")))
    await world.poll()
    assert len((await world.feed()).entries) == 2
