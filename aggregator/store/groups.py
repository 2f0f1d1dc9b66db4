"""Groups of stories that tell one event, in SQLite: who is in which, and how the first of each is found.

Only `[dedup] groups` writes here. The index of topics is kept by the week, as that of samples is.
"""

import json
from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlite_utils import Database

from aggregator.dedup.events import CANDIDATES_MOST, FREQUENT, PAIRS_LEAST
from aggregator.errors import Conflict
from aggregator.model import Candidate, Grouping, Join, Lookup, Plan
from aggregator.store import rows
from aggregator.store.protocol import WEEKS_KEPT, week_of

TABLES = tuple(f"topics_{slot}" for slot in range(WEEKS_KEPT))
_HAVING = " UNION ALL ".join("SELECT entry FROM {} WHERE hash = :hash" for _ in TABLES).format(*TABLES)
_FOUND = f"{_HAVING} LIMIT {FREQUENT + 1}"
_FIRST = """
    SELECT n.key AS near_key, s.settled, s.story_id, e.* FROM entries n
    JOIN stories s ON s.key = n.story AND s.group_id IS NULL JOIN entries e ON e.key = s.representative
    WHERE n.key IN (SELECT value FROM json_each(?))
"""
_ADD = """
    UPDATE stories SET group_scores = ?,
        group_id = (SELECT coalesce(group_id, story_id) FROM stories WHERE story_id = ?)
    WHERE story_id = ?
"""


def events(db: Database, lookup: Lookup, known: Collection[str]) -> dict[str, tuple[Candidate, ...]]:
    """Return by guid the stories that may tell the event of an entry that is not `known`; see `Candidates`."""
    found = {
        guid: keys
        for guid, topics in lookup.topics.items()
        if guid not in known and (keys := _sharing(db, topics))
    }
    if not found:
        return {}
    wanted = json.dumps(sorted({key for keys in found.values() for key in keys}))
    first = {row["near_key"]: rows.candidate(row) for row in db.execute(_FIRST, [wanted])}
    return {
        guid: tuple({first[key].story_id: first[key] for key in keys if key in first}.values())
        for guid, keys in found.items()
    }


def _sharing(db: Database, topics: Sequence[int]) -> list[int]:
    """Return the keys of the entries that share most of `topics`, those first."""
    counted: Counter[int] = Counter()
    for one in topics:
        found = [row["entry"] for row in db.execute(_FOUND, {"hash": one})]
        if len(found) <= FREQUENT:
            counted.update(found)
    likely = sorted((-shared, key) for key, shared in counted.items() if shared >= PAIRS_LEAST)
    return [key for _, key in likely[:CANDIDATES_MOST]]


def write(db: Database, plan: Plan, at: datetime) -> None:
    """Write the groups of new stories, and let later ones find those that are the first to tell an event."""
    for placement in plan.placements:
        if placement.grouping is not None:
            _add(db, placement.story_id, placement.grouping)
    hashes = [(one, placement.entry_id) for placement in plan.placements for one in placement.topics]
    if hashes:
        db.conn.executemany(
            f"INSERT INTO {_table_of(db, week_of(at))} (hash, entry) SELECT ?, key FROM entries WHERE entry_id = ?",  # noqa: S608
            sorted(hashes),
        )


def _add(db: Database, story_id: str, grouping: Grouping) -> None:
    if db.execute("SELECT 1 FROM stories WHERE story_id = ?", [grouping.first_id]).fetchone() is None:
        raise Conflict(f"story {grouping.first_id} is gone")
    db.execute(_ADD, [json.dumps(grouping.scores), grouping.first_id, story_id])


def rename(db: Database, old_id: str, new_id: str) -> None:
    """Follow a story that nobody has been shown to its new id."""
    db.execute("UPDATE stories SET group_id = ? WHERE group_id = ?", [new_id, old_id])


def join(db: Database, made: Join) -> None:
    """Let the group that a story was first in go on without it; what has been published stays as it was."""
    row = db.execute("SELECT group_id FROM stories WHERE story_id = ?", [made.winner]).fetchone()
    group = row["group_id"] if row["group_id"] not in (None, made.loser) else made.winner
    db.execute(
        "UPDATE stories SET group_id = nullif(:group, story_id) WHERE group_id = :loser AND NOT settled",
        {"group": group, "loser": made.loser},
    )


def grouping(db: Database, story: int) -> tuple[Grouping | None, tuple[str, ...]]:
    """Return the group of a story, by key, and the other stories in it."""
    row = db.execute("SELECT story_id, group_id, group_scores FROM stories WHERE key = ?", [story]).fetchone()
    others = db.execute(
        "SELECT story_id FROM stories WHERE (story_id = :group OR group_id = :group) AND key != :key ORDER BY key",
        {"group": row["group_id"] or row["story_id"], "key": story},
    ).fetchall()
    related = tuple(other["story_id"] for other in others)
    if row["group_id"] is None:
        return None, related
    scores = tuple((name, score) for name, score in json.loads(row["group_scores"]))
    return Grouping(first_id=row["group_id"], scores=scores), related


def drop(db: Database, before: datetime) -> None:
    """Forget the topics of the weeks that ended before then."""
    for row in db.execute("SELECT slot FROM topic_weeks WHERE week < ?", [week_of(before)]).fetchall():
        db.execute(f"DELETE FROM {TABLES[row['slot']]}")  # noqa: S608
        db.execute("DELETE FROM topic_weeks WHERE slot = ?", [row["slot"]])


def _table_of(db: Database, week: int) -> str:
    """Return the table of a week, emptied of the one that had it before."""
    slot = week % WEEKS_KEPT
    row = db.execute("SELECT week FROM topic_weeks WHERE slot = ?", [slot]).fetchone()
    if row is None or row["week"] < week:  # a clock that was set back empties nothing
        db.execute(f"DELETE FROM {TABLES[slot]}")  # noqa: S608
        db.execute("INSERT OR REPLACE INTO topic_weeks (slot, week) VALUES (?, ?)", [slot, week])
    return TABLES[slot]
