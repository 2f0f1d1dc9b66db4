"""The walk of one entry, from a publisher's bytes to a subscriber's feed, on every store engine."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aggregator.model import Source
from tests.fetch.server import Answer, Server
from tests.world import World

DATA = Path(__file__).parent / "data" / "walk"
MINSK: dict[str, Any] = {"timezone": "Europe/Minsk", "date_formats": ("%d.%m.%Y %H:%M:%S",)}


async def test_the_commentary_comes_out_right_to_the_second(world: World, publisher: Server) -> None:
    publisher.answer("/rss", Answer(body=(DATA / "commentary.xml").read_bytes()))
    world.configure(Source(id="alfa", url=publisher.url("/rss"), **MINSK))
    result = (await world.poll())["alfa"]
    assert (result.new, result.changed, result.duplicate, result.error) == (1, 0, 0, None)

    feed = await world.feed()
    assert feed.bozo == 0
    (entry,) = feed.entries
    assert entry.title == "Opinion: Belarus faces difficult tasks as part of its CSTO chairmanship"
    assert entry.published == "2023-11-14T08:33:00Z"
    assert "Posted:" not in entry.content[0].value
    assert "“The Collective Security Treaty Organisation is a military alliance" in entry.content[0].value
    assert entry.source.title == "Alfa Radio"
    assert entry.source.links[0].href == publisher.url("/rss")

    item = json.loads((world.directory / "feed.json").read_bytes())["items"][0]
    rss = (await world.feed("feed.rss")).entries[0]
    assert item["id"] == rss.id == entry.id == "https://alfa.example/opinion/1"
    assert item["date_published"] == "2023-11-14T08:33:00Z"
    assert rss.published == "Tue, 14 Nov 2023 08:33:00 GMT"

    (story,) = world.store.latest(10)
    stored = story.entries[0]
    assert stored.entry.published_at == datetime(2023, 11, 14, 8, 33, tzinfo=UTC)
    assert stored.entry.content_text.startswith("Belarus faces difficult tasks within the framework")
    assert stored.first_seen_at == world.now
