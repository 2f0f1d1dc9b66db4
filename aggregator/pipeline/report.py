"""What a poll did, as a value and as a log line."""

from dataclasses import replace
from datetime import datetime, timedelta
from http import HTTPStatus

from aggregator.logs import log
from aggregator.model import Plan, PollResult, Reading, Response, Source, SourceState


def refusal(response: Response) -> str:
    """Return what an answer that is no feed says, by its status."""
    try:
        phrase = HTTPStatus(response.status).phrase
    except ValueError:
        phrase = "(no such status is known)"
    return f"HTTP {response.status} {phrase}"


PROBLEMS_KEPT = 5  # of one document; the rest is counted


def problems(reading: Reading) -> tuple[str, ...]:
    """Return what was wrong with a document and its entries, each once, the first few."""
    found = tuple(
        dict.fromkeys(
            [*reading.problems, *(problem for entry in reading.entries for problem in entry.problems)]
        )
    )
    more = len(found) - PROBLEMS_KEPT
    return found if more <= 0 else (*found[:PROBLEMS_KEPT], f"and {more} more")


def result_of(state: SourceState, response: Response | None) -> PollResult:
    """Return what one poll did that left the source's entries alone."""
    return PollResult(
        source_id=state.source_id,
        status=None if response is None else response.status,
        wire_bytes=0 if response is None else response.wire_bytes,
        next_poll_at=state.next_poll_at,
        next_reason=state.next_reason,
    )


def count(result: PollResult, plan: Plan) -> PollResult:
    """Return the result with what became of the entries."""
    return replace(
        result,
        new=sum(placement.rule == "new" and not placement.is_held for placement in plan.placements),
        changed=sum(not revision.is_trivial for revision in plan.revisions),
        duplicate=sum(placement.rule != "new" for placement in plan.placements),
        withdrawn=len(plan.withdrawals),
        held=sum(placement.is_held for placement in plan.placements),
    )


def report_move(source: Source, before: SourceState, after: SourceState) -> None:
    """Say when a permanent redirect is remembered, with the line to edit, or given up (FEATURES M16)."""
    if after.moved_to == before.moved_to:
        return
    if after.moved_to is not None:
        log.warning("moved", source=source.id, to=after.moved_to, edit=source.where)
    else:
        log.warning("moved", source=source.id, to=after.url, was=before.moved_to)


def report(result: PollResult, at: datetime) -> None:
    """Write the log line of a poll that ended `at` that time."""
    wait = "never" if result.next_poll_at is None else _span(result.next_poll_at - at)
    said: dict[str, object] = {
        "source": result.source_id,
        "status": result.status,
        "new": result.new,
        "changed": result.changed,
        "duplicate": result.duplicate,
        "withdrawn": result.withdrawn or None,
        "held": result.held or None,
        "bytes": result.wire_bytes,
        "ms": round(result.elapsed / timedelta(milliseconds=1)),
        "next": wait,
        "reason": result.next_reason,
    }
    facts = {name: value for name, value in said.items() if value is not None}
    if result.error is None:
        log.info("poll", **facts)
    else:
        log.warning("poll", **facts, error=result.error)


def _span(span: timedelta) -> str:
    """A wait as people write it in the configuration, to the nearest unit: "90s", "15m", "6h"."""
    seconds = round(span.total_seconds())
    for size, unit, least in ((86400, "d", 2), (3600, "h", 2), (60, "m", 2)):
        if seconds >= size * least:
            return f"{round(seconds / size)}{unit}"
    return f"{seconds}s"
