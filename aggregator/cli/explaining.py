"""`explain`: why a source is polled when it is; of an entry see `stories`."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import click

from aggregator.addresses import asked_at
from aggregator.cadence import entries_a_day
from aggregator.cli.context import Context, reading_store
from aggregator.cli.stories import explain_entry
from aggregator.model import Source, SourceState


@click.command()
@click.argument("source", metavar="URL|ID|ENTRY")
@click.pass_obj
def explain(context: Context, source: str) -> None:
    """Explain when a source is polled next and who asked for it, or where an entry has gone and why.

    Of an entry (its entry_id, story_id or address): when it was seen, how its dates were read, which story
    it tells and why, which feeds show it, or why none does. Of a source every wish that was weighed is
    named: our interval, Retry-After, the cache's freshness, and what the feed itself says. The longest won.
    """
    configuration = context.load()
    found = next((one for one in configuration.sources if source in (one.id, one.url)), None)
    if found is None:
        explain_entry(context, configuration, source)
        return
    with reading_store(configuration) as store:
        states = () if store is None else store.states()
    unknown = SourceState(source_id=found.id, url=found.url, next_reason="new source")
    state = next((one for one in states if one.source_id == found.id), unknown)
    if context.as_json:
        context.show([_facts(found, state, datetime.now(UTC))], [])
        return
    lines = list(_lines(found, state, datetime.now(UTC)))
    click.echo(f"{found.id}: {state.health.value}")
    width = max(len(name) for name, _ in lines)
    for name, value in lines:
        click.echo(f"  {name.ljust(width)}  {value}")


def _facts(source: Source, state: SourceState, now: datetime) -> dict[str, object]:
    """For scripts: times as RFC 3339, spans in seconds."""
    return {
        "id": source.id,
        "state": state.health.value,
        "asked_at": asked_at(state),
        "former_urls": [{"url": former.url, "until": _rfc3339(former.until)} for former in state.former_urls],
        "moving_to": state.moving_to,
        "moving_seen": state.moving_seen,
        "moved_to": state.moved_to,
        "edit": source.where if state.moved_to is not None else None,
        "last_poll_at": _rfc3339(state.last_poll_at),
        "last_status": state.last_status,
        "last_error": state.last_error,
        "next_poll_at": _rfc3339(state.next_poll_at),
        "next_reason": state.next_reason,
        "wishes": {wish.reason: wish.wait.total_seconds() for wish in state.wishes},
        "skip_hours": list(state.hints.skip_hours) if source.feed_hints else [],
        "skip_days": [DAYS[day] for day in state.hints.skip_days] if source.feed_hints else [],
        "entries_a_day": entries_a_day(state.rhythm, now=now),
        "date_orders": list(state.date_orders),
        "interval": None if state.interval is None else state.interval.total_seconds(),
        "adapted": source.interval is None,
    }


def _lines(source: Source, state: SourceState, now: datetime) -> Iterator[tuple[str, str]]:
    """For people."""
    yield "asked at", asked_at(state)
    for former in state.former_urls:
        yield f"until {_time(former.until)}", former.url
    if state.moving_to is not None:
        yield "perhaps moving to", f"{state.moving_to} (seen {state.moving_seen} times in a row)"
    if state.moved_to is not None:
        yield "to edit", f'url = "{state.moved_to}" at {source.where}'
    if state.last_poll_at is not None:
        answer = state.last_error or f"HTTP {state.last_status}"
        yield "last poll", f"{_time(state.last_poll_at)}: {answer}"
    yield "next poll", "never" if state.next_poll_at is None else _time(state.next_poll_at)
    yield "because of", state.next_reason
    for wish in state.wishes:
        yield f"  {wish.reason}", f"no earlier than {_span(wish.wait)} after the last poll"
    if source.feed_hints and state.hints.skip_hours:
        yield "  skipHours", ", ".join(f"{hour}:00" for hour in state.hints.skip_hours) + " UTC"
    if source.feed_hints and state.hints.skip_days:
        yield "  skipDays", ", ".join(DAYS[day] for day in state.hints.skip_days)
    if state.date_orders:
        yield "dates", f"days of numbers are {' or '.join(state.date_orders)}, as far as they have told"
    rate = entries_a_day(state.rhythm, now=now)
    if rate is not None:
        own = "as configured" if source.interval is not None else "from this rhythm"
        yield "rhythm", f"{rate:.1f} entries a day; our interval is {_span(state.interval)} {own}"


DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def _time(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S UTC")


def _rfc3339(at: datetime | None) -> str | None:
    return None if at is None else at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _span(span: timedelta | None) -> str:
    return "unknown" if span is None else str(timedelta(seconds=round(span.total_seconds())))


COMMANDS = [explain]
