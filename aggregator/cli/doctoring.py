"""`doctor`: all that a daemon needs, looked at one by one, with what to do."""

import asyncio
import os
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from time import monotonic
from typing import TypeAlias

import click

from aggregator.cli.asking import ask
from aggregator.cli.context import Context, reading_store
from aggregator.config import Configuration
from aggregator.errors import AggregatorError, Busy, ConfigError, WorkersUnavailable
from aggregator.health import advice, remarks
from aggregator.lock import FILE_NAME, ownership
from aggregator.model import Source, SourceState, State
from aggregator.serve import Server
from aggregator.store import check_store, store_exists, store_file
from aggregator.urls import host
from aggregator.workers import Workers

LEAST_BYTES = 200 << 20  # of free space: a store grows by some tens of megabytes before it is looked at again
LEAST_FILES = 1000  # that may still be made
CLOCK_SLACK = timedelta(minutes=1)  # what the clock may be behind our last poll
NAMES = 3  # hosts of sources that are looked up
NAMES_SECONDS = 5.0
SOURCES_NAMED = 20  # of those that are not well
BAD_STATES = (State.FAILING, State.GONE, State.STALE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line. `todo` is what to do about it; "" = nothing is wrong."""

    what: str
    says: str
    todo: str = ""


Look: TypeAlias = Callable[[Configuration], Iterator[Finding]]


@click.command()
@click.pass_obj
def doctor(context: Context) -> None:
    """Look at configuration, disk, store, workers, clock, names, port and sources; change nothing.

    One line each, with what to do. Exit code 0, or 1 when there is anything to do.
    """
    context.set_up_logs()
    found = list(_examine(context))
    if context.as_json:
        rows = [{"what": one.what, "good": not one.todo, "says": one.says, "todo": one.todo} for one in found]
        context.show(rows, ["what", "good", "says", "todo"])
    else:
        for one in found:
            mark = click.style("ok ", fg="green") if not one.todo else click.style("BAD", fg="red")
            click.echo(f"{mark} {one.what}: {one.says}" + (f"; {one.todo}" if one.todo else ""))
    sys.exit(any(one.todo for one in found))


def _examine(context: Context) -> Iterator[Finding]:
    try:
        configuration = context.load()
    except ConfigError as exc:
        for line in str(exc).splitlines():
            yield Finding(what="configuration", says=line, todo="mend it: nothing else can be looked at")
        return
    yield from (Finding(what="configuration", says=line, todo="see to it") for line in configuration.warnings)
    yield Finding(what="configuration", says=f"{context.config}: good: {len(configuration.sources)} sources")
    for look in LOOKS:
        yield from look(configuration)


def _directory(configuration: Configuration) -> Iterator[Finding]:
    """Where the store and the published files are: is there room, may we write?"""
    path = configuration.data_dir
    there = next(one for one in (path, *path.parents) if one.is_dir())
    if not os.access(there, os.W_OK | os.X_OK):
        yield Finding(what="disk", says=f"{there} cannot be written", todo="give it to the daemon's user")
        return
    room, files = shutil.disk_usage(there).free, os.statvfs(there).f_favail
    says = f"{there}: {room >> 20} MiB free"
    if room < LEAST_BYTES:
        yield Finding(what="disk", says=says, todo="make room, or shorten [retention]")
    elif os.statvfs(there).f_files and files < LEAST_FILES:  # some file systems do not count
        yield Finding(what="disk", says=f"{there}: {files} files may be made", todo="delete files")
    else:
        yield Finding(what="disk", says=says)


def _store(configuration: Configuration) -> Iterator[Finding]:
    if not store_exists(configuration.store_url, configuration.data_dir):
        yield Finding(what="store", says="there is none yet; the first poll makes it")
        return
    file = store_file(configuration.store_url, configuration.data_dir)
    for looked in () if file is None else check_store(file):
        if looked.wrong:
            todo = "stop the daemon, and put a backup of the file in its place"
            yield Finding(what="store", says=looked.wrong, todo=todo)
            return
    try:
        with reading_store(configuration) as store:
            assert store is not None
            totals = store.totals()
            yield Finding(
                what="store",
                says=f"whole: {totals.entries} entries, {totals.stories} stories, {store.size() >> 20} MiB",
            )
    except AggregatorError as exc:
        yield Finding(what="store", says=str(exc), todo="start the daemon once, or see to the file")


def _workers(configuration: Configuration) -> Iterator[Finding]:  # noqa: ARG001 - as all looks
    """Whether processes can be started that read documents, here and now: the daemon may have other limits."""

    async def check() -> None:
        workers = Workers(1)
        try:
            await workers.check()
        finally:
            workers.close()

    try:
        asyncio.run(check())
    except WorkersUnavailable as exc:
        says, _, todo = str(exc).partition("; ")
        yield Finding(what="workers", says=says, todo=todo)
    else:
        yield Finding(what="workers", says="documents can be read")


def _clock(configuration: Configuration) -> Iterator[Finding]:
    """Against the only clock there is besides: when we last polled."""
    now = datetime.now(UTC)
    last = max((state.last_poll_at for _, state in _states(configuration) if state.last_poll_at), default=now)
    says = f"{now:%Y-%m-%d %H:%M:%S} UTC"
    if last - now > CLOCK_SLACK:
        yield Finding(
            what="clock",
            says=f"{says}, but the last poll was at {last:%Y-%m-%d %H:%M:%S}",
            todo="the clock was set back: see that it is kept by NTP",
        )
    else:
        yield Finding(what="clock", says=says)


def _names(configuration: Configuration) -> Iterator[Finding]:
    """Whether names resolve: one that does is enough, as publishers come and go."""
    names = [host(source.url) for source in configuration.sources if not source.url.startswith("file:")]
    asked = list(dict.fromkeys(name for name in names if name))[:NAMES]
    if not asked:
        yield Finding(what="names", says="no source has a name to look up")
        return
    good: list[str] = []
    lookups = [Thread(target=_look_up, args=(name, good), daemon=True) for name in asked]
    for lookup in lookups:
        lookup.start()
    deadline = monotonic() + NAMES_SECONDS
    for lookup in lookups:
        lookup.join(max(0.0, deadline - monotonic()))
    if good:
        yield Finding(what="names", says=f"{', '.join(sorted(good))} resolved")
    else:
        todo = "see to the network and the name servers of this machine"
        yield Finding(what="names", says=f"{', '.join(asked)} did not resolve", todo=todo)


def _look_up(name: str, good: list[str]) -> None:
    with suppress(OSError, UnicodeError):  # that it does not resolve is told by its absence
        socket.getaddrinfo(name, None)
        good.append(name)


def _daemon(configuration: Configuration) -> Iterator[Finding]:
    """A running one is asked; else we look whether one could serve."""
    if (configuration.data_dir / FILE_NAME).exists():
        try:
            with ownership(configuration.data_dir):
                pass
        except Busy:
            works, said = ask(configuration)
            todo = "" if works else "look into its log"
            yield Finding(what="daemon", says=said, todo=todo)
            return
        except AggregatorError as exc:
            yield Finding(what="daemon", says=str(exc), todo="see to the directory")
            return
    yield Finding(what="daemon", says="none runs")
    address = configuration.server.listen
    if not address:
        return
    try:
        Server.listen(address).close()
    except AggregatorError as exc:
        yield Finding(what="port", says=str(exc), todo="set another [server] listen, or end who has it")
    else:
        yield Finding(what="port", says=f"{address} is free")
        if address.startswith("unix:"):
            Path(address.removeprefix("unix:")).unlink(missing_ok=True)


def _messages(configuration: Configuration) -> Iterator[Finding]:
    command = configuration.health.command
    if command and shutil.which(command[0]) is None:
        yield Finding(
            what="messages", says=f"there is no program {command[0]}", todo="mend command in [health]"
        )


def _sources(configuration: Configuration) -> Iterator[Finding]:
    states = _states(configuration)
    unwell = [(source, state) for source, state in states if state.health in BAD_STATES]
    for source, state in unwell[:SOURCES_NAMED]:
        why = state.last_error or next(iter(remarks(state)), state.next_reason)
        yield Finding(
            what=f"source {source.id}",
            says=f"{state.health}: {why}",
            todo=advice(source, state) or "look at its site",
        )
    if len(unwell) > SOURCES_NAMED:
        more = f"{len(unwell) - SOURCES_NAMED} more are not well"
        yield Finding(what="sources", says=more, todo="`aggregator status` shows all")
    yield Finding(what="sources", says=f"{len(states) - len(unwell)} of {len(states)} are well")


def _states(configuration: Configuration) -> list[tuple[Source, SourceState]]:
    """Return each source with its state; none of a store that cannot be read, which is told elsewhere."""
    try:
        with reading_store(configuration) as store:
            known = {} if store is None else {state.source_id: state for state in store.states()}
    except AggregatorError:
        return []
    fresh = ((one, SourceState(source_id=one.id, url=one.url)) for one in configuration.sources)
    return [(source, known.get(source.id, new)) for source, new in fresh]


LOOKS: tuple[Look, ...] = (_directory, _store, _workers, _clock, _names, _daemon, _messages, _sources)
COMMANDS = [doctor]
