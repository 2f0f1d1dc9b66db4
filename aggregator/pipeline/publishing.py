"""One publication, step by step."""

from pathlib import Path

from aggregator import public
from aggregator.emit import emit, emit_opml
from aggregator.merge import merge
from aggregator.model import Document, Publication
from aggregator.pipeline.indexing import index_news
from aggregator.pipeline.plant import Plant
from aggregator.store.protocol import Store


def publish(plant: Plant, store: Store, directory: Path) -> Publication:
    """Merge, emit and write every feed below `directory`; the ids in them are final from here on."""
    store.settle()
    if any(output.query is not None for output in plant.outputs):
        index_news(store)
    heads = store.heads()
    sources = {
        source.id: (source, heads[source.id]) for source in plant.sources.values() if source.id in heads
    }
    feeds = tuple(
        merge(
            store.latest(output.limit, sources=output.sources, settled=True, query=output.query),
            path=output.name,
            title=output.title,
            public_url=plant.public_url,
            sources=sources,
            limit=output.limit,
            only=output.sources,
        )
        for output in plant.outputs
    )
    documents: list[Document] = [document for feed in feeds for document in emit(feed)]
    followed = [
        pair for pair in sources.values() if not pair[0].url.startswith("file:")
    ]  # for others to follow
    documents.append(emit_opml(plant.title, followed))
    return Publication(published=public.write(documents, directory), feeds=feeds)
