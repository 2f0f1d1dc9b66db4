"""JSON Feed 1.1: what the specification requires."""

import json
from typing import Any

import pytest

from aggregator.emit import emit
from aggregator.model import Enclosure, MergedEntry, Person
from tests.emit.shown import feed, json_item, shown, told_by


def test_the_head() -> None:
    said = json.loads(emit(feed(shown(), path="feeds/politics", title="Politics"))[2].body)
    del said["items"]
    assert said == {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Politics",
        "home_page_url": "https://news.example/",
        "feed_url": "https://news.example/feeds/politics.json",
        "_aggregator": {"about": "https://news.example/", "updated": "2023-11-14T08:33:00Z"},
    }


def test_an_item_with_everything() -> None:
    entry = shown(
        summary="<p>1 &lt; <i>2</i></p>",
        content="<p>C</p>",
        authors=(Person(name="Ann", email="ann@a.example"), Person(name="Bob", url="https://bob.example/")),
        categories=("a", "b"),
        language="be",
        enclosures=(
            Enclosure(url="https://a.example/1.mp3", type="audio/mpeg", length=9),
            Enclosure(url="https://a.example/2"),
        ),
    )
    item = json_item(entry)
    del item["_aggregator"]
    assert item == {
        "id": "tag:news.example,2026:alfa/1",
        "url": "https://alfa.example/1",
        "title": "Title",
        "content_html": "<p>C</p>",
        "summary": "1 < 2",
        "date_published": "2023-11-14T08:33:00Z",
        "date_modified": "2023-11-14T08:33:00Z",
        "authors": [
            {"name": "Ann", "url": "mailto:ann@a.example"},
            {"name": "Bob", "url": "https://bob.example/"},
        ],
        "tags": ["a", "b"],
        "language": "be",
        "attachments": [
            {"url": "https://a.example/1.mp3", "mime_type": "audio/mpeg", "size_in_bytes": 9},
            {"url": "https://a.example/2", "mime_type": "application/octet-stream"},
        ],
    }


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        pytest.param(shown(summary="<p>S</p>"), {"content_html": "<p>S</p>"}, id="a summary is content too"),
        pytest.param(shown(), {"content_text": "Title"}, id="one of the two is required"),
        pytest.param(shown(title=""), {"content_text": "Alfa"}, id="even without a title"),
    ],
)
def test_text(entry: MergedEntry, text: dict[str, str]) -> None:
    item = json_item(entry)
    assert {name: item[name] for name in ("content_html", "content_text", "summary") if name in item} == text


def test_e08_sources_are_an_extension() -> None:
    others = (told_by("b", entry_url="https://b.example/1", entry_title="Same"), told_by("c"))
    said: dict[str, Any] = json_item(shown(source=told_by(home_url="https://alfa.example/"), others=others))
    assert said["_aggregator"] == {
        "about": "https://news.example/",
        "source": {
            "id": "https://alfa.example/rss",
            "title": "Alfa",
            "feed_url": "https://alfa.example/rss",
            "home_page_url": "https://alfa.example/",
        },
        "sources": [
            {
                "id": "https://b.example/rss",
                "title": "B",
                "feed_url": "https://b.example/rss",
                "url": "https://b.example/1",
                "entry_title": "Same",
            },
            {"id": "https://c.example/rss", "title": "C", "feed_url": "https://c.example/rss"},
        ],
    }


def test_nothing_is_null_or_empty() -> None:
    def check(value: Any, name: str) -> None:
        assert value not in (None, ""), name
        for key, inner in value.items() if isinstance(value, dict) else ():
            check(inner, key)

    check(json_item(shown(url=None, title="", authors=())), "item")
