"""A place where entries are taken in as polls take them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from aggregator.dedup import Window, lookup, place
from aggregator.html import plain_text
from aggregator.model import Entry, Plan
from aggregator.store import Store
from aggregator.store.memory import MemoryStore
from tests.things import NOON, entry, source, update


class Desk:
    """Places batches one after the other."""

    def __init__(self, *sources: str, store: Store | None = None, window: Window | None = None) -> None:
        self.store = store or MemoryStore()
        self.store.configure([source(name) for name in sources], now=NOON)
        self.window = window or Window()

    def decide(self, entries: Sequence[Entry], at: datetime = NOON, *, redate: bool = False) -> Plan:
        source_id = entries[0].source_id
        return place(
            entries,
            self.store.candidates(
                lookup(
                    source_id,
                    entries,
                    near=self.window.near is not None,
                    groups=self.window.group is not None,
                )
            ),
            authority="news.example",
            now=at,
            window=self.window,
            redate=redate,
        )

    def take(self, *entries: Entry, at: datetime = NOON, redate: bool = False) -> Plan:
        plan = self.decide(entries, at, redate=redate)
        self.store.apply(replace(update(entries[0].source_id, plan), at=at))
        return plan

    def stories(self) -> dict[str, list[str]]:
        """Sources of each story, by id."""
        return {
            story.story_id: [stored.entry.source_id for stored in story.entries]
            for story in self.store.latest(100)
        }


def taken(pair: dict[str, Any]) -> tuple[int, Plan]:
    """Take in the two entries of a labelled pair; return how many stories they are, and the plan for the second."""
    a, b = (_as_entry(pair[side], NOON + timedelta(hours=pair["hours"] * n)) for n, side in enumerate("ab"))
    desk = Desk(*{a.source_id, b.source_id})
    if pair["kind"] == "one_guid":  # one document: `normalise` tells its entries apart by their titles
        plan = desk.take(*(replace(one, guid=f"{one.guid} {one.title}") for one in (a, b)))
    else:
        desk.take(a)
        desk.store.settle()
        plan = desk.take(b, at=b.published_at or NOON)
    assert desk.store.totals().entries == 2
    return len(desk.stories()), plan


def _as_entry(said: dict[str, Any], at: datetime) -> Entry:
    text = plain_text(said["content"]) if said["type"] == "html" else said["content"]
    return entry(
        said["guid"],
        said["feed"],
        url=said["url"],
        title=said["title"],
        content_text=text,
        published_at=at,
    )
