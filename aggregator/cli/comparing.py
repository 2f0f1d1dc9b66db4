"""`diff`: what changed between the versions of an entry."""

import difflib
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise

import click

from aggregator.cli.context import Context, reading_store
from aggregator.model import Entry, Version


@click.command("diff")
@click.argument("entry", metavar="ENTRY")
@click.pass_obj
def diff_entry(context: Context, entry: str) -> None:
    """Show what changed between the versions of an entry that are kept.

    ENTRY is the id of an entry as our feeds have it. An edit that is marked trivial (white space, counters, tokens
    in addresses) was kept and never shown: it is compared with the version that stayed.
    """
    versions = _versions(context, entry)
    changes = list(_changes(versions))
    if context.as_json:
        context.show([_row(version, told) for version, told in changes], [])
        return
    click.echo(f"versions of {entry}: {len(versions)}, the first of {_time(versions[0].seen_at)}")
    for version, told in changes:
        click.echo()
        click.echo(
            f"{_time(version.seen_at)}  {version.entry.digest}{'' if version.is_shown else '  trivial'}"
        )
        for line in told or ["(nothing that is text)"]:
            click.secho(line, fg=COLOURS.get(line[:1]))


COLOURS = {"+": "green", "-": "red", "@": "cyan"}
CONTEXT_LINES = 2


def _versions(context: Context, entry: str) -> Sequence[Version]:
    """Return the versions of the entry with that id, else of the one whose story has or had it."""
    configuration = context.load()
    with reading_store(configuration) as store:
        versions: Sequence[Version] = ()
        if store is not None:
            versions = store.revisions(entry) or store.revisions(store.resolve(entry) or entry)
    if not versions:
        raise click.ClickException(
            f"no versions of {entry}: no such entry is stored, or retention has let its text go"
        )
    return versions


def _changes(versions: Sequence[Version]) -> Iterator[tuple[Version, list[str]]]:
    """Yield every version but the first, with how it differs from the one that was shown before it."""
    shown = versions[0]
    for _, version in pairwise(versions):
        yield version, _difference(shown, version)
        if version.is_shown:
            shown = version


def _difference(old: Version, new: Version) -> list[str]:
    written = difflib.unified_diff(
        list(_lines(old.entry)),
        list(_lines(new.entry)),
        fromfile=_time(old.seen_at),
        tofile=_time(new.seen_at),
        lineterm="",
        n=CONTEXT_LINES,
    )
    return list(written)


def _lines(entry: Entry) -> Iterator[str]:
    """An entry as text: what a reader would notice, one thing a line."""
    yield f"title: {entry.title}"
    yield f"link: {entry.url or ''}"
    yield f"published: {_time(entry.published_at)}"
    yield f"updated: {_time(entry.updated_at)}"
    yield f"authors: {', '.join(person.name or person.email or person.url or '' for person in entry.authors)}"
    yield f"categories: {', '.join(entry.categories)}"
    yield from (f"enclosure: {enclosure.url}" for enclosure in entry.enclosures)
    yield ""
    yield from entry.content_text.split("\n")


def _row(version: Version, told: Sequence[str]) -> dict[str, object]:
    return {
        "seen_at": _time(version.seen_at),
        "digest": version.entry.digest,
        "trivial": not version.is_shown,
        "title": version.entry.title,
        "published": _time(version.entry.published_at),
        "updated": _time(version.entry.updated_at),
        "diff": list(told),
    }


def _time(at: datetime | None) -> str:
    return "" if at is None else at.strftime("%Y-%m-%dT%H:%M:%SZ")


COMMANDS = [diff_entry]
