"""One poll and one publication, step by step: the only place that knows the order of things."""

import asyncio
import hashlib
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Protocol

from aggregator import dedup, public
from aggregator.cadence import LONGEST_RETRY_AFTER, NextPoll, Pace, next_poll
from aggregator.emit import emit, emit_opml
from aggregator.errors import Conflict, SourceError, StoreError
from aggregator.logs import log
from aggregator.merge import merge
from aggregator.model import (
    Document,
    Entry,
    Hold,
    Lookup,
    Output,
    Plan,
    PollResult,
    PollUpdate,
    Publication,
    Reading,
    Response,
    Source,
    SourceState,
    State,
    Validators,
)
from aggregator.store.protocol import Store
from aggregator.urls import authority, host, is_public_name

DECISIONS = 20  # how often a poll may lose the race for a story before it counts as a bug
JITTER = 0.1  # share of the wait by which a poll may come later, never earlier

Read = Callable[[Source, Response], Awaitable[Reading]]
Clock = Callable[[], datetime]


class Fetch(Protocol):
    """What the pipeline needs of `fetch.Fetcher`."""

    async def fetch(self, source: Source, validators: Validators) -> Response:
        """Ask the publisher; raises `FetchError` when there is no usable answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plant:
    """Everything that the configuration decides about polling and publishing; swapped on reload."""

    title: str
    public_url: str
    sources: Mapping[str, Source]
    outputs: tuple[Output, ...]  # the merged feed of everything is the first
    pace: Pace
    window: dedup.Window
    hold_hosts: bool = True  # Retry-After counts for the whole host


def now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


class Pipeline:
    """The steps, with the parts they need. `plant` and `fetcher` may be replaced between polls."""

    def __init__(
        self, *, plant: Plant, store: Store, fetcher: Fetch, read: Read, directory: Path, clock: Clock = now
    ) -> None:
        self.plant = plant
        self.fetcher = fetcher
        self._store = store
        self._read = read
        self._directory = directory
        self._clock = clock
        self._publishing = asyncio.Lock()
        self.publication = Publication()

    # one poll

    async def poll(self, source_id: str) -> PollResult | None:
        """Visit one source and keep what it says; never raises for what the source did.

        None for a source that has just left the configuration. Raises `StoreError` when the store fails.
        """
        started = self._clock()
        try:
            source = self.plant.sources[source_id]
            state = await asyncio.to_thread(self._store.state, source_id)
        except KeyError:
            return None
        try:
            result = await self._visit(source, state)
        except SourceError as exc:
            result = await self._fail(source, state, None, str(exc))
        except StoreError:
            raise
        except Exception as exc:  # noqa: BLE001 - a bug of ours must not stop the other sources
            log.exception("bug", source=source_id)
            result = await self._fail(source, state, None, f"bug: {type(exc).__name__}: {exc}")
        result = replace(result, elapsed=self._clock() - started)
        _report(result, self._clock())
        return result

    async def _visit(self, source: Source, state: SourceState) -> PollResult:
        known = state.reading == source.reading
        response = await self.fetcher.fetch(source, state.validators if known else Validators())
        if response.status == HTTPStatus.NOT_MODIFIED and known:
            return await self._unchanged(source, state, response)
        if response.status != HTTPStatus.OK:
            return await self._fail(source, state, response, _refusal(response))
        digest = hashlib.sha256(response.body).hexdigest()
        if known and digest == state.body_digest:
            return await self._unchanged(source, state, response)
        try:
            reading = await self._read(source, response)
        except SourceError as exc:
            return await self._fail(source, state, response, str(exc))
        redate = not (state.reading or "").startswith(source.dating)
        renamed = reading.head != state.head
        state = replace(
            self._good(source, state, response),
            head=reading.head,
            validators=response.validators,
            body_digest=digest,
            reading=source.reading,
            problems=_problems(reading),
        )
        plan = await self._keep(source, reading, state, redate=redate)
        founded = sum(placement.rule == "new" for placement in plan.placements)
        return _result(
            state,
            response,
            new=founded,
            changed=len(plan.revisions),
            duplicate=len(plan.placements) - founded,
            renamed=renamed,
        )

    async def _keep(self, source: Source, reading: Reading, state: SourceState, *, redate: bool) -> Plan:
        """Decide where the entries belong and store them; decide again when another poll was first."""
        lookup = await asyncio.to_thread(dedup.lookup, source.id, reading.entries)
        for _ in range(DECISIONS):
            at = self._clock().replace(microsecond=0)
            plan = await asyncio.to_thread(self._place, reading.entries, lookup, at, redate=redate)
            try:
                await self._apply(PollUpdate(state=state, plan=plan, at=at))
            except Conflict as exc:
                log.debug("conflict", source=source.id, reason=str(exc))
                continue
            return plan
        raise RuntimeError(f"{DECISIONS} decisions about {source.id} were each overtaken by another poll")

    def _place(self, entries: Sequence[Entry], lookup: Lookup, at: datetime, *, redate: bool) -> Plan:
        return dedup.place(
            entries,
            self._store.candidates(lookup),
            authority=authority(self.plant.public_url),
            now=at,
            window=self.plant.window,
            redate=redate,
        )

    async def _apply(self, update: PollUpdate) -> None:
        await asyncio.to_thread(self._store.apply, update)

    async def _unchanged(self, source: Source, state: SourceState, response: Response) -> PollResult:
        """RFC 9111 §4.3.4: a 304 may bring new validators; a 200 replaces them as a set."""
        fresh = response.validators
        if response.status == HTTPStatus.NOT_MODIFIED:
            fresh = Validators(
                etag=fresh.etag or state.validators.etag,
                last_modified=fresh.last_modified or state.validators.last_modified,
            )
        state = replace(self._good(source, state, response), validators=fresh)
        await self._apply(PollUpdate(state=state, at=self._clock()))
        return _result(state, response)

    def _good(self, source: Source, state: SourceState, response: Response) -> SourceState:
        at = self._clock()
        following = self._next(source, response, failures=0)
        return replace(
            state,
            failures=0,
            state=State.OK,
            last_status=response.status,
            last_error=None,
            last_poll_at=at,
            last_success_at=at,
            next_poll_at=following.at,
            next_reason=following.reason,
            interval=following.interval,
        )

    async def _fail(
        self, source: Source, state: SourceState, response: Response | None, error: str
    ) -> PollResult:
        """Record why nothing came of a poll; what is known of the source stays (PROTOCOL P6, P7)."""
        at, failures = self._clock(), state.failures + 1
        following = self._next(source, response, failures=failures)
        state = replace(
            state,
            failures=failures,
            state=State.GONE if following.at is None else State.FAILING,
            last_status=None if response is None else response.status,
            last_error=error,
            last_poll_at=at,
            next_poll_at=following.at,
            next_reason=following.reason,
            interval=following.interval,
        )
        await self._apply(PollUpdate(state=state, at=at, hold=self._hold(response, at)))
        return replace(_result(state, response), error=error)

    def _hold(self, response: Response | None, at: datetime) -> Hold | None:
        """Leave a whole host alone when it asks for it (PROTOCOL P15); redirects count for whom they led to."""
        if response is None or response.retry_after is None or response.status < HTTPStatus.BAD_REQUEST:
            return None
        asked = host(response.url)
        if not self.plant.hold_hosts or not is_public_name(asked):
            return None
        return Hold(host=asked, until=at + min(response.retry_after, LONGEST_RETRY_AFTER))

    def _next(self, source: Source, response: Response | None, *, failures: int) -> NextPoll:
        return next_poll(
            source,
            self.plant.pace,
            response,
            failures=failures,
            now=self._clock(),
            jitter=random.uniform(0, JITTER),  # noqa: S311 - spreads load, guards nothing
        )

    # one publication

    async def publish(self) -> Publication:
        """Merge, emit and write every feed; the ids in them are final from here on."""
        async with self._publishing:
            self.publication = await asyncio.to_thread(self._publish)
        return self.publication

    def _publish(self) -> Publication:
        plant = self.plant
        self._store.settle()
        states = {state.source_id: state for state in self._store.states()}
        sources = {
            source.id: (source, states[source.id]) for source in plant.sources.values() if source.id in states
        }
        feeds = tuple(
            merge(
                self._store.latest(output.limit, sources=output.sources, settled=True),
                path=output.name,
                title=output.title,
                public_url=plant.public_url,
                sources=sources,
                limit=output.limit,
            )
            for output in plant.outputs
        )
        documents: list[Document] = [document for feed in feeds for document in emit(feed)]
        followed = [
            pair for pair in sources.values() if not pair[0].url.startswith("file:")
        ]  # for others to follow
        documents.append(emit_opml(plant.title, followed))
        return Publication(published=public.write(documents, self._directory), feeds=feeds)


def _refusal(response: Response) -> str:
    try:
        phrase = HTTPStatus(response.status).phrase
    except ValueError:
        phrase = "(no such status is known)"
    return f"HTTP {response.status} {phrase}"


PROBLEMS_KEPT = 5  # of one document; the rest is counted


def _problems(reading: Reading) -> tuple[str, ...]:
    found = tuple(
        dict.fromkeys(
            [*reading.problems, *(problem for entry in reading.entries for problem in entry.problems)]
        )
    )
    more = len(found) - PROBLEMS_KEPT
    return found if more <= 0 else (*found[:PROBLEMS_KEPT], f"and {more} more")


def _result(
    state: SourceState,
    response: Response | None,
    *,
    new: int = 0,
    changed: int = 0,
    duplicate: int = 0,
    renamed: bool = False,
) -> PollResult:
    return PollResult(
        source_id=state.source_id,
        status=None if response is None else response.status,
        new=new,
        changed=changed,
        duplicate=duplicate,
        renamed=renamed,
        wire_bytes=0 if response is None else response.wire_bytes,
        next_poll_at=state.next_poll_at,
        next_reason=state.next_reason,
    )


def _report(result: PollResult, at: datetime) -> None:
    wait = "never" if result.next_poll_at is None else _span(result.next_poll_at - at)
    said: dict[str, object] = {
        "source": result.source_id,
        "status": result.status,
        "new": result.new,
        "changed": result.changed,
        "duplicate": result.duplicate,
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
