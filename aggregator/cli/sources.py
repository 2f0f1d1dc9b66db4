"""`list`, `status`, `add`, `remove`, `pause`, `resume`: the sources and how they are."""

import time
from datetime import UTC, datetime, timedelta

import click

from aggregator.cli.context import Context, reading_store, source_ids
from aggregator.cli.following import REMOVED, edit, followed
from aggregator.config import Configuration, NewSource, add_sources, pause_source, remove_source
from aggregator.health import advice, remarks
from aggregator.model import Source, SourceState, State

RATE_SPAN = timedelta(days=7)  # over which entries a day are counted
WATCH_SECONDS = 2.0


@click.command("list")
@click.pass_obj
def list_sources(context: Context) -> None:
    """List the configured sources."""
    configuration = context.load()
    states = _states(configuration)
    rows: list[dict[str, object]] = [
        {
            "id": source.id,
            "state": state.health.value,
            "title": source.title or state.head.title,
            "url": source.url,
            "tags": ", ".join(source.tags),
        }
        for source, state, _ in states
    ]
    context.show(rows, ["id", "state", "title", "url", "tags"])


@click.command()
@click.option("--watch", is_flag=True, help="Show it again every two seconds, until Ctrl-C.")
@click.pass_obj
def status(context: Context, watch: bool) -> None:
    """Show how each source is, when it is polled next and why, and what to do about failures."""
    configuration = context.load()
    while True:
        rows = [_health(source, state, entries) for source, state, entries in _states(configuration)]
        if watch:
            click.clear()
        context.show(rows, list(rows[0]) if context.as_json and rows else list(_COLUMNS))
        for row in rows:
            if row["advice"] and not context.as_json:
                click.echo(f"\n{row['id']}: {_why(row)}\n  {row['advice']}")
        if not watch:
            return
        time.sleep(WATCH_SECONDS)


def _why(row: dict[str, object]) -> object:
    """What is wrong with a source that there is advice for."""
    problems = row["problems"]
    silence = problems[0] if row["state"] == State.STALE and isinstance(problems, list) and problems else ""
    return row["last_error"] or silence or row["state"]


_COLUMNS = ("id", "state", "last_success", "next_poll", "because", "interval", "per_day", "failures")


def _states(configuration: Configuration) -> list[tuple[Source, SourceState, int]]:
    """Each source with its state and its entries in the last `RATE_SPAN`."""
    with reading_store(configuration) as store:
        known = {} if store is None else {state.source_id: state for state in store.states()}
        counts = {} if store is None else store.counts(since=datetime.now(UTC) - RATE_SPAN)
    return [
        (
            source,
            known.get(source.id, SourceState(source_id=source.id, url=source.url)),
            counts.get(source.id, 0),
        )
        for source in configuration.sources
    ]


def _health(source: Source, state: SourceState, entries: int) -> dict[str, object]:
    return {
        "id": source.id,
        "state": state.health.value,
        "last_success": _time(state.last_success_at),
        "next_poll": "" if state.paused_at else _time(state.next_poll_at),
        "because": "paused" if state.paused_at else state.next_reason,
        "wishes": {wish.reason: round(wish.wait.total_seconds()) for wish in state.wishes},
        "interval": "" if state.interval is None else str(state.interval).partition(".")[0],
        "per_day": round(entries / RATE_SPAN.days, 1),
        "failures": state.failures,
        "last_status": state.last_status,
        "last_error": state.last_error,
        "moved_to": state.moved_to,
        "former_urls": [former.url for former in state.former_urls],
        "problems": list(remarks(state)),
        "held": state.held,
        "advice": advice(source, state),
    }


def _time(at: datetime | None) -> str:
    return "" if at is None else at.strftime("%Y-%m-%dT%H:%M:%SZ")


@click.command()
@click.argument("urls", nargs=-1, required=True, metavar="URL...")
@click.pass_obj
def add(context: Context, urls: tuple[str, ...]) -> None:
    """Follow feeds: append them to the sources file. A running daemon takes them up by itself."""
    before = context.load()
    known = {source.url for source in before.sources}
    new = [NewSource(url=url) for url in dict.fromkeys(urls) if url not in known]
    path = add_sources(context.config, new) if new else None
    after = context.load() if new else before
    if context.as_json:
        context.show(followed(dict.fromkeys(urls), before, after, path), [])
        return
    for url in sorted(set(urls) & known):
        click.echo(f"{url} is followed already", err=True)
    if new:
        added = len(after.sources) - len(before.sources)  # other spellings of an address are no news
        click.echo(f"{path}: {added} added")


@click.command()
@click.argument("source_id", metavar="ID", shell_complete=source_ids)
@click.pass_obj
def remove(context: Context, source_id: str) -> None:
    """Follow a source no more: take its table out of the sources file.

    Its entries leave the merged feed; they stay stored until retention lets them go.
    """
    configuration = context.load()
    urls = {source.id: source.url for source in configuration.sources}
    if source_id not in urls:
        raise click.UsageError(f"no source {source_id} in {context.config}; `list` shows all")
    path = remove_source(configuration, source_id)
    if context.as_json:
        context.show([edit(urls[source_id], source_id, REMOVED, path)], [])
    else:
        click.echo(f"{path}: {source_id} removed")


@click.command()
@click.argument("source_id", metavar="ID", shell_complete=source_ids)
@click.pass_obj
def pause(context: Context, source_id: str) -> None:
    """Poll a source no more for now: `paused = true` in the sources file. Its entries stay in the feeds."""
    _pause(context, source_id, paused=True)


@click.command()
@click.argument("source_id", metavar="ID", shell_complete=source_ids)
@click.pass_obj
def resume(context: Context, source_id: str) -> None:
    """Poll a paused source again, at once if it is due."""
    _pause(context, source_id, paused=False)


def _pause(context: Context, source_id: str, *, paused: bool) -> None:
    configuration = context.load()
    known = {source.id: source for source in configuration.sources}
    if source_id not in known:
        raise click.UsageError(f"no source {source_id} in {context.config}; `list` shows all")
    path = pause_source(configuration, source_id, paused=paused)
    was = " already" if known[source_id].paused == paused else ""
    click.echo(f"{path}: {source_id} is {'paused' if paused else 'polled'}{was}")


COMMANDS = [list_sources, status, add, remove, pause, resume]
