"""A merged feed -> bytes in every format: one file per format, and what they all forbid in `legal`.

The bytes are a pure function of the feed: no clock, no version, no order but the feed's own.
"""

from typing import Final

from aggregator.emit.atom import atom
from aggregator.emit.jsonfeed import jsonfeed
from aggregator.emit.legal import legal
from aggregator.emit.opml import emit_opml
from aggregator.emit.rss import TTL, rss
from aggregator.model import Document, MergedFeed

__all__ = ["FORMATS", "TTL", "emit", "emit_as", "emit_opml"]

FORMATS: Final = {"atom": atom, "rss": rss, "json": jsonfeed}  # by the extension of their addresses


def emit(feed: MergedFeed) -> tuple[Document, ...]:
    """Return the feed in each of its formats, with the same entries in each."""
    feed = legal(feed)
    return tuple(FORMATS[name](feed) for name in feed.formats)


def emit_as(extension: str, feed: MergedFeed) -> Document:
    """Return the feed in one of `FORMATS`."""
    return FORMATS[extension](legal(feed))
