"""A plan written to the SQLite engine's tables; the caller's transaction makes it whole."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from aggregator.errors import Conflict
from aggregator.merge import shown_at
from aggregator.model import Join, Mark, Placement, Plan, Refound, Rename, Revision
from aggregator.store import groups, overruled, removals, rows, samples, versions

STORED = "SELECT e.*, s.story_id FROM entries e JOIN stories s ON s.key = e.story"
_INSERT_ENTRY = f"""
    INSERT INTO entries (entry_id, source_id, guid, said_guid, story, rule, scores, is_version, held, first_seen_at,
        {", ".join(rows.ENTRY_COLUMNS)})
    VALUES ({", ".join("?" * (10 + len(rows.ENTRY_COLUMNS)))})
"""  # noqa: S608 - our own column names
_REVISE_ENTRY = f"""
    UPDATE entries SET changed_at = ?, withdrawn_at = NULL, {", ".join(f"{name} = ?" for name in rows.ENTRY_COLUMNS)}
    WHERE entry_id = ?
"""  # noqa: S608 - our own column names


def write_plan(db: Database, plan: Plan, at: datetime) -> None:
    """Write what was decided `at` that time; raises `Conflict` when it no longer holds."""
    for rename in plan.renames:
        _rename(db, rename)
    for placement in plan.placements:
        _place(db, placement, at)
    groups.write(db, plan, at)
    for revision in plan.revisions:
        versions.keep(db, revision, at)
        if not revision.is_trivial:
            _revise(db, revision, at)
    for withdrawal in plan.withdrawals:
        _one(
            db,
            "UPDATE entries SET withdrawn_at = ? WHERE entry_id = ?",
            [rows.seconds(withdrawal.deleted_at), withdrawal.entry_id],
            f"entry {withdrawal.entry_id} is gone",
        )
    overruled.write(db, plan, at)
    for join in plan.joins:
        _join(db, join, at)
    for refound in plan.refounds:
        _refound(db, refound)
    removals.withdrawn(db, plan.withdrawals, at)
    if plan.seen is not None and samples.seen(db) > plan.seen + len(
        plan.placements
    ):  # more than these are new
        samples.refuse_resembling(db, plan.placements, plan.seen)
    samples.keep(db, plan.placements, at)
    if plan.boilerplate is not None and plan.placements:
        db.execute(
            "INSERT OR REPLACE INTO boilerplate (source_id, hashes) VALUES (?, ?)",
            [plan.placements[0].entry.source_id, json.dumps(plan.boilerplate)],
        )


def _one(db: Database, query: str, values: Sequence[Any], missing: str) -> None:
    """Run a statement that must change exactly one row; anything else was changed meanwhile."""
    if db.execute(query, values).rowcount != 1:
        raise Conflict(missing)


def _story_key(db: Database, story_id: str) -> int:
    row = db.execute("SELECT key FROM stories WHERE story_id = ?", [story_id]).fetchone()
    if row is None:
        raise Conflict(f"story {story_id} is gone")
    return int(row["key"])


def _rename(db: Database, rename: Rename) -> None:
    key = db.execute(
        "SELECT e.key FROM entries e JOIN stories s ON s.key = e.story WHERE e.entry_id = ? AND NOT s.settled",
        [rename.old_id],
    ).fetchone()
    if key is None:
        raise Conflict(f"entry {rename.old_id} has been published or renamed")
    with _unique():
        db.execute("UPDATE entries SET entry_id = ? WHERE key = ?", [rename.new_id, key["key"]])
        db.execute("UPDATE stories SET story_id = ? WHERE story_id = ?", [rename.new_id, rename.old_id])
    groups.rename(db, rename.old_id, rename.new_id)


@contextmanager
def _unique() -> Iterator[None]:
    """What is unique belongs to whoever wrote it first."""
    try:
        yield
    except sqlite3.IntegrityError as exc:
        raise Conflict(str(exc)) from exc


def _place(db: Database, placement: Placement, at: datetime) -> None:
    entry, founds = placement.entry, placement.story_id == placement.entry_id
    with _unique():
        if founds:
            story = db.execute(
                "INSERT INTO stories (story_id, shown_at) VALUES (?, ?)",
                [placement.story_id, rows.seconds(shown_at(entry, at))],
            ).lastrowid
        else:
            story = _story_key(db, placement.story_id)
        key = db.execute(
            _INSERT_ENTRY,
            [
                placement.entry_id,
                entry.source_id,
                entry.guid,
                entry.said_guid,
                story,
                placement.rule,
                json.dumps(placement.scores),
                placement.is_version,
                placement.is_held,
                rows.seconds(at),
                *rows.entry_values(entry),
            ],
        ).lastrowid
        if founds:
            db.execute("UPDATE stories SET representative = ? WHERE key = ?", [key, story])
        _take(db, placement.marks, story, at)


def _take(db: Database, places: Sequence[tuple[Mark, int]], story: int | None, at: datetime) -> None:
    """Take numbered places for a story; the caller says whose they are when they are taken."""
    db.conn.executemany(
        "INSERT INTO marks (kind, value, n, story, taken_at) VALUES (?, ?, ?, ?, ?)",
        [(mark.kind, mark.value, n, story, rows.seconds(at)) for mark, n in places],
    )


def _revise(db: Database, revision: Revision, at: datetime) -> None:
    _one(
        db,
        _REVISE_ENTRY,
        [rows.seconds(at), *rows.entry_values(revision.entry), revision.entry_id],
        f"entry {revision.entry_id} is gone",
    )
    row = db.execute(
        "SELECT e.key, e.story, e.first_seen_at, s.representative FROM entries e JOIN stories s ON s.key = e.story"
        " WHERE e.entry_id = ?",
        [revision.entry_id],
    ).fetchone()
    with _unique():
        _take(db, revision.marks, row["story"], at)
    if row["key"] == row["representative"]:  # the order of the merged feed is by its date
        shown = shown_at(revision.entry, datetime.fromisoformat(row["first_seen_at"]))
        db.execute("UPDATE stories SET shown_at = ? WHERE key = ?", [rows.seconds(shown), row["story"]])
        samples.find_again(db, row["key"], revision.sample, at, former=revision.former)


def _join(db: Database, join: Join, at: datetime) -> None:
    loser, winner = _story_key(db, join.loser), _story_key(db, join.winner)
    overruled.refuse_apart(db, loser, winner)
    removals.joined(db, loser, join.winner, at)
    for table in ("entries", "marks", "aliases"):
        db.execute(f"UPDATE {table} SET story = ? WHERE story = ?", [winner, loser])  # noqa: S608
    # An id that nobody has been shown leads nowhere: it may yet go to another entry.
    db.execute(
        "INSERT INTO aliases (alias, story) SELECT story_id, ? FROM stories WHERE key = ? AND settled",
        [winner, loser],
    )
    db.execute("DELETE FROM stories WHERE key = ?", [loser])
    groups.join(db, join)


def _refound(db: Database, refound: Refound) -> None:
    row = db.execute(f"{STORED} WHERE e.entry_id = ?", [refound.founder_id]).fetchone()
    if row is None:
        raise Conflict(f"entry {refound.founder_id} is gone")
    founder = rows.stored_entry(row)
    db.execute(
        "UPDATE entries SET is_version = ? WHERE key = (SELECT representative FROM stories WHERE story_id = ?)",
        [refound.is_version, refound.story_id],
    )
    _one(
        db,
        "UPDATE stories SET story_id = ?, representative = ?, shown_at = ? WHERE story_id = ? AND NOT settled",
        [
            refound.founder_id,
            row["key"],
            rows.seconds(shown_at(founder.entry, founder.first_seen_at)),
            refound.story_id,
        ],
        f"story {refound.story_id} has been published or joined",
    )
    groups.rename(db, refound.story_id, refound.founder_id)
