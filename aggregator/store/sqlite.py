"""The store in one SQLite file, WAL, one writing connection (SQLite before 3.51.3 wants no second)."""

import json
import sqlite3
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aggregator.addresses import edited
from aggregator.errors import StoreError
from aggregator.model import (
    Candidate,
    Candidates,
    Claim,
    Emitted,
    FeedHead,
    Holder,
    KnownItem,
    Lookup,
    Mark,
    PollUpdate,
    Source,
    SourceState,
    Version,
)
from aggregator.store import (
    archived,
    emitted,
    groups,
    overruled,
    removals,
    retention,
    retold,
    rows,
    samples,
    versions,
    waiting,
)
from aggregator.store.dossiers import SOURCES
from aggregator.store.failing import failure
from aggregator.store.footing import Footing, empty_log
from aggregator.store.health import SqliteHealth, pause
from aggregator.store.plans import STORED, write_plan
from aggregator.store.preparing import prepared
from aggregator.store.protocol import ON_HOLD, is_upheaval
from aggregator.store.searching import SqliteSearch
from aggregator.store.showing import SqliteShowing
from aggregator.urls import host

BATCH = 500  # values in one IN (…): SQLite's own limit was 999 for long
PROBED = "storage"  # name of the note that tries whether anything can be kept


class SqliteStore(SqliteHealth, SqliteSearch, SqliteShowing):
    """See `Store`. Opening makes or migrates the file; `read_only` needs one that is there."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        super().__init__(path)
        self._lock = threading.RLock()
        self._last_changes = 0
        with self._storage():
            if not read_only:
                path.parent.mkdir(parents=True, exist_ok=True)
            self._db = prepared(path, read_only=read_only)
            self._footing = Footing(path)

    @contextmanager
    def _storage(self) -> Iterator[None]:
        """One caller at a time; the library's errors become ours."""
        with self._lock:
            try:
                yield
            except (sqlite3.Error, OSError) as exc:
                raise self._failure(exc) from exc

    def _failure(self, exc: sqlite3.Error | OSError) -> StoreError:
        return failure(exc, self._path)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """One transaction that nobody writes beside, in whatever process: all or nothing.

        It has the file from its first statement on. Begun by reading, it could not write any more once another
        process has: SQLite calls that locked, at once.
        """
        with self._storage():
            self._footing.check(self._db.conn)
            self._db.execute("BEGIN IMMEDIATE")
            with self._db.conn:  # commits, or rolls back what has failed
                yield

    def close(self) -> None:
        self._end_searching()
        with self._storage():
            self._db.close()

    def look(self) -> None:
        with self._storage():
            self._footing.check(self._db.conn)
            self._footing.check_room()

    def recover(self) -> None:
        self._end_searching()
        with self._storage():
            if self._footing.is_shaken:
                self._footing.put_back(self._db.conn)
                self._db.close()
                self._db = prepared(self._path)
                self._footing = Footing(self._path)
            empty_log(self._db.conn)
        self.look()
        self.note(PROBED, datetime.now(UTC).isoformat())

    # sources

    def configure(self, sources: Sequence[Source], *, now: datetime) -> None:
        with self._writing():
            known = {row["id"]: row["url"] for row in self._db.execute("SELECT id, url FROM sources")}
            # Whoever claimed a source that has left may have found it gone, and has kept the claim.
            self._db.execute(
                "UPDATE sources SET claimed_until = NULL WHERE NOT configured AND claimed_until NOTNULL"
            )
            self._db.execute("UPDATE sources SET configured = 0 WHERE configured")
            for source in sources:
                if source.id not in known:
                    self._add(source, now)
                elif known[source.id] != source.url:
                    self._write_state(edited(self._state(source.id), source.url, now=now))
            self._db.conn.executemany(
                "UPDATE sources SET configured = 1, title = ?, tags = ? WHERE id = ?",
                [(source.title, json.dumps(source.tags), source.id) for source in sources],
            )
            pause(self._db, {source.id for source in sources if source.paused}, now)

    def _add(self, source: Source, now: datetime) -> None:
        """A host on hold stays on hold for a source that is new to it."""
        self._db.execute(
            """
            INSERT INTO sources (id, url, host, configured, next_poll_at, next_reason)
            SELECT :id, :url, :host, 1, iif(until > :now, until, :now), iif(until > :now, :held, 'new source')
            FROM (SELECT (SELECT until FROM holds WHERE host = :host) AS until)
            """,
            {
                "id": source.id,
                "url": source.url,
                "host": host(source.url),
                "now": rows.millis(now),
                "held": ON_HOLD,
            },
        )

    def _write_state(self, state: SourceState) -> None:
        """Write a state, its address too, and end the claim."""
        values = rows.state_values(state) | {"url": state.url}
        columns = ", ".join(f"{name} = :{name}" for name in values)
        self._db.execute(
            f"UPDATE sources SET claimed_until = NULL, {columns} WHERE id = :source_id",  # noqa: S608 - our names
            values | {"source_id": state.source_id},
        )

    def states(self) -> tuple[SourceState, ...]:
        with self._storage():
            found = self._db.execute(f"{SOURCES} WHERE configured ORDER BY id").fetchall()
        return tuple(rows.source_state(row) for row in found)

    def heads(self) -> dict[str, FeedHead]:
        with self._storage():
            found = self._db.execute("SELECT id, head FROM sources WHERE configured").fetchall()
        return {row["id"]: rows.feed_head(row["head"]) for row in found}

    def state(self, source_id: str) -> SourceState:
        with self._storage():
            return self._state(source_id, "AND configured")

    def _state(self, source_id: str, only: str = "") -> SourceState:
        row = self._db.execute(f"{SOURCES} WHERE id = ? {only}", [source_id]).fetchone()
        if row is None:
            raise KeyError(source_id)
        return rows.source_state(row)

    def claim_due(
        self, now: datetime, *, limit: int, lease: timedelta, busy_hosts: Collection[str] = ()
    ) -> tuple[Claim, ...]:
        with self._writing():
            found = self._db.execute(
                """
                SELECT id, host FROM (
                    SELECT id, host, next_poll_at, row_number() OVER (
                        PARTITION BY iif(host = '', id, host) ORDER BY next_poll_at, id) AS nth
                    FROM sources
                    WHERE configured AND paused_at IS NULL AND next_poll_at <= :now
                        AND (claimed_until IS NULL OR claimed_until <= :now)
                        AND host NOT IN (SELECT value FROM json_each(:busy))
                        AND host NOT IN (SELECT host FROM holds WHERE until > :now))
                WHERE nth = 1 ORDER BY next_poll_at, id LIMIT :limit
                """,
                {
                    "now": rows.millis(now),
                    "limit": limit,
                    "busy": json.dumps([one for one in busy_hosts if one]),
                },
            ).fetchall()
            self._db.conn.executemany(
                "UPDATE sources SET claimed_until = ? WHERE id = ?",
                [(rows.millis(now + lease), row["id"]) for row in found],
            )
        return tuple(Claim(source_id=row["id"], host=row["host"]) for row in found)

    def reschedule(self, states: Collection[SourceState]) -> None:
        with self._writing():
            self._db.conn.executemany(
                """
                UPDATE sources
                SET next_poll_at = :next_poll_at, next_reason = :next_reason, interval = :interval, wishes = :wishes
                WHERE id = :id AND last_poll_at IS :last_poll_at
                """,
                [rows.state_values(state) | {"id": state.source_id} for state in states],
            )

    def release_claims(self, source_ids: Collection[str] | None = None) -> None:
        among = "" if source_ids is None else "AND id IN (SELECT value FROM json_each(:ids))"
        with self._writing():
            self._db.execute(
                f"UPDATE sources SET claimed_until = NULL WHERE claimed_until IS NOT NULL {among}",  # noqa: S608 - ours
                {"ids": json.dumps([*(source_ids or ())])},
            )

    def holds(self, *, now: datetime) -> frozenset[str]:
        with self._storage():
            found = self._db.execute("SELECT host FROM holds WHERE until > ?", [rows.millis(now)]).fetchall()
        return frozenset(row["host"] for row in found)

    def recount_holds(self, *, now: datetime) -> int:
        with self._writing():
            return waiting.recount(self._db, now)

    # placing

    def candidates(self, lookup: Lookup) -> Candidates:
        with self._storage(), self._db.atomic():  # all as of one moment
            seen = samples.seen(self._db)  # first: what is stored meanwhile then counts as not seen
            known = {
                row["guid"]: rows.known(row)
                for name in ("guid", "said_guid")
                for row in self._rows(
                    f"{STORED} WHERE e.source_id = ? AND e.{name} IN", lookup.guids, lookup.source_id
                )
            }
            holders = {
                row["entry_id"]: Holder(stored=rows.stored_entry(row), settled=bool(row["settled"]))
                for row in self._rows(f"{_STORED_SETTLED} WHERE e.entry_id IN", lookup.uris)
            }
            marked: dict[Mark, list[Candidate]] = {}
            for kind in sorted({mark.kind for mark in lookup.marks}):
                values = [mark.value for mark in lookup.marks if mark.kind == kind]
                for row in self._rows(_MARKED, values, kind, order="m.n"):
                    marked.setdefault(Mark(kind=kind, value=row["mark_value"]), []).append(
                        rows.candidate(row)
                    )
            near, apart = samples.near(self._db, lookup, known), overruled.apart(self._db)
            events = groups.events(self._db, lookup, known)
            told = retold.told(self._db, lookup) if is_upheaval(lookup, known) else ()
            told_by = {story.representative.entry.source_id for found in near.values() for story in found}
            boilerplate = samples.boilerplate(self._db, {lookup.source_id, *told_by})
        return Candidates(
            known=known,
            holders=holders,
            marked={mark: tuple(found) for mark, found in marked.items()},
            near=near,
            boilerplate=boilerplate,
            apart=apart,
            told=told,
            events=events,
            seen=seen,
        )

    def _rows(
        self, query: str, values: Sequence[str], *before: str, order: str = "1"
    ) -> Iterator[sqlite3.Row]:
        """Run `query` (values…), in batches; within each value ordered by `order`."""
        for start in range(0, len(values), BATCH):
            batch = values[start : start + BATCH]
            places = ", ".join("?" * len(batch))
            yield from self._db.execute(f"{query} ({places}) ORDER BY {order}", [*before, *batch])

    def known_items(self, source_id: str) -> tuple[KnownItem, ...]:
        with self._storage():
            row = self._db.execute(
                "SELECT items FROM known_items WHERE source_id = ?", [source_id]
            ).fetchone()
        return () if row is None else rows.known_items(row["items"])

    def apply(self, update: PollUpdate) -> None:
        with self._writing():
            write_plan(self._db, update.plan, update.at)
            if update.known is not None:
                self._db.execute(
                    "INSERT OR REPLACE INTO known_items (source_id, items) VALUES (?, ?)",
                    [update.state.source_id, rows.known_items_json(update.known)],
                )
            row = self._db.execute(
                "SELECT url FROM sources WHERE id = ?", [update.state.source_id]
            ).fetchone()
            if row is not None and row["url"] == update.state.url:
                self._write_state(update.state)
            if update.hold is not None:
                waiting.write(self._db, update.hold, update.at)

    # what there was

    def revisions(self, entry_id: str) -> tuple[Version, ...]:
        with self._storage():
            return tuple(sorted(versions.of(self._db, entry_id), key=lambda version: version.seen_at))

    def emitted(self, feed: str, story_ids: Sequence[str]) -> dict[str, Emitted]:
        with self._storage():
            return emitted.of(self._db, feed, story_ids)

    def keep_emitted(self, feed: str, said: Mapping[str, Emitted]) -> None:
        with self._writing():
            emitted.keep(self._db, feed, said)

    # keeping

    def prune(
        self,
        *,
        before: datetime,
        keep_per_source: int,
        texts_before: datetime,
        versions_before: datetime | None = None,
        removals_before: datetime | None = None,
    ) -> int:
        with self._writing():
            pruned = retention.prune(
                self._db, before=before, keep_per_source=keep_per_source, texts_before=texts_before
            )
            samples.drop(self._db, texts_before)
            groups.drop(self._db, texts_before)
            versions.drop(self._db, versions_before)
            removals.drop(self._db, removals_before)
            archived.drop(self._db, before)
            emitted.drop(self._db)
        return pruned

    def note(self, name: str, text: str) -> None:
        with self._writing():
            self._db.execute("INSERT OR REPLACE INTO notes (name, text) VALUES (?, ?)", [name, text])

    def noted(self, name: str) -> str | None:
        with self._storage():
            row = self._db.execute("SELECT text FROM notes WHERE name = ?", [name]).fetchone()
        return None if row is None else str(row["text"])

    def counts(self, *, since: datetime) -> dict[str, int]:
        with self._storage():
            found = self._db.execute(
                """
                SELECT source_id, count(*) AS entries FROM entries
                WHERE coalesce(published_at, first_seen_at) >= ? GROUP BY source_id
                """,
                [rows.seconds(since)],
            ).fetchall()
        return {row["source_id"]: row["entries"] for row in found}


_STORED_SETTLED = "SELECT e.*, s.story_id, s.settled FROM entries e JOIN stories s ON s.key = e.story"
_MARKED = """
    SELECT m.value AS mark_value, m.n, s.settled, s.story_id, e.* FROM marks m
    JOIN stories s ON s.key = m.story JOIN entries e ON e.key = s.representative
    WHERE m.kind = ? AND m.value IN
"""
