"""Hosts that are left alone until a time, in the file."""

from datetime import datetime

from sqlite_utils import Database

from aggregator.model import Hold
from aggregator.store import rows
from aggregator.store.protocol import ON_HOLD


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
