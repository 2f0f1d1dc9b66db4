"""The wall clock is set while the daemon runs, and stands at odd times (by libfaketime, skipped without it)."""

import re
from collections.abc import Mapping
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest

from tests.fetch.server import Answer, Asked, Server
from tests.protocol.looking import asked, source
from tests.protocol.markup import rss
from tests.running import ROOT, Running, Site

LIBRARIES = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
INTERVAL = 2.0  # seconds between two polls
LATE = 5.0  # seconds by which a poll may be late on a busy machine: a wait by the wrong clock takes days

pytestmark = [
    pytest.mark.skipif(not LIBRARIES, reason="libfaketime is not installed"),
    pytest.mark.timeout(180),
]


# libfaketime moves the end of an absolute wait by the monotonic clock, too, though that clock is left alone, and so
# refuses those of time.sleep; every other wait of Python's is well.
SLEEP = """
import select, time

def sleep(seconds, wait=select.select):
    wait([], [], [], seconds)

time.sleep = sleep
"""


def faked(told: Path) -> Mapping[str, str]:
    """Return the environment of a process whose clock is as the file says, and whose waits are not."""
    started = told.parent / "started"
    started.mkdir()
    (started / "sitecustomize.py").write_text(SLEEP)
    return {
        "LD_PRELOAD": str(LIBRARIES[0]),
        "FAKETIME_TIMESTAMP_FILE": str(told),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "PYTHONPATH": f"{started}:{ROOT}",
    }


def item(number: int) -> str:
    return f"<item><guid>{number}</guid><title>Number {number}</title></item>"


class Clocked:
    """A daemon that follows one source, which says something new each time, under a clock of the test's."""

    def __init__(self, directory: Path, publisher: Server, said: str) -> None:
        self.publisher = publisher
        self.clock = directory / "clock"
        self.clock.write_text(said)
        publisher.answer("/feed", self._answer)
        tables = source("alfa", publisher.url("/feed"), interval=f'"{INTERVAL:g}s"')
        self.site = Site(directory / "site", sources=tables, environ=faked(self.clock))

    def _answer(self, asked: Asked) -> Answer:
        newest = len(self.publisher.asked("/feed"))
        return Answer(body=rss(*(item(number) for number in range(newest, max(0, newest - 5), -1))))

    def polls(self, times: int) -> list[Asked]:
        return asked(self.publisher, "/feed", times)

    def titles(self, daemon: Running) -> list[int]:
        """Return the numbers that the feed shows, in its order."""
        newest = len(self.publisher.asked("/feed")) - 1
        feed = daemon.feed(f"Number {newest}<")
        return [int(number) for number in re.findall(r"<title>Number (\d+)</title>", feed)]


def is_steady(polls: list[Asked]) -> None:
    """Judge how a source was asked: always in time, and early once at most, when the clock was set forward."""
    gaps = [after.at - before.at for before, after in pairwise(polls)]
    assert max(gaps) <= 2 * INTERVAL + LATE, gaps
    assert sum(gap < INTERVAL for gap in gaps) <= 1, gaps


@pytest.mark.parametrize("step", ["+1d", "-1d", "+1h", "-1h"])
def test_polls_go_on_when_the_clock_is_set(tmp_path: Path, publisher: Server, step: str) -> None:
    """By a day, or by the hour that clocks are changed by in spring and autumn."""
    clocked = Clocked(tmp_path, publisher, "+0s")
    with clocked.site.daemon() as daemon:
        before = len(clocked.polls(3))
        clocked.clock.write_text(step)
        after = clocked.polls(before + 4)
        is_steady(after)
        titles = clocked.titles(daemon)
        assert len(titles) == len({*titles}) >= before + 3
        if step.startswith("+"):  # what was seen by a clock that was ahead stands before what is seen then
            assert titles == sorted(titles, reverse=True)


@pytest.mark.parametrize(
    "start", ["1970-01-02 00:00:00", "2016-12-31 23:59:57", "2038-01-19 03:14:05", "2100-02-28 23:59:57"]
)
def test_it_works_at_odd_times(tmp_path: Path, publisher: Server, start: str) -> None:
    """Where Unix begins, over a leap second, over the end of 32 bits, and in a year that is no leap year."""
    offset = (datetime.fromisoformat(start) - datetime.now()).total_seconds()  # noqa: DTZ005 - as the library counts
    clocked = Clocked(tmp_path, publisher, f"{offset:+.0f}s")
    with clocked.site.daemon() as daemon:
        is_steady(clocked.polls(4))
        assert clocked.titles(daemon) == sorted(clocked.titles(daemon), reverse=True)
        assert daemon.get("/status.json").status_code == 200
