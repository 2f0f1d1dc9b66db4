"""Older documents of a source, one after the other (RFC 5005, PROTOCOL P39)."""

import asyncio
from collections.abc import Collection
from dataclasses import replace
from http import HTTPStatus

from aggregator import addresses
from aggregator.errors import FetchError, SourceError, StoreError, printable
from aggregator.logs import log
from aggregator.model import PollResult, PollUpdate, Reading, Response, Source, SourceState, Validators
from aggregator.pipeline import outcome
from aggregator.pipeline.keeping import keep
from aggregator.pipeline.plant import Parts, Plant
from aggregator.pipeline.report import count, refusal, result_of


def with_archives(state: SourceState, reading: Reading, response: Response, plant: Plant) -> SourceState:
    """Note where the older documents begin, unless none are wanted or the document names itself."""
    first, left = reading.archive_url, plant.archives
    if left <= 0 or first in {response.url, addresses.asked_at(state)}:
        first = None
    return replace(state, archive_url=first, archive_left=left)


async def read_archives(parts: Parts, source_id: str) -> PollResult | None:
    """Read the documents that the last poll found named; None when there was nothing to read.

    Their entries are kept where they are new; what is known already, a newer document has told. Each is
    stored with the address of the next, so that a restart goes on where this one ended. An archive that
    fails is tried again after the next poll.
    """
    total: PollResult | None = None
    asked: set[str] = set()
    while True:
        try:
            source = parts.plant.sources[source_id]
            state = await asyncio.to_thread(parts.store.state, source_id)
        except KeyError:
            break  # it has just left the configuration
        if state.archive_url is None or state.failures:
            break
        asked.add(state.archive_url)
        result = await _read_archive(parts, source, state, asked)
        total = result if total is None else _sum(total, result)
        if result.error is not None:
            break
    return total


async def _read_archive(
    parts: Parts, source: Source, state: SourceState, asked: Collection[str]
) -> PollResult:
    """Read one, and note the next unless it is among those `asked` already: archives may lead in a circle."""
    started, url, left = parts.clock(), state.archive_url, state.archive_left - 1
    state = replace(state, archive_left=max(left, 0), archive_url=url if left > 0 else None)
    response: Response | None = None
    try:
        held = await asyncio.to_thread(parts.store.holds, now=started)
        response = await parts.fetcher.fetch(source, Validators(), url=url, held_hosts=held)
        if response.status != HTTPStatus.OK:
            raise FetchError(refusal(response))
        reading = await parts.read(source, response, ())
        following = reading.archive_url if left > 0 and reading.archive_url not in asked else None
        read = replace(state, archive_url=following)
        plan, _ = await keep(parts, source, reading, lambda _, __: read, revise=False)
    except SourceError as exc:
        error = str(exc)
    except StoreError:
        raise
    except Exception as exc:  # noqa: BLE001 - as in `poll`
        log.exception("bug", source=source.id)
        error = f"bug: {type(exc).__name__}: {exc}"
    else:
        log.info("archive", source=source.id, url=url, new=len(plan.placements), left=left)
        return count(result_of(read, response), plan)
    error = printable(error)
    log.warning("archive", source=source.id, url=url, error=error, left=left)
    state = outcome.put_off(state, response, now=started)
    held_host = outcome.hold(response, parts.plant, now=started)
    await asyncio.to_thread(parts.store.apply, PollUpdate(state=state, at=started, hold=held_host))
    return replace(result_of(state, response), error=error)


def _sum(total: PollResult, more: PollResult) -> PollResult:
    return replace(
        more,
        new=total.new + more.new,
        duplicate=total.duplicate + more.duplicate,
        withdrawn=total.withdrawn + more.withdrawn,
        wire_bytes=total.wire_bytes + more.wire_bytes,
    )
