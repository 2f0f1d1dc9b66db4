"""What a source has told under titles that come again, in SQLite: for those that change all their guids."""

import json

from sqlite_utils import Database

from aggregator.model import Candidate, Lookup, Told
from aggregator.store import rows
from aggregator.store.protocol import TOLD_MOST

TOLD = """
    SELECT e.url AS own_url, e.title AS own_title, e.published_at AS own_date, e.content_text AS own_text,
        s.story_id, s.settled, r.*
    FROM entries e INDEXED BY entries_told
    JOIN stories s ON s.key = e.story JOIN entries r ON r.key = s.representative
    WHERE e.source_id = ? AND NOT e.pruned AND e.title IN (SELECT value FROM json_each(?))
    ORDER BY e.first_seen_at DESC, e.key DESC LIMIT ?
"""


def told(db: Database, lookup: Lookup) -> tuple[Told, ...]:
    """Return the entries of a source with the titles that are looked for, the latest first."""
    found = db.execute(TOLD, [lookup.source_id, json.dumps(lookup.titles), TOLD_MOST])
    return tuple(
        Told(
            url=row["own_url"],
            title=row["own_title"],
            published_at=rows.instant(row["own_date"]),
            content_text=row["own_text"],
            story=Candidate(
                story_id=row["story_id"],
                representative=rows.stored_entry(row),
                settled=bool(row["settled"]),
            ),
        )
        for row in found
    )
