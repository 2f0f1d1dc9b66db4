"""What the SQLite engine shows: the newest stories, of all or of those that a query finds."""

import json
import sqlite3
from collections.abc import Sequence

from sqlite_utils import Database

from aggregator.model import Sorting, Story
from aggregator.store import rows
from aggregator.store.plans import STORED
from aggregator.store.rows import SHOWABLE

# `r` is the story's representative; what is equally new stands as its source has it.
NEWEST_FIRST = "s.shown_at DESC, r.source_id, r.position, s.story_id"
ORDERS = {Sorting.PUBLISHED: NEWEST_FIRST, Sorting.SEEN: f"r.first_seen_at DESC, {NEWEST_FIRST}"}
SHOWN_STORY = "s.key, s.story_id, s.shown_at, s.representative, s.group_id, r.entry_id AS representative_id"
ENTRIES = f"""
    {STORED} JOIN sources c ON c.id = e.source_id AND c.configured
    WHERE {SHOWABLE} AND s.key IN (SELECT value FROM json_each(?)) ORDER BY e.first_seen_at, e.key
"""  # noqa: S608 - our own names of columns


def newest(
    db: Database, limit: int, sources: Sequence[str] | None, *, settled: bool, sorting: Sorting
) -> list[sqlite3.Row]:
    """Return the newest stories that any of `sources` tells, as rows of `SHOWN_STORY`."""
    among = "" if sources is None else f"AND e.source_id IN ({', '.join('?' * len(sources))})"
    found: list[sqlite3.Row] = db.execute(
        f"""
        SELECT {SHOWN_STORY} FROM stories s JOIN entries r ON r.key = s.representative
        WHERE s.settled >= ? AND EXISTS (
            SELECT 1 FROM entries e JOIN sources c ON c.id = e.source_id AND c.configured
            WHERE e.story = s.key AND {SHOWABLE} {among})
        ORDER BY {ORDERS[sorting]} LIMIT ?
        """,  # noqa: S608 - placeholders only
        [settled, *(sources or ()), limit],
    ).fetchall()
    return found


def told(db: Database, found: Sequence[sqlite3.Row], sources: Sequence[str] | None) -> tuple[Story, ...]:
    """Return stories with their entries: the representative first, unless only others are among `sources`.

    Not those of which nothing may be shown any more."""
    entries: dict[str, list[sqlite3.Row]] = {}
    for row in db.execute(ENTRIES, [json.dumps([row["key"] for row in found])]):
        entries.setdefault(row["story_id"], []).append(row)
    return tuple(
        _story(row, entries[row["story_id"]], sources) for row in found if row["story_id"] in entries
    )


def _story(row: sqlite3.Row, entries: list[sqlite3.Row], sources: Sequence[str] | None) -> Story:
    def rank(entry: sqlite3.Row) -> tuple[bool, bool]:
        return sources is not None and entry["source_id"] not in sources, entry["key"] != row[
            "representative"
        ]

    ranked = sorted(entries, key=rank)  # stable: otherwise as first seen
    return Story(
        story_id=row["story_id"],
        representative_id=row["representative_id"],
        shown_at=rows.instant(row["shown_at"]),
        group_id=row["group_id"],
        entries=tuple(rows.stored_entry(entry) for entry in ranked),
    )
