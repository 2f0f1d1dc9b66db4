"""The index of sampled shingles in SQLite: which entries share words with a new one.

Rows are (hash, entry), 32 to 48 an entry, in one table for each of three weeks: a week that is over is
emptied whole, which costs nothing, where deleting its rows from one table would touch every page.
"""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from sqlite_utils import Database

from aggregator.dedup.sample import CANDIDATES_MOST, FREQUENT, SHARED_LEAST
from aggregator.errors import Conflict
from aggregator.model import Candidate, Lookup, Placement
from aggregator.store import rows
from aggregator.store.protocol import WEEKS_KEPT, week_of

TABLES = tuple(f"samples_{slot}" for slot in range(WEEKS_KEPT))
_SINCE = " UNION ALL ".join(
    "SELECT entry FROM {} WHERE hash = :hash AND entry > :seen" for _ in TABLES
).format(*TABLES)
_FOUND = f"{_SINCE} LIMIT {FREQUENT + 1}"

_STORIES = """
    SELECT n.key AS near_key, s.settled, s.story_id, e.* FROM entries n
    JOIN stories s ON s.key = n.story JOIN entries e ON e.key = s.representative
    WHERE n.key IN (SELECT value FROM json_each(?))
"""
_KEYS = "SELECT key, entry_id FROM entries WHERE entry_id IN (SELECT value FROM json_each(?))"
_BOILERPLATE = "SELECT source_id, hashes FROM boilerplate WHERE source_id IN (SELECT value FROM json_each(?))"


def seen(db: Database) -> int:
    """Return the key of the latest entry. Entries are never deleted, so that keys only grow."""
    return int(db.execute("SELECT coalesce(max(key), 0) AS seen FROM entries").fetchone()["seen"])


def resembling(db: Database, sample: Sequence[int]) -> list[int]:
    """Return the keys of the entries that share most of `sample`, those first."""
    counted: Counter[int] = Counter()
    for one in sample:
        found = _having(db, one)
        if len(found) <= FREQUENT:
            counted.update(found)
    likely = sorted((-shared, key) for key, shared in counted.items() if shared >= SHARED_LEAST)
    return [key for _, key in likely[:CANDIDATES_MOST]]


def _having(db: Database, one: int) -> list[int]:
    """Return the keys of the entries that have a hash, one more than `FREQUENT` at most."""
    return [entry for (entry,) in db.conn.execute(_FOUND, {"hash": one, "seen": 0})]


def near(
    db: Database, lookup: Lookup, known: Collection[str]
) -> dict[tuple[int, ...], tuple[Candidate, ...]]:
    """Return stories by sample, for the entries that are not `known`: only what is new has to be placed."""
    found = {
        sample: keys
        for guid, sample in lookup.samples.items()
        if guid not in known and (keys := resembling(db, sample))
    }
    wanted = json.dumps(sorted({key for keys in found.values() for key in keys}))
    stories = {row["near_key"]: rows.candidate(row) for row in db.execute(_STORIES, [wanted])}
    return {
        sample: tuple({stories[key].story_id: stories[key] for key in keys}.values())
        for sample, keys in found.items()
    }


def boilerplate(db: Database, source_ids: Collection[str]) -> dict[str, frozenset[int]]:
    """Return what is known of what these sources say in every entry."""
    found = db.execute(_BOILERPLATE, [json.dumps(sorted(source_ids))])
    return {row["source_id"]: frozenset(json.loads(row["hashes"])) for row in found}


def refuse_resembling(db: Database, placements: Sequence[Placement], since: int) -> None:
    """Raise `Conflict` when an entry stored after `since` resembles one of these, as `resembling` would find it.

    The caller's transaction has written already: nobody else can until it ends.
    """
    for placement in placements:
        counted: Counter[int] = Counter()
        for one in placement.sample:
            later = [row["entry"] for row in db.execute(_SINCE, {"hash": one, "seen": since})]
            if later and len(_having(db, one)) <= FREQUENT:
                counted.update(later)
        if any(shared >= SHARED_LEAST for shared in counted.values()):
            raise Conflict(f"entry {placement.entry_id} resembles one that was stored meanwhile")


def keep(db: Database, placements: Sequence[Placement], at: datetime) -> None:
    """Let later entries find these, which have been written."""
    indexed = {one.entry_id: one.sample for one in placements if one.is_indexed and one.sample}
    if not indexed:
        return
    table = _table_of(db, week_of(at))
    found = db.execute(_KEYS, [json.dumps(list(indexed))])
    _insert(db, table, [(one, row["key"]) for row in found for one in indexed[row["entry_id"]]])


def find_again(
    db: Database, entry: int, sample: Sequence[int], at: datetime, *, former: Sequence[int] = ()
) -> None:
    """Let later entries find one that has been stored for long: it founds a story now, or says something else.

    `former`: hashes by which it is not to be found any more. They are named, for rows are found by their hash only.
    """
    outdated = [(one, entry) for one in (*sample, *former)]
    for table in TABLES:  # in two weeks at once it would count twice
        db.conn.executemany(f"DELETE FROM {table} WHERE hash = ? AND entry = ?", outdated)  # noqa: S608
    if sample:
        _insert(db, _table_of(db, week_of(at)), [(one, entry) for one in sample])


def _insert(db: Database, table: str, pairs: Iterable[tuple[int, int]]) -> None:
    """Write hashes with entries, in the order of the table: what belongs on one page is written to it at once."""
    db.conn.executemany(f"INSERT INTO {table} (hash, entry) VALUES (?, ?)", sorted(pairs))  # noqa: S608


def drop(db: Database, before: datetime) -> None:
    """Forget the weeks that ended before then."""
    for row in db.execute("SELECT slot FROM sample_weeks WHERE week < ?", [week_of(before)]).fetchall():
        db.execute(f"DELETE FROM {TABLES[row['slot']]}")  # noqa: S608
        db.execute("DELETE FROM sample_weeks WHERE slot = ?", [row["slot"]])


def _table_of(db: Database, week: int) -> str:
    """Return the table of a week, emptied of the one that had it before."""
    slot = week % WEEKS_KEPT
    row = db.execute("SELECT week FROM sample_weeks WHERE slot = ?", [slot]).fetchone()
    if row is None or row["week"] < week:  # a clock that was set back empties nothing
        db.execute(f"DELETE FROM {TABLES[slot]}")  # noqa: S608
        db.execute("INSERT OR REPLACE INTO sample_weeks (slot, week) VALUES (?, ?)", [slot, week])
    return TABLES[slot]
