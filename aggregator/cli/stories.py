"""`show`, and `explain` of an entry: a story as stored, and in words why it is as it is."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import click

from aggregator.cli.context import Context, reading_store, time
from aggregator.config import Configuration
from aggregator.daemon import plant
from aggregator.errors import Refused
from aggregator.merge import shown_at, telling
from aggregator.model import AllOf, Dossier, Filed, Output
from aggregator.pipeline import named
from aggregator.search import SourceNames, finds, names_of, resolved, searchable_entry
from aggregator.store import Store

Facts = Iterator[tuple[str, object]]

# Why an entry went to its story, by the rule that is stored with it.
RULES = {
    "new": "nothing stored told the same: it founded a story",
    "url": "a story has the same address, and the texts agree",
    "folded": "a story has the same address but for http, www, mobile or AMP, and the texts agree",
    "text": "a story has the same title and begins with the same words",
    "equal titles": "the titles are equal and the beginnings agree",
    "related titles": "the titles share words and so much of the texts agrees",
    "same text": "the texts agree, whatever the titles say",
    "copied teaser": "it begins as the longer text does",
    "same body": "the bodies agree under another beginning",
    "tiny": "titles and short texts are nearly equal",
    "guid": "another source has told it under the same URI, in the same words",
    "reissued": "its source has told it before at another address",
}
SCORES = {
    "size": "{:g} runs of three words in the shorter text",
    "text": "{:.0%} of them are in the longer text",
    "lead": "{:.0%} of the beginning agree",
    "reach": "{:.0%} of the way is copied",
    "title": "{:.0%} of the titles agree in order",
    "words": "{:.0%} of the shorter title's words are in the longer",
}
GROUPED = {
    "shared": "{:g} telling words are in both titles",
    "told": "{:.0%} of one title is said by the other article",
    "told well": "{:.0%} of the other",
    "leads": "{:.0%} of what the shorter beginning tells is in the other",
}


@click.command()
@click.argument("entry", metavar="ENTRY")
@click.pass_obj
def show(context: Context, entry: str) -> None:
    """Show a story as stored, with every entry that tells it.

    ENTRY is an entry_id, a story_id (also one from before a join) or the entry's address.
    """
    with reading_store(context.load()) as store:
        story, entry_id = named_in(store, entry)
    if context.as_json:
        context.show([_story(story) | {"entries": [_stored(filed) for filed in story.entries]}], [])
        return
    _print(story.story_id, _story(story).items())
    for filed in sorted(story.entries, key=lambda filed: filed.stored.entry_id != entry_id):
        click.echo()
        _print(filed.stored.entry_id, _stored(filed).items())


def explain_entry(context: Context, configuration: Configuration, name: str) -> None:
    """Print the life of an entry: when seen, how read, which story and why, which feeds show it or why none does."""
    with reading_store(configuration) as store:
        story, entry_id = named_in(store, name)
        assert store is not None
        heads = store.heads()
        names = [
            names_of(source, heads[source.id].title if source.id in heads else None)
            for source in configuration.sources
        ]
        seen = [_Seen.of(store, story, output, names) for output in plant(configuration).outputs]
    filed = next(filed for filed in story.entries if filed.stored.entry_id == entry_id)
    grouped: Facts = _grouped(story) if configuration.dedup.groups else iter(())
    facts = [*_life(filed), *_why(story, filed), *grouped, *_shown(configuration, filed, story, seen)]
    if context.as_json:
        context.show([{"id": entry_id} | dict(facts)], [])
    else:
        _print(f"{entry_id}: {filed.stored.entry.title}", facts)


def named_in(store: Store | None, name: str) -> tuple[Dossier, str]:
    """See `named`; `store` is None where nothing has been stored yet."""
    if store is None:
        raise Refused(f"no entry {name}: nothing has been stored yet")
    return named(store, name)


def _print(title: str, facts: object) -> None:
    rows = [(name, value) for name, value in dict(facts).items() if value not in ("", None, (), [])]  # type: ignore[call-overload]
    click.echo(title)
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        lines = [str(one) for one in value] if isinstance(value, list | tuple) else str(value).splitlines()
        for n, line in enumerate(lines):
            click.echo(f"  {(name if n == 0 else '').ljust(width)}  {line}")


# as stored


def _story(story: Dossier) -> dict[str, object]:
    return {
        "story_id": story.story_id,
        "told_by": story.representative,
        "shown_at": time(story.shown_at),
        "published": story.is_settled,
        "aliases": list(story.aliases),
        "marks": [f"{mark.kind} {mark.value}" for mark in story.marks],
        "overrules": _overrules(story),
    }


def _stored(filed: Filed) -> dict[str, object]:
    stored, entry = filed.stored, filed.stored.entry
    return {
        "entry_id": stored.entry_id,
        "source": entry.source_id,
        "guid": entry.guid,
        "url": entry.url,
        "title": entry.title,
        "published_at": time(entry.published_at),
        "updated_at": time(entry.updated_at),
        "first_seen_at": time(stored.first_seen_at),
        "changed_at": time(stored.changed_at),
        "withdrawn_at": time(filed.withdrawn_at),
        "pruned": filed.is_pruned,
        "held": filed.is_held,
        "rule": filed.rule,
        "scores": dict(filed.scores),
        "version": filed.is_version,
        "authors": [author.name or author.email or author.url for author in entry.authors],
        "categories": list(entry.categories),
        "language": entry.language,
        "enclosures": [enclosure.url for enclosure in entry.enclosures],
        "problems": list(entry.problems),
        "summary": entry.summary,
        "content": entry.content,
        "content_text": entry.content_text,
    }


def _overrules(story: Dossier) -> list[str]:
    return [
        f"{time(one.decided_at)}: {one.entry_id} {'is not' if one.apart else 'is'} one story with {one.other_id}"
        for one in story.overrules
    ]


# in words


def _life(filed: Filed) -> Facts:
    stored, entry = filed.stored, filed.stored.entry
    yield "source", entry.source_id
    yield "address", entry.url
    yield "first seen", time(stored.first_seen_at)
    yield "changed", time(stored.changed_at)
    yield "published", time(entry.published_at) or "its publisher does not say, or not so that it can be read"
    yield "updated", time(entry.updated_at)
    shown = shown_at(entry, stored.first_seen_at)
    reason = ""
    if entry.published_at is None:
        reason = ": when first seen, for want of a date"
    elif shown != entry.published_at.replace(microsecond=0):
        reason = ": when first seen, for the date given was in the future then"
    yield "dated", time(shown) + reason
    yield "problems", list(entry.problems)


def _why(story: Dossier, filed: Filed) -> Facts:
    founds = filed.stored.entry_id == story.story_id
    yield "story", story.story_id + (", which it founded" if founds else "")
    yield "because", RULES.get(filed.rule, filed.rule)
    yield "judged by", [SCORES.get(name, name + " {:g}").format(score) for name, score in filed.scores]
    if filed.is_version:
        yield "as", "a later text of the story, not a copy"
    yield (
        "told by",
        [
            f"{other.stored.entry_id} ({other.stored.entry.source_id})"
            for other in story.entries
            if other != filed
        ],
    )
    yield "marks", [f"{mark.kind} {mark.value}" for mark in story.marks]
    yield "also known as", list(story.aliases)
    yield "overruled", _overrules(story)


def _grouped(story: Dossier) -> Facts:
    """Which event the story tells with others, each in an article of its own."""
    grouping = story.grouping
    yield (
        "event",
        story.story_id + ", which it was the first to tell" if grouping is None else grouping.first_id,
    )
    if grouping is not None:
        yield (
            "grouped by",
            [GROUPED.get(name, name + " {:g}").format(score) for name, score in grouping.scores],
        )
    yield "told too in", list(story.related)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """Whether a feed of ours has a story, or its archive, and whether its query finds any entry of it."""

    output: Output
    has: bool
    is_full: bool
    is_archived: bool
    is_found: bool

    @classmethod
    def of(cls, store: Store, story: Dossier, output: Output, names: Sequence[SourceNames]) -> "_Seen":
        found = store.latest(output.limit, sources=output.sources, settled=True, query=output.query)
        is_archived = store.is_archived(output.name, story.story_id)
        has = not is_archived and any(one.story_id == story.story_id for one in found)
        query = AllOf() if output.query is None else resolved(output.query, names)
        is_found = any(
            finds(
                query,
                searchable_entry(filed.stored.entry),
                source_id=filed.stored.entry.source_id,
                shown_at=story.shown_at,
            )
            for filed in story.entries
        )
        return cls(
            output=output,
            has=has,
            is_full=len(found) >= output.limit,
            is_archived=is_archived,
            is_found=is_found,
        )


def _shown(configuration: Configuration, filed: Filed, story: Dossier, feeds: Sequence[_Seen]) -> Facts:
    followed = {source.id for source in configuration.sources}
    hidden = _hidden(filed, followed)
    if hidden:
        yield "not shown", hidden
    elif (teller := _teller(story, followed)) != filed.stored.entry_id:
        yield "shown", f"as a further source of what {teller} tells"
    if all(
        _hidden(one, followed) for one in story.entries
    ):  # the store follows the configuration at the next poll
        feeds = [replace(one, has=False) for one in feeds]
    yield "in feeds", [one.output.name for one in feeds if one.has] or "none"
    yield (
        "in no other",
        [f"{one.output.name}: {_missing(one, story, followed)}" for one in feeds if not one.has],
    )


def _teller(story: Dossier, followed: set[str]) -> str:
    """Return the entry whose text is shown where all sources are; there is one that is not hidden."""
    first = sorted(story.entries, key=lambda filed: filed.stored.entry_id != story.representative)
    return telling([filed.stored for filed in first if not _hidden(filed, followed)]).entry_id


def _hidden(filed: Filed, followed: set[str]) -> str:
    """Return what keeps an entry out of every feed; "" when nothing does."""
    source_id = filed.stored.entry.source_id
    if source_id not in followed:
        return f"its source {source_id} has been removed"
    if filed.withdrawn_at is not None:
        return f"its publisher deleted it at {time(filed.withdrawn_at)}"
    if filed.is_held:
        return f"held back as part of a flood; `aggregator release {source_id}` shows it"
    if filed.is_pruned:
        return "[retention] has let its text go"
    return ""


def _missing(feed: _Seen, story: Dossier, followed: set[str]) -> str:
    telling = [filed for filed in story.entries if not _hidden(filed, followed)]
    wanted = feed.output.sources
    if feed.is_archived and not feed.is_full:
        return "it has left it for its archive"
    if not telling:
        return "nothing that tells the story is shown"
    if wanted is not None and not any(filed.stored.entry.source_id in wanted for filed in telling):
        return "it has none of the sources that tell the story"
    if not feed.is_found:
        return "its query does not find the story"
    if feed.is_full and story.is_settled:
        newer = f"the {feed.output.limit} stories it has are newer"
        return f"{newer}, and it is in the archive" if feed.is_archived else newer
    return "not published yet"


COMMANDS = [show]
