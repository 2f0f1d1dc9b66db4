"""The schema of the SQLite engine, as steps that each database takes once, in order.

A step that has landed is never edited: add another, and its dump (`python -m tests.store.schemas`). Times of
entries are RFC 3339 UTC text in whole seconds, times of polls in milliseconds: both sort as text.
"""

from aggregator.store.migrations import first, later  # isort: skip  # in the order of their steps
from aggregator.store.migrations.registry import migrations

__all__ = ["first", "later", "migrations"]
