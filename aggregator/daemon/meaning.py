"""What a configuration means: for polling and publishing, for serving, and for telling."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from aggregator import __version__, dedup
from aggregator.cadence import Pace
from aggregator.command import run_command
from aggregator.config import Configuration
from aggregator.errors import FetchError, NoticeError
from aggregator.fetch import Fetcher
from aggregator.health import Postmark, mail, webhook_body
from aggregator.model import HealthEvent, Output
from aggregator.pipeline import COMMAND, WEBHOOK, Plant, Send
from aggregator.serve import ServeSettings

COMMAND_DEADLINE = timedelta(seconds=30)


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
        health_after=configuration.health.after,
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
        feed_tokens=tuple((f"feeds/{one.name}", one.tokens) for one in configuration.outputs),
        rate_limit=configuration.server.rate_limit,
        trusted_proxies=configuration.server.trusted_proxies,
        max_age=configuration.poll.min_interval,
    )


def channels(configuration: Configuration, fetcher: Fetcher) -> Mapping[str, Send]:
    """Return by whom the operator wants to be told of the health of sources, by name."""
    health = configuration.health
    mark = Postmark(
        title=configuration.title,
        public_url=configuration.public_url,
        sender=health.mail_from,
        recipient=health.mail_to,
    )
    agent = f"aggregator/{__version__} (+{configuration.contact or configuration.public_url})"

    async def post(events: Sequence[HealthEvent]) -> None:
        body = webhook_body(events, mark)
        try:
            await fetcher.post(
                health.webhook or "", body, content_type="application/json; charset=utf-8", user_agent=agent
            )
        except FetchError as exc:
            raise NoticeError(str(exc)) from exc

    async def run(events: Sequence[HealthEvent]) -> None:
        await run_command(health.command, mail(events, mark), within=COMMAND_DEADLINE)

    wanted = {WEBHOOK: (health.webhook, post), COMMAND: (health.command, run)}
    return {name: send for name, (is_set, send) in wanted.items() if is_set}
