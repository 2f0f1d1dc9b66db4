"""A pipeline with real parts but for the clock: real store, real HTTP on loopback, real files."""

from collections.abc import AsyncIterator, Sequence
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
from aggregator.model import Output, PollResult, Reading, Response, Source
from aggregator.pipeline import Pipeline, Plant
from aggregator.reading import read
from aggregator.store import Store, open_store
from tests.things import NOON

PUBLIC_URL = "https://news.example"


@dataclass
class World:
    """`poll` and `publish` as the daemon would; time passes only by `wait`."""

    store: Store
    directory: Path
    now: datetime = NOON
    read: list[str] = field(default_factory=list)  # ids of the sources whose documents were read
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
            window=Window(),
            **plant,
        )

    async def poll(self, *source_ids: str) -> dict[str, PollResult]:
        """Poll these, or all, one after the other."""
        ids = source_ids or tuple(self.pipeline.plant.sources)
        found = {source_id: await self.pipeline.poll(source_id) for source_id in ids}
        return {source_id: result for source_id, result in found.items() if result is not None}

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

    async def read_here(source: Source, response: Response) -> Reading:
        made.read.append(source.id)
        return read(source, response)

    gate = HostGate(timedelta())
    loopback = [ip_network("127.0.0.0/8")]
    async with Fetcher(
        user_agent=lambda _: "test",
        timeout=timedelta(seconds=5),
        max_bytes=1 << 20,
        allow_addresses=loopback,
        gate=gate,
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
