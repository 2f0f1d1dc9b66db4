"""Where the entries of a document belong, decided and stored; decided again when another poll was first."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime

from aggregator import dedup
from aggregator.dedup.flood import guarded
from aggregator.errors import Conflict
from aggregator.logs import log
from aggregator.model import KnownItem, Lookup, Plan, PollUpdate, Reading, Source, SourceState
from aggregator.pipeline.flow import flow_of
from aggregator.pipeline.plant import Parts
from aggregator.urls import authority

DECISIONS = 20  # how often a poll may lose the race for a story before it counts as a bug


async def keep(
    parts: Parts,
    source: Source,
    reading: Reading,
    finish: Callable[[Plan, datetime], SourceState],
    *,
    before: SourceState,
    known: Sequence[KnownItem] | None = None,
    redate: bool = False,
    revise: bool = True,
) -> tuple[Plan, SourceState]:
    """Store what a document says with the state that `finish` makes of the plan, in one transaction.

    `before` is the state the last visit left: how much may be expected. Without `revise` it is an archive:
    known entries stay as they are. `known` is what to remember of the document's items; None = what was
    remembered.

    Who was overtaken decides again in turn with others who were: forms filled in anew, brought by many polls at
    once, would overtake one another without end.
    """
    window = parts.plant.window
    lookup = await asyncio.to_thread(
        dedup.lookup,
        source.id,
        reading.entries,
        reading.tombstones,
        skipped=reading.skipped,
        near=window.near is not None,
        groups=window.group is not None,
    )
    for n in range(DECISIONS):
        async with parts.turn if n else nullcontext():
            at = parts.clock().replace(microsecond=0)
            plan = await asyncio.to_thread(_decide, parts, reading, lookup, at, redate=redate)
            flow = flow_of(source, reading, before, is_archive=not revise, now=at)
            plan = guarded(plan, flow, now=at)
            if not revise:
                plan = replace(plan, revisions=())
            state = finish(plan, at)
            update = PollUpdate(state=state, plan=plan, known=known, at=at)
            try:
                await asyncio.to_thread(parts.store.apply, update)
            except Conflict as exc:
                log.debug("conflict", source=source.id, reason=str(exc))
                continue
            return plan, state
    raise RuntimeError(f"{DECISIONS} decisions about {source.id} were each overtaken by another poll")


def _decide(parts: Parts, reading: Reading, lookup: Lookup, at: datetime, *, redate: bool) -> Plan:
    return dedup.place(
        reading.entries,
        parts.store.candidates(lookup),
        authority=authority(parts.plant.public_url),
        now=at,
        window=parts.plant.window,
        redate=redate,
        tombstones=reading.tombstones,
    )
