"""What a configuration means: for polling and publishing, and for serving."""

from dataclasses import replace

from aggregator import __version__, dedup
from aggregator.cadence import Pace
from aggregator.config import Configuration
from aggregator.model import Output
from aggregator.pipeline import Plant
from aggregator.serve import ServeSettings


def plant(configuration: Configuration) -> Plant:
    """Return what a configuration means for polling and publishing."""
    merged = Output(
        name="feed",
        title=configuration.title,
        limit=configuration.limit,
        sorting=configuration.sorting,
        per_source=configuration.per_source,
    )
    named = (replace(output, name=f"feeds/{output.name}") for output in configuration.outputs)
    poll = configuration.poll
    return Plant(
        title=configuration.title,
        public_url=configuration.public_url,
        sources={source.id: source for source in configuration.sources},
        outputs=(merged, *named),
        pace=Pace(interval=poll.interval, min_interval=poll.min_interval, max_interval=poll.max_interval),
        window=dedup.Window(
            url=configuration.dedup.window,
            near=configuration.dedup.window if configuration.dedup.near_duplicates else None,
            group=configuration.dedup.window if configuration.dedup.groups else None,
        ),
        hold_hosts=poll.retry_after_scope == "host",
        archives=poll.archives,
        tombstones=configuration.retention.tombstones,
    )


def user_agent(configuration: Configuration, source_id: str, subscribers: int) -> str:
    """Return how we introduce ourselves to a publisher on behalf of a source (PROTOCOL P31)."""
    contact = configuration.contact or configuration.public_url
    return f"aggregator/{__version__} (+{contact}; {subscribers} subscribers; feed-id={source_id})"


def serve_settings(configuration: Configuration) -> ServeSettings:
    """Return what a configuration means for serving."""
    return ServeSettings(
        title=configuration.title,
        public_url=configuration.public_url,
        token=configuration.server.token,
        feed_tokens=tuple((f"feeds/{one.name}", one.tokens) for one in configuration.outputs if one.tokens),
        rate_limit=configuration.server.rate_limit,
        trusted_proxies=configuration.server.trusted_proxies,
        max_age=configuration.poll.min_interval,
    )
