"""What an entry is found by, and whether a query finds it: the judge of what an index has to find."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from aggregator.model import AllOf, Among, AnyOf, Entry, Field, Not, Phrase, Query, Since, Source
from aggregator.search.folding import words_of

TEXT_LENGTH = 200_000  # characters of a text that are searched
BETWEEN = "\ue002"  # stands between two names, so that no phrase reaches from one into the next

_EVERYWHERE = (Field.TITLE, Field.TEXT, Field.AUTHOR, Field.TAG)


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryWords:
    """The words of an entry, by field; `tag` are its categories."""

    title: tuple[str, ...]
    text: tuple[str, ...]
    author: tuple[str, ...]
    tag: tuple[str, ...]
    url: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceNames:
    """What a source is found by."""

    id: str
    title: str | None  # as configured, else as its feed says
    tags: tuple[str, ...]


def searchable(
    *,
    title: str,
    text: str,
    authors: Sequence[str | None],
    categories: Sequence[str],
    url: str | None,
) -> EntryWords:
    """Return the words of an entry with these facts."""
    return EntryWords(
        title=tuple(words_of(title)),
        text=tuple(words_of(text[:TEXT_LENGTH])),
        author=_listed([author for author in authors if author]),
        tag=_listed(categories),
        url=tuple(words_of(url or "")),
    )


def searchable_entry(entry: Entry) -> EntryWords:
    """Return the words of `entry`."""
    return searchable(
        title=entry.title,
        text=entry.content_text,
        authors=[author.name for author in entry.authors],
        categories=entry.categories,
        url=entry.url,
    )


def _listed(texts: Sequence[str]) -> tuple[str, ...]:
    words: list[str] = []
    for text in texts:
        words += [*words_of(text), BETWEEN]
    return tuple(words[:-1])


def names_of(source: Source, head_title: str | None) -> SourceNames:
    """Return what a source is found by; `head_title` is what its feed calls itself."""
    return SourceNames(id=source.id, title=source.title or head_title, tags=source.tags)


def resolved(query: Query, sources: Sequence[SourceNames]) -> Query:
    """Return the query with the sources that `source:` and `tag:` mean."""
    match query:
        case Phrase(field=Field.SOURCE):
            return Among(frozenset(one.id for one in sources if _is_named(one, query)))
        case Phrase(field=Field.TAG):
            tags = {tag for tag in {tag for one in sources for tag in one.tags} if _has(_words(tag), query)}
            tagged = (
                frozenset(one.id for one in sources if not tags.isdisjoint(one.tags)) if tags else frozenset()
            )
            return AnyOf((query, Among(tagged))) if tagged else query
        case AllOf(parts) | AnyOf(parts):
            return type(query)(tuple(resolved(part, sources) for part in parts))
        case Not(part):
            return Not(resolved(part, sources))
    return query


def _is_named(source: SourceNames, phrase: Phrase) -> bool:
    return _has(_words(source.id), phrase) or _has(_words(source.title or ""), phrase)


@lru_cache(maxsize=200_000)
def _words(name: str) -> tuple[str, ...]:
    return tuple(words_of(name))


def finds(query: Query, words: EntryWords, *, source_id: str, shown_at: datetime) -> bool:
    """Return whether a query finds an entry that is shown with that date; `query` is `resolved`."""

    def holds(part: Query) -> bool:
        match part:
            case AllOf(parts):
                found = all(map(holds, parts))
            case AnyOf(parts):
                found = any(map(holds, parts))
            case Not(part):
                found = not holds(part)
            case Among(sources):
                found = source_id in sources
            case Since(day=day):
                found = shown_at.date() >= day
            case Phrase():
                fields = _EVERYWHERE if part.field is None else (part.field,)
                found = any(_has(getattr(words, field), part) for field in fields)
        return found

    return holds(query)


def _has(words: Sequence[str], phrase: Phrase) -> bool:
    """Whether the words of a phrase stand one after the other among `words`."""
    *before, last = phrase.words
    size = len(phrase.words)
    return any(
        list(words[n : n + size - 1]) == before
        and (words[n + size - 1].startswith(last) if phrase.is_prefix else words[n + size - 1] == last)
        for n in range(len(words) - size + 1)
    )
