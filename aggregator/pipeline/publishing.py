"""One publication, step by step."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from aggregator import public
from aggregator.emit import Press, emit_opml
from aggregator.merge import merge
from aggregator.model import ArchiveLength, Document, FeedHead, MergedFeed, Output, Publication, Source
from aggregator.pipeline.filing import Filing, newest
from aggregator.pipeline.plant import Plant
from aggregator.store.protocol import Store


@dataclass(frozen=True, slots=True)
class _Made:
    """A feed, and what it was made of besides the stories that its output has."""

    output: Output
    public_url: str
    sources: Mapping[str, tuple[Source, FeedHead]]
    feed: MergedFeed


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
        """Merge, emit and write every feed; the ids in them are final from here on."""
        self._store.settle()
        sources = self._sources(plant)
        self._changed |= self._store.enrol(plant.outputs)
        self._filing.file(plant, sources, now=now)
        lengths = self._store.archive_lengths()
        self._filing.write(plant, lengths)
        feeds = tuple(
            self._feed(plant, output, sources, lengths[output.name], now) for output in plant.outputs
        )
        self._press.keep({feed.path for feed in feeds})
        documents: list[Document] = [document for feed in feeds for document in self._press.emit(feed)]
        followed = [
            pair for pair in sources.values() if not pair[0].url.startswith("file:")
        ]  # for others to follow
        documents.append(emit_opml(plant.title, followed))
        published = public.write(documents, self._directory, before=self._last.published)
        self._last = Publication(published=published, feeds=feeds)
        return self._last

    def file_older(self, plant: Plant, *, now: datetime) -> bool:
        """File some of what feeds have from before; return whether there may be more.

        For a new feed over a large store, off the path of what is new: a publication tells of it afterwards.
        """
        changed = self._store.enrol(plant.outputs)
        filed = self._filing.file(plant, self._sources(plant), now=now)
        self._changed |= changed
        unwritten = self._filing.write(plant, self._store.archive_lengths())
        return bool(changed) or filed or unwritten

    def _sources(self, plant: Plant) -> dict[str, tuple[Source, FeedHead]]:
        heads = self._store.heads()
        return {
            source.id: (source, heads[source.id]) for source in plant.sources.values() if source.id in heads
        }

    def _feed(
        self,
        plant: Plant,
        output: Output,
        sources: Mapping[str, tuple[Source, FeedHead]],
        length: ArchiveLength,
        now: datetime,
    ) -> MergedFeed:
        made = self._made.get(output.name)
        if (
            made is None
            or output.name in self._changed
            or (made.output, made.public_url, made.sources) != (output, plant.public_url, sources)
        ):
            feed = merge(
                self._store.current(output),
                path=output.name,
                title=output.title,
                public_url=plant.public_url,
                sources=sources,
                limit=output.limit,
                only=output.sources,
            )
            self._changed.discard(output.name)
        else:
            feed = made.feed
        page = newest(output.name, length)
        feed = replace(
            feed,
            archive_url=f"{plant.public_url}/{page}" if page else None,
            removals=self._store.removals(output, since=now - plant.tombstones),
        )
        self._made[output.name] = _Made(output, plant.public_url, sources, feed)
        return feed
