"""The tick: claim what is due, poll it, publish what changed, index it for searches, tidy now and then.

Due times live in the store, so a restart changes nothing; APScheduler only keeps time for two jobs.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from functools import partial
from time import monotonic

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger

from aggregator import metrics
from aggregator.breaker import REMIND, Breaker
from aggregator.errors import PublishError, StoreError, WorkersUnavailable
from aggregator.logs import log
from aggregator.model import PollResult
from aggregator.pipeline import Clock, Pipeline, now
from aggregator.store.protocol import Store

TICK = timedelta(milliseconds=250)  # between two looks at what is due: a source may be every second
REFILL = timedelta(milliseconds=50)  # between the end of a poll, or a tick, and the next claim
UNTICKED = timedelta(seconds=1)  # the longest without a look at what is due
SLOW_CLAIM = timedelta(seconds=1)  # from here on the log says that polls wait for the store
SET_BACK = timedelta(seconds=10)  # by so much at least the clock must be set for due times to be looked at
STARTS_A_SECOND = 200.0  # polls; 100,000 sources every half an hour are 56
TIDY = timedelta(hours=1)
LEASE = timedelta(minutes=30)  # a claim older than this is of a poll that died
GATHER = timedelta(seconds=1)  # the longest that news waits for other polls to be published with them
RETRY = timedelta(seconds=2)  # after a publication that could not be written
FILING_GAP = timedelta(milliseconds=50)  # between two steps of filing what is old
INDEX = timedelta(seconds=1)  # between two looks at what searches do not find yet
CANCEL_AGAIN = timedelta(milliseconds=250)  # after, of what has not ended for a cancellation
QUIET = timedelta(milliseconds=50)  # with nothing in flight, news waits this long for the next claim


class Schedule:
    """Runs polls until stopped, while the `breaker` lets it; `failed` is set, with the cause in `failure`, by a bug."""

    def __init__(
        self,
        *,
        pipeline: Pipeline,
        store: Store,
        concurrency: int,
        tidy: Callable[[], Awaitable[None]],
        alongside: Sequence[Callable[[], Awaitable[None]]] = (),
        clock: Clock = now,
        breaker: Breaker | None = None,
    ) -> None:
        """`tidy` is done now and then; each of `alongside` runs from start to stop."""
        self._unkept: set[str] = set()  # sources whose polls could not be read or kept: still claimed
        self.concurrency = concurrency
        self.failure: BaseException | None = None
        self.failed = asyncio.Event()
        self._pipeline = pipeline
        self._store = store
        self._breaker = breaker or Breaker(store)
        self._tidy = tidy
        self._alongside = alongside
        self._companions: list[asyncio.Task[None]] = []
        self._clock = clock
        self._stopping = asyncio.Event()
        self._polls: dict[asyncio.Task[None], str] = {}  # in flight, with the host each asks
        self._refiller: asyncio.Task[None] | None = None
        self._look = asyncio.Event()
        self._said_waiting_at: float | None = None  # monotonic seconds
        self._publisher: asyncio.Task[None] | None = None
        self._indexer: asyncio.Task[None] | None = None
        self._news = asyncio.Event()
        self._news_since = 0.0  # monotonic seconds
        self._idle = asyncio.Event()
        self._idle.set()
        self._starts = Starts()
        self._was_ahead = self._ahead()
        self._scheduler = AsyncIOScheduler(timezone="UTC")

    def start(self) -> None:
        """Begin ticking, the first time at once."""
        self._publisher = asyncio.create_task(self._keep_on(self._publish_news))
        self._refiller = asyncio.create_task(self._keep_on(self._refill))
        self._indexer = asyncio.create_task(self._keep_on(self._index_news))
        self._companions = [asyncio.create_task(self._guard(work)) for work in self._alongside]
        first = {
            "next_run_time": self._clock(),
            "coalesce": True,
            "misfire_grace_time": None,
        }
        for job, every in ((self._tick, TICK), (self._tidy, TIDY)):
            self._scheduler.add_job(self._do, Every(every), [job], **first)
        self._scheduler.start()

    async def stop(self, within: timedelta) -> None:
        """Start nothing more, let polls in flight finish `within` that time, then cancel them.

        Claims end with the process.
        """
        self._stopping.set()
        if self._scheduler.running:
            self._scheduler.pause()  # shut down now, it would cancel what has not begun, and log that as an error
        await _end(self._refiller, *self._companions)
        if self._polls:
            _, late = await asyncio.wait(self._polls, timeout=within.total_seconds())
            await _end(*late)
        await _end(self._publisher, self._indexer)
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    def look(self) -> None:
        """Look soon at what is due."""
        self._look.set()

    async def _tick(self) -> None:
        self.look()

    async def fill(self) -> None:
        """Claim and start as many due polls as there is room for; one call at a time."""
        room = min(self.concurrency - len(self._polls), self._starts.room())
        if room <= 0 or self._stopping.is_set() or self.failed.is_set() or self._breaker.is_open:
            return
        with self._said_while_it_waits():
            await self._release()
            due = await asyncio.to_thread(
                self._store.claim_due,
                self._clock(),
                limit=room,
                lease=LEASE,
                busy_hosts=set(self._polls.values()),
            )
        self._starts.take(len(due))
        for claim in due:
            task = asyncio.create_task(self._guard(partial(self._poll, claim.source_id)))
            self._polls[task] = claim.host
            self._idle.clear()
            task.add_done_callback(self._done)

    @contextmanager
    def _said_while_it_waits(self) -> Iterator[None]:
        """Say now and then that polls wait: a store that hangs may never answer."""
        self._waiting = asyncio.get_running_loop().call_later(SLOW_CLAIM.total_seconds(), self._say_it_waits)
        try:
            yield
        finally:
            self._waiting.cancel()

    def _say_it_waits(self) -> None:
        self._waiting = asyncio.get_running_loop().call_later(REMIND.total_seconds(), self._say_it_waits)
        if self._said_waiting_at is None or monotonic() - self._said_waiting_at >= REMIND.total_seconds():
            self._said_waiting_at = monotonic()
            log.warning("claim", result="polls wait: the store does not say what is due")

    async def _release(self) -> None:
        """Let sources go whose polls could not be kept; nobody else would before the `LEASE` ends."""
        if unkept := frozenset(self._unkept):
            await asyncio.to_thread(self._store.release_claims, unkept)
            self._unkept -= unkept

    def news(self) -> None:
        """Ask for a publication soon."""
        if not self._news.is_set():
            self._news_since = monotonic()
        self._news.set()

    async def _poll(self, source_id: str) -> None:
        for step in (self._pipeline.poll, self._pipeline.read_archives):
            if self._breaker.is_open:  # since the source was claimed: ask nothing that could not be kept
                self._unkept.add(source_id)
                return
            try:
                result = await step(source_id)
            except (StoreError, WorkersUnavailable):
                self._unkept.add(source_id)
                raise
            self._breaker.kept()
            if result is not None and _is_news(result):
                self.news()

    def _done(self, task: asyncio.Task[None]) -> None:
        del self._polls[task]
        self.look()
        if not self._polls:
            self._idle.set()

    async def _refill(self) -> None:
        """Claim soon after a tick or the end of a poll, for several at once; one claim follows the other.

        And now and then in any case, by the monotonic clock: APScheduler goes by the wall clock, and when that
        is set back it would not tick until the old time has come again.
        """
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._look.wait(), UNTICKED.total_seconds())
            await self._notice_set_back()
            await asyncio.sleep(REFILL.total_seconds())
            self._look.clear()
            await self.fill()

    async def _notice_set_back(self) -> None:
        """Where the clock was set back, let waits count from now; a store that fails meanwhile is asked again."""
        ahead = self._ahead()
        if self._was_ahead - ahead > SET_BACK.total_seconds():
            for job in self._scheduler.get_jobs():
                job.modify(next_run_time=self._clock())
            await self._pipeline.recount()
        self._was_ahead = ahead

    def _ahead(self) -> float:
        """Return by how many seconds the wall clock is ahead of the monotonic one."""
        return self._clock().timestamp() - monotonic()

    async def _publish_news(self) -> None:
        while True:
            await self._file_older()
            await self._news.wait()
            await self._wait_for_others()
            self._news.clear()
            since = self._news_since
            try:
                publication = await self._pipeline.publish()
            except PublishError as exc:
                log.error("publish", error=str(exc), retry=f"{RETRY.total_seconds():g}s")
                self._news.set()
                await asyncio.sleep(RETRY.total_seconds())
            except StoreError:
                self._news.set()
                raise
            else:
                metrics.count_publish_delay(timedelta(seconds=monotonic() - since))
                log.debug("publish", entries=len(publication.feeds[0].entries))

    async def _file_older(self) -> None:
        """While there is no news, file what new feeds have from before; then publish where it has gone."""
        filed = False
        try:
            while not self._news.is_set() and await self._pipeline.file_older():
                filed = True
                await asyncio.sleep(FILING_GAP.total_seconds())
        except PublishError as exc:
            log.error("archive", error=str(exc))  # tried again after the next publication
        if filed:
            self.news()

    async def _index_news(self) -> None:
        """Index what polls have stored, resting as long as it works: after an update that may be all there is."""
        while True:
            await asyncio.sleep(INDEX.total_seconds())
            indexed, began = 0, monotonic()
            while many := await self._pipeline.index():
                indexed += many
                await asyncio.sleep(monotonic() - began)
                began = monotonic()
            if indexed and self._pipeline.searches:
                self.news()

    async def _wait_for_others(self) -> None:
        """Publish a whole cycle at once where it is short: ids then do not depend on who was first."""
        try:
            async with asyncio.timeout(GATHER.total_seconds()):
                await asyncio.sleep(QUIET.total_seconds())
                await self._idle.wait()
        except TimeoutError:
            return  # some source is slow: the others' news go out

    async def _keep_on(self, work: Callable[[], Awaitable[None]]) -> None:
        """Begin work that never ends anew whenever the store works again."""
        while not self.failed.is_set():
            await self._breaker.keeping()
            await self._guard(work)

    async def _do(self, work: Callable[[], Awaitable[None]]) -> None:
        """Work that APScheduler begins: when told to stop it is given up, and that is no error to be logged."""
        try:
            await self._guard(work)
        except asyncio.CancelledError:
            if not self._stopping.is_set():
                raise

    async def _guard(self, work: Callable[[], Awaitable[None]]) -> None:
        """Let a failure of store or workers pause the polls, one nobody answers stop the daemon: no task is lost."""
        try:
            await work()
        except (StoreError, WorkersUnavailable) as exc:
            self._breaker.trip(exc)
        except Exception as exc:  # noqa: BLE001 - kept and raised by whoever runs the daemon
            self.failure = self.failure or exc
            self.failed.set()


async def _end(*tasks: asyncio.Task[None] | None) -> None:
    """Cancel until all have ended: what a task awaits may take the first cancellation for an error of its own."""
    running = {task for task in tasks if task is not None and not task.done()}
    while running:
        for task in running:
            task.cancel()
        _, running = await asyncio.wait(running, timeout=CANCEL_AGAIN.total_seconds())


def _is_news(result: PollResult) -> bool:
    return bool(result.new or result.changed or result.duplicate or result.withdrawn or result.renamed)


class Every(BaseTrigger):  # type: ignore[misc]  # APScheduler has no types
    """Fires again and again; what was missed is missed.

    APScheduler's own interval counts every firing between two moments one by one: when the clock is set
    forward by a month, or a machine wakes after one, the tick would take minutes and all of the memory.
    """

    def __init__(self, span: timedelta) -> None:
        self._span = span

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        """Return when to fire after `previous`; APScheduler asks until that is later than `now`."""
        return now if previous is None else max(previous + self._span, now)


class Starts:
    """How many polls may start now, so that a start with 10,000 due sources spreads out (PROTOCOL P33).

    A token bucket on the monotonic clock: `STARTS_A_SECOND`, and after a pause a second's worth at once.
    """

    def __init__(self, rate: float = STARTS_A_SECOND) -> None:
        self._rate = rate
        self._tokens = rate
        self._counted_at = monotonic()

    def room(self) -> int:
        """Return how many may start now."""
        at = monotonic()
        self._tokens = min(self._rate, self._tokens + (at - self._counted_at) * self._rate)
        self._counted_at = at
        return int(self._tokens)

    def take(self, count: int) -> None:
        """Note that so many have started."""
        self._tokens -= count
