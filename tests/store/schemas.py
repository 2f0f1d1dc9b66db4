"""Stores as every version of the schema had them, a few rows in each, as SQL.

    python -m tests.store.schemas

writes tests/data/schemas/<step>.sql for every step that has none: run it when a step is added, and commit the file with
it. What is there is never written again: it says what databases out there look like.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from sqlite_utils import Database

from aggregator.store.migrations import migrations

FOLDER = Path(__file__).resolve().parents[1] / "data" / "schemas"
APPLIED_AT = "2026-03-01 12:00:00.000000+00:00"

# By the step that made room for them.
ROWS = {
    "m0001_first": (
        """INSERT INTO sources (id, url, host, title, configured, last_status, last_success_at, next_poll_at, interval)
        VALUES ('alfa', 'https://alfa.example/rss', 'alfa.example', 'Alfa', 1, 200, '2026-03-01T11:00:00.000Z',
            '2026-03-01T12:00:00.000Z', 1800.0)""",
        """INSERT INTO sources (id, url, host, configured, failures, state, last_error)
        VALUES ('bravo', 'https://bravo.example/rss', 'bravo.example', 1, 3, 'failing', 'HTTP 500')""",
        """INSERT INTO stories (key, story_id, representative, shown_at, settled) VALUES
        (1, 'urn:alfa:1', 1, '2026-02-28T10:00:00Z', 1), (2, 'urn:alfa:2', 3, '2026-03-01T10:00:00Z', 1)""",
        """INSERT INTO entries (key, entry_id, source_id, guid, story, rule, uri, url, title, authors, summary, content,
            content_text, language, categories, enclosures, published_at, updated_at, first_seen_at, changed_at,
            position, digest, problems, pruned) VALUES
        (1, 'urn:alfa:1', 'alfa', 'urn:alfa:1', 1, 'new', 'urn:alfa:1', 'https://alfa.example/1', 'Брыдж зачынены',
            '[]', '', '<p>Words &amp; words</p>', 'Words & words', 'be', '["politics"]', '[]', '2026-02-28T10:00:00Z',
            NULL, '2026-02-28T10:05:00Z', NULL, 0, 'd1', '[]', 0),
        (2, 'urn:bravo:1', 'bravo', 'urn:bravo:1', 1, 'url', 'urn:bravo:1', 'https://bravo.example/1', 'Bridge closed',
            '[]', 'It''s closed', '', 'It''s closed', NULL, '[]', '[]', NULL, NULL, '2026-02-28T11:05:00Z', NULL, 0,
            'd2', '[]', 0),
        (3, 'urn:alfa:2', 'alfa', 'urn:alfa:2', 2, 'new', 'urn:alfa:2', NULL, 'Second', '[]', '', '', '', NULL, '[]',
            '[]', '2026-03-01T10:00:00Z', '2026-03-01T11:00:00Z', '2026-03-01T10:05:00Z', NULL, 1, 'd3', '[]', 0)""",
        """INSERT INTO marks (kind, value, n, story, taken_at) VALUES
        ('url', 'https://alfa.example/1', 0, 1, '2026-02-28T10:05:00Z'),
        ('text', 'abc', 0, 2, '2026-03-01T10:05:00Z')""",
        "INSERT INTO aliases (alias, story) VALUES ('urn:bravo:1', 1)",
    ),
    "m0002_politeness": (
        "INSERT INTO holds (host, until) VALUES ('bravo.example', '2026-03-02T00:00:00.000Z')",
        "INSERT INTO known_items (source_id, items) VALUES ('alfa', '[]')",
        "INSERT INTO notes (name, text) VALUES ('subscribers', '7 2026-03-01T12:00:00+00:00')",
        "UPDATE sources SET moved_to = 'https://new.example/rss' WHERE id = 'bravo'",
    ),
    "m0004_near_duplicates": (
        "INSERT INTO samples_0 (hash, entry) VALUES (11, 1), (12, 1)",
        "INSERT INTO sample_weeks (slot, week) VALUES (0, 2930)",
        "INSERT INTO boilerplate (source_id, hashes) VALUES ('alfa', '[]')",
    ),
    "m0005_revisions": (
        """INSERT INTO revisions (key, entry, seen_at, is_shown, title, authors, summary, content, content_text,
            categories, enclosures, extras, position, digest, problems)
        VALUES (1, 1, '2026-02-28T10:05:00Z', 1, 'Bridge', '[]', '', '', '', '[]', '[]', '{}', 0, 'd0', '[]')""",
    ),
    "m0006_overrules": (
        "INSERT INTO overrules (entry, other, apart, decided_at) VALUES (1, 3, 1, '2026-03-01T11:00:00Z')",
    ),
    "m0008_emitted": (
        """INSERT INTO emitted (feed, story_id, told, updated_at)
        VALUES ('feed', 'urn:alfa:1', 'd1', '2026-02-28T10:05:00Z')""",
    ),
    "m0012_groups": (
        "UPDATE stories SET group_id = 'urn:alfa:1', group_scores = '[]' WHERE key = 2",
        "INSERT INTO topics_0 (hash, entry) VALUES (21, 1)",
        "INSERT INTO topic_weeks (slot, week) VALUES (0, 2930)",
    ),
    "m0013_archives": (
        "INSERT INTO archives (key, name, sources, length) VALUES (1, 'feed', '', 0)",
        "INSERT INTO removals (story_id, removed_at, sources) VALUES ('urn:gone', '2026-03-01T10:00:00Z', '[]')",
    ),
}


def steps() -> list[str]:
    """The names of all steps, in order."""
    with closing(sqlite3.connect(":memory:")) as empty:
        return [step.name for step in migrations.pending(Database(empty))]


def make(path: Path, last: str, *, rows: bool = True) -> None:
    """Make a database as it was when `last` had landed."""
    names = steps()
    following = names[names.index(last) + 1 : names.index(last) + 2]
    with closing(sqlite3.connect(path)) as connection:
        migrations.apply(Database(connection), stop_before=following)
        with connection:
            connection.execute("UPDATE _sqlite_migrations SET applied_at = ?", [APPLIED_AT])
            for name in names[: names.index(last) + 1] if rows else []:
                for statement in ROWS.get(name, ()):
                    connection.execute(statement)


def dump(path: Path) -> Iterator[str]:
    """A database as SQL statements. What an index for searching holds is left out: its own tables say it otherwise."""
    with closing(sqlite3.connect(path)) as connection:
        kinds = {name: kind for _, name, kind, *_ in connection.execute("PRAGMA table_list")}
        found = connection.execute(
            "SELECT type, name, sql FROM sqlite_master WHERE sql NOTNULL AND name NOT LIKE 'sqlite_%' ORDER BY rowid"
        ).fetchall()
        later = []
        for kind, name, sql in found:
            if kind != "table":
                later.append(f"{sql};")
            elif kinds[name] != "shadow":
                yield f"{sql};"
                if kinds[name] == "table":
                    yield from _rows(connection, name)
        yield from later


def _rows(connection: sqlite3.Connection, table: str) -> Iterator[str]:
    columns = [column for _, column, *_ in connection.execute(f"PRAGMA table_info({table})")]
    values = " || ', ' || ".join(f"quote({column})" for column in columns)
    for (row,) in connection.execute(f"SELECT {values} FROM {table}"):
        yield f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({row});"


def load(name: str, path: Path) -> None:
    """Make a database of a stored dump."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((FOLDER / f"{name}.sql").read_text(encoding="utf-8"))


def main() -> None:
    import tempfile

    FOLDER.mkdir(exist_ok=True)
    for name in steps():
        target = FOLDER / f"{name}.sql"
        if not target.exists():
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "made.sqlite"
                make(path, name)
                target.write_text("\n".join(dump(path)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
