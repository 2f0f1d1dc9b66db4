"""Two polls that bring one story at once: it is one story, and nothing is lost."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from aggregator.errors import Conflict
from aggregator.store import Store, open_store
from tests.dedup.desk import Desk
from tests.dedup.test_near import BYLINES, STORIES, told
from tests.things import update

ROUNDS = 50
PATIENCE = 20  # decisions, as in `pipeline.polling`


@pytest.fixture(params=["sqlite", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    opened = open_store(request.param, tmp_path)
    yield opened
    opened.close()


def test_two_polls_that_bring_a_copy_at_once_are_one_story(store: Store) -> None:
    """The copies share no address and no exact text, so that no mark makes the second poll wait."""
    title, text = STORIES["en"]
    desk = Desk("alfa", "bravo", store=store)
    start = threading.Barrier(2)
    conflicts = []

    def poll(source_id: str, before: str) -> None:
        for n in range(ROUNDS):
            said = " ".join(f"{word}{n}" for word in text.split())
            one = told(source_id, f"{title} {source_id} {n}", before + said, str(n))
            start.wait(timeout=20)
            for _ in range(PATIENCE):
                try:
                    desk.take(one)
                    break
                except Conflict as exc:
                    conflicts.append(exc)

    threads = [threading.Thread(target=poll, args=args) for args in (("alfa", ""), ("bravo", BYLINES["en"]))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.totals().entries == 2 * ROUNDS
    assert sorted(map(sorted, desk.stories().values())) == [["alfa", "bravo"]] * ROUNDS


def test_a_decision_overtaken_by_a_copy_is_refused_and_joins_when_made_again(store: Store) -> None:
    title, text = STORIES["en"]
    desk = Desk("alfa", "bravo", store=store)
    copy = told("bravo", f"{title} | Daily Example", BYLINES["en"] + text)
    overtaken = desk.decide([copy])
    desk.take(told("alfa", title, text))
    with pytest.raises(Conflict):
        store.apply(update("bravo", overtaken))
    desk.take(copy)
    assert list(desk.stories().values()) == [["alfa", "bravo"]]
