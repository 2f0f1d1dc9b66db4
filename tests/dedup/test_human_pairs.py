"""What people called two events is never one story. Of one event, one story or two are both right."""

from collections import Counter
from datetime import timedelta
from itertools import combinations
from typing import Any
from urllib.parse import urlsplit

import pytest

from aggregator.model import Entry
from tests.dedup.desk import Desk
from tests.dedup.test_pairs import OWN, read, whole
from tests.things import NOON, entry

HOURS = (0, 3, 24, 71)  # between the two: within the window, where alone they could be one


@pytest.fixture(params=["own", "whole"])
def pairs(request: pytest.FixtureRequest) -> list[dict[str, Any]]:
    path = OWN / "human_pairs.jsonl" if request.param == "own" else whole("human_pairs.jsonl")
    if path is None:
        pytest.skip("the shared pairs are not beside this checkout")
    return read(path)


def article(pair: dict[str, Any], side: str, source_id: str, hours: int = 0) -> Entry:
    """The sets name articles by title and address; the title is all the text that such a feed has."""
    title, url = pair[f"title_{side}"], pair[f"url_{side}"]
    published_at = NOON - timedelta(hours=hours)
    return entry(url, source_id, url=url, title=title, content_text=title, published_at=published_at)


def is_one(first: Entry, second: Entry) -> bool:
    desk = Desk(*{first.source_id, second.source_id})
    desk.take(first)
    desk.store.settle()
    desk.take(second)
    assert desk.store.totals().entries == 2
    return desk.store.totals().stories == 1


def test_two_events_are_never_one_story(pairs: list[dict[str, Any]]) -> None:
    """In either order, of one source or of two, however far apart."""
    joined: dict[bool, Counter[bool]] = {True: Counter(), False: Counter()}
    for pair in pairs:
        ways = [
            is_one(article(pair, first, "alfa", hours), article(pair, second, source_id))
            for first, second in ("ab", "ba")
            for source_id in ("alfa", "bravo")
            for hours in HOURS
        ]
        joined[pair["same_event"]][any(ways)] += 1
    for same_event, counted in joined.items():
        word = "one event" if same_event else "other events"
        print(f"{word}: {counted[True]} of {counted.total()} pairs are one story")  # noqa: T201 - the figures
    assert joined[False][False] > 0
    assert joined[False][True] == 0


def test_nor_when_all_are_in_one_store(pairs: list[dict[str, Any]]) -> None:
    """Each from the host that published it; no third article is a bridge between two events either."""
    articles = {
        pair[f"url_{side}"]: article(pair, side, urlsplit(pair[f"url_{side}"]).hostname or "")
        for pair in pairs
        for side in "ab"
    }
    one_event = {frozenset((pair["url_a"], pair["url_b"])) for pair in pairs if pair["same_event"]}
    desk = Desk(*{one.source_id for one in articles.values()})
    for one in articles.values():
        desk.take(one)
        desk.store.settle()
    assert desk.store.totals().entries == len(articles)
    together = {
        frozenset((first.entry.url, second.entry.url))
        for story in desk.store.latest(len(articles))
        for first, second in combinations(story.entries, 2)
    }
    assert together <= one_event
