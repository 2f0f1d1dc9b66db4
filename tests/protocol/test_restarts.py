"""P8 and P9: daemons that are killed, stopped and told of other settings ask as if nothing had happened."""

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


@pytest.mark.parametrize("stop", range(3), ids=["killed", "stopped", "killed-again"])
@pytest.mark.parametrize("path", GROWING)
def test_p08_validators_and_entries_are_stored_together(life: Life, path: str, stop: int) -> None:
    """Killed at any moment, it has all of a document and says so, or nothing of it and asks for it again."""
    told = life.stops[stop]
    newest = max(told.stored[path])
    assert sorted(told.stored[path]) == list(range(1, newest + 1))
    assert told.seen[path] - 1 <= newest <= told.seen[path]
    if told.number == signal.SIGTERM:
        assert newest == told.seen[path]  # a poll in flight is finished
    following = life.publisher.asked(path)[told.seen[path]]
    assert sent(following) == (f'"{newest}"', None)


@pytest.mark.parametrize("path", ["/any", *GROWING])
def test_p09_one_unconditional_get_in_a_life(life: Life, path: str) -> None:
    """Whatever comes: news, errors, captchas, restarts of every kind, another configuration."""
    asked = life.publisher.asked(path)
    assert [sent(one) == NOTHING for one in asked] == [True] + [False] * (len(asked) - 1)
    assert len(asked) >= 5


@pytest.mark.parametrize("path", WAITING)
def test_p09_a_restart_inside_the_interval_sends_nothing(life: Life, path: str) -> None:
    assert len(life.publisher.asked(path)) == 1


def test_p09_nor_does_a_cycle_by_hand(life: Life) -> None:
    before = {path: len(life.publisher.asked(path)) for path in WAITING}
    assert life.site.run("poll").returncode in {0, 1}  # whatever else is due may fail
    assert {path: len(life.publisher.asked(path)) for path in WAITING} == before
