"""What every store engine does for groups of stories that tell one event."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from aggregator.dedup.events import FREQUENT
from aggregator.errors import Conflict
from aggregator.model import Grouping, Join, Lookup, Placement, Plan, Refound, Rename
from aggregator.store import Store, open_store
from tests.things import NOON, entry, source, update

TOPICS = (11, 12, 13, 14)
SCORES = (("shared", 4.0), ("told", 0.75))
WEEK = timedelta(weeks=1)


@pytest.fixture(params=["sqlite", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    opened = open_store(request.param, tmp_path)
    opened.configure([source("alfa"), source("bravo")], now=NOON)
    yield opened
    opened.close()


def first(guid: str, topics: tuple[int, ...] = TOPICS) -> Placement:
    return Placement(entry=entry(guid), entry_id=guid, story_id=guid, rule="new", topics=topics)


def second(guid: str, group: str) -> Placement:
    return replace(first(guid, ()), grouping=Grouping(first_id=group, scores=SCORES))


def apply(store: Store, *placements: Placement, at: datetime = NOON, **plan: object) -> None:
    store.apply(replace(update(plan=Plan(placements=placements, **plan)), at=at))  # type: ignore[arg-type]


def found(store: Store, topics: tuple[int, ...] = TOPICS, guid: str = "new") -> list[str]:
    events = store.candidates(Lookup(source_id="alfa", guids=(guid,), topics={guid: topics})).events
    return [story.story_id for story in events.get(guid, ())]


def groups(store: Store) -> dict[str, str | None]:
    return {story.story_id: story.group_id for story in store.latest(99)}


def test_the_first_of_an_event_is_found_and_those_after_it_are_not(store: Store) -> None:
    apply(store, first("1"), first("2", (11, 12, 99)))
    apply(store, second("3", "1"))
    assert found(store) == ["1"]  # the other shares too little
    assert found(store, (11, 12, 99)) == ["2"]
    assert found(store, (1, 2, 3)) == []
    assert groups(store) == {"1": None, "2": None, "3": "1"}


def test_those_that_share_most_come_first_and_known_entries_are_not_looked_for(store: Store) -> None:
    apply(store, first("1", (11, 12, 13)), first("2"))
    assert found(store) == ["2", "1"]
    assert found(store, guid="1") == []


def test_what_too_many_share_says_nothing(store: Store) -> None:
    apply(store, *(first(str(n)) for n in range(FREQUENT)))
    assert len(found(store)) == 10
    apply(store, first("more"))
    assert found(store) == []


def test_a_dossier_says_the_group_and_why(store: Store) -> None:
    apply(store, first("1"), first("9", (1, 2, 3)))
    apply(store, second("2", "1"), second("3", "1"))
    story = store.dossier("2")
    assert story.grouping == Grouping(first_id="1", scores=SCORES)
    assert story.related == ("1", "3")
    assert (store.dossier("1").grouping, store.dossier("1").related) == (None, ("2", "3"))
    assert (store.dossier("9").grouping, store.dossier("9").related) == (None, ())


def test_a_group_whose_first_story_is_gone_is_a_conflict(store: Store) -> None:
    apply(store, first("1"))
    with pytest.raises(Conflict):
        apply(store, second("2", "nobody"))
    assert groups(store) == {"1": None}


def test_a_group_is_never_named_by_one_that_is_in_another(store: Store) -> None:
    apply(store, first("1"))
    apply(store, second("2", "1"))
    apply(store, second("3", "2"))
    assert groups(store) == {"1": None, "2": "1", "3": "1"}


def test_before_publication_a_group_follows_its_first_story(store: Store) -> None:
    apply(store, first("1"))
    apply(store, second("2", "1"))
    store.apply(update(plan=Plan(renames=(Rename(old_id="1", new_id="one"),))))
    assert groups(store) == {"one": None, "2": "one"}
    earlier = replace(first("0"), story_id="one")
    apply(store, earlier, refounds=(Refound(story_id="one", founder_id="0"),))
    assert groups(store) == {"0": None, "2": "0"}
    apply(store, first("5", (1, 2, 3)), joins=(Join(loser="0", winner="5"),))
    assert groups(store) == {"5": None, "2": "5"}


def test_a_member_that_takes_the_first_story_over_is_first_itself(store: Store) -> None:
    apply(store, first("1"))
    apply(store, second("2", "1"), second("3", "1"))
    apply(store, joins=(Join(loser="1", winner="2"),))
    assert groups(store) == {"2": None, "3": "2"}
    assert store.dossier("2").grouping is None


def test_one_in_a_group_is_not_found_whoever_founds_it_later(store: Store) -> None:
    apply(store, first("1", (1, 2, 3)))
    apply(store, second("2", "1"))
    apply(store, replace(first("0"), story_id="2"), refounds=(Refound(story_id="2", founder_id="0"),))
    assert groups(store) == {"1": None, "0": "1"}
    assert found(store) == []


def test_what_has_been_published_keeps_its_group(store: Store) -> None:
    apply(store, first("1"), first("5", (1, 2, 3)))
    apply(store, second("2", "1"))
    store.settle()
    apply(store, second("3", "1"), joins=(Join(loser="1", winner="5"),))
    assert groups(store) == {"5": None, "2": "1", "3": "5"}


def test_titles_are_forgotten_by_the_week(store: Store) -> None:
    apply(store, first("1"))
    apply(store, first("2"), at=NOON + WEEK)
    store.prune(before=NOON, keep_per_source=9, texts_before=NOON + WEEK)
    assert found(store) == ["2"]
    apply(store, first("4", (1, 2, 3)), at=NOON + 4 * WEEK)  # takes the table of the week of the second
    assert found(store) == []
