"""Processes that read documents and can be killed: feedparser has quadratic patterns.

A document that takes too long or too much costs its own poll an error and its worker its life;
pebble starts another.
"""

import asyncio
import multiprocessing
import resource
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as WorkerTimeout
from concurrent.futures.process import BrokenProcessPool
from datetime import timedelta
from typing import TypeVar

from pebble import ProcessExpired, ProcessPool

from aggregator.errors import ParseError
from aggregator.logs import log

T = TypeVar("T")

TIME_LIMIT = timedelta(seconds=20)  # wall clock for one document
MEMORY_LIMIT = 2 << 30  # bytes of address space of one worker
TASKS_PER_WORKER = 1000  # then it is replaced, so that a leak in a library stays small
PRELOADED = ["aggregator.reading"]  # imported once, before the workers fork


def _prepare() -> None:
    """Run first in each worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the daemon
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = MEMORY_LIMIT if hard == resource.RLIM_INFINITY else min(MEMORY_LIMIT, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


class Workers:
    """A pool of `count` processes; none is started before the first document."""

    def __init__(self, count: int, *, time_limit: timedelta = TIME_LIMIT) -> None:
        self._count = count
        self._time_limit = time_limit
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(PRELOADED)
        self._pool = self._make()

    def _make(self) -> ProcessPool:
        return ProcessPool(
            max_workers=self._count, max_tasks=TASKS_PER_WORKER, initializer=_prepare, context=self._context
        )

    async def run(self, function: Callable[..., T], *args: object) -> T:
        """Return `function(*args)`, called in a worker; raises `ParseError` when it must be killed."""
        seconds = self._time_limit.total_seconds()
        try:
            try:
                return await asyncio.wrap_future(self._schedule(function, args, seconds))
            except BrokenProcessPool:  # the pool broke before it came to this call: once more, in a new one
                return await asyncio.wrap_future(self._schedule(function, args, seconds))
        except (ProcessExpired, BrokenProcessPool) as exc:
            raise ParseError(f"the worker that read the document died: {exc}") from exc
        except WorkerTimeout as exc:
            raise ParseError(f"the document took more than {seconds:g} s to read") from exc
        except MemoryError as exc:
            raise ParseError(f"the document needs more than {MEMORY_LIMIT >> 20} MiB to read") from exc

    def _schedule(self, function: Callable[..., T], args: tuple[object, ...], seconds: float) -> "Future[T]":
        """Hand a call to the pool, to a new one when pebble has given the old one up (an idle worker was killed)."""
        try:
            return self._pool.schedule(function, args=args, timeout=seconds)
        except RuntimeError:
            log.warning("workers", result="the pool broke and is replaced")
            threading.Thread(target=self._end, args=(self._pool,), daemon=True).start()
            self._pool = self._make()
            return self._pool.schedule(function, args=args, timeout=seconds)

    @staticmethod
    def _end(pool: ProcessPool) -> None:
        pool.stop()  # type: ignore[no-untyped-call]  # pebble forgot one annotation
        pool.join()

    def close(self) -> None:
        """End the workers now; what they are reading is lost."""
        self._end(self._pool)
