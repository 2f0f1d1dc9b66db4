"""`split` and `join`: what the operator decides stays decided, whatever later polls bring."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from aggregator.dedup import overrule
from aggregator.errors import Conflict
from aggregator.model import Answer, Entry, Join, Lookup, Order, Plan
from aggregator.pipeline.overruling import carry_out
from aggregator.store import Store, open_store
from tests.dedup.desk import Desk
from tests.dedup.test_place import BODY, OTHER, PAGE, said
from tests.things import NOON, update

HOUR = timedelta(hours=1)


@pytest.fixture(params=["sqlite", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    opened = open_store(request.param, tmp_path)
    yield opened
    opened.close()


def told(source_id: str, guid: str = "", hours: int = 0, **more: Any) -> Entry:
    """An entry with a URI of its own, so that ids are short."""
    uri = f"urn:{source_id}:{guid or 1}"
    return said(source_id, uri, uri=uri, published_at=NOON + hours * HOUR, **more)


@pytest.fixture
def desk(store: Store) -> Desk:
    """One story that three sources tell, published."""
    made = Desk("alfa", "bravo", "carol", "delta", store=store)
    for hours, source_id in enumerate(("alfa", "bravo", "carol")):
        made.take(told(source_id, hours=hours), at=NOON + hours * HOUR)
    made.store.settle()
    assert made.stories() == {"urn:alfa:1": ["alfa", "bravo", "carol"]}
    return made


def order(desk: Desk, verb: str, *names: str, at: datetime = NOON + 5 * HOUR) -> Answer:
    return carry_out(Order(verb=verb, names=names), desk.store, now=at)


def do(desk: Desk, verb: str, *names: str) -> None:
    answer = order(desk, verb, *names)
    assert answer.done, answer.text


def test_a_split_entry_is_a_story_under_its_own_id(desk: Desk) -> None:
    do(desk, "split", "urn:bravo:1")
    assert desk.stories() == {"urn:alfa:1": ["alfa", "carol"], "urn:bravo:1": ["bravo"]}
    assert desk.store.resolve("urn:bravo:1") == "urn:bravo:1"


def test_the_founder_keeps_the_id_that_is_its_own_when_it_is_split(desk: Desk) -> None:
    do(desk, "split", "urn:alfa:1")
    assert desk.stories() == {"urn:alfa:1": ["alfa"], "urn:bravo:1": ["bravo", "carol"]}


def test_no_later_poll_puts_together_what_was_split(desk: Desk) -> None:
    do(desk, "split", "urn:bravo:1")
    apart = {"urn:alfa:1": ["alfa", "carol"], "urn:bravo:1": ["bravo"]}
    desk.take(told("bravo", hours=1), at=NOON + 6 * HOUR)  # the same document again
    desk.take(told("bravo", hours=1, title="Harbour bridge closes for nine weeks, says county"))
    assert desk.stories() == apart
    desk.take(told("delta", hours=7), at=NOON + 7 * HOUR)  # a copy that agrees with both
    stories = desk.stories()
    assert {id_: told_by[0] for id_, told_by in stories.items()} == {
        "urn:alfa:1": "alfa",
        "urn:bravo:1": "bravo",
    }
    assert sum(told_by.count("delta") for told_by in stories.values()) == 1


def test_a_split_entry_under_a_new_guid_goes_with_what_its_source_told(desk: Desk) -> None:
    do(desk, "split", "urn:bravo:1")
    for n in range(2, 6):
        desk.take(told("bravo", str(n), hours=1), at=NOON + n * HOUR)
    assert desk.stories() == {"urn:alfa:1": ["alfa", "carol"], "urn:bravo:1": ["bravo"] * 5}


def test_a_copy_of_a_split_entry_alone_finds_it(store: Store) -> None:
    """Where only the entry that left had an address and a text, these lead to it and no longer to the story."""
    desk = Desk("alfa", "bravo", "carol", store=store)
    own = {"url": "https://bravo.example/olives", "title": "Olive growers warn", "content_text": OTHER}
    desk.take(told("alfa"))
    desk.take(told("bravo", hours=1, **own))
    do(desk, "join", "urn:alfa:1", "urn:bravo:1")
    do(desk, "split", "urn:bravo:1")
    desk.take(told("carol", hours=2, **own), at=NOON + 2 * HOUR)
    assert desk.stories() == {"urn:alfa:1": ["alfa"], "urn:bravo:1": ["bravo", "carol"]}


def test_what_resembles_a_split_entry_finds_it(store: Store) -> None:
    desk = Desk("alfa", "bravo", "carol", store=store)
    desk.take(told("alfa", url="https://alfa.example/x"))
    desk.take(told("bravo", hours=1, url="https://bravo.example/x", content_text=f"By Ann Example. {BODY}"))
    assert len(desk.stories()) == 1
    do(desk, "split", "urn:bravo:1")
    found = store.dossier("urn:bravo:1")
    assert found.entries[0].rule != "new"  # it was taken for a copy, and is remembered so
    near = desk.decide([told("carol", hours=2, url="https://carol.example/x", content_text=f"{BODY} More.")])
    assert near.placements[0].story_id in {"urn:alfa:1", "urn:bravo:1"}
    samples = {"x": near.placements[0].sample}
    candidates = store.candidates(Lookup(source_id="carol", samples=samples)).near[samples["x"]]
    assert {candidate.story_id for candidate in candidates} == {"urn:alfa:1", "urn:bravo:1"}


def test_joined_stories_stay_joined_and_both_ids_resolve(store: Store) -> None:
    desk = Desk("alfa", "bravo", store=store)
    desk.take(told("alfa"))
    other = {"url": "https://bravo.example/1", "title": "Olive growers warn", "content_text": OTHER}
    desk.take(told("bravo", hours=1, **other))
    store.settle()
    assert len(desk.stories()) == 2
    do(desk, "join", "urn:bravo:1", "urn:alfa:1")
    assert desk.stories() == {"urn:alfa:1": ["alfa", "bravo"]}
    desk.take(told("bravo", hours=1, **other), at=NOON + 6 * HOUR)
    desk.take(told("bravo", hours=1, **other | {"title": "Olive growers warn again"}), at=NOON + 7 * HOUR)
    assert desk.stories() == {"urn:alfa:1": ["alfa", "bravo"]}
    assert store.resolve("urn:bravo:1") == "urn:alfa:1"


def test_a_split_after_a_join_gives_the_emitted_id_back(store: Store) -> None:
    desk = Desk("alfa", "bravo", store=store)
    desk.take(told("alfa"))
    desk.take(told("bravo", hours=1, url="https://bravo.example/1", title="Olives", content_text=OTHER))
    store.settle()
    do(desk, "join", "urn:alfa:1", "urn:bravo:1")
    do(desk, "split", "urn:bravo:1")
    assert desk.stories() == {"urn:alfa:1": ["alfa"], "urn:bravo:1": ["bravo"]}
    assert store.dossier("urn:alfa:1").aliases == ()
    do(desk, "join", "https://bravo.example/1", "urn:alfa:1")  # and again: the last word counts
    assert desk.stories() == {"urn:alfa:1": ["alfa", "bravo"]}
    assert [decided.apart for decided in store.dossier("urn:alfa:1").overrules] == [False]


def test_stories_joined_to_one_of_two_kept_apart_are_kept_apart_too(desk: Desk) -> None:
    do(desk, "split", "urn:bravo:1")
    desk.take(told("delta", "9", url="https://delta.example/9", title="Olives", content_text=OTHER))
    do(desk, "join", "urn:delta:9", "urn:bravo:1")
    desk.take(told("delta", "10", hours=8), at=NOON + 8 * HOUR)  # agrees with alfa's and with bravo's
    stories = desk.stories()
    assert len(stories) == 2
    assert all(not {"alfa", "bravo"} <= {*told_by} for told_by in stories.values())


def test_a_join_decided_before_a_split_is_refused(desk: Desk) -> None:
    do(desk, "split", "urn:bravo:1")
    with pytest.raises(Conflict):
        desk.store.apply(update("delta", Plan(joins=(Join(loser="urn:bravo:1", winner="urn:alfa:1"),))))
    assert len(desk.stories()) == 2


def test_a_split_decided_before_the_story_grew_is_decided_again(desk: Desk) -> None:
    before = desk.store.dossier("urn:bravo:1")
    marked = desk.store.candidates(overrule.lookup_of(overrule.leaving(before, "urn:bravo:1"))).marked
    plan = overrule.split(before, "urn:bravo:1", marked, now=NOON)
    desk.take(told("delta", hours=3), at=NOON + 3 * HOUR)
    with pytest.raises(Conflict):
        desk.store.overrule(plan, at=NOON)
    assert desk.stories() == {"urn:alfa:1": ["alfa", "bravo", "carol", "delta"]}
    do(desk, "split", "urn:bravo:1")
    assert desk.stories() == {"urn:alfa:1": ["alfa", "carol", "delta"], "urn:bravo:1": ["bravo"]}


def test_an_address_of_several_entries_is_named_as_such(desk: Desk) -> None:
    answer = order(desk, "split", PAGE)
    assert not answer.done
    assert answer.text.splitlines() == [
        f"{PAGE} may mean",
        *(
            f"  urn:{name}:1  ({name}) Harbour bridge closes for nine weeks"
            for name in ("alfa", "bravo", "carol")
        ),
    ]


@pytest.mark.parametrize(
    ("verb", "names", "why"),
    [
        ("split", ["urn:nobody"], "no entry urn:nobody"),
        ("join", ["urn:alfa:1", "urn:bravo:1"], "are one story already"),
        ("split", ["urn:alone"], "there is nothing to split"),
        ("burn", ["urn:alfa:1"], "no such order: burn"),
    ],
)
def test_what_cannot_be_done_is_said(desk: Desk, verb: str, names: list[str], why: str) -> None:
    alone = said("delta", "urn:alone", uri="urn:alone", url=None, title="Olives", content_text=OTHER)
    desk.take(alone)
    answer = order(desk, verb, *names)
    assert (answer.done, why in answer.text) == (False, True), answer.text


def test_another_spelling_of_an_address_will_do(desk: Desk) -> None:
    desk.take(told("delta", url="https://delta.example/a/b?utm_source=x", title="Olives", content_text=OTHER))
    do(desk, "join", "https://DELTA.example/a/b", "urn:carol:1")
    assert {*desk.stories()["urn:alfa:1"]} == {"alfa", "bravo", "carol", "delta"}


def test_orders_and_polls_at_once_lose_nothing_and_undo_nothing(desk: Desk) -> None:
    rounds, start = 25, threading.Barrier(2)
    failures: list[BaseException] = []

    def run(work: Callable[[int], None]) -> None:
        try:
            start.wait(timeout=20)
            for n in range(rounds):
                work(n)
        except BaseException as exc:  # noqa: BLE001 - told to the test
            failures.append(exc)

    def poll(n: int) -> None:
        for _ in range(20):
            try:
                desk.take(told("delta", str(n), hours=n % 9), at=NOON + 9 * HOUR)
                break
            except Conflict:
                continue

    def decide(n: int) -> None:
        do(desk, *(("split", "urn:bravo:1") if n % 2 == 0 else ("join", "urn:bravo:1", "urn:alfa:1")))

    threads = [threading.Thread(target=run, args=(work,)) for work in (poll, decide)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert desk.store.totals().entries == 3 + rounds
    told_by = list(desk.stories().values())  # the last order was a split
    assert len(told_by) == 2
    assert all(not {"alfa", "bravo"} <= {*names} for names in told_by)


def test_decisions_survive_a_rename(store: Store) -> None:
    """An id nobody was shown yet may still go to another entry; what was decided follows the entry."""
    desk = Desk("alfa", "bravo", "carol", store=store)
    desk.take(replace(told("alfa"), uri="urn:x"))
    desk.take(told("bravo", hours=1, url="https://bravo.example/1", title="Olives", content_text=OTHER))
    do(desk, "join", "urn:x", "urn:bravo:1")
    desk.take(
        replace(
            told("carol", hours=-1, url="https://carol.example/1", title="Sheep", content_text=""),
            uri="urn:x",
        )
    )
    renamed = store.dossier("urn:bravo:1")
    (decided,) = renamed.overrules
    assert {decided.entry_id, decided.other_id} == {filed.stored.entry_id for filed in renamed.entries}
    assert store.dossier("urn:x").overrules == ()
