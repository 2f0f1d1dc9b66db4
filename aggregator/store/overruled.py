"""What the operator decided about stories, written to and read from the SQLite engine's tables."""

import json
from collections.abc import Sequence
from datetime import datetime

from sqlite_utils import Database

from aggregator.errors import Conflict
from aggregator.merge import shown_at
from aggregator.model import Overrule, Plan, Split
from aggregator.store import rows, samples

# The two stories of every pair of entries that was told apart.
_APART = """
    SELECT s.key AS story, t.key AS another, s.story_id, t.story_id AS another_id FROM overrules o
    JOIN entries e ON e.key = o.entry JOIN stories s ON s.key = e.story
    JOIN entries f ON f.key = o.other JOIN stories t ON t.key = f.story
    WHERE o.apart
"""


def apart(db: Database) -> frozenset[frozenset[str]]:
    """Return the pairs of stories told apart: as many as people have decided, whatever else is stored."""
    return frozenset(frozenset((row["story_id"], row["another_id"])) for row in db.execute(_APART))


def refuse_apart(db: Database, loser: int, winner: int) -> None:
    """Raise `Conflict` when two stories, by key, were told apart since somebody decided to join them."""
    found = db.execute(
        f"{_APART} AND ((s.key = :a AND t.key = :b) OR (s.key = :b AND t.key = :a))",
        {"a": loser, "b": winner},
    ).fetchone()
    if found is not None:
        raise Conflict(f"story {found['story_id']} and {found['another_id']} were told apart")


def write(db: Database, plan: Plan, at: datetime) -> None:
    """Write what the operator decided of a plan."""
    for split in plan.splits:
        _split(db, split, at)
    for decision in plan.overrules:
        _overrule(db, decision)


def _overrule(db: Database, decision: Overrule) -> None:
    """Keep a decision in place of those it contradicts: two stories joined are apart in nothing."""
    pair = {
        row["entry_id"]: (row["key"], row["story"])
        for row in db.execute(
            "SELECT entry_id, key, story FROM entries WHERE entry_id IN (?, ?)",
            [decision.entry_id, decision.other_id],
        )
    }
    if len(pair) != 2:
        raise Conflict(f"entry {decision.entry_id} or {decision.other_id} is gone")
    (first, one), (second, another) = sorted(pair.values())
    if not decision.apart:
        for a, b in ((one, another), (another, one)):
            db.execute(
                "DELETE FROM overrules WHERE apart AND entry IN (SELECT key FROM entries WHERE story = ?)"
                " AND other IN (SELECT key FROM entries WHERE story = ?)",
                [a, b],
            )
    db.execute(
        "INSERT OR REPLACE INTO overrules (entry, other, apart, decided_at) VALUES (?, ?, ?, ?)",
        [first, second, decision.apart, rows.seconds(decision.decided_at)],
    )


def _split(db: Database, decision: Split, at: datetime) -> None:
    """Let entries leave a story that is still as it was when this was decided."""
    members = db.execute(
        "SELECT e.*, s.story_id FROM entries e JOIN stories s ON s.key = e.story WHERE s.story_id = ?",
        [decision.story_id],
    ).fetchall()
    if {row["entry_id"] for row in members} != {*decision.members}:
        raise Conflict(f"story {decision.story_id} has changed")
    founder = next(row for row in members if row["entry_id"] == decision.founder_id)
    shown = shown_at(rows.stored_entry(founder).entry, datetime.fromisoformat(founder["first_seen_at"]))
    db.execute("DELETE FROM aliases WHERE alias = ?", [decision.founder_id])
    story = db.execute(
        "INSERT INTO stories (story_id, representative, shown_at, settled) VALUES (?, ?, ?, 1)",
        [decision.founder_id, founder["key"], rows.seconds(shown)],
    ).lastrowid
    assert story is not None
    leaving = json.dumps(decision.leaving)
    db.execute(
        "UPDATE entries SET story = ? WHERE entry_id IN (SELECT value FROM json_each(?))", [story, leaving]
    )
    db.execute(
        "UPDATE aliases SET story = ? WHERE alias IN (SELECT value FROM json_each(?))", [story, leaving]
    )
    _move_marks(db, decision, founder["story"], story, rows.seconds(at))
    samples.find_again(db, founder["key"], decision.sample, at)
    _represent(db, founder["story"], decision.story_id)


def _move_marks(db: Database, decision: Split, old: int, new: int, at: str) -> None:
    db.conn.executemany(
        "UPDATE marks SET story = ? WHERE kind = ? AND value = ? AND story = ?",
        [(new, mark.kind, mark.value, old) for mark in decision.moved],
    )
    taken: Sequence[tuple[object, ...]] = [(mark.kind, mark.value, n, new, at) for mark, n in decision.taken]
    for row in taken:
        done = db.execute(
            "INSERT OR IGNORE INTO marks (kind, value, n, story, taken_at) VALUES (?, ?, ?, ?, ?)", row
        )
        if done.rowcount != 1:
            raise Conflict(f"place {row[2]} of {row[0]} {row[1]} is taken")


def _represent(db: Database, story: int, story_id: str) -> None:
    """Let a story whose representative has left be told by its founder."""
    row = db.execute(
        "SELECT e.*, s.story_id FROM entries e JOIN stories s ON s.key = e.story WHERE e.entry_id = ?"
        " AND NOT EXISTS (SELECT 1 FROM entries r WHERE r.key = s.representative AND r.story = s.key)",
        [story_id],
    ).fetchone()
    if row is not None:
        stored = rows.stored_entry(row)
        db.execute(
            "UPDATE stories SET representative = ?, shown_at = ? WHERE key = ?",
            [row["key"], rows.seconds(shown_at(stored.entry, stored.first_seen_at)), story],
        )
