"""Merged feeds with everything but what a test is about filled in."""

import json
from datetime import UTC, datetime
from typing import Any

from lxml import etree

from aggregator.emit import emit
from aggregator.model import (
    Chapter,
    Document,
    Episode,
    Extras,
    Link,
    Media,
    MergedEntry,
    MergedFeed,
    Origin,
    Participant,
    Person,
    Place,
    Provenance,
    Reply,
    Thread,
    Transcript,
)

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


def carried() -> Extras:
    """All that an entry can carry besides its text."""
    return Extras(
        media=(
            Media(
                url="https://alfa.example/1.mp3",
                type="audio/mpeg",
                medium="audio",
                length=1234,
                duration=3723,
                title="As heard",
            ),
            Media(
                url="https://alfa.example/1.webm",
                type="video/webm",
                medium="video",
                length=99,
                duration=60,
                width=640,
                height=360,
                title="A < B & C",
                description="Seen from above",
                credit="Ann",
                thumbnail="https://alfa.example/still.jpg",
            ),
            Media(url="https://alfa.example/1.jpg", type="image/jpeg", medium="image", width=10, height=20),
        ),
        thumbnail="https://alfa.example/small.jpg",
        banner="https://alfa.example/wide.jpg",
        episode=Episode(
            duration=3723,
            season=2,
            number=7,
            kind="full",
            explicit=False,
            image="https://alfa.example/cover.jpg",
            chapters_url="https://alfa.example/chapters.json",
            chapters_type="application/json+chapters",
            chapters=(
                Chapter(start=0.0, title="Begin"),
                Chapter(start=62.5, title="A & B", url="https://alfa.example/ab"),
            ),
            transcripts=(
                Transcript(url="https://alfa.example/1.vtt", type="text/vtt", language="be", rel="captions"),
            ),
            people=(Participant(name="Ann", role="host", group="cast", url="https://ann.example/"),),
        ),
        thread=Thread(
            answers=(Reply(ref="tag:bravo.example,2023:1", url="https://bravo.example/1"),),
            comments=3,
            comments_url="https://alfa.example/1#comments",
            comments_feed="https://alfa.example/1/comments",
        ),
        place=Place(latitude=53.9, longitude=27.566667, name="Мінск"),
        origin=Origin(id="tag:delta.example,2020:f", title="Delta", home_url="https://delta.example/"),
        rights="© 2023 Alfa & co",
        licences=("https://creativecommons.org/licenses/by/4.0/",),
        contributors=(Person(name="Зміцер", url="https://zm.example/"),),
        links=(
            Link(rel="related", url="https://echo.example/9", title="What it is about"),
            Link(rel="alternate", url="https://alfa.example/be/1", type="text/html", language="be"),
        ),
    )
