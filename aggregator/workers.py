"""Processes that read documents and can be killed: feedparser has quadratic patterns.

A document that takes too long or too much costs its own poll an error and its worker its life;
pebble starts another.
"""

import asyncio
import multiprocessing
import resource
import signal
from collections.abc import Callable
from concurrent.futures import TimeoutError as WorkerTimeout
from datetime import timedelta
from typing import TypeVar

from pebble import ProcessExpired, ProcessPool

from aggregator.errors import ParseError

T = TypeVar("T")

TIME_LIMIT = timedelta(seconds=20)  # wall clock for one document
MEMORY_LIMIT = 2 << 30  # bytes of address space of one worker
TASKS_PER_WORKER = 1000  # then it is replaced, so that a leak in a library stays small
PRELOADED = ["aggregator.reading"]  # imported once, before the workers fork


def _prepare() -> None:
    """Run first in each worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the daemon
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))


class Workers:
    """A pool of `count` processes; none is started before the first document."""

    def __init__(self, count: int, *, time_limit: timedelta = TIME_LIMIT) -> None:
        self._time_limit = time_limit
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(PRELOADED)
        self._pool = ProcessPool(
            max_workers=count, max_tasks=TASKS_PER_WORKER, initializer=_prepare, context=context
        )

    async def run(self, function: Callable[..., T], *args: object) -> T:
        """Return `function(*args)`, called in a worker; raises `ParseError` when it must be killed."""
        seconds = self._time_limit.total_seconds()
        future = self._pool.schedule(function, args=args, timeout=seconds)
        try:
            return await asyncio.wrap_future(future)
        except WorkerTimeout as exc:
            raise ParseError(f"the document took more than {seconds:g} s to read") from exc
        except ProcessExpired as exc:
            raise ParseError(f"the worker that read the document died: {exc}") from exc
        except MemoryError as exc:
            raise ParseError(f"the document needs more than {MEMORY_LIMIT >> 20} MiB to read") from exc

    def close(self) -> None:
        """End the workers now; what they are reading is lost."""
        self._pool.stop()  # type: ignore[no-untyped-call]  # pebble forgot one annotation
        self._pool.join()
