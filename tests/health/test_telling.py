"""One message on entering a state and one on leaving it, over days, with a real store and a publisher on loopback."""

from collections.abc import Sequence
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import feedparser
import pytest

from aggregator.emit import emit_as
from aggregator.model import Asked, HealthEvent, MergedFeed, Source, State
from aggregator.pipeline.health import Notices
from aggregator.store import open_store
from tests.fetch.server import Answer, Say, Server
from tests.things import NOON
from tests.world import World

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def item(day: int, at: datetime) -> str:
    return f"<item><guid>{day}</guid><title>Day {day}</title><pubDate>{at:%d %b %Y %H:%M:%S} GMT</pubDate></item>"


def told(number: int) -> HealthEvent:
    return HealthEvent(
        id=f"tag:{number}",
        source_id="alfa",
        title="",
        url="",
        was=State.OK,
        state=State.GONE,
        since=NOON,
        at=NOON,
        reason="",
    )


def document(*items: str) -> Answer:
    return Answer(
        body=f"<rss version='2.0'><channel><title>Alfa &amp; Co</title>{''.join(items)}</channel></rss>".encode()
    )


def daily(world: World, until: datetime) -> Say:
    """A publisher with one entry a day until then."""

    def answer(_: object) -> Answer:
        last = min(world.now, until)
        days = range(max(0, (last - NOON).days - 20), (last - NOON).days + 1)
        return document(*(item(day, NOON + day * DAY) for day in days))

    return answer


async def lived(world: World, until: datetime, step: timedelta = HOUR) -> list[tuple[State, State]]:
    """Let time pass, poll what is due, tell what is to be told; return from what to what sources went."""
    told: list[HealthEvent] = []
    while world.now < until:
        await world.run_due(min(world.now + step, until))
        told += await world.pipeline.tell_health()
    return [(event.was, event.state) for event in told]


def health(world: World, **asked: Any) -> MergedFeed:
    feed = world.pipeline.feed_at("health", Asked(**asked))
    assert feed is not None
    return feed


def follow(world: World, publisher: Server, **more: Any) -> None:
    world.configure(Source(id="alfa", url=publisher.url("/alfa"), **more))


async def test_silence_far_beyond_its_habit_is_told_once_and_so_is_its_end(
    world: World, publisher: Server
) -> None:
    follow(world, publisher)
    publisher.answer("/alfa", daily(world, until=NOON + 20 * DAY))
    assert await lived(world, NOON + 23 * DAY) == []  # three days are no alarm
    assert await lived(world, NOON + 60 * DAY) == [(State.OK, State.STALE)]
    [event] = world.store.health_events()
    assert "nothing new since 2026-03-21" in event.reason
    assert "never silent for more than a day" in event.reason
    assert event.title == "Alfa & Co"
    assert NOON + 24 * DAY <= event.since < event.at < NOON + 28 * DAY
    publisher.answer("/alfa", daily(world, until=NOON + 100 * DAY))
    assert await lived(world, NOON + 63 * DAY) == [(State.STALE, State.OK)]


async def test_a_source_that_never_published_regularly_is_never_stale(
    world: World, publisher: Server
) -> None:
    follow(world, publisher)
    publisher.answer("/alfa", document(item(1, NOON - 30 * DAY), item(2, NOON - 3 * DAY)))
    assert await lived(world, NOON + 700 * DAY, step=DAY) == []


async def test_a_failure_is_told_when_it_lasts(world: World, publisher: Server) -> None:
    follow(world, publisher)
    good, bad = document(item(0, NOON)), Answer(status=500)
    publisher.answer("/alfa", good, bad, good, bad, bad, bad, bad, good)
    while len(publisher.asked("/alfa")) < 3:
        assert await lived(world, world.now + HOUR, step=MINUTE) == []  # one failed poll is no news
    while world.store.state("alfa").failures < 2:
        assert await lived(world, world.now + MINUTE, step=MINUTE) == []
    began = world.store.state("alfa").since
    assert began is not None
    assert await lived(world, world.now + 2 * DAY, step=MINUTE) == [
        (State.OK, State.FAILING),
        (State.FAILING, State.OK),
    ]
    first, second = world.store.health_events()
    assert first.since == began
    assert first.at - began >= HOUR
    assert second.at - second.since >= HOUR
    assert "HTTP 500" in first.reason
    assert "server is in trouble" in first.advice


async def test_one_failed_poll_is_no_message_however_late_the_next_one_is(
    world: World, publisher: Server
) -> None:
    follow(world, publisher)
    publisher.answer(
        "/alfa", document(item(0, NOON)), Answer(status=503, headers=[("Retry-After", "200000")]), document()
    )
    await world.poll()
    world.wait(hours=1)
    await world.poll()
    assert world.store.state("alfa").state is State.FAILING
    assert await lived(world, world.now + 3 * DAY) == []


async def test_gone_moved_and_paused_are_told_too(world: World, publisher: Server) -> None:
    follow(world, publisher)
    publisher.answer("/alfa", document(item(0, NOON)), Answer(status=410))
    assert await lived(world, NOON + DAY) == [(State.OK, State.GONE)]
    follow(world, publisher, paused=True)
    assert await lived(world, NOON + 2 * DAY) == [(State.GONE, State.PAUSED)]
    follow(world, publisher)
    assert await lived(world, NOON + 3 * DAY) == [(State.PAUSED, State.GONE)]
    assert len(publisher.asked("/alfa")) == 2


async def test_who_is_paused_is_not_asked_and_its_entries_stay(world: World, publisher: Server) -> None:
    follow(world, publisher)
    publisher.answer("/alfa", daily(world, until=NOON + 100 * DAY))
    await lived(world, NOON + DAY)
    asked = len(publisher.asked("/alfa"))
    follow(world, publisher, paused=True)
    await lived(world, NOON + 10 * DAY)
    assert len(publisher.asked("/alfa")) == asked
    assert [entry.title for entry in (await world.feed()).entries] == ["Day 0"]
    follow(world, publisher)
    await lived(world, world.now + HOUR)
    assert len(publisher.asked("/alfa")) > asked


async def test_what_was_told_is_a_feed_of_its_own_and_no_item_of_the_others(
    world: World, publisher: Server
) -> None:
    follow(world, publisher)
    publisher.answer("/alfa", document(item(0, NOON)), *[Answer(status=404)] * 4, document())
    await lived(world, NOON + 3 * DAY)
    feed = health(world)
    read = feedparser.parse(emit_as("atom", feed).body)
    assert [entry.title for entry in read.entries] == [
        "Alfa & Co: ok again (was failing)",
        "Alfa & Co: failing",
    ]
    assert read.feed.id == "https://news.example/health.atom"
    assert len({entry.id for entry in read.entries}) == 2
    assert "HTTP 404" in read.entries[1].content[0].value
    assert emit_as("atom", health(world)) == emit_as("atom", feed)  # the ids are for good
    assert b"Alfa &amp; Co: failing" in emit_as("rss", feed).body
    assert b"Alfa & Co: failing" in emit_as("json", feed).body
    assert [entry.title for entry in (await world.feed()).entries] == ["Day 0"]
    assert health(world, limit=1).entries == feed.entries[:1]
    assert health(world, since=feed.entries[0].published_at).entries == feed.entries[:1]
    assert world.pipeline.feed_at("health", Asked(words="alfa")) is None


async def test_a_publisher_cannot_write_into_the_feed(world: World, publisher: Server) -> None:
    follow(world, publisher, title="<b>Alfa</b> & Co")
    publisher.answer(
        "/alfa", Answer(status=302, headers=[("Location", "http://127.0.0.1:1/<script>alert(1)</script>")])
    )
    await lived(world, NOON + DAY)
    [entry] = health(world).entries
    assert "<script" not in entry.content
    assert "<b>" not in feedparser.parse(emit_as("atom", health(world)).body).entries[0].content[0].value


async def test_clocks_that_step_tell_nothing_twice(world: World, publisher: Server) -> None:
    follow(world, publisher)
    publisher.answer("/alfa", document(item(0, NOON)), Answer(status=500))
    assert await lived(world, NOON + DAY) == [(State.OK, State.FAILING)]
    world.now -= DAY
    assert await lived(world, NOON + DAY) == []
    world.now += 2 * DAY
    assert await lived(world, world.now + DAY) == []


async def test_notices_go_out_in_order_at_least_once_and_begin_where_a_channel_began(tmp_path: Path) -> None:
    store = open_store("sqlite", tmp_path)
    sent: list[str] = []

    async def send(events: Sequence[HealthEvent]) -> None:
        sent.extend(event.id for event in events)

    store.tell([told(1)])
    notices = Notices(store)
    await notices.begin({"webhook": send})
    await notices.send({"webhook": send})
    assert sent == []  # it was told before there was anybody to hear it
    store.tell([told(n) for n in range(2, 305)])
    await notices.send({"webhook": send})
    assert sent == [f"tag:{n}" for n in range(2, 305)]
    store.tell([told(305)])
    again = Notices(store)  # another process
    await again.begin({"webhook": send})
    await again.send({"webhook": send})
    assert sent[-1] == "tag:305"
    assert len(sent) == 304
    await again.begin({})
    store.tell([told(306)])
    await again.begin({"webhook": send})  # switched on again: what happened meanwhile is history
    await again.send({"webhook": send})
    assert len(sent) == 304
    store.close()


async def test_a_bug_in_sending_is_a_failed_notice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Raised, it would end the daemon, and again at each start: the event stays to be sent."""

    async def send(events: Sequence[HealthEvent]) -> None:
        raise RuntimeError("never thought of")

    with closing(open_store("sqlite", tmp_path)) as store:
        notices = Notices(store)
        await notices.begin({"webhook": send})
        store.tell([told(1)])
        await notices.send({"webhook": send})
        assert store.health_events(), "it stays to be sent"
    assert "RuntimeError: never thought of" in capsys.readouterr().out


@pytest.mark.parametrize("span", [timedelta(), 3 * HOUR])
async def test_the_operator_decides_how_long_a_change_lasts(
    world: World, publisher: Server, span: timedelta
) -> None:
    world.configure(Source(id="alfa", url=publisher.url("/alfa")), health_after=span)
    publisher.answer("/alfa", Answer(status=500))
    await lived(world, NOON + DAY, step=MINUTE)
    [event] = world.store.health_events()
    assert span <= event.at - event.since <= max(span, 2 * HOUR) + MINUTE
