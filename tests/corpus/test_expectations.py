"""What other parsers' authors expect of 205 feeds, asked of ours.

Their expectations are not always the truth, so what is only written otherwise is brought to one form first, and
every difference that is left has its reason here. Dates that nobody here can read yet are named like the rest.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from aggregator.model import Entry, Reading, Response, Source
from aggregator.reading import read
from aggregator.urls import absolute, canonical
from tests.corpus.place import CORPUS, needs_corpus

URL = "https://x.example/f"


def expectations() -> list[dict[str, Any]]:
    if CORPUS is None:
        return []
    return [json.loads(line) for line in (CORPUS / "EXPECT.jsonl").read_text(encoding="utf-8").splitlines()]


CASE = "podcastparser/tests/data/"
READER = "rbren-rss-parser/test/input/"
GO = "gofeed/testdata/translator/"
NOTHING = "an entry that says nothing is none"
SORTED = "podcastparser sorts a serial show by date; we keep the document's order"
PLAYABLE = "podcastparser leaves out what it cannot play, and gives file names for titles"
LIMITED = "podcastparser was told to stop after one"
PLAIN = "a title is one line of plain text: references resolved, tags gone"
MARKED = "expected with the replacement characters of a wrong encoding, which we read right"
BASED = "feedparser (6.0.14) resolves ids against an xml:base that was over before"

REASONS = {
    (f"{CASE}itunes_type_serial.rss", "id"): SORTED,
    (f"{CASE}itunes_type_serial.rss", "title"): SORTED,
    (f"{CASE}itunes_type_serial.rss", "published"): SORTED,
    (f"{CASE}max_episodes.rss", "n"): LIMITED,
    (f"{CASE}no_enclosure.rss", "n"): PLAYABLE,
    (f"{CASE}no_enclosure.rss", "id"): PLAYABLE,
    (f"{CASE}no_enclosure.rss", "title"): PLAYABLE,
    (f"{CASE}no_title_multi_enclosure.rss", "n"): PLAYABLE,
    (f"{CASE}no_guid.rss", "title"): PLAYABLE,
    (f"{CASE}no_title.rss", "title"): PLAYABLE,
    (f"{READER}craigslist.rss", "title"): PLAIN,
    (f"{READER}uolNoticias.rss", "title"): MARKED,
    (f"{READER}reddit-home.rss", "id"): BASED,
    (f"{READER}incomplete-fields.atom", "n"): NOTHING,
    (f"{GO}rss/feed_item_category_-_rss_channel_item_custom.xml", "n"): NOTHING,
}


def differences(expected: dict[str, Any], reading: Reading) -> Iterator[str]:
    """Yield the names of what differs, each once per document."""
    if "n" in expected and expected["n"] != len(reading.entries):
        yield "n"
    for item, entry in zip(expected["items"], reading.entries, strict=False):
        for name, value in item.items():
            if not agrees(name, value, entry):
                yield name


def agrees(name: str, expected: str | None, entry: Entry) -> bool:
    match name:
        case "id":
            return is_id(expected or "", entry)
        case "title":
            return " ".join((expected or "").split()) == entry.title
        case "link":
            address = absolute(URL, expected) if expected else None
            return (canonical(address) if address else None) == entry.url
        case "published":
            return instant(expected) == entry.published_at
        case _:  # feed-rs takes pubDate for both dates; an entry that was never changed has no second one
            return instant(expected) == (entry.updated_at or entry.published_at)


def is_id(expected: str, entry: Entry) -> bool:
    """Podcastparser resolves ids, and takes the enclosure for one where there is neither id nor link."""
    said = {entry.guid, entry.said_guid, f"file://tests/data/{entry.guid}"}
    if entry.guid.startswith("sha256:"):
        return any(expected in {one.url, unresolved(one.url)} for one in entry.enclosures)
    return expected.strip() in said


def unresolved(url: str) -> str:
    return url.replace("https://x.example/", "file://tests/data/")


def instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).astimezone(UTC)


@needs_corpus
@pytest.mark.parametrize("expected", expectations(), ids=lambda expected: expected["path"])
def test_what_others_expect(expected: dict[str, Any]) -> None:
    assert CORPUS is not None
    body = (CORPUS / expected["path"]).read_bytes()
    reading = read(Source(id="x", url=URL), Response(status=200, url=URL, body=body))
    explained = {name for path, name in REASONS if path == expected["path"]}
    assert set(differences(expected, reading)) == explained


@needs_corpus
def test_nothing_is_explained_that_is_not_there() -> None:
    paths = {expected["path"] for expected in expectations()}
    assert len(paths) == 205
    assert {path for path, _ in REASONS} <= paths
