"""Is an SQLite store whole: the file, its schema, and what must be true of every story?"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database

from aggregator.store.footing import address
from aggregator.store.migrations import migrations

NAMED_MOST = 3  # of what breaks a rule
INTEGRITY_MOST = 10  # faults of the file that are looked for
STEPS = 100_000  # of SQLite's machine between two questions whether to stop: a few milliseconds

# Each with what breaks it.
RULES = {
    "every entry tells a story": """
        SELECT e.entry_id FROM entries e LEFT JOIN stories s ON s.key = e.story WHERE s.key IS NULL
    """,
    "every story has the id of an entry that tells it": """
        SELECT s.story_id FROM stories s
        LEFT JOIN entries e ON e.entry_id = s.story_id AND e.story = s.key WHERE e.key IS NULL
    """,
    "every story is represented by an entry that tells it": """
        SELECT s.story_id FROM stories s
        LEFT JOIN entries e ON e.key = s.representative AND e.story = s.key WHERE e.key IS NULL
    """,
    "former ids lead to a story": """
        SELECT a.alias FROM aliases a LEFT JOIN stories s ON s.key = a.story WHERE s.key IS NULL
    """,
    "former ids are nobody's present id": """
        SELECT a.alias FROM aliases a JOIN stories s ON s.story_id = a.alias
    """,
    "marks lead to a story": """
        SELECT m.kind || ' ' || m.value FROM marks m LEFT JOIN stories s ON s.key = m.story WHERE s.key IS NULL
    """,
    "versions belong to an entry": """
        SELECT 'version ' || r.key FROM revisions r LEFT JOIN entries e ON e.key = r.entry WHERE e.key IS NULL
    """,
    "what entries carry can be read": """
        SELECT entry_id FROM entries WHERE NOT (json_valid(authors) AND json_valid(categories)
            AND json_valid(enclosures) AND json_valid(extras) AND json_valid(problems))
    """,
    "states of sources can be read": """
        SELECT id FROM sources WHERE NOT (json_valid(head) AND json_valid(problems) AND json_valid(wishes)
            AND json_valid(rhythm) AND json_valid(hints) AND json_valid(former_urls))
    """,
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at, and what is wrong with it; "" = nothing."""

    what: str
    wrong: str = ""


def check_store(path: Path, *, stopped: Callable[[], bool] = lambda: False) -> tuple[Finding, ...]:
    """Look at everything, as of one moment and without writing, also while a daemon runs.

    `stopped` is asked now and then; once it says so, the rest is found to be interrupted.
    """
    try:
        with closing(
            sqlite3.connect(address(path, read_only=True), uri=True, isolation_level=None)
        ) as connection:
            connection.set_progress_handler(stopped, STEPS)
            connection.execute("BEGIN")
            return tuple(_findings(connection))
    except sqlite3.Error as exc:
        return (Finding("the file can be read", str(exc)),)


def _findings(connection: sqlite3.Connection) -> Iterator[Finding]:
    faults = connection.execute(f"PRAGMA integrity_check({INTEGRITY_MOST})").fetchall()
    yield Finding("the file is whole", "" if faults == [("ok",)] else "; ".join(fault for (fault,) in faults))
    strays = connection.execute("PRAGMA foreign_key_check").fetchall()
    tables = sorted({f"{table} -> {parent}" for table, _, parent, _ in strays})
    yield Finding("rows lead to rows", f"{len(strays)} do not: {', '.join(tables)}" if strays else "")
    version = Finding("the schema is of this version", _version(Database(connection)))
    yield version
    if version.wrong:
        return
    for rule, broken in RULES.items():
        named = [str(name) for (name,) in connection.execute(broken)]
        more = f" and {len(named) - NAMED_MOST} more" if len(named) > NAMED_MOST else ""
        yield Finding(rule, f"not {', '.join(named[:NAMED_MOST])}{more}" if named else "")


def _version(db: Database) -> str:
    """Say what is wrong with the version of a schema; "" = nothing."""
    applied = [one.name for one in migrations.applied(db)]
    if not applied:
        return "it has none: this is no store"
    if missing := [one.name for one in migrations.pending(db)]:
        return (
            f"it lacks {', '.join(missing)}: `aggregator db migrate`, or a start of the daemon, brings them"
        )
    return later(db)


def later(db: Database) -> str:
    """Say that a schema is of a later version than we are; "" = it is not."""
    applied = {one.name for one in migrations.applied(db)}
    with closing(sqlite3.connect(":memory:")) as empty:
        known = {one.name for one in migrations.pending(Database(empty))}
    unknown = sorted(applied - known)
    return f"it has {', '.join(unknown)}: it was made by a later version of the aggregator" if unknown else ""
