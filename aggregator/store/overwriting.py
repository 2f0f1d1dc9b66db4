"""What a backup may take the place of: nothing that was there, but an earlier backup."""

import sqlite3
import stat
from contextlib import closing
from os.path import realpath, samestat
from pathlib import Path

from sqlite_utils import Database

from aggregator.errors import Refused
from aggregator.store.migrations import migrations

BESIDE = ("-wal", "-shm", "-journal")  # SQLite's own files, beside a store
MAGIC = b"SQLite format 3\0"  # https://www.sqlite.org/fileformat2.html#the_database_header
WRITE_VERSION, WITH_LOG = (
    18,
    2,
)  # where the header says how it is written; stores have a log, copies have none


def backup_target(store: Path, named: Path) -> Path:
    """Return the file that a backup to `named` makes or replaces, at the end of symbolic links.

    Raises `Refused` unless it is missing or an earlier backup.
    """
    target = Path(realpath(named))
    try:
        _refuse_files_of(store, target, named)
        found = target.stat()
        if samestat(found, store.stat()):
            raise Refused(f"{named} is the store itself; name another file")
        if not stat.S_ISREG(found.st_mode):
            raise Refused(f"{named} is no regular file; name another")
        _refuse_strangers(target, named)
    except FileNotFoundError:
        return target
    except OSError as exc:
        raise Refused(f"{named}: {exc.strerror}; name another file") from exc
    return target


def _refuse_files_of(store: Path, target: Path, named: Path) -> None:
    """Refuse what SQLite would take for a log of the store, whether it is there now or not."""
    if str(target) in {f"{realpath(store)}{suffix}" for suffix in BESIDE}:
        raise Refused(f"{named} belongs to the store; name another file")


def _refuse_strangers(target: Path, named: Path) -> None:
    with target.open("rb") as file:
        header = file.read(WRITE_VERSION + 1)
    if not header.startswith(MAGIC) or not _has_our_schema(target):
        raise Refused(f"{named} is there already and is no backup; name another file, or move it away")
    if header[WRITE_VERSION] == WITH_LOG:
        raise Refused(f"{named} is a store, no backup; name another file, or move it away")


def _has_our_schema(path: Path) -> bool:
    uri = f"{path.as_uri()}?mode=ro&immutable=1"  # nothing is locked, nor made beside it
    try:
        with closing(sqlite3.connect(uri, uri=True)) as connection:
            return bool(list(migrations.applied(Database(connection))))
    except sqlite3.Error:
        return False
