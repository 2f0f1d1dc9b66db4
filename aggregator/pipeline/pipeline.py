"""The steps behind one object, for those who start them: the schedule, the daemon and the command line."""

import asyncio
from pathlib import Path

from aggregator.model import Absence, Asked, Document, HealthEvent, MergedFeed, PollResult, Publication
from aggregator.pipeline.archives import read_archives
from aggregator.pipeline.demand import feed_at
from aggregator.pipeline.filing import archive_document, guarded
from aggregator.pipeline.health import tell_health
from aggregator.pipeline.indexing import index_some
from aggregator.pipeline.pacing import repace
from aggregator.pipeline.plant import Clock, Fetch, Parts, Plant, Read, now
from aggregator.pipeline.polling import poll
from aggregator.pipeline.publishing import Publisher
from aggregator.pipeline.recounting import recount
from aggregator.store.protocol import Store


class Pipeline:
    """Polls and publications over one set of parts; `plant` and `fetcher` may be replaced between polls."""

    def __init__(
        self, *, plant: Plant, store: Store, fetcher: Fetch, read: Read, directory: Path, clock: Clock = now
    ) -> None:
        self._parts = Parts(plant=plant, store=store, fetcher=fetcher, read=read, clock=clock)
        self._publisher = Publisher(store, directory)
        self._publishing = asyncio.Lock()
        self.publication = Publication()

    @property
    def plant(self) -> Plant:
        return self._parts.plant

    @plant.setter
    def plant(self, plant: Plant) -> None:
        self._parts.plant = plant

    @property
    def fetcher(self) -> Fetch:
        return self._parts.fetcher

    @fetcher.setter
    def fetcher(self, fetcher: Fetch) -> None:
        self._parts.fetcher = fetcher

    async def poll(self, source_id: str, *, force: bool = False, archives: bool = False) -> PollResult | None:
        """See `polling.poll`."""
        return await poll(self._parts, source_id, force=force, archives=archives)

    async def read_archives(self, source_id: str, *, force: bool = False) -> PollResult | None:
        """See `archives.read_archives`."""
        return await read_archives(self._parts, source_id, force=force)

    async def recount(self) -> None:
        """See `recounting.recount`."""
        await asyncio.to_thread(recount, self._parts)

    async def repace(self) -> None:
        """See `pacing.repace`."""
        await asyncio.to_thread(repace, self.plant, self._parts.store, now=self._parts.clock())

    async def index(self) -> int:
        """See `indexing.index_some`."""
        return await asyncio.to_thread(index_some, self._parts.store)

    @property
    def searches(self) -> bool:
        """Whether any feed is what a search finds."""
        return any(output.query is not None for output in self.plant.outputs)

    async def publish(self) -> Publication:
        """Merge, emit and write every feed; the ids in them are final from here on."""
        async with self._publishing:
            self.publication = await asyncio.to_thread(
                self._publisher.publish, self.plant, now=self._parts.clock()
            )
        return self.publication

    async def tell_health(self) -> tuple[HealthEvent, ...]:
        """See `health.tell_health`."""
        return await asyncio.to_thread(tell_health, self.plant, self._parts.store, now=self._parts.clock())

    async def file_older(self) -> bool:
        """File some of what feeds have from before; return whether there may be more."""
        async with self._publishing:
            return await asyncio.to_thread(self._publisher.file_older, self.plant, now=self._parts.clock())

    def archive(self, address: str) -> Document | Absence:
        """Return the page of that address below archive/; it reads the store."""
        plant = self.plant
        return archive_document(self._parts.store, plant.public_url, address, guarded=guarded(plant))

    def feed_at(self, path: str, asked: Asked) -> MergedFeed | None:
        """See `demand.feed_at`; reads the store."""
        return feed_at(self.plant, self._parts.store, path, asked)
