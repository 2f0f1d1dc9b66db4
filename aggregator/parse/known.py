"""Which items of a document have been read before: cuts it up and names the pieces. Pure.

A cut is a guess, made from the bytes alone: `<item>` may stand in a comment or in CDATA as well. It costs nothing
to be wrong here, for `driver` proves each piece with the XML parser before anybody relies on it.
"""

import hashlib
import re
from dataclasses import dataclass

import feedparser

from aggregator import __version__

DIGEST_BYTES = 16
GUID_BYTES = 8  # a collision costs a whole reading, nothing else

# The elements that feedparser makes an entry of, under whatever prefix and in whatever case.
_START = re.compile(rb"<((?:[^<>\s/:!?]+:)?(?:item|entry))(?=[\s/>])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Piece:
    """What looks like one item, and what stands between it and the next (after the last: all the rest).

    `closing` is the length of its end tag; 0 when there is none, and `body` then goes up to the next item.
    """

    body: bytes
    closing: int
    gap: bytes


def cut(document: bytes) -> tuple[bytes, tuple[Piece, ...]]:
    """Return what stands before the first item, and the items; joined again they are `document`."""
    starts = list(_START.finditer(document))
    if not starts:
        return document, ()
    ends = [start.start() for start in starts[1:]] + [len(document)]
    pieces = []
    for start, end in zip(starts, ends, strict=True):
        tag = b"</" + start[1] + b">"
        closed = document.rfind(tag, start.end(), end)
        middle = end if closed < 0 else closed + len(tag)
        pieces.append(
            Piece(
                body=document[start.start() : middle],
                closing=0 if closed < 0 else len(tag),
                gap=document[middle:end],
            )
        )
    return document[: starts[0].start()], tuple(pieces)


def frame(settings: str, url: str) -> str:
    """Return what decides, besides the document, what its items come out as: when it changes, none is known."""
    return repr((__version__, feedparser.__version__, settings, url))


def context(*inherited: object) -> bytes:
    """Return a digest of what an item inherits; it holds for the same software only (see `frame`)."""
    return hashlib.sha256(repr(inherited).encode(errors="surrogatepass")).digest()


def digest(piece: bytes, inherits: bytes) -> str:
    """Name a piece by its bytes and the `context` they were read in."""
    return hashlib.blake2b(piece, key=inherits, digest_size=DIGEST_BYTES).hexdigest()


def guid_digest(guid: str) -> str:
    """Name a guid in few bytes."""
    return hashlib.blake2b(guid.encode(errors="surrogatepass"), digest_size=GUID_BYTES).hexdigest()
