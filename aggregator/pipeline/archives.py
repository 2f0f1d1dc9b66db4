"""Older documents of a source, one after the other (RFC 5005, PROTOCOL P39)."""

import asyncio
import math
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from functools import partial
from http import HTTPStatus

from aggregator import addresses
from aggregator.errors import FetchError, SourceError, StoreError, WorkersUnavailable, printable
from aggregator.logs import log
from aggregator.model import (
    KnownItem,
    Passed,
    Plan,
    PollResult,
    PollUpdate,
    Reading,
    Response,
    Source,
    SourceState,
    Validators,
)
from aggregator.pipeline import outcome
from aggregator.pipeline.keeping import keep
from aggregator.pipeline.plant import Parts, Plant
from aggregator.pipeline.report import count, refusal, result_of
from aggregator.urls import host


def with_archives(state: SourceState, reading: Reading, response: Response, plant: Plant) -> SourceState:
    """Note where the older documents begin, unless none are wanted or the document names itself.

    Nor for a file: where to look further on the net is not for its content to say.
    """
    first, left = reading.archive_url, plant.archives
    if left <= 0 or not host(response.url) or first in {response.url, addresses.asked_at(state)}:
        first = None
    return replace(state, archive_url=first, archive_left=left)


async def read_archives(parts: Parts, source_id: str, *, force: bool = False) -> PollResult | None:
    """Read the documents that the last poll found named; None when there was nothing to read.

    Their entries are kept where they are new; what is known already, a newer document has told. Each is
    stored with the address of the next, so that a restart goes on where this one ended. An archive that
    fails, or whose host is on hold, is tried again after the next poll; so it is in an hour that the feed
    skips. `force` ignores hours and holds.
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
        at, held = parts.clock(), frozenset[str]()
        if not force:
            held = await asyncio.to_thread(parts.store.holds, now=at)
            if host(state.archive_url) in held or outcome.allowed(source, state, at) != at:
                break
        asked.add(state.archive_url)
        result = await _read_archive(parts, source, state, asked, held)
        total = result if total is None else _sum(total, result)
        if result.error is not None:
            break
    return total


async def _read_archive(
    parts: Parts, source: Source, state: SourceState, asked: Collection[str], held: Collection[str]
) -> PollResult:
    """Read one, and note the next unless it is among those `asked` already: archives may lead in a circle."""
    started, url, left = parts.clock(), state.archive_url, state.archive_left - 1
    again = url if left > 0 else None
    response: Response | None = None
    try:
        async with parts.rooms.visit() as room:
            response = await parts.fetcher.fetch(source, Validators(), url=url, held_hosts=held, room=room)
            if response.status != HTTPStatus.OK:
                raise FetchError(refusal(response))
            return await _keep(parts, source, state, asked, response)
    except SourceError as exc:
        error = str(exc)
    except (StoreError, WorkersUnavailable):
        raise
    except Exception as exc:  # noqa: BLE001 - as in `poll`
        log.exception("bug", source=source.id)
        error = f"bug: {type(exc).__name__}: {exc}"
    error = printable(error)
    log.warning("archive", source=source.id, url=url, error=error, left=left)
    state = replace(await _newest(parts, state), archive_url=again, archive_left=max(left, 0))
    state = outcome.put_off(state, response, now=started)
    held_host = outcome.hold(response, parts.plant, now=started)
    await asyncio.to_thread(parts.store.apply, PollUpdate(state=state, at=started, hold=held_host))
    return replace(result_of(state, response), error=error)


async def _keep(
    parts: Parts, source: Source, state: SourceState, asked: Collection[str], response: Response
) -> PollResult:
    """Keep all that an archive says: a large one in several steps, as one step of a poll keeps only so much.

    Until the last of them the archive itself is noted as the next to be read: a restart begins it anew.
    """
    url, left = state.archive_url, state.archive_left - 1
    total: PollResult | None = None
    known: tuple[KnownItem, ...] = ()
    passed: Passed | None = None
    left_over = math.inf  # entries
    while True:
        reading = await parts.read(source, response, known, state.date_orders, passed)
        goes_on = 0 < reading.beyond < left_over  # of a document that stays the same, ever less is left
        left_over = reading.beyond
        known, passed = reading.known, reading.passed
        newest = await _newest(parts, state)
        if goes_on:
            read = replace(newest, archive_url=url, archive_left=state.archive_left)
        else:
            following = reading.archive_url if left > 0 and reading.archive_url not in asked else None
            read = replace(newest, archive_url=following, archive_left=max(left, 0))
        plan, _ = await keep(parts, source, reading, partial(_as_it_is, read), before=state, revise=False)
        new, beyond = len(plan.placements), reading.beyond or None
        log.info("archive", source=source.id, url=url, new=new, left=left, beyond=beyond)
        result = count(result_of(read, response), plan)
        total = result if total is None else replace(_sum(total, result), wire_bytes=total.wire_bytes)
        if not goes_on:
            return total


def _as_it_is(state: SourceState, _: Plan, __: datetime) -> SourceState:
    return state


async def _newest(parts: Parts, state: SourceState) -> SourceState:
    """Return the state as it is after the fetch: its interval may have been edited, its host put on hold.

    Of a source with another address, and of one that has left, the state as it was: the store drops it.
    """
    try:
        newest = await asyncio.to_thread(parts.store.state, state.source_id)
    except KeyError:
        return state
    return newest if newest.url == state.url else state


def _sum(total: PollResult, more: PollResult) -> PollResult:
    return replace(
        more,
        new=total.new + more.new,
        duplicate=total.duplicate + more.duplicate,
        withdrawn=total.withdrawn + more.withdrawn,
        held=total.held + more.held,
        wire_bytes=total.wire_bytes + more.wire_bytes,
    )
