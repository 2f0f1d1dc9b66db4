"""What the SQLite engine gives to be published: stories, what became of emitted ones, and the archives of feeds."""

import json
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from datetime import datetime

from sqlite_utils import Database

from aggregator.model import ArchiveLength, Leavers, Output, PageContent, Removal, Sorting, Story
from aggregator.store import archived, removals, rows
from aggregator.store.plans import STORED
from aggregator.store.rows import SHOWABLE

_SHOWN = f"""
    {STORED} JOIN sources c ON c.id = e.source_id AND c.configured
    WHERE {SHOWABLE} AND s.key IN (SELECT value FROM json_each(?)) ORDER BY e.first_seen_at, e.key
"""  # noqa: S608 - our own words


class SqliteShowing(ABC):
    """The part of `SqliteStore` that publishing uses; see `Store`."""

    _db: Database

    @abstractmethod
    def _storage(self) -> AbstractContextManager[None]:
        """One caller at a time; the library's errors become ours."""

    @abstractmethod
    def _writing(self) -> AbstractContextManager[None]:
        """One transaction that nobody writes beside."""

    def latest(
        self,
        limit: int,
        *,
        sources: Sequence[str] | None = None,
        settled: bool = False,
        sorting: Sorting = Sorting.PUBLISHED,
    ) -> tuple[Story, ...]:
        seen = "r.first_seen_at DESC," if sorting is Sorting.SEEN else ""
        among = "" if sources is None else f"AND e.source_id IN ({', '.join('?' * len(sources))})"
        with self._storage():
            found = self._db.execute(
                f"""
                SELECT s.key, s.story_id, s.shown_at, s.representative, s.group_id, r.entry_id AS representative_id
                FROM stories s
                JOIN entries r ON r.key = s.representative
                WHERE s.settled >= ? AND EXISTS (
                    SELECT 1 FROM entries e JOIN sources c ON c.id = e.source_id AND c.configured
                    WHERE e.story = s.key AND {SHOWABLE} {among})
                ORDER BY {seen} s.shown_at DESC, r.source_id, r.position, s.story_id LIMIT ?
                """,  # noqa: S608 - placeholders only
                [settled, *(sources or ()), limit],
            ).fetchall()
            return self._told(found, sources)

    def _told(self, found: Sequence[sqlite3.Row], sources: Sequence[str] | None) -> tuple[Story, ...]:
        """Return stories with their entries; not those of which nothing may be shown any more."""
        entries: dict[str, list[sqlite3.Row]] = {}
        for row in self._db.execute(_SHOWN, [json.dumps([row["key"] for row in found])]):
            entries.setdefault(row["story_id"], []).append(row)
        return tuple(
            _story(row, entries[row["story_id"]], sources) for row in found if row["story_id"] in entries
        )

    def settle(self) -> None:
        with self._writing():
            self._db.execute("UPDATE stories SET settled = 1 WHERE NOT settled")

    def enrol(self, outputs: Sequence[Output]) -> frozenset[str]:
        with self._writing():
            return archived.enrol(self._db, outputs)

    def current(self, output: Output) -> tuple[Story, ...]:
        with self._storage():
            found = self._db.execute(archived.current(output), [output.name, output.limit]).fetchall()
            return self._told(found, output.sources)

    def leaving(self, output: Output, most: int, *, shown: Collection[str]) -> tuple[Story, ...]:
        with self._storage():
            found = self._db.execute(archived.leaving(output), [output.name, json.dumps([*shown]), most])
            return self._told(found.fetchall(), output.sources)

    def leave_out(self, output: str, stories: Collection[Story]) -> None:
        with self._writing():
            archived.leave_out(self._db, output, [story.story_id for story in stories])

    def archive(self, leavers: Sequence[Leavers], *, at: datetime) -> None:
        with self._writing():
            for one in leavers:
                archived.archive(self._db, one, rows.seconds(at))

    def archive_lengths(self) -> dict[str, ArchiveLength]:
        with self._storage():
            return archived.lengths(self._db)

    def is_archived(self, output: str, story_id: str) -> bool:
        with self._storage():
            return archived.is_archived(self._db, output, story_id)

    def archive_page(self, output: str, page: int, count: int) -> PageContent | None:
        with self._storage():
            return archived.page(self._db, output, page, count)

    def removals(self, output: Output, *, since: datetime) -> tuple[Removal, ...]:
        with self._storage():
            return removals.of(self._db, output, since)


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
