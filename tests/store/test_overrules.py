"""What every store engine does for people: names, dossiers, decisions and what is held."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.dedup.marks import PLACES
from aggregator.errors import Conflict
from aggregator.model import Hold, Join, Lookup, Mark, Overrule, Placement, Plan, Revision, Split
from aggregator.store import Store, open_store
from aggregator.store.protocol import TOLD_MOST
from tests.things import NOON, entry, source, update

URL = Mark(kind="url", value="https://alfa.example/1")


@pytest.fixture(params=["sqlite", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    opened = open_store(request.param, tmp_path)
    opened.configure([source("alfa"), source("bravo")], now=NOON)
    yield opened
    opened.close()


def placed(guid: str, story: str = "", *marks: tuple[Mark, int], is_held: bool = False) -> Placement:
    made = entry(guid, url=f"https://alfa.example/{guid}")
    rule = "text" if story else "new"
    scores = (("text", 0.9),) if story else ()
    return Placement(
        entry=made,
        entry_id=guid,
        story_id=story or guid,
        rule=rule,
        scores=scores,
        marks=marks,
        is_held=is_held,
    )


def apart(one: str, other: str) -> Overrule:
    return Overrule(entry_id=one, other_id=other, apart=True, decided_at=NOON)


def split(*leaving: str, members: str) -> Split:
    return Split(story_id="1", founder_id=leaving[0], leaving=leaving, members=tuple(members))


@pytest.fixture
def told(store: Store) -> Store:
    """One story of three entries, published."""
    store.apply(update(plan=Plan(placements=(placed("1", "", (URL, 0)), placed("2", "1"), placed("3", "1")))))
    store.settle()
    return store


def test_a_dossier_has_every_entry_and_why_it_is_there(told: Store) -> None:
    story = told.dossier("2")
    assert (story.story_id, story.representative, story.is_settled, story.marks) == ("1", "1", True, (URL,))
    assert [(filed.stored.entry_id, filed.rule, filed.scores) for filed in story.entries] == [
        ("1", "new", ()),
        ("2", "text", (("text", 0.9),)),
        ("3", "text", (("text", 0.9),)),
    ]
    with pytest.raises(KeyError):
        told.dossier("9")


def test_entries_are_found_by_id_and_by_address(told: Store) -> None:
    assert told.find("2") == ("2",)
    assert told.find("https://ALFA.example:443/1?utm_source=x") == ("1",)  # by its mark
    assert told.find("https://alfa.example/3") == ("3",)  # that has none
    assert told.find("https://alfa.example/9") == told.find("nobody") == ()


def test_pruned_entries_stay_in_the_dossier(told: Store) -> None:
    told.prune(before=NOON, keep_per_source=1, texts_before=NOON)
    assert sum(filed.is_pruned for filed in told.dossier("1").entries) == 2


def test_several_entries_leave_together_and_their_old_ids_with_them(told: Store) -> None:
    told.apply(update(plan=Plan(placements=(placed("4"),))))
    told.settle()
    told.apply(update(plan=Plan(joins=(Join(loser="4", winner="1"),))))
    told.overrule(Plan(splits=(split("2", "4", members="1234"),)), at=NOON)
    assert {id_: told.resolve(id_) for id_ in "124"} == {"1": "1", "2": "2", "4": "2"}
    assert [filed.stored.entry_id for filed in told.dossier("4").entries] == ["2", "4"]
    assert told.dossier("2").is_settled


def test_a_split_of_a_story_that_changed_is_a_conflict_and_writes_nothing(told: Store) -> None:
    with pytest.raises(Conflict):
        told.overrule(Plan(splits=(split("2", members="12"),), overrules=(apart("1", "2"),)), at=NOON)
    assert told.dossier("2").story_id == "1"
    assert told.dossier("2").overrules == ()


def test_a_place_that_was_taken_meanwhile_is_a_conflict(told: Store) -> None:
    taken = replace(split("2", members="123"), taken=((URL, 0),))
    with pytest.raises(Conflict):
        told.overrule(Plan(splits=(taken,)), at=NOON)
    assert told.dossier("2").story_id == "1"


def test_candidates_say_which_stories_are_apart_and_a_join_obeys(told: Store) -> None:
    plan = Plan(splits=(split("2", members="123"),), overrules=(apart("2", "1"), apart("2", "3")))
    told.overrule(plan, at=NOON)
    assert told.candidates(Lookup(source_id="bravo")).apart == {frozenset("12")}
    with pytest.raises(Conflict):
        told.apply(update(plan=Plan(joins=(Join(loser="2", winner="1"),))))
    together = replace(apart("1", "2"), apart=False)
    told.overrule(Plan(overrules=(together,), joins=(Join(loser="2", winner="1"),)), at=NOON)
    assert told.dossier("2").story_id == "1"
    assert told.dossier("2").overrules == (together,)
    assert told.candidates(Lookup(source_id="bravo")).apart == frozenset()


def test_a_decision_about_what_is_not_there_is_a_conflict(told: Store) -> None:
    with pytest.raises(Conflict):
        told.overrule(Plan(overrules=(apart("1", "9"),)), at=NOON)


def test_what_is_held_is_counted_and_not_shown_until_released(store: Store) -> None:
    store.apply(update(plan=Plan(placements=(placed("1"), placed("2", is_held=True)))))
    assert [story.story_id for story in store.latest(9)] == ["1"]
    assert [state.held for state in store.states()] == [1, 0]
    assert store.dossier("2").entries[0].is_held
    assert (store.release("bravo"), store.release("alfa"), store.release("alfa")) == (0, 1, 0)
    assert {story.story_id for story in store.latest(9)} == {"1", "2"}
    assert store.state("alfa").held == 0


def test_what_a_source_told_is_looked_for_only_when_most_is_new(told: Store) -> None:
    def found(*guids: str) -> list[str]:
        lookup = Lookup(source_id="alfa", guids=guids, titles=("Title 2", "Title 9"))
        return [one.title for one in told.candidates(lookup).told]

    assert found(*"456789") == ["Title 2"]
    assert found(*"123456") == []  # half of them are known
    assert found("8", "9") == []  # too few to say
    nobody = Lookup(source_id="bravo", guids=tuple("456789"), titles=("Title 2",))
    assert told.candidates(nobody).told == ()


def test_an_entry_split_in_another_week_is_found_by_what_it_says_now_and_counted_once(store: Store) -> None:
    first = replace(placed("1"), sample=(1, 2, 3), is_indexed=True)
    store.apply(update(plan=Plan(placements=(first, placed("2", "1")))))
    later = NOON + timedelta(weeks=1)
    again = replace(split("2", members="12"), sample=(2, 3, 4))
    store.overrule(Plan(splits=(again,)), at=NOON)
    store.overrule(Plan(joins=(Join(loser="2", winner="1"),)), at=NOON)
    store.overrule(Plan(splits=(again,)), at=later)

    def stories(*sample: int) -> list[str]:
        found = store.candidates(Lookup(source_id="bravo", guids=("new",), samples={"new": sample}))
        return [story.story_id for story in found.near.get(sample, ())]

    assert stories(2, 3, 4) == ["2", "1"]  # by three hashes and by two
    assert stories(1, 2, 3) == ["1", "2"]
    assert stories(4, 5) == []  # one hash in two weeks would make two


def test_what_a_source_told_under_one_title_comes_the_latest_first_and_not_all(store: Store) -> None:
    """Which of them is told again must not depend on the engine."""
    for day in range(2):
        names = [f"{day} {n:03}" for n in range(TOLD_MOST // 2 + 5)]
        placements = tuple(
            replace(placed(name), entry=entry(name, title="Column", content_text=name)) for name in names
        )
        store.apply(replace(update(plan=Plan(placements=placements)), at=NOON + timedelta(days=day)))
    lookup = Lookup(source_id="alfa", guids=tuple("456789"), titles=("Column",))
    told = [one.content_text for one in store.candidates(lookup).told]
    assert (len(told), told[0], told[-1]) == (TOLD_MOST, "1 254", "0 010")
    assert told == sorted(told, reverse=True)


def test_a_decision_names_the_entry_first_that_was_stored_first(told: Store) -> None:
    half = timedelta(milliseconds=500)
    decided = replace(apart("3", "2"), decided_at=NOON + half)
    told.overrule(Plan(splits=(split("3", members="123"),), overrules=(decided,)), at=NOON)
    assert told.dossier("3").overrules == (apart("2", "3"),)


def test_a_dossier_has_a_mark_once_however_many_places_its_story_has(store: Store) -> None:
    store.apply(update(plan=Plan(placements=(placed("1", "", (URL, 0)), placed("2", "1", (URL, 1))))))
    assert store.dossier("1").marks == (URL,)


def test_all_stories_at_an_address_are_found_though_its_places_are_taken(store: Store) -> None:
    names = [str(n) for n in range(PLACES + 2)]
    for n, name in enumerate(names):
        marks = ((URL, n),) if n < PLACES else ()
        ticker = replace(placed(name, "", *marks), entry=entry(name, url=URL.value))
        store.apply(update(plan=Plan(placements=(ticker,))))
    assert store.find(URL.value) == tuple(names)


def test_an_entry_is_not_found_any_more_by_what_it_said_when_it_says_nothing_now(store: Store) -> None:
    told_before = replace(placed("1"), sample=(1, 2, 3), is_indexed=True)
    store.apply(update(plan=Plan(placements=(told_before,))))
    emptied = Revision(entry_id="1", entry=entry("1", content_text=""), former=(1, 2, 3))
    store.apply(update(plan=Plan(revisions=(emptied,))))
    assert store.candidates(Lookup(source_id="bravo", guids=("new",), samples={"new": (1, 2, 3)})).near == {}


def test_of_what_is_as_near_what_was_stored_first_comes_first(store: Store) -> None:
    unlisted, listed = placed("1"), replace(placed("2"), sample=(1, 2, 3), is_indexed=True)
    later = replace(placed("3"), sample=(1, 2, 3))
    store.apply(update(plan=Plan(placements=(listed, unlisted, later))))
    for name in "13":
        said_now = Revision(entry_id=name, entry=entry(name, content_text="x"), sample=(1, 2, 3))
        store.apply(update(plan=Plan(revisions=(said_now,))))
    near = store.candidates(Lookup(source_id="bravo", guids=("new",), samples={"new": (1, 2, 3)})).near
    assert [one.story_id for one in near[1, 2, 3]] == ["2", "1", "3"]


def test_times_are_compared_by_the_second(store: Store) -> None:
    """As they are kept: nothing of a second is old because that second has begun."""
    half = timedelta(milliseconds=500)
    text = Mark(kind="text", value="x")
    store.apply(update(plan=Plan(placements=(placed("1", "", (text, 0)),))))
    assert store.prune(before=NOON + half, keep_per_source=9, texts_before=NOON + half) == 0
    assert store.candidates(Lookup(source_id="alfa", marks=(text,))).marked
    assert store.counts(since=NOON + half) == {"alfa": 1}


def test_holds_that_are_over_are_forgotten_for_good(store: Store) -> None:
    """Also when the clock is set back before their end."""
    hour = timedelta(hours=1)
    hold = Hold(host="alfa.example", until=NOON + hour)
    store.apply(replace(update(), hold=hold))
    store.prune(before=NOON + hour, keep_per_source=9, texts_before=NOON)
    assert store.holds(now=NOON) == {"alfa.example"}
    store.prune(before=NOON + 2 * hour, keep_per_source=9, texts_before=NOON)
    assert store.holds(now=NOON) == frozenset()
