"""Merged feeds with everything but what a test is about filled in."""

import json
from datetime import UTC, datetime
from typing import Any

from lxml import etree

from aggregator.emit import emit
from aggregator.model import Document, MergedEntry, MergedFeed, Person, Provenance

AT = datetime(2023, 11, 14, 8, 33, tzinfo=UTC)
NAMES = {
    "a": "http://www.w3.org/2005/Atom",
    "dc": "http://purl.org/dc/elements/1.1/",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "xml": "http://www.w3.org/XML/1998/namespace",
}


def told_by(source_id: str = "alfa", **more: Any) -> Provenance:
    feed_url = f"https://{source_id}.example/rss"
    facts: dict[str, Any] = {
        "source_id": source_id,
        "feed_id": feed_url,
        "feed_url": feed_url,
        "updated_at": AT,
    }
    return Provenance(**facts | {"title": source_id.title()} | more)


def shown(**more: Any) -> MergedEntry:
    facts: dict[str, Any] = {
        "id": "tag:news.example,2026:alfa/1",
        "url": "https://alfa.example/1",
        "title": "Title",
    }
    dates = {"published_at": AT, "updated_at": AT}
    return MergedEntry(**facts | dates | {"authors": (Person(name="Ann"),), "source": told_by()} | more)


def feed(*entries: MergedEntry, **more: Any) -> MergedFeed:
    facts: dict[str, Any] = {
        "path": "feed",
        "title": "News",
        "public_url": "https://news.example",
        "updated_at": AT,
    }
    return MergedFeed(**facts | {"entries": entries} | more)


def xml(document: Document) -> Any:
    """Parse a document; what a path does not find shows as an AttributeError."""
    return etree.fromstring(document.body)


def atom_entry(entry: MergedEntry) -> Any:
    return xml(emit(feed(entry))[0]).find("a:entry", NAMES)


def rss_item(entry: MergedEntry) -> Any:
    return xml(emit(feed(entry))[1]).find("channel/item")


def json_item(entry: MergedEntry) -> dict[str, Any]:
    item: dict[str, Any] = json.loads(emit(feed(entry))[2].body)["items"][0]
    return item
