"""Every version of the schema that ever landed is brought to this one, on real files, also when killed on the way.

MIGRATION_KILLS=all kills before every statement; by default before some.
"""

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

from aggregator.errors import StoreError
from aggregator.model import Plan
from aggregator.store import check_store, open_store
from aggregator.store.migrations import migrations
from tests.running import ROOT
from tests.store.schemas import FOLDER, dump, load, make, steps
from tests.store.test_backups import placed
from tests.things import NOON, source, update

NAME = "aggregator.sqlite"
CHANGED = {
    "search_queue",
    "touched",
    "_sqlite_migrations",
    "sqlite_sequence",
}  # what opening itself adds rows to
EVERY = 1 if os.environ.get("MIGRATION_KILLS") == "all" else 9  # statements
STATEMENTS_MOST = 300  # of all steps together

# Ends itself with SIGKILL before the statement of that number that writes, counted from the first of the first step.
KILLED = """
import os, signal, sqlite3, sys
from pathlib import Path
left = int(sys.argv[2])
real = sqlite3.connect
def traced(*args, **more):
    connection = real(*args, **more)
    def before(statement):
        global left
        if not statement.upper().lstrip().startswith(("SELECT", "PRAGMA", "--")):
            left -= 1
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)
    connection.set_trace_callback(before)
    return connection
sqlite3.connect = traced
from aggregator.store import open_store
open_store("sqlite", Path(sys.argv[1]))
os._exit(0)  # leaves the log as a killed process does
"""


def rows(path: Path) -> dict[str, list[dict[str, Any]]]:
    """Everything in the tables of a database, by table."""
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        tables = [name for _, name, kind, *_ in connection.execute("PRAGMA table_list") if kind == "table"]
        return {
            name: [dict(row) for row in connection.execute(f"SELECT * FROM {name}")]
            for name in tables
            if name not in CHANGED and not name.startswith("sqlite_")
        }


def lost(before: dict[str, list[dict[str, Any]]], after: dict[str, list[dict[str, Any]]]) -> list[object]:
    """What was there before and is not after, as it was. Columns may have come since."""
    return [
        (table, row)
        for table, found in before.items()
        for row in found
        if not any(row.items() <= later.items() for later in after.get(table, []))
    ]


def wrong(path: Path) -> list[object]:
    return [finding for finding in check_store(path) if finding.wrong]


def test_every_step_has_its_dump() -> None:
    """`python -m tests.store.schemas` writes the one of a new step."""
    assert [path.stem for path in sorted(FOLDER.glob("*.sql"))] == steps()


@pytest.mark.parametrize("name", steps())
def test_a_step_that_has_landed_is_what_it_was(name: str, tmp_path: Path) -> None:
    load(name, tmp_path / "old.sqlite")
    make(tmp_path / "new.sqlite", name)
    assert list(dump(tmp_path / "new.sqlite")) == list(dump(tmp_path / "old.sqlite"))


@pytest.mark.parametrize("name", steps())
def test_a_store_of_any_version_opens_with_all_that_was_in_it(name: str, tmp_path: Path) -> None:
    load(name, tmp_path / NAME)
    before = rows(tmp_path / NAME)
    store = open_store("sqlite", tmp_path)
    assert lost(before, rows(tmp_path / NAME)) == []
    store.configure([source("alfa"), source("bravo")], now=NOON)
    assert [story.story_id for story in store.latest(9)] == ["urn:alfa:2", "urn:alfa:1"]
    assert store.resolve("urn:bravo:1") == "urn:alfa:1"
    store.apply(update(plan=Plan(placements=(placed("more"),))))
    while store.index(100):
        pass
    store.close()
    assert wrong(tmp_path / NAME) == []


def test_a_store_of_a_later_version_is_left_alone(tmp_path: Path) -> None:
    load(steps()[-1], tmp_path / NAME)
    with closing(sqlite3.connect(tmp_path / NAME)) as connection, connection:
        connection.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('aggregator', 'm9999_x', '')"
        )
    before = rows(tmp_path / NAME)
    for read_only in (False, True):
        with pytest.raises(StoreError, match=r"m9999_x: it was made by a later version"):
            open_store("sqlite", tmp_path, read_only=read_only)
    assert rows(tmp_path / NAME) == before


@pytest.mark.timeout(60 if EVERY > 1 else 900)
def test_killed_in_the_middle_it_goes_on_where_it_was(tmp_path: Path) -> None:
    first = steps()[0]
    kills = 0
    for at in range(2, STATEMENTS_MOST, EVERY):
        folder = tmp_path / str(at)
        folder.mkdir()
        path = folder / NAME
        load(first, path)
        before = rows(path)
        code = subprocess.run(
            [sys.executable, "-c", KILLED, str(folder), str(at)],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            timeout=50,
            check=False,
        ).returncode
        if code == 0:
            break
        assert code == -signal.SIGKILL
        kills += 1
        _is_whole_version(path, tmp_path / f"{at}.sqlite")
        assert lost(before, rows(path)) == []
        store = open_store("sqlite", folder)
        store.close()
        assert lost(before, rows(path)) == []
        assert wrong(path) == []
    else:
        raise AssertionError(f"more than {STATEMENTS_MOST} statements")
    assert kills >= 5


def _is_whole_version(path: Path, expected: Path) -> None:
    """The schema is that of the last step that is noted as applied: none is there in part."""
    with closing(sqlite3.connect(path)) as connection:
        applied = [one.name for one in migrations.applied(Database(connection))]
    assert applied == steps()[: len(applied)]
    make(expected, applied[-1], rows=False)
    schemas = []
    for file in (path, expected):
        with closing(sqlite3.connect(file)) as connection:
            found = connection.execute("SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'")
            schemas.append(sorted(found.fetchall()))
    assert schemas[0] == schemas[1]
