"""The store's file is removed, replaced or damaged under a running daemon."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults.test_full_disk import Growing, count, more, stored
from tests.fetch.server import Server
from tests.running import Site, eventually

NAME = "aggregator.sqlite"
PAGE = 4096


@pytest.fixture
def growing(publisher: Server) -> Growing:
    return Growing(publisher)


@pytest.fixture
def site(tmp_path: Path, growing: Growing) -> Site:
    return Site(tmp_path, sources=growing.table)


def remove_all(data: Path) -> None:
    for path in data.glob(f"{NAME}*"):
        path.unlink()


def remove_file(data: Path) -> None:
    (data / NAME).unlink()


def remove_log(data: Path) -> None:
    (data / f"{NAME}-wal").unlink()


@pytest.mark.parametrize("remove", [remove_all, remove_file, remove_log])
def test_a_store_that_is_removed_is_put_back(site: Site, growing: Growing, remove: object) -> None:
    assert callable(remove)
    with site.daemon() as daemon:
        daemon.feed("Number 1<")
        remove(site.data)
        assert "the file is gone" in daemon.log("event=store", "level=error")
        assert daemon.get("/feed.atom").status_code == 200
        daemon.log("event=store", "works again")
        more(lambda: count(daemon, "event=poll", "new=1"), "polls are kept")
        assert site.run("db", "check").returncode == 0
        last = growing.newest
        daemon.feed(f"Number {last}<")
        assert daemon.stop() == 0
    kept = stored(site)
    assert sorted(kept) == sorted({*kept})
    assert {f"urn:n:{n}" for n in range(1, last + 1)} <= {*kept}
    with site.daemon() as again:
        again.feed(f"Number {last}<", "Number 1<")


def test_a_store_that_is_replaced_is_written_no_more_and_kept_aside(site: Site, growing: Growing) -> None:
    with site.daemon() as daemon:
        daemon.feed("Number 1<")
        assert site.run("db", "backup", str(site.directory / "mine.sqlite")).returncode == 0
        more(lambda: count(daemon, "event=poll", "new=1"), "what the backup does not have")
        (site.directory / "mine.sqlite").replace(site.data / NAME)
        line = daemon.log("event=store", "level=error", "another file has taken the place of the store")
        assert "after a restart" in line
        asked, served = growing.asked, daemon.get("/feed.atom")
        assert "Nothing can be stored" in daemon.get("/status").text
        assert served.status_code == 200
        before = (site.data / NAME).read_bytes()
        assert daemon.stop() == 1
        assert (site.data / NAME).read_bytes() == before  # the operator's file is as it was put there
        assert growing.asked == asked
    (aside,) = site.data.glob(f"{NAME}.replaced-*")
    assert site.run("db", "check", str(aside)).returncode == 0
    assert site.run("db", "check").returncode == 0
    with closing(sqlite3.connect(aside)) as connection:
        (kept,) = connection.execute("SELECT count(*) FROM entries").fetchone()
    assert kept > len(stored(site)) >= 1
    with site.daemon() as again:  # goes on from the backup, and loses nothing that is still to be had
        again.feed(f"Number {growing.newest}<", "Number 1<")


def test_a_damaged_store_is_written_no_more_and_the_feeds_are_served(site: Site, growing: Growing) -> None:
    with site.daemon() as daemon:
        daemon.feed("Number 1<")
        _damage(site.data / NAME)
        line = daemon.log("event=store", "level=error", "db check")
        assert "malformed" in line
        asked = growing.asked
        assert "Number 1<" in daemon.get("/feed.atom").text
        assert daemon.get("/status.json").json()["storage_error"]
        checked = site.run("db", "check")
        assert checked.returncode == 1
        assert "WRONG" in checked.stdout
        assert growing.asked == asked
        assert daemon.stop() == 1
    assert not any("Traceback" in line for line in daemon.lines)


def _damage(path: Path) -> None:
    """Overwrite the first page of a table, and write to another: the daemon then reads anew what it had in mind."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (root,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'sources'").fetchone()
        with path.open("r+b") as file:
            file.seek((root - 1) * PAGE)
            file.write(b"\xff" * PAGE)
        with connection:
            connection.execute("INSERT INTO notes (name, text) VALUES ('test', 'written by another process')")


def test_a_missing_directory_is_waited_for(site: Site, growing: Growing) -> None:
    with site.daemon() as daemon:
        daemon.feed("Number 1<")
        away = site.directory / "away"
        site.data.rename(away)
        daemon.log("event=store", "level=error", "the file is gone")
        assert daemon.get("/feed.atom").status_code == 200
        away.rename(site.data)
        daemon.log("event=store", "works again")
        more(lambda: growing.asked, "polls go on")
        eventually(lambda: "Nothing can be stored" not in daemon.get("/status").text, "all is well")
        assert daemon.stop() == 0


def test_a_program_that_keeps_the_store_to_itself_is_waited_for(site: Site, growing: Growing) -> None:
    with site.daemon() as daemon:
        daemon.feed("Number 1<")
        with closing(sqlite3.connect(site.data / NAME, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            assert "another program has been writing to it" in daemon.log("event=store", "level=error")
            assert daemon.get("/feed.atom").status_code == 200
            other.execute("ROLLBACK")
        daemon.log("event=store", "works again")
        more(lambda: count(daemon, "event=poll", "status=200"), "polls go on")
        assert daemon.stop() == 0


def test_polls_that_wait_for_the_store_are_told_of_in_words_an_operator_knows(
    site: Site, growing: Growing
) -> None:
    with site.daemon() as daemon:
        daemon.feed("Number 1<")
        with closing(sqlite3.connect(site.data / NAME, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            daemon.log(
                "event=claim", "level=warning", 'result="polls wait: the store does not say what is due"'
            )
            other.execute("ROLLBACK")
        more(lambda: count(daemon, "event=poll", "status=200"), "polls go on")
        assert len([line for line in daemon.lines if "event=claim" in line]) == 1
        assert not any("apscheduler" in line for line in daemon.lines)
        assert daemon.stop() == 0
