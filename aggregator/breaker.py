"""The circuit breaker between the polls and a store that cannot keep what they bring.

Open, it keeps publishers from being asked in vain and the log from one line a poll. Who meets a `StoreError` trips
it. What may pass is tried again until it works; what will not is left to the operator, and a restart.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from time import monotonic

from aggregator.errors import StoreError, StoreUnavailable
from aggregator.logs import log
from aggregator.store.protocol import Store

LOOK = timedelta(seconds=1)  # between two looks whether the store has room and is where it was
RETRY = timedelta(seconds=2)  # between two tries whether it works again
RETRY_MOST = timedelta(minutes=5)  # so long, where it fails again before it has kept a poll
REMIND = timedelta(minutes=5)  # between two lines in the log that say so


async def _nothing() -> None:
    """What is to be done when the store works again: nothing."""


class Breaker:
    """`recovered` is called when the store works again, before anybody else is let through; it may fail, too."""

    def __init__(self, store: Store, *, recovered: Callable[[], Awaitable[None]] = _nothing) -> None:
        self.failure: StoreError | None = None  # why nothing is kept
        self._store = store
        self._recovered = recovered
        self._closed = asyncio.Event()
        self._closed.set()
        self._retry = RETRY
        self._opened_at = self._told_at = 0.0  # monotonic seconds

    @property
    def is_open(self) -> bool:
        return self.failure is not None

    @property
    def is_final(self) -> bool:
        """Whether the store will not mend itself."""
        return self.failure is not None and not isinstance(self.failure, StoreUnavailable)

    async def closed(self) -> None:
        """Wait until the store works."""
        await self._closed.wait()

    def trip(self, failure: StoreError) -> None:
        """Let nobody through until the store works again; of several failures the first that is final counts."""
        final = not isinstance(failure, StoreUnavailable)
        if self.is_final or (self.is_open and not final):
            return
        if not self.is_open:
            self._opened_at = monotonic()
        self.failure = failure
        self._closed.clear()
        self._tell()

    @contextmanager
    def tripped_by_failures(self) -> Iterator[None]:
        """Let a `StoreError` of the block trip, and end there."""
        try:
            yield
        except StoreError as exc:
            self.trip(exc)

    def kept(self) -> None:
        """Note that the store has kept what a poll brought."""
        self._retry = RETRY

    async def watch(self) -> None:
        """Look after the store for ever."""
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
        try:
            await asyncio.to_thread(self._store.recover)
            await self._recovered()
        except StoreUnavailable as exc:
            self.failure = exc  # of what is wrong now
            self._remind()
        except StoreError as exc:
            self.trip(exc)
        else:
            log.warning(
                "store", result="works again, polls go on", after=f"{monotonic() - self._opened_at:.1f}s"
            )
            self._retry = min(self._retry * 2, RETRY_MOST)
            self.failure = None
            self._closed.set()

    def _remind(self) -> None:
        if monotonic() - self._told_at >= REMIND.total_seconds():
            self._tell()

    def _tell(self) -> None:
        self._told_at = monotonic()
        again = "after a restart" if self.is_final else f"{self._retry.total_seconds():g}s"
        log.error(
            "store",
            error=str(self.failure),
            result="polls pause, the last good feeds are served",
            retry=again,
        )
