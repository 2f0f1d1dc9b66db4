"""Whether the file that is open is the one that others find at its path, and whether there is room beside it.

Linux lets a file that was removed or replaced be written as before, and all of it is lost at the end of the process.
SQLite looks for that where it has no write-ahead log only.
"""

import os
import sqlite3
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

from aggregator.errors import StoreError, StoreUnavailable
from aggregator.store.copying import copy

ROOM = 32 << 20  # bytes: below that nothing is begun, for what one poll stores must find room
ROOM_SHARE = 16  # of a small file system that part is enough

Identity: TypeAlias = tuple[int, int]  # device and inode


def address(path: Path, *, read_only: bool) -> str:
    """Return the URI by which SQLite opens a store.

    On a read-only file system it cannot make the files that readers share, and needs none: nobody can write.
    """
    uri = f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rwc'}"
    if read_only and path.exists() and os.statvfs(path).f_flag & os.ST_RDONLY:
        return f"{uri}&immutable=1"
    return uri


def room(directory: Path) -> tuple[int, int]:
    """Return how many bytes are free in a file system, and how many are to stay so."""
    system = os.statvfs(directory)
    return system.f_bavail * system.f_frsize, min(ROOM, system.f_blocks * system.f_frsize // ROOM_SHARE)


class Footing:
    """Of the file at `path`, which has just been opened for writing."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._log = path.with_name(f"{path.name}-wal")
        self._file, self._log_file = _identity(path), _identity(self._log)
        self._mode = stat.S_IMODE(path.stat().st_mode)
        self._aside: str | None = None  # where what we hold has been kept, once another file is in its place

    def check(self, connection: sqlite3.Connection) -> None:
        """Raise `StoreUnavailable` when the file is gone, `StoreError` when another has taken its place.

        What is open is then copied aside, once.
        """
        found = _identity(self._path)
        if found is None:
            raise StoreUnavailable(
                f"{self._path}: the file is gone; it is put back when its directory is there"
            )
        if found != self._file:
            if self._aside is None:
                self._aside = self._set_aside(connection)
            raise StoreError(
                f"{self._path}: another file has taken the place of the store; {self._aside}."
                " Stop the daemon, put the file there that is to be the store, and start it again"
            )
        if self._log_file not in {None, _identity(self._log)}:
            raise StoreUnavailable(f"{self._log}: the file is gone or replaced; the store is opened anew")

    def check_room(self) -> None:
        """Raise `StoreUnavailable` when there is too little space left to begin anything."""
        free, needed = room(self._path.parent)
        if free < needed:
            raise StoreUnavailable(
                f"{self._path}: {free >> 10} KiB are left on its file system; make room for {needed >> 10} KiB at least"
            )

    @property
    def is_shaken(self) -> bool:
        """Whether the file or its log is gone, and `put_back` can help: nobody has put another one there."""
        found = _identity(self._path)
        return found is None or (found == self._file and self._log_file not in {None, _identity(self._log)})

    def put_back(self, connection: sqlite3.Connection) -> None:
        """Write what is open to where it was, if it is gone; it is to be closed and opened anew then."""
        empty_log(connection)
        if _identity(self._path) is None:
            copy(connection, self._path, mode=self._mode)

    def _set_aside(self, connection: sqlite3.Connection) -> str:
        """Keep what is open in a file of its own, and say where; nor may its log be taken for the other's."""
        aside = self._path.with_name(f"{self._path.name}.replaced-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
        empty_log(connection)
        try:
            copy(connection, aside, mode=self._mode)
        except (sqlite3.Error, OSError) as exc:
            return f"what it held could not be copied to {aside} ({exc})"
        return f"what it held is in {aside}"


def empty_log(connection: sqlite3.Connection) -> None:
    """Bring everything into the file that is open: its log then takes no space, and says nothing of any other file.

    A transaction that found no room has left the log as large as it came.
    """
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _identity(path: Path) -> Identity | None:
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_dev, found.st_ino
