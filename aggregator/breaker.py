"""The circuit breaker between the polls and what they cannot do without: a store that keeps, and workers that read.

Open, it keeps publishers from being asked in vain and the log from one line a poll. Who meets a `StoreError` or
`WorkersUnavailable` trips it. What may pass is tried again until it works; what will not is left to the operator, and
a restart.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from time import monotonic
from typing import TypeAlias

from aggregator.errors import StoreError, StoreUnavailable, WorkersUnavailable
from aggregator.logs import log
from aggregator.store.protocol import Store

LOOK = timedelta(seconds=1)  # between two looks whether the store has room and is where it was
RETRY = timedelta(seconds=2)  # between two tries whether it works again
RETRY_MOST = timedelta(minutes=5)  # so long, where it fails again before it has kept a poll
REMIND = timedelta(minutes=5)  # between two lines in the log that say so

FINAL = 3  # gravity of a failure of the store that will not mend itself
Failure: TypeAlias = StoreError | WorkersUnavailable


async def _nothing() -> None:
    """What is to be done when the store works again, or to see whether documents can be read: nothing."""


class Breaker:
    """`recovered` is called when the store works again, before anybody else is let through; it may fail, too.

    `readable` raises `WorkersUnavailable` while no document can be read.
    """

    def __init__(
        self,
        store: Store,
        *,
        recovered: Callable[[], Awaitable[None]] = _nothing,
        readable: Callable[[], Awaitable[None]] = _nothing,
    ) -> None:
        self.failure: Failure | None = None  # why nothing is polled
        self._store = store
        self._recovered = recovered
        self._readable = readable
        self._keeps = asyncio.Event()
        self._keeps.set()
        self._retry = RETRY
        self._opened_at = self._told_at = 0.0  # monotonic seconds

    @property
    def is_open(self) -> bool:
        """Whether polls pause."""
        return self.failure is not None

    @property
    def is_keeping(self) -> bool:
        """Whether the store works: all but polls may go on."""
        return not isinstance(self.failure, StoreError)

    @property
    def is_final(self) -> bool:
        """Whether the store will not mend itself."""
        return _gravity(self.failure) == FINAL

    async def keeping(self) -> None:
        """Wait until the store works."""
        await self._keeps.wait()

    def trip(self, failure: Failure) -> None:
        """Let nobody through until it works again; of several failures the first of the gravest counts."""
        if _gravity(failure) <= _gravity(self.failure):
            return
        if not self.is_open:
            self._opened_at = monotonic()
        self._fail(failure)
        self._tell()

    def _fail(self, failure: Failure) -> None:
        self.failure = failure
        if self.is_keeping:
            self._keeps.set()
        else:
            self._keeps.clear()

    @contextmanager
    def tripped_by_failures(self) -> Iterator[None]:
        """Let a `StoreError` of the block trip, and end there."""
        try:
            yield
        except StoreError as exc:
            self.trip(exc)

    def kept(self) -> None:
        """Note that the store has kept what a poll brought, and that it was read."""
        self._retry = RETRY

    async def watch(self) -> None:
        """Look after the store, and after the workers while they fail, for ever."""
        while True:
            await asyncio.sleep((self._retry if self.is_open else LOOK).total_seconds())
            if self.is_final:
                self._remind()
            elif self.is_open:
                await self._try()
            else:
                await self._look()

    async def _look(self) -> None:
        try:
            await asyncio.to_thread(self._store.look)
        except StoreError as exc:
            self.trip(exc)

    async def _try(self) -> None:
        tried = self.failure
        try:
            if self.is_keeping:
                await asyncio.to_thread(self._store.look)
            else:
                await asyncio.to_thread(self._store.recover)
                await self._recovered()
            await self._readable()
        except (WorkersUnavailable, StoreUnavailable) as exc:
            self._fails_still(exc, tried)
        except StoreError as exc:
            self.trip(exc)
        else:
            self._works(tried)

    def _fails_still(self, failure: Failure, tried: Failure | None) -> None:
        """Say what is wrong now, unless something graver has been since."""
        if isinstance(failure, WorkersUnavailable):
            self._retry = min(self._retry * 2, RETRY_MOST)  # each try starts processes
        if _gravity(self.failure) <= _gravity(tried):
            self._fail(failure)
            self._remind()

    def _works(self, tried: Failure | None) -> None:
        """Let polls go on, unless something graver has been wrong since."""
        if _gravity(self.failure) > _gravity(tried):
            return
        after = f"{monotonic() - self._opened_at:.1f}s"
        log.warning(self._what, result="works again, polls go on", after=after)
        self._retry = min(self._retry * 2, RETRY_MOST)
        self.failure = None
        self._keeps.set()

    @property
    def _what(self) -> str:
        return "workers" if self.is_keeping else "store"

    def _remind(self) -> None:
        if monotonic() - self._told_at >= REMIND.total_seconds():
            self._tell()

    def _tell(self) -> None:
        self._told_at = monotonic()
        again = "after a restart" if self.is_final else f"{self._retry.total_seconds():g}s"
        log.error(
            self._what,
            error=str(self.failure),
            result="polls pause, the last good feeds are served",
            retry=again,
        )


def _gravity(failure: Failure | None) -> int:
    """Say how far a failure reaches: polls pause, all that is kept waits, or waits for a restart."""
    if failure is None:
        return 0
    if isinstance(failure, WorkersUnavailable):
        return 1
    return 2 if isinstance(failure, StoreUnavailable) else FINAL
