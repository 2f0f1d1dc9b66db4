"""Bytes to `ParsedFeed`: what a document says, with nothing cleaned, resolved or guessed.

One file per family of formats. The content decides which it is, never the Content-Type: servers
label feeds as anything.
"""

from aggregator.errors import ParseError
from aggregator.model import ParsedFeed, Response
from aggregator.parse import feed, jsonfeed

__all__ = ["parse"]


def parse(response: Response) -> ParsedFeed:
    """Read a feed of any kind; raises `ParseError` when the document is none."""
    if not response.body.strip():
        raise ParseError("the document is empty")
    if jsonfeed.looks_like_json(response.body):
        return jsonfeed.parse(response)
    return feed.parse(response)
