"""What a query finds in the SQLite engine's full-text index: the newest first, looked for no longer than needed."""

import heapq
import json
import sqlite3
from collections.abc import Iterator, Sequence
from functools import lru_cache

from sqlite_utils import Database

from aggregator.model import AllOf, Among, Field, Phrase, Query, Since, Sorting
from aggregator.search import NOTHING, Period, SourceNames, assuming, leaves, periods, resolved
from aggregator.store.fulltext import MINUTE_BITS, expression, first_row
from aggregator.store.latest import ORDERS, SHOWN_STORY
from aggregator.store.rows import SHOWABLE

TOKENS_MOST = 200  # sources that FTS5 is asked for by name; more are looked at row by row
LAST_ROW = (1 << 63) - 1

# CROSS JOIN keeps the order: FTS5's rows come newest first, and end when enough are found.
_MATCHING = f"""
    SELECT w.rowid AS doc, s.key AS story FROM search_words w
    CROSS JOIN searchable d ON d.doc = w.rowid
    CROSS JOIN entries e ON e.key = d.entry
    CROSS JOIN sources c ON c.id = e.source_id
    CROSS JOIN stories s ON s.key = e.story
    WHERE w.search_words MATCH :words AND w.rowid >= :first AND w.rowid < :end AND c.configured
        AND (:among IS NULL OR e.source_id IN (SELECT value FROM json_each(:among)))
        AND s.settled >= :settled AND {SHOWABLE}
    ORDER BY w.rowid DESC
"""  # noqa: S608 - our own names of columns
_STORIES = {
    sorting: f"""
        SELECT {SHOWN_STORY} FROM stories s JOIN entries r ON r.key = s.representative
        WHERE s.key IN (SELECT value FROM json_each(?)) ORDER BY {order} LIMIT ?
    """  # noqa: S608 - our own names of columns
    for sorting, order in ORDERS.items()
}


def found(
    db: Database,
    query: Query,
    limit: int,
    sources: Sequence[str] | None,
    *,
    settled: bool,
    sorting: Sorting,
) -> list[sqlite3.Row]:
    """Return the newest stories that `query` finds in what `sources` say, as rows of `SHOWN_STORY`.

    The index has the order of the dates shown: for another one all that matches is looked at.
    """
    whole = query if sources is None else AllOf((query, Among(frozenset(sources))))
    configured = frozenset[str]()
    if any(_is_of_sources(leaf) for leaf in leaves(whole)):
        names = list(_names(db))
        configured = frozenset(name.id for name in names)
        whole = _without_idle(resolved(whole, names), configured)
    stories: set[int] = set()
    last = None  # the minute in which there were enough: its others are as new
    for period in periods(whole):
        for row in _matching(db, period, configured, settled=settled):
            minute = row["doc"] >> MINUTE_BITS
            if last is not None and minute < last:
                break
            stories.add(row["story"])
            if last is None and len(stories) >= limit and sorting is Sorting.PUBLISHED:
                last = minute
        if last is not None:
            break
    newest: list[sqlite3.Row] = db.execute(_STORIES[sorting], [json.dumps([*stories]), limit]).fetchall()
    return newest


def _is_of_sources(leaf: Phrase | Since | Among) -> bool:
    return isinstance(leaf, Among) or (isinstance(leaf, Phrase) and leaf.field in {Field.SOURCE, Field.TAG})


def _names(db: Database) -> Iterator[SourceNames]:
    for row in db.execute(
        "SELECT id, coalesce(title, json_extract(head, '$.title')) AS title, tags FROM sources WHERE configured"
    ):
        yield SourceNames(id=row["id"], title=row["title"], tags=_tags(row["tags"]))


@lru_cache(maxsize=10_000)  # sources share them
def _tags(text: str) -> tuple[str, ...]:
    return tuple(json.loads(text))


def _without_idle(query: Query, configured: frozenset[str]) -> Query:
    """Return a query without the sources that are all there are, or none of them."""

    def known(leaf: Phrase | Since | Among) -> bool | None:
        if not isinstance(leaf, Among):
            return None
        return True if leaf.sources >= configured else False if leaf.sources.isdisjoint(configured) else None

    return assuming(query, known)


def _matching(
    db: Database, period: Period, configured: frozenset[str], *, settled: bool
) -> Iterator[sqlite3.Row]:
    """Yield what matches in a period, the newest first."""
    values = {
        "first": 0 if period.since is None else first_row(period.since),
        "end": LAST_ROW if period.before is None else first_row(period.before),
        "settled": settled,
    }
    streams = []
    for query, among in _parts(period.query, configured):
        if among is not None and len(among) <= TOKENS_MOST:
            query, among = AllOf((query, Among(among))), None  # noqa: PLW2901
        asked = {"words": expression(query), "among": None if among is None else json.dumps(sorted(among))}
        streams.append(db.execute(_MATCHING, values | asked))
    return heapq.merge(*streams, key=lambda row: -row["doc"])


def _parts(query: Query, configured: frozenset[str]) -> Iterator[tuple[Query, frozenset[str] | None]]:
    """Yield what a query asks of the entries of which sources; None = of all.

    Of many sources FTS5 cannot be asked by name. Each such set of sources is either true or false of a source, which
    parts the sources into some within each of which the query is one of words alone.
    """
    cells: dict[Query, frozenset[str] | None] = {query: None}
    for leaf in dict.fromkeys(leaves(query)):
        if isinstance(leaf, Among) and len(leaf.sources) > TOKENS_MOST:
            cells = _parted(cells, leaf, configured)
    yield from cells.items()


def _parted(
    cells: dict[Query, frozenset[str] | None], leaf: Among, configured: frozenset[str]
) -> dict[Query, frozenset[str] | None]:
    parted: dict[Query, frozenset[str] | None] = {}
    for query, cell in cells.items():
        whole = configured if cell is None else cell
        for truth, among in ((True, whole & leaf.sources), (False, whole - leaf.sources)):
            rest = assuming(query, lambda one, truth=truth: truth if one == leaf else None)  # type: ignore[misc]
            if among and rest != NOTHING:
                parted[rest] = among | (parted.get(rest) or frozenset())
    return parted
