"""Stories -> the merged feed."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from aggregator.emit import emit
from aggregator.merge import EMPTY_AT, FUTURE_TOLERANCE, merge, shown_at
from aggregator.model import (
    Enclosure,
    Entry,
    FeedHead,
    MergedEntry,
    MergedFeed,
    Person,
    Source,
    StoredEntry,
    Story,
)

SEEN = datetime(2026, 3, 1, 12, 0, 5, 900_000, tzinfo=UTC)
SEEN_SECOND = SEEN.replace(microsecond=0)
DAY = timedelta(days=1)


def entry(source_id: str = "alfa", **more: Any) -> Entry:
    return Entry(**{"source_id": source_id, "guid": "1", "title": "Title"} | more)


def story(story_id: str, *entries: Entry, **more: Any) -> Story:
    facts: dict[str, Any] = {"story_id": story_id, "first_seen_at": SEEN} | more
    stored = (StoredEntry(entry_id=f"{story_id}/{n}", entry=one, **facts) for n, one in enumerate(entries))
    return Story(story_id=story_id, entries=tuple(stored))


def merged(
    *stories: Story,
    limit: int = 100,
    heads: dict[str, FeedHead] | None = None,
    only: Sequence[str] | None = None,
) -> MergedFeed:
    heads = heads or {}
    sources = {
        name: (
            Source(id=name, url=f"https://{name}.example/rss"),
            heads.get(name, FeedHead()),
        )
        for name in ("alfa", "bravo", "charlie")
    }
    return merge(
        stories,
        path="feed",
        title="News",
        public_url="https://news.example",
        sources=sources,
        limit=limit,
        only=only,
    )


# --- dates


@pytest.mark.parametrize(
    ("published_at", "shown"),
    [
        pytest.param(SEEN - DAY, SEEN_SECOND - DAY, id="its own, in whole seconds"),
        pytest.param(None, SEEN_SECOND, id="none: first seen"),
        pytest.param(
            SEEN + FUTURE_TOLERANCE, SEEN_SECOND + FUTURE_TOLERANCE, id="a clock a little ahead is believed"
        ),
        pytest.param(
            SEEN + FUTURE_TOLERANCE + timedelta(seconds=1), SEEN_SECOND, id="a clock far ahead is not"
        ),
        pytest.param(SEEN + 365 * DAY, SEEN_SECOND, id="next year does not stick to the top (E29)"),
        pytest.param(
            datetime(1969, 7, 20, tzinfo=UTC), datetime(1969, 7, 20, tzinfo=UTC), id="before the epoch"
        ),
    ],
)
def test_e29_shown_at(published_at: datetime | None, shown: datetime) -> None:
    one = entry(published_at=published_at)
    assert shown_at(one, SEEN) == shown
    assert merged(story("s", one)).entries[0].published_at == shown


@pytest.mark.parametrize(
    ("updated_at", "changed_at", "expected"),
    [
        pytest.param(None, None, SEEN_SECOND - DAY, id="nothing known: as published"),
        pytest.param(SEEN - 2 * DAY, None, SEEN_SECOND - DAY, id="never before publication"),
        pytest.param(SEEN - DAY / 2, None, SEEN_SECOND - DAY / 2, id="the publisher's update"),
        pytest.param(SEEN + DAY, None, SEEN_SECOND - DAY, id="an update in the future says nothing"),
        pytest.param(None, SEEN + DAY, SEEN_SECOND + DAY, id="the change we saw"),
        pytest.param(
            SEEN + DAY / 2, SEEN + DAY, SEEN_SECOND + DAY, id="we saw it after the publisher made it"
        ),
        pytest.param(
            SEEN + DAY + FUTURE_TOLERANCE,
            SEEN + DAY,
            SEEN_SECOND + DAY + FUTURE_TOLERANCE,
            id="an update after first sight is plausible once we saw a change",
        ),
        pytest.param(SEEN + 9 * DAY, SEEN + DAY, SEEN_SECOND + DAY, id="but not one after the change"),
    ],
)
def test_updated_at(updated_at: datetime | None, changed_at: datetime | None, expected: datetime) -> None:
    one = entry(published_at=SEEN - DAY, updated_at=updated_at)
    shown = merged(story("s", one, changed_at=changed_at)).entries[0]
    assert shown.updated_at == expected
    assert shown.published_at == SEEN_SECOND - DAY, "a change moves nothing up"


def test_e07_the_feed_is_as_new_as_its_newest_change() -> None:
    changed = story("a", entry(published_at=SEEN - 9 * DAY), changed_at=SEEN + DAY)
    feed = merged(changed, story("b", entry(published_at=SEEN)))
    assert feed.updated_at == SEEN_SECOND + DAY


def test_e07_an_empty_feed_has_a_fixed_date() -> None:
    assert merged().updated_at == EMPTY_AT == datetime(1970, 1, 1, tzinfo=UTC)


# --- order and number


def test_order_is_newest_then_source_then_position_then_id() -> None:
    stories = [
        story("f", entry("alfa", published_at=SEEN + DAY / 24 / 12)),
        story("e", entry("alfa", position=0)),
        story("d", entry("alfa", position=1)),
        story("b", entry("bravo", position=0)),
        story("c", entry("bravo", position=0)),
        story("a", entry("alfa", position=0, published_at=SEEN - DAY)),
    ]
    random.Random(4).shuffle(stories)
    assert [shown.id for shown in merged(*stories).entries] == ["f", "e", "d", "b", "c", "a"]


def test_the_oldest_are_cut_whatever_order_they_come_in() -> None:
    stories = [story(str(n), entry(published_at=SEEN - n * DAY)) for n in range(5)]
    assert [shown.id for shown in merged(*reversed(stories), limit=2).entries] == ["0", "1"]
    assert merged(*stories, limit=2).updated_at == SEEN_SECOND, "what is cut does not date the feed"


def test_e07_equal_stories_give_equal_bytes_in_whatever_order_a_store_returns_them() -> None:
    first = entry("alfa", content="<p>Text</p>")
    rest = [entry("bravo", guid=str(n), title=f"B{n}", published_at=SEEN - n * DAY) for n in range(3)]
    rest.append(entry("charlie", published_at=SEEN - DAY))
    kept = [
        StoredEntry(entry_id=one.source_id + one.guid, story_id="s", first_seen_at=SEEN, entry=one)
        for one in rest
    ]
    told = story("s", first).entries
    one = merged(Story(story_id="s", entries=(*told, *kept)), story("t", first))
    other = merged(story("t", first), Story(story_id="s", entries=(*told, *reversed(kept))))
    assert emit(one) == emit(other)


# --- who told it


def test_e08_every_further_source_is_named_once() -> None:
    shown = merged(
        story(
            "s",
            entry("bravo", title="First", url="https://bravo.example/1"),
            entry("bravo", title="Second"),
            entry("charlie", title="C late", url="https://charlie.example/2"),
            entry("charlie", title="C early", url="https://charlie.example/1", published_at=SEEN - DAY),
            entry("alfa", title="A", url="https://alfa.example/1"),
        ),
        heads={
            "alfa": FeedHead(id="tag:alfa.example,2020:f", title="Alfa", home_url="https://alfa.example/")
        },
    ).entries[0]
    assert (shown.title, shown.url, shown.source.source_id) == ("First", "https://bravo.example/1", "bravo")
    told = [(other.source_id, other.entry_url, other.entry_title) for other in shown.others]
    assert told == [
        ("charlie", "https://charlie.example/1", "C early"),
        ("alfa", "https://alfa.example/1", "A"),
    ]
    alfa = shown.others[1]
    assert (alfa.feed_id, alfa.title, alfa.feed_url, alfa.home_url) == (
        "tag:alfa.example,2020:f",
        "Alfa",
        "https://alfa.example/rss",
        "https://alfa.example/",
    )


@pytest.mark.parametrize(
    ("configured", "own", "shown"),
    [("Ours", "Theirs", "Ours"), (None, "Theirs", "Theirs"), (None, None, "alfa"), ("", "", "alfa")],
)
def test_a_source_is_called_what_the_operator_calls_it(configured: str, own: str, shown: str) -> None:
    source = Source(id="alfa", url="https://alfa.example/rss", title=configured)
    head = FeedHead(title=own, rights="© Alfa")
    feed = merge(
        [story("s", entry())],
        path="feed",
        title="News",
        public_url="https://news.example",
        sources={"alfa": (source, head)},
        limit=9,
    )
    told = feed.entries[0].source
    assert (told.title, told.feed_id, told.rights) == (shown, "https://alfa.example/rss", "© Alfa")


def test_e07_a_source_that_is_updated_at_every_visit_changes_no_byte() -> None:
    """Many feeds put the time of the request into their lastBuildDate."""
    one, other = (
        emit(merged(story("s", entry()), heads={"alfa": FeedHead(title="Alfa", updated_at=at)}))
        for at in (SEEN, SEEN + DAY)
    )
    assert one == other


def test_a_source_that_is_gone_from_the_configuration_is_not_shown() -> None:
    feed = merged(
        story("kept", entry("gone", title="Gone"), entry("alfa", title="Kept"), entry("gone", guid="2")),
        story("lost", entry("gone")),
    )
    assert [(shown.id, shown.title, shown.others) for shown in feed.entries] == [("kept", "Kept", ())]


@pytest.mark.parametrize(
    ("own", "of_feed", "shown"),
    [
        pytest.param((Person(name="Ann"),), (Person(name="Feed"),), (Person(name="Ann"),), id="the entry's"),
        pytest.param((), (Person(name="Feed"),), (Person(name="Feed"),), id="else the feed's"),
        pytest.param((), (), (Person(name="Alfa Radio"),), id="else the source itself"),
        pytest.param(
            (Person(),), (Person(name=""),), (Person(name="Alfa Radio"),), id="nobody counts as none"
        ),
        pytest.param((Person(name="Ann"),) * 2, (), (Person(name="Ann"),), id="once"),
    ],
)
def test_e09_an_author_can_always_be_resolved(
    own: tuple[Person, ...], of_feed: tuple[Person, ...], shown: tuple[Person, ...]
) -> None:
    feed = merged(
        story("s", entry(authors=own)), heads={"alfa": FeedHead(title="Alfa Radio", authors=of_feed)}
    )
    assert feed.entries[0].authors == shown


def test_an_entry_speaks_the_language_of_its_feed_unless_it_says_otherwise() -> None:
    heads = {"alfa": FeedHead(language="be")}
    feed = merged(story("a", entry()), story("b", entry(language="ru")), heads=heads)
    assert [shown.language for shown in feed.entries] == ["be", "ru"]


def test_the_path_of_a_local_document_is_nobodys_business() -> None:
    source = Source(id="alfa", url="file:///home/me/alfa.xml")
    feed = merge(
        [story("s", entry())],
        path="feed",
        title="News",
        public_url="https://news.example",
        sources={"alfa": (source, FeedHead())},
        limit=10,
    )
    told_by = feed.entries[0].source
    assert told_by.feed_id == told_by.feed_url == "https://news.example/sources/alfa.atom"


# --- which text is shown

TEXT = "The council adopted the budget for the coming year after a long debate about schools, roads and the harbour."
LONG = f"{TEXT} The mayor thanked everyone, and the opposition announced a petition against the new harbour fees."
LATER = TEXT.replace("adopted", "rejected")
ZH = (
    "市议会周一经过长时间辩论后通过了明年的预算，其中包括学校、道路和港口的支出，反对派宣布将就新的港口费用征集签名。"
    * 2
)


def saw(
    source_id: str,
    text: str,
    hours: float = 0,
    *,
    version: bool = False,
    changed_at: datetime | None = None,
    **more: Any,
) -> StoredEntry:
    """An entry first seen and published that many hours after the founder."""
    at = SEEN_SECOND + timedelta(hours=hours)
    facts = {
        "guid": f"{hours}",
        "title": f"{source_id} {hours}",
        "content_text": text,
        "published_at": at,
    } | more
    return StoredEntry(
        entry_id=f"{source_id}:{hours}",
        story_id="s",
        first_seen_at=at,
        changed_at=changed_at,
        is_version=version,
        entry=entry(source_id, content=f"<p>{text}</p>", **facts),
    )


def one_of(*entries: StoredEntry) -> MergedEntry:
    return merged(Story(story_id="s", entries=entries)).entries[0]


HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("others", "shown"),
    [
        pytest.param([saw("bravo", TEXT, 1)], "alfa 0", id="a copy changes nothing"),
        pytest.param([saw("bravo", f"By Ann Roe. {TEXT} Source: Wire", 1)], "alfa 0", id="nor one with furniture"),
        pytest.param([saw("bravo", LONG, 1)], "bravo 1", id="the text of who tells it whole"),
        pytest.param(
            [saw("bravo", LONG, 1), saw("charlie", f"{LONG} Source: Wire", 2)],
            "bravo 1", id="who told it whole first, though another is longer",
        ),
        pytest.param(
            [saw("bravo", LONG, 1), saw("charlie", LONG * 2, 2)], "charlie 2", id="unless that was cut, too"
        ),
        pytest.param([saw("bravo", LATER, 1, version=True)], "bravo 1", id="the newest version"),
        pytest.param(
            [saw("bravo", LATER, 1, version=True), saw("charlie", LATER + " More.", 2, version=True)],
            "charlie 2", id="the newest of two",
        ),
        pytest.param(
            [saw("charlie", LATER + " More.", 2, version=True), saw("bravo", LATER, 1, version=True)],
            "charlie 2", id="in whatever order they come",
        ),
        pytest.param(
            [saw("bravo", LATER, 1, version=True), saw("charlie", LATER, 2, version=True)],
            "bravo 1", id="a copy of the newest version changes nothing",
        ),
        pytest.param(
            [saw("bravo", f"{LATER} More.", 1, version=True), saw("charlie", f"{LATER[:-3]}…", 2, version=True)],
            "bravo 1", id="nor does a copy that is cut short",
        ),
        pytest.param([saw("bravo", LATER[:40], 1, version=True)], "alfa 0", id="a teaser of a version is no news"),
        pytest.param([saw("bravo", LATER, -1, version=True)], "alfa 0", id="an older version is not the newest"),
        pytest.param([saw("bravo", LATER * 2, -1, version=True)], "alfa 0", id="nor is it told whole, if longer"),
        pytest.param(
            [saw("bravo", f"{LATER} A.", 1, version=True, position=1), saw("charlie", f"{LATER} B.", 1, version=True)],
            "charlie 1", id="of equally new ones the first listed",
        ),
        pytest.param(
            [saw("bravo", LATER, 1, version=True), saw("charlie", LONG, 2)],
            "bravo 1", id="the whole of an old text does not come back",
        ),
        pytest.param([saw("alfa", f"{TEXT} More.", 1)], "alfa 1", id="its own source goes on under another guid"),
        pytest.param([saw("alfa", TEXT[:60] + "…", 1)], "alfa 0", id="but does not go back"),
        pytest.param(
            [saw("bravo", ZH, 1, version=True), saw("charlie", f"{ZH[:45]}…", 2, version=True)],
            "bravo 1", id="a copy that is cut short (zh)",
        ),
    ],
)  # fmt: skip
def test_a_story_shows_the_newest_version_else_the_fullest_text(
    others: list[StoredEntry], shown: str
) -> None:
    founder = saw("alfa", TEXT)
    told = one_of(founder, *others)
    assert (told.title, told.source.source_id) == (shown, shown.partition(" ")[0])
    assert (told.id, told.published_at) == ("s", SEEN_SECOND)
    assert one_of(founder, *reversed(others)) == told
    sources = {told.source.source_id, *(other.source_id for other in told.others)}
    assert sources == {"alfa", *(other.entry.source_id for other in others)}, "everyone is named"


def test_e07_updated_follows_what_is_shown_and_nothing_else() -> None:
    founder, copy, whole = (
        saw("alfa", TEXT),
        saw("bravo", TEXT, 1),
        saw("charlie", LONG, 2, published_at=SEEN - DAY),
    )
    assert one_of(founder).updated_at == one_of(founder, copy).updated_at == SEEN_SECOND
    fuller = one_of(founder, copy, whole)
    assert fuller.updated_at == SEEN_SECOND + 2 * HOUR, "of whatever date: before, something else was shown"
    again = one_of(founder, saw("bravo", TEXT + "!", 1, changed_at=SEEN + 9 * HOUR), whole)
    assert again.updated_at == fuller.updated_at, "an edit that is not shown is none"


def test_an_edit_of_the_founder_is_newer_than_an_older_version() -> None:
    version = saw("bravo", LATER, 1, version=True)
    edited = saw("alfa", TEXT.replace("debate", "night"), changed_at=SEEN + 2 * HOUR)
    assert one_of(edited, version).title == "alfa 0"


def test_a_recording_is_not_given_for_a_longer_text() -> None:
    audio = (Enclosure(url="https://alfa.example/1.mp3", type="audio/mpeg", length=1),)
    founder = saw("alfa", TEXT, enclosures=audio)
    assert one_of(founder, saw("bravo", LONG, 1)).title == "alfa 0"
    assert one_of(founder, saw("bravo", LONG, 1, enclosures=audio)).title == "bravo 1"


def test_a_story_stays_where_it_was_when_its_representative_has_left() -> None:
    left = Story(
        story_id="s", representative_id="alfa:0", shown_at=SEEN_SECOND, entries=(saw("bravo", TEXT, 1),)
    )
    feed = merged(left, story("t", entry(published_at=SEEN_SECOND + HOUR / 2)))
    assert [shown.id for shown in feed.entries] == ["t", "s"]
    assert (feed.entries[1].published_at, feed.entries[1].title) == (SEEN_SECOND, "bravo 1")
    assert feed.entries[1].updated_at == SEEN_SECOND + HOUR


def test_a_feed_of_some_sources_shows_their_texts_only() -> None:
    told = Story(story_id="s", entries=(saw("alfa", TEXT), saw("bravo", LONG, 1)))
    assert merged(told).entries[0].title == "bravo 1"
    own = merged(told, only=["alfa"]).entries[0]
    assert (own.title, [other.source_id for other in own.others]) == ("alfa 0", ["bravo"])
