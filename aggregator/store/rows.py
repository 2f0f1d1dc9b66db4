"""Nouns to rows of text and back, for engines that keep rows."""

import json
import sqlite3
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from aggregator.addresses import asked_at
from aggregator.model import (
    Candidate,
    Enclosure,
    Entry,
    FeedHead,
    FeedHints,
    FormerUrl,
    HealthEvent,
    Known,
    KnownItem,
    Person,
    Rhythm,
    SourceState,
    State,
    StoredEntry,
    Validators,
    Wish,
)
from aggregator.store.carried import as_extras, extras_json
from aggregator.urls import host

Row = sqlite3.Row

SHOWABLE = "NOT e.pruned AND NOT e.held AND e.withdrawn_at IS NULL"  # of a row `e` of entries

ENTRY_COLUMNS = (
    "uri", "url", "title", "authors", "summary", "content", "content_text", "language", "categories",
    "enclosures", "published_at", "updated_at", "extras", "position", "digest", "problems",
)  # fmt: skip


def seconds(at: datetime) -> str:
    """RFC 3339 in whole seconds; sorts as text."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def millis(at: datetime) -> str:
    """RFC 3339 in milliseconds, rounded up so that nothing is due too early; sorts as text."""
    up = at.astimezone(UTC) + timedelta(microseconds=999)
    return up.strftime("%Y-%m-%dT%H:%M:%S.") + f"{up.microsecond // 1000:03d}Z"


def instant(text: str | None) -> datetime | None:
    """The reverse of `seconds` and `millis`."""
    return None if text is None else datetime.fromisoformat(text)


def _optional(at: datetime | None) -> str | None:
    return None if at is None else seconds(at)


def _people(people: Iterable[Person]) -> list[list[str | None]]:
    return [[person.name, person.email, person.url] for person in people]


def _as_people(rows: Iterable[list[str | None]]) -> tuple[Person, ...]:
    return tuple(Person(name=name, email=email, url=url) for name, email, url in rows)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def entry_values(said: Entry) -> tuple[Any, ...]:
    """The values of `ENTRY_COLUMNS`."""
    return (
        said.uri,
        said.url,
        said.title,
        _json(_people(said.authors)),
        said.summary,
        said.content,
        said.content_text,
        said.language,
        _json(said.categories),
        _json([[e.url, e.type, e.length] for e in said.enclosures]),
        _optional(said.published_at),
        _optional(said.updated_at),
        extras_json(said.extras),
        said.position,
        said.digest,
        _json(said.problems),
    )


def entry(row: Row) -> Entry:
    """A row of entries, or of revisions with the entry's `source_id`, `guid` and `said_guid`."""
    return Entry(
        source_id=row["source_id"],
        guid=row["guid"],
        said_guid=row["said_guid"],
        uri=row["uri"],
        url=row["url"],
        title=row["title"],
        authors=_as_people(json.loads(row["authors"])),
        summary=row["summary"],
        content=row["content"],
        content_text=row["content_text"],
        language=row["language"],
        categories=tuple(json.loads(row["categories"])),
        enclosures=tuple(Enclosure(url=u, type=t, length=n) for u, t, n in json.loads(row["enclosures"])),
        published_at=instant(row["published_at"]),
        updated_at=instant(row["updated_at"]),
        extras=as_extras(row["extras"]),
        position=row["position"],
        digest=row["digest"],
        problems=tuple(json.loads(row["problems"])),
    )


def stored_entry(row: Row) -> StoredEntry:
    """A row of entries with its story's `story_id`."""
    first_seen_at = instant(row["first_seen_at"])
    assert first_seen_at is not None
    return StoredEntry(
        entry_id=row["entry_id"],
        story_id=row["story_id"],
        first_seen_at=first_seen_at,
        changed_at=instant(row["changed_at"]),
        is_version=bool(row["is_version"]),
        entry=entry(row),
    )


def candidate(row: Row) -> Candidate:
    """A row of entries, the representative, with its story's `story_id` and `settled`."""
    return Candidate(story_id=row["story_id"], representative=stored_entry(row), settled=bool(row["settled"]))


def known(row: Row) -> Known:
    """A row of entries with its story's `story_id`, as far as placing needs it."""
    return Known(
        entry_id=row["entry_id"],
        story_id=row["story_id"],
        said_guid=row["said_guid"],
        entry=entry(row),
        digest=row["digest"],
        published_at=instant(row["published_at"]),
        updated_at=instant(row["updated_at"]),
        url=row["url"],
        title=row["title"],
        withdrawn_at=instant(row["withdrawn_at"]),
    )


def head_json(head: FeedHead) -> str:
    """A feed's head as JSON text."""
    said = {
        "id": head.id,
        "title": head.title,
        "subtitle": head.subtitle,
        "home_url": head.home_url,
        "language": head.language,
        "rights": head.rights,
        "authors": _people(head.authors),
        "updated_at": _optional(head.updated_at),
    }
    return _json({key: value for key, value in said.items() if value})


def feed_head(text: str) -> FeedHead:
    """The reverse of `head_json`."""
    said = json.loads(text)
    authors = _as_people(said.pop("authors", ()))
    return FeedHead(**said | {"authors": authors, "updated_at": instant(said.get("updated_at"))})


def known_items_json(items: Iterable[KnownItem]) -> str:
    """Items of a document as JSON text."""
    return _json([[item.digest, item.guid, item.problems] for item in items])


def known_items(text: str) -> tuple[KnownItem, ...]:
    """The reverse of `known_items_json`."""
    return tuple(
        KnownItem(digest=digest, guid=guid, problems=tuple(problems))
        for digest, guid, problems in json.loads(text)
    )


def _hints_json(hints: FeedHints) -> str:
    said = {
        "ttl": _seconds_of(hints.ttl),
        "update_period": _seconds_of(hints.update_period),
        "skip_hours": hints.skip_hours,
        "skip_days": hints.skip_days,
    }
    return _json({key: value for key, value in said.items() if value})


def _feed_hints(text: str) -> FeedHints:
    said = json.loads(text)
    return FeedHints(
        ttl=_span(said.get("ttl")),
        update_period=_span(said.get("update_period")),
        skip_hours=tuple(said.get("skip_hours", ())),
        skip_days=tuple(said.get("skip_days", ())),
    )


def _rhythm_json(rhythm: Rhythm) -> str:
    said = {
        "since": _optional(rhythm.since),
        "counted_at": _optional(rhythm.counted_at),
        "hours": rhythm.hours,
        "days": [day.isoformat() for day in rhythm.days],
    }
    return _json({key: value for key, value in said.items() if value})


def _rhythm(text: str) -> Rhythm:
    said = json.loads(text)
    return Rhythm(
        since=instant(said.get("since")),
        counted_at=instant(said.get("counted_at")),
        hours=tuple(said.get("hours", ())),
        days=tuple(date.fromisoformat(day) for day in said.get("days", ())),
    )


def _seconds_of(span: timedelta | None) -> float | None:
    return None if span is None else span.total_seconds()


def _span(seconds_: float | None) -> timedelta | None:
    return None if seconds_ is None else timedelta(seconds=seconds_)


def source_state(row: Row) -> SourceState:
    """A row of sources."""
    return SourceState(
        source_id=row["id"],
        url=row["url"],
        head=feed_head(row["head"]),
        validators=Validators(etag=row["etag"], last_modified=row["last_modified"]),
        body_digest=row["body_digest"],
        reading=row["reading"],
        failures=row["failures"],
        state=State(row["state"]),
        last_status=row["last_status"],
        last_error=row["last_error"],
        problems=tuple(json.loads(row["problems"])),
        last_poll_at=instant(row["last_poll_at"]),
        last_success_at=instant(row["last_success_at"]),
        next_poll_at=instant(row["next_poll_at"]),
        next_reason=row["next_reason"],
        wishes=tuple(
            Wish(reason=reason, wait=timedelta(seconds=wait)) for reason, wait in json.loads(row["wishes"])
        ),
        interval=_span(row["interval"]),
        rhythm=_rhythm(row["rhythm"]),
        hints=_feed_hints(row["hints"]),
        fresh_for=_span(row["fresh_for"]),
        ended=bool(row["ended"]),
        pushed_until=instant(row["pushed_until"]),
        moved_to=row["moved_to"],
        moving_to=row["moving_to"],
        moving_seen=row["moving_seen"],
        former_urls=tuple(
            FormerUrl(url=url, until=datetime.fromisoformat(until))
            for url, until in json.loads(row["former_urls"])
        ),
        archive_url=row["archive_url"],
        archive_left=row["archive_left"],
        date_orders=tuple(json.loads(row["date_orders"])),
        held=row["held"],
        since=instant(row["state_since"]),
        paused_at=instant(row["paused_at"]),
    )


def health_event_values(event: HealthEvent) -> dict[str, Any]:
    """The columns of health_events."""
    return {
        "event_id": event.id,
        "source_id": event.source_id,
        "title": event.title,
        "url": event.url,
        "was": event.was.value,
        "state": event.state.value,
        "since": seconds(event.since),
        "at": seconds(event.at),
        "reason": event.reason,
        "advice": event.advice,
    }


def health_event(row: Row) -> HealthEvent:
    """A row of health_events."""
    return HealthEvent(
        id=row["event_id"],
        source_id=row["source_id"],
        title=row["title"],
        url=row["url"],
        was=State(row["was"]),
        state=State(row["state"]),
        since=datetime.fromisoformat(row["since"]),
        at=datetime.fromisoformat(row["at"]),
        reason=row["reason"],
        advice=row["advice"],
        number=row["number"],
    )


def state_values(state: SourceState) -> dict[str, Any]:
    """The columns of sources that a poll changes."""
    return {
        "head": head_json(state.head),
        "etag": state.validators.etag,
        "last_modified": state.validators.last_modified,
        "body_digest": state.body_digest,
        "reading": state.reading,
        "failures": state.failures,
        "state": state.state.value,
        "last_status": state.last_status,
        "last_error": state.last_error,
        "problems": _json(state.problems),
        "last_poll_at": _optional(state.last_poll_at),
        "last_success_at": _optional(state.last_success_at),
        "next_poll_at": None if state.next_poll_at is None else millis(state.next_poll_at),
        "next_reason": state.next_reason,
        "wishes": _json([[wish.reason, wish.wait.total_seconds()] for wish in state.wishes]),
        "interval": _seconds_of(state.interval),
        "rhythm": _rhythm_json(state.rhythm),
        "hints": _hints_json(state.hints),
        "fresh_for": _seconds_of(state.fresh_for),
        "ended": int(state.ended),
        "pushed_until": _optional(state.pushed_until),
        "host": host(asked_at(state)),
        "moved_to": state.moved_to,
        "moving_to": state.moving_to,
        "moving_seen": state.moving_seen,
        "former_urls": _json([[former.url, seconds(former.until)] for former in state.former_urls]),
        "archive_url": state.archive_url,
        "archive_left": state.archive_left,
        "date_orders": _json(state.date_orders),
        "state_since": _optional(state.since),
    }
