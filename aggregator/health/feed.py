"""What was told of the health of sources as a feed of its own, apart from all content."""

from collections.abc import Sequence
from html import escape
from typing import Final

from aggregator.health.words import headline
from aggregator.merge import EMPTY_AT
from aggregator.model import HealthEvent, MergedEntry, MergedFeed, Provenance

HEALTH: Final = "health"  # its path
ENTRIES: Final = 100  # the latest


def health_feed(events: Sequence[HealthEvent], *, title: str, public_url: str) -> MergedFeed:
    """Return the latest of `events`, which come the earliest first, as a feed."""
    latest = tuple(reversed(events[-ENTRIES:]))
    return MergedFeed(
        path=HEALTH,
        title=f"Source health – {title}",
        public_url=public_url,
        updated_at=max((event.at for event in latest), default=EMPTY_AT),
        entries=tuple(_entry(event, public_url) for event in latest),
    )


def _entry(event: HealthEvent, public_url: str) -> MergedEntry:
    lines = [line for line in (event.reason, event.advice) if line]
    since = f"{event.state.capitalize()} since {event.since:%Y-%m-%d %H:%M} UTC."
    return MergedEntry(
        id=event.id,
        url=f"{public_url}/status",
        title=headline(event),
        published_at=event.at,
        updated_at=event.at,
        content="".join(f"<p>{escape(line)}</p>" for line in (since, *lines)),
        language="en",
        categories=(event.state.value,),
        source=Provenance(
            source_id=event.source_id,
            feed_id=event.url,
            title=event.title,
            feed_url=event.url,
            updated_at=event.at,
        ),
    )
