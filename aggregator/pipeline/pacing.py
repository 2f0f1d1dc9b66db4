"""An edit of how often sources are polled counts from their last poll on, not only after the next.

What was in force is noted in the store: the edit may have been made while nobody ran, or just before a kill -9.
"""

import json
from collections.abc import Mapping
from datetime import datetime

from aggregator.cadence import repaced
from aggregator.model import Source
from aggregator.pipeline.plant import Plant
from aggregator.store.protocol import Store

PACES = "paces"  # name of the store's note
USUAL = (None, True)  # of a source that sets nothing itself: it is not in the note


def repace(plant: Plant, store: Store, *, now: datetime) -> None:
    """Let changes since the last call count at once; raises `StoreError`."""
    wanted = _paces(plant)
    text = json.dumps(wanted, sort_keys=True)
    noted = store.noted(PACES)
    if noted == text:
        return
    if noted is not None:
        before = json.loads(noted)
        changed = [source for source in plant.sources.values() if _has_changed(source, before, wanted)]
        _repace(plant, store, changed, now)
    store.note(PACES, text)


def _paces(plant: Plant) -> Mapping[str, object]:
    pace = plant.pace
    return {
        "pace": [span.total_seconds() for span in (pace.interval, pace.min_interval, pace.max_interval)],
        "sources": {
            source.id: said for source in plant.sources.values() if tuple(said := _said(source)) != USUAL
        },
    }


def _said(source: Source) -> list[object]:
    return [None if source.interval is None else source.interval.total_seconds(), source.feed_hints]


def _has_changed(source: Source, before: Mapping[str, object], wanted: Mapping[str, object]) -> bool:
    told = before["sources"]
    assert isinstance(told, dict)
    return before["pace"] != wanted["pace"] or told.get(source.id, [*USUAL]) != _said(source)


def _repace(plant: Plant, store: Store, changed: "list[Source]", now: datetime) -> None:
    if changed:
        states = {state.source_id: state for state in store.states()}
        store.reschedule(
            [
                repaced(source, plant.pace, states[source.id], now=now)
                for source in changed
                if source.id in states
            ]
        )
