"""Hosts that are left alone until a time, in the file and in memory."""

from datetime import datetime

from sqlite_utils import Database

from aggregator.model import Hold
from aggregator.store import rows
from aggregator.store.protocol import ON_HOLD


class Holds:
    """Those of the engine in memory: made at, until when, by host."""

    def __init__(self) -> None:
        self._spans: dict[str, tuple[datetime, datetime]] = {}

    def now(self, at: datetime) -> frozenset[str]:
        return frozenset(held for held, (_, until) in self._spans.items() if until > at)

    def until(self, held: str, at: datetime) -> datetime:
        """Return until when a host waits, at least `at`."""
        return max(at, self._spans[held][1]) if held in self._spans else at

    def add(self, hold: Hold, at: datetime) -> None:
        """Let a host wait from `at` on, unless it waits for longer."""
        if hold.host not in self._spans or self._spans[hold.host][1] < hold.until:
            self._spans[hold.host] = at, hold.until

    def recount(self, at: datetime) -> dict[str, tuple[datetime, datetime]]:
        """Count from `at` what was made later; return until when those were to last, and do now."""
        early = {held: span for held, span in self._spans.items() if span[0] > at}
        after = {held: (at, at + (until - since)) for held, (since, until) in early.items()}
        self._spans |= after
        return {held: (early[held][1], until) for held, (_, until) in after.items()}

    def forget(self, before: datetime) -> None:
        self._spans = {held: span for held, span in self._spans.items() if span[1] >= before}


def write(db: Database, hold: Hold, at: datetime) -> None:
    """Let a host, and all its sources, wait from `at` on, unless it waits for longer."""
    values = {
        "host": hold.host,
        "since": rows.millis(at),
        "until": rows.millis(hold.until),
        "held": ON_HOLD,
    }
    db.execute(
        """
        INSERT INTO holds (host, since, until) VALUES (:host, :since, :until)
        ON CONFLICT (host) DO UPDATE SET since = :since, until = :until WHERE until < :until
        """,
        values,
    )
    db.execute(
        "UPDATE sources SET next_poll_at = :until, next_reason = :held"
        " WHERE host = :host AND next_poll_at < :until",
        values,
    )


def recount(db: Database, now: datetime) -> int:
    """Count from `now` what was made later; return how many there were."""
    early = db.execute("SELECT host, since, until FROM holds WHERE since > ?", [rows.millis(now)]).fetchall()
    for row in early:
        values = {
            "host": row["host"],
            "now": rows.millis(now),
            "was": row["until"],
            "until": rows.millis(
                now + (datetime.fromisoformat(row["until"]) - datetime.fromisoformat(row["since"]))
            ),
            "held": ON_HOLD,
        }
        db.execute("UPDATE holds SET since = :now, until = :until WHERE host = :host", values)
        db.execute(
            "UPDATE sources SET next_poll_at = :until"
            " WHERE host = :host AND next_reason = :held AND next_poll_at = :was",
            values,
        )
    return len(early)
