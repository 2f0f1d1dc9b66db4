"""What each feed last said of its stories, in SQLite: so that no date of theirs goes back."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlite_utils import Database

from aggregator.model import Emitted
from aggregator.store import rows

_OF = """
    SELECT story_id, told, updated_at FROM emitted
    WHERE feed = ? AND story_id IN (SELECT value FROM json_each(?))
"""
# Of stories that have left nothing to show.
_DROP = """
    DELETE FROM emitted WHERE NOT EXISTS (
        SELECT 1 FROM stories s JOIN entries e ON e.story = s.key AND NOT e.pruned
        WHERE s.story_id = emitted.story_id)
"""


def of(db: Database, feed: str, story_ids: Sequence[str]) -> dict[str, Emitted]:
    """Return what a feed last said of these stories, by id."""
    return {
        row["story_id"]: Emitted(told=row["told"], updated_at=datetime.fromisoformat(row["updated_at"]))
        for row in db.execute(_OF, [feed, json.dumps(story_ids)])
    }


def keep(db: Database, feed: str, emitted: Mapping[str, Emitted]) -> None:
    """Keep what a feed says of these stories now."""
    db.conn.executemany(
        "INSERT OR REPLACE INTO emitted (feed, story_id, told, updated_at) VALUES (?, ?, ?, ?)",
        [(feed, story_id, one.told, rows.seconds(one.updated_at)) for story_id, one in emitted.items()],
    )


def drop(db: Database) -> None:
    """Forget the stories whose entries have been pruned, and those that were joined to others."""
    db.execute(_DROP)
