"""What people ask the SQLite engine for: a story with all that is stored of it, and what they decide about it."""

import json
import sqlite3
from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from datetime import datetime

from sqlite_utils import Database

from aggregator.dedup.marks import PLACES
from aggregator.model import Dossier, Filed, Mark, Overrule, Plan
from aggregator.store import groups, rows
from aggregator.store.plans import STORED, write_plan
from aggregator.store.protocol import Totals
from aggregator.urls import canonical, strict_key

SOURCES = (
    "SELECT s.*, (SELECT count(*) FROM entries e WHERE e.source_id = s.id AND e.held) AS held FROM sources s"
)
_AT_ADDRESS = """
    SELECT e.entry_id, e.url, e.first_seen_at, e.key FROM entries e JOIN marks m ON m.story = e.story
    WHERE m.kind = 'url' AND m.value = ?
"""
# Addresses are not indexed: only those that no mark has (homepages), or no more stories may (tickers), are looked for
# one by one.
_ANYWHERE = "SELECT entry_id, url, first_seen_at, key FROM entries WHERE url IN (?, ?)"
_OVERRULES = """
    SELECT e.entry_id, f.entry_id AS other_id, o.apart, o.decided_at FROM overrules o
    JOIN entries e ON e.key = o.entry JOIN entries f ON f.key = o.other
    WHERE e.story = :key OR f.story = :key ORDER BY o.decided_at, o.entry, o.other
"""


class SqliteDossiers(ABC):
    """The part of `SqliteStore` that commands for people use; see `Store`."""

    _db: Database

    @abstractmethod
    def _storage(self) -> AbstractContextManager[None]:
        """One caller at a time; the library's errors become ours."""

    @abstractmethod
    def _writing(self) -> AbstractContextManager[None]:
        """A transaction that nobody writes beside."""

    def resolve(self, story_id: str) -> str | None:
        with self._storage():
            row = self._db.execute(
                """
                SELECT story_id FROM stories WHERE story_id = :id
                UNION ALL
                SELECT s.story_id FROM aliases a JOIN stories s ON s.key = a.story WHERE a.alias = :id
                """,
                {"id": story_id},
            ).fetchone()
        return None if row is None else str(row["story_id"])

    def find(self, name: str) -> tuple[str, ...]:
        key = strict_key(name)
        with self._storage():
            if self._db.execute("SELECT 1 FROM entries WHERE entry_id = ?", [name]).fetchone():
                return (name,)
            found = self._db.execute(_AT_ADDRESS, [key]).fetchall()
            taken = self._db.execute(
                "SELECT count(*) AS n FROM marks WHERE kind = 'url' AND value = ?", [key]
            )
            if not found or taken.fetchone()["n"] >= PLACES:
                found += self._db.execute(_ANYWHERE, [name, canonical(name)]).fetchall()
        found.sort(key=lambda row: (row["first_seen_at"], row["key"]))
        same = [row["entry_id"] for row in found if row["url"] is not None and strict_key(row["url"]) == key]
        return tuple(dict.fromkeys(same))

    def dossier(self, entry_id: str) -> Dossier:
        with self._storage():
            story = self._db.execute(
                "SELECT s.*, r.entry_id AS told_by FROM stories s JOIN entries e ON e.story = s.key"
                " JOIN entries r ON r.key = s.representative WHERE e.entry_id = ?",
                [entry_id],
            ).fetchone()
            if story is None:
                raise KeyError(entry_id)
            key = story["key"]
            entries = self._db.execute(
                f"{STORED} WHERE s.key = ? ORDER BY e.first_seen_at, e.key", [key]
            ).fetchall()
            marks = self._db.execute(
                "SELECT DISTINCT kind, value FROM marks WHERE story = ? ORDER BY kind, value", [key]
            ).fetchall()
            aliases = self._db.execute(
                "SELECT alias FROM aliases WHERE story = ? ORDER BY alias", [key]
            ).fetchall()
            overrules = self._db.execute(_OVERRULES, {"key": key}).fetchall()
            grouping, related = groups.grouping(self._db, key)
        return Dossier(
            story_id=story["story_id"],
            representative=story["told_by"],
            is_settled=bool(story["settled"]),
            shown_at=datetime.fromisoformat(story["shown_at"]),
            entries=tuple(_filed(row) for row in entries),
            marks=tuple(Mark(kind=row["kind"], value=row["value"]) for row in marks),
            aliases=tuple(row["alias"] for row in aliases),
            overrules=tuple(_overrule(row) for row in overrules),
            grouping=grouping,
            related=related,
        )

    def overrule(self, plan: Plan, *, at: datetime) -> None:
        with self._writing():
            write_plan(self._db, plan, at)

    def totals(self) -> Totals:
        with self._storage():
            row = self._db.execute(
                "SELECT (SELECT count(*) FROM entries) AS entries, (SELECT count(*) FROM stories) AS stories"
            ).fetchone()
        return Totals(entries=row["entries"], stories=row["stories"])

    def release(self, source_id: str) -> int:
        with self._writing():
            return int(
                self._db.execute(
                    "UPDATE entries SET held = 0 WHERE source_id = ? AND held", [source_id]
                ).rowcount
            )


def _filed(row: sqlite3.Row) -> Filed:
    return Filed(
        stored=rows.stored_entry(row),
        rule=row["rule"],
        scores=tuple((name, score) for name, score in json.loads(row["scores"])),
        is_version=bool(row["is_version"]),
        is_pruned=bool(row["pruned"]),
        is_held=bool(row["held"]),
        withdrawn_at=rows.instant(row["withdrawn_at"]),
    )


def _overrule(row: sqlite3.Row) -> Overrule:
    return Overrule(
        entry_id=row["entry_id"],
        other_id=row["other_id"],
        apart=bool(row["apart"]),
        decided_at=datetime.fromisoformat(row["decided_at"]),
    )
