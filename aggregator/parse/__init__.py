"""Bytes to `ParsedFeed`: what a document says, with nothing cleaned, resolved or guessed.

One file per family of formats. The content decides which it is, never the Content-Type: servers
label feeds as anything.
"""

from aggregator.errors import ParseError
from aggregator.model import Kind, ParsedFeed, Response
from aggregator.parse import feed, jsonfeed, text

__all__ = ["parse"]


def parse(response: Response, kind: Kind = Kind.AUTO) -> ParsedFeed:
    """Read a document of that kind, else of any; raises `ParseError` when it is none."""
    if not response.body.strip():
        raise ParseError("the document is empty")
    if kind is Kind.TEXT or (kind is Kind.AUTO and text.looks_like_text(response)):
        return text.parse(response)
    if jsonfeed.looks_like_json(response.body):
        return jsonfeed.parse(response)
    return feed.parse(response)
