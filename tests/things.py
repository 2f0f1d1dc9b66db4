"""Nouns with everything but what a test is about filled in."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from aggregator.model import Entry, Plan, PollUpdate, Source, SourceState

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def source(source_id: str = "alfa", **more: Any) -> Source:
    return Source(id=source_id, **{"url": f"https://{source_id}.example/rss"} | more)


def entry(guid: str = "1", source_id: str = "alfa", **more: Any) -> Entry:
    facts: dict[str, Any] = {"title": f"Title {guid}", "published_at": NOON}
    made = Entry(source_id=source_id, guid=guid, **facts | more)
    return replace(made, digest=f"{made.title}\n{made.content}")


def update(source_id: str = "alfa", plan: Plan | None = None, **more: Any) -> PollUpdate:
    url = f"https://{source_id}.example/rss"
    state = SourceState(source_id=source_id, url=url, next_poll_at=NOON, **more)
    return PollUpdate(state=state, plan=plan or Plan(), at=NOON)
