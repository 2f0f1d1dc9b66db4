"""Whether the file of an SQLite store can be read throughout."""

import sqlite3
from pathlib import Path

from aggregator.store.searching import connect

FAULTS_MOST = 3  # that are named


def faults(path: Path) -> tuple[str, ...]:
    """Return what is wrong with the pages of a database, the first few; () when nothing is."""
    try:
        db = connect(path, read_only=True)
        try:
            found = [str(row[0]) for row in db.execute(f"PRAGMA quick_check({FAULTS_MOST})")]
        finally:
            db.close()
    except sqlite3.Error as exc:
        return (str(exc),)
    return () if found == ["ok"] else tuple(found)
