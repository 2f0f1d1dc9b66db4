"""What the schedule starts, and when it no longer does."""

import asyncio
import resource
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from aggregator.breaker import Breaker
from aggregator.errors import StoreError, StoreUnavailable, WorkersUnavailable
from aggregator.model import Reading, Source
from aggregator.pipeline import Pipeline, now
from aggregator.reading import read
from aggregator.schedule import Every, Schedule
from aggregator.store.searching import BUSY_TIMEOUT
from aggregator.workers import Workers
from tests.fetch.server import Server
from tests.protocol.documents import feed
from tests.running import PATIENCE
from tests.things import NOON
from tests.world import World
from tests.world import world as make_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with make_world("sqlite", tmp_path) as made:
        yield made


def schedule_of(world: World, clock: Callable[[], datetime]) -> Schedule:
    async def tidy() -> None:
        """There is nothing to tidy."""

    return Schedule(pipeline=world.pipeline, store=world.store, concurrency=2, tidy=tidy, clock=clock)


async def until(happened: Callable[[], bool]) -> None:
    """Wait for what nobody signals: it happens in threads, or in other tasks."""
    async with asyncio.timeout(PATIENCE):
        while not happened():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def asked(publisher: Server, count: int) -> None:
    """Wait for so many requests."""
    await until(lambda: len(publisher.asked()) >= count)


async def test_told_to_stop_it_starts_nothing_more(world: World, publisher: Server) -> None:
    """Two polls are on their way; when the first ends there would be room for a third."""
    for name, seconds in (("a", 0.2), ("b", 0.8), ("c", 5.0)):
        publisher.answer(f"/{name}", replace(feed(name), delay=seconds))
    hosts = zip("abc", publisher.hosts, strict=True)
    world.configure(*(Source(id=name, url=publisher.url(f"/{name}", host)) for name, host in hosts))
    schedule = schedule_of(world, now)
    schedule.start()
    await asked(publisher, 2)
    await schedule.stop(timedelta(seconds=PATIENCE))
    assert [world.store.state(name).last_status for name in "abc"] == [200, 200, None]
    assert publisher.asked("/c") == []
    assert schedule.failure is None


@pytest.mark.parametrize("step", [timedelta(days=-300), timedelta(days=300)], ids=["back", "forward"])
async def test_it_ticks_on_when_the_clock_is_set(world: World, publisher: Server, step: timedelta) -> None:
    """To a scheduler that began by another clock, its first tick is as far away as the clock was set."""
    publisher.answer("/a", feed("a"))
    world.now = now() - step
    world.configure(Source(id="a", url=publisher.url("/a")))
    schedule = schedule_of(world, lambda: now() - step)
    schedule.start()
    await asked(publisher, 1)
    await schedule.stop(timedelta(seconds=PATIENCE))


async def test_sources_polled_while_the_clock_was_ahead_wait_from_now_when_it_is_set_back(
    world: World, publisher: Server
) -> None:
    publisher.answer("/a", feed("a"))
    ahead = timedelta(days=300)
    world.now = now() + ahead
    world.configure(Source(id="a", url=publisher.url("/a")))
    schedule = schedule_of(world, lambda: now() + ahead)
    schedule.start()
    await until(lambda: world.store.state("a").last_poll_at is not None)
    world.now, ahead = now(), timedelta()
    soon = world.now + timedelta(days=30)
    await until(lambda: (due := world.store.state("a").next_poll_at) is not None and due <= soon)
    await schedule.stop(timedelta(seconds=PATIENCE))
    due = world.store.state("a").next_poll_at
    assert due is not None
    assert world.now + timedelta(minutes=5) <= due
    assert len(publisher.asked()) == 1


async def test_a_clock_that_is_set_back_while_the_store_fails_is_noticed_when_it_works_again(
    world: World, publisher: Server, tmp_path: Path
) -> None:
    publisher.answer("/a", feed("a"))
    ahead = timedelta(days=300)
    world.now = now() + ahead
    world.configure(Source(id="a", url=publisher.url("/a")))
    breaker = Breaker(world.store)

    async def tidy() -> None:
        """There is nothing to tidy."""

    schedule = Schedule(
        pipeline=world.pipeline,
        store=world.store,
        concurrency=2,
        tidy=tidy,
        alongside=(breaker.watch,),
        clock=lambda: now() + ahead,
        breaker=breaker,
    )
    schedule.start()
    await asked(publisher, 1)
    with closing(sqlite3.connect(tmp_path / "aggregator.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        await until(lambda: breaker.is_open)
        # by then claims that began before have failed, too
        await asyncio.sleep(BUSY_TIMEOUT.total_seconds() + 1)
        world.now, ahead = now(), timedelta()
        other.execute("ROLLBACK")
    soon = world.now + timedelta(days=30)
    await until(lambda: (due := world.store.state("a").next_poll_at) is not None and due <= soon)
    await schedule.stop(timedelta(seconds=PATIENCE))


async def test_it_tidies_again_soon_after_the_clock_was_set_back(world: World) -> None:
    """Its next time is as far away as the clock was ahead."""
    tidied = asyncio.Event()
    ahead = timedelta(days=300)

    async def tidy() -> None:
        tidied.set()

    def clock() -> datetime:
        return now() + ahead

    schedule = Schedule(pipeline=world.pipeline, store=world.store, concurrency=2, tidy=tidy, clock=clock)
    schedule.start()
    await asyncio.sleep(0)  # it has looked at the clock
    ahead = timedelta()
    async with asyncio.timeout(PATIENCE):
        await tidied.wait()
    await schedule.stop(timedelta(seconds=PATIENCE))


async def test_work_that_is_given_up_when_told_to_stop_is_no_error(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    begun = asyncio.Event()

    async def tidy() -> None:
        begun.set()
        await asyncio.Event().wait()

    schedule = Schedule(pipeline=world.pipeline, store=world.store, concurrency=2, tidy=tidy, clock=now)
    schedule.start()
    async with asyncio.timeout(PATIENCE):
        await begun.wait()
    await schedule.stop(timedelta(seconds=PATIENCE))
    await asyncio.sleep(0)  # it has ended
    assert [one for one in caplog.records if one.name.startswith("apscheduler")] == []


def test_what_was_missed_is_missed() -> None:
    every, at = Every(timedelta(seconds=1)), NOON
    assert every.get_next_fire_time(None, at) == at
    assert every.get_next_fire_time(at, at) == at + timedelta(seconds=1)
    late = at + timedelta(days=300)
    assert every.get_next_fire_time(at, late) == late


async def test_what_takes_a_cancellation_for_an_error_of_its_own_is_told_again(world: World) -> None:
    """As a client of a publisher may, that says it failed: the daemon must end all the same."""
    swallowed = 0

    async def deaf() -> None:
        nonlocal swallowed
        while True:
            try:
                await asyncio.sleep(PATIENCE)
            except asyncio.CancelledError:
                swallowed += 1
                if swallowed > 1:
                    raise

    async def tidy() -> None:
        """There is nothing to tidy."""

    schedule = Schedule(
        pipeline=world.pipeline, store=world.store, concurrency=2, tidy=tidy, alongside=(deaf,), clock=now
    )
    schedule.start()
    await asyncio.sleep(0)  # it has begun
    async with asyncio.timeout(PATIENCE / 2):
        await schedule.stop(timedelta(seconds=1))
    assert swallowed == 2


async def test_a_source_that_was_claimed_when_the_store_failed_is_polled_when_it_works_again(
    world: World, publisher: Server
) -> None:
    """However late its poll learns of it: nobody else would let it go before the lease ends."""
    publisher.answer("/a", feed("a"))
    world.now = now()
    world.configure(Source(id="a", url=publisher.url("/a")))
    breaker = Breaker(world.store)

    async def tidy() -> None:
        """There is nothing to tidy."""

    schedule = Schedule(
        pipeline=world.pipeline, store=world.store, concurrency=2, tidy=tidy, clock=now, breaker=breaker
    )
    claiming = asyncio.create_task(schedule.fill())
    await asyncio.sleep(0)  # it asks the store
    breaker.trip(StoreUnavailable("the disk is full"))
    await claiming
    watching = asyncio.create_task(breaker.watch())
    async with asyncio.timeout(PATIENCE):
        await breaker.keeping()
    await schedule.fill()
    await asked(publisher, 1)
    watching.cancel()
    await schedule.stop(timedelta(seconds=PATIENCE))


@dataclass
class Poor:
    """Workers of a machine that has nothing left to start them with, while it is `poor`."""

    workers: Workers
    is_poor: bool = True
    tries: int = 0

    async def read(self, *args: object) -> Reading:
        with self._descriptors():
            return await self.workers.run(read, *args)

    async def check(self) -> None:
        self.tries += 1
        with self._descriptors():
            await self.workers.check()

    @contextmanager
    def _descriptors(self) -> Iterator[None]:
        """None left to open while it is poor."""
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (0 if self.is_poor else limits[0], limits[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)


@pytest.fixture
def poor() -> Iterator[Poor]:
    workers = Workers(1)
    yield Poor(workers)
    workers.close()


async def test_publishers_are_not_asked_for_what_no_worker_can_read(
    world: World, publisher: Server, poor: Poor
) -> None:
    """And it is no failure of theirs; as soon as workers can be started they are asked again."""
    publisher.answer("/a", feed("a"))
    world.now = now()
    world.configure(Source(id="a", url=publisher.url("/a")))
    before = world.store.state("a")
    old = world.pipeline
    pipeline = Pipeline(
        plant=old.plant, store=world.store, fetcher=old.fetcher, read=poor.read, directory=world.directory
    )
    breaker = Breaker(world.store, readable=poor.check)

    async def tidy() -> None:
        """There is nothing to tidy."""

    schedule = Schedule(
        pipeline=pipeline,
        store=world.store,
        concurrency=2,
        tidy=tidy,
        alongside=(breaker.watch,),
        clock=now,
        breaker=breaker,
    )
    schedule.start()
    await until(lambda: poor.tries > 0)
    assert isinstance(breaker.failure, WorkersUnavailable)
    assert breaker.is_keeping
    assert len(publisher.asked()) == 1
    assert world.store.state("a") == before
    poor.is_poor = False
    await until(lambda: world.store.state("a").last_success_at is not None)
    await schedule.stop(timedelta(seconds=PATIENCE))
    assert world.store.state("a").failures == 0


@pytest.mark.parametrize("readable", [True, False])
async def test_a_graver_failure_is_kept_that_comes_while_it_is_tried(world: World, readable: bool) -> None:
    async def check() -> None:
        breaker.trip(StoreError("the store is damaged"))
        if not readable:
            raise WorkersUnavailable("no processes")

    breaker = Breaker(world.store, readable=check)
    breaker.trip(WorkersUnavailable("no processes"))
    watching = asyncio.create_task(breaker.watch())
    await until(lambda: breaker.is_final)
    await asyncio.wait({watching}, timeout=0.1)
    watching.cancel()
    assert str(breaker.failure) == "the store is damaged"
    assert not breaker.is_keeping


async def test_of_two_failures_the_graver_counts(world: World) -> None:
    breaker = Breaker(world.store)
    breaker.trip(WorkersUnavailable("no processes"))
    assert breaker.is_keeping
    breaker.trip(StoreUnavailable("the disk is full"))
    breaker.trip(WorkersUnavailable("no processes"))
    assert str(breaker.failure) == "the disk is full"
    assert not breaker.is_keeping
