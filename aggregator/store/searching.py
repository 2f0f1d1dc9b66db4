"""The part of `SqliteStore` that searches, on a connection of its own, and keeps the index of what can be found."""

import sqlite3
import threading
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from time import monotonic

from sqlite_utils import Database

from aggregator.errors import QueryError, StoreError
from aggregator.model import Query, Sorting, Story
from aggregator.store import fulltext
from aggregator.store.dossiers import SqliteDossiers
from aggregator.store.footing import address
from aggregator.store.found import found
from aggregator.store.latest import told

BUSY_TIMEOUT = timedelta(seconds=5)  # a backup or a reader may hold the file for a moment
CACHE_OF_READERS = (
    -32_000
)  # KiB of the index that is kept in memory for searches, negative as SQLite wants it
CACHE_OF_FEEDS = -4_000  # and for the few queries of feeds, each the same every time
STEPS = 10_000  # of SQLite's machine between two looks at the clock


def connect(path: Path, *, read_only: bool) -> Database:
    """Open the file; raises sqlite3's errors."""
    uri = address(path, read_only=read_only)
    connection = sqlite3.connect(uri, uri=True, check_same_thread=False, timeout=BUSY_TIMEOUT.total_seconds())
    connection.row_factory = sqlite3.Row
    return Database(connection)


class _Reader:
    """A connection for reading, opened when first used; one search at a time."""

    def __init__(self, path: Path, cache: int) -> None:
        self._path = path
        self._cache = cache
        self._searching = threading.Lock()
        self._db: Database | None = None

    @contextmanager
    def snapshot(self, within: timedelta | None) -> Iterator[Database]:
        """The store as it is now; sqlite3's error "interrupted" after `within`."""
        with self._searching:
            if self._db is None:
                self._db = connect(self._path, read_only=True)
                self._db.execute(f"PRAGMA cache_size = {self._cache}")
            db = self._db
            end = None if within is None else monotonic() + within.total_seconds()
            db.conn.set_progress_handler(None if end is None else lambda: monotonic() > end, STEPS)
            db.execute("BEGIN")
            try:
                yield db
            finally:
                db.conn.rollback()

    def close(self) -> None:
        with self._searching:
            if self._db is not None:
                self._db.close()
                self._db = None


class SqliteSearch(SqliteDossiers):
    """See `Store`. A search reads beside whatever is written: no poll waits for one, nor does a publication."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._indexing = threading.Lock()
        self._asked = _Reader(path, CACHE_OF_READERS)
        self._published = _Reader(path, CACHE_OF_FEEDS)

    def index(self, most: int) -> int:
        """Reading and writing are short; between them, making words holds nobody up."""
        with self._indexing:
            with self._storage():
                queued = fulltext.pending(self._db, most)
                entries = fulltext.stored(self._db, sorted({entry for _, entry in queued}))
            made = [fulltext.indexable(entry) for entry in entries]
            if queued:
                with self._writing():
                    fulltext.write(self._db, made, [n for n, _ in queued])
            return len(queued)

    def unindexed(self) -> int:
        with self._storage():
            return fulltext.unindexed(self._db)

    def _find_stories(
        self,
        query: Query,
        limit: int,
        sources: Sequence[str] | None,
        *,
        settled: bool,
        within: timedelta | None,
        sorting: Sorting,
    ) -> tuple[Story, ...]:
        with self._snapshot(within) as db:
            return told(db, found(db, query, limit, sources, settled=settled, sorting=sorting), sources)

    @contextmanager
    def _snapshot(self, within: timedelta | None) -> Iterator[Database]:
        """The store as it is now, for reading; `QueryError` after `within`."""
        reader = self._published if within is None else self._asked
        try:
            with reader.snapshot(within) as db:
                yield db
        except sqlite3.OperationalError as exc:
            if str(exc) != "interrupted":
                raise self._failure(exc) from exc
            raise QueryError(
                "the search takes too long: add a word, or a date such as after:2026-01-31"
            ) from exc
        except (sqlite3.Error, OSError) as exc:
            raise self._failure(exc) from exc

    @abstractmethod
    def _failure(self, exc: sqlite3.Error | OSError) -> StoreError:
        """The library's error as ours."""

    def _end_searching(self) -> None:
        self._asked.close()
        self._published.close()
