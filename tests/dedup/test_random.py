"""Random polls: both engines agree, nothing is lost, ids are unique and final once published."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import permutations
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aggregator.dedup import Window, lookup, place
from aggregator.model import Entry
from aggregator.store import Store, open_store
from tests.things import NOON, entry, source, update

SOURCES = "abcde"
STEP = timedelta(minutes=7)
LONG = (
    "The harbour bridge in Tarnmouth will close to all traffic on Monday for nine weeks of repairs, the county said."
    " Engineers found cracks in the steel hangers during a routine inspection in the spring."
)
TEXTS = [
    "",
    LONG,
    f"By Jane Roe\nTARNMOUTH (Coast Wire) - {LONG} Read more",
    LONG[:150] + "…",
    LONG.replace("bridge", "tunnel"),
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi",
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen",
    "Short",
]

Batch = tuple[str, Sequence[dict[str, Any]]]

said = st.fixed_dictionaries(
    {
        "guid": st.sampled_from("123"),
        "uri": st.sampled_from([None, None, "urn:x:1", "urn:x:2"]),
        "url": st.sampled_from([None, *(f"https://p.example/n/{n}" for n in range(4))]),
        "title": st.sampled_from(["Harbour bridge closes", "Olive harvest is small", ""]),
        "content_text": st.sampled_from(TEXTS),
        "hours": st.sampled_from([None, -100, -50, -3, -2, -1, 0, 1]),
        "position": st.integers(0, 3),
    }
)
batches = st.tuples(
    st.sampled_from(SOURCES), st.lists(said, min_size=1, max_size=4, unique_by=lambda one: one["guid"])
)
steps = st.lists(
    st.one_of(batches, batches, batches, st.sampled_from(["settle", "prune", "leave"])),
    min_size=1,
    max_size=12,
)


def made(source_id: str, facts: dict[str, Any]) -> Entry:
    facts = dict(facts)
    hours, guid = facts.pop("hours"), facts.pop("guid")
    published_at = None if hours is None else NOON + timedelta(hours=hours)
    one = entry(guid, source_id, published_at=published_at, **facts)
    return replace(one, content=one.content_text, digest=repr((one.title, one.content_text, one.url)))


def take(store: Store, batch: Batch, now: datetime) -> None:
    source_id, facts = batch
    entries = [made(source_id, one) for one in facts]
    candidates = store.candidates(lookup(source_id, entries))
    plan = place(entries, candidates, authority="n.example", now=now, window=Window())
    store.apply(replace(update(source_id, plan), at=now))


def do(store: Store, step: Batch | str, now: datetime) -> None:
    if step == "settle":
        store.settle()
    elif step == "prune":
        store.prune(before=now - 4 * STEP, keep_per_source=2, texts_before=now - 3 * STEP)
    elif step == "leave":
        store.configure([source(one) for one in SOURCES[1:]], now=now)
    else:
        assert not isinstance(step, str)
        take(store, step, now)


@pytest.mark.timeout(180)  # it makes 150 stores, which waits for the disk
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps)
def test_both_engines_tell_the_same_and_nothing_is_lost(polls: list[Batch | str]) -> None:
    with TemporaryDirectory() as directory:
        stores = [open_store(engine, Path(directory)) for engine in ("sqlite", "memory")]
        for store in stores:
            store.configure([source(one) for one in SOURCES], now=NOON)
        now, texts, final = NOON, dict[tuple[str, str], tuple[str, str]](), dict[tuple[str, str], str]()
        published: set[str] = set()
        for step in polls:
            now += STEP
            for store in stores:
                do(store, step, now)
            for chosen in (None, ["a"], ["b", "c"]):
                first, second = (store.latest(1000, sources=chosen) for store in stores)
                assert first == second
            assert stores[0].totals() == stores[1].totals()
            if not isinstance(step, str):
                texts |= {(step[0], one["guid"]): (one["title"], one["content_text"]) for one in step[1]}
            assert stores[0].totals().entries == len(texts)
            shown = {
                (told.entry.source_id, told.entry.guid): told
                for story in stores[0].latest(1000)
                for told in story.entries
            }
            assert len({told.entry_id for told in shown.values()}) == len(shown)
            for key, told in shown.items():
                assert (told.entry.title, told.entry.content_text) == texts[key]
                assert final.get(key, told.entry_id) == told.entry_id
            if step == "settle":
                final |= {key: told.entry_id for key, told in shown.items()}
                published |= {told.story_id for told in shown.values()}
            for story_id in published:
                assert stores[0].resolve(story_id) == stores[1].resolve(story_id) is not None
        for store in stores:
            store.close()


@settings(max_examples=100, deadline=None)
@given(st.tuples(*[st.lists(said, min_size=1, max_size=2, unique_by=lambda one: one["guid"])] * 3))
def test_unpublished_entry_ids_do_not_depend_on_who_answers_first(
    three: tuple[list[dict[str, Any]], ...],
) -> None:
    found = []
    for order in permutations(zip("abc", three, strict=True)):
        store = open_store("memory", Path())
        store.configure([source(one) for one in SOURCES], now=NOON)
        for batch in order:
            take(store, batch, NOON)
        found.append(
            {
                told.entry_id: (told.entry.source_id, told.entry.guid)
                for story in store.latest(99)
                for told in story.entries
            }
        )
    assert all(one == found[0] for one in found)
