"""`split`, `join`, `release`: what the operator decides, done by the daemon when it owns the store, else by us."""

import asyncio
from datetime import UTC, datetime

import click

from aggregator import orders
from aggregator.cli.context import Context
from aggregator.config import Configuration
from aggregator.daemon import Engine
from aggregator.errors import Busy, Refused
from aggregator.model import Answer, Order
from aggregator.pipeline import carry_out


@click.command()
@click.argument("entry", metavar="ENTRY")
@click.pass_obj
def split(context: Context, entry: str) -> None:
    """Let an entry tell a story of its own, for good: it was wrongly taken for a copy.

    ENTRY is an entry_id, a story_id (also one from before a join) or the entry's address. The id that a
    story has been published under stays with the entry that founded it.
    """
    _give(context, Order(verb="split", names=(entry,)))


@click.command()
@click.argument("entry", metavar="ENTRY")
@click.argument("other", metavar="ENTRY")
@click.pass_obj
def join(context: Context, entry: str, other: str) -> None:
    """Make one story of two, for good. The id of the one told first stays, the other leads there."""
    _give(context, Order(verb="join", names=(entry, other)))


@click.command()
@click.argument("source_id", metavar="ID")
@click.pass_obj
def release(context: Context, source_id: str) -> None:
    """Show the entries of a source that were held back as a flood, at their own dates.

    A source that suddenly calls most of its document new, or a new one whose entries have no dates, would
    put what is old on top; `status` says where entries are held.
    """
    _give(context, Order(verb="release", names=(source_id,)))


def _give(context: Context, order: Order) -> None:
    """Have an order carried out, and print what came of it; exit code 2 when it was refused, 75 when nobody could."""
    context.set_up_logs()
    configuration = context.load()
    try:
        answer = asyncio.run(_carry_out(configuration, order))
    except Busy:
        answer = orders.ask(configuration.data_dir, order, now=_now)
    if not answer.done:
        raise Refused(answer.text)
    if context.as_json:
        context.show([{"verb": order.verb, "names": list(order.names), "done": answer.text}], [])
    else:
        click.echo(answer.text)


async def _carry_out(configuration: Configuration, order: Order) -> Answer:
    async with Engine(configuration) as parts:
        answer = carry_out(order, parts.store, now=_now())
        if answer.done:
            await parts.pipeline.publish()
    return answer


def _now() -> datetime:
    return datetime.now(UTC)


COMMANDS = [split, join, release]
