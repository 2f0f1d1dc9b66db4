"""Publishers who do not want us: gone, locked, missing (PROTOCOL P23–P25)."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from aggregator.model import Source
from tests.fetch.server import Answer, Asked, Server, redirect
from tests.protocol.looking import failed, polled_more, seen, source, status, wait
from tests.protocol.markup import item, rss
from tests.protocol.watching import view
from tests.running import Site
from tests.world import World

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
GOOD = Answer(body=rss(item("1")), headers=[("ETag", '"1"')])


def times(requests: list[Asked]) -> list[timedelta]:
    """Return the times between requests."""
    return [following.when - previous.when for previous, following in pairwise(requests)]


# --- the daemon, from its first poll to after a restart

LOCKED = {
    "401": Answer(status=401, headers=[("WWW-Authenticate", 'Basic realm="feeds"')]),
    "401-bare": Answer(status=401),
    "403": Answer(status=403),
    "403-page": Answer(status=403, body=b"<html>You look like a robot</html>"),
    "403-at-once": Answer(status=403, headers=[("Retry-After", "0")]),
    "403-fresh": Answer(status=403, headers=[("Cache-Control", "max-age=0")]),
}
GONE = Answer(status=410, headers=[("Retry-After", "1"), ("Cache-Control", "max-age=1")])
PATHS = ("/gone", "/moved", *(f"/{name}" for name in LOCKED))  # of those who are not to be asked again


@dataclass(slots=True)
class Story:
    """What was seen of a daemon whom everybody refuses."""

    site: Site
    publisher: Server
    asked: dict[str, int] = field(default_factory=dict)  # how often each path was, until the first stop
    running: dict[str, dict[str, Any]] = field(default_factory=dict)  # /status.json just before it
    restarted: dict[str, dict[str, Any]] = field(default_factory=dict)  # and of the daemon after it
    feed: str = ""


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    with Server() as publisher:
        away, third = "127.0.0.2", "127.0.0.3"
        publisher.answer("/clock", Answer(body=rss(item("clock"))))
        publisher.answer("/gone", GOOD, GONE)
        publisher.answer("/never", GONE)
        publisher.answer("/moved", redirect(publisher.url("/never", third), 301))
        publisher.answer("/detour", redirect("/never"), redirect("/never"), Answer(body=rss(item("detour"))))
        publisher.answer("/lost", *[Answer(status=404)] * 2, Answer(body=rss(item("lost"))))
        tables = source("clock", publisher.url("/clock", away))
        for name in ("gone", "moved", "detour"):
            tables += source(name, publisher.url(f"/{name}"))
        tables += source("lost", publisher.url("/lost", third))
        for name, answer in LOCKED.items():
            publisher.answer(f"/{name}", answer)
            tables += source(name, publisher.url(f"/{name}"))
        seen_of = Story(Site(tmp_path_factory.mktemp("refused"), sources=tables), publisher)
        with seen_of.site.daemon() as daemon:
            for name in ("gone", "moved"):
                seen(daemon, name, lambda facts: facts["state"] == "gone", f"{name} is gone")
            for name in LOCKED:
                failed(daemon, name)
            seen_of.feed = daemon.feed("Title detour", "Title lost")
            polled_more(publisher, "/clock")
            seen_of.running = status(daemon)
        seen_of.asked = {path: len(publisher.asked(path)) for path in PATHS}
        seen_of.site.run("poll")  # what is due
        with seen_of.site.daemon() as daemon:
            polled_more(publisher, "/clock")
            seen_of.restarted = status(daemon)
        yield seen_of


@pytest.mark.parametrize("path", PATHS)
def test_p23_p24_the_daemon_asks_those_who_refuse_it_no_more(story: Story, path: str) -> None:
    """Nor when it is started again, nor by `aggregator poll`."""
    assert story.asked[path] == (2 if path == "/gone" else 1)
    assert len(story.publisher.asked(path)) == story.asked[path]


@pytest.mark.parametrize("name", ["gone", "moved"])
def test_p23_the_daemon_says_what_is_gone(story: Story, name: str) -> None:
    for facts in (story.running[name], story.restarted[name]):
        assert (facts["state"], facts["next_poll_at"], facts["last_status"]) == ("gone", None, 410)
        assert (facts["last_error"], facts["next_reason"]) == ("HTTP 410 Gone", "410 Gone")
    columns = "state, last_status, next_poll_at, last_error"
    assert view(story.site, f"SELECT {columns} FROM sources_view WHERE id = ?", name) == [
        ("gone", 410, None, "HTTP 410 Gone")
    ]
    assert "Title 1</title>" in story.feed  # what it told stays told


def test_p23_commands_say_it_too(story: Story) -> None:
    told = {one["id"]: one for one in json.loads(story.site.run("--json", "status").stdout)}
    assert told["gone"]["state"] == "gone"
    assert "never" in story.site.run("explain", "gone").stdout
    assert "gone waits for ever (410 Gone)" in story.site.run("poll", "gone").stderr


def test_p23_gone_at_the_end_of_a_detour_is_a_failure(story: Story) -> None:
    """A 302 says that the address will do again: only what stands at it for good can be gone."""
    assert len(story.publisher.asked("/detour")) >= 3
    assert story.running["detour"]["state"] == "ok"


@pytest.mark.parametrize("name", LOCKED)
def test_p24_the_daemon_waits_a_day_and_stays_who_it_is(story: Story, name: str) -> None:
    for facts in (story.running[name], story.restarted[name]):
        assert DAY - timedelta(seconds=1) <= (wait(facts) or timedelta()) <= 1.1 * DAY
        assert (facts["state"], facts["next_reason"][:3]) == ("failing", name[:3])
    (request,) = story.publisher.asked(f"/{name}")
    agent = (request.header("user-agent") or "").replace(f"feed-id={name}", "feed-id=clock")
    assert agent == story.publisher.asked("/clock")[0].header("user-agent")
    assert request.header("authorization") is None


def test_p25_the_daemon_backs_off_and_goes_on(story: Story) -> None:
    first, second, third = story.publisher.asked("/lost")[:3]
    assert second.at - first.at >= 2
    assert third.at - second.at >= 4
    assert story.running["lost"]["failures"] == 0


def test_p23_another_address_is_another_chance(tmp_path: Path, publisher: Server) -> None:
    publisher.answer("/gone", GONE)
    publisher.answer("/back", Answer(body=rss(item("back"))))
    site = Site(tmp_path, sources=source("gone", publisher.url("/gone")))
    with site.daemon() as daemon:
        seen(daemon, "gone", lambda facts: facts["state"] == "gone", "it is gone")
        site.sources.write_text(source("gone", publisher.url("/back")), encoding="utf-8")
        daemon.feed("Title back")
        assert status(daemon)["gone"]["state"] == "ok"


# --- P23


async def test_p23_gone_stays_gone_for_years(world: World, publisher: Server) -> None:
    publisher.answer("/alfa", Answer(status=410))
    world.configure(Source(id="alfa", url=publisher.url("/alfa")))
    await world.run_due(world.now + 1000 * DAY)
    assert len(publisher.asked()) == 1


# --- P24


async def test_p24_the_locked_out_ask_once_a_day_at_most(world: World, publisher: Server) -> None:
    for name, answer in LOCKED.items():
        publisher.answer(f"/{name}", answer)
    world.configure(
        *(Source(id=name, url=publisher.url(f"/{name}"), interval=timedelta(minutes=5)) for name in LOCKED)
    )
    await world.run_due(world.now + 6 * DAY)
    for name in LOCKED:
        requests = publisher.asked(f"/{name}")
        assert 5 <= len(requests) <= 7, name  # slowed, not stopped
        assert all(DAY <= span <= DAY * 1.1 for span in times(requests)), name
    assert {one.header("user-agent") for one in publisher.asked()} == {"test"}
    assert {one.header("authorization") for one in publisher.asked()} == {None}


async def test_p24_a_longer_wait_that_the_publisher_names_is_kept(world: World, publisher: Server) -> None:
    publisher.answer("/alfa", Answer(status=403, headers=[("Retry-After", str(3 * 86400))]), GOOD)
    world.configure(Source(id="alfa", url=publisher.url("/alfa")))
    await world.run_due(world.now + 4 * DAY)
    first, second = publisher.asked()[:2]
    assert second.when - first.when >= 3 * DAY


async def test_p24_once_let_in_all_is_as_before(world: World, publisher: Server) -> None:
    publisher.answer("/alfa", GOOD, Answer(status=401), Answer(status=304))
    world.configure(Source(id="alfa", url=publisher.url("/alfa"), interval=HOUR))
    await world.run_due(world.now + 2 * DAY)
    locked = times(publisher.asked())
    assert HOUR <= locked[0] <= HOUR * 1.1
    assert DAY <= locked[1] <= DAY * 1.1
    assert all(HOUR <= span <= HOUR * 1.1 for span in locked[2:])
    assert publisher.asked()[2].header("if-none-match") == '"1"'


# --- P25


async def test_p25_the_missing_are_asked_for_less_and_less_but_for_ever(
    world: World, publisher: Server
) -> None:
    publisher.answer("/alfa", GOOD, Answer(status=404))
    world.configure(Source(id="alfa", url=publisher.url("/alfa"), interval=HOUR))
    await world.run_due(world.now + 30 * DAY)
    spans = times(publisher.asked())[1:]
    assert len(spans) >= 25
    for n, span in enumerate(spans, start=1):
        assert min(HOUR * 2**n, DAY) <= span <= min(HOUR * 2**n, DAY) * 1.1
    assert {one.header("if-none-match") for one in publisher.asked()[1:]} == {'"1"'}
    assert len((await world.feed()).entries) == 1


async def test_p25_found_again_all_is_as_before(world: World, publisher: Server) -> None:
    publisher.answer("/alfa", *[Answer(status=404)] * 5, GOOD, Answer(status=304))
    world.configure(Source(id="alfa", url=publisher.url("/alfa"), interval=HOUR))
    await world.run_due(world.now + 5 * DAY)
    spans = times(publisher.asked())
    assert spans[4] >= DAY
    assert all(HOUR <= span <= HOUR * 1.1 for span in spans[5:])
