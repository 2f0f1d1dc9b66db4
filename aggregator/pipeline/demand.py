"""Feeds made when asked for: of a tag, a source, a story, a search or the health of sources, and parts of others."""

from dataclasses import replace
from urllib.parse import urlencode

from aggregator.emit.words import rfc3339
from aggregator.health import HEALTH, health_feed
from aggregator.merge import merge
from aggregator.model import Asked, MergedFeed, Output, Story
from aggregator.pipeline.indexing import index_news
from aggregator.pipeline.plant import Plant
from aggregator.pipeline.publishing import Sources, configured, dated_as_before, merged
from aggregator.search import TIME_MOST, parse_query
from aggregator.store.protocol import Store

TAGS, SOURCES, STORIES = "tags/", "sources/", "stories/"  # how the paths of such feeds begin
SEARCH = "search"  # path of the feed of what a search finds
ENTRIES = 100  # in one of them, unless asked otherwise


def is_on_demand(path: str) -> bool:
    """Say whether a feed that is not configured may have this path; cheap, as anybody asks for anything."""
    return path in {HEALTH, SEARCH} or path.startswith((TAGS, SOURCES, STORIES))


def feed_at(plant: Plant, store: Store, path: str, asked: Asked) -> MergedFeed | None:
    """Return the feed of that path as asked for; None when there is none.

    `since` counts by `updated_at`, so that a corrected entry comes again. Raises `QueryError` for a search that
    cannot be read or takes too long.
    """
    if path == HEALTH:
        return _health(plant, store, asked)
    if path.startswith(STORIES):
        return _story(plant, store, path.removeprefix(STORIES))
    output = _search(asked.words) if path == SEARCH else _output_at(plant, path)
    if output is None:
        return None
    if path == SEARCH:
        index_news(store)  # what is published is found
    sources = configured(plant, store)
    if not output.title:
        output = replace(output, title=_title_of(path.removeprefix(SOURCES), sources))
    if asked.limit is not None:
        output = replace(output, limit=asked.limit)
    feed = dated_as_before(merged(plant, store, output, sources, within=TIME_MOST), store)
    if asked.since is not None:
        recent = tuple(entry for entry in feed.entries if entry.updated_at >= asked.since)
        feed = replace(feed, entries=recent)
    return replace(feed, query=_query(asked))


def _health(plant: Plant, store: Store, asked: Asked) -> MergedFeed | None:
    """Return what was told of the health of sources. There is nothing to search for in it."""
    if asked.words:
        return None
    told = [event for event in store.health_events() if asked.since is None or event.at >= asked.since]
    feed = health_feed(told, title=plant.title, public_url=plant.public_url)
    return replace(feed, entries=feed.entries[: asked.limit], query=_query(asked))


def _story(plant: Plant, store: Store, story_id: str) -> MergedFeed | None:
    """Return the story that has, or had, this id; its path says under which it is told now."""
    known = store.resolve(story_id)
    if known is None:
        return None
    dossier = store.dossier(known)
    told = [filed.stored for filed in dossier.entries if filed.is_shown]
    told.sort(key=lambda stored: stored.entry_id != dossier.representative)
    story = Story(
        story_id=dossier.story_id,
        representative_id=dossier.representative,
        shown_at=dossier.shown_at,
        entries=tuple(told),
    )
    feed = merge(
        [story],
        path=f"{STORIES}{known}",
        title=plant.title,
        public_url=plant.public_url,
        sources=configured(plant, store),
        limit=1,
        groups=plant.window.group is not None,
    )
    return dated_as_before(feed, store) if feed.entries and dossier.is_settled else None


def _search(words: str) -> Output:
    return Output(name=SEARCH, title=words, query=parse_query(words), limit=ENTRIES)


def _output_at(plant: Plant, path: str) -> Output | None:
    """Return what has this path; without a title, where only the source's feed may have one."""
    for output in plant.outputs:
        if output.name == path:
            return output
    if path.startswith(TAGS):
        tag = path.removeprefix(TAGS)
        tagged = tuple(source.id for source in plant.sources.values() if tag in source.tags)
        return Output(name=path, title=tag, sources=tagged, limit=ENTRIES) if tagged else None
    source = plant.sources.get(path.removeprefix(SOURCES)) if path.startswith(SOURCES) else None
    if source is None:
        return None
    return Output(name=path, title=source.title or "", sources=(source.id,), limit=ENTRIES)


def _title_of(source_id: str, sources: Sources) -> str:
    return (sources[source_id][1].title if source_id in sources else None) or source_id


def _query(asked: Asked) -> str:
    """Write what was asked in one way only, so that equal feeds have equal addresses."""
    since = None if asked.since is None else rfc3339(asked.since)
    fields = {"q": asked.words or None, "limit": asked.limit, "since": since}
    return urlencode({name: value for name, value in fields.items() if value is not None}, safe=":")
