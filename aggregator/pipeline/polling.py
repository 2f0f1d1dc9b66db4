"""One poll, step by step."""

import asyncio
import hashlib
import random
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from pathlib import Path

from aggregator import addresses, dedup
from aggregator.cadence import LONGEST_RETRY_AFTER, NextPoll, allowed_from, next_poll, observe
from aggregator.errors import Conflict, FetchError, SourceError, StoreError
from aggregator.logs import log
from aggregator.model import (
    Entry,
    Hold,
    Lookup,
    Plan,
    PollResult,
    PollUpdate,
    Publication,
    Reading,
    Response,
    Source,
    SourceState,
    State,
    Tombstone,
    Validators,
)
from aggregator.pipeline.plant import Clock, Fetch, Plant, Read, now
from aggregator.pipeline.publishing import publish
from aggregator.pipeline.report import problems, refusal, report, result_of
from aggregator.store.protocol import Store
from aggregator.urls import authority, host, is_public_name

DECISIONS = 20  # how often a poll may lose the race for a story before it counts as a bug
JITTER = 0.1  # share of the wait by which a poll may come later, never earlier
SKIPPED = "skipHours/skipDays"


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

    async def publish(self) -> Publication:
        """Merge, emit and write every feed; the ids in them are final from here on."""
        async with self._publishing:
            self.publication = await asyncio.to_thread(publish, self.plant, self._store, self._directory)
        return self.publication

    async def poll(self, source_id: str, *, force: bool = False, archives: bool = False) -> PollResult | None:
        """Visit one source and keep what it says; never raises for what the source did.

        None for a source that has just left the configuration, and for one that asks not to be polled at
        this hour: `force` asks all the same. With `archives` the whole document is asked for, and the older
        ones it names are noted for `read_archives`. Raises `StoreError` when the store fails.
        """
        started = self._clock()
        try:
            source = self.plant.sources[source_id]
            state = await asyncio.to_thread(self._store.state, source_id)
        except KeyError:
            return None
        if not force and await self._is_postponed(source, state, started):
            return None
        try:
            result = await self._visit(source, state, force=force, archives=archives)
        except SourceError as exc:
            result = await self._fail(source, state, None, str(exc))
        except StoreError:
            raise
        except Exception as exc:  # noqa: BLE001 - a bug of ours must not stop the other sources
            log.exception("bug", source=source_id)
            result = await self._fail(source, state, None, f"bug: {type(exc).__name__}: {exc}")
        result = replace(result, elapsed=self._clock() - started)
        report(result, self._clock())
        return result

    async def _is_postponed(self, source: Source, state: SourceState, at: datetime) -> bool:
        """During hours that the feed skips nothing is sent, however late we are (PROTOCOL P27)."""
        allowed = allowed_from(state.hints, at) if source.feed_hints else at
        if allowed == at:
            return False
        await self._apply(PollUpdate(state=replace(state, next_poll_at=allowed, next_reason=SKIPPED), at=at))
        return True

    async def _visit(self, source: Source, state: SourceState, *, force: bool, archives: bool) -> PollResult:
        known = state.reading == source.reading and not archives
        validators = state.validators if known else Validators()
        response = await self.fetcher.fetch(
            source,
            validators,
            url=state.moved_to,
            delta=source.delta,
            held_hosts=await self._held_hosts(force=force),
        )
        # Nothing was asked that could be unchanged: taken for good news, such a 304 would hide all news to come.
        if response.status == HTTPStatus.NOT_MODIFIED and validators != Validators():
            return await self._unchanged(source, state, response)
        if response.status not in {HTTPStatus.OK, HTTPStatus.IM_USED}:
            return await self._fail(source, state, response, refusal(response))
        digest = hashlib.sha256(response.body).hexdigest()
        if known and digest == state.body_digest:
            return await self._unchanged(source, state, response)
        try:
            reading = await self._read(source, response)
        except SourceError as exc:
            return await self._fail(source, state, response, str(exc))
        return await self._changed(source, state, response, reading, digest, archives=archives)

    async def _held_hosts(self, *, force: bool) -> frozenset[str]:
        return frozenset() if force else await asyncio.to_thread(self._store.holds, now=self._clock())

    # what came of it

    async def _changed(
        self,
        source: Source,
        state: SourceState,
        response: Response,
        reading: Reading,
        digest: str,
        *,
        archives: bool,
    ) -> PollResult:
        """Keep what a document says: of a 226 that is the new entries only (RFC 3229)."""
        redate = not (state.reading or "").startswith(source.dating)
        renamed = reading.head != state.head
        whole = response.status == HTTPStatus.OK
        asks_archives = archives or state.last_success_at is None
        state = replace(
            state,
            head=reading.head,
            validators=response.validators,
            body_digest=digest if whole else None,
            reading=source.reading,
            problems=problems(reading),
            hints=reading.hints,
            ended=reading.ended,
        )
        if asks_archives:
            state = self._with_archives(state, reading, response)
        plan, state = await self._keep(source, reading, state, response, redate=redate)
        founded = sum(placement.rule == "new" for placement in plan.placements)
        return result_of(
            state,
            response,
            new=founded,
            changed=len(plan.revisions),
            duplicate=len(plan.placements) - founded,
            withdrawn=len(plan.withdrawals),
            renamed=renamed,
        )

    async def _unchanged(self, source: Source, state: SourceState, response: Response) -> PollResult:
        """RFC 9111 §4.3.4: a 304 may bring new validators; a 200 replaces them as a set."""
        fresh = response.validators
        if response.status == HTTPStatus.NOT_MODIFIED:
            fresh = Validators(
                etag=fresh.etag or state.validators.etag,
                last_modified=fresh.last_modified or state.validators.last_modified,
            )
        state = self._good(source, replace(state, validators=fresh), response)
        await self._apply(PollUpdate(state=state, at=self._clock()))
        return result_of(state, response)

    async def _fail(
        self, source: Source, state: SourceState, response: Response | None, error: str
    ) -> PollResult:
        """Record why nothing came of a poll; what is known of the source stays (PROTOCOL P6, P7)."""
        at = self._clock()
        failed = replace(
            state,
            failures=state.failures + 1,
            last_status=None if response is None else response.status,
            last_error=error,
            last_poll_at=at,
        )
        state = addresses.after_failure(failed, response, now=at)
        if state.moved_to != failed.moved_to:
            log.warning("moved back", source=source.id, url=state.url, was=failed.moved_to)
        answer = None if state is not failed and response is not None and response.says_gone else response
        state = self._scheduled(source, state, answer)
        state = replace(state, state=State.GONE if state.next_poll_at is None else State.FAILING)
        await self._apply(PollUpdate(state=state, at=at, hold=self._hold(response, at)))
        return replace(result_of(state, response), error=error)

    # older documents

    def _with_archives(self, state: SourceState, reading: Reading, response: Response) -> SourceState:
        """Note where the older documents begin, unless none are wanted or the document names itself."""
        first, left = reading.archive_url, self.plant.archives
        if left <= 0 or first in {response.url, addresses.asked_at(state)}:
            first = None
        return replace(state, archive_url=first, archive_left=left)

    async def read_archives(self, source_id: str) -> PollResult | None:
        """Read the older documents that the last poll found named, one after the other (RFC 5005, P39).

        Their entries are kept where they are new; what is known already, a newer document has told.
        Each is stored with the address of the next, so that a restart goes on where this one ended. None
        when there was nothing to read; an archive that fails is tried again after the next poll.
        """
        total: PollResult | None = None
        asked: set[str] = set()
        while True:
            try:
                source = self.plant.sources[source_id]
                state = await asyncio.to_thread(self._store.state, source_id)
            except KeyError:
                break  # it has just left the configuration
            if state.archive_url is None or state.failures:
                break
            asked.add(state.archive_url)
            result = await self._read_archive(source, state, asked)
            total = result if total is None else _sum(total, result)
            if result.error is not None:
                break
        return total

    async def _read_archive(self, source: Source, state: SourceState, asked: Collection[str]) -> PollResult:
        """Read one, and note the next unless it is among those `asked` already: archives may lead in a circle."""
        started, url, left = self._clock(), state.archive_url, state.archive_left - 1
        state = replace(state, archive_left=max(left, 0), archive_url=url if left > 0 else None)
        response: Response | None = None
        try:
            held = await self._held_hosts(force=False)
            response = await self.fetcher.fetch(source, Validators(), url=url, held_hosts=held)
            if response.status != HTTPStatus.OK:
                raise FetchError(refusal(response))
            reading = await self._read(source, response)
            following = reading.archive_url if left > 0 and reading.archive_url not in asked else None
            read = replace(state, archive_url=following)
            plan, _ = await self._keep(source, reading, read, None, redate=False)
        except SourceError as exc:
            error = str(exc)
        except StoreError:
            raise
        except Exception as exc:  # noqa: BLE001 - as in `poll`
            log.exception("bug", source=source.id)
            error = f"bug: {type(exc).__name__}: {exc}"
        else:
            founded = sum(placement.rule == "new" for placement in plan.placements)
            log.info("archive", source=source.id, url=url, new=len(plan.placements), left=left)
            return result_of(read, response, new=founded, duplicate=len(plan.placements) - founded)
        log.warning("archive", source=source.id, url=url, error=error, left=left)
        state = self._put_off(state, response, started)
        await self._apply(PollUpdate(state=state, at=started, hold=self._hold(response, started)))
        return replace(result_of(state, response), error=error)

    @staticmethod
    def _put_off(state: SourceState, response: Response | None, at: datetime) -> SourceState:
        """Wait as long as an archive asks for: it is tried again after the next poll (PROTOCOL P13)."""
        if response is None or response.retry_after is None or state.next_poll_at is None:
            return state
        until = at + min(response.retry_after, LONGEST_RETRY_AFTER)
        if until <= state.next_poll_at:
            return state
        return replace(state, next_poll_at=until, next_reason="Retry-After of an archive")

    # deciding and storing

    async def _keep(
        self,
        source: Source,
        reading: Reading,
        state: SourceState,
        response: Response | None,
        *,
        redate: bool,
    ) -> tuple[Plan, SourceState]:
        """Decide where the entries belong and store them; decide again when another poll was first.

        Without a `response` it is an archive: it revises nothing, and says nothing about the next poll.
        """
        lookup = await asyncio.to_thread(dedup.lookup, source.id, reading.entries, reading.tombstones)
        for _ in range(DECISIONS):
            at = self._clock().replace(microsecond=0)
            plan = await asyncio.to_thread(
                self._place, reading.entries, reading.tombstones, lookup, at, redate=redate
            )
            after = state
            if response is None:
                plan = replace(plan, revisions=())
            else:
                published = [placement.entry.published_at for placement in plan.placements]
                after = replace(state, rhythm=observe(state.rhythm, published, now=at))
                after = self._good(source, after, response)
            try:
                await self._apply(PollUpdate(state=after, plan=plan, at=at))
            except Conflict as exc:
                log.debug("conflict", source=source.id, reason=str(exc))
                continue
            return plan, after
        raise RuntimeError(f"{DECISIONS} decisions about {source.id} were each overtaken by another poll")

    def _place(
        self,
        entries: Sequence[Entry],
        tombstones: Sequence[Tombstone],
        lookup: Lookup,
        at: datetime,
        *,
        redate: bool,
    ) -> Plan:
        return dedup.place(
            entries,
            self._store.candidates(lookup),
            authority=authority(self.plant.public_url),
            now=at,
            window=self.plant.window,
            redate=redate,
            tombstones=tombstones,
        )

    async def _apply(self, update: PollUpdate) -> None:
        await asyncio.to_thread(self._store.apply, update)

    def _good(self, source: Source, state: SourceState, response: Response) -> SourceState:
        """Return the state after an answer that was a feed, or that what we have of it is still good."""
        at = self._clock()
        before = state.moved_to
        state = addresses.after_success(state, response, now=at)
        if state.moved_to not in {before, None}:
            log.warning("moved", source=source.id, to=state.moved_to, edit=source.where)
        if response.status == HTTPStatus.NOT_MODIFIED and response.fresh_for is None:
            response = replace(response, fresh_for=state.fresh_for)  # RFC 9111 §4.3.4: it stands as it was
        state = replace(
            state,
            failures=0,
            last_status=response.status,
            last_error=None,
            last_poll_at=at,
            last_success_at=at,
            fresh_for=response.fresh_for,
        )
        state = self._scheduled(source, state, response)
        if state.next_poll_at is None:
            return replace(state, state=State.GONE)
        return replace(state, state=State.OK if state.moved_to is None else State.MOVED)

    def _scheduled(self, source: Source, state: SourceState, response: Response | None) -> SourceState:
        following = self._next(source, state, response)
        return replace(
            state,
            next_poll_at=following.at,
            next_reason=following.reason,
            wishes=following.wishes,
            interval=following.interval,
        )

    def _next(self, source: Source, state: SourceState, response: Response | None) -> NextPoll:
        return next_poll(
            source,
            self.plant.pace,
            response,
            state,
            now=self._clock(),
            jitter=random.uniform(0, JITTER),  # noqa: S311 - spreads load, guards nothing
        )

    def _hold(self, response: Response | None, at: datetime) -> Hold | None:
        """Leave a whole host alone when it asks for it (PROTOCOL P15); redirects count for whom they led to."""
        if response is None or response.retry_after is None or response.status < HTTPStatus.BAD_REQUEST:
            return None
        asked = host(response.url)
        if not self.plant.hold_hosts or not is_public_name(asked):
            return None
        return Hold(host=asked, until=at + min(response.retry_after, LONGEST_RETRY_AFTER))


def _sum(total: PollResult, more: PollResult) -> PollResult:
    return replace(
        more,
        new=total.new + more.new,
        duplicate=total.duplicate + more.duplicate,
        wire_bytes=total.wire_bytes + more.wire_bytes,
    )
