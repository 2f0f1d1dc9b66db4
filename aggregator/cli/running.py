"""`run` and `poll`: the daemon, and one cycle of it."""

import asyncio
import os
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import click

from aggregator.addresses import asked_at
from aggregator.cli.context import Context, source_ids
from aggregator.config import Configuration
from aggregator.daemon import Daemon, Engine, allow_descriptors, leave, share_one_arena
from aggregator.logs import flush, write_beside
from aggregator.model import PollResult, Source, SourceState, State
from aggregator.pipeline import Pipeline
from aggregator.urls import host

TURN = timedelta(milliseconds=1)  # of a thread that computes, 5 by default: the event loop waits one for each


@click.command()
@click.pass_obj
def run(context: Context) -> None:
    """Poll on schedule, publish and serve until stopped.

    Reloads when the configuration files change or on SIGHUP; stops on SIGTERM or Ctrl-C.
    """
    context.set_up_logs()
    write_beside()

    async def run_daemon() -> None:
        await Daemon(context.config, environ=os.environ).run()

    sys.setswitchinterval(TURN.total_seconds())
    share_one_arena()
    allow_descriptors()
    try:
        asyncio.run(run_daemon())
    finally:
        flush()
    leave(0)


@click.command()
@click.argument("ids", nargs=-1, metavar="[ID]...", shell_complete=source_ids)
@click.option("--force", is_flag=True, help="Ignore schedule, back-off and holds; requests stay conditional.")
@click.option(
    "--archives", is_flag=True, help="Read the older documents that feeds name (RFC 5005) once more."
)
@click.pass_obj
def poll(context: Context, ids: tuple[str, ...], force: bool, archives: bool) -> None:
    """Poll once, now: what is due, or the sources named; then publish.

    Exit code 1 when any source failed, 75 while a daemon owns the store.
    """
    context.set_up_logs()
    configuration = context.load()
    known = {source.id: source for source in configuration.sources}
    if unknown := [source_id for source_id in ids if source_id not in known]:
        raise click.UsageError(f"no source {', '.join(unknown)} in {context.config}; `list` shows all")
    results = asyncio.run(_cycle(configuration, Wanted(ids=ids, force=force, archives=archives)))
    rows: list[dict[str, object]] = [
        {
            "source": result.source_id,
            "status": result.status,
            "new": result.new,
            "changed": result.changed,
            "duplicate": result.duplicate,
            "error": result.error,
        }
        for result in results
    ]
    context.show(rows, ["source", "status", "new", "changed", "duplicate", "error"])
    sys.exit(any(result.error is not None for result in results))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the operator asks of one cycle."""

    ids: Sequence[str]
    force: bool
    archives: bool


async def _cycle(configuration: Configuration, wanted: Wanted) -> list[PollResult]:
    async with Engine(configuration) as parts:
        at = datetime.now(UTC)
        held = parts.store.holds(now=at)
        states = {state.source_id: state for state in parts.store.states()}
        chosen = [
            source
            for source in configuration.sources
            if _is_wanted(source, states[source.id], wanted, held=held, now=at)
        ]
        room = asyncio.Semaphore(configuration.poll.concurrency)
        chains: dict[str, list[Source]] = {}
        for source in chosen:  # sources of one host wait for each other without holding up others
            chains.setdefault(host(asked_at(states[source.id])) or source.id, []).append(source)
        results = await asyncio.gather(
            *(_poll_all(parts.pipeline, chain, room, wanted) for chain in chains.values())
        )
        await parts.tell()
        while await parts.pipeline.index():
            pass
        await parts.pipeline.publish()
        await parts.notify()
    by_id = {result.source_id: result for chain in results for result in chain}
    return [by_id[source.id] for source in chosen if source.id in by_id]


def _is_wanted(
    source: Source, state: SourceState, wanted: Wanted, *, held: Collection[str], now: datetime
) -> bool:
    if wanted.ids and source.id not in wanted.ids:
        return False
    if wanted.force:
        return True
    away = host(asked_at(state)) in held
    due = (
        state.next_poll_at is not None and state.next_poll_at <= now and not away and state.paused_at is None
    )
    if due or not wanted.ids:
        return due
    if state.paused_at is not None:
        click.echo(f"{source.id} is paused; --force asks anyway", err=True)
        return False
    if away or state.state in (State.FAILING, State.GONE):
        until = f"until {state.next_poll_at:%Y-%m-%d %H:%M:%S} UTC" if state.next_poll_at else "for ever"
        click.echo(f"{source.id} waits {until} ({state.next_reason}); --force asks anyway", err=True)
        return False
    return True


async def _poll_all(
    pipeline: Pipeline, sources: Sequence[Source], room: asyncio.Semaphore, wanted: Wanted
) -> list[PollResult]:
    results = []
    for source in sources:
        async with room:
            result = await pipeline.poll(source.id, force=wanted.force, archives=wanted.archives)
            if result is None:
                click.echo(f"{source.id} asks to be left alone for now; --force asks anyway", err=True)
                continue
            older = await pipeline.read_archives(source.id, force=wanted.force)
        if older is not None:
            result = replace(result, new=result.new + older.new, duplicate=result.duplicate + older.duplicate)
        results.append(result)
    return results


COMMANDS = [run, poll]
