"""Few large bodies at a time: what many publishers send at once must not add up to all memory there is."""

import asyncio
from types import TracebackType
from typing import Self

LARGE = 2**19  # bytes; what is smaller waits for nobody
LARGE_AT_ONCE = 2  # bodies beyond it, from the moment they exceed it until they have been read


class Room:
    """What one visit takes of it: nothing, or a place for a large body from `take` on until it is left."""

    def __init__(self, places: asyncio.Semaphore) -> None:
        self._places = places
        self.is_taken = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.is_taken:
            self.is_taken = False
            self._places.release()

    async def take(self) -> None:
        """Wait for a place, unless the visit has one."""
        if not self.is_taken:
            await self._places.acquire()
            self.is_taken = True


class Rooms:
    """The places that all visits share."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(LARGE_AT_ONCE)

    def visit(self) -> Room:
        return Room(self._places)
