"""Everything that polling and publishing need, put together."""

import asyncio
import os
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from datetime import datetime
from functools import partial
from types import TracebackType
from typing import Self

from aggregator import public
from aggregator.config import Configuration
from aggregator.daemon.meaning import channels, plant, user_agent
from aggregator.fetch import LARGE_AT_ONCE, Fetcher, HostGate
from aggregator.lock import ownership
from aggregator.model import SubscriberCount
from aggregator.pipeline import Notices, Pipeline, Send, now
from aggregator.reading import read
from aggregator.store import Store, open_store, store_file
from aggregator.workers import Workers

SUBSCRIBERS = "subscribers"  # name of the store's note of them
PUBLIC = "public"  # directory of the published documents, in data_dir


def noted_subscribers(store: Store) -> SubscriberCount | None:
    """Return what a daemon last counted; None when none has."""
    text = store.noted(SUBSCRIBERS)
    if text is None:
        return None
    count, at = text.split()
    return SubscriberCount(count=int(count), at=datetime.fromisoformat(at))


def note_subscribers(store: Store, counted: SubscriberCount) -> None:
    """Keep a count beyond the life of this process."""
    store.note(SUBSCRIBERS, f"{counted.count} {counted.at.isoformat()}")


class Engine:
    """Everything that polling and publishing need, for the daemon and for one-shot commands.

    An async context manager: within it, the data directory is ours. Entering raises `Busy` when
    another process owns it and `StoreError` when the store cannot be used.
    """

    store: Store
    pipeline: Pipeline
    workers: Workers

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self._gate = HostGate(configuration.poll.host_gap)
        self.subscribers: SubscriberCount | None = None  # of our feeds, as a daemon last counted them
        self.count_subscribers: Callable[[], int] = lambda: self.subscribers.count if self.subscribers else 0
        self._stack = AsyncExitStack()
        self._fetching = AsyncExitStack()  # around the fetcher in use
        self._leaving: set[asyncio.Task[None]] = set()  # fetchers on their way out

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            configuration = self._configuration
            await asyncio.to_thread(self._open_store, stack)
            at_least = LARGE_AT_ONCE + 1  # one is left for what is small
            self.workers = Workers(max(os.cpu_count() or 1, at_least))
            stack.callback(self.workers.close)
            stack.push_async_callback(self._end_fetching)
            self.pipeline = Pipeline(
                plant=plant(configuration),
                store=self.store,
                fetcher=await self._enter_fetcher(configuration),
                read=partial(self.workers.run, read),
                directory=configuration.data_dir / PUBLIC,
            )
            await self.pipeline.recount()
            await self.pipeline.repace()
            self._notices = Notices(self.store)
            await self._notices.begin(self._channels())
            self._stack = stack.pop_all()
        return self

    def _open_store(self, stack: AsyncExitStack) -> None:
        """Own the store and tell it the configuration; migrating it may take minutes."""
        configuration = self._configuration
        file = store_file(configuration.store_url, configuration.data_dir)
        stack.enter_context(ownership(configuration.data_dir, file))
        public.clear(configuration.data_dir / PUBLIC)
        self.store = open_store(configuration.store_url, configuration.data_dir)
        stack.callback(self.store.close)
        self.store.release_claims()
        self.subscribers = noted_subscribers(self.store)
        self.store.configure(configuration.sources, now=now())

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    def _make_fetcher(self, configuration: Configuration) -> Fetcher:
        poll = configuration.poll
        return Fetcher(
            user_agent=lambda source_id: user_agent(self._configuration, source_id, self.count_subscribers()),
            timeout=poll.timeout,
            max_bytes=poll.max_bytes,
            allow_addresses=poll.allow_addresses,
            gate=self._gate,
            max_connections=poll.concurrency,
            clock=now,
        )

    async def tell(self) -> bool:
        """Tell what has changed in the health of sources; return whether anything has."""
        return bool(await self.pipeline.tell_health())

    async def notify(self) -> None:
        """Send the operator what was told and not sent yet."""
        wanted = self._channels()
        await self._notices.begin(wanted)
        await self._notices.send(wanted)

    def _channels(self) -> Mapping[str, Send]:
        return channels(self._configuration, self._fetcher)

    async def reconfigure(self, configuration: Configuration) -> None:
        """Put another configuration in force; polls in flight end under the old one.

        Raises `StoreError` when the store could not be told: it is in force, and to be put in force again.
        """
        old, self._configuration = self._configuration, configuration
        self.pipeline.plant = plant(configuration)
        self._gate.gap = configuration.poll.host_gap
        if old.poll != configuration.poll:
            await self._replace_fetcher(configuration)
        # In this order nothing can be claimed that the pipeline does not know.
        await asyncio.to_thread(self.store.configure, configuration.sources, now=now())
        await self.pipeline.repace()

    async def _replace_fetcher(self, configuration: Configuration) -> None:
        """Fetch otherwise from now on; the old fetcher ends with the last of its fetches."""
        leaving = asyncio.create_task(_leave(self._fetcher, self._fetching))
        self._leaving.add(leaving)
        leaving.add_done_callback(self._leaving.discard)
        self._fetching = AsyncExitStack()
        self.pipeline.fetcher = await self._enter_fetcher(configuration)

    async def _enter_fetcher(self, configuration: Configuration) -> Fetcher:
        self._fetcher = await self._fetching.enter_async_context(self._make_fetcher(configuration))
        return self._fetcher

    async def _end_fetching(self) -> None:
        for leaving in self._leaving:
            leaving.cancel()
        await asyncio.gather(*self._leaving, return_exceptions=True)
        await self._fetching.aclose()


async def _leave(fetcher: Fetcher, exits: AsyncExitStack) -> None:
    try:
        await fetcher.idle()
    finally:
        await exits.aclose()
