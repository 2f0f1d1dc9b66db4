"""Backups of an SQLite store: made while it is written to, verified, and the old ones let go."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from aggregator.errors import BackupError, StoreError
from aggregator.store.checking import check_store
from aggregator.store.copying import clear, copy
from aggregator.store.footing import address, room

FOLDER = "backups"  # in the data directory
PREFIX, STAMP, SUFFIX = "aggregator-", "%Y%m%dT%H%M%SZ", ".sqlite"
NIGHT = time(3)  # local time after which a backup of the day is due
MODE = 0o600  # a backup has all that its store has, and whoever needs it is its owner


class Stopped(Exception):
    """The backup was given up, because we are told to stop."""


def back_up(
    store: Path,
    target: Path,
    *,
    pause: Callable[[], None] = lambda: None,
    stopped: Callable[[], bool] = lambda: False,
) -> None:
    """Copy a store to `target`, whole and verified, in place of what is there.

    `pause` is called after every MiB; once `stopped` says so, `Stopped` is raised. Raises `BackupError` when the copy
    cannot be written, `StoreError` when the store is damaged. Nothing unfinished stays.
    """

    def between() -> None:
        if stopped():
            raise Stopped
        pause()

    def verify(copied: Path) -> None:
        wrong = [finding for finding in check_store(copied, stopped=stopped) if finding.wrong]
        if stopped():
            raise Stopped
        if wrong:
            told = "; ".join(f"{finding.what}: {finding.wrong}" for finding in wrong)
            raise StoreError(f"{store}: it is damaged ({told}); stop the daemon, see `aggregator db check`")

    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with closing(
            sqlite3.connect(address(store, read_only=True), uri=True, isolation_level=None)
        ) as source:
            _check_room(source, target.parent)
            copy(source, target, mode=MODE, between=between, verify=verify)
    except OSError as exc:
        raise BackupError(f"{exc.filename or target}: {exc.strerror}; the backup cannot be written") from exc
    except sqlite3.Error as exc:
        raise BackupError(f"{target}: {exc}; the backup cannot be made") from exc


def _check_room(source: sqlite3.Connection, directory: Path) -> None:
    """A backup is not to fill the disk that the store needs."""
    (pages,), (page,) = (source.execute(f"PRAGMA {what}").fetchone() for what in ("page_count", "page_size"))
    size, (free, needed) = pages * page, room(directory)
    if free < size + needed:
        raise BackupError(
            f"{directory}: {free >> 10} KiB are left on its file system and a backup takes {size >> 10} KiB;"
            f" {needed >> 10} KiB must stay free"
        )


def is_due(directory: Path, *, now: datetime) -> bool:
    """Whether no backup has been made since the last night began; one from the future does not count."""
    local = now.astimezone()
    night = datetime.combine(local.date(), NIGHT, local.tzinfo)
    if night > local:
        night -= timedelta(days=1)
    return not any(night <= at <= now for at, _ in _kept(directory))


def back_up_tonight(
    store: Path,
    directory: Path,
    *,
    keep: int,
    now: datetime,
    pause: Callable[[], None],
    stopped: Callable[[], bool],
) -> Path:
    """Make a backup named after the time and return it; of the earlier ones the newest stay, `keep` with this one.

    Raises as `back_up` does, and then all of them stay.
    """
    clear(directory)
    made = directory / f"{PREFIX}{now.astimezone(UTC):{STAMP}}{SUFFIX}"
    back_up(store, made, pause=pause, stopped=stopped)
    earlier = [path for _, path in _kept(directory) if path != made]
    for path in earlier[keep - 1 :]:
        path.unlink(missing_ok=True)
    return made


def _kept(directory: Path) -> list[tuple[datetime, Path]]:
    """Return the backups made by night, the newest first, each with its time."""
    found = []
    for path in directory.glob(f"{PREFIX}*{SUFFIX}"):
        stamp = path.name.removeprefix(PREFIX).removesuffix(SUFFIX)
        try:
            found.append((datetime.strptime(stamp, STAMP).replace(tzinfo=UTC), path))
        except ValueError:
            continue  # somebody else's
    return sorted(found, reverse=True)
