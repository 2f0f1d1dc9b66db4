"""The full-text index of the SQLite engine (FTS5), filled from a queue beside what polls do.

An entry is a row of `search_words` while it may be shown. Rows are numbered by the minute that the story is shown with,
so that the newest that match are the first that FTS5 comes to, and a span of days is a span of rows.
"""

import json
import sqlite3
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from sqlite_utils import Database

from aggregator.model import AllOf, Among, AnyOf, Field, Not, Phrase, Query
from aggregator.search import searchable

MINUTE_BITS = 20  # of a row's number: entries of one minute before they flow into the next
FIRST = datetime(1, 1, 1, tzinfo=UTC)

# Tokens of `facts`, told from words by characters that no word has.
EVERY = "\ue003"  # of every row
_SOURCE, _URL = "\ue000", "\ue001"
_ESCAPED = (
    0xE100  # and the character's code: what FTS5 would take for a space or another letter in a source's id
)

_PENDING = (
    "SELECT n, entry FROM search_queue ORDER BY n DESC LIMIT ?"  # new entries before a backlog of old ones
)
_TO_INDEX = """
    SELECT e.key, e.source_id, e.title, e.content_text, e.authors, e.categories, e.url, s.shown_at,
        NOT e.pruned AND NOT e.held AND e.withdrawn_at IS NULL AS is_shown
    FROM entries e JOIN stories s ON s.key = e.story WHERE e.key IN (SELECT value FROM json_each(?))
"""
_ADD = "INSERT INTO search_words (title, text, author, tag, facts, rowid) VALUES (?, ?, ?, ?, ?, ?)"
_TAKE_OUT = """
    INSERT INTO search_words (search_words, title, text, author, tag, facts, rowid)
    VALUES ('delete', ?, ?, ?, ?, ?, ?)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Indexable:
    """An entry as the index is to have it. `texts`: a text for each of its columns; None = not at all."""

    entry: int
    minute: int
    texts: tuple[str, ...] | None


def pending(db: Database, most: int) -> list[tuple[int, int]]:
    """Return the latest of the queue, as numbers and keys of entries."""
    return [(row["n"], row["entry"]) for row in db.execute(_PENDING, [most])]


def unindexed(db: Database) -> int:
    """Return how much the queue holds."""
    return int(db.execute("SELECT count(*) AS left FROM search_queue").fetchone()["left"])


def stored(db: Database, keys: Sequence[int]) -> list[sqlite3.Row]:
    """Return what entries are found by, as stored."""
    found: list[sqlite3.Row] = db.execute(_TO_INDEX, [json.dumps(keys)]).fetchall()
    return found


def indexable(row: sqlite3.Row) -> Indexable:
    """Return an entry that was `stored` as the index is to have it; needs no database, and most of the time."""
    minute = minute_of(datetime.fromisoformat(row["shown_at"]))
    if not row["is_shown"]:
        return Indexable(entry=row["key"], minute=minute, texts=None)
    words = searchable(
        title=row["title"],
        text=row["content_text"],
        authors=[name for name, _, _ in json.loads(row["authors"])],
        categories=json.loads(row["categories"]),
        url=row["url"],
    )
    facts = [EVERY, source_token(row["source_id"]), *(_URL + word for word in words.url)]
    columns = (words.title, words.text, words.author, words.tag, facts)
    return Indexable(entry=row["key"], minute=minute, texts=tuple(" ".join(column) for column in columns))


def write(db: Database, made: Sequence[Indexable], numbers: Sequence[int]) -> None:
    """Put entries into the index or take them out of it, and these numbers off the queue."""
    for one in made:
        row = db.execute("SELECT doc, words FROM searchable WHERE entry = ?", [one.entry]).fetchone()
        if row is not None:
            before = tuple(_unpacked(row["words"]))
            if before == one.texts and row["doc"] >> MINUTE_BITS == one.minute:
                continue
            db.execute(_TAKE_OUT, [*before, row["doc"]])
            db.execute("DELETE FROM searchable WHERE doc = ?", [row["doc"]])
        if one.texts is not None:
            doc = _free(db, one)
            db.execute(
                "INSERT INTO searchable (doc, entry, words) VALUES (?, ?, ?)",
                [doc, one.entry, _packed(one.texts)],
            )
            db.execute(_ADD, [*one.texts, doc])
    db.conn.executemany("DELETE FROM search_queue WHERE n = ?", [(n,) for n in numbers])


def _free(db: Database, one: Indexable) -> int:
    """Return a free number in the entry's minute, by its key, so that numbers lie close and the index small."""
    doc = (one.minute << MINUTE_BITS) + (one.entry & ((1 << MINUTE_BITS) - 1))
    while db.execute("SELECT 1 FROM searchable WHERE doc = ?", [doc]).fetchone() is not None:
        doc += 1
    return doc


def _packed(texts: Sequence[str]) -> bytes:
    return zlib.compress("\n".join(texts).encode(), 1)


def _unpacked(packed: bytes) -> list[str]:
    return zlib.decompress(packed).decode().split("\n")


def minute_of(at: datetime) -> int:
    """Return the number of a minute; later ones have greater numbers."""
    return int((at - FIRST).total_seconds() // 60)


def first_row(day: date) -> int:
    """Return the least number that a row of that day or later may have."""
    return minute_of(datetime.combine(day, time(), UTC)) << MINUTE_BITS


def source_token(source_id: str) -> str:
    """Return the word by which FTS5 finds the entries of a source."""
    return _SOURCE + "".join(
        one if one.isalnum() and not one.isupper() else chr(_ESCAPED + ord(one) % 0x1000) for one in source_id
    )


def expression(query: Query) -> str:
    """Return a query without dates as FTS5 is asked; nothing in it can be taken for syntax."""
    match query:
        case Phrase():
            return _phrase(query)
        case Among(sources):
            return _any([f'"{source_token(one)}"' for one in sorted(sources)])
        case AnyOf(parts):
            return _any([expression(part) for part in parts])
        case Not(part):
            return f'("{EVERY}" NOT {expression(part)})'
        case AllOf(parts):
            wanted = [expression(part) for part in parts if not isinstance(part, Not)] or [f'"{EVERY}"']
            unwanted = [expression(part.part) for part in parts if isinstance(part, Not)]
            among = f"({' AND '.join(wanted)})"
            return f"({among} NOT {_any(unwanted)})" if unwanted else among
    raise AssertionError(f"{query} is no query of words alone")


def _any(expressions: Sequence[str]) -> str:
    return f"({' OR '.join(expressions)})"


def _phrase(phrase: Phrase) -> str:
    marker, column = "", ""
    if phrase.field is Field.URL:
        marker, column = _URL, ""
    elif phrase.field is not None:
        column = f"{phrase.field.value} : "
    words = " ".join(marker + word for word in phrase.words)
    return f'{column}"{words}"{" *" if phrase.is_prefix else ""}'
