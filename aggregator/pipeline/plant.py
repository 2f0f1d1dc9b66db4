"""What a pipeline is made of: what the configuration decides, and the parts with I/O that it is given."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeAlias

from aggregator import dedup
from aggregator.cadence import Pace
from aggregator.fetch import Room, Rooms
from aggregator.model import KnownItem, Output, Passed, Reading, Response, Source, Validators
from aggregator.store.protocol import Store

Clock: TypeAlias = Callable[[], datetime]
Read: TypeAlias = Callable[
    [Source, Response, Sequence[KnownItem], Collection[str], Passed | None], Awaitable[Reading]
]


class Fetch(Protocol):
    """What the pipeline needs of `fetch.Fetcher`."""

    async def fetch(
        self,
        source: Source,
        validators: Validators,
        *,
        url: str | None = None,
        delta: bool = False,
        held_hosts: Collection[str] = (),
        room: Room | None = None,
    ) -> Response:
        """Ask the publisher; raises `FetchError` when there is no usable answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plant:
    """Everything that the configuration decides about polling and publishing; swapped on reload."""

    title: str
    public_url: str
    sources: Mapping[str, Source]
    outputs: tuple[Output, ...]  # the merged feed of everything is the first
    pace: Pace
    window: dedup.Window
    hold_hosts: bool = True  # Retry-After counts for the whole host
    health_after: timedelta = timedelta(hours=1)  # how long a change of health lasts before it is told
    tombstones: timedelta = timedelta(days=30)  # how long feeds say that a story is no more
    archives: int = 10  # older documents (RFC 5005) to read of a new source


@dataclass(slots=True, kw_only=True)
class Parts:
    """What the steps work with. `plant` and `fetcher` may be replaced between polls."""

    plant: Plant
    store: Store
    fetcher: Fetch
    read: Read
    clock: Clock
    rooms: Rooms = field(default_factory=Rooms)  # for large bodies, from asking until they are read
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)  # of those whose decisions were overtaken


def now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)
