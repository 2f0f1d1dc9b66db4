"""Publishers' words that entries are deleted (RFC 6721)."""

import re
from collections.abc import Iterable
from functools import reduce
from urllib.parse import urljoin

from aggregator.dates import read_date
from aggregator.model import Tombstone
from aggregator.parse.feedlevel import MOST_DELETED, FeedLevel

_SLASHES = re.compile(r"\A([A-Za-z][A-Za-z0-9+,.-]*://)/+")


def tombstones(said: FeedLevel) -> tuple[tuple[Tombstone, ...], tuple[str, ...]]:
    """Return the last word on every deleted entry, in the document's order, and what was wrong.

    A `when` without a zone names no instant (RFC 3339 demands one): nothing is deleted on a guess.
    """
    found: dict[str, Tombstone] = {}
    nameless = timeless = 0
    for deleted in said.deleted:
        guid = _id((*deleted.bases, deleted.ref.strip()))
        reading = read_date(deleted.when)
        if not deleted.ref.strip() or not guid:
            nameless += 1
        elif reading is None or reading.at is None or reading.problem:
            timeless += 1
        elif guid not in found or found[guid].deleted_at < reading.at:
            found[guid] = Tombstone(guid=guid, deleted_at=reading.at)
    return tuple(found.values()), tuple(_problems(nameless, timeless, said.deleted_beyond))


def _problems(nameless: int, timeless: int, beyond: int) -> Iterable[str]:
    """Yield one sentence for each kind, however many there are of it."""
    if nameless:
        yield f"{nameless} at:deleted-entry without a usable ref: ignored"
    if timeless:
        yield f"{timeless} at:deleted-entry without a readable when: ignored"
    if beyond:
        yield f"{beyond} at:deleted-entry after the first {MOST_DELETED}: ignored"


def _id(references: tuple[str, ...]) -> str:
    """Resolve a ref as feedparser (6.0.14) resolves the atom:id it names.

    It should do neither: RFC 4287 §4.2.6.1 compares ids character by character. But it makes
    absolute what xml:base allows, and takes slashes out of file:///x.
    """
    return reduce(_joined, references, "")


def _joined(base: str, reference: str) -> str:
    try:
        return urljoin(base, _SLASHES.sub(r"\1", reference))
    except ValueError:  # brackets that are no IPv6 address
        return ""
