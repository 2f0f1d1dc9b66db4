"""One publication, step by step."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeAlias

from aggregator import public
from aggregator.emit import Press, emit_opml
from aggregator.merge import EMPTY_AT, is_same_text, lasting, merge
from aggregator.model import (
    ArchiveLength,
    Document,
    Emitted,
    FeedHead,
    MergedFeed,
    Output,
    Publication,
    Source,
    Story,
)
from aggregator.pipeline.filing import Filing, stays
from aggregator.pipeline.indexing import index_news
from aggregator.pipeline.plant import Plant
from aggregator.store.protocol import Store

MERGED = "feed"  # path of the feed of everything
LOOKED_AT_MOST = 10_000  # stories, for a feed that leaves many out
MORE = 4  # times as many stories are looked at when there were too few

Sources: TypeAlias = Mapping[str, tuple[Source, FeedHead]]


def configured(plant: Plant, store: Store) -> Sources:
    """Return the sources that are shown, with what their feeds say of themselves."""
    heads = store.heads()
    return {source.id: (source, heads[source.id]) for source in plant.sources.values() if source.id in heads}


def merged(
    plant: Plant,
    store: Store,
    output: Output,
    sources: Sources,
    find: Callable[[int], Sequence[Story]] | None = None,
    *,
    within: timedelta | None = None,
) -> MergedFeed:
    """Return what an output shows now: stories whose ids are final; of those that `find` finds, if given.

    Raises `QueryError` when a search takes longer than `within`.

    Rules and limits leave stories out, so that more of them are looked at until there are enough, at most
    `LOOKED_AT_MOST`.
    """
    looked_at = output.limit
    while True:
        stories = (
            store.latest(
                looked_at,
                sources=output.sources,
                settled=True,
                query=output.query,
                within=within,
                sorting=output.sorting,
            )
            if find is None
            else find(looked_at)
        )
        feed = merge(
            [story for story in stories if stays(output, story)],
            path=output.name,
            title=output.title,
            public_url=plant.public_url,
            sources=sources,
            limit=output.limit,
            only=output.sources,
            sorting=output.sorting,
            per_source=output.per_source,
            content=output.content,
            groups=plant.window.group is not None,
        )
        if len(feed.entries) >= output.limit or len(stories) < looked_at or looked_at >= LOOKED_AT_MOST:
            return replace(feed, formats=output.formats)
        looked_at = min(looked_at * MORE, LOOKED_AT_MOST)


def _dated(merged: MergedFeed, store: Store, now: datetime) -> MergedFeed:
    """Let the dates of a feed follow those it has had, and keep what it has now."""
    before = store.emitted(merged.path, [entry.id for entry in merged.entries])
    feed = lasting(merged, before, now=now)
    after = {entry.id: Emitted(told=entry.told, updated_at=entry.updated_at) for entry in feed.entries}
    changed = {story_id: one for story_id, one in after.items() if before.get(story_id) != one}
    if changed:
        store.keep_emitted(merged.path, changed)
    return feed


def dated_as_before(feed: MergedFeed, store: Store) -> MergedFeed:
    """Give what the merged feed shows too the dates it has there."""
    before = store.emitted(MERGED, [entry.id for entry in feed.entries])
    told = {entry.id: entry.told for entry in feed.entries}
    same = {story_id: one for story_id, one in before.items() if is_same_text(one.told, told[story_id])}
    return lasting(feed, same, now=EMPTY_AT)  # a time that nothing is told anew at


@dataclass(frozen=True, slots=True)
class _Made:
    """A feed, and what it was made of besides the stories that its output has."""

    output: Output
    plant: Plant
    sources: Sources
    feed: MergedFeed

    def holds(self, output: Output, plant: Plant, sources: Sources) -> bool:
        same = self.plant is plant or (self.plant.public_url, self.plant.window) == (
            plant.public_url,
            plant.window,
        )
        return same and (self.output, self.sources) == (output, sources)


class Publisher:
    """Makes feeds of what is stored and writes them below `directory`. For one caller at a time.

    What has not changed since the last time is neither read, merged, rendered nor written again.
    """

    def __init__(self, store: Store, directory: Path) -> None:
        self._store = store
        self._directory = directory
        self._press = Press()
        self._filing = Filing(store, self._press, directory)
        self._made: dict[str, _Made] = {}
        self._changed: set[str] = set()  # names of the feeds that are to be made anew
        self._last = Publication()

    def publish(self, plant: Plant, *, now: datetime) -> Publication:
        """Merge, emit and write every feed; the ids and dates in them are final from here on."""
        self._store.settle()
        if any(output.query is not None for output in plant.outputs):
            index_news(self._store)
        sources, made, _ = self._advance(plant, now)
        lengths = self._store.archive_lengths()
        self._filing.write(plant, lengths)
        feeds = []
        for output, feed in zip(plant.outputs, made, strict=True):
            page = self._filing.newest(output.name, lengths.get(output.name, ArchiveLength()))
            feeds.append(
                replace(
                    feed,
                    archive_url=f"{plant.public_url}/{page}" if page else None,
                    removals=self._store.removals(output, since=now - plant.tombstones),
                )
            )
        self._press.keep({feed.path for feed in feeds})
        documents: list[Document] = []
        private: list[Document] = []
        for output, feed in zip(plant.outputs, feeds, strict=True):
            (private if output.tokens else documents).extend(self._press.emit(feed))
        followed = [
            pair for pair in sources.values() if not pair[0].url.startswith("file:")
        ]  # for others to follow
        documents.append(emit_opml(plant.title, followed))
        before = self._last.published
        published = public.write(documents, self._directory, before=before)
        published |= public.write(
            private, self._directory.parent / public.PRIVATE, before=before, mode=public.PRIVATE_MODE
        )
        self._last = Publication(published=published, feeds=tuple(feeds))
        return self._last

    def file_older(self, plant: Plant, *, now: datetime) -> bool:
        """File some of what feeds have from before; return whether there may be more.

        For a new feed over a large store, off the path of what is new: a publication tells of it afterwards.
        """
        _, _, more = self._advance(plant, now)
        unwritten = self._filing.write(plant, self._store.archive_lengths())
        return more or unwritten

    def _advance(self, plant: Plant, now: datetime) -> tuple[Sources, tuple[MergedFeed, ...], bool]:
        """Make the feeds that have changed, and file what they show no more; say whether anything was done."""
        changed = self._store.enrol([output for output in plant.outputs if output.query is None])
        self._changed |= changed
        sources = configured(plant, self._store)
        feeds = tuple(self._feed(plant, output, sources, now) for output in plant.outputs)
        return sources, feeds, self._filing.file(plant, sources, feeds, now=now) or bool(changed)

    def _feed(self, plant: Plant, output: Output, sources: Sources, now: datetime) -> MergedFeed:
        if output.query is not None:  # what it finds changes with every entry, and has no archive
            return _dated(merged(plant, self._store, output, sources), self._store, now)
        made = self._made.get(output.name)
        if made is not None and output.name not in self._changed and made.holds(output, plant, sources):
            return made.feed

        def find(most: int) -> Sequence[Story]:
            return self._store.current(replace(output, limit=most))

        feed = _dated(merged(plant, self._store, output, sources, find), self._store, now)
        self._changed.discard(output.name)
        self._made[output.name] = _Made(output, plant, sources, feed)
        return feed
