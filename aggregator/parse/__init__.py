"""Bytes to `ParsedFeed`: what a document says, with nothing cleaned, resolved or guessed.

One file per family of formats. The content decides which it is, never the Content-Type: servers
label feeds as anything.
"""

from collections.abc import Collection

from aggregator.errors import ParseError
from aggregator.model import Kind, ParsedFeed, Response
from aggregator.parse import feed, jsonfeed, text
from aggregator.parse.known import frame, guid_digest

__all__ = ["guid_digest", "parse"]


def parse(
    response: Response,
    kind: Kind = Kind.AUTO,
    *,
    known: Collection[str] = (),
    most: int | None = None,
    settings: str = "",
) -> ParsedFeed:
    """Read a document of that kind, else of any; raises `ParseError` when it is none.

    Items whose digest is in `known` are left out (`ParsedFeed.skipped`), and those after `most` others wherever that is
    safe (`unread`): a hundred thousand have no room in a worker. `settings` is what else decides what becomes of an
    item: with others, no digest is the same.
    """
    if not response.body.strip():
        raise ParseError("the document is empty")
    if kind is Kind.TEXT or (kind is Kind.AUTO and text.looks_like_text(response)):
        return text.parse(response)
    if jsonfeed.looks_like_json(response.body):
        return jsonfeed.parse(response, known=known, most=most, frame=frame(settings, response.url))
    return feed.parse(response, known=known, most=most, frame=frame(settings, response.url))
