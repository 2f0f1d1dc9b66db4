"""One publication, step by step."""

from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from aggregator import public
from aggregator.emit import emit, emit_opml
from aggregator.merge import merge
from aggregator.model import Document, FeedHead, MergedFeed, Output, Publication, Source
from aggregator.pipeline.plant import Plant
from aggregator.store.protocol import Store

Sources: TypeAlias = Mapping[str, tuple[Source, FeedHead]]


def publish(plant: Plant, store: Store, directory: Path) -> Publication:
    """Merge, emit and write every feed below `directory`; the ids in them are final from here on."""
    store.settle()
    sources = configured(plant, store)
    feeds = tuple(merged(plant, store, output, sources) for output in plant.outputs)
    documents: list[Document] = [document for feed in feeds for document in emit(feed)]
    followed = [
        pair for pair in sources.values() if not pair[0].url.startswith("file:")
    ]  # for others to follow
    documents.append(emit_opml(plant.title, followed))
    return Publication(published=public.write(documents, directory), feeds=feeds)


def configured(plant: Plant, store: Store) -> Sources:
    """Return the sources that are shown, with what their feeds say of themselves."""
    heads = store.heads()
    return {source.id: (source, heads[source.id]) for source in plant.sources.values() if source.id in heads}


def merged(plant: Plant, store: Store, output: Output, sources: Sources) -> MergedFeed:
    """Return what an output shows now: stories whose ids are final."""
    return merge(
        store.latest(output.limit, sources=output.sources, settled=True),
        path=output.name,
        title=output.title,
        public_url=plant.public_url,
        sources=sources,
        limit=output.limit,
        only=output.sources,
    )
