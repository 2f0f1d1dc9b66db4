"""What the daemon does beside polling: forget what retention lets go, and keep backups."""

import asyncio
import os
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from aggregator import dedup, orders
from aggregator.breaker import Breaker
from aggregator.config import Configuration
from aggregator.errors import BackupError, StoreError
from aggregator.logs import log
from aggregator.pipeline import now
from aggregator.store import Store, back_up_tonight, is_due, store_file

VERSIONS_KEPT = timedelta(days=90)  # what entries said before, unless their retention ends first
BACKUPS = "backups"  # directory of those made by night, in data_dir
FIRST_LOOK = timedelta(minutes=10)  # after the start, whether a backup is due: the polls come first
LOOK = timedelta(hours=1)  # between two further looks, and after a backup that could not be made
STEP_PAUSE = timedelta(milliseconds=20)  # after each MiB of a backup: the disk is for the polls first
NICENESS = 10  # of the thread that makes backups, where the system knows of such


def forget(store: Store, configuration: Configuration, *, at: datetime) -> int:
    """Forget what retention lets go; return of how many entries."""
    keep = configuration.retention
    return store.prune(
        before=at - keep.keep,
        keep_per_source=keep.keep_per_source,
        texts_before=at - dedup.Window().text,
        versions_before=at - VERSIONS_KEPT,
        removals_before=at - keep.tombstones,
    )


async def tidy(store: Store, configuration: Configuration) -> int:
    """Forget what retention lets go and what dead processes left; return of how many entries."""
    at = now()
    await asyncio.to_thread(orders.clear, configuration.data_dir, now=at)
    pruned = await asyncio.to_thread(forget, store, configuration, at=at)
    if pruned:
        log.info("tidy", pruned=pruned)
    return pruned


class Backups:
    """Makes one each night (`store.is_due`) until stopped; `configuration` tells the one in force."""

    def __init__(self, configuration: Callable[[], Configuration], breaker: Breaker) -> None:
        self._configuration = configuration
        self._breaker = breaker
        self._stopping = threading.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="backup", initializer=_give_way)

    async def run(self) -> None:
        """Look now and then whether one is due, and make it."""
        wait = FIRST_LOOK
        while True:
            await asyncio.sleep(wait.total_seconds())
            await self._breaker.keeping()
            await self.look()
            wait = LOOK

    async def look(self) -> None:
        """Make a backup if one is due."""
        configuration = self._configuration()
        file = store_file(configuration.store_url, configuration.data_dir)
        directory = configuration.data_dir / BACKUPS
        if file is None or not configuration.backups:
            return
        try:
            if is_due(directory, now=now()):
                await self._make(file, directory, configuration.backups)
        except BackupError as exc:
            log.error("backup", error=str(exc), retry=f"{LOOK.total_seconds():g}s")
        except StoreError as exc:
            self._breaker.trip(exc)

    async def _make(self, file: Path, directory: Path, keep: int) -> None:
        began = time.monotonic()
        work = partial(
            back_up_tonight,
            file,
            directory,
            keep=keep,
            now=now(),
            pause=lambda: time.sleep(STEP_PAUSE.total_seconds()),
            stopped=self._stopping.is_set,
        )
        made = await asyncio.get_running_loop().run_in_executor(self._thread, work)
        log.info(
            "backup", file=str(made), bytes=made.stat().st_size, ms=round((time.monotonic() - began) * 1000)
        )

    def close(self) -> None:
        """Give up the backup that is being made, if any; nothing of it stays."""
        self._stopping.set()
        self._thread.shutdown(wait=True)


def _give_way() -> None:
    """Let everybody else run first: Linux has priorities by thread."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
