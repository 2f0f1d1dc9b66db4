"""What the memory engine shows: the newest stories, of all or of those that a query finds."""

from collections.abc import Sequence

from aggregator.model import Query, Sorting, StoredEntry, Story
from aggregator.search import SourceNames, finds, resolved, searchable_entry
from aggregator.store.contents import Content, StoredStory


def newest(
    content: Content,
    names: Sequence[SourceNames],
    limit: int,
    *,
    wanted: Sequence[str] | None,
    settled: bool,
    query: Query | None,
    sorting: Sorting,
) -> tuple[Story, ...]:
    """See `Store.latest`; `names` are of the configured sources."""
    configured = {one.id for one in names}
    query = None if query is None else resolved(query, names)
    told: dict[str, list[StoredEntry]] = {}
    for stored in content.entries.values():
        is_hidden = any(stored.entry_id in some for some in (content.pruned, content.withdrawn, content.held))
        if stored.entry.source_id in configured and not is_hidden:
            told.setdefault(stored.story_id, []).append(stored)

    def is_found(story: StoredStory) -> bool:
        return story.settled >= settled and any(
            (wanted is None or stored.entry.source_id in wanted)
            and (query is None or _finds(query, stored, story))
            for stored in told[story.story_id]
        )

    def rank(story: StoredStory) -> tuple[float, str, int, str]:
        entry = content.entries[story.representative].entry
        return -story.shown_at.timestamp(), entry.source_id, entry.position, story.story_id

    found = sorted((story for id_ in told if is_found(story := content.stories[id_])), key=rank)
    if sorting is Sorting.SEEN:
        found.sort(key=lambda story: content.entries[story.representative].first_seen_at, reverse=True)
    return tuple(
        Story(
            story_id=story.story_id,
            representative_id=story.representative,
            shown_at=story.shown_at,
            group_id=group.first_id if (group := content.groups.get(story.story_id)) else None,
            entries=_ranked(story, told[story.story_id], wanted),
        )
        for story in found[:limit]
    )


def _finds(query: Query, stored: StoredEntry, story: StoredStory) -> bool:
    words = searchable_entry(stored.entry)
    return finds(query, words, source_id=stored.entry.source_id, shown_at=story.shown_at)


def _ranked(
    story: StoredStory, entries: list[StoredEntry], sources: Sequence[str] | None
) -> tuple[StoredEntry, ...]:
    entries = sorted(entries, key=lambda stored: stored.first_seen_at)
    entries.sort(
        key=lambda stored: (
            sources is not None and stored.entry.source_id not in sources,
            stored.entry_id != story.representative,
        )
    )
    return tuple(entries)
