"""JSON Feed 1.1 (jsonfeed.org/version/1.1)."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from aggregator.emit.attachments import attachments, picture
from aggregator.emit.words import heading, one_line, rfc3339
from aggregator.model import Document, Extras, MergedEntry, MergedFeed, Person, Provenance

CONTENT_TYPE = "application/feed+json; charset=utf-8"
VERSION = "https://jsonfeed.org/version/1.1"
EXTENSION = "_aggregator"  # an object of our own, as the specification provides
UNKNOWN_TYPE = "application/octet-stream"  # an attachment must have a type

_OWN = ("episode", "thread", "place", "origin", "rights", "licences", "contributors", "links")


def jsonfeed(feed: MergedFeed, items: Sequence[str]) -> Document:
    """Write a feed that has been through `legal`, with its entries as `json_item` made them."""
    said = {
        "version": VERSION,
        "title": feed.title,
        "home_page_url": feed.home_url,
        "feed_url": feed.self_url("json"),
        EXTENSION: {"about": feed.home_url, "updated": rfc3339(feed.updated_at)},
    }
    body = f'{_json(said)[:-1]},"items":[{",".join(items)}]}}\n'.encode()
    return Document(path=f"{feed.path}.json", body=body, content_type=CONTENT_TYPE)


def json_item(entry: MergedEntry, about: str) -> str:
    """Write an entry that has been through `legal`; `about` is where our extension is explained."""
    return _json(_item(entry, about))


def _json(said: dict[str, Any]) -> str:
    return json.dumps(said, ensure_ascii=False, separators=(",", ":"))


def _item(entry: MergedEntry, about: str) -> dict[str, Any]:
    item = {
        "id": entry.id,
        "url": entry.url,
        "external_url": next((link.url for link in entry.extras.links if link.rel == "related"), None),
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
        "image": picture(entry),
        "banner_image": entry.extras.banner,
        "attachments": [
            _stated(
                url=one.url,
                mime_type=one.type or UNKNOWN_TYPE,
                title=one.title,
                size_in_bytes=one.length,
                duration_in_seconds=one.duration,
            )
            for one in attachments(entry)
        ],
        EXTENSION: {
            "about": about,
            **_extras(entry.extras),
            "source": _source(entry.source),
            "sources": [
                {**_source(other), **_stated(url=other.entry_url, entry_title=other.entry_title)}
                for other in entry.others
            ],
            **_stated(group=entry.group),
        },
    }
    return _stated(**item)


def _author(person: Person) -> dict[str, Any]:
    return _stated(name=person.name, url=person.url or (person.email and f"mailto:{person.email}"))


def _extras(extras: Extras) -> dict[str, Any]:
    """What JSON Feed has no names for, under our own."""
    said = _lean(asdict(extras))
    return {name: said[name] for name in _OWN if name in said}


def _lean(value: Any) -> Any:
    """Leave out what is not known, at any depth; zero and False are known."""
    if isinstance(value, dict):
        return {name: _lean(inner) for name, inner in value.items() if inner not in (None, "", ())}
    return [_lean(one) for one in value] if isinstance(value, tuple) else value


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
