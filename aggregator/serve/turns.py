"""Who may make something now, and who waits: readers together never take the threads that polls need."""

import asyncio
from collections.abc import Callable
from typing import Final, TypeVar

AT_ONCE: Final = 2  # threads of those that all share; there are at least five
WAITING_MOST: Final = 64  # then 503
SEARCHING_MOST: Final = 12  # searches that wait for the one before them, which may take ten seconds
RETRY_SECONDS: Final = 5  # for who is sent away

T = TypeVar("T")


class Overloaded(Exception):
    """More is asked for than can be made: come back after `RETRY_SECONDS`."""


class Turns:
    """Lets a few callers at a time make something in a thread, in the order they came."""

    def __init__(self, *, at_once: int = AT_ONCE, waiting_most: int = WAITING_MOST) -> None:
        self._free = asyncio.Semaphore(at_once)
        self._most = at_once + waiting_most
        self._here = 0

    async def make(self, make: Callable[[], T]) -> T:
        """Return what `make` makes; raises `Overloaded` at once when too many wait already."""
        if self._here >= self._most:
            raise Overloaded
        self._here += 1
        try:
            async with self._free:
                return await asyncio.to_thread(make)
        finally:
            self._here -= 1
