"""Which known entry an entry is, in feeds that repeat a guid.

A guid repeated in one document is told apart by what else the entry says. What a document repeats
changes from poll to poll, so an entry may be known under either name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from aggregator.model import Entry, Known


def names(entry: Entry) -> tuple[str, ...]:
    """Return every guid that an entry may be known under, its own first."""
    return entry.guid, entry.said_guid or _apart(entry)


def told_apart(entries: Sequence[Entry], known: Mapping[str, Known]) -> tuple[Entry, ...]:
    """Return the entries with the guids they are known under."""
    return tuple(_as_known(entry, known) for entry in entries)


def _as_known(entry: Entry, known: Mapping[str, Known]) -> Entry:
    if entry.said_guid is None:
        apart = _apart(entry)
        return replace(entry, guid=apart, said_guid=entry.guid) if apart in known else entry
    plain = known.get(entry.said_guid)
    if entry.guid not in known and plain is not None and (plain.url, plain.title) == (entry.url, entry.title):
        return replace(entry, guid=entry.said_guid, said_guid=None)
    return entry


def _apart(entry: Entry) -> str:
    """The name it has where its guid is repeated (see `normalise`)."""
    return f"{entry.guid} {entry.url or ''}"
