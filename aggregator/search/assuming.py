"""Queries made simpler by what is known of all entries looked at.

An index in the order of dates has no use for dates in the middle of a query. Between two days that a query names each
of its dates is either true or false, so that there the query is one of words alone.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from aggregator.model import AllOf, Among, AnyOf, Not, Phrase, Query, Since

EVERYTHING = AllOf()
NOTHING = AnyOf()

# Whether a leaf of a query is true of all entries looked at, or of none; None = of some.
Known = Callable[[Phrase | Since | Among], bool | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """What a query asks of the entries from one day to before another."""

    since: date | None
    before: date | None
    query: Query  # without dates


def periods(query: Query) -> Iterator[Period]:
    """Yield the periods in which a query may find anything, the latest first."""
    ends: list[date | None] = [None, *sorted(set(_days(query)), reverse=True), None]
    for before, since in pairwise(ends):
        held = assuming(query, lambda leaf, since=since: _holds(leaf, since))  # type: ignore[misc]
        if held != NOTHING:
            yield Period(since=since, before=before, query=held)


def _holds(leaf: Phrase | Since | Among, since: date | None) -> bool | None:
    if isinstance(leaf, Since):
        return since is not None and leaf.day <= since
    return None


def _days(query: Query) -> Iterator[date]:
    yield from (leaf.day for leaf in leaves(query) if isinstance(leaf, Since))


def leaves(query: Query) -> Iterator[Phrase | Since | Among]:
    """Yield what a query is made of, from left to right."""
    match query:
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from leaves(part)
        case Not(part):
            yield from leaves(part)
        case _:
            yield query


def assuming(query: Query, known: Known) -> Query:
    """Return what is left of a query; EVERYTHING or NOTHING when that decides it."""
    match query:
        case Not(part):
            rest = assuming(part, known)
            return NOTHING if rest == EVERYTHING else EVERYTHING if rest == NOTHING else Not(rest)
        case AllOf(parts):
            return _left([assuming(part, known) for part in parts], EVERYTHING, NOTHING)
        case AnyOf(parts):
            return _left([assuming(part, known) for part in parts], NOTHING, EVERYTHING)
    truth = known(query)
    return query if truth is None else EVERYTHING if truth else NOTHING


def _left(parts: list[Query], idle: AllOf | AnyOf, deciding: AllOf | AnyOf) -> Query:
    """Return parts without those that change nothing."""
    if deciding in parts:
        return deciding
    rest = tuple(part for part in parts if part != idle)
    return rest[0] if len(rest) == 1 else type(idle)(rest)
