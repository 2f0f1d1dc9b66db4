"""A copy of an SQLite store that is in use: whole, as of one moment, and there only when it is finished."""

import os
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

STEP_PAGES = 256  # copied at once: a MiB, usually
UNFINISHED = ".unfinished-"  # how the name of a copy begins that is not whole


def copy(
    source: sqlite3.Connection,
    path: Path,
    *,
    mode: int = 0o600,
    between: Callable[[], None] = lambda: None,
    verify: Callable[[Path], None] = lambda _: None,
) -> None:
    """Copy what `source` reads to the file `path`, in place of what is there.

    `between` is called after every step; `verify` is given the finished copy, in one file without a log, before it
    takes its name. What either raises leaves nothing behind, as does what goes wrong (sqlite3.Error, OSError).
    Who writes meanwhile, by another connection, neither waits nor makes the copy begin anew: all steps read one
    moment.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=UNFINISHED)
    os.close(handle)
    unfinished = Path(name)
    try:
        with closing(sqlite3.connect(unfinished, isolation_level=None)) as target:
            target.execute("PRAGMA synchronous = OFF")  # it is brought to the disk as a whole
            _read_one_moment(source, target, between)
            target.execute("PRAGMA journal_mode = DELETE")
        verify(unfinished)
        unfinished.chmod(mode)
        _sync(unfinished)
        unfinished.replace(path)
        _sync(path.parent)
    finally:
        for stray in (unfinished, Path(f"{name}-wal"), Path(f"{name}-shm"), Path(f"{name}-journal")):
            stray.unlink(missing_ok=True)


def _read_one_moment(
    source: sqlite3.Connection, target: sqlite3.Connection, between: Callable[[], None]
) -> None:
    """Copy in steps within one transaction, unless `source` is in one that it has begun itself."""
    begun = not source.in_transaction
    if begun:
        source.execute("BEGIN")
    try:
        source.execute(
            "SELECT count(*) FROM sqlite_master"
        ).fetchone()  # the moment is that of the first read
        source.backup(target, pages=STEP_PAGES, progress=lambda *_: between())
    finally:
        if begun:
            source.rollback()


def clear(directory: Path) -> None:
    """Remove what copies that were killed have left."""
    for stray in directory.glob(f"{UNFINISHED}*"):
        stray.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
