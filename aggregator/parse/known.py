"""Which items of a document have been read before: cuts it up and names the pieces. Pure.

A cut is a guess, made from the bytes alone: `<item>` may stand in a comment or in CDATA as well. It costs nothing
to be wrong here, for `driver` proves each piece with the XML parser before anybody relies on it.
"""

import hashlib
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import feedparser

from aggregator import __version__

DIGEST_BYTES = 16
GUID_BYTES = 8  # a collision costs a whole reading, nothing else

# The elements that feedparser makes an entry of, under whatever prefix and in whatever case.
_FIRST = re.compile(rb"<(?:[^<>\s/:!?]+:)?(?:item|entry)(?=[\s/>])", re.IGNORECASE)
_NAMED = rb"(?=[ \t\r\n/>]|\Z)"  # <item is not <items


class Piece(NamedTuple):
    """What looks like one item, and what stands between it and the next (after the last: all the rest).

    `closing` is the length of its end tag; 0 when there is none, and `body` then goes up to the next item.
    """

    body: bytes
    closing: int
    gap: bytes


def cut(document: bytes) -> tuple[bytes, Iterator[Piece]]:
    """Return what stands before the first item, and the items, each cut when it is asked for.

    Joined again they are `document`. All items are called what the first is called, prefix and case included;
    another stands in a piece or a gap.
    """
    first = _FIRST.search(document)
    if first is None:
        return document, iter(())
    return document[: first.start()], _pieces(document, first[0], first.start())


def _pieces(document: bytes, opening: bytes, first: int) -> Iterator[Piece]:
    closing = b"</" + opening[1:] + b">"
    others = re.compile(re.escape(opening) + _NAMED).finditer(document, first + len(opening))
    for start, end in pairwise((first, *(found.start() for found in others), len(document))):
        closed = document.rfind(closing, start, end)
        if closed < 0:
            yield Piece(document[start:end], 0, b"")
        else:
            middle = closed + len(closing)
            yield Piece(document[start:middle], len(closing), document[middle:end])


def frame(settings: str, url: str) -> str:
    """Return what decides, besides the document, what its items come out as: when it changes, none is known."""
    return repr((__version__, feedparser.__version__, settings, url))


def context(*inherited: object) -> bytes:
    """Return a digest of what an item inherits; it holds for the same software only (see `frame`)."""
    return hashlib.sha256(repr(inherited).encode(errors="surrogatepass")).digest()


def digest(piece: bytes, inherits: bytes) -> str:
    """Name a piece by its bytes and the `context` they were read in."""
    # SHA-256 is what processors have in hardware.
    return hashlib.sha256(inherits + piece).hexdigest()[: 2 * DIGEST_BYTES]


def guid_digest(guid: str) -> str:
    """Name a guid in few bytes."""
    return hashlib.blake2b(guid.encode(errors="surrogatepass"), digest_size=GUID_BYTES).hexdigest()
