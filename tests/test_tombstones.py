"""Stories that were emitted and are no more (PROTOCOL E20, RFC 6721); on every store engine."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from lxml import etree

from aggregator import parse
from aggregator.model import Output, Response
from tests.archives import NAMES, Newsroom, numbered, story
from tests.things import NOON

DAY = timedelta(days=1)
WHEN = "2026-03-01T12:00:00Z"


@pytest.fixture(params=["sqlite", "memory"])
def room(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Newsroom]:
    made = Newsroom(request.param, tmp_path)
    yield made
    made.store.close()


def tombs(room: Newsroom, name: str = "feed") -> dict[int, tuple[str, str | None]]:
    """When each is said to have gone, and what is said about it."""
    found = room.read(name).findall("at:deleted-entry", NAMES)
    said = {tomb.get("ref"): (tomb.get("when"), tomb.findtext("at:comment", None, NAMES)) for tomb in found}
    return dict(zip(numbered(list(said)), said.values(), strict=True))


def test_e20_joined_stories_and_withdrawn_ones_have_tombstones(room: Newsroom) -> None:
    told = [story(number) for number in range(4)]
    room.tell(*told)
    room.publish()
    assert tombs(room) == {}
    room.join(told[0], told[1])
    room.withdraw(told[2])
    room.publish()
    winner = told[1].story_id
    assert tombs(room) == {0: (WHEN, f"It is told as {winner} now."), 2: (WHEN, None)}
    assert numbered(room.shown()) == [3, 1]
    children = [etree.QName(child).localname for child in room.read()]
    assert children.index("entry") > max(n for n, name in enumerate(children) if name == "deleted-entry")
    body = (room.public / "feed.atom").read_bytes()
    room.now += DAY
    room.restart()
    room.publish()
    assert (room.public / "feed.atom").read_bytes() == body


def test_e20_what_nobody_was_shown_has_none(room: Newsroom) -> None:
    room.publish()
    told = [story(number) for number in range(4)]
    room.tell(*told)
    room.join(told[0], told[1])
    room.withdraw(told[2])
    room.publish()
    assert tombs(room) == {}


def test_e20_what_scrolled_out_or_was_pruned_has_none(room: Newsroom) -> None:
    room.tell_many(range(30))
    room.publish()
    room.store.prune(before=NOON + DAY, keep_per_source=5, texts_before=NOON)
    room.publish()
    assert room.shown() == []
    assert tombs(room) == {}


def test_e20_an_archived_story_that_goes_has_one_and_its_page_stays(room: Newsroom) -> None:
    told = [story(number) for number in range(20)]
    room.tell(*told)
    room.publish()
    _, pages = room.walk()
    room.withdraw(told[0])
    room.publish()
    assert tombs(room) == {0: (WHEN, None)}
    assert room.walk()[1] == pages


def test_e20_a_story_that_somebody_else_still_tells_has_none(room: Newsroom) -> None:
    first, second = story(1), story(2, "bravo")
    room.tell(first)
    room.tell(replace(second, story_id=first.story_id))
    room.publish()
    room.withdraw(first)
    room.publish()
    assert tombs(room) == {}
    assert room.shown() == [first.story_id]
    room.withdraw(second)
    room.publish()
    assert tombs(room) == {1: (WHEN, None)}


def test_e20_a_story_that_comes_back_loses_it(room: Newsroom) -> None:
    told = [story(number) for number in range(4)]
    room.tell(*told)
    room.publish()
    room.join(told[0], told[1])
    room.withdraw(told[2], told[3])
    room.publish()
    room.split(told[1], told[0])
    room.revise(told[2], title="Back again")
    room.tell(replace(story(9, "bravo"), story_id=told[3].story_id))
    room.publish()
    assert tombs(room) == {}
    assert sorted(numbered(room.shown())) == [0, 1, 2, 3]
    room.now += DAY
    room.withdraw(told[2])
    room.publish()
    assert tombs(room) == {2: ("2026-03-02T12:00:00Z", None)}


def test_e20_tombstones_are_kept_as_long_as_configured(room: Newsroom) -> None:
    told = [story(number) for number in range(3)]
    room.tell(*told)
    room.publish()
    room.withdraw(told[0])
    room.now += 2 * DAY
    room.withdraw(told[1])
    room.tombstones = 2 * DAY
    room.publish()
    assert set(tombs(room)) == {0, 1}
    room.now += timedelta(seconds=1)
    room.publish()
    assert set(tombs(room)) == {1}
    room.store.prune(
        before=NOON - 999 * DAY, keep_per_source=99, texts_before=NOON, removals_before=NOON + DAY
    )
    room.tombstones = 99 * DAY
    room.publish()
    assert set(tombs(room)) == {1}


def test_e20_a_feed_of_some_sources_tells_of_theirs(room: Newsroom) -> None:
    room.outputs = (Output(name="feeds/politics", title="Politics", sources=("bravo",), limit=9),)
    alfa, bravo = story(1), story(2, "bravo")
    room.tell(alfa)
    room.tell(bravo)
    room.publish()
    room.withdraw(alfa, bravo)
    room.publish()
    assert set(tombs(room)) == {1, 2}
    assert set(tombs(room, "feeds/politics")) == {2}


def test_e20_our_own_reader_understands_it(room: Newsroom) -> None:
    told = story(1)
    room.tell(told)
    room.publish()
    room.withdraw(told)
    room.publish()
    body = (room.public / "feed.atom").read_bytes()
    (tomb,) = parse.parse(Response(status=200, url="https://news.example/feed.atom", body=body)).tombstones
    assert (tomb.guid, tomb.deleted_at) == (told.story_id, NOON)
