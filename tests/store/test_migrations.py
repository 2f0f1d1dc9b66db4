"""A database of an earlier version opens with all that was in it."""

from contextlib import closing
from pathlib import Path

from sqlite_utils import Database

from aggregator.model import NO_EXTRAS, Lookup, Plan, Revision
from aggregator.store import open_store, retold
from aggregator.store.migrations import migrations
from tests.emit.shown import carried
from tests.things import NOON, entry, source, update


def test_entries_from_before_there_were_extras_carry_none(tmp_path: Path) -> None:
    before = Database(tmp_path / "aggregator.sqlite")
    migrations.apply(before, stop_before="m0003_extras")
    before.execute(
        "INSERT INTO stories (key, story_id, representative, shown_at) VALUES (1, 'a', 1, '2026-01-01T00:00:00Z')"
    )
    before.execute(
        """
        INSERT INTO entries (key, entry_id, source_id, guid, story, rule, title, authors, summary, content,
            content_text, categories, enclosures, first_seen_at, position, digest, problems)
        VALUES (1, 'a', 'alfa', '1', 1, 'new', 'T', '[]', '', '', '', '[]', '[]', '2026-01-01T00:00:00Z', 0, '', '[]')
        """
    )
    before.conn.commit()
    before.close()
    store = open_store("sqlite", tmp_path)
    store.configure([source("alfa")], now=NOON)
    assert [story.entries[0].entry.extras for story in store.latest(9)] == [NO_EXTRAS]
    store.apply(update(plan=Plan(revisions=(Revision(entry_id="a", entry=entry("1", extras=carried())),))))
    assert [story.entries[0].entry.extras for story in store.latest(9)] == [carried()]
    store.close()


def test_titles_from_before_they_had_an_index_are_found(tmp_path: Path) -> None:
    before = Database(tmp_path / "aggregator.sqlite")
    migrations.apply(before, stop_before="m0009_titles")
    before.execute(
        "INSERT INTO stories (key, story_id, representative, shown_at) VALUES (1, 'a', 1, '2026-01-01T00:00:00Z')"
    )
    before.execute(
        """
        INSERT INTO entries (key, entry_id, source_id, guid, story, rule, title, authors, summary, content,
            content_text, categories, enclosures, first_seen_at, position, digest, problems)
        VALUES (1, 'a', 'alfa', '1', 1, 'new', 'T', '[]', '', '', '', '[]', '[]', '2026-01-01T00:00:00Z', 0, '', '[]')
        """
    )
    before.conn.commit()
    before.close()
    store = open_store("sqlite", tmp_path)
    all_new = Lookup(source_id="alfa", guids=tuple(map(str, range(10, 20))), titles=("T", "U"))
    assert [told.title for told in store.candidates(all_new).told] == ["T"]
    store.close()


def test_what_a_source_told_under_a_title_is_looked_up_in_an_index(tmp_path: Path) -> None:
    db = Database(tmp_path / "aggregator.sqlite")
    migrations.apply(db)
    plan = db.execute(f"EXPLAIN QUERY PLAN {retold.TOLD}", ["alfa", "[]", 1]).fetchall()
    assert any("entries_told (source_id=? AND title=?)" in row[3] for row in plan)
    db.close()


def test_what_an_entry_was_told_apart_from_is_read_off_its_guid(tmp_path: Path) -> None:
    before = Database(tmp_path / "aggregator.sqlite")
    migrations.apply(before, stop_before="m0010_told_apart")
    before.execute("INSERT INTO stories (key, story_id, shown_at) VALUES (1, 'a', '2026-01-01T00:00:00Z')")
    rows = [
        ("plain", None, "T", "0"),
        ("with spaces", None, "T", "0"),
        ("g1 https://e.example/1", "https://e.example/1", "T", "0"),
        ("g1 https://e.example/1 T", "https://e.example/1", "T", "0"),
        ("g2  A title", None, "A title", "0"),
        ("g2  ", None, "", "0"),
        ("g3   ab12", None, "", "ab12"),
    ]
    before.conn.executemany(
        """
        INSERT INTO entries (entry_id, source_id, guid, story, rule, url, title, digest, authors, summary, content,
            content_text, categories, enclosures, first_seen_at, position, problems)
        VALUES (?1, 'alfa', ?1, 1, 'new', ?2, ?3, ?4, '[]', '', '', '', '[]', '[]', '2026-01-01T00:00:00Z', 0, '[]')
        """,
        rows,
    )
    before.conn.commit()
    before.close()
    with closing(open_store("sqlite", tmp_path)) as store:
        store.configure([source("alfa")], now=NOON)
        looked_for = Lookup(source_id="alfa", guids=("plain", "with spaces", "g1", "g2", "g3"))
        known = store.candidates(looked_for).known
    assert {guid: one.said_guid for guid, one in known.items()} == {
        "plain": None,
        "with spaces": None,
        "g1 https://e.example/1": "g1",
        "g1 https://e.example/1 T": "g1",
        "g2  A title": "g2",
        "g2  ": "g2",
        "g3   ab12": "g3",
    }
