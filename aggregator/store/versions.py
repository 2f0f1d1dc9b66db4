"""Versions of entries in the SQLite engine: what they said before, and trivial edits of what they say.

What an entry says now stands in `entries` alone: most entries are never edited, and cost nothing here.
"""

from collections.abc import Iterator
from datetime import datetime

from sqlite_utils import Database

from aggregator.errors import Conflict
from aggregator.model import Revision, Version
from aggregator.store import rows
from aggregator.store.protocol import TRIVIAL_MOST, VERSIONS_MOST

_COLUMNS = ", ".join(rows.ENTRY_COLUMNS)
_KEEP = f"""
    INSERT INTO revisions (entry, seen_at, is_shown, {_COLUMNS})
    SELECT key, coalesce(changed_at, first_seen_at), 1, {_COLUMNS} FROM entries WHERE key = ? AND NOT pruned
"""  # noqa: S608 - our own column names
# A banner that comes back every other poll is one version.
_KEEP_TRIVIAL = f"""
    INSERT INTO revisions (entry, seen_at, is_shown, {_COLUMNS})
    SELECT key, ?, 0, {", ".join("?" * len(rows.ENTRY_COLUMNS))} FROM entries WHERE key = ? AND NOT pruned
        AND NOT EXISTS (SELECT 1 FROM revisions WHERE entry = entries.key AND NOT is_shown AND digest = ?)
"""  # noqa: S608 - our own column names
_FORGET = """
    DELETE FROM revisions WHERE entry = :entry AND is_shown = :is_shown AND key NOT IN (
        SELECT key FROM revisions WHERE entry = :entry AND is_shown = :is_shown ORDER BY key DESC LIMIT :most)
"""
_KEPT = """
    SELECT r.*, r.seen_at AS said_at, e.source_id, e.guid, e.said_guid
    FROM revisions r JOIN entries e ON e.key = r.entry
    WHERE e.entry_id = ? ORDER BY r.key
"""
_SHOWN = """
    SELECT e.*, coalesce(e.changed_at, e.first_seen_at) AS said_at, 1 AS is_shown FROM entries e
    WHERE e.entry_id = ? AND NOT e.pruned
"""


def keep(db: Database, revision: Revision, at: datetime) -> None:
    """Keep what an entry said before a revision, or the revision where it is trivial."""
    row = db.execute("SELECT key FROM entries WHERE entry_id = ?", [revision.entry_id]).fetchone()
    if row is None:
        raise Conflict(f"entry {revision.entry_id} is gone")
    if revision.is_trivial:
        said = rows.entry_values(revision.entry)
        db.execute(_KEEP_TRIVIAL, [rows.seconds(at), *said, row["key"], revision.entry.digest])
    else:
        db.execute(_KEEP, [row["key"]])
    for is_shown, most in ((True, VERSIONS_MOST), (False, TRIVIAL_MOST)):
        db.execute(_FORGET, {"entry": row["key"], "is_shown": is_shown, "most": most})


def of(db: Database, entry_id: str) -> Iterator[Version]:
    """Yield every version of an entry that is left, in no order."""
    for query in (_KEPT, _SHOWN):
        for row in db.execute(query, [entry_id]):
            seen_at = datetime.fromisoformat(row["said_at"])
            yield Version(seen_at=seen_at, is_shown=bool(row["is_shown"]), entry=rows.entry(row))


def drop(db: Database, before: datetime | None) -> None:
    """Forget the versions of pruned entries, and those seen `before` then."""
    db.execute("DELETE FROM revisions WHERE entry IN (SELECT key FROM entries WHERE pruned)")
    if before is not None:
        db.execute("DELETE FROM revisions WHERE seen_at < ?", [rows.seconds(before)])
