"""A pipeline with real parts but for the clock: real store, real HTTP on loopback, real files."""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import feedparser

from aggregator.cadence import Pace
from aggregator.dedup import Window
from aggregator.fetch import Fetcher, HostGate
from aggregator.model import KnownItem, Output, Passed, PollResult, Reading, Response, Source
from aggregator.pipeline import Pipeline, Plant
from aggregator.reading import read
from aggregator.store import Store, check_store, open_store
from tests.things import NOON

PUBLIC_URL = "https://news.example"
TICK = timedelta(seconds=1)
LEASE = timedelta(minutes=30)
MOST_POLLS = 2000  # of one `run_due`: a source that is due again at once would poll for ever


@dataclass
class World:
    """`poll` and `publish` as the daemon would; time passes only by `wait`."""

    store: Store
    directory: Path
    now: datetime = NOON
    read: list[str] = field(default_factory=list)  # ids of the sources whose documents were read
    items: list[int] = field(default_factory=list)  # of each of these, so many items
    pipeline: Pipeline = field(init=False)

    def configure(self, *sources: Source, outputs: Sequence[Output] = (), **plant: Any) -> None:
        merged = Output(name="feed", title="Everything", limit=500)
        self.store.configure(sources, now=self.now)
        self.pipeline.plant = Plant(
            title="Everything",
            public_url=PUBLIC_URL,
            sources={source.id: source for source in sources},
            outputs=(merged, *outputs),
            pace=Pace(),
            **{"window": Window()} | plant,
        )

    async def poll(self, *source_ids: str) -> dict[str, PollResult]:
        """Poll these, or all, one after the other."""
        ids = source_ids or tuple(self.pipeline.plant.sources)
        found = {source_id: await self.pipeline.poll(source_id) for source_id in ids}
        return {source_id: result for source_id, result in found.items() if result is not None}

    async def run_due(self, until: datetime) -> None:
        """Let time pass until then, and do what the schedule does: poll what is due, at the moment it is due."""
        polls = 0
        while True:
            claims = self.store.claim_due(self.now, limit=100, lease=LEASE)
            for claim in claims:
                await self.pipeline.poll(claim.source_id)
                await self.pipeline.read_archives(claim.source_id)
            polls += len(claims)
            assert polls <= MOST_POLLS, f"more than {MOST_POLLS} polls before {until}"
            if claims:
                continue
            ahead = [
                state.next_poll_at
                for state in self.store.states()
                if state.next_poll_at is not None and state.paused_at is None
            ]
            # What is due and yet not to be had (its host is on hold) is looked for again a little later.
            following = min((max(at, self.now + TICK) for at in ahead), default=None)
            if following is None or following > until:
                break
            self.now = following
        self.now = max(self.now, until)

    async def feed(self, name: str = "feed.atom") -> Any:
        """Publish, and read a feed as a reader would."""
        await self.pipeline.publish()
        return feedparser.parse((self.directory / name).read_bytes())

    def wait(self, **span: float) -> None:
        self.now += timedelta(**span)


@asynccontextmanager
async def world(engine: str, directory: Path) -> AsyncIterator[World]:
    """Everything with the store engine `engine`, its files below `directory`."""
    store = open_store(engine, directory)
    made = World(store=store, directory=directory / "public")

    async def read_here(
        source: Source,
        response: Response,
        known: Sequence[KnownItem],
        date_orders: Collection[str],
        passed: Passed | None,
    ) -> Reading:
        made.read.append(source.id)
        reading = read(source, response, known, date_orders, passed)
        made.items.append(len(reading.entries))
        return reading

    gate = HostGate(timedelta())
    loopback = [ip_network("127.0.0.0/8")]
    async with Fetcher(
        user_agent=lambda _: "test",
        timeout=timedelta(seconds=5),
        max_bytes=1 << 20,
        allow_addresses=loopback,
        gate=gate,
        clock=lambda: made.now,
    ) as fetcher:
        made.pipeline = Pipeline(
            plant=Plant(
                title="", public_url=PUBLIC_URL, sources={}, outputs=(), pace=Pace(), window=Window()
            ),
            store=store,
            fetcher=fetcher,
            read=read_here,
            directory=made.directory,
            clock=lambda: made.now,
        )
        try:
            yield made
        finally:
            store.close()
    if engine == "sqlite":  # whatever a test has done, the store is whole
        assert [finding for finding in check_store(directory / "aggregator.sqlite") if finding.wrong] == []
