"""[[feed]] tables -> outputs: tags and ids become the sources they mean."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from aggregator.config.documents import Document
from aggregator.config.problems import Problems, did_you_mean, quoted
from aggregator.config.schema import FeedTable
from aggregator.model import Output, Source
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
    written: Sequence[WrittenFeed], sources: Sequence[Source], others: Names | None, problems: Problems
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
    return tuple(
        Output(
            name=table.name,
            title=table.title or table.name,
            sources=_chosen(table, sources),
            query=None if table.query is None else parse_query(table.query),
            limit=table.limit,
        )
        for table in (one.table for one in written)
    )


def _chosen(table: FeedTable, sources: Sequence[Source]) -> tuple[str, ...] | None:
    if not table.tags and not table.sources:
        return None  # its query is asked of all
    return tuple(
        source.id
        for source in sources
        if source.id in table.sources or not set(table.tags).isdisjoint(source.tags)
    )


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
