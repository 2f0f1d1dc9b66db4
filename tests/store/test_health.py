"""What every engine remembers of the health of sources: what was told, and who is paused."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from aggregator.model import HealthEvent, State
from aggregator.store import Store, open_store
from aggregator.store.health import UNTOLD
from aggregator.store.migrations import migrations
from aggregator.store.protocol import EVENTS_KEPT
from tests.things import NOON, source, update

HOUR = timedelta(hours=1)


@pytest.fixture(params=["sqlite", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    opened = open_store(request.param, tmp_path)
    opened.configure([source("alfa"), source("bravo")], now=NOON)
    yield opened
    opened.close()


def event(source_id: str = "alfa", was: State = State.OK, state: State = State.FAILING) -> HealthEvent:
    return HealthEvent(
        id=f"tag:{source_id}-{state}",
        source_id=source_id,
        title=source_id.title(),
        url=f"https://{source_id}.example/rss",
        was=was,
        state=state,
        since=NOON,
        at=NOON + HOUR,
        reason="why",
        advice="what to do",
    )


def untold(store: Store) -> dict[str, tuple[State, State]]:
    return {one.state.source_id: (one.told, one.state.health) for one in store.untold()}


def test_what_differs_from_what_was_told_is_untold(store: Store) -> None:
    assert untold(store) == {}  # of what is new nothing is known
    store.apply(update("alfa", state=State.OK))
    store.apply(update("bravo", state=State.FAILING, since=NOON))
    assert untold(store) == {"bravo": (State.OK, State.FAILING)}
    assert store.untold()[0].state.since == NOON
    store.tell([event("bravo")])
    assert untold(store) == {}
    store.apply(update("bravo", state=State.GONE))
    assert untold(store) == {"bravo": (State.FAILING, State.GONE)}
    store.configure([source("alfa")], now=NOON)
    assert untold(store) == {}  # it is no source any more


def test_events_are_numbered_in_order_and_bounded(store: Store) -> None:
    first, second = event("alfa"), event("bravo", State.FAILING, State.OK)
    store.tell([first, second])
    assert store.health_events() == (replace(first, number=1), replace(second, number=2))
    assert store.health_events(after=1) == (replace(second, number=2),)
    assert store.health_events(limit=1) == (replace(first, number=1),)
    store.tell([event() for _ in range(EVENTS_KEPT)])
    kept = store.health_events()
    assert [one.number for one in kept] == list(range(3, EVENTS_KEPT + 3))


def test_who_is_paused_is_not_due_and_stays_what_it_was(store: Store) -> None:
    store.apply(update("alfa", state=State.FAILING, since=NOON, failures=3))
    store.apply(update("bravo", state=State.OK))
    later = NOON + HOUR
    store.configure([source("alfa", paused=True), source("bravo")], now=later)
    due = store.claim_due(later, limit=9, lease=HOUR)
    assert [claim.source_id for claim in due] == ["bravo"]
    paused = store.state("alfa")
    assert (paused.health, paused.health_since, paused.failures) == (State.PAUSED, later, 3)
    assert untold(store) == {"alfa": (State.OK, State.PAUSED)}
    store.configure([source("alfa", paused=True), source("bravo")], now=later + HOUR)
    assert store.state("alfa").paused_at == later  # since it was, not since the last reload
    store.apply(update("alfa", state=State.FAILING, failures=4))  # a poll that was on its way
    assert store.state("alfa").health is State.PAUSED
    store.configure([source("alfa"), source("bravo")], now=later + 2 * HOUR)
    resumed = store.state("alfa")
    assert (resumed.health, resumed.health_since) == (State.FAILING, later + 2 * HOUR)
    due = store.claim_due(later + 2 * HOUR, limit=9, lease=HOUR)
    assert "alfa" in [claim.source_id for claim in due]


def test_the_view_shows_who_is_paused(tmp_path: Path) -> None:
    store = open_store("sqlite", tmp_path)
    store.configure([source("alfa", paused=True), source("bravo")], now=NOON)
    database = Database(tmp_path / "aggregator.sqlite")
    seen = {row["id"]: (row["state"], row["next_poll_at"]) for row in database["sources_view"].rows}
    assert seen == {"alfa": ("paused", None), "bravo": ("new", "2026-03-01T12:00:00.000Z")}
    database.close()
    store.close()


def test_looking_for_the_untold_looks_at_them_alone(tmp_path: Path) -> None:
    open_store("sqlite", tmp_path).close()
    database = Database(tmp_path / "aggregator.sqlite")
    plan = database.execute(f"EXPLAIN QUERY PLAN {UNTOLD}").fetchall()
    assert "sources_untold" in plan[0][3]
    database.close()


def test_counts_and_size(store: Store) -> None:
    assert store.healths() == {State.NEW: 2}
    store.configure([source("alfa", paused=True), source("bravo")], now=NOON)
    assert store.healths() == {State.NEW: 1, State.PAUSED: 1}
    assert store.size() >= 0


def test_it_all_outlives_the_process(tmp_path: Path) -> None:
    store = open_store("sqlite", tmp_path)
    store.configure([source("alfa")], now=NOON)
    store.apply(update("alfa", state=State.FAILING, since=NOON))
    store.tell([event("alfa")])
    store.close()
    again = open_store("sqlite", tmp_path)
    assert again.untold() == ()
    assert again.health_events() == (replace(event("alfa"), number=1),)
    assert again.state("alfa").since == NOON
    again.close()


def test_a_source_that_failed_before_there_was_health_has_done_so_since_it_last_succeeded(
    tmp_path: Path,
) -> None:
    before = Database(tmp_path / "aggregator.sqlite")
    migrations.apply(before, stop_before="m0015_health")
    before.execute(
        """
        INSERT INTO sources (id, url, host, configured, state, failures, last_success_at)
        VALUES ('alfa', 'https://alfa.example/rss', 'alfa.example', 1, 'failing', 7, '2026-02-01T00:00:00Z')
        """
    )
    before.conn.commit()
    before.close()
    store = open_store("sqlite", tmp_path)
    store.configure([source("alfa")], now=NOON)
    [one] = store.untold()
    assert one.state.since is not None
    assert (one.told, one.state.health, one.state.since.day) == (State.OK, State.FAILING, 1)
    store.close()
