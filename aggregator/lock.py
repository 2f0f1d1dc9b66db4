"""One owner per data directory, by a lock that the system releases however its process ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aggregator.errors import Busy, ConfigError

FILE_NAME = "aggregator.lock"


@contextmanager
def ownership(data_dir: Path) -> Iterator[None]:
    """Own `data_dir`, made if missing, for the length of the block; `Busy` when another process does."""
    path = data_dir / FILE_NAME
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as exc:
        raise ConfigError(
            f"{exc.filename or path}: error: {exc.strerror}; [aggregator] data_dir must be a writable directory"
        ) from exc
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            owner = os.read(handle, 32).decode(errors="replace").strip() or "unknown"
            raise Busy(
                f"{data_dir} belongs to a running aggregator (process {owner}); stop it or try again later"
            ) from exc
        os.ftruncate(handle, 0)
        os.write(handle, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(handle)
