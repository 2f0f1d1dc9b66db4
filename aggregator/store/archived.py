"""The archives of our feeds (RFC 5005) in SQLite: what is shown, what is archived, and what goes from one to the other.

`unarchived` has the stories of each feed that are not in its archive: those it shows, and now and then some that
have still to go. So a publication looks at as many stories as feeds show, however many are stored.
"""

import hashlib
import json
import sqlite3
import zlib
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlite_utils import Database

from aggregator.model import Archived, ArchiveLength, Leavers, Output, PageContent, Sorting
from aggregator.store import rows
from aggregator.store.protocol import PAGE_ENTRIES, SWEEP_STORIES, page_digest
from aggregator.store.rows import SHOWABLE

# CROSS JOIN: SQLite keeps the order as written. Without statistics it would begin with the whole archive, or store.
_TOLD = f"""
    EXISTS (SELECT 1 FROM entries e WHERE e.story = s.key AND {SHOWABLE}
        AND e.source_id IN (SELECT value FROM json_each(:sources)))
"""  # noqa: S608 - our own words
_IS_ARCHIVED = """
    EXISTS (SELECT 1 FROM archive_entries x CROSS JOIN archived y ON y.entry = x.key AND y.archive = :archive
        WHERE x.story_id = s.story_id)
"""
_ENTER = f"""
    INSERT OR IGNORE INTO unarchived (archive, story)
    SELECT :archive, s.key FROM stories s WHERE s.settled AND {_TOLD} AND NOT {_IS_ARCHIVED}
"""  # noqa: S608
_ENTER_TOUCHED = f"{_ENTER} AND s.key IN (SELECT story FROM touched)"  # noqa: S608
_LEAVE = f"""
    DELETE FROM unarchived WHERE archive = :archive AND story IN (
        SELECT s.key FROM stories s JOIN unarchived u ON u.story = s.key WHERE NOT {_TOLD})
"""  # noqa: S608
_BACK = f"""
    DELETE FROM removals WHERE story_id IN (
        SELECT s.story_id FROM touched t CROSS JOIN stories s ON s.key = t.story
        WHERE EXISTS (SELECT 1 FROM entries e WHERE e.story = s.key AND {SHOWABLE}))
"""  # noqa: S608
_IN_LINE = """
    SELECT s.key, s.story_id, s.shown_at, s.representative, s.group_id, r.entry_id AS representative_id
    FROM unarchived u
    JOIN stories s ON s.key = u.story JOIN entries r ON r.key = s.representative
    WHERE u.archive = (SELECT key FROM archives WHERE name = ?)
"""
_UNUSED = """
    UPDATE archive_entries SET body = NULL WHERE key IN (
        SELECT entry FROM archived WHERE archive = :archive AND n >= :first AND n < :end)
    AND NOT EXISTS (
        SELECT 1 FROM archived y JOIN archives a ON a.key = y.archive
        WHERE y.entry = archive_entries.key AND y.n >= a.dropped * :page)
"""
_DIGESTS = """
    SELECT x.digest, y.archived_at FROM archives a CROSS JOIN archived y ON y.archive = a.key
    CROSS JOIN archive_entries x ON x.key = y.entry
    WHERE a.name = :name AND y.n >= :first AND y.n < :end ORDER BY y.n
"""


def enrol(db: Database, outputs: Sequence[Output]) -> frozenset[str]:
    """See `Store.enrol`."""
    configured = {row["id"] for row in db.execute("SELECT id FROM sources WHERE configured")}
    known = {row["name"]: row for row in db.execute("SELECT * FROM archives")}
    changed = set()
    for output in outputs:
        sources = configured if output.sources is None else configured.intersection(output.sources)
        scope = sources | ({repr(output.rules)} if output.rules else set())  # among ids: it is nobody's
        if output.name not in known or {*json.loads(known[output.name]["sources"])} != scope:
            _rescope(db, output, scope)
            changed.add(output.name)
    for name in known.keys() - {output.name for output in outputs}:
        _leave(db, known[name])
    return frozenset(changed | _review(db) | _sweep(db))


def _rescope(db: Database, output: Output, sources: set[str]) -> None:
    """Let a feed have the stories of these sources: the newest it lacks at once, the older ones as they are swept."""
    db.execute("INSERT OR IGNORE INTO archives (name, sources) VALUES (?, '[]')", [output.name])
    row = db.execute("SELECT key, sources FROM archives WHERE name = ?", [output.name]).fetchone()
    values = {"archive": row["key"], "sources": json.dumps(sorted(sources)), "limit": output.limit}
    db.execute("UPDATE archives SET sources = :sources WHERE key = :archive", values)
    db.execute(_LEAVE, values)
    before = {*json.loads(row["sources"])}
    other_rules = any(one.startswith("(Rule(") for one in before ^ sources)
    told = "SELECT 1 FROM entries WHERE source_id IN (SELECT value FROM json_each(?)) LIMIT 1"
    if other_rules or db.execute(told, [json.dumps(sorted(sources - before))]).fetchone():
        db.execute(f"{_ENTER} ORDER BY s.shown_at DESC LIMIT :limit", values)
        db.execute("UPDATE archives SET swept = 0 WHERE key = :archive", values)


def _leave(db: Database, row: sqlite3.Row) -> None:
    """Let a feed that is no more show nothing; its archive stays as long as retention says."""
    if row["sources"] != "[]":
        db.execute("DELETE FROM unarchived WHERE archive = ?", [row["key"]])
        db.execute("UPDATE archives SET sources = '[]', swept = NULL WHERE key = ?", [row["key"]])


def _review(db: Database) -> set[str]:
    """Look again at the stories that have changed; return the feeds that have or had one of them."""
    if db.execute("SELECT 1 FROM touched LIMIT 1").fetchone() is None:
        return set()
    db.execute(_BACK)
    changed = set()
    for row in db.execute("SELECT key, name, sources FROM archives WHERE sources <> '[]'").fetchall():
        values = {"archive": row["key"], "sources": row["sources"]}
        left = db.execute(
            "DELETE FROM unarchived WHERE archive = :archive AND story IN (SELECT story FROM touched)", values
        )
        came = db.execute(_ENTER_TOUCHED, values)
        if left.rowcount or came.rowcount:
            changed.add(row["name"])
    # What is not settled yet was stored since `settle`: it is looked at again next time.
    db.execute("DELETE FROM touched WHERE story NOT IN (SELECT key FROM stories WHERE NOT settled)")
    return changed


def _sweep(db: Database) -> set[str]:
    """Look through some more of the stories from before a feed had its sources."""
    found = db.execute("SELECT key, name, sources, swept FROM archives WHERE swept NOTNULL").fetchall()
    for row in found:
        end = db.execute(
            "SELECT max(key) AS last FROM (SELECT key FROM stories WHERE key > ? ORDER BY key LIMIT ?)",
            [row["swept"], SWEEP_STORIES],
        ).fetchone()["last"]
        if end is not None:
            values = {"archive": row["key"], "sources": row["sources"], "swept": row["swept"], "end": end}
            db.execute(f"{_ENTER} AND s.key > :swept AND s.key <= :end", values)
        db.execute("UPDATE archives SET swept = ? WHERE key = ?", [end, row["key"]])
    return {row["name"] for row in found}


def current(output: Output) -> str:
    """Return the query for what a feed shows: its name, and how many."""
    seen = "r.first_seen_at DESC," if output.sorting is Sorting.SEEN else ""
    return f"{_IN_LINE} ORDER BY {seen} s.shown_at DESC, r.source_id, r.position, s.story_id LIMIT ?"


def leaving(output: Output) -> str:
    """Return the query for what it shows no more, the last first: its name, the ids it shows, and how many."""
    seen = "r.first_seen_at," if output.sorting is Sorting.SEEN else ""
    order = f"{seen} s.shown_at, r.source_id DESC, r.position DESC, s.story_id DESC"
    return f"{_IN_LINE} AND s.story_id NOT IN (SELECT value FROM json_each(?)) ORDER BY {order} LIMIT ?"  # noqa: S608


def leave_out(db: Database, output: str, story_ids: Collection[str]) -> None:
    """See `Store.leave_out`."""
    db.execute(
        "DELETE FROM unarchived WHERE archive = (SELECT key FROM archives WHERE name = ?)"
        " AND story IN (SELECT key FROM stories WHERE story_id IN (SELECT value FROM json_each(?)))",
        [output, json.dumps([*story_ids])],
    )


def archive(db: Database, leavers: Leavers, at: str) -> None:
    """Put stories at the end of an archive; one that is not in line any more is left out."""
    archive_ = db.execute("SELECT key, length FROM archives WHERE name = ?", [leavers.output]).fetchone()
    key, n = archive_["key"], archive_["length"]
    for entry in leavers.entries:
        gone = db.execute(
            "DELETE FROM unarchived WHERE archive = ? AND story = (SELECT key FROM stories WHERE story_id = ?)",
            [key, entry.story_id],
        )
        if gone.rowcount != 1:
            continue
        if n % PAGE_ENTRIES == 0:
            db.execute(
                "INSERT INTO archive_pages (archive, page, title) VALUES (?, ?, ?)",
                [key, n // PAGE_ENTRIES, leavers.title],
            )
        db.execute(
            "INSERT INTO archived (archive, n, entry, archived_at) VALUES (?, ?, ?, ?)",
            [key, n, _keep(db, entry), at],
        )
        n += 1
    db.execute("UPDATE archives SET length = ? WHERE key = ?", [n, key])


def _keep(db: Database, entry: Archived) -> int:
    """Keep an entry's bytes once, however many feeds show it so; return its key."""
    row = db.execute(
        """
        INSERT INTO archive_entries (story_id, digest, updated_at, body) VALUES (?, ?, ?, ?)
        ON CONFLICT (story_id, digest) DO UPDATE SET body = excluded.body RETURNING key
        """,
        [
            entry.story_id,
            hashlib.sha256(entry.body).digest(),
            rows.seconds(entry.updated_at),
            zlib.compress(entry.body),
        ],
    ).fetchone()
    return int(row["key"])


def lengths(db: Database) -> dict[str, ArchiveLength]:
    """See `Store.archive_lengths`."""
    return {
        row["name"]: ArchiveLength(entries=row["length"], dropped=row["dropped"])
        for row in db.execute("SELECT name, length, dropped FROM archives")
    }


def is_archived(db: Database, output: str, story_id: str) -> bool:
    """See `Store.is_archived`."""
    found = db.execute(
        "SELECT 1 FROM archive_entries x CROSS JOIN archived y ON y.entry = x.key"
        " WHERE x.story_id = ? AND y.archive = (SELECT key FROM archives WHERE name = ?)",
        [story_id, output],
    )
    return found.fetchone() is not None


def page(db: Database, output: str, number: int, count: int) -> PageContent | None:
    """See `Store.archive_page`."""
    first = number * PAGE_ENTRIES
    head = db.execute(
        "SELECT p.archive, p.title FROM archive_pages p JOIN archives a ON a.key = p.archive"
        " WHERE a.name = ? AND p.page = ?",
        [output, number],
    ).fetchone()
    if head is None:
        return None
    found = db.execute(
        "SELECT x.story_id, x.updated_at, x.body FROM archived y JOIN archive_entries x ON x.key = y.entry"
        " WHERE y.archive = ? AND y.n >= ? AND y.n < ? ORDER BY y.n",
        [head["archive"], first, first + count],
    ).fetchall()
    if len(found) < count:
        return None
    return PageContent(title=head["title"], entries=tuple(_archived(row) for row in found))


def digest(db: Database, output: str, number: int, count: int) -> str | None:
    """See `Store.archive_digest`."""
    first = number * PAGE_ENTRIES
    found = db.execute(_DIGESTS, {"name": output, "first": first, "end": first + count}).fetchall()
    if len(found) < count:
        return None
    return page_digest((row["digest"], datetime.fromisoformat(row["archived_at"])) for row in found)


def _archived(row: sqlite3.Row) -> Archived:
    return Archived(
        story_id=row["story_id"],
        updated_at=datetime.fromisoformat(row["updated_at"]),
        body=zlib.decompress(row["body"]),
    )


def drop(db: Database, before: datetime) -> None:
    """Let go of full pages whose last entry was archived before then, and of bytes that no other page has."""
    for row in db.execute("SELECT key, length, dropped FROM archives").fetchall():
        dropped = row["dropped"]
        while (dropped + 1) * PAGE_ENTRIES <= row["length"] and _is_old(db, row["key"], dropped, before):
            dropped += 1
        if dropped > row["dropped"]:
            values = {"archive": row["key"], "dropped": dropped, "page": PAGE_ENTRIES}
            first, end = row["dropped"] * PAGE_ENTRIES, dropped * PAGE_ENTRIES
            db.execute("UPDATE archives SET dropped = :dropped WHERE key = :archive", values)
            db.execute(
                "DELETE FROM archive_pages WHERE archive = :archive AND page < :dropped",
                values,
            )
            db.execute(_UNUSED, values | {"first": first, "end": end})


def _is_old(db: Database, key: int, number: int, before: datetime) -> bool:
    row = db.execute(
        "SELECT archived_at FROM archived WHERE archive = ? AND n = ?",
        [key, (number + 1) * PAGE_ENTRIES - 1],
    ).fetchone()
    return bool(row["archived_at"] < rows.seconds(before))
