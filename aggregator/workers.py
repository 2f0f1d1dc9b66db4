"""Processes that read documents and can be killed: feedparser has quadratic patterns.

A document that takes too long or too much costs its own poll an error and its worker its life;
pebble starts another.
"""

import asyncio
import math
import multiprocessing
import resource
import signal
import threading
import time
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

CPU_LIMIT = timedelta(seconds=10)  # for one document
TIME_LIMIT = timedelta(seconds=60)  # wall clock for one document, on a host however busy
MEMORY_LIMIT = 200 << 20  # bytes of data in one worker: RLIMIT_DATA counts what is its own, not what it maps
TASKS_PER_WORKER = 1000  # then it is replaced, so that a leak in a library stays small
PRELOADED = ["aggregator.reading"]  # imported once, before the workers fork


def _prepare() -> None:
    """Run first in each worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the daemon
    _lower(resource.RLIMIT_DATA, MEMORY_LIMIT)


def _lower(which: int, limit: int) -> None:
    _, hard = resource.getrlimit(which)
    resource.setrlimit(which, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))


def _call(function: Callable[..., T], args: tuple[object, ...], cpu_seconds: int) -> T:
    """Run in a worker: the kernel ends it with SIGXCPU when this call has used that much CPU."""
    _lower(resource.RLIMIT_CPU, math.ceil(time.process_time()) + cpu_seconds)
    return function(*args)


class Workers:
    """A pool of `count` processes; none is started before the first document."""

    def __init__(
        self, count: int, *, time_limit: timedelta = TIME_LIMIT, cpu_limit: timedelta = CPU_LIMIT
    ) -> None:
        self._count = count
        self._time_limit = time_limit
        self._cpu_seconds = math.ceil(cpu_limit.total_seconds())
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
        except ProcessExpired as exc:
            if exc.exitcode == -signal.SIGXCPU:
                raise ParseError(f"the document took more than {self._cpu_seconds} s of CPU to read") from exc
            raise ParseError(f"the worker that read the document died: {exc}") from exc
        except BrokenProcessPool as exc:
            raise ParseError(f"the worker that read the document died: {exc}") from exc
        except WorkerTimeout as exc:
            raise ParseError(f"the document took more than {seconds:g} s to read") from exc
        except MemoryError as exc:
            raise ParseError(f"the document needs more than {MEMORY_LIMIT >> 20} MiB to read") from exc

    def _schedule(self, function: Callable[..., T], args: tuple[object, ...], seconds: float) -> "Future[T]":
        """Hand a call to the pool, to a new one when pebble has given the old one up (an idle worker was killed)."""
        call = (function, args, self._cpu_seconds)
        try:
            return self._pool.schedule(_call, args=call, timeout=seconds)
        except RuntimeError:
            log.warning("workers", result="the pool broke and is replaced")
            threading.Thread(target=self._end, args=(self._pool,), daemon=True).start()
            self._pool = self._make()
            return self._pool.schedule(_call, args=call, timeout=seconds)

    @staticmethod
    def _end(pool: ProcessPool) -> None:
        pool.stop()  # type: ignore[no-untyped-call]  # pebble forgot one annotation
        pool.join()

    def close(self) -> None:
        """End the workers now; what they are reading is lost."""
        self._end(self._pool)
