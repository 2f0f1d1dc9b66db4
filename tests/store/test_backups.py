"""Backups and checks of a real store: whole, as of one moment, bounded, and what is wrong is found."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aggregator.errors import BackupError, StoreError
from aggregator.model import Placement, Plan
from aggregator.store import Store, back_up, back_up_tonight, check_store, compact, is_due, open_store
from aggregator.store.backups import Stopped
from aggregator.store.preparing import LOG_BYTES
from tests.faults.disks import small_disk
from tests.things import NOON, entry, source, update

NAME = "aggregator.sqlite"
ENTRIES = 300


def placed(guid: str, **more: str) -> Placement:
    made = entry(guid, content=f"Words of {guid}. " * 50)
    return Placement(entry=made, entry_id=guid, story_id=guid, rule="new")


def rest() -> None:
    """Tests need not give way."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = open_store("sqlite", tmp_path)
    made.configure([source("alfa")], now=NOON)
    made.apply(update(plan=Plan(placements=tuple(placed(str(n)) for n in range(ENTRIES)))))
    yield made
    made.close()


def entries(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        (count,) = connection.execute("SELECT count(*) FROM entries").fetchone()
        return int(count)


def wrong(path: Path) -> dict[str, str]:
    return {finding.what: finding.wrong for finding in check_store(path) if finding.wrong}


def test_a_backup_is_of_one_moment_whoever_writes_meanwhile(store: Store, tmp_path: Path) -> None:
    target, steps = tmp_path / "copies" / "a.sqlite", []

    def write() -> None:
        steps.append(1)
        store.apply(update(plan=Plan(placements=(placed(f"late {len(steps)}"),))))

    back_up(tmp_path / NAME, target, pause=write)
    assert steps  # somebody did write
    assert entries(target) == ENTRIES
    assert store.totals().entries == ENTRIES + len(steps)
    assert wrong(target) == {}
    assert target.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in target.parent.iterdir()] == ["a.sqlite"]  # one file, and nothing unfinished
    restored = tmp_path / "restored"
    restored.mkdir()
    target.rename(restored / NAME)
    again = open_store("sqlite", restored)
    assert again.totals().entries == ENTRIES
    again.close()


def test_told_to_stop_nothing_stays_of_it(store: Store, tmp_path: Path) -> None:
    stop = threading.Event()
    target = tmp_path / "copies" / "a.sqlite"
    target.parent.mkdir()
    target.write_text("the one of yesterday")
    with pytest.raises(Stopped):
        back_up(tmp_path / NAME, target, pause=stop.set, stopped=stop.is_set)
    assert target.read_text() == "the one of yesterday"
    assert len(list(target.parent.iterdir())) == 1


def test_a_backup_of_a_damaged_store_is_none(store: Store, tmp_path: Path) -> None:
    target = tmp_path / "a.sqlite"
    back_up(tmp_path / NAME, target)
    with closing(sqlite3.connect(tmp_path / NAME)) as connection, connection:
        connection.execute("DELETE FROM stories WHERE key = 7")
    with pytest.raises(StoreError, match=r"it is damaged \(.*every entry tells a story: not 6"):
        back_up(tmp_path / NAME, target)
    assert wrong(target) == {}  # the good one stays


def test_a_backup_does_not_fill_the_disk(store: Store, tmp_path: Path) -> None:
    with small_disk(tmp_path / "small", size="1m") as disk:
        (disk / "ballast").write_bytes(b"x" * 700_000)
        with pytest.raises(BackupError, match="KiB are left on its file system and a backup takes"):
            back_up(tmp_path / NAME, disk / "a.sqlite")
        assert [path.name for path in disk.iterdir()] == ["ballast"]


def test_by_night_the_newest_are_kept(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    (folder / "manual-20260101T000000Z.sqlite").touch()
    (folder / ".unfinished-x").touch()
    for day in range(5):
        made = back_up_tonight(
            tmp_path / NAME, folder, keep=3, now=NOON + timedelta(days=day), pause=rest, stopped=bool
        )
        assert entries(made) == ENTRIES
    assert sorted(path.name for path in folder.iterdir()) == [
        "aggregator-20260303T120000Z.sqlite",
        "aggregator-20260304T120000Z.sqlite",
        "aggregator-20260305T120000Z.sqlite",
        "manual-20260101T000000Z.sqlite",
    ]


@pytest.mark.parametrize("keep", [1, 2])
def test_one_from_the_future_is_not_the_last(store: Store, tmp_path: Path, keep: int) -> None:
    """The clock was wrong for a while."""
    folder = tmp_path / "backups"
    for at in (NOON + timedelta(days=300), NOON):
        assert is_due(folder, now=at)
        made = back_up_tonight(tmp_path / NAME, folder, keep=keep, now=at, pause=rest, stopped=bool)
        assert not is_due(folder, now=at)
        assert made.exists()
    assert len(list(folder.iterdir())) == keep


def test_one_is_due_when_a_night_has_come(tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    evening = datetime(2026, 3, 1, 22).astimezone()

    def made(at: datetime) -> None:
        (folder / f"aggregator-{at.astimezone(UTC):%Y%m%dT%H%M%SZ}.sqlite").touch()

    assert is_due(folder, now=evening)
    made(evening)
    assert not is_due(folder, now=evening + timedelta(hours=4))
    assert is_due(folder, now=evening + timedelta(hours=6))
    made(evening + timedelta(hours=6))
    assert not is_due(folder, now=evening + timedelta(hours=26))


@pytest.mark.parametrize(
    ("harm", "rule"),
    [
        ("DELETE FROM stories WHERE key = 7", "every entry tells a story"),
        (
            "UPDATE stories SET story_id = 'x' WHERE key = 7",
            "every story has the id of an entry that tells it",
        ),
        (
            "UPDATE stories SET representative = 8 WHERE key = 7",
            "every story is represented by an entry that tells it",
        ),
        ("INSERT INTO aliases VALUES ('x', 999999)", "former ids lead to a story"),
        ("INSERT INTO aliases VALUES ('8', 7)", "former ids are nobody's present id"),
        ("INSERT INTO marks VALUES ('url', 'x', 0, 999999, '')", "marks lead to a story"),
        ("UPDATE entries SET extras = '{' WHERE key = 7", "what entries carry can be read"),
        ("UPDATE sources SET rhythm = ''", "states of sources can be read"),
        ("DELETE FROM _sqlite_migrations WHERE name LIKE 'm0002%'", "the schema is of this version"),
        (
            "UPDATE _sqlite_migrations SET name = 'm9999_x' WHERE name LIKE 'm0002%'",
            "the schema is of this version",
        ),
        ("DELETE FROM _sqlite_migrations", "the schema is of this version"),
    ],
)
def test_what_is_wrong_is_found(store: Store, tmp_path: Path, harm: str, rule: str) -> None:
    path = tmp_path / NAME
    assert wrong(path) == {}
    with closing(sqlite3.connect(path)) as connection, connection:
        assert connection.execute(harm).rowcount
    assert rule in wrong(path)


def test_a_file_that_is_damaged_or_no_store(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    back_up(tmp_path / NAME, path)
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size // 2)
        file.write(b"\xff" * 5000)
    assert wrong(path)
    path.write_bytes(b"this is not a database, " * 100)
    assert wrong(path) == {"the file can be read": "file is not a database"}
    path.write_bytes(b"")
    assert "this is no store" in wrong(path)["the schema is of this version"]


def test_a_store_is_written_anew_without_gaps(store: Store, tmp_path: Path) -> None:
    store.prune(before=NOON + timedelta(days=1), keep_per_source=1, texts_before=NOON, removals_before=NOON)
    store.close()
    before, after = compact(tmp_path / NAME)
    assert after < before
    assert after == (tmp_path / NAME).stat().st_size
    assert wrong(tmp_path / NAME) == {}


def test_the_log_does_not_stay_as_large_as_it_once_was(store: Store, tmp_path: Path) -> None:
    log = tmp_path / f"{NAME}-wal"
    store.apply(update(plan=Plan(placements=tuple(placed(f"many {n}") for n in range(4000)))))
    assert log.stat().st_size > LOG_BYTES
    for n in range(3):  # after it was brought into the file, it is begun anew, and cut
        store.apply(update(plan=Plan(placements=(placed(f"few {n}"),))))
    assert log.stat().st_size <= LOG_BYTES
