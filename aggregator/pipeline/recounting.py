"""What becomes of due times when the clock, which was ahead, has been set back."""

from aggregator.cadence import recounted
from aggregator.logs import log
from aggregator.pipeline.plant import Parts


def recount(parts: Parts) -> None:
    """Let the waits of sources and hosts that began later than now count from now; raises `StoreError`.

    They would otherwise not be polled before the wrong time comes.
    """
    at = parts.clock()
    hosts = parts.store.recount_holds(now=at)
    changed = []
    for state in parts.store.states():
        source = parts.plant.sources.get(state.source_id)
        if source is not None and (after := recounted(source, state, now=at)) != state:
            changed.append(after)
    if changed:
        parts.store.reschedule(changed)
    if changed or hosts:
        log.warning("clock", result="set back: waits are counted from now", sources=len(changed), hosts=hosts)
