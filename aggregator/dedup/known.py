"""What a document says anew of entries that are known: other content, other dates, or that they are deleted."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from aggregator.model import Entry, Known, Withdrawal


def is_revised(entry: Entry, known: Known, *, redate: bool) -> bool:
    """Tell whether `entry` says more than what is `known` of it.

    With `redate`, other dates count as well. A withdrawn entry comes back only by a later version.
    """
    if known.withdrawn_at is not None:
        return outlives(entry, known.withdrawn_at)
    dates = (entry.published_at, entry.updated_at)
    return known.digest != entry.digest or (redate and (known.published_at, known.updated_at) != dates)


def outlives(entry: Entry, deleted_at: datetime) -> bool:
    """Tell whether an entry was written after its deletion: then it is there again (RFC 6721 §3)."""
    written_at = entry.updated_at or entry.published_at
    return written_at is not None and written_at > deleted_at


def withdrawals(known: Mapping[str, Known], buried: Mapping[str, datetime]) -> Iterator[Withdrawal]:
    """Yield what the tombstones `buried`, by guid, take away: what was last written before (PROTOCOL P40).

    A tombstone names entries of its own source only: `known` holds no others.
    """
    for guid, deleted_at in buried.items():
        entry = known.get(guid)
        if entry is None or entry.withdrawn_at is not None:
            continue
        written_at = entry.updated_at or entry.published_at
        if written_at is None or written_at <= deleted_at:
            yield Withdrawal(entry_id=entry.entry_id, deleted_at=deleted_at)
