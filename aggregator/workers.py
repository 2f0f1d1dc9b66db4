"""Processes that read documents and can be killed: feedparser has quadratic patterns.

A document that takes too long or too much costs its own poll an error and its worker its life;
pebble starts another. Workers are forked by a server, which has what they need loaded; where that cannot be reached
(its socket lies in the temporary directory, which may be cleaned) each is a new Python, and that none can be
started is no fault of a document's.
"""

import asyncio
import itertools
import math
import multiprocessing
import os
import resource
import signal
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as WorkerTimeout
from concurrent.futures.process import BrokenProcessPool
from datetime import timedelta
from multiprocessing.context import ForkServerContext, SpawnContext
from pathlib import Path
from typing import TypeVar

from pebble import ProcessExpired, ProcessPool

from aggregator.errors import ParseError, WorkersUnavailable
from aggregator.logs import log

T = TypeVar("T")

CPU_LIMIT = timedelta(seconds=10)  # for one document
TIME_LIMIT = timedelta(seconds=60)  # wall clock for one document, on a host however busy
MEMORY_LIMIT = 200 << 20  # bytes of data in one worker: RLIMIT_DATA counts what is its own, not what it maps
WEARY_AT = 64 << 20  # bytes of data that earlier documents left in a worker: the next one gets a new worker
NO_ROOM = 77  # exit code of a worker whose document had none
NO_ROOM_SAYS = f"the document needs more than {MEMORY_LIMIT >> 20} MiB to read"
TASKS_PER_WORKER = 1000  # then it is replaced, so that a leak in a library stays small
PRELOADED = ["aggregator.reading"]  # imported once, before the workers fork
CHECKED = timedelta(seconds=30)  # in which a worker must have answered, from its start on
_BROKEN = (OSError, EOFError, RuntimeError, BrokenProcessPool)  # what is raised where a pool does not start


_calls = itertools.count()  # of this worker: its first is begun however large Python itself is


def _prepare() -> None:
    """Run first in each worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the daemon
    _lower(resource.RLIMIT_DATA, MEMORY_LIMIT)


def _lower(which: int, limit: int) -> None:
    _, hard = resource.getrlimit(which)
    resource.setrlimit(which, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))


class _Weary(Exception):
    """The call was not begun: the worker is no longer as small as a new one."""


def _data() -> int:
    """Return the bytes that RLIMIT_DATA counts (proc_pid_statm(5)); 0 where no kernel tells."""
    try:
        fields = Path("/proc/self/statm").read_bytes().split()
    except FileNotFoundError:
        return 0
    return int(fields[5]) * resource.getpagesize()


def _call(function: Callable[..., T], args: tuple[object, ...], cpu_seconds: int) -> T:
    """Run in a worker: the kernel ends it with SIGXCPU when this call has used that much CPU.

    Memory that large documents leave in pieces never goes back to the kernel, and would count for this one's. Who has
    had no room at all is ended: it might not even have enough to say so, or to begin on the next.
    """
    if next(_calls) and _data() > WEARY_AT:
        raise _Weary
    _lower(resource.RLIMIT_CPU, math.ceil(time.process_time()) + cpu_seconds)
    try:
        return function(*args)
    except MemoryError:
        os._exit(NO_ROOM)


def _unavailable(why: BaseException) -> WorkersUnavailable:
    cause = why.__cause__ if isinstance(why.__cause__, Exception) else why
    return WorkersUnavailable(
        f"no process can be started that reads documents: {cause or repr(cause)}; see that {tempfile.gettempdir()} "
        "(TMPDIR) and /dev/shm can be written to, and that memory and the limits of processes and open files suffice"
    )


class Workers:
    """A pool of `count` processes; none is started before the first document."""

    def __init__(
        self, count: int, *, time_limit: timedelta = TIME_LIMIT, cpu_limit: timedelta = CPU_LIMIT
    ) -> None:
        self._count = count
        self._time_limit = time_limit
        self._cpu_seconds = math.ceil(cpu_limit.total_seconds())
        self._forked = multiprocessing.get_context("forkserver")
        self._forked.set_forkserver_preload(PRELOADED)
        self._pool = self._make(self._forked)
        self._said = False  # that workers start slowly, since they last did not
        self._started: ProcessPool | None = None  # the last that was
        self._starting = asyncio.Lock()
        self._closing = threading.Lock()  # held while a pool starts
        self._closed = False
        self._leaving: dict[
            ProcessPool, threading.Thread
        ] = {}  # replaced, and still reading; who waits for each

    def _make(self, context: ForkServerContext | SpawnContext) -> ProcessPool:
        return ProcessPool(
            max_workers=self._count, max_tasks=TASKS_PER_WORKER, initializer=_prepare, context=context
        )

    async def run(self, function: Callable[..., T], *args: object) -> T:
        """Return `function(*args)`, called in a worker; raises `ParseError` when it must be killed.

        And `WorkersUnavailable` when there is no worker to call it in.
        """
        seconds = self._time_limit.total_seconds()
        try:
            try:
                return await self._begun(function, args, seconds)
            except BrokenProcessPool:  # the pool broke before it came to this call: once more, in a new one
                return await self._begun(function, args, seconds)
        except ProcessExpired as exc:
            if exc.exitcode == -signal.SIGXCPU:
                raise ParseError(f"the document took more than {self._cpu_seconds} s of CPU to read") from exc
            if exc.exitcode == NO_ROOM:
                raise ParseError(NO_ROOM_SAYS) from exc
            raise ParseError(f"the worker that read the document died: {exc}") from exc
        except BrokenProcessPool as exc:
            await self.check()  # the document's fault only where others can be read
            raise ParseError(f"the worker that read the document died: {exc or 'it broke the pool'}") from exc
        except WorkerTimeout as exc:
            raise ParseError(f"the document took more than {seconds:g} s to read") from exc
        except MemoryError as exc:
            raise ParseError(NO_ROOM_SAYS) from exc

    async def check(self) -> None:
        """Raise `WorkersUnavailable` unless a call that nothing is wrong with is answered."""
        seconds = CHECKED.total_seconds()
        try:
            async with asyncio.timeout(seconds):
                try:
                    await self._begun(abs, (0,), seconds)
                except (BrokenProcessPool, ProcessExpired):  # by what somebody else had read in that pool
                    await self._begun(abs, (0,), seconds)
        except (BrokenProcessPool, ProcessExpired, TimeoutError) as exc:
            raise _unavailable(exc) from exc

    async def _begun(self, function: Callable[..., T], args: tuple[object, ...], seconds: float) -> T:
        """Return what a worker that is not weary makes of a call; where one is, all are replaced."""
        while True:
            future, pool = await self._scheduled(function, args, seconds)
            try:
                return await asyncio.wrap_future(future)
            except _Weary:
                self._replace(pool)

    async def _start(self) -> ProcessPool:
        """Return the pool, and have it run: pebble starts one with its first call, and waits for its processes."""
        async with self._starting:
            if self._pool is not self._started:
                try:
                    await asyncio.to_thread(self._start_now)
                except RuntimeError as exc:  # there is no thread to start it in
                    raise _unavailable(exc) from exc
                self._started = self._pool
            return self._pool

    def _start_now(self) -> None:
        """Start the pool, one of new Pythons where none can be forked; raises `WorkersUnavailable`."""
        with self._closing:
            if self._closed:
                return
            try:
                self._pool.active  # noqa: B018 - looking starts it
                self._said = False
            except _BROKEN as exc:
                self._give_up()
                self._pool = self._make(multiprocessing.get_context("spawn"))
                self._start_slowly(exc)

    def _start_slowly(self, why: BaseException) -> None:
        """Start the pool that does not need what failed: neither the server that forks nor its socket."""
        try:
            self._pool.active  # noqa: B018 - looking starts it
        except _BROKEN as exc:
            self._give_up()
            self._pool = self._make(self._forked)  # for the next try
            raise _unavailable(exc) from exc
        if not self._said:
            self._said = True
            log.warning(
                "workers",
                error=str(why.__cause__ or why),
                result="each loads its own Python until a restart; see that TMPDIR is a short path, and is not cleaned",
            )

    def _give_up(self) -> None:
        """End what of the pool has started before the rest could not."""
        self._pool.stop()  # type: ignore[no-untyped-call]
        self._pool.join()

    async def _scheduled(
        self, function: Callable[..., T], args: tuple[object, ...], seconds: float
    ) -> "tuple[Future[T], ProcessPool]":
        """Hand a call to the pool, to a new one when pebble has given the old one up (an idle worker was killed).

        Raises `BrokenProcessPool` when the new one is given up, too.
        """
        call = (function, args, self._cpu_seconds)
        pool = await self._start()
        try:
            return pool.schedule(_call, args=call, timeout=seconds), pool
        except RuntimeError:
            log.warning("workers", result="the pool broke and is replaced")
            self._replace(pool)
        pool = await self._start()
        try:
            return pool.schedule(_call, args=call, timeout=seconds), pool
        except RuntimeError as exc:
            raise BrokenProcessPool(str(exc)) from exc

    def _replace(self, pool: ProcessPool) -> None:
        """Let a pool end what it has begun, once, and have a new one for all calls to come."""
        if pool is self._pool:
            self._pool = self._make(self._forked)
            waiting = self._leaving[pool] = threading.Thread(target=self._leave, args=(pool,), daemon=True)
            waiting.start()

    def _leave(self, pool: ProcessPool) -> None:
        if pool.active:
            pool.close()  # type: ignore[no-untyped-call]  # pebble forgot some annotations
        else:
            pool.stop()  # type: ignore[no-untyped-call]
        pool.join()
        self._leaving.pop(pool, None)

    def close(self) -> None:
        """End the workers now; what they are reading is lost.

        A pool is joined by one thread only: two would close its pipes twice, the second time somebody else's.
        """
        with self._closing:  # one that is stopped as it starts would run on
            self._closed = True
        self._pool.stop()  # type: ignore[no-untyped-call]
        self._pool.join()
        for pool, waiting in tuple(self._leaving.items()):
            pool.stop()  # type: ignore[no-untyped-call]
            waiting.join()
