"""What the SQLite engine forgets; the caller's transaction makes it whole."""

from datetime import datetime

from sqlite_utils import Database

from aggregator.store import rows


def prune(db: Database, *, before: datetime, keep_per_source: int, texts_before: datetime) -> int:
    """Forget the texts of old entries, old holds and old text marks; return how many entries it was."""
    pruned = db.execute(
        """
        UPDATE entries SET pruned = 1, summary = '', content = '', content_text = '', authors = '[]',
            categories = '[]', enclosures = '[]', extras = '{}'
        WHERE NOT pruned AND (first_seen_at < :before OR key IN (
            SELECT key FROM (
                SELECT key, row_number() OVER (
                    PARTITION BY source_id
                    ORDER BY first_seen_at DESC, coalesce(published_at, first_seen_at) DESC, position, key
                ) AS nth
                FROM entries WHERE NOT pruned)
            WHERE nth > :keep))
        """,
        {"before": rows.seconds(before), "keep": keep_per_source},
    ).rowcount
    db.execute("DELETE FROM holds WHERE until < ?", [rows.millis(before)])
    db.execute(
        """
        DELETE FROM marks WHERE kind = 'text' AND value IN (
            SELECT value FROM marks WHERE kind = 'text' GROUP BY value HAVING max(taken_at) < ?)
        """,
        [rows.seconds(texts_before)],
    )
    return int(pruned)
