"""Polls that bring one story at the same moment: whole pipelines over real HTTP, in threads or in processes.

A round is one document of each racer. All racers meet once a round, at the first look into the store: before it in
odd rounds, so that they run freely from there, and after it in even ones, where each decides from what was
stored before any of them. Nothing waits for time to pass.
"""

import asyncio
import multiprocessing
import queue
import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Protocol, cast

from aggregator.cadence import Pace
from aggregator.dedup import Window
from aggregator.errors import Conflict
from aggregator.fetch import Fetcher, HostGate
from aggregator.model import (
    Candidates,
    KnownItem,
    Lookup,
    Output,
    Passed,
    PollUpdate,
    Reading,
    Response,
    Source,
)
from aggregator.pipeline import Pipeline, Plant
from aggregator.reading import read
from aggregator.store import Store, open_store
from tests.things import NOON

PUBLIC_URL = "https://news.example"
PATIENCE = 30.0  # seconds at a meeting: whoever is not there by then has failed
LIMIT = 5000  # stories in the feed


class Barrier(Protocol):
    """What barriers of threads and of processes have in common."""

    def wait(self, timeout: float | None = None) -> int: ...

    def abort(self) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Racer:
    """One source, how often it is polled, and how all sources are placed. Can be sent to a process."""

    source_id: str
    rounds: int
    sources: tuple[Source, ...]
    near: bool

    @property
    def plant(self) -> Plant:
        return plant(self.sources, near=self.near)


@dataclass
class Met:
    """A store at which racers meet once a round; everything else is the store's own."""

    store: Store
    barrier: Barrier
    round: int = 0
    has_met: bool = False
    conflicts: list[int] = field(default_factory=list)  # the rounds they were in

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    def candidates(self, lookup: Lookup) -> Candidates:
        if self.has_met:
            return self.store.candidates(lookup)
        self.has_met = True
        if self.round % 2:
            self.barrier.wait(PATIENCE)
            return self.store.candidates(lookup)
        found = self.store.candidates(lookup)
        self.barrier.wait(PATIENCE)
        return found

    def apply(self, update: PollUpdate) -> None:
        try:
            self.store.apply(update)
        except Conflict:
            self.conflicts.append(self.round)
            raise


def plant(sources: Sequence[Source], *, near: bool) -> Plant:
    return Plant(
        title="Everything",
        public_url=PUBLIC_URL,
        sources={source.id: source for source in sources},
        outputs=(Output(name="feed", title="Everything", limit=LIMIT),),
        pace=Pace(),
        window=Window() if near else Window(near=None),
    )


def clock() -> datetime:
    return NOON


async def poll(
    store: Store, plant_: Plant, directory: Path, source_id: str, rounds: int, before: Callable[[int], None]
) -> None:
    """Poll a source so many times; every poll must be good and bring what is new."""

    async def read_here(
        source: Source,
        response: Response,
        known: Sequence[KnownItem],
        date_orders: Collection[str],
        passed: Passed | None,
    ) -> Reading:
        return read(source, response, known, date_orders, passed)

    async with Fetcher(
        user_agent=lambda _: "test",
        timeout=timedelta(seconds=PATIENCE),
        max_bytes=1 << 20,
        allow_addresses=[ip_network("127.0.0.0/8")],
        gate=HostGate(timedelta()),
        clock=clock,
    ) as fetcher:
        pipeline = Pipeline(
            plant=plant_, store=store, fetcher=fetcher, read=read_here, directory=directory, clock=clock
        )
        for n in range(rounds):
            before(n)
            result = await pipeline.poll(source_id, force=True)
            assert result is not None
            assert result.error is None, result.error
            assert result.new + result.duplicate > 0, f"{source_id} brought nothing in round {n}"


def run(racer: Racer, directory: Path, barrier: Barrier, store: Store | None, conflicts: Any) -> None:
    """Poll in lockstep with the others, and put the rounds of every conflict in the queue `conflicts`."""
    opened = open_store("sqlite", directory) if store is None else store
    met = Met(opened, barrier)

    def before(n: int) -> None:
        met.round, met.has_met = n, False

    try:
        asyncio.run(poll(cast("Store", met), racer.plant, directory, racer.source_id, racer.rounds, before))
        conflicts.put(met.conflicts)
    except BaseException as exc:
        barrier.abort()  # nobody waits for one who has failed
        conflicts.put(f"{racer.source_id} in round {met.round}: {exc!r}")
        raise
    finally:
        if store is None:
            opened.close()


def race(racers: Sequence[Racer], directory: Path, store: Store | None) -> list[int]:
    """Let all race to the end, in threads on `store`, else in processes of their own on the file below `directory`.

    Returns the rounds in which somebody lost a race, once for each loss.
    """
    if store is not None:
        return _gathered(racers, directory, store, threading.Barrier(len(racers)), queue.Queue(), _thread)
    context = multiprocessing.get_context("spawn")

    def process(*args: Any) -> Any:
        return context.Process(target=run, args=args)

    return _gathered(racers, directory, None, context.Barrier(len(racers)), context.Queue(), process)


def _thread(*args: Any) -> threading.Thread:
    return threading.Thread(target=run, args=args)


def _gathered(
    racers: Sequence[Racer],
    directory: Path,
    store: Store | None,
    barrier: Barrier,
    conflicts: Any,
    runner: Callable[..., Any],
) -> list[int]:
    runners = [runner(racer, directory, barrier, store, conflicts) for racer in racers]
    for one in runners:
        one.start()
    said = [conflicts.get(timeout=10 * PATIENCE) for _ in runners]
    for one in runners:
        one.join(PATIENCE)
    wrong = [one for one in said if isinstance(one, str)]
    assert not wrong, wrong
    return [n for rounds in said for n in rounds]
