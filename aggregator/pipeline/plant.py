"""What a pipeline is made of: what the configuration decides, and the parts with I/O that it is given."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from aggregator import dedup
from aggregator.cadence import Pace
from aggregator.model import Output, Reading, Response, Source, Validators

Read = Callable[[Source, Response], Awaitable[Reading]]
Clock = Callable[[], datetime]


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
    archives: int = 10  # older documents (RFC 5005) to read of a new source


def now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)
