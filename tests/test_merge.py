"""Stories -> the merged feed."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from aggregator.emit import emit
from aggregator.merge import EMPTY_AT, FUTURE_TOLERANCE, merge, shown_at
from aggregator.model import Entry, FeedHead, MergedFeed, Person, Source, StoredEntry, Story

SEEN = datetime(2026, 3, 1, 12, 0, 5, 900_000, tzinfo=UTC)
SEEN_SECOND = SEEN.replace(microsecond=0)
DAY = timedelta(days=1)


def entry(source_id: str = "alfa", **more: Any) -> Entry:
    return Entry(**{"source_id": source_id, "guid": "1", "title": "Title"} | more)


def story(story_id: str, *entries: Entry, **more: Any) -> Story:
    facts: dict[str, Any] = {"story_id": story_id, "first_seen_at": SEEN} | more
    stored = (StoredEntry(entry_id=f"{story_id}/{n}", entry=one, **facts) for n, one in enumerate(entries))
    return Story(story_id=story_id, entries=tuple(stored))


def merged(*stories: Story, limit: int = 100, heads: dict[str, FeedHead] | None = None) -> MergedFeed:
    heads = heads or {}
    sources = {
        name: (
            Source(id=name, url=f"https://{name}.example/rss"),
            heads.get(name, FeedHead()),
        )
        for name in ("alfa", "bravo", "charlie")
    }
    return merge(
        stories, path="feed", title="News", public_url="https://news.example", sources=sources, limit=limit
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
