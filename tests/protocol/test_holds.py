"""P15 and P16: who else waits when a publisher is busy, and how long failures are waited out."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from aggregator.model import Access, Source
from tests.fetch.server import Answer, Say, Server, raw, redirect
from tests.protocol.documents import CAPTCHA, GONE, feed
from tests.running import free_port
from tests.things import NOON
from tests.world import World

INTERVAL = timedelta(minutes=10)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
JITTER = 0.1  # share of a wait that may be added
BUSY = Answer(status=429, headers=[("Retry-After", "7200")])
ONE, TWO = "http://one.example", "http://two.example"


def proxied(publisher: Server, source_id: str, url: str) -> Source:
    """A source with a public name: the publisher is asked for it as a proxy would be."""
    return Source(id=source_id, url=url, interval=INTERVAL, access=Access(proxy=publisher.url()))


def busy_once(publisher: Server) -> list[Source]:
    """Two sources of one host, the first of which answers 429 at first, and one of another host."""
    publisher.answer(f"{ONE}/a", BUSY, feed("a"))
    publisher.answer(f"{ONE}/b", feed("b"))
    publisher.answer(f"{TWO}/c", feed("c"))
    return [proxied(publisher, url[-1], url) for url in (f"{ONE}/a", f"{ONE}/b", f"{TWO}/c")]


def between(publisher: Server, path: str, start: timedelta, end: timedelta) -> int:
    """How often it was asked for in that span after noon."""
    return sum(NOON + start < asked.when < NOON + end for asked in publisher.asked(path))


@pytest.mark.parametrize("status", [429, 503])
async def test_p15_retry_after_holds_the_whole_host(world: World, publisher: Server, status: int) -> None:
    sources = busy_once(publisher)
    publisher.answer(f"{ONE}/a", replace(BUSY, status=status), feed("a"))
    world.configure(*sources)
    await world.run_due(NOON + 4 * HOUR)
    assert between(publisher, f"{ONE}/a", timedelta(), 2 * HOUR) == 0
    assert between(publisher, f"{ONE}/b", timedelta(), 2 * HOUR) == 0
    assert between(publisher, f"{TWO}/c", timedelta(), 2 * HOUR) >= 10
    for path in ("/a", "/b"):  # and then all of them again
        assert between(publisher, ONE + path, 2 * HOUR, 4 * HOUR) >= 9


async def test_p15_or_only_the_url(world: World, publisher: Server) -> None:
    world.configure(*busy_once(publisher), hold_hosts=False)
    await world.run_due(NOON + 4 * HOUR)
    assert between(publisher, f"{ONE}/a", timedelta(), 2 * HOUR) == 0
    assert between(publisher, f"{ONE}/b", timedelta(), 2 * HOUR) >= 10


async def test_p15_addresses_and_private_names_always_count_by_url(world: World, publisher: Server) -> None:
    """Behind one address of a private network are many publishers."""
    hosts = (publisher.url().rstrip("/"), "http://intranet", "http://wiki.local")
    sources = []
    for number, host in enumerate(hosts):
        for name, told in (("a", [BUSY, feed("a")]), ("b", [feed("b")])):
            path = f"/{name}" if number == 0 else f"{host}/{name}"
            publisher.answer(path, *told)
            made = proxied(publisher, f"{name}{number}", f"{host}/{name}")
            sources.append(made if number else replace(made, access=Access()))
    world.configure(*sources)
    await world.run_due(NOON + 2 * HOUR)
    for host in ("", *hosts[1:]):
        assert between(publisher, f"{host}/a", timedelta(), 2 * HOUR) == 0
        assert between(publisher, f"{host}/b", timedelta(), 2 * HOUR) >= 10


async def test_p15_a_hold_is_for_sources_to_come_and_for_redirects_too(
    world: World, publisher: Server
) -> None:
    sources = busy_once(publisher)
    publisher.answer(f"{ONE}/new", feed("new"))
    publisher.answer(f"{TWO}/to-one", redirect(f"{ONE}/b"))
    world.configure(*sources)
    await world.run_due(NOON + HOUR)
    more = [proxied(publisher, "new", f"{ONE}/new"), proxied(publisher, "to-one", f"{TWO}/to-one")]
    world.configure(*sources, *more)
    await world.run_due(NOON + 3 * HOUR)
    assert between(publisher, f"{ONE}/new", timedelta(), 2 * HOUR) == 0
    assert between(publisher, f"{ONE}/b", timedelta(), 2 * HOUR) == 0
    assert publisher.asked(f"{ONE}/new")


async def test_p15_who_is_redirected_to_a_busy_host_holds_it(world: World, publisher: Server) -> None:
    """It is the busy host that is left alone, not the one that led there."""
    sources = busy_once(publisher)
    publisher.answer(f"{TWO}/c", redirect(f"{ONE}/a"))
    publisher.answer(f"{TWO}/d", feed("d"))
    world.configure(*sources[1:], proxied(publisher, "d", f"{TWO}/d"))
    await world.poll("c")
    await world.run_due(NOON + 2 * HOUR)
    assert between(publisher, f"{ONE}/a", timedelta(), 2 * HOUR) == 0
    assert between(publisher, f"{ONE}/b", timedelta(), 2 * HOUR) == 0
    assert between(publisher, f"{TWO}/d", timedelta(), 2 * HOUR) >= 10


async def test_p15_a_later_shorter_retry_after_does_not_end_a_hold(world: World, publisher: Server) -> None:
    sources = busy_once(publisher)
    publisher.answer(f"{ONE}/b", Answer(status=429, headers=[("Retry-After", "10800")]), feed("b"))
    world.configure(*sources)
    await world.poll("b")
    await world.pipeline.poll("a", force=True)
    await world.run_due(NOON + 4 * HOUR)
    for path in ("/a", "/b"):
        assert between(publisher, ONE + path, timedelta(), 3 * HOUR) == 0
        assert between(publisher, ONE + path, 3 * HOUR, 4 * HOUR) >= 1


FAILURES: dict[str, Say] = {
    "500": Answer(status=500),
    "404": Answer(status=404),
    "429": Answer(status=429),
    "captcha": Answer(body=CAPTCHA),
    "no-http": raw(b"220 mail.example ESMTP\r\n"),
    "cut-off": raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n<rss>"),
    "loop": redirect("/loop"),
}


async def test_p16_errors_back_off_with_a_cap_and_reset(world: World, publisher: Server) -> None:
    failures = 12
    for kind, failure in FAILURES.items():
        told = [feed("1"), *[failure] * failures, feed("1"), failure, feed("1"), GONE]
        publisher.answer(f"/{kind}", *told)
    world.configure(*(Source(id=kind, url=publisher.url(f"/{kind}"), interval=INTERVAL) for kind in FAILURES))
    await world.run_due(NOON + 30 * DAY)
    doubled = [min(INTERVAL * 2**number, DAY) for number in range(1, failures + 1)]
    assert doubled.count(DAY) >= 5
    wanted = [INTERVAL, *doubled, INTERVAL, 2 * INTERVAL, INTERVAL]
    for kind in FAILURES:
        found = [later.when - earlier.when for earlier, later in pairwise(publisher.asked(f"/{kind}"))]
        for wait, least in zip(found, wanted, strict=True):
            assert least <= wait <= least * (1 + JITTER) + timedelta(seconds=1), kind


async def test_p16_a_source_is_never_dropped_silently(world: World, publisher: Server) -> None:
    """After forty days of failures, of which nobody answered any, it is still asked and still listed."""
    publisher.answer("/a", Answer(status=500))
    dead = Source(id="dead", url=f"http://127.0.0.1:{free_port()}/", interval=INTERVAL)
    world.configure(Source(id="a", url=publisher.url("/a"), interval=INTERVAL), dead)
    await world.run_due(NOON + 40 * DAY)
    before = len(publisher.asked("/a"))
    publisher.answer("/a", feed("back"))
    await world.run_due(NOON + 43 * DAY)
    assert len(publisher.asked("/a")) > before + 10
    assert [entry.title for entry in (await world.feed()).entries] == ["News back"]
    states = {state.source_id: state for state in world.store.states()}
    assert states["a"].failures == 0
    assert states["dead"].failures > 40
    assert states["dead"].next_poll_at is not None
    assert "refused" in str(states["dead"].last_error)


async def test_p15_a_host_put_on_hold_since_a_source_was_chosen_is_left_alone(
    world: World, publisher: Server
) -> None:
    """As in one `poll` of several sources of a host, the first of which is told to wait."""
    world.configure(*busy_once(publisher))
    await world.poll("a", "b", "c")
    assert [asked.path for asked in publisher.asked()] == [f"{ONE}/a", f"{TWO}/c"]
    await world.pipeline.poll("b", force=True)
    assert len(publisher.asked(f"{ONE}/b")) == 1


async def test_p15_a_hold_is_for_redirects_to_names_in_any_script(world: World, publisher: Server) -> None:
    held = "http://xn--mnchen-3ya.example"
    publisher.answer(f"{held}/a", BUSY)
    publisher.answer(f"{TWO}/b", redirect("http://MÜNCHEN.example./b"))
    world.configure(proxied(publisher, "a", f"{held}/a"), proxied(publisher, "b", f"{TWO}/b"))
    await world.poll("a", "b")
    assert [asked.path for asked in publisher.asked()] == [f"{held}/a", f"{TWO}/b"]
