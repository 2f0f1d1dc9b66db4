"""`diff`: what changed between the versions of an entry."""

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime
from itertools import pairwise

import click

from aggregator.cli.context import Context, reading_store
from aggregator.cli.stories import named_in
from aggregator.errors import Refused
from aggregator.html import lines, plain_text
from aggregator.model import Entry, Version


@click.command("diff")
@click.argument("entry", metavar="ENTRY")
@click.pass_obj
def diff_entry(context: Context, entry: str) -> None:
    """Show what changed between the versions of an entry that are kept: words, links, enclosures, all it carries.

    ENTRY is an entry_id, a story_id (also one from before a join) or the entry's address. An edit that is marked
    trivial (white space, counters, tokens in addresses) was kept and never shown: it is compared with the version
    that stayed.
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
        for line in told or ["(nothing that is shown)"]:
            click.secho(line, fg=COLOURS.get(line[:1]))


COLOURS = {"+": "green", "-": "red", "@": "cyan"}
CONTEXT_LINES = 2


def _versions(context: Context, name: str) -> Sequence[Version]:
    """Return the versions of the entry that `name` means."""
    with reading_store(context.load()) as store:
        _, entry_id = named_in(store, name)
        assert store is not None
        versions: Sequence[Version] = store.revisions(entry_id)
    if not versions:
        raise Refused(f"no versions of {name}: retention has let its text go")
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
    """An entry as text: all that is shown of it, one thing a line."""
    yield f"title: {entry.title}"
    yield f"link: {entry.url or ''}"
    yield f"published: {_time(entry.published_at)}"
    yield f"updated: {_time(entry.updated_at)}"
    yield from _facts("author", entry.authors)
    yield from _facts("language", entry.language)
    yield from _facts("category", entry.categories)
    yield from _facts("enclosure", entry.enclosures)
    for one in fields(entry.extras):
        yield from _facts(one.name, getattr(entry.extras, one.name))
    if entry.content:
        yield from _facts("summary", tuple(plain_text(entry.summary).splitlines()))
    yield ""
    yield from entry.content_text.split("\n")
    for line in (line for body in (entry.summary, entry.content) for line in lines(body)):
        yield from _facts("link in the text", tuple(line.links))
        yield from _facts("picture or recording in the text", tuple(line.media))


def _facts(name: str, said: object) -> Iterator[str]:
    """Yield a line for each thing that a noun says, and for each of several nouns; none for what is not said."""
    if is_dataclass(said):
        for one in fields(said):
            yield from _facts(f"{name} {one.name}", getattr(said, one.name))
    elif isinstance(said, tuple):
        yield from (f"{name}: {_in_one_line(one)}" for one in said)
    elif said is not None and said != "":
        yield f"{name}: {said}"


def _in_one_line(said: object) -> str:
    if not is_dataclass(said):
        return str(said)
    told = ((one.name, getattr(said, one.name)) for one in fields(said))
    return ", ".join(f"{name} {value}" for name, value in told if value is not None)


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
