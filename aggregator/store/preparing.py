"""An SQLite store as it is opened: the schema of this version, and how it is written."""

from pathlib import Path

from sqlite_utils import Database

from aggregator.errors import StoreError
from aggregator.store.checking import later
from aggregator.store.migrations import migrations
from aggregator.store.searching import connect

LOG_BYTES = (
    16 << 20
)  # of the log stay when it has been brought into the file; it grew to what one update needed


def prepared(path: Path, *, read_only: bool = False) -> Database:
    """Open a store, made or migrated unless `read_only`; raises SQLite's errors, and `StoreError` for a strange one."""
    db = connect(path, read_only=read_only)
    try:
        if strange := later(db):
            raise StoreError(f"{path}: {strange}; install that, or restore a backup")
        if not read_only:
            db.enable_wal()
            db.execute("PRAGMA synchronous = FULL")  # what was emitted survives a power cut
            db.execute(f"PRAGMA journal_size_limit = {LOG_BYTES}").fetchone()
            migrations.apply(db)
            db.execute("PRAGMA foreign_keys = ON")
        elif migrations.pending(db):
            raise StoreError(f"{path}: the store is of another version; start the daemon once to migrate it")
    except BaseException:
        db.close()
        raise
    return db
