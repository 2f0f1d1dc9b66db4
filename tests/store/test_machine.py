"""Any order of steps, whatever they are: every engine gives the same answers, and nothing that was told is lost."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    rule,
)

from aggregator.model import Archived, Emitted, Hold, KnownItem, Leavers, Order, Plan, PollUpdate, Sorting
from aggregator.pipeline.overruling import carry_out
from aggregator.store import Store
from tests.store.machine import (
    NAMES,
    OUTPUTS,
    QUERIES,
    URLS,
    Engines,
    batches,
    configured,
    guids,
    some_sources,
    sources,
    steps,
)
from tests.things import NOON

LEASE = timedelta(minutes=10)
verbs, sortings = st.sampled_from(["split", "join"]), st.sampled_from(Sorting)
Decided = tuple[str, list[Plan], frozenset[str]]


class Machine(RuleBasedStateMachine):
    """Two engines, and what must be true of both."""

    late: Bundle[Decided] = Bundle("late")

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.both = Engines(Path(self.folder.name))
        self.now = NOON
        self.following: set[str] = set()
        self.stored: set[tuple[str, str]] = set()  # source id, guid
        self.final: dict[tuple[str, str], str] = {}  # ids of entries that have been published

    @initialize()
    def begin(self) -> None:
        self.follow([*NAMES], 0)

    def teardown(self) -> None:
        self.both.close()
        self.folder.cleanup()

    # the clock and the configuration

    @rule(step=steps)
    def wait(self, step: timedelta) -> None:
        self.now += step

    @rule(followed=st.lists(sources, unique=True), n=st.integers(0, 2))
    def follow(self, followed: Sequence[str], n: int) -> None:
        found = [configured(one, n) for one in followed]
        self.both.ask("configure", found, now=self.now.replace(microsecond=0))
        self.following = {*followed}

    # polls

    @rule(limit=st.integers(1, 4), busy=st.sampled_from([(), ("shared.example",), ("a.example", "")]))
    def claim(self, limit: int, busy: tuple[str, ...]) -> None:
        self.both.ask("claim_due", self.now, limit=limit, lease=LEASE, busy_hosts=busy)

    @rule()
    def release_claims(self) -> None:
        self.both.ask("release_claims")

    @rule(
        source_id=sources,
        batch=batches,
        deleted=st.lists(guids, max_size=1),
        hold=st.booleans(),
    )
    def poll(self, source_id: str, batch: list[dict[str, Any]], deleted: list[str], hold: bool) -> None:
        self._apply(source_id, self._decided(source_id, batch, deleted), hold=hold)

    @rule(target=late, source_id=sources, batch=batches)
    def decide(self, source_id: str, batch: list[dict[str, Any]]) -> Decided:
        return self._decided(source_id, batch, [])

    @rule(decided=consumes(late), twice=st.booleans())
    def apply_late(self, decided: Decided, twice: bool) -> None:
        """What was decided before may not hold any more; both engines must say so, and none may write half of it."""
        for _ in range(1 + twice):
            self._apply(decided[0], decided)

    def _decided(self, source_id: str, batch: list[dict[str, Any]], deleted: Sequence[str]) -> Decided:
        plans = self.both.plans(source_id, batch, deleted, self.now)
        return source_id, plans, frozenset(one["guid"] for one in batch)

    def _apply(self, source_id: str, decided: Decided, *, hold: bool = False) -> None:
        if source_id not in self.following:
            return
        _, plans, guids = decided
        state = self.both.ask("state", source_id)
        state = replace(
            state, last_poll_at=self.now.replace(microsecond=0), next_poll_at=self.now + LEASE, held=0
        )
        waits = Hold(host="shared.example", until=self.now + 3 * LEASE) if hold else None
        known = [KnownItem(digest=guid, guid=guid) for guid in sorted(guids)]

        def write(store: Store, plan: Plan) -> None:
            store.apply(PollUpdate(state=state, plan=plan, known=known, at=self.now, hold=waits))

        if self.both.do(plans, write):
            self.stored |= {(source_id, placed.entry.guid) for placed in plans[0].placements}

    @rule(source_id=sources, wait=steps, stale=st.booleans())
    def reschedule(self, source_id: str, wait: timedelta, stale: bool) -> None:
        if source_id in self.following:
            state = self.both.ask("state", source_id)
            state = replace(state, next_poll_at=self.now + wait, next_reason="asked", interval=LEASE)
            if stale:
                state = replace(state, last_poll_at=NOON - LEASE)
            self.both.ask("reschedule", [state])

    # what the operator says

    @rule(
        verb=st.sampled_from(["split", "join"]),
        one=sources,
        other=sources,
        guids=st.tuples(*[st.sampled_from("1234")] * 2),
    )
    def order(self, verb: str, one: str, other: str, guids: tuple[str, str]) -> None:
        ids = {key: told.entry_id for key, told in self._told().items()}
        names = [ids.get((one, guids[0])), ids.get((other, guids[1]))]
        named = tuple(name for name in names[: 1 + (verb == "join")] if name is not None)
        if named:
            order = Order(verb=verb, names=named if verb == "split" or len(named) == 2 else named * 2)
            self.both.agree(lambda store: carry_out(order, store, now=self.now))

    @rule(source_id=sources)
    def release(self, source_id: str) -> None:
        self.both.ask("release", source_id)

    # publishing

    @rule()
    def settle(self) -> None:
        self.both.ask("settle")
        self.final |= {key: told.entry_id for key, told in self._told().items()}

    @rule(rest=st.integers(0, 2), refused=st.booleans())
    def publish(self, rest: int, refused: bool) -> None:
        changed = [store.enrol(OUTPUTS) for store in self.both.stores]
        assert changed[0] >= changed[1]  # looking once too often does no harm
        for output in OUTPUTS:
            shown = self.both.ask("current", output)
            ids = [story.story_id for story in shown]
            left = self.both.ask("leaving", output, rest, shown=ids)
            if refused:
                self.both.ask("leave_out", output.name, left)
                continue
            entries = tuple(
                Archived(story_id=one.story_id, updated_at=NOON, body=b"<entry/>") for one in left
            )
            leavers = [Leavers(output=output.name, title=output.title, entries=entries)]
            self.both.ask("archive", leavers, at=self.now)
            said = {one: Emitted(told=one, updated_at=self.now.replace(microsecond=0)) for one in ids}
            self.both.ask("keep_emitted", output.name, said)

    @rule(before=steps, texts=steps, keep=st.integers(1, 3), versions=st.booleans())
    def prune(self, before: timedelta, texts: timedelta, keep: int, versions: bool) -> None:
        at = self.now - abs(before)
        self.both.ask(
            "prune",
            before=at,
            keep_per_source=keep,
            texts_before=self.now - abs(texts),
            versions_before=at if versions else None,
            removals_before=at if versions else None,
        )

    @rule(
        query=st.sampled_from(QUERIES),
        chosen=some_sources,
        limit=st.integers(1, 9),
        sorting=st.sampled_from(Sorting),
    )
    def search(self, query: Any, chosen: list[str] | None, limit: int, sorting: Sorting) -> None:
        for store in self.both.stores:
            while store.index(5):
                pass
            assert store.unindexed() == 0
        self.both.ask("latest", limit, query=query, sources=chosen, sorting=sorting)

    # what must be true after each

    def _told(self) -> dict[tuple[str, str], Any]:
        stories = self.both.ask("latest", 1000)
        return {(one.entry.source_id, one.entry.guid): one for story in stories for one in story.entries}

    @invariant()
    def the_same_is_shown(self) -> None:
        for chosen in (None, ["a"], ["b", "c"]):
            for sorting in Sorting:
                for settled in (False, True):
                    self.both.ask("latest", 1000, sources=chosen, sorting=sorting, settled=settled)

    @invariant()
    def the_same_is_known_of_sources(self) -> None:
        self.both.ask("states")
        self.both.ask("heads")
        self.both.ask("holds", now=self.now)
        self.both.ask("counts", since=self.now - LEASE)
        for source_id in NAMES:
            self.both.ask("known_items", source_id)

    @invariant()
    def the_same_is_known_of_entries(self) -> None:
        told = self._told()
        names = {*self.final.values(), *(one.entry_id for one in told.values()), *filter(None, URLS)}
        for name in sorted(names):
            for entry_id in self.both.ask("find", name):
                self.both.ask("dossier", entry_id)
                self.both.ask("revisions", entry_id)
            self.both.ask("resolve", name)
        for output in OUTPUTS:
            self.both.ask("emitted", output.name, sorted(names))
            self.both.ask("removals", output, since=NOON - timedelta(days=99))
            for name in sorted(names):
                self.both.ask("is_archived", output.name, name)
            self.both.ask("archive_page", output.name, 0, 1)
            self.both.ask("archive_digest", output.name, 0, 1)
        self.both.ask("archive_lengths")

    @invariant()
    def nothing_is_lost_and_ids_are_final(self) -> None:
        totals = self.both.ask("totals")
        assert totals.entries == len(self.stored)
        told = self._told()
        assert len({one.entry_id for one in told.values()}) == len(told)
        for key, one in told.items():
            assert self.final.get(key, one.entry_id) == one.entry_id
        for entry_id in self.final.values():
            assert self.both.ask("find", entry_id)


Machine.TestCase.settings = settings(
    max_examples=30 if settings.default is not None and settings.default.derandomize else 300,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestMachine = pytest.mark.timeout(600)(Machine.TestCase)
