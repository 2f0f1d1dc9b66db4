"""JSON Feed 1.1 (jsonfeed.org/version/1.1)."""

import json
from typing import Any

from aggregator.emit.words import heading, one_line, rfc3339
from aggregator.model import Document, Enclosure, MergedEntry, MergedFeed, Person, Provenance

CONTENT_TYPE = "application/feed+json; charset=utf-8"
VERSION = "https://jsonfeed.org/version/1.1"
EXTENSION = "_aggregator"  # an object of our own, as the specification provides


def jsonfeed(feed: MergedFeed) -> Document:
    """Write a feed that has been through `legal`."""
    said = {
        "version": VERSION,
        "title": feed.title,
        "home_page_url": feed.home_url,
        "feed_url": feed.self_url("json"),
        EXTENSION: {"about": feed.home_url, "updated": rfc3339(feed.updated_at)},
        "items": [_item(entry, feed.home_url) for entry in feed.entries],
    }
    body = json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
    return Document(path=f"{feed.path}.json", body=body, content_type=CONTENT_TYPE)


def _item(entry: MergedEntry, about: str) -> dict[str, Any]:
    item = {
        "id": entry.id,
        "url": entry.url,
        "title": entry.title,
        "content_html": entry.content or entry.summary,
        "content_text": ""
        if entry.content or entry.summary
        else heading(entry),  # one of the two is required
        "summary": one_line(entry.summary) if entry.content and entry.summary else "",  # plain text
        "date_published": rfc3339(entry.published_at),
        "date_modified": rfc3339(entry.updated_at),
        "authors": [_author(person) for person in entry.authors],
        "tags": list(entry.categories),
        "language": entry.language,
        "attachments": [_attachment(enclosure) for enclosure in entry.enclosures],
        EXTENSION: {
            "about": about,
            "source": _source(entry.source),
            "sources": [
                {**_source(other), **_stated(url=other.entry_url, entry_title=other.entry_title)}
                for other in entry.others
            ],
        },
    }
    return _stated(**item)


def _author(person: Person) -> dict[str, Any]:
    return _stated(name=person.name, url=person.url or (person.email and f"mailto:{person.email}"))


def _attachment(enclosure: Enclosure) -> dict[str, Any]:
    """`mime_type` is required, like RSS's type."""
    return _stated(
        url=enclosure.url,
        mime_type=enclosure.type or "application/octet-stream",
        size_in_bytes=enclosure.length,
    )


def _source(source: Provenance) -> dict[str, Any]:
    return _stated(
        id=source.feed_id,
        title=source.title,
        feed_url=source.feed_url,
        home_page_url=source.home_url,
        rights=source.rights,
    )


def _stated(**fields: Any) -> dict[str, Any]:
    """Leave out what is not known: JSON Feed wants no null and no empty string."""
    return {name: value for name, value in fields.items() if value not in (None, "", [])}
