"""What was told of the health of sources, and which of them are paused: the same in both engines."""

import json
import threading
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from sqlite_utils import Database

from aggregator.model import HealthEvent, SourceState, State, Untold
from aggregator.store import rows
from aggregator.store.dossiers import SOURCES, SqliteDossiers
from aggregator.store.protocol import EVENTS_KEPT

# As in the index of these sources: most of the time there is none.
UNTOLD = f"""
    {SOURCES} WHERE configured
    AND told != iif(paused_at IS NOT NULL, 'paused', iif(state = 'new', told, state)) ORDER BY id
"""


def pause(db: Database, paused: Collection[str], now: datetime) -> None:
    """Let exactly these of the configured sources be paused. Who is resumed begins anew to be what it is."""
    ids = json.dumps(sorted(paused))
    db.execute(
        """
        UPDATE sources SET paused_at = ?
        WHERE configured AND paused_at IS NULL AND id IN (SELECT value FROM json_each(?))
        """,
        [rows.seconds(now), ids],
    )
    db.execute(
        """
        UPDATE sources SET paused_at = NULL, state_since = ?
        WHERE configured AND paused_at IS NOT NULL AND id NOT IN (SELECT value FROM json_each(?))
        """,
        [rows.seconds(now), ids],
    )


class SqliteHealth(SqliteDossiers):
    """The part of `SqliteStore` that knows what was told; see `Store`."""

    _path: Path

    def untold(self) -> tuple[Untold, ...]:
        with self._storage():
            found = self._db.execute(UNTOLD).fetchall()
        return tuple(Untold(state=rows.source_state(row), told=State(row["told"])) for row in found)

    def healths(self) -> dict[State, int]:
        with self._storage():
            found = self._db.execute(
                "SELECT iif(paused_at IS NULL, state, 'paused') AS health, count(*) AS sources"
                " FROM sources WHERE configured GROUP BY health"
            ).fetchall()
        return {State(row["health"]): row["sources"] for row in found}

    def size(self) -> int:
        files = (self._path, *(self._path.with_name(f"{self._path.name}-{end}") for end in ("wal", "shm")))
        with self._storage():
            return sum(file.stat().st_size for file in files if file.exists())

    def tell(self, events: Sequence[HealthEvent]) -> None:
        with self._writing():
            self._db.conn.executemany(
                """
                INSERT INTO health_events (event_id, source_id, title, url, was, state, since, at, reason, advice)
                VALUES (:event_id, :source_id, :title, :url, :was, :state, :since, :at, :reason, :advice)
                """,
                [rows.health_event_values(event) for event in events],
            )
            self._db.conn.executemany(
                "UPDATE sources SET told = ? WHERE id = ?",
                [(event.state.value, event.source_id) for event in events],
            )
            self._db.execute(
                "DELETE FROM health_events WHERE number <= (SELECT max(number) FROM health_events) - ?",
                [EVENTS_KEPT],
            )

    def health_events(self, *, after: int = 0, limit: int = EVENTS_KEPT) -> tuple[HealthEvent, ...]:
        with self._storage():
            found = self._db.execute(
                "SELECT * FROM health_events WHERE number > ? ORDER BY number LIMIT ?", [after, limit]
            ).fetchall()
        return tuple(rows.health_event(row) for row in found)


class MemoryHealth(ABC):
    """The part of `MemoryStore` that knows what was told; see `Store`."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._health_told: dict[str, State] = {}
        self._events: list[HealthEvent] = []

    @abstractmethod
    def states(self) -> tuple[SourceState, ...]:
        """See `Store`."""

    def untold(self) -> tuple[Untold, ...]:
        with self._lock:
            found = (
                Untold(state=state, told=self._health_told.get(state.source_id, State.OK))
                for state in self.states()
            )
            return tuple(one for one in found if one.state.health not in (one.told, State.NEW))

    def healths(self) -> dict[State, int]:
        with self._lock:
            return dict(Counter(state.health for state in self.states()))

    def size(self) -> int:
        return 0

    def tell(self, events: Sequence[HealthEvent]) -> None:
        with self._lock:
            for event in events:
                last = self._events[-1].number if self._events else 0
                self._events.append(replace(event, number=last + 1))
                self._health_told[event.source_id] = event.state
            del self._events[:-EVENTS_KEPT]

    def health_events(self, *, after: int = 0, limit: int = EVENTS_KEPT) -> tuple[HealthEvent, ...]:
        with self._lock:
            return tuple(event for event in self._events if event.number > after)[:limit]


def paused(states: Mapping[str, SourceState], ids: Collection[str], now: datetime) -> dict[str, SourceState]:
    """Return the states with exactly these sources paused."""
    return {source_id: _paused(state, source_id in ids, now) for source_id, state in states.items()}


def _paused(state: SourceState, is_paused: bool, now: datetime) -> SourceState:
    if is_paused == (state.paused_at is not None):
        return state
    return replace(state, paused_at=now) if is_paused else replace(state, paused_at=None, since=now)
