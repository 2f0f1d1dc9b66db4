"""[[feed]] tables -> outputs: tags and ids become the sources they mean."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from aggregator.config import secret
from aggregator.config.documents import Document, located
from aggregator.config.problems import Problems, did_you_mean, quoted
from aggregator.config.schema import FeedTable
from aggregator.config.sources import as_rule
from aggregator.model import Extent, Output, Sorting, Source
from aggregator.search import parse_query


@dataclass(frozen=True, slots=True)
class WrittenFeed:
    """A [[feed]] that is right in itself, and where it stands."""

    table: FeedTable
    document: Document
    index: int  # among the [[feed]] tables of its file


@dataclass(frozen=True, slots=True)
class Names:
    """What a [[feed]] may name beyond the sources that are right: those with mistakes of their own."""

    ids: frozenset[str]
    tags: frozenset[str]


def outputs(
    written: Sequence[WrittenFeed],
    sources: Sequence[Source],
    others: Names | None,
    environ: Mapping[str, str],
    problems: Problems,
) -> tuple[Output, ...]:
    """Return the outputs in their order.

    `others` is None when not every source is known, because a file cannot be read or a source is
    wrong and has no id: then nothing is said about names that seem unknown.
    """
    ids = frozenset(source.id for source in sources)
    tags = frozenset(tag for source in sources for tag in source.tags)
    taken: dict[str, WrittenFeed] = {}
    for one in written:
        other = taken.setdefault(one.table.name, one)
        if other is not one:
            place = one.document.value(("feed", one.index, "name"))
            first = other.document.key(("feed", other.index)).line_only
            problems.error(place, f"the name {quoted(one.table.name)} is taken by the feed at {first}")
        if others is not None:
            _refuse_unknown(one, "tags", one.table.tags, tags | others.tags, problems)
            _refuse_unknown(one, "sources", one.table.sources, ids | others.ids, problems)
    return tuple(_output(one, sources, environ, problems) for one in written)


def _output(
    one: WrittenFeed, sources: Sequence[Source], environ: Mapping[str, str], problems: Problems
) -> Output:
    table = one.table
    return Output(
        name=table.name,
        title=table.title or table.name,
        sources=_members(table, sources),
        query=None if table.query is None else parse_query(table.query),
        limit=table.limit,
        rules=tuple(as_rule(rule) for rule in table.rules),
        sorting=Sorting(table.order),
        per_source=table.per_source or None,
        content=Extent(table.content),
        formats=tuple(dict.fromkeys(table.formats)),
        tokens=_tokens(one, environ, problems),
    )


def _members(table: FeedTable, sources: Sequence[Source]) -> tuple[str, ...] | None:
    """Return the sources of a feed; None, which is all, when it names none."""
    if not table.tags and not table.sources:
        return None
    return tuple(
        source.id
        for source in sources
        if source.id in table.sources or not set(table.tags).isdisjoint(source.tags)
    )


def _tokens(one: WrittenFeed, environ: Mapping[str, str], problems: Problems) -> tuple[str, ...]:
    """Return the secrets of a feed: several, so that one can be taken back, or replaced at leisure."""
    if not one.table.token_file:
        return ()
    path = located(one.table.token_file, one.document.path.parent, environ)
    place = one.document.value(("feed", one.index, "token_file"))
    return secret.lines_of_file(path, place, problems)


def _refuse_unknown(
    one: WrittenFeed, key: str, names: Iterable[str], known: frozenset[str], problems: Problems
) -> None:
    for number, name in enumerate(names):
        if name not in known:
            place = one.document.value(("feed", one.index, key, number))
            what = "no source has the tag" if key == "tags" else "there is no source"
            problems.error(
                place, f"{key} in [[feed]]: {what} {quoted(name)}{did_you_mean(name, sorted(known))}"
            )
