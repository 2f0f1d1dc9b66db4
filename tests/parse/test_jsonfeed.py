"""JSON Feed 1.0 and 1.1."""

import json
from typing import Any

import pytest

from aggregator.errors import ParseError
from aggregator.model import NO_EXTRAS, Enclosure, Extras, Link, Media, ParsedFeed, Person, Response
from aggregator.parse import parse

VERSION = "https://jsonfeed.org/version/1.1"


def read(said: object, prefix: bytes = b"") -> ParsedFeed:
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    return parse(Response(status=200, url="https://alfa.example/feed", body=prefix + body))


def items(*found: Any, **more: Any) -> ParsedFeed:
    return read({"version": VERSION, "title": "Alfa", "items": list(found)} | more)


def test_in_full() -> None:
    feed = items(
        {
            "id": "1",
            "url": "https://alfa.example/1",
            "title": "One",
            "content_html": "<p>c</p>",
            "content_text": "c",
            "summary": "s",
            "date_published": "2026-03-01T10:00:00Z",
            "date_modified": "2026-03-01T11:00:00Z",
            "authors": [{"name": "Ada", "url": "https://ada.example/"}],
            "tags": ["x", 7],
            "language": "de",
            "attachments": [
                {"url": "https://a.example/1.mp3", "mime_type": "audio/mpeg", "size_in_bytes": 7}
            ],
        },
        home_page_url="https://alfa.example/",
        description="d",
    )
    (entry,) = feed.entries
    assert (feed.format, feed.head.title, feed.head.home_url) == ("json11", "Alfa", "https://alfa.example/")
    assert (entry.id, entry.link, entry.language, entry.categories) == (
        "1",
        "https://alfa.example/1",
        "de",
        ("x",),
    )
    assert entry.content is not None
    assert (entry.content.value, entry.content.kind) == ("<p>c</p>", "html")
    assert entry.authors == (Person(name="Ada", url="https://ada.example/"),)
    assert entry.enclosures == (Enclosure(url="https://a.example/1.mp3", type="audio/mpeg", length=7),)
    assert entry.published is not None
    assert entry.updated is not None
    assert feed.problems == ()


def test_version_1_names_one_author() -> None:
    feed = items({"id": "1", "author": {"name": "Ada"}}, version="https://jsonfeed.org/version/1")
    assert (feed.format, feed.entries[0].authors) == ("json1", (Person(name="Ada"),))


def test_ids_are_text_and_items_without_one_are_dropped_with_a_problem() -> None:
    feed = items({"id": 17}, {"id": 1.5}, {"title": "none"}, {"id": ""}, {"id": True}, "no object")
    assert [entry.id for entry in feed.entries] == ["17", "1.5"]
    assert feed.problems == (
        "item 3 has no id: dropped",
        "item 4 has no id: dropped",
        "item 5 has no id: dropped",
        "item 6 is not an object: dropped",
    )


@pytest.mark.parametrize(
    ("written", "id_", "why"),
    [
        ("1", "1", "an integer"),
        ("-1", "-1", "a negative one"),
        ("1.0", "1.0", "as written, though JSON knows no difference"),
        ("1.10", "1.10", "a version, perhaps: not 1.1"),
        ("1e3", "1e3", "not 1000.0"),
        ("9007199254740993", "9007199254740993", "more than a double can tell"),
        ("1e999", "1e999", "more than a double can hold"),
        ("7" * 5000, "7" * 5000, "more digits than int() reads"),
        ('"1"', "1", "text"),
    ],
)
def test_a_number_as_id_is_text_as_written(written: str, id_: str, why: str) -> None:
    feed = read(f'{{"version": "{VERSION}", "items": [{{"id": {written}}}]}}'.encode())
    assert [entry.id for entry in feed.entries] == [id_], why


def test_what_is_no_number_in_json_is_no_id() -> None:
    feed = read(f'{{"version": "{VERSION}", "items": [{{"id": NaN}}, {{"id": "1"}}]}}'.encode())
    assert [entry.id for entry in feed.entries] == ["1"]


@pytest.mark.parametrize(
    ("size", "length"), [(7, 7), (7.0, 7), (-1, None), (2**63, None), ("7", None), (True, None), (None, None)]
)
def test_the_size_of_an_attachment(size: object, length: int | None) -> None:
    feed = items({"id": "1", "attachments": [{"url": "https://a.example/1.mp3", "size_in_bytes": size}]})
    assert [enclosure.length for enclosure in feed.entries[0].enclosures] == [length]


@pytest.mark.parametrize(
    ("expired", "ended"), [(True, True), (False, False), ("true", False), (1, False), (None, False)]
)
def test_only_true_ends_a_feed(expired: object, ended: bool) -> None:
    assert items({"id": "1"}, expired=expired).ended is ended


def test_a_feed_that_says_nothing_of_its_end_has_not_ended() -> None:
    assert not items({"id": "1"}).ended


@pytest.mark.parametrize(
    ("next_url", "address"),
    [
        ("https://alfa.example/feed?page=2", "https://alfa.example/feed?page=2"),
        ("?page=2", "https://alfa.example/feed?page=2"),
        ("javascript:next()", None),
        ("file:///etc/passwd", None),
        ("", None),
        (2, None),
        (None, None),
    ],
)
def test_where_older_items_are(next_url: object, address: str | None) -> None:
    assert items({"id": "1"}, next_url=next_url).archive_url == address


@pytest.mark.parametrize("prefix", [b"\xef\xbb\xbf", b"\n\t ", b"\n\xef\xbb\xbf"])
def test_what_stands_before_it(prefix: bytes) -> None:
    assert len(read({"version": VERSION, "items": [{"id": "1"}]}, prefix).entries) == 1


def test_another_encoding() -> None:
    assert len(read(json.dumps({"version": VERSION, "items": [{"id": "1"}]}).encode("utf-16")).entries) == 1


def test_what_items_carry_besides_their_text() -> None:
    feed = items(
        {
            "id": "1",
            "url": "https://alfa.example/1",
            "external_url": "https://bravo.example/",
            "image": "https://alfa.example/1.jpg",
            "banner_image": "/wide.jpg",
            "attachments": [
                {"url": "https://a.example/1.mp3", "title": "As heard", "duration_in_seconds": 61.5},
                {"url": "https://a.example/1.ogg", "duration_in_seconds": "long"},
            ],
        },
        {"id": "2", "external_url": "https://bravo.example/"},
    )
    first, second = feed.entries
    assert first.extras == Extras(
        media=(Media(url="https://a.example/1.mp3", title="As heard", duration=61),),
        thumbnail="https://alfa.example/1.jpg",
        banner="/wide.jpg",
        links=(Link(rel="related", url="https://bravo.example/"),),
    )
    assert (second.link, second.extras) == ("https://bravo.example/", NO_EXTRAS), "it is the link itself"


@pytest.mark.parametrize("rest", ["", ', {"id": "3", "title', "]", ' {"id": "3"}]}', '], "x": nonsense}'])
def test_the_whole_items_of_a_broken_feed_are_kept_and_the_defect_told(rest: str) -> None:
    head = (
        f'{{"version": "{VERSION}", "title": "Alfa", "items": [{{"id": "1"}}, {{"id": "2", "title": "a\nb"}}'
    )
    feed = read(f"{head}{rest}".encode())
    assert [entry.id for entry in feed.entries] == ["1", "2"]
    assert (feed.head.title, feed.format) == ("Alfa", "json11")
    assert feed.problems[0].startswith("the JSON is broken after item 2: ")


INNER = '{"items": [{"id": "inner"}, {"id": "more"}]}'


@pytest.mark.parametrize(
    ("before", "rest", "title"),
    [
        (f'"_meta": {INNER}, ', ', {"id": "3", "tit', "Alfa"),
        (f'"_meta": {INNER}, ', f', {{"id": "3", "_x": {INNER[:-9]}', "Alfa"),
        ("", f', {{"id": "3", "_x": {INNER[:-2]}', "Alfa"),
        (f'"_meta": {INNER}, ', "], nonsense}", "Alfa"),
        ("", f'], "title": "Later", "_meta": {INNER}, "x', "Later"),
        ('"broken": undefined, ', ', {"id": "3", "tit', None),
    ],
)
def test_of_a_broken_feed_its_own_items_are_read_not_those_within(
    before: str, rest: str, title: str | None
) -> None:
    head = f'{{"version": "{VERSION}", "title": "Alfa", {before}"items": [{{"id": "1", "_x": {INNER}}}, {{"id": "2"}}'
    feed = read(f"{head}{rest}".encode())
    assert [entry.id for entry in feed.entries] == ["1", "2"]
    assert feed.head.title == title


def test_an_item_within_the_one_that_is_cut_is_no_item() -> None:
    with pytest.raises(ParseError, match="cannot be read"):
        read(f'{{"version": "{VERSION}", "items": [{{"id": "1", "_x": {INNER}'.encode())


def test_an_unknown_version_is_told() -> None:
    assert read({"items": []}).problems == ("the version of the JSON Feed is missing or unknown",)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"{}", "has no list of items"),
        (b'{"items": {}}', "has no list of items"),
        (b"[1]", "has no list of items"),
        (b'{"items": [', "cannot be read"),
        (b'{"items": 1e999 [], "title": "x"}', "cannot be read"),  # broken behind items that are no list
        (b"{" + b"\xff" * 9, "cannot be read"),
        (b'{"items": [{"title": "a"}, 7]}', "none of the 2 items of the JSON Feed has an id"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_what_is_no_json_feed(body: bytes, told: str) -> None:
    with pytest.raises(ParseError, match=told):
        read(body)
