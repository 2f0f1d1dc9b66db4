"""One owner per data directory and per store, by locks that the system releases however their process ends."""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from aggregator.errors import Busy, ConfigError, StoreUnavailable
from aggregator.logs import log

FILE_NAME = "aggregator.lock"
SUFFIX = ".lock"  # in place of the store's own: of the usual store it is the lock of its data directory
OWNER_BYTES = 200  # of a lock file are read: who owns it, and since when
PASSING = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO}  # trouble that may end by itself


@contextmanager
def ownership(data_dir: Path, store: Path | None = None) -> Iterator[None]:
    """Own `data_dir`, made if missing, and the `store` file for the length of the block.

    Both by the paths that symbolic links lead to. `Busy` when another process owns one of them. The files stay:
    whether they are owned is not in them, so that nothing has to be cleared after a crash.
    """
    paths = {data_dir.resolve() / FILE_NAME: data_dir}
    if store is not None:
        paths.setdefault(store.resolve().with_suffix(SUFFIX), store)
    with ExitStack() as stack:
        for path, owned in paths.items():
            stack.callback(os.close, _locked(path, owned))
        yield


def _locked(path: Path, owned: Path) -> int:
    """Return the descriptor that holds the lock, of `owned`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as exc:
        if exc.errno in PASSING:
            raise StoreUnavailable(f"{exc.filename or path}: {exc.strerror}; nothing can be stored") from exc
        raise ConfigError(
            f"{exc.filename or path}: error: {exc.strerror}; [aggregator] data_dir must be a writable directory"
        ) from exc
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as exc:
        owner = _owner(handle)
        os.close(handle)
        raise Busy(f"{owned} belongs to a running aggregator ({owner}); stop it or try again later") from exc
    except OSError as exc:
        os.close(handle)
        raise ConfigError(
            f"{path}: error: {exc.strerror}; [aggregator] data_dir must be on a file system with locks"
        ) from exc
    _sign(handle, path)
    return handle


def _owner(handle: int) -> str:
    """Say who holds a lock: "process 123, since 2026-03-01 12:00:00 UTC", as far as it has said."""
    pid, _, since = os.read(handle, OWNER_BYTES).decode(errors="replace").strip().partition(" ")
    return f"process {pid or 'unknown'}" + (f", since {since}" if since else "")


def _sign(handle: int, path: Path) -> None:
    """Say in a lock whose it is; on a full disk nobody can, and it is ours all the same."""
    try:
        os.ftruncate(handle, 0)
        os.write(handle, f"{os.getpid()} {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC\n".encode())
    except OSError as exc:
        log.warning("lock", path=str(path), error=exc.strerror)
