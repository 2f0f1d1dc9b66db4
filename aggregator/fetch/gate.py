"""Politeness per host: one request at a time, and a rest between two."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from time import monotonic

DEFAULT_GAP = timedelta(seconds=1)


@dataclass(slots=True)
class _Lane:
    """The queue in front of one host."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0  # inside or waiting
    ended_at: float = float("-inf")  # monotonic seconds


class HostGate:
    """Lets one request at a time through to a host, first come first served.

    `gap` is the rest between the end of one request and the start of the next; it may be changed
    at any time and may be zero. Hosts are names without a port: ports share the host's machine.
    Hosts that are neither in use nor resting are forgotten.
    """

    def __init__(self, gap: timedelta = DEFAULT_GAP) -> None:
        self.gap = gap
        self._lanes: OrderedDict[str, _Lane] = OrderedDict()  # oldest end first

    @property
    def remembered(self) -> int:
        """How many hosts are in use or resting."""
        return len(self._lanes)

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[None]:
        """Wait for `host` to be free and rested, and hold it for the body of the `async with`."""
        lane = self._lanes.setdefault(host.lower(), _Lane())
        lane.users += 1
        try:
            async with lane.lock:
                await self._rest(lane)
                try:
                    yield
                finally:
                    lane.ended_at = monotonic()
                    self._lanes.move_to_end(host.lower())
        finally:
            lane.users -= 1
            self._forget_idle()

    async def _rest(self, lane: _Lane) -> None:
        # A timer may fire a clock tick early, and the gap may change meanwhile: look again.
        while (wait := lane.ended_at + self.gap.total_seconds() - monotonic()) > 0:  # noqa: ASYNC110
            await asyncio.sleep(wait)

    def _forget_idle(self) -> None:
        rested_before = monotonic() - self.gap.total_seconds()
        idle = []
        for host, lane in self._lanes.items():
            if lane.ended_at > rested_before:
                break  # those behind it ended later
            if not lane.users:
                idle.append(host)
        for host in idle:
            del self._lanes[host]
