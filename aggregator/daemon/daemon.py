"""`aggregator run`: the daemon, from its start to its end."""

import asyncio
import signal
from collections.abc import Mapping
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

from aggregator import __version__, metrics
from aggregator.breaker import Breaker
from aggregator.config import Configuration, load, watch_stamp
from aggregator.daemon.descriptors import Scarcity
from aggregator.daemon.ending import LastResort
from aggregator.daemon.engine import SUBSCRIBERS, Engine, note_subscribers
from aggregator.daemon.lag import watch_lag
from aggregator.daemon.meaning import serve_settings
from aggregator.daemon.memory import collect_seldom
from aggregator.errors import AggregatorError, ConfigError, StoreError, WorkersUnavailable
from aggregator.logs import log
from aggregator.model import Status
from aggregator.pipeline import Spool, now
from aggregator.schedule import Schedule
from aggregator.serve import Server, Subscribers, create_app
from aggregator.upkeep import Backups, tidy

WATCH = timedelta(milliseconds=500)  # between two looks at the configuration files
POLLS_GRACE = timedelta(seconds=3)  # for polls in flight when told to stop
SERVER_GRACE = timedelta(seconds=2)  # for answers in flight
TELL = timedelta(seconds=2)  # between two looks at the health of sources
NOTIFY = timedelta(seconds=5)  # between two looks at what the operator has not been sent yet


def _warn(configuration: Configuration) -> None:
    for warning in configuration.warnings:
        log.warning("configuration", warning=warning)


class Daemon:
    """`aggregator run`: from the configuration at `path` until SIGTERM or SIGINT."""

    def __init__(self, path: Path, *, environ: Mapping[str, str]) -> None:
        self._path = path
        self._environ = environ
        self._stamp = watch_stamp(path, environ=environ)
        self._configuration = load(path, environ=environ)
        self._configuration_error: str | None = None
        self._serve_settings = serve_settings(self._configuration)
        self._subscribers = Subscribers(clock=now)
        self._started_at = now()
        self._stop = asyncio.Event()
        self._last_resort = LastResort()
        self._reload = asyncio.Event()

    async def run(self) -> None:
        """Poll, publish and serve until told to stop.

        Raises `Busy` when the store or the port is taken, and whatever made it impossible to go on.
        """
        log.info(
            "start", version=__version__, config=str(self._path), sources=len(self._configuration.sources)
        )
        _warn(self._configuration)
        self._catch_signals()
        asyncio.get_running_loop().set_exception_handler(Scarcity())
        async with AsyncExitStack() as stack:
            try:
                self._engine = await stack.enter_async_context(Engine(self._configuration))
                self._breaker = Breaker(
                    self._engine.store, recovered=self._recovered, readable=self._engine.workers.check
                )
                await self._work(stack)
            except BaseException as exc:
                self._last_resort.start(exc)
                raise
            self._last_resort.start(self._failure)  # whoever restarts us waits for our end
        if self._failure is not None:
            raise self._failure
        log.info("stopped")

    @property
    def _failure(self) -> BaseException | None:
        """Why it does not go on, unless it was told to stop."""
        return self._schedule.failure or (self._breaker.failure if self._breaker.is_final else None)

    async def _work(self, stack: AsyncExitStack) -> None:
        """Poll, publish and serve; what is to be ended afterwards is put on the `stack`."""
        self._subscribers = Subscribers(clock=now, earlier=self._engine.subscribers)
        self._engine.count_subscribers = lambda: self._subscribers.count(now())
        stack.callback(self._leave_note)
        await self._open_server()
        stack.push_async_callback(self._close_server)
        await self._engine.pipeline.publish()
        backups = Backups(lambda: self._configuration, self._breaker)
        stack.callback(backups.close)
        self._schedule = Schedule(
            pipeline=self._engine.pipeline,
            store=self._engine.store,
            concurrency=self._configuration.poll.concurrency,
            tidy=self._tidy,
            alongside=(self._breaker.watch, backups.run, self._tell, self._notify, watch_lag),
            breaker=self._breaker,
        )
        self._spool = Spool(self._configuration.data_dir, clock=now)
        collect_seldom()
        self._schedule.start()
        stack.push_async_callback(self._schedule.stop, POLLS_GRACE)
        log.info("ready", listen=self._configuration.server.listen, public_url=self._configuration.public_url)
        await self._follow()
        log.info("stop")

    def _catch_signals(self) -> None:
        """The last resort begins at once, also while the event loop stands still; its own handlers would wait."""
        loop = asyncio.get_running_loop()

        def told_to_stop(*_: object) -> None:
            self._last_resort.start()
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._stop.set)

        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, told_to_stop)
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
            measured=self._measured,
            usable=self._usable,
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

    def _measured(self) -> bytes:
        store = self._engine.store
        return metrics.exposition(store.healths(), store.size())

    def _usable(self) -> None:
        """Raise `StoreError` when the store cannot be used, and `WorkersUnavailable` when no document can be read."""
        if self._breaker.failure is not None:
            raise self._breaker.failure
        self._engine.store.noted(SUBSCRIBERS)

    def _status(self) -> Status:
        failure = self._breaker.failure
        error = failure if isinstance(failure, StoreError) else None
        try:
            states = {state.source_id: state for state in self._engine.store.states()}
        except StoreError as exc:
            states, error = {}, exc
        return Status(
            started_at=self._started_at,
            configuration_error=self._configuration_error,
            storage_error=None if error is None else str(error),
            reading_error=str(failure) if isinstance(failure, WorkersUnavailable) else None,
            sources=tuple(
                (source, states[source.id]) for source in self._configuration.sources if source.id in states
            ),
        )

    # telling how sources are

    async def _tell(self) -> None:
        """Tell changes in the health of sources as they have lasted long enough, for ever."""
        while True:
            with self._breaker.tripped_by_failures():
                if self._breaker.is_keeping and await self._engine.tell():
                    self._schedule.news()  # pages and feeds are kept until something is published
            await asyncio.sleep(TELL.total_seconds())

    async def _notify(self) -> None:
        """Send the operator what was told, for ever; who is slow to take it holds up nobody else."""
        while True:
            with self._breaker.tripped_by_failures():
                if self._breaker.is_keeping:
                    await self._engine.notify()
            await asyncio.sleep(NOTIFY.total_seconds())

    # following the configuration

    async def _follow(self) -> None:
        """Reload when the files have changed and stand still, or on SIGHUP; until told to stop."""
        loaded = previous = self._stamp
        while not (self._stop.is_set() or self._schedule.failed.is_set()):
            await self._pause()
            current = await asyncio.to_thread(watch_stamp, self._path, environ=self._environ)
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
            metrics.note_reload(good=False)
            for line in str(exc).splitlines():
                log.error("reload", result="kept the last good configuration", error=line)
            return
        _warn(new)
        old, self._configuration = self._configuration, new
        self._configuration_error = None
        metrics.note_reload(good=True)
        self._serve_settings = serve_settings(new).after(self._serve_settings)
        self._schedule.concurrency = new.poll.concurrency
        with self._breaker.tripped_by_failures():
            await self._engine.reconfigure(new)
            self._schedule.news()
            self._schedule.look()
        before, after = ({source.id for source in one.sources} for one in (old, new))
        log.info(
            "reload", result="ok", sources=len(after), added=len(after - before), removed=len(before - after)
        )

    async def _take_orders(self) -> None:
        """Do what commands have left in the spool, and publish what came of it."""
        with self._breaker.tripped_by_failures():
            if self._breaker.is_keeping and await asyncio.to_thread(self._spool.take, self._engine.store):
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

    def _leave_note(self) -> None:
        with self._breaker.tripped_by_failures():
            self._note_subscribers()

    async def _tidy(self) -> None:
        """Remember who reads us, and forget what retention lets go."""
        await asyncio.to_thread(self._note_subscribers)
        if await tidy(self._engine.store, self._configuration):
            self._schedule.news()

    async def _recovered(self) -> None:
        """Tell a store that works again what it has missed."""
        await self._engine.reconfigure(self._configuration)
        self._schedule.news()
