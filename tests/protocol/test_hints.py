"""What feeds ask for: ttl, sy:update*, hours and days off; and hubs that push (PROTOCOL P26, P27, P36)."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from aggregator.model import Source
from tests.fetch.server import Answer, Server
from tests.protocol.looking import asked, polled_more, seen, source, status, wait
from tests.protocol.markup import item, rss
from tests.running import Site
from tests.things import NOON
from tests.world import World
from tests.world import world as make_world

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def syndication(period: str, frequency: str = "") -> str:
    said = f"<sy:updatePeriod>{period}</sy:updatePeriod>" if period else ""
    return said + (f"<sy:updateFrequency>{frequency}</sy:updateFrequency>" if frequency else "")


def rdf(head: str) -> bytes:
    return (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"'
        ' xmlns:syn="http://purl.org/rss/1.0/modules/syndication/">'
        f'<channel rdf:about="x"><title>T</title>{head}</channel>'
        '<item rdf:about="urn:x:1"><title>One</title><link>https://e.example/1</link></item></rdf:RDF>'
    ).encode()


# --- P26

OURS = 30 * MINUTE  # the interval of the source in these tests
RAISED = {
    "ttl": (rss(item("1"), head="<ttl>120</ttl>"), 2 * HOUR),
    "ttl-with-white-space": (rss(item("1"), head="<ttl>\n 120 </ttl>"), 2 * HOUR),
    "ttl-after-the-items": (rss(item("1"), "<ttl>120</ttl>"), 2 * HOUR),
    "hourly": (rss(item("1"), head=syndication("hourly")), HOUR),
    "daily-six-times": (rss(item("1"), head=syndication("daily", "6")), 4 * HOUR),
    "weekly": (rss(item("1"), head=syndication("weekly")), 7 * DAY),
    "period-in-capitals": (rss(item("1"), head=syndication(" Daily ", " 2 ")), 12 * HOUR),
    "frequency-alone": (rss(item("1"), head=syndication("", "12")), 2 * HOUR),  # of a day
    "frequency-of-nothing": (rss(item("1"), head=syndication("hourly", "0")), HOUR),
    "yearly-is-cut": (rss(item("1"), head=syndication("yearly")), 7 * DAY),
    "ttl-of-a-year-is-cut": (rss(item("1"), head="<ttl>525600</ttl>"), 7 * DAY),
    "ttl-beyond-all-is-cut": (rss(item("1"), head="<ttl>999999999</ttl>"), 7 * DAY),
    "the-longer-of-both": (rss(item("1"), head=f"<ttl>90</ttl>{syndication('daily', '8')}"), 3 * HOUR),
    "rdf": (
        rdf("<syn:updatePeriod>daily</syn:updatePeriod><syn:updateFrequency>4</syn:updateFrequency>"),
        6 * HOUR,
    ),
}
UNRAISED = {
    "shorter-than-ours": rss(item("1"), head="<ttl>5</ttl>"),
    "zero": rss(item("1"), head="<ttl>0</ttl>"),
    "negative": rss(item("1"), head="<ttl>-120</ttl>"),
    "words": rss(item("1"), head="<ttl>two hours</ttl>"),
    "infinite": rss(item("1"), head="<ttl>inf</ttl>"),
    "not-a-number": rss(item("1"), head="<ttl>NaN</ttl>"),
    "beyond-numbers": rss(item("1"), head=f"<ttl>{'9' * 5000}</ttl>"),
    "empty": rss(item("1"), head="<ttl/>"),
    "of-an-item": rss("<item><guid>1</guid><title>One</title><ttl>120</ttl></item>"),
    "unknown-period": rss(item("1"), head=syndication("fortnightly")),
    "very-often": rss(item("1"), head=syndication("hourly", "1000000")),
}


async def spans(
    world: World, publisher: Server, bodies: Mapping[str, bytes], over: timedelta, **settings: Any
) -> dict[str, list[timedelta]]:
    """Poll feeds for a while, the first time with an answer and then with 304s; return the times between."""
    for name, body in bodies.items():
        publisher.answer(f"/{name}", Answer(body=body, headers=[("ETag", '"1"')]), Answer(status=304))
    world.configure(
        *(Source(id=name, url=publisher.url(f"/{name}"), interval=OURS, **settings) for name in bodies)
    )
    await world.run_due(world.now + over)
    return {
        name: [
            following.when - previous.when for previous, following in pairwise(publisher.asked(f"/{name}"))
        ]
        for name in bodies
    }


@pytest.mark.parametrize(("least", "most", "over"), [(HOUR, DAY, 2 * DAY), (DAY, 7 * DAY, 16 * DAY)])
async def test_p26_a_feed_may_ask_to_be_left_alone_for_longer(
    world: World, publisher: Server, least: timedelta, most: timedelta, over: timedelta
) -> None:
    raised = {name: case for name, case in RAISED.items() if least <= case[1] <= most}
    found = await spans(world, publisher, {name: body for name, (body, _) in raised.items()}, over)
    for name, (_, interval) in raised.items():
        assert len(found[name]) >= 2, name
        assert all(interval <= span <= interval * 1.1 for span in found[name]), name


async def test_p26_but_not_for_less_and_nonsense_asks_for_nothing(world: World, publisher: Server) -> None:
    for name, between in (await spans(world, publisher, UNRAISED, 4 * HOUR)).items():
        assert len(between) >= 6, name
        assert all(OURS <= span <= OURS * 1.1 for span in between), name


async def test_p26_unless_the_configuration_says_otherwise(world: World, publisher: Server) -> None:
    bodies = {name: body for name, (body, _) in RAISED.items()}
    for name, between in (await spans(world, publisher, bodies, 4 * HOUR, feed_hints=False)).items():
        assert len(between) >= 6, name
        assert all(OURS <= span <= OURS * 1.1 for span in between), name


async def test_p26_a_hint_that_is_taken_back_is_forgotten(world: World, publisher: Server) -> None:
    publisher.answer("/alfa", Answer(body=RAISED["ttl"][0]), Answer(body=rss(item("2"))))
    world.configure(Source(id="alfa", url=publisher.url("/alfa"), interval=OURS))
    await world.run_due(world.now + 6 * HOUR)
    first, second, third = publisher.asked()[:3]
    assert second.when - first.when >= 2 * HOUR
    assert third.when - second.when <= OURS * 1.1


# --- P27


def hours(*numbers: object) -> str:
    return f"<skipHours>{''.join(f'<hour>{number}</hour>' for number in numbers)}</skipHours>"


def days(*names: str) -> str:
    return f"<skipDays>{''.join(f'<day>{name}</day>' for name in names)}</skipDays>"


async def moments(
    world: World, publisher: Server, head: str, *, over: timedelta = 2 * DAY, interval: timedelta = OURS
) -> list[datetime]:
    """Poll a feed for a while and return when it was asked after the first time."""
    publisher.answer(
        "/alfa", Answer(body=rss(item("1"), head=head), headers=[("ETag", '"1"')]), Answer(status=304)
    )
    world.configure(Source(id="alfa", url=publisher.url("/alfa"), interval=interval))
    await world.run_due(world.now + over)
    return [request.when for request in publisher.asked()[1:]]


async def test_p27_hours_are_skipped_in_gmt(world: World, publisher: Server) -> None:
    found = await moments(world, publisher, hours(0, 13, 14, 22, 23))
    assert {at.hour for at in found} == set(range(24)) - {0, 13, 14, 22, 23}


async def test_p27_the_24th_hour_is_midnight(world: World, publisher: Server) -> None:
    """RSS 0.91 counts from 1 to 24."""
    found = await moments(world, publisher, hours(24))
    assert {at.hour for at in found} == set(range(1, 24))


async def test_p27_days_are_skipped(world: World, publisher: Server) -> None:
    found = await moments(
        world, publisher, days("Monday", "saturday", "Sun"), over=8 * DAY, interval=2 * HOUR
    )
    assert NOON.strftime("%A") == "Sunday"  # the first poll could not know
    assert {at.strftime("%A") for at in found} == {"Tuesday", "Wednesday", "Thursday", "Friday"}


async def test_p27_hours_and_days_together(world: World, publisher: Server) -> None:
    found = await moments(
        world, publisher, hours(*range(12)) + days("Wednesday"), over=8 * DAY, interval=50 * MINUTE
    )
    assert {at.hour for at in found} == set(range(12, 24))
    assert "Wednesday" not in {at.strftime("%A") for at in found}
    assert len({at.strftime("%A") for at in found}) == 6


@pytest.mark.parametrize(
    "head",
    [
        hours(*range(24)),
        days(*(f"{name}day" for name in ("Mon", "Tues", "Wednes", "Thurs", "Fri", "Satur", "Sun"))),
    ],
)
async def test_p27_a_feed_that_skips_everything_is_not_obeyed(
    world: World, publisher: Server, head: str
) -> None:
    assert len(await moments(world, publisher, head, over=DAY)) >= 40


@pytest.mark.parametrize(
    "head", [hours("noon", "", 25, -1, "\u0661"), days("Someday", "", "Mo"), "<skipHours/><skipDays/>"]
)
async def test_p27_nonsense_skips_nothing(world: World, publisher: Server, head: str) -> None:
    assert {at.hour for at in await moments(world, publisher, head)} == set(range(24))


async def test_p27_however_late_we_are_nothing_is_sent_in_a_skipped_hour(
    world: World, publisher: Server
) -> None:
    """A daemon that was stopped comes back in an hour off, long after the poll was due."""
    publisher.answer("/alfa", Answer(body=rss(item("1"), head=hours(20, 21))))
    world.configure(Source(id="alfa", url=publisher.url("/alfa"), interval=OURS))
    await world.run_due(world.now)
    world.now = NOON.replace(hour=20, minute=10)
    await world.run_due(NOON.replace(hour=23))
    second = publisher.asked()[1].when
    assert NOON.replace(hour=22) <= second <= NOON.replace(hour=22, minute=10)


async def test_p27_to_be_put_off_never_shortens_a_wait(world: World, publisher: Server) -> None:
    """`poll ID` in an hour off: nothing is sent, and what the publisher asked for still stands."""
    body = rss(item("1"), head=hours(NOON.hour))
    publisher.answer("/alfa", Answer(body=body, headers=[("Cache-Control", "max-age=500000")]))
    world.configure(Source(id="alfa", url=publisher.url("/alfa"), interval=OURS))
    await world.poll()
    before = world.store.state("alfa")
    assert await world.poll() == {}
    assert world.store.state("alfa") == before


async def test_p27_a_failure_in_between_changes_nothing(world: World, publisher: Server) -> None:
    body = rss(item("1"), head=hours(13, 14))
    publisher.answer("/alfa", Answer(body=body), *[Answer(status=500)] * 3, Answer(body=body))
    world.configure(Source(id="alfa", url=publisher.url("/alfa"), interval=OURS))
    await world.run_due(world.now + 2 * DAY)
    assert {request.when.hour for request in publisher.asked()}.isdisjoint({13, 14})
    assert publisher.asked()[2].when.hour == 15  # the second was good too, the third failed


async def test_p27_unless_the_configuration_says_otherwise(world: World, publisher: Server) -> None:
    publisher.answer("/alfa", Answer(body=rss(item("1"), head=hours(13, 14))))
    world.configure(Source(id="alfa", url=publisher.url("/alfa"), interval=OURS, feed_hints=False))
    await world.run_due(world.now + DAY)
    assert {request.when.hour for request in publisher.asked()} == set(range(24))


# --- P36


def push(database: Path, until: datetime) -> None:
    """Say that a hub pushes what is new, as a subscription does."""
    with closing(sqlite3.connect(database)) as connection, connection:
        said = until.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        connection.execute("UPDATE sources SET pushed_until = ? WHERE id = 'alfa'", [said])


async def test_p36_while_a_hub_pushes_a_poll_a_day_makes_sure(tmp_path: Path, publisher: Server) -> None:
    publisher.answer("/alfa", Answer(body=rss(item("1")), headers=[("ETag", '"1"')]), Answer(status=304))
    async with make_world("sqlite", tmp_path) as world:
        publisher.clock = lambda: world.now
        world.configure(Source(id="alfa", url=publisher.url("/alfa"), interval=HOUR))
        await world.run_due(world.now)
        push(tmp_path / "aggregator.sqlite", world.now + 5 * DAY)
        await world.run_due(world.now + 7 * DAY)
    found = [following.when - previous.when for previous, following in pairwise(publisher.asked())]
    daily, hourly = found[1:5], found[7:]
    assert all(DAY <= span <= 1.1 * DAY for span in daily)
    assert all(HOUR <= span <= 1.1 * HOUR for span in hourly)  # the lease has ended: polls again
    assert len(hourly) >= 12


# --- the daemon, from its first poll to after a restart


@dataclass(slots=True)
class Story:
    """What was seen of a daemon that is asked to wait."""

    site: Site
    publisher: Server
    free: int  # the only hour in which "off" may be polled
    running: dict[str, dict[str, Any]] = field(default_factory=dict)
    restarted: dict[str, dict[str, Any]] = field(default_factory=dict)
    pushed_before: int = 0  # requests before the hub began to push


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """By default hints are ignored; the sources that are obeyed say so."""
    free = (datetime.now(UTC).hour + 5) % 24
    obey = {"feed_hints": "true"}
    with Server() as publisher:
        publisher.answer("/obeyed", Answer(body=rss(item("1"), head="<ttl>120</ttl>")))
        publisher.answer("/ignored", Answer(body=rss(item("2"), head="<ttl>120</ttl>" + hours(*range(24)))))
        publisher.answer("/off", Answer(body=rss(item("3"), head=hours(*(set(range(24)) - {free})))))
        publisher.answer("/alfa", Answer(body=rss(item("4"))))
        tables = (
            source("obeyed", publisher.url("/obeyed"), **obey)
            + source("off", publisher.url("/off"), **obey)
            + source("ignored", publisher.url("/ignored", "127.0.0.2"))
            + source("alfa", publisher.url("/alfa", "127.0.0.3"))
        )
        site = Site(
            tmp_path_factory.mktemp("hints"), sources=tables, environ={"AGGREGATOR_POLL__FEED_HINTS": "false"}
        )
        story = Story(site=site, publisher=publisher, free=free)
        with site.daemon() as daemon:
            for name in ("obeyed", "off", "alfa"):
                seen(daemon, name, lambda facts: facts["last_success_at"], f"{name} is polled")
            polled_more(publisher, "/ignored")
            story.running = status(daemon)
        push(site.data / "aggregator.sqlite", datetime.now(UTC) + 10 * DAY)
        story.pushed_before = len(publisher.asked("/alfa"))
        with site.daemon() as daemon:
            asked(publisher, "/alfa", story.pushed_before + 1)  # it was due already
            polled_more(publisher, "/ignored", 3)
            story.restarted = status(daemon)
        yield story


def test_p26_the_daemon_obeys_and_can_be_told_not_to(story: Story) -> None:
    for facts in (story.running["obeyed"], story.restarted["obeyed"]):
        assert 2 * HOUR - timedelta(seconds=1) <= (wait(facts) or DAY) <= 2.2 * HOUR
        assert facts["next_reason"] == "ttl"
    assert len(story.publisher.asked("/obeyed")) == 1
    assert story.running["ignored"]["next_reason"] == "interval"
    assert "  ttl" in story.site.run("explain", "obeyed").stdout


def test_p27_the_daemon_keeps_out_of_hours_that_are_off(story: Story) -> None:
    for facts in (story.running["off"], story.restarted["off"]):
        assert datetime.fromisoformat(facts["next_poll_at"]).hour == story.free
        assert facts["next_reason"] == "skipHours"
    assert len(story.publisher.asked("/off")) == 1
    assert "  skipHours" in story.site.run("explain", "off").stdout


def test_p36_the_daemon_polls_a_pushed_source_daily(story: Story) -> None:
    facts = story.restarted["alfa"]
    assert facts["next_reason"] == "WebSub"
    assert DAY - timedelta(seconds=1) <= (wait(facts) or timedelta()) <= 1.1 * DAY
    assert len(story.publisher.asked("/alfa")) == story.pushed_before + 1
