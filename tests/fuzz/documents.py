"""Bytes of a source to entries, and those to our feeds."""

import json
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace

from lxml import etree

from aggregator.emit import emit
from aggregator.errors import ParseError
from aggregator.html import sanitise, xml_safe
from aggregator.merge import merge
from aggregator.model import Entry, FeedHead, Kind, Reading, Response, Source, StoredEntry, Story
from aggregator.reading import read
from tests.things import NOON

URL = "https://alfa.example/rss"


def check_document(data: bytes) -> None:
    """A document is refused in our own words, or its entries can be stored, read again and published."""
    for kind in (Kind.AUTO, Kind.TEXT):
        source, response = Source(id="alfa", url=URL, kind=kind), Response(status=200, url=URL, body=data)
        try:
            reading = read(source, response)
        except ParseError:
            continue
        _judge(reading)
        _publish(source, reading)
        _read_again(source, response, reading)


def _judge(reading: Reading) -> None:
    guids = [entry.guid for entry in reading.entries]
    assert len(set(guids)) == len(guids), "two entries have one guid"
    for text in _texts((reading.head, reading.entries, reading.problems)):
        assert xml_safe(text) == text, f"a character that XML forbids: {text!r}"
    for entry in reading.entries:
        for html in (entry.content, entry.summary):
            assert sanitise(html) == html, f"not as the sanitiser leaves it: {html!r}"


def _read_again(source: Source, response: Response, before: Reading) -> None:
    """Read the document once more as the next poll would: known items are left out, and change nothing else."""
    whole = read(source, response, (), before.date_orders)
    part = read(source, response, before.known, before.date_orders)
    assert replace(part, entries=(), known=(), problems=(), skipped=0) == replace(
        whole, entries=(), known=(), problems=()
    ), "what is known changes what is read"
    assert set(part.known) == set(whole.known)
    assert set(part.entries) <= set(whole.entries), "what is known changes what is new"
    assert len(part.entries) + part.skipped >= len(whole.entries), "an entry is lost"


def _texts(value: object) -> Iterator[str]:
    """Yield every text in a value of ours, however deep."""
    if isinstance(value, str):
        yield value
    elif is_dataclass(value):
        for one in fields(value):
            yield from _texts(getattr(value, one.name))
    elif isinstance(value, tuple | list | frozenset):
        for part in value:
            yield from _texts(part)


def _publish(source: Source, reading: Reading) -> None:
    """Emit what was read, in every format; each must be well-formed and have every entry."""
    feed = merge(
        [_story(entry) for entry in reading.entries],
        path="feed",
        title="News",
        public_url="https://news.example",
        sources={source.id: (source, reading.head or FeedHead())},
        limit=len(reading.entries) or 1,
    )
    for document in emit(feed):
        if document.path.endswith(".json"):
            found = len(json.loads(document.body)["items"])
        else:
            root = etree.fromstring(document.body)
            found = len(root.findall("{http://www.w3.org/2005/Atom}entry") or root.findall("channel/item"))
        assert found == len(reading.entries), f"{document.path} has {found} of {len(reading.entries)} entries"


def _story(entry: Entry) -> Story:
    entry_id = f"tag:news.example,2026:alfa/{entry.position}"
    stored = StoredEntry(entry_id=entry_id, story_id=entry_id, first_seen_at=NOON, entry=entry)
    return Story(story_id=entry_id, entries=(stored,))
