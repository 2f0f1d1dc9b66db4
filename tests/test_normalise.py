"""From what a document says to entries: identity, dates, links, safe HTML."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from aggregator.model import (
    Enclosure,
    Entry,
    Extras,
    FeedHead,
    ParsedDate,
    ParsedEntry,
    ParsedFeed,
    Person,
    Source,
    Text,
    Thread,
)
from aggregator.normalise import GUID_CHARS, LIST_ITEMS, TITLE_CHARS, normalise

BASE = "https://alfa.example/feeds/rss"
ALFA = Source(id="alfa", url=BASE)


def html(value: str, **more: Any) -> Text:
    return Text(value=value, **more)


def normal(*said: ParsedEntry, source: Source = ALFA, format_: str = "atom10") -> tuple[Entry, ...]:
    return normalise(source, ParsedFeed(format=format_, base=BASE, entries=said))


def one(source: Source = ALFA, format_: str = "atom10", **said: Any) -> Entry:
    (entry,) = normal(ParsedEntry(**said), source=source, format_=format_)
    return entry


@pytest.mark.parametrize(
    ("said", "guid", "uri"),
    [
        ({"id": " 17 "}, "17", None),
        ({"id": "urn:isbn:1", "link": "/a"}, "urn:isbn:1", "urn:isbn:1"),
        ({"link": "/a?utm_source=x"}, "https://alfa.example/a", None),
        ({"id": "not a uri: <x>"}, "not a uri: <x>", None),
    ],
)
def test_identity(said: dict[str, Any], guid: str, uri: str | None) -> None:
    entry = one(**said)
    assert (entry.guid, entry.uri) == (guid, uri)


def test_a_relative_base_is_relative_to_the_document() -> None:
    entry = one(base="/posts/", link="a", content=html('<img src="b.png">', base="/posts/"))
    assert (entry.url, entry.content) == (
        "https://alfa.example/posts/a",
        '<img src="https://alfa.example/posts/b.png">',
    )


def test_identity_of_what_has_neither_id_nor_link_is_what_it_says() -> None:
    first = one(title=html("One"), content=html("<p>text</p>"))
    again = one(title=html("One"), content=html("<p>text</p>"), published=ParsedDate(text="2026-03-01"))
    other = one(title=html("One"), content=html("<p>another</p>"))
    assert first.guid == again.guid != other.guid
    assert first.guid.startswith("sha256:")


def test_an_endless_id_is_hashed() -> None:
    assert len(one(id="x" * (GUID_CHARS + 1)).guid) < 100


def test_ids_of_characters_nobody_can_carry_stay_apart() -> None:
    guids = {one(id=said).guid for said in ("\ud800", "\udfff", "a\x00", "a")}
    assert len(guids) == 4
    assert "" not in guids


def test_a_repeated_guid_is_told_apart_and_an_equal_entry_dropped() -> None:
    entries = normal(
        ParsedEntry(id="1", link="/a"),
        ParsedEntry(id="1", link="/b"),
        ParsedEntry(id="1", link="/b", title=html("T")),
        ParsedEntry(id="1", link="/b", title=html("T"), content=html("c")),
        ParsedEntry(id="1", link="/a"),
        ParsedEntry(id="2"),
    )
    assert len({entry.guid for entry in entries}) == len(entries) == 5
    assert entries[-1].guid == "2"
    assert normal(ParsedEntry(id="1", link="/a"))[0].guid == "1"


MINSK = replace(ALFA, timezone="Europe/Minsk", date_formats=("%d.%m.%Y %H:%M:%S",))
RIGHT = datetime(2023, 11, 14, 8, 33, tzinfo=UTC)
BODY = "<p>Belarus faces difficult tasks</p>"


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"published": ParsedDate(text="14.11.2023 11:33:00"), "content": html(BODY)}, "its own date"),
        ({"content": html(f"<p>Posted: 14.11.2023 11:33:00</p>{BODY}")}, "a paragraph of its own"),
        ({"content": html(f"Posted: 14.11.2023 11:33:00<br><br>{BODY}")}, "a line"),
        ({"summary": html(f"<p>posted: 14.11.2023 11:33:00</p>{BODY}")}, "in the summary"),
        (
            {
                "content": Text(
                    value="Posted: 14.11.2023 11:33:00\n\nBelarus faces difficult tasks", kind="text"
                )
            },
            "plain text",
        ),
        (
            {"published": ParsedDate(text="?"), "content": html(f"<p>Posted: 14.11.2023 11:33:00</p>{BODY}")},
            "a date nobody can read",
        ),
    ],
)
def test_the_date_of_the_commentary(said: dict[str, Any], why: str) -> None:
    entry = one(MINSK, **said)
    assert entry.published_at == RIGHT, why
    assert entry.content_text == "Belarus faces difficult tasks", why
    assert "osted" not in entry.content + entry.summary, why


def test_the_documents_own_date_wins_over_the_posted_line() -> None:
    said = html(f"<p>Posted: 13.11.2023 00:00:00</p>{BODY}")
    entry = one(MINSK, published=ParsedDate(text="14.11.2023 11:33:00"), content=said)
    assert (entry.published_at, entry.content_text) == (RIGHT, "Belarus faces difficult tasks")


def test_a_posted_line_that_is_no_date_stays() -> None:
    entry = one(content=html("<p>Posted: 99.99.2023 11:33:00</p><p>text</p>"))
    assert (entry.published_at, entry.content_text[:7]) == (None, "Posted:")
    assert "cannot be read" in entry.problems[0]


@pytest.mark.parametrize(
    ("published", "updated", "shown"),
    [
        ("2026-03-01T10:00:00Z", "2026-03-01T11:00:00Z", 10),
        (None, "2026-03-01T11:00:00Z", 11),
        ("nonsense", "2026-03-01T11:00:00Z", 11),
        (None, None, None),
        ("03/04/2026 10:00", None, None),  # day or month first: not ours to guess
    ],
)
def test_published_else_updated_else_none(
    published: str | None, updated: str | None, shown: int | None
) -> None:
    entry = one(
        id="1",
        published=ParsedDate(text=published) if published else None,
        updated=ParsedDate(text=updated) if updated else None,
    )
    assert (entry.published_at.hour if entry.published_at else None) == shown
    assert bool(entry.problems) == (published in {"nonsense", "03/04/2026 10:00"})


APRIL, MARCH = datetime(2026, 4, 3, tzinfo=UTC), datetime(2026, 3, 4, tzinfo=UTC)


def dated(*texts: str, **more: Any) -> tuple[Entry, ...]:
    said = [ParsedEntry(id=str(n), published=ParsedDate(text=text)) for n, text in enumerate(texts)]
    return normalise(ALFA, ParsedFeed(format="rss20", base=BASE, entries=tuple(said), **more))


@pytest.mark.parametrize(
    ("other", "expected"), [("14/03/2026", APRIL), ("03/14/2026", MARCH), ("05/06/2026", None)]
)
def test_entries_tell_each_other_whether_the_day_is_first(other: str, expected: datetime | None) -> None:
    before, _ = dated("03/04/2026", other)
    _, after = dated(other, "03/04/2026")
    assert before.published_at == after.published_at == expected
    assert ("set date_formats" in before.problems[0]) == (expected is None)


def test_the_feeds_own_date_and_posted_lines_tell_it_too() -> None:
    assert dated("03/04/2026", updated=ParsedDate(text="14/03/2026"))[0].published_at == APRIL
    lines = [html(f"<p>Posted: {text}</p><p>text</p>") for text in ("03/04/2026", "03/14/2026")]
    first, second = normal(*(ParsedEntry(id=line.value, content=line) for line in lines))
    assert (first.published_at, first.content_text) == (MARCH, "text")
    assert second.published_at == datetime(2026, 3, 14, tzinfo=UTC)


def test_the_language_of_the_entry_or_else_of_the_feed_decides_what_a_month_is() -> None:
    polish = FeedHead(language="pl-PL")
    said = [
        ParsedEntry(id=str(n), published=ParsedDate(text="14 listopada 2025"), language=language)
        for n, language in enumerate([None, "hr"])
    ]
    entries = normalise(ALFA, ParsedFeed(format="rss20", base=BASE, entries=tuple(said), head=polish))
    assert [entry.published_at for entry in entries] == [
        datetime(2025, 11, 14, tzinfo=UTC),
        datetime(2025, 10, 14, tzinfo=UTC),
    ]


def test_an_entry_says_whether_its_date_leans_on_others() -> None:
    slashed, plain, standard = dated("03/04/2026", "14/04/2026", "Tue, 03 Mar 2026 10:00:00 GMT")
    assert (slashed.leans, plain.leans, standard.leans) == (True, False, False)
    (undecided,) = dated("03/04/2026")
    assert (undecided.published_at, undecided.leans) == (None, True)
    (formatted,) = normal(
        ParsedEntry(id="1", published=ParsedDate(text="03/04/2026")),
        source=replace(ALFA, date_formats=("%d/%m/%Y",)),
    )
    assert (formatted.published_at, formatted.leans) == (APRIL, False)


def test_a_future_date_is_kept_as_published() -> None:
    entry = one(published=ParsedDate(text="2037-01-01T00:00:00Z"))
    assert entry.published_at is not None
    assert entry.published_at.year == 2037


def test_links_are_absolute_and_html_is_safe() -> None:
    entry = one(
        link="../a#top",
        content=html('<a href="b">x</a><img src="/c.png" onerror="x()"><script>x()</script>', base="/posts/"),
        authors=(Person(name="<b>Ada</b>", url="/ada"), Person(), Person(name="<b>Ada</b>", url="/ada")),
        enclosures=(Enclosure(url="1.mp3"), Enclosure(url="javascript:x()"), Enclosure(url="1.mp3")),
    )
    assert entry.url is not None
    assert entry.url.startswith("https://alfa.example/a")
    assert 'href="https://alfa.example/posts/b"' in entry.content
    assert 'src="https://alfa.example/c.png"' in entry.content
    assert "script" not in entry.content + entry.content_text
    assert "onerror" not in entry.content
    assert entry.authors == (Person(name="Ada", url="https://alfa.example/ada"),)
    assert [enclosure.url for enclosure in entry.enclosures] == ["https://alfa.example/feeds/1.mp3"]


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        (html("A &amp; <b>B</b>"), "A & B"),
        (Text(value="1 < 2 &amp; 3", kind="text"), "1 < 2 &amp; 3"),
        (html(" a\n  b\t"), "a b"),
        (Text(value="a\x00\x08b", kind="text"), "ab"),
        (None, ""),
    ],
)
def test_titles_are_one_line_of_plain_text(title: Text | None, shown: str) -> None:
    assert one(id="1", title=title).title == shown


def test_what_is_endless_is_cut() -> None:
    entry = one(
        id="1",
        title=html("x" * 9999),
        categories=tuple(map(str, range(999))),
        authors=(Person(name="y" * 9999),),
    )
    assert len(entry.title) == TITLE_CHARS
    assert len(entry.categories) == LIST_ITEMS
    assert len(entry.authors[0].name or "") < 1000


def test_the_one_text_of_rss_is_the_content() -> None:
    said: dict[str, Any] = {"summary": html("<p>s</p>")}
    assert (one(format_="rss20", **said).content, one(format_="rss20", **said).summary) == ("<p>s</p>", "")
    assert (one(**said).content, one(**said).summary) == ("", "<p>s</p>")


def test_the_digest_is_of_what_is_shown_but_not_of_dates_or_places() -> None:
    said: dict[str, Any] = {"id": "1", "title": html("One"), "content": html("c")}
    digest = one(**said).digest
    assert (
        one(**said, published=ParsedDate(text="2026-03-01"), updated=ParsedDate(text="2026-03-02")).digest
        == digest
    )
    assert normal(ParsedEntry(id="0"), ParsedEntry(**said))[1].digest == digest
    changes: list[dict[str, Any]] = [
        {"title": html("Two")},
        {"content": html("d")},
        {"link": "/x"},
        {"categories": ("c",)},
    ]
    for change in changes:
        assert one(**said | change).digest != digest


def test_max_entries_keeps_the_first() -> None:
    said = [ParsedEntry(id=str(n)) for n in range(5)]
    assert [entry.guid for entry in normal(*said, source=replace(ALFA, max_entries=2))] == ["0", "1"]


def test_an_entry_that_says_nothing_at_all_is_none() -> None:
    said = (
        ParsedEntry(),
        ParsedEntry(title=html(" ")),
        ParsedEntry(title=html("One")),
        ParsedEntry(language="de"),
    )
    assert [entry.title for entry in normal(*said)] == ["One"]
    assert len(normal(ParsedEntry(extras=Extras(rights="©")))) == 1


def test_what_an_entry_carries_is_made_safe_and_counts_where_it_is_seen() -> None:
    said: dict[str, Any] = {"id": "1", "title": html("One")}
    plain = one(**said)
    seen = one(**said, extras=Extras(thumbnail="/1.jpg", thread=Thread(comments=1)))
    assert seen.extras.thumbnail == "https://alfa.example/1.jpg"
    assert seen.digest != plain.digest
    counted = one(**said, extras=Extras(thumbnail="/1.jpg?width=9", thread=Thread(comments=2)))
    assert counted.digest == seen.digest
    assert one(**said, extras=Extras(thread=Thread(comments=9))).digest == plain.digest


@pytest.mark.parametrize("base", ["javascript:alert(1)", "http://[broken", "data:text/html,x"])
def test_a_base_that_is_no_address_does_not_cost_the_links(base: str) -> None:
    entry = one(content=html('<img src="i.png">', base=base))
    assert entry.content == '<img src="https://alfa.example/feeds/i.png">'
