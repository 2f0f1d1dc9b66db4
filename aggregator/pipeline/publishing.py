"""One publication, step by step."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeAlias

from aggregator import public, rules
from aggregator.emit import emit, emit_opml
from aggregator.merge import EMPTY_AT, lasting, merge, shown
from aggregator.model import (
    Document,
    Emitted,
    FeedHead,
    MergedFeed,
    Output,
    Publication,
    Source,
    Story,
)
from aggregator.pipeline.indexing import index_news
from aggregator.pipeline.plant import Plant
from aggregator.store.protocol import Store

MERGED = "feed"  # path of the feed of everything
LOOKED_AT_MOST = 10_000  # stories, for a feed that leaves many out
MORE = 4  # times as many stories are looked at when there were too few

Sources: TypeAlias = Mapping[str, tuple[Source, FeedHead]]


def publish(plant: Plant, store: Store, directory: Path, *, now: datetime) -> Publication:
    """Merge, emit and write every feed below `directory`; the ids and dates in them are final from here on."""
    store.settle()
    if any(output.query is not None for output in plant.outputs):
        index_news(store)
    sources = configured(plant, store)
    feeds = tuple(_dated(merged(plant, store, output, sources), store, now) for output in plant.outputs)
    documents: list[Document] = []
    private: list[Document] = []
    for output, feed in zip(plant.outputs, feeds, strict=True):
        (private if output.tokens else documents).extend(emit(feed))
    followed = [
        pair for pair in sources.values() if not pair[0].url.startswith("file:")
    ]  # for others to follow
    documents.append(emit_opml(plant.title, followed))
    published = public.write(documents, directory)
    published |= public.write(private, directory.parent / public.PRIVATE, mode=public.PRIVATE_MODE)
    return Publication(published=published, feeds=feeds)


def configured(plant: Plant, store: Store) -> Sources:
    """Return the sources that are shown, with what their feeds say of themselves."""
    heads = store.heads()
    return {source.id: (source, heads[source.id]) for source in plant.sources.values() if source.id in heads}


def merged(
    plant: Plant, store: Store, output: Output, sources: Sources, *, within: timedelta | None = None
) -> MergedFeed:
    """Return what an output shows now: stories whose ids are final; `QueryError` when that takes too long.

    Rules and limits leave stories out, so that more of them are looked at until there are enough, at most
    `LOOKED_AT_MOST`.
    """
    looked_at = output.limit
    while True:
        stories = store.latest(
            looked_at,
            sources=output.sources,
            settled=True,
            query=output.query,
            within=within,
            sorting=output.sorting,
        )
        feed = merge(
            [story for story in stories if _stays(output, story)],
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


def _stays(output: Output, story: Story) -> bool:
    """Whether the rules of an output let a story stay, by the words it would be shown with."""
    return not output.rules or bool(rules.apply(output.rules, [shown(story, output.sources).entry]))


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
    same = {story_id: one for story_id, one in before.items() if one.told == told[story_id]}
    return lasting(feed, same, now=EMPTY_AT)  # a time that nothing is told anew at
