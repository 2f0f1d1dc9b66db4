"""What a publisher rewrites is known by its new words from then on, on every store engine."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.dedup import Window, lookup
from aggregator.errors import Conflict
from aggregator.model import Lookup
from aggregator.store import Store, open_store
from tests.dedup.desk import Desk
from tests.dedup.test_near import BYLINES, STORIES, told
from tests.things import NOON, update

HOUR = timedelta(hours=1)
MARKS_ONLY = Window(near=None)
DRAFT = "Our reporters are on their way to the town hall, where the mayor has called the press for noon; more follows."


@pytest.fixture(params=["sqlite", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    opened = open_store(request.param, tmp_path)
    yield opened
    opened.close()


@pytest.fixture(params=["published", "not yet published"])
def desk(request: pytest.FixtureRequest, store: Store) -> Desk:
    """Where alfa has told a draft and then the whole story under the same guid."""
    desk = Desk("alfa", "bravo", "charlie", store=store)
    title, text = STORIES["en"]
    desk.take(told("alfa", "Mayor calls the press", DRAFT))
    if request.param == "published":
        store.settle()
    desk.take(told("alfa", title, text), at=NOON + HOUR)
    return desk


def stories(desk: Desk) -> list[list[str]]:
    return sorted(map(sorted, desk.stories().values()))


def test_a_copy_of_the_new_text_is_found_by_its_words(desk: Desk) -> None:
    title, text = STORIES["en"]
    desk.take(told("bravo", f"{title} | Daily Example", BYLINES["en"] + text), at=NOON + HOUR)
    assert stories(desk) == [["alfa", "bravo"]]


def test_a_copy_of_the_new_text_is_found_word_for_word(desk: Desk) -> None:
    title, text = STORIES["en"]
    desk.window = MARKS_ONLY
    desk.take(told("bravo", title, text), at=NOON + HOUR)
    assert stories(desk) == [["alfa", "bravo"]]


def test_a_new_address_is_known(desk: Desk) -> None:
    title, text = STORIES["en"]
    desk.window = MARKS_ONLY
    moved = "https://alfa.example/moved"
    desk.take(told("alfa", f"{title}: correction", text, url=moved), at=NOON + HOUR)
    desk.take(told("bravo", title, text[:80], url=moved), at=NOON + HOUR)
    assert stories(desk) == [["alfa", "bravo"]]


def test_what_a_further_source_rewrites_leads_to_no_story(desk: Desk) -> None:
    """Entries are compared with the representative only."""
    title, text = STORIES["en"]
    desk.take(told("bravo", title, text), at=NOON + HOUR)
    desk.take(told("bravo", "Mayor calls the press", DRAFT), at=NOON + 2 * HOUR)
    desk.take(told("charlie", "Mayor calls the press", DRAFT), at=NOON + 2 * HOUR)
    assert stories(desk) == [["alfa", "bravo"], ["charlie"]]


def test_two_that_are_rewritten_alike_take_places_of_their_own(store: Store) -> None:
    """A revision joins no stories, and the address of one is not that of the other."""
    desk = Desk("alfa", "bravo", store=store)
    title, text = STORIES["en"]
    desk.take(
        told("alfa", "Mayor calls the press", DRAFT), told("alfa", "Weather", "Rain in the hills.", "2")
    )
    desk.take(told("alfa", title, text), told("alfa", title, text, "2"), at=NOON + HOUR)
    assert stories(desk) == [["alfa"], ["alfa"]]
    plan = desk.take(told("bravo", title, text), at=NOON + HOUR)
    assert (len(plan.placements), len(plan.joins)) == (1, 1)
    assert stories(desk) == [["alfa", "alfa", "bravo"]]


def test_a_revision_and_a_copy_of_it_at_once(store: Store) -> None:
    """The copy decided before the revision was stored asks for the same place."""
    title, text = STORIES["en"]
    desk = Desk("alfa", "bravo", store=store, window=MARKS_ONLY)
    desk.take(told("alfa", "Mayor calls the press", DRAFT))
    copy = told("bravo", title, text)
    overtaken = desk.decide([copy], at=NOON + HOUR)
    desk.take(told("alfa", title, text), at=NOON + HOUR)
    with pytest.raises(Conflict):
        store.apply(update("bravo", overtaken))
    desk.take(copy, at=NOON + HOUR)
    assert stories(desk) == [["alfa", "bravo"]]


def test_the_index_does_not_grow_with_revisions(store: Store) -> None:
    """An entry is found by what it says now, and by nothing that it said before."""
    desk = Desk("alfa", "bravo", store=store)
    letters = "abcdefghij"
    texts = [f"{DRAFT} {' '.join(n + a + b for a in letters for b in letters)}" for n in "vwxyz"]
    for n, text in enumerate(texts):
        desk.take(told("alfa", f"Ticker {n}", text), at=NOON + n * 7 * 24 * HOUR)  # each week has its table
    for n, text in enumerate(texts):
        own = " ".join(text.split()[-50:])
        (asked,) = lookup("bravo", [told("bravo", f"Ticker {n}", own)]).samples.values()
        found = store.candidates(Lookup(source_id="bravo", samples={"1": asked})).near
        assert bool(found) == (n == 4)
