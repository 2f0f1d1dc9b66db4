"""P8 and P9, and what of P15 must outlive a process: daemons killed, stopped and told of other settings."""

import signal
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle

import pytest

from tests.fetch.server import Answer, Asked, Server
from tests.protocol.documents import CAPTCHA, feed, sent, tagged
from tests.protocol.watching import EVERY_SECOND, HOSTS, table, view
from tests.running import Site, eventually

BOTH = tagged('"one"', "Sun, 01 Mar 2026 10:00:00 GMT")
BAIT = tagged('"bait"', "Sun, 01 Mar 2099 10:00:00 GMT")
NOTHING = (None, None)

GROWING = tuple(f"/grow-{number}" for number in range(8))
HELD = "http://held.example/a", "http://held.example/b"  # the first is busy, and so neither is asked again
WAITING = {  # whose time does not come again during the test
    "/hourly": feed("1"),
    "/fresh": feed("1", headers=[("Cache-Control", "max-age=3600")]),
    "/busy": Answer(status=503, headers=[("Retry-After", "3600")]),
    "/locked": Answer(status=403),
    "/gone": Answer(status=410),
}


@dataclass(frozen=True, slots=True)
class Stop:
    """What was stored when a daemon was stopped (entries by source), and how often each path had been asked for."""

    number: signal.Signals
    stored: Mapping[str, list[int]]
    seen: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Life:
    """Several daemons in turn over one store."""

    publisher: Server
    site: Site
    stops: Sequence[Stop]


def _growing(asked: Asked) -> Answer:
    """One entry more for whoever tells how many it has: the ETag is the number of entries."""
    known = asked.header("if-none-match")
    newest = 1 if known is None else int(known.strip('"')) + 1
    return feed(*(f"{number}" for number in range(1, newest + 1)), headers=tagged(f'"{newest}"'))


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    """Daemons killed and stopped in the middle of their polls; the last gets another configuration."""
    said = cycle(
        [
            Answer(status=304),
            Answer(status=500),
            feed("1", headers=BOTH),
            Answer(body=CAPTCHA, headers=BAIT),
        ]
    )
    with Server(HOSTS) as publisher:
        publisher.answer("/tick", feed("1"))
        publisher.answer(
            "/any", lambda asked: feed("1", headers=BOTH) if sent(asked) == NOTHING else next(said)
        )
        for path in GROWING:
            publisher.answer(path, _growing)
        for path, answer in WAITING.items():
            publisher.answer(path, answer)
        busy = zip(("/tick", "/any", *GROWING), HOSTS, strict=False)
        tables = [table(path.strip("/"), publisher.url(path, host)) for path, host in busy]
        for path in WAITING:
            every = 'interval = "1h"\n' if path == "/hourly" else EVERY_SECOND
            tables.append(table(path.strip("/"), publisher.url(path, HOSTS[-1]), every))
        publisher.answer(HELD[0], WAITING["/busy"])
        publisher.answer(HELD[1], feed("1"))
        proxy = f'proxy = "{publisher.url().rstrip("/")}"\n' + EVERY_SECOND
        tables += [table(f"held-{url[-1]}", url, proxy) for url in HELD]
        site = Site(tmp_path_factory.mktemp("life"), sources="".join(tables))

        def ticks(count: int) -> None:
            enough = len(publisher.asked("/tick")) + count
            eventually(lambda: len(publisher.asked("/tick")) >= enough, f"{count} polls of a source")

        stops: list[Stop] = []
        for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGKILL):
            with site.daemon() as daemon:
                if not stops:
                    for path in WAITING:
                        daemon.log("event=poll", f"source={path.strip('/')} ")
                ticks(2)
                daemon.stop(number)
            stops.append(_stop(site, publisher, number))
        with site.daemon() as daemon:
            ticks(1)
            site.sources.write_text(
                "".join(tables).replace("[[source]]", '[[source]]\ntags = ["x"]\ntitle = "X"')
            )
            daemon.log("event=reload", "result=ok")
            ticks(2)
        yield Life(publisher, site, stops)


def _stop(site: Site, publisher: Server, number: signal.Signals) -> Stop:
    stored: dict[str, list[int]] = {}
    for source_id, guid in view(site, "SELECT source_id, guid FROM entries_view"):
        stored.setdefault(f"/{source_id}", []).append(int(guid))
    return Stop(number, stored, {path: len(publisher.asked(path)) for path in stored})


@pytest.mark.parametrize("path", GROWING)
def test_p08_validators_and_entries_are_stored_together(life: Life, path: str) -> None:
    """Killed at any moment, it has all of a document and says so, or nothing of it and asks for it again."""
    lost = 0
    for stop in life.stops:
        newest = max(stop.stored[path])
        assert sorted(stop.stored[path]) == list(range(1, newest + 1))
        following = life.publisher.asked(path)[stop.seen[path]]
        assert sent(following) == (f'"{newest}"', None)
        killed = stop.number == signal.SIGKILL  # a daemon that is told to stop finishes its polls
        assert lost <= stop.seen[path] - newest <= lost + killed
        lost = stop.seen[path] - newest


@pytest.mark.parametrize("path", ["/any", *GROWING])
def test_p09_one_unconditional_get_in_a_life(life: Life, path: str) -> None:
    """Whatever comes: news, errors, captchas, restarts of every kind, another configuration."""
    asked = life.publisher.asked(path)
    assert [sent(one) == NOTHING for one in asked] == [True] + [False] * (len(asked) - 1)
    assert len(asked) >= 5


@pytest.mark.parametrize("path", WAITING)
def test_p09_a_restart_inside_the_interval_sends_nothing(life: Life, path: str) -> None:
    assert len(life.publisher.asked(path)) == 1


def test_p15_a_restart_keeps_a_host_on_hold(life: Life) -> None:
    assert [len(life.publisher.asked(url)) for url in HELD] == [1, 0]


def test_p09_what_is_asked_by_force_is_asked_conditionally(life: Life) -> None:
    before = len(life.publisher.asked(GROWING[0]))
    assert life.site.run("poll", "--force", GROWING[0].strip("/")).returncode == 0
    (asked,) = life.publisher.asked(GROWING[0])[before:]
    assert sent(asked)[0] is not None


def test_p09_nor_does_a_cycle_by_hand(life: Life) -> None:
    before = {path: len(life.publisher.asked(path)) for path in WAITING}
    assert life.site.run("poll").returncode in {0, 1}  # whatever else is due may fail
    assert {path: len(life.publisher.asked(path)) for path in WAITING} == before
