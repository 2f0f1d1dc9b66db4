"""One poll, step by step."""

import asyncio
import hashlib
import random
from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus

from aggregator import metrics
from aggregator.addresses import asked_at
from aggregator.cadence import POSTPONED, observe
from aggregator.errors import SourceError, StoreError, WorkersUnavailable, printable
from aggregator.logs import log
from aggregator.model import (
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
from aggregator.pipeline.archives import with_archives
from aggregator.pipeline.flow import passed, read_with, redates
from aggregator.pipeline.keeping import keep
from aggregator.pipeline.plant import Parts
from aggregator.pipeline.report import count, problems, refusal, report, report_move, result_of
from aggregator.urls import host

JITTER = 0.1  # share of the wait by which a poll may come later, never earlier


async def poll(
    parts: Parts, source_id: str, *, force: bool = False, archives: bool = False
) -> PollResult | None:
    """Visit one source and keep what it says; never raises for what the source did.

    None for a source that has just left the configuration, and for one that asks not to be polled at
    this hour or whose host is on hold: `force` asks all the same. With `archives` the whole document is
    asked for, and the older ones it names are noted for `read_archives`. Raises `StoreError` when the store fails,
    and `WorkersUnavailable` when nothing can be read: the source is left as it was.
    """
    started = parts.clock()
    held = frozenset[str]() if force else await asyncio.to_thread(parts.store.holds, now=started)
    try:
        source = parts.plant.sources[source_id]
        state = await asyncio.to_thread(parts.store.state, source_id)
    except KeyError:
        return None
    if state.next_poll_at is not None and not force:
        metrics.count_lateness(started - state.next_poll_at)
    visit = _Visit(parts, source, state, held, archives=archives)
    if not force and await visit.is_postponed(started):
        return None
    try:
        result = await visit.go()
    except SourceError as exc:
        result = await visit.fail(None, str(exc))
    except (StoreError, WorkersUnavailable):
        raise
    except Exception as exc:  # noqa: BLE001 - a bug of ours must not stop the other sources
        log.exception("bug", source=source_id)
        result = await visit.fail(None, f"bug: {type(exc).__name__}: {exc}")
    result = replace(result, elapsed=parts.clock() - started)
    report(result, parts.clock())
    metrics.count_poll(result)
    return result


@dataclass(frozen=True, slots=True)
class _Visit:
    """One visit to a source whose `state` was as the last visit left it."""

    parts: Parts
    source: Source
    state: SourceState
    held: frozenset[str]  # hosts on hold
    archives: bool

    async def is_postponed(self, at: datetime) -> bool:
        """During hours that the feed skips nothing is sent, however late we are (PROTOCOL P27).

        Nor to a host that has been put on hold since the source was chosen (PROTOCOL P15).
        """
        allowed = outcome.allowed(self.source, self.state, at)
        if allowed == at and host(asked_at(self.state)) not in self.held:
            return False
        state = self.state
        if state.next_poll_at is not None and state.next_poll_at < allowed:
            state = replace(state, next_poll_at=allowed, next_reason=POSTPONED)
        await self._apply(PollUpdate(state=state, at=at))  # ends the claim, too
        return True

    async def go(self) -> PollResult:
        state = self.state
        known = state.reading == self.source.reading and not self.archives
        validators = state.validators if known else Validators()
        async with self.parts.rooms.visit() as room:
            response = await self.parts.fetcher.fetch(
                self.source,
                validators,
                url=state.moved_to,
                delta=self.source.delta,
                held_hosts=self.held,
                room=room,
            )
            # Nothing was asked that could be unchanged: taken for good news, such a 304 would hide all news to come.
            if response.status == HTTPStatus.NOT_MODIFIED and validators != Validators():
                return await self._unchanged(response)
            if response.status not in {HTTPStatus.OK, HTTPStatus.IM_USED}:
                return await self.fail(response, refusal(response))
            digest = hashlib.sha256(response.body).hexdigest()
            if known and digest == state.body_digest:
                return await self._unchanged(response)
            try:
                items = await asyncio.to_thread(self.parts.store.known_items, self.source.id)
                reading = await self.parts.read(
                    self.source, response, items, self.state.date_orders, passed(self.source, self.state)
                )
            except SourceError as exc:
                return await self.fail(response, str(exc))
            response = replace(response, body=b"")
        return await self._changed(response, reading, digest)

    async def _changed(self, response: Response, reading: Reading, digest: str) -> PollResult:
        """Keep what a document says: of a 226 that is the new entries only (RFC 3229)."""
        whole = response.status == HTTPStatus.OK
        state = replace(
            self.state,
            head=reading.head,
            validators=response.validators,
            body_digest=digest if whole else None,
            reading=read_with(self.source, reading, self.state),
            problems=problems(reading),
            hints=reading.hints,
            ended=reading.ended,
            date_orders=reading.date_orders,
        )
        if self.archives or self.state.last_success_at is None:
            state = with_archives(state, reading, response, self.parts.plant)

        def finish(plan: Plan, at: datetime) -> SourceState:
            published = [one.entry.published_at for one in plan.placements if not one.is_held]
            return self._good(replace(state, rhythm=observe(state.rhythm, published, now=at)), response)

        plan, state = await keep(
            self.parts,
            self.source,
            reading,
            finish,
            before=self.state,
            known=reading.known if whole else None,
            redate=redates(self.source, self.state),
        )
        report_move(self.source, self.state, state)
        renamed = reading.head != self.state.head
        return replace(count(result_of(state, response), plan), renamed=renamed)

    async def _unchanged(self, response: Response) -> PollResult:
        validators = outcome.revalidated(self.state, response)
        state = self._good(replace(self.state, validators=validators), response)
        await self._apply(PollUpdate(state=state, at=self.parts.clock()))
        report_move(self.source, self.state, state)
        return result_of(state, response)

    @property
    def _configured(self) -> Source:
        """The source as it is configured now: how often it is polled may have been edited during the visit."""
        return self.parts.plant.sources.get(self.source.id, self.source)

    def _good(self, state: SourceState, response: Response) -> SourceState:
        return outcome.good(
            self._configured, state, response, self.parts.plant, now=self.parts.clock(), jitter=_jitter()
        )

    async def fail(self, response: Response | None, error: str) -> PollResult:
        """Record why nothing came of it."""
        at, plant = self.parts.clock(), self.parts.plant
        error = printable(error)
        state = outcome.failed(self._configured, self.state, response, error, plant, now=at, jitter=_jitter())
        await self._apply(PollUpdate(state=state, at=at, hold=outcome.hold(response, plant, now=at)))
        report_move(self.source, self.state, state)
        return replace(result_of(state, response), error=error)

    async def _apply(self, update: PollUpdate) -> None:
        await asyncio.to_thread(self.parts.store.apply, update)


def _jitter() -> float:
    return random.uniform(0, JITTER)  # noqa: S311 - spreads load, guards nothing
