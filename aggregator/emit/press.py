"""Renders an entry once until it changes, and a document once until anything in it does."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Final
from weakref import WeakValueDictionary

from aggregator.emit.atom import atom, atom_alone, atom_entry
from aggregator.emit.jsonfeed import json_item, jsonfeed
from aggregator.emit.legal import legal, line
from aggregator.emit.pieces import Piece
from aggregator.emit.rss import rss, rss_item
from aggregator.model import Document, MergedEntry, MergedFeed


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class _Rendered:
    """An entry fit to be shown, and what it looks like in each format."""

    entry: MergedEntry
    atom: Piece
    rss: Piece
    json: str


@dataclass(frozen=True, slots=True)
class _Emitted:
    """A feed as last emitted; it holds what its entries look like, so that other feeds find it."""

    feed: MergedFeed
    rendered: tuple[_Rendered, ...]
    documents: tuple[Document, ...]


FORMATS: Final[Mapping[str, Callable[[MergedFeed, tuple[_Rendered, ...]], Document]]] = {
    "atom": lambda feed, entries: atom(feed, [one.atom for one in entries]),
    "rss": lambda feed, entries: rss(feed, [one.rss for one in entries]),
    "json": lambda feed, entries: jsonfeed(feed, [one.json for one in entries]),
}  # by the extension of their addresses


class Press:
    """For one caller at a time. Of every feed the last emission is kept, until `keep` leaves it out."""

    def __init__(self) -> None:
        self._rendered: WeakValueDictionary[tuple[MergedEntry, str], _Rendered] = WeakValueDictionary()
        self._emitted: dict[str, _Emitted] = {}

    def keep(self, paths: Collection[str]) -> None:
        """Forget the feeds that are not among these."""
        self._emitted = {path: one for path, one in self._emitted.items() if path in paths}

    def emit(self, feed: MergedFeed) -> tuple[Document, ...]:
        """Return the feed in each of its formats, with the same entries in each."""
        last = self._emitted.get(feed.path)
        if last is not None and last.feed == feed:
            return last.documents
        rendered = tuple(self._render(entry, feed.home_url) for entry in feed.entries)
        said = replace(feed, title=line(feed.title), entries=tuple(one.entry for one in rendered))
        documents = tuple(FORMATS[name](said, rendered) for name in feed.formats)
        self._emitted[feed.path] = _Emitted(feed, rendered, documents)
        return documents

    def archived(self, entry: MergedEntry, home_url: str) -> bytes:
        """Return an entry as an archive keeps it: an atom:entry that needs no declaration around it."""
        made = self._rendered.get((entry, home_url))
        return atom_alone(atom_entry(legal(entry)) if made is None else made.atom)

    def _render(self, entry: MergedEntry, home_url: str) -> _Rendered:
        made = self._rendered.get((entry, home_url))
        if made is None:
            said = legal(entry)
            made = _Rendered(said, atom_entry(said), rss_item(said), json_item(said, home_url))
            self._rendered[entry, home_url] = made
        return made
