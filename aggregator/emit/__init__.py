"""A merged feed -> bytes in every format: one file per format, and what they all forbid in `legal`.

The bytes are a pure function of the feed: no clock, no version, no order but the feed's own. `Press` remembers
what it has rendered, which changes no byte.
"""

from aggregator.emit.atom import atom_page
from aggregator.emit.opml import emit_opml
from aggregator.emit.press import Press
from aggregator.emit.rss import TTL
from aggregator.model import Document, MergedFeed

__all__ = ["TTL", "Press", "atom_page", "emit", "emit_opml"]


def emit(feed: MergedFeed) -> tuple[Document, ...]:
    """Return the feed as Atom 1.0, RSS 2.0 and JSON Feed 1.1, with the same entries in each."""
    return Press().emit(feed)
