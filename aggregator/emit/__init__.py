"""A merged feed -> bytes in every format: one file per format, and what they all forbid in `legal`.

The bytes are a pure function of the feed: no clock, no version, no order but the feed's own. `Press` remembers
what it has rendered, which changes no byte.
"""

from dataclasses import replace

from aggregator.emit.atom import atom_page
from aggregator.emit.opml import emit_opml
from aggregator.emit.press import FORMATS, Press
from aggregator.emit.rss import TTL
from aggregator.model import Document, MergedFeed

__all__ = ["FORMATS", "TTL", "Press", "atom_page", "emit", "emit_as", "emit_opml"]


def emit(feed: MergedFeed) -> tuple[Document, ...]:
    """Return the feed in each of its formats, with the same entries in each."""
    return Press().emit(feed)


def emit_as(extension: str, feed: MergedFeed) -> Document:
    """Return the feed in one of `FORMATS`."""
    return Press().emit(replace(feed, formats=(extension,)))[0]
