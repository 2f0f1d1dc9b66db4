"""What a document says anew of entries that are known: other content, other dates, or that they are deleted."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from aggregator.dedup.edits import is_trivial
from aggregator.model import Entry, Known, Revision, Withdrawal


def revised(
    entry: Entry, known: Known, boilerplate: frozenset[int] = frozenset(), *, redate: bool
) -> Revision | None:
    """Return the revision that `entry` is of what is `known`; None when it says the same.

    The published date stays, unless `redate`: then other dates count as well. A withdrawn entry comes back only
    by a later version. `boilerplate` is what the source says in every entry.
    """
    dates = (entry.published_at, entry.updated_at)
    must_show = redate and (known.published_at, known.updated_at) != dates
    if known.withdrawn_at is not None:
        must_show = outlives(entry, known.withdrawn_at)
        if not must_show:
            return None
    if known.digest == entry.digest and not must_show:
        return None
    return Revision(
        entry_id=known.entry_id,
        entry=entry if redate else replace(entry, published_at=known.published_at),
        is_trivial=not must_show and known.entry is not None and is_trivial(entry, known.entry, boilerplate),
    )


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
