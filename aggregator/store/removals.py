"""Emitted stories that are no more (RFC 6721), in SQLite; the caller's transaction makes it whole."""

import json
from collections.abc import Sequence
from datetime import datetime

from sqlite_utils import Database

from aggregator.model import Output, Removal, Withdrawal
from aggregator.store import rows
from aggregator.store.protocol import REMOVALS_MOST
from aggregator.store.rows import SHOWABLE

_REMOVE = """
    INSERT OR REPLACE INTO removals (story_id, removed_at, story_now, sources)
    SELECT s.story_id, :at, :now,
        (SELECT json_group_array(source_id) FROM (SELECT DISTINCT source_id FROM entries WHERE story = s.key))
    FROM stories s WHERE s.settled
"""
_WITHDRAWN = f"""
    {_REMOVE} AND s.key = (SELECT story FROM entries WHERE entry_id = :entry_id)
    AND NOT EXISTS (SELECT 1 FROM entries e WHERE e.story = s.key AND {SHOWABLE})
"""  # noqa: S608


def joined(db: Database, loser: int, winner_id: str, at: datetime) -> None:
    """Note that a story, by key, is about to become another one's; not if nobody has been shown its id."""
    db.execute(f"{_REMOVE} AND s.key = :key", {"at": rows.seconds(at), "now": winner_id, "key": loser})


def withdrawn(db: Database, withdrawals: Sequence[Withdrawal], at: datetime) -> None:
    """Note which stories nobody tells any more, now that these entries have been withdrawn."""
    for withdrawal in withdrawals:
        db.execute(
            _WITHDRAWN,
            {"at": rows.seconds(at), "now": None, "entry_id": withdrawal.entry_id},
        )


def of(db: Database, output: Output, since: datetime) -> tuple[Removal, ...]:
    """See `Store.removals`."""
    among = "AND EXISTS (SELECT 1 FROM json_each(r.sources) t WHERE t.value IN (SELECT value FROM json_each(:sources)))"
    found = db.execute(
        f"SELECT * FROM removals r WHERE removed_at >= :since {among if output.sources is not None else ''}"  # noqa: S608
        " ORDER BY removed_at DESC, story_id LIMIT :most",
        {"since": rows.seconds(since), "sources": json.dumps(output.sources), "most": REMOVALS_MOST},
    ).fetchall()
    return tuple(
        Removal(
            story_id=row["story_id"],
            removed_at=datetime.fromisoformat(row["removed_at"]),
            story_now=row["story_now"],
        )
        for row in found
    )


def drop(db: Database, before: datetime | None) -> None:
    """Forget what was removed before then."""
    if before is not None:
        db.execute("DELETE FROM removals WHERE removed_at < ?", [rows.seconds(before)])
