"""The composition root: which parts run, how they start, follow the configuration, and stop."""

import asyncio
import os
import signal
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from aggregator import __version__, dedup, orders
from aggregator.cadence import Pace, repaced
from aggregator.config import Configuration, load, watch_stamp
from aggregator.errors import AggregatorError, ConfigError
from aggregator.fetch import LARGE_AT_ONCE, Fetcher, HostGate
from aggregator.lock import ownership
from aggregator.logs import log
from aggregator.model import Output, Status, SubscriberCount
from aggregator.pipeline import Pipeline, Plant, now, take_orders
from aggregator.reading import read
from aggregator.schedule import Schedule
from aggregator.serve import Server, ServeSettings, Subscribers, create_app
from aggregator.store import Store, open_store
from aggregator.workers import Workers

WATCH = timedelta(milliseconds=500)  # between two looks at the configuration files
POLLS_GRACE = timedelta(seconds=3)  # for polls in flight when told to stop
SERVER_GRACE = timedelta(seconds=2)  # for answers in flight
SUBSCRIBERS = "subscribers"  # name of the store's note of them
PUBLIC = "public"  # directory of the published documents, in data_dir
VERSIONS_KEPT = timedelta(days=90)  # what entries said before, unless their retention ends first


def plant(configuration: Configuration) -> Plant:
    """Return what a configuration means for polling and publishing."""
    merged = Output(
        name="feed",
        title=configuration.title,
        limit=configuration.limit,
        sorting=configuration.sorting,
        per_source=configuration.per_source,
    )
    named = (replace(output, name=f"feeds/{output.name}") for output in configuration.outputs)
    poll = configuration.poll
    return Plant(
        title=configuration.title,
        public_url=configuration.public_url,
        sources={source.id: source for source in configuration.sources},
        outputs=(merged, *named),
        pace=Pace(interval=poll.interval, min_interval=poll.min_interval, max_interval=poll.max_interval),
        window=dedup.Window(
            url=configuration.dedup.window,
            near=configuration.dedup.window if configuration.dedup.near_duplicates else None,
            group=configuration.dedup.window if configuration.dedup.groups else None,
        ),
        hold_hosts=poll.retry_after_scope == "host",
        archives=poll.archives,
        tombstones=configuration.retention.tombstones,
    )


def user_agent(configuration: Configuration, source_id: str, subscribers: int) -> str:
    """Return how we introduce ourselves to a publisher on behalf of a source (PROTOCOL P31)."""
    contact = configuration.contact or configuration.public_url
    return f"aggregator/{__version__} (+{contact}; {subscribers} subscribers; feed-id={source_id})"


def noted_subscribers(store: Store) -> SubscriberCount | None:  # as a daemon last counted them
    if (text := store.noted(SUBSCRIBERS)) is None:
        return None
    count, at = text.split()
    return SubscriberCount(count=int(count), at=datetime.fromisoformat(at))


def note_subscribers(store: Store, counted: SubscriberCount) -> None:
    store.note(SUBSCRIBERS, f"{counted.count} {counted.at.isoformat()}")


def serve_settings(configuration: Configuration) -> ServeSettings:
    """Return what a configuration means for serving."""
    return ServeSettings(
        title=configuration.title,
        public_url=configuration.public_url,
        token=configuration.server.token,
        feed_tokens=tuple((f"feeds/{one.name}", one.tokens) for one in configuration.outputs if one.tokens),
        rate_limit=configuration.server.rate_limit,
        trusted_proxies=configuration.server.trusted_proxies,
        max_age=configuration.poll.min_interval,
    )


class Engine:
    """Everything that polling and publishing need, for the daemon and for one-shot commands.

    An async context manager: within it, the data directory is ours. Entering raises `Busy` when
    another process owns it and `StoreError` when the store cannot be used.
    """

    store: Store
    pipeline: Pipeline

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
            stack.enter_context(ownership(configuration.data_dir))
            self.store = open_store(configuration.store_url, configuration.data_dir)
            stack.callback(self.store.close)
            self.store.release_claims()
            self.subscribers = noted_subscribers(self.store)
            self.store.configure(configuration.sources, now=now())
            workers = Workers(max(os.cpu_count() or 1, LARGE_AT_ONCE + 1))  # one is left for what is small
            stack.callback(workers.close)
            stack.push_async_callback(self._end_fetching)
            self.pipeline = Pipeline(
                plant=plant(configuration),
                store=self.store,
                fetcher=await self._enter_fetcher(configuration),
                read=partial(workers.run, read),
                directory=configuration.data_dir / PUBLIC,
            )
            await self.pipeline.recount()
            self._stack = stack.pop_all()
        return self

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

    async def reconfigure(self, configuration: Configuration) -> None:
        """Put another configuration in force; polls in flight end under the old one."""
        old, self._configuration = self._configuration, configuration
        before, self.pipeline.plant = self.pipeline.plant, plant(configuration)
        # In this order nothing can be claimed that the pipeline does not know.
        await asyncio.to_thread(self.store.configure, configuration.sources, now=now())
        await asyncio.to_thread(self._repace, before)
        self._gate.gap = configuration.poll.host_gap
        if old.poll != configuration.poll:
            await self._replace_fetcher(configuration)

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

    def _repace(self, before: Plant) -> None:
        """Let a changed interval count from the last poll on, not only after the next."""
        after = self.pipeline.plant
        changed = {
            source_id: source
            for source_id, source in after.sources.items()
            if (was := before.sources.get(source_id)) is not None
            and (was.interval, was.feed_hints, before.pace)
            != (source.interval, source.feed_hints, after.pace)
        }
        if changed:
            states = [state for state in self.store.states() if state.source_id in changed]
            self.store.reschedule(
                [repaced(changed[state.source_id], after.pace, state, now=now()) for state in states]
            )


async def _leave(fetcher: Fetcher, exits: AsyncExitStack) -> None:
    try:
        await fetcher.idle()
    finally:
        await exits.aclose()


class Daemon:
    """`aggregator run`: from the configuration at `path` until SIGTERM or SIGINT."""

    def __init__(self, path: Path, *, environ: Mapping[str, str]) -> None:
        self._path = path
        self._environ = environ
        self._stamp = watch_stamp(path)
        self._configuration = load(path, environ=environ)
        self._configuration_error: str | None = None
        self._serve_settings = serve_settings(self._configuration)
        self._subscribers = Subscribers(clock=now)
        self._started_at = now()
        self._stop = asyncio.Event()
        self._reload = asyncio.Event()

    async def run(self) -> None:
        """Poll, publish and serve until told to stop.

        Raises `Busy` when the store or the port is taken, and whatever made it impossible to go on.
        """
        log.info(
            "start", version=__version__, config=str(self._path), sources=len(self._configuration.sources)
        )
        self._warn()
        self._catch_signals()
        async with Engine(self._configuration) as self._engine, AsyncExitStack() as stack:
            self._subscribers = Subscribers(clock=now, earlier=self._engine.subscribers)
            self._engine.count_subscribers = lambda: self._subscribers.count(now())
            stack.callback(self._note_subscribers)
            await self._open_server()
            stack.push_async_callback(self._close_server)
            await self._engine.pipeline.publish()
            self._schedule = Schedule(
                pipeline=self._engine.pipeline,
                store=self._engine.store,
                concurrency=self._configuration.poll.concurrency,
                tidy=self._tidy,
            )
            self._schedule.start()
            stack.push_async_callback(self._schedule.stop, POLLS_GRACE)
            log.info(
                "ready", listen=self._configuration.server.listen, public_url=self._configuration.public_url
            )
            await self._follow()
            log.info("stop")
        if self._schedule.failure is not None:
            raise self._schedule.failure
        log.info("stopped")

    def _warn(self) -> None:
        for warning in self._configuration.warnings:
            log.warning("configuration", warning=warning)

    def _catch_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, self._stop.set)
        loop.add_signal_handler(signal.SIGHUP, self._reload.set)

    # serving

    async def _open_server(self) -> None:
        """Bind, then serve; raises `Busy` or `ConfigError` with the old server untouched."""
        address = self._configuration.server.listen
        self._server: Server | None = None
        if address:
            await self._serve_on(address)

    async def _serve_on(self, address: str) -> None:
        listening = Server.listen(address)
        server = Server(trusted_proxies=lambda: self._serve_settings.trusted_proxies)
        app = create_app(
            publication=lambda: self._engine.pipeline.publication,
            status=self._status,
            settings=lambda: self._serve_settings,
            live=self._engine.pipeline.feed_at,
            subscribers=self._subscribers,
            archive=self._engine.pipeline.archive,
        )
        await server.start(app, listening)
        self._server = server

    async def _close_server(self) -> None:
        if self._server is not None:
            await self._server.stop(SERVER_GRACE)

    def _status(self) -> Status:
        states = {state.source_id: state for state in self._engine.store.states()}
        return Status(
            started_at=self._started_at,
            configuration_error=self._configuration_error,
            sources=tuple(
                (source, states[source.id]) for source in self._configuration.sources if source.id in states
            ),
        )

    # following the configuration

    async def _follow(self) -> None:
        """Reload when the files have changed and stand still, or on SIGHUP; until told to stop."""
        loaded = previous = self._stamp
        while not (self._stop.is_set() or self._schedule.failed.is_set()):
            await self._pause()
            current = watch_stamp(self._path)
            if self._reload.is_set() or (current != loaded and current == previous):
                self._reload.clear()
                loaded = current
                await self._take_configuration()
            previous = current
            await self._take_orders()

    async def _pause(self) -> None:
        """Sleep until the next look, or until something happens."""
        events = (self._stop, self._reload, self._schedule.failed)
        waits = [asyncio.create_task(event.wait()) for event in events]
        await asyncio.wait(waits, timeout=WATCH.total_seconds(), return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()

    async def _take_configuration(self) -> None:
        """Put the files in force, all or nothing; a bad file leaves the last good configuration."""
        try:
            new = await asyncio.to_thread(load, self._path, environ=self._environ)
            self._refuse_restart_only(new)
            await self._move_server(new)
        except AggregatorError as exc:
            self._configuration_error = str(exc)
            for line in str(exc).splitlines():
                log.error("reload", result="kept the last good configuration", error=line)
            return
        old, self._configuration = self._configuration, new
        self._warn()
        self._configuration_error = None
        self._serve_settings = serve_settings(new)
        await self._engine.reconfigure(new)
        self._schedule.concurrency = new.poll.concurrency
        self._schedule.news()
        await self._schedule.fill()
        before, after = ({source.id for source in one.sources} for one in (old, new))
        log.info(
            "reload", result="ok", sources=len(after), added=len(after - before), removed=len(before - after)
        )

    async def _take_orders(self) -> None:
        """Do what commands have left in the spool, and publish what came of it."""
        data_dir, store = self._configuration.data_dir, self._engine.store
        if await asyncio.to_thread(take_orders, data_dir, store, clock=now):
            self._schedule.news()

    def _refuse_restart_only(self, new: Configuration) -> None:
        old = self._configuration
        for key, before, after in (
            ("[aggregator] data_dir", old.data_dir, new.data_dir),
            ("[store] url", old.store_url, new.store_url),
        ):
            if before != after:
                raise ConfigError(
                    f"{self._path}: error: {key} cannot change while running; restart to use {after}"
                )

    async def _move_server(self, new: Configuration) -> None:
        """Serve on another address if so configured; the old one goes on until the new one answers."""
        if new.server.listen == self._configuration.server.listen:
            return
        old, self._server = self._server, None
        try:
            if new.server.listen:
                await self._serve_on(new.server.listen)
        except AggregatorError:
            self._server = old
            raise
        if old is not None:
            await old.stop(SERVER_GRACE)

    def _note_subscribers(self) -> None:
        note_subscribers(self._engine.store, self._subscribers.snapshot())

    async def _tidy(self) -> None:
        """Forget what retention lets go, and remember who reads us."""
        await asyncio.to_thread(self._note_subscribers)
        keep, at = self._configuration.retention, now()
        await asyncio.to_thread(orders.clear, self._configuration.data_dir, now=at)
        pruned = await asyncio.to_thread(
            self._engine.store.prune,
            before=at - keep.keep,
            keep_per_source=keep.keep_per_source,
            texts_before=at - dedup.Window().text,
            versions_before=at - VERSIONS_KEPT,
            removals_before=at - keep.tombstones,
        )
        if pruned:
            log.info("tidy", pruned=pruned)
            self._schedule.news()
