"""What is done to an SQLite store while nobody else has it: a new schema, and a file without gaps."""

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlite_utils import Database

from aggregator.errors import StoreUnavailable
from aggregator.store.failing import failure
from aggregator.store.footing import address, room
from aggregator.store.migrations import migrations
from aggregator.store.sqlite import SqliteStore

COPIES = 2  # of itself that a store needs room for while it is compacted: a temporary file, and the log


def migrate(path: Path) -> tuple[str, ...]:
    """Bring a store to the schema of this version, made if missing; return the names of the steps it took.

    Each step is a transaction: after a crash the next try goes on with the step that was cut short.
    """
    before = _pending(path)
    SqliteStore(path).close()
    return before


def _pending(path: Path) -> tuple[str, ...]:
    name = address(path, read_only=True) if path.exists() else ":memory:"
    try:
        with closing(sqlite3.connect(name, uri=True)) as connection:
            return tuple(one.name for one in migrations.pending(Database(connection)))
    except sqlite3.Error as exc:
        raise failure(exc, path) from exc


def compact(path: Path) -> tuple[int, int]:
    """Write a store anew, without the gaps that what was forgotten has left; return its bytes before and after."""
    before = path.stat().st_size
    free, needed = room(path.parent)
    if free < COPIES * before + needed:
        raise StoreUnavailable(
            f"{path}: {free >> 10} KiB are left on its file system and"
            f" {(COPIES * before + needed) >> 10} KiB are needed to write it anew"
        )
    try:
        with closing(
            sqlite3.connect(address(path, read_only=False), uri=True, isolation_level=None)
        ) as connection:
            connection.execute("VACUUM")
            connection.execute("PRAGMA optimize")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.Error as exc:
        raise failure(exc, path) from exc
    return before, path.stat().st_size
