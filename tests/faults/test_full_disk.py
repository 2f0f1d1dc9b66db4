"""A disk that is full, again and again: nothing is asked in vain, nothing is lost or doubled, the feeds are served.

DISK_ROUNDS=20 fills it so often; by default it is three times.
"""

import json
import os
import re
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from aggregator.errors import StoreUnavailable
from aggregator.model import Placement, Plan
from aggregator.store import open_store
from tests.faults.disks import Drive, fill, remount, small_disk, take_inodes
from tests.fetch.server import Answer, Asked, Server
from tests.running import Running, Site, eventually
from tests.test_daemon import serve
from tests.things import NOON, entry, source, update

ROUNDS = int(os.environ.get("DISK_ROUNDS", "3"))
INTERVAL = 2.0  # seconds between two polls
ITEMS = 50  # in a document
ITEM = "<item><guid>urn:n:{0}</guid><title>Number {0}</title><description>Words of {0}.</description></item>"


class Growing:
    """A source that has a new item at every request."""

    def __init__(self, publisher: Server) -> None:
        self.publisher = publisher
        self.newest = 0
        publisher.answer("/grows", self._answer)

    def _answer(self, _: Asked) -> Answer:
        self.newest += 1
        numbers = range(self.newest, max(0, self.newest - ITEMS), -1)
        items = "".join(map(ITEM.format, numbers))
        body = f'<rss version="2.0"><channel><title>Grows</title>{items}</channel></rss>'
        return Answer(body=body.encode())

    @property
    def table(self) -> str:
        return (
            f'[[source]]\nid = "grows"\nurl = "{self.publisher.url("/grows")}"\ninterval = "{INTERVAL:g}s"\n'
        )

    @property
    def asked(self) -> int:
        return len(self.publisher.asked("/grows"))


@contextmanager
def site_on(directory: Path, growing: Growing, **disk: object) -> Iterator[Site]:
    site = Site(directory, sources=growing.table)
    with small_disk(site.data, **disk):  # type: ignore[arg-type]
        yield site


def count(daemon: Running, *words: str) -> int:
    return sum(all(word in line for word in words) for line in daemon.lines)


def more(what: Callable[[], int], why: str) -> None:
    """Wait until `what` is more than now."""
    before = what()
    eventually(lambda: what() > before, why)


def stored(site: Site) -> list[str]:
    with closing(sqlite3.connect(site.data / "aggregator.sqlite")) as connection:
        return [guid for (guid,) in connection.execute("SELECT guid FROM entries_view")]


@pytest.mark.timeout(60 + 30 * ROUNDS)
def test_rounds_of_a_full_disk(tmp_path: Path, publisher: Server) -> None:
    growing = Growing(publisher)
    with site_on(tmp_path, growing) as site, site.daemon() as daemon:
        daemon.feed("Number 1<")
        waits = [_round(site, daemon, growing) for _ in range(ROUNDS)]
        last = growing.newest
        daemon.feed(f"Number {last}<")  # what was kept is published
        checked = site.run("db", "check")
        assert (checked.returncode, checked.stderr) == (0, "")
        assert daemon.stop() == 0
        assert not any("Traceback" in line for line in daemon.lines), daemon.lines
        kept = stored(site)
        assert sorted(kept) == sorted({*kept})
        assert {f"urn:n:{n}" for n in range(1, last + 1)} <= {*kept}
    told = ", ".join(f"{wait:.1f}" for wait in waits)
    print(f"{ROUNDS} rounds; polls went on after {told} s")  # noqa: T201 - shown with -rP


def _round(site: Site, daemon: Running, growing: Growing) -> float:
    """Fill the disk, see that all stands still, make room, and return after how many seconds a poll came."""

    def paused() -> int:
        return count(daemon, "event=store", "level=error")

    before = paused()
    ballast = fill(site.data)
    eventually(lambda: paused() > before, "the daemon says that nothing can be stored")
    asked, served = growing.asked, daemon.get("/feed.atom")
    assert served.status_code == 200
    assert "Nothing can be stored" in daemon.get("/status").text
    threading.Event().wait(1.5 * INTERVAL)
    assert growing.asked == asked  # not in vain
    assert daemon.get("/feed.atom").content == served.content
    ballast.unlink()
    began = time.monotonic()
    eventually(lambda: growing.asked > asked, "polls go on")
    waited = time.monotonic() - began
    assert waited <= 2 * INTERVAL
    more(lambda: count(daemon, "event=poll", "status=200"), "a poll is kept")
    assert "Nothing can be stored" not in daemon.get("/status").text
    return waited


def test_without_inodes_polls_go_on_and_the_feeds_follow_when_there_are(
    tmp_path: Path, publisher: Server
) -> None:
    growing = Growing(publisher)
    with site_on(tmp_path, growing, inodes=60) as site, site.daemon() as daemon:
        daemon.feed("Number 1<")
        files = take_inodes(site.data)
        daemon.log("event=publish", "No space left on device", "retry=")
        more(lambda: count(daemon, "event=poll", "new=1"), "polls go on")
        assert "Number 1<" in daemon.get("/feed.atom").text
        for file in files:
            file.unlink()
        daemon.feed(f"Number {growing.newest}<")
        assert daemon.stop() == 0


def test_started_on_a_full_disk_it_says_so(tmp_path: Path, publisher: Server) -> None:
    with site_on(tmp_path, Growing(publisher)) as site:
        fill(site.data)
        ended = site.run("-q", "run")
        assert ended.returncode == 1
        assert re.search(r"No space left on device|disk is full|make room", ended.stderr)
        assert "Traceback" not in ended.stderr


def test_what_is_edited_meanwhile_is_in_force_when_there_is_room(tmp_path: Path, publisher: Server) -> None:
    growing = Growing(publisher)
    with site_on(tmp_path, growing) as site, site.daemon() as daemon:
        daemon.feed("Number 1<")
        ballast = fill(site.data)
        daemon.log("event=store", "level=error")
        site.sources.write_text(growing.table + serve(publisher, "bravo"))
        daemon.log("event=reload", "added=1")
        assert publisher.asked("/bravo") == []
        ballast.unlink()
        daemon.feed("News of bravo")


def test_told_to_stop_on_a_full_disk_it_stops(tmp_path: Path, publisher: Server) -> None:
    with site_on(tmp_path, Growing(publisher)) as site, site.daemon() as daemon:
        daemon.feed("Number 1<")
        fill(site.data)
        daemon.log("event=store", "level=error")
        assert daemon.stop() == 0
        assert not any("Traceback" in line for line in daemon.lines)


def test_on_a_read_only_disk_one_can_look_and_nothing_else(tmp_path: Path, publisher: Server) -> None:
    with site_on(tmp_path, Growing(publisher)) as site:
        assert site.run("poll").returncode == 0
        remount(site.data, "ro")
        for command in ("run", "poll"):
            ended = site.run("-q", command)
            assert ended.returncode == 1
            assert "Read-only file system" in ended.stderr
            assert "Traceback" not in ended.stderr
        assert site.run("db", "check").returncode == 0
        assert json.loads(site.run("--json", "list").stdout)
        assert "Number 1<" in site.run("export", "feed").stdout
        remount(site.data, "rw")
        assert site.run("poll", "--force").returncode == 0


def test_a_disk_that_turns_read_only_loses_nothing(tmp_path: Path, publisher: Server) -> None:
    """The kernel does that to whoever writes, when a disk has failed; here until the operator has mended it."""
    growing = Growing(publisher)
    site = Site(tmp_path / "site", sources=growing.table)
    with Drive(tmp_path / "image", site.data) as drive:
        with site.daemon() as daemon:
            daemon.feed("Number 1<")
            drive.fail()
            assert re.search(
                r"Read-only file system|disk I/O error", daemon.log("event=store", "level=error")
            )
            asked, served = growing.asked, daemon.get("/feed.atom")
            assert served.status_code == 200
            assert "Nothing can be stored" in daemon.get("/status").text
            threading.Event().wait(1.5 * INTERVAL)
            assert growing.asked == asked  # not in vain
            assert daemon.get("/feed.atom").content == served.content
            assert daemon.stop() == 0
            assert not any("Traceback" in line for line in daemon.lines), daemon.lines
        drive.mend()
        with site.daemon() as again:
            more(lambda: count(again, "event=poll", "status=200"), "polls go on")
            assert again.stop() == 0
        assert site.run("db", "check").returncode == 0
        kept = stored(site)
        assert sorted(kept) == sorted({*kept})
        assert {f"urn:n:{n}" for n in range(1, asked + 1)} <= {*kept}


def test_a_write_that_finds_no_room_is_no_write(tmp_path: Path) -> None:
    """SQLite itself meets the end of the disk, in the middle of a transaction."""
    plan = Plan(placements=tuple(new(str(n)) for n in range(2000)))
    with small_disk(tmp_path / "disk", size="4m") as disk:
        store = open_store("sqlite", disk)
        store.configure([source("alfa")], now=NOON)
        store.recover()  # whose log is empty then
        with pytest.raises(StoreUnavailable, match=r"make room|disk is full"):
            store.apply(update(plan=plan))
        assert store.totals().entries == 0
        ballast = fill(disk)
        with pytest.raises(StoreUnavailable, match="make room"):
            store.look()
        ballast.unlink()
        with pytest.raises(StoreUnavailable, match="make room"):
            store.look()  # the log has it all
        store.recover()
        store.apply(update(plan=Plan(placements=(new("0"),))))
        assert store.totals().entries == 1
        store.close()


def new(guid: str) -> Placement:
    made = entry(guid, content="x" * 4096)
    return Placement(entry=made, entry_id=guid, story_id=guid, rule="new")
