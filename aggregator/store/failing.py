"""What goes wrong in SQLite and below it, as our errors: what may pass, and what will not."""

import sqlite3
from pathlib import Path

from aggregator.errors import StoreError, StoreUnavailable

RESULT = 0xFF  # of an extended result code, which says more, the part that says what kind it is
PASSING = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_NOMEM,
}
TO_DO = {
    sqlite3.SQLITE_FULL: "make room on its file system",
    sqlite3.SQLITE_BUSY: "another program has been writing to it for too long: end that one",
    sqlite3.SQLITE_NOTADB: "name another file in [store] url, or restore a backup (README, Backups)",
    sqlite3.SQLITE_CORRUPT: "stop the daemon, see `aggregator db check`, and restore a backup (README, Backups)",
}
PASSING_TO_DO = "check that it is on a writable file system with space, and that we may write there"
LASTING_TO_DO = "see `aggregator db check`; check that it is our store"


def failure(exc: sqlite3.Error | OSError, path: Path) -> StoreError:
    """Return the error of ours for one of the store at `path`."""
    if isinstance(exc, OSError):
        return StoreUnavailable(f"{exc.filename or path}: {exc.strerror}; {PASSING_TO_DO}")
    code = getattr(exc, "sqlite_errorcode", None)  # none when Python's module itself complains
    kind = sqlite3.SQLITE_ERROR if code is None else code & RESULT
    if kind in PASSING:
        return StoreUnavailable(f"{path}: {exc}; {TO_DO.get(kind, PASSING_TO_DO)}")
    return StoreError(f"{path}: {exc}; {TO_DO.get(kind, LASTING_TO_DO)}")
