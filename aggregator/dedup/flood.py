"""Whether what a poll found new is news, or a flood of what is old (FEATURES G4). Pure.

What is old must not come to the top: a first document whose entries have no dates, a generator that was
changed and calls everything new. Such entries are stored and held until the operator releases them; dated
ones then come out at their own dates. A few entries are never held: a single back-dated post is news.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from aggregator.model import Placement, Plan

# Of a first or an older document: the front page of a busy site has as many; without dates the rest may be years old.
UNDATED_SHOWN = 20
BATCH_MOST = 20  # entries at once that are never a flood: fewer push nothing off a page
BATCH_SHARE = 0.5  # of its document: a source that goes on as ever shows mostly what is known
BATCH_BURST = 10  # times what its rhythm explains: election nights bring three to five times as many
EXPECTED_LEAST = 1.0  # entries: a source polled twice in a minute may have had one anyway
AHEAD = timedelta(minutes=10)  # a date further in the future is no date: it is shown when first seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """What is known of a source when a document of it is placed.

    `is_first`: nothing was read of it before, or not in this way, or it is an older document. `size`: entries in
    the document. `expected`: how many its rhythm explains.
    """

    is_first: bool = False
    size: int
    expected: float


def guarded(plan: Plan, flow: Flow, *, now: datetime) -> Plan:
    """Return the plan with those entries held that would flood the merged feed."""
    founding = [placement for placement in plan.placements if placement.story_id == placement.entry_id]
    held = {placement.entry_id for placement in _flood(founding, flow, now)}
    if not held:
        return plan
    return replace(
        plan,
        placements=tuple(
            replace(placement, is_held=True) if {placement.story_id, placement.entry_id} & held else placement
            for placement in plan.placements
        ),
    )


def _flood(founding: Sequence[Placement], flow: Flow, now: datetime) -> Sequence[Placement]:
    if flow.is_first:
        undated = sorted(
            (placement for placement in founding if not _is_dated(placement, now)),
            key=lambda placement: placement.entry.position,
        )
        return undated[UNDATED_SHOWN:]
    new = len(founding)
    is_flood = (
        new > BATCH_MOST
        and new > BATCH_SHARE * flow.size
        and new > BATCH_BURST * max(flow.expected, EXPECTED_LEAST)
    )
    return founding if is_flood else ()


def _is_dated(placement: Placement, now: datetime) -> bool:
    published_at = placement.entry.published_at
    return published_at is not None and published_at <= now + AHEAD
