"""kill -9 at any moment loses nothing, doubles nothing and tears nothing.

    python -m tests.faults.kills --rounds 1000

A real daemon reads publishers whose documents change at nearly every poll. It is killed over and over: at random
moments from its first instruction on, and within commits, which the write-ahead log of a stopped process proves. After
each kill the store is opened, as a copy, so that the next daemon recovers the original by itself.
"""

import argparse
import json
import os
import random
import shutil
import signal
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from lxml import etree

from aggregator.model import Output
from aggregator.store import open_store
from tests.faults.newsroom import HOSTS, Newsroom
from tests.faults.wal import is_committing, trace
from tests.fetch.server import Server
from tests.running import Running, Site

LIFE = 20  # kills of one store, so that it stays small
LONGEST = 2.0  # times as long as it takes to be ready: the span of kills at a random moment
READY_IN = 2.0  # seconds, until it has been measured
WITHIN_COMMIT = 0.5  # share of kills that wait for a commit
COMMIT_DEADLINE = 15.0  # seconds in which a commit is caught; else it is a kill at any moment
LIMIT = 10_000
STORE = "aggregator.sqlite"
ATOM = "{http://www.w3.org/2005/Atom}"


@dataclass
class Life:
    """One store, killed again and again; `emitted` is what readers have been given: title and id."""

    site: Site
    newsroom: Newsroom
    random: random.Random
    ready_in: float = READY_IN
    emitted: dict[str, str] = field(default_factory=dict)
    kills: Counter[str] = field(default_factory=Counter)

    @property
    def log(self) -> Path:
        return self.site.data / f"{STORE}-wal"

    def kill(self) -> None:
        """Start a daemon and kill it."""
        daemon = Running(self.site)
        within = self.random.random() < WITHIN_COMMIT
        with daemon.started():
            if within and self._stop_within_commit(daemon):
                self.kills["commit"] += 1
            else:
                self._wait(daemon)
                self.kills["any"] += 1
            assert daemon.process.poll() is None, "".join(daemon.lines)
            daemon.process.kill()
            daemon.process.wait(10)

    def _wait(self, daemon: Running) -> None:
        """Let it run for a while, and learn how long it takes here to be ready."""
        began = time.monotonic()
        end = began + self.random.uniform(0, LONGEST * self.ready_in)
        ready = False
        while time.monotonic() < end:
            if not ready and any("event=ready" in line for line in daemon.lines):
                ready, self.ready_in = True, time.monotonic() - began
            time.sleep(0.002)
        if not ready:
            self.ready_in *= 1.1

    def _stop_within_commit(self, daemon: Running) -> bool:
        """Stop the daemon as it writes; let it go on until it stands in the middle of a commit."""
        number = self.random.randrange(
            1, 4
        )  # of the commits that are caught: the first are those of starting
        deadline = time.monotonic() + COMMIT_DEADLINE
        while time.monotonic() < deadline:
            before = trace(self.log)
            while trace(self.log) == before and time.monotonic() < deadline:
                pass
            daemon.process.send_signal(signal.SIGSTOP)
            _stopped(daemon.process.pid)
            if is_committing(self.log):
                number -= 1
                if not number:
                    return True
            daemon.process.send_signal(signal.SIGCONT)
        return False

    def check(self, *, whole: bool = False) -> None:
        """Look at what is on the disk; `whole`: all that is published now must have been read and emitted."""
        self._check_public()
        stories = self._stored()
        titles = [title for title, _ in stories]
        assert _twice(titles) == [], "told twice"
        assert _twice([story_id for _, story_id in stories]) == [], "one id for two"
        stored = dict(stories)
        lost = {title for title, story_id in self.emitted.items() if stored.get(title) != story_id}
        assert not lost, f"emitted, and lost or renamed: {lost}"
        unread = self.newsroom.confirmed() - stored.keys()
        assert not unread, f"validators without their entries: {unread}"
        if whole:
            assert self.newsroom.last() <= stored.keys() == self.emitted.keys()

    def _check_public(self) -> None:
        for path in (self.site.data / "public").rglob("[!.]*"):
            if path.is_file():
                _well_formed(path)
        feed = self.site.data / "public" / "feed.atom"
        if not feed.exists():
            assert not self.emitted
            return
        shown = [
            (entry.findtext(f"{ATOM}title") or "", entry.findtext(f"{ATOM}id") or "")
            for entry in etree.parse(feed).iter(f"{ATOM}entry")
        ]
        assert _twice([title for title, _ in shown]) == [], "published twice"
        renamed = {title for title, name in shown if self.emitted.setdefault(title, name) != name}
        assert not renamed, f"published under another id: {renamed}"

    def _stored(self) -> list[tuple[str, str]]:
        """Return title and id of every story, out of a copy of the store."""
        with tempfile.TemporaryDirectory() as directory:
            for file in self.site.data.glob(f"{STORE}*"):
                if not file.name.endswith("-shm"):  # it is made anew, as after a power cut
                    shutil.copy(file, directory)
            copy = Path(directory) / STORE
            if not copy.exists():
                return []
            with closing(open_store("sqlite", Path(directory))) as store:
                stories = store.current(Output(name="feed", title="", limit=LIMIT))
            with closing(sqlite3.connect(copy)) as db:
                assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
                assert db.execute("PRAGMA foreign_key_check").fetchall() == []
            return [(story.entries[0].entry.title, story.story_id) for story in stories]

    def end(self) -> None:
        """Let publishers say nothing new and the daemon go on in peace: in the end all of it is there."""
        self.newsroom.frozen = True
        before = self.newsroom.polls()
        with self.site.daemon() as daemon:

            def polled() -> bool:
                return all(
                    after - once >= 2 for once, after in zip(before, self.newsroom.polls(), strict=True)
                )

            daemon.eventually(polled, "every source is polled twice")
            assert daemon.stop() == 0
        self.check(whole=True)


def _well_formed(path: Path) -> None:
    if path.suffix == ".json":
        json.loads(path.read_bytes())
    else:
        etree.parse(path)


def _twice(names: list[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]


def _stopped(pid: int) -> None:
    """Wait until every thread of a process stands still."""

    def still() -> bool:
        stats = [task.joinpath("stat").read_text() for task in Path(f"/proc/{pid}/task").iterdir()]
        return all(stat.rpartition(")")[2].split()[0] in {"T", "Z"} for stat in stats)

    deadline = time.monotonic() + 5
    while not still():
        assert time.monotonic() < deadline, "the daemon does not stand still"
        os.sched_yield()


L = TypeVar("L", bound=Life)


@contextmanager
def life(
    directory: Path,
    seed: str,
    kind: type[L],
    *,
    others: Callable[[Server, str], str] = lambda _, __: "",
    hosts: Sequence[str] = (),
) -> Iterator[L]:
    """A store and its publishers; killed when told, checked to the end when it leaves well.

    `others` lets further publishers answer, on these `hosts`, and returns their tables.
    """
    with Server(hosts=(*HOSTS, *hosts)) as server:
        newsroom = Newsroom(server, seed)
        settings = f"[store]\nurl = 'sqlite:///{STORE}'\n"
        environ = {"AGGREGATOR_AGGREGATOR__LIMIT": str(LIMIT)}
        tables = newsroom.tables + others(server, seed)
        site = Site(directory, settings=settings, sources=tables, environ=environ)
        yield kind(site, newsroom, random.Random(seed))


def run(rounds: int, directory: Path, seed: str, *, say: bool = False) -> Counter[str]:
    """Kill so many times; return how often in which way. An assertion says what was lost."""
    kills: Counter[str] = Counter()
    for first in range(0, rounds, LIFE):
        place = directory / f"life-{first}"
        with life(place, f"{seed} {first}", Life) as one:
            for _ in range(min(LIFE, rounds - first)):
                one.kill()
                one.check()
            one.end()
        kills += one.kills
        if say:
            print(  # noqa: T201
                f"{kills.total()} kills, {kills['commit']} within a commit;"
                f" the last store told {len(one.emitted)} stories, each once",
                flush=True,
            )
        shutil.rmtree(place)
    return kills


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--seed", default=str(time.time_ns()))
    parser.add_argument("--directory", type=Path, help="where the stores lie; a temporary one by default")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that its daemon ends, too
    print(f"seed {arguments.seed}", flush=True)  # noqa: T201
    with tempfile.TemporaryDirectory() as temporary:
        run(arguments.rounds, arguments.directory or Path(temporary), arguments.seed, say=True)


if __name__ == "__main__":
    main()
