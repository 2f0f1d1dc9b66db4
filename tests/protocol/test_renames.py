"""The operator calls a source otherwise: what it tells is what it told (PROTOCOL E6, E7)."""

from collections.abc import Mapping
from datetime import datetime, timedelta

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
