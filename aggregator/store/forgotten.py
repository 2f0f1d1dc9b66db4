"""What the memory engine forgets."""

from dataclasses import replace
from datetime import datetime

from aggregator.model import NO_EXTRAS, StoredEntry
from aggregator.store.contents import Content


def prune(
    content: Content,
    *,
    before: datetime,
    keep_per_source: int,
    texts_before: datetime,
    versions_before: datetime | None,
    removals_before: datetime | None,
) -> int:
    """See `Store.prune`."""
    kept: dict[str, list[StoredEntry]] = {}
    for stored in content.entries.values():
        if stored.entry_id not in content.pruned:
            kept.setdefault(stored.entry.source_id, []).append(stored)
    old = set()
    for entries in kept.values():
        entries.sort(key=lambda stored: stored.entry.position)
        entries.sort(
            key=lambda stored: (
                stored.first_seen_at,
                stored.entry.published_at or stored.first_seen_at,
            ),
            reverse=True,
        )
        old |= {stored.entry_id for stored in entries[keep_per_source:]}
        old |= {stored.entry_id for stored in entries if stored.first_seen_at < before}
    for entry_id in old:
        content.entries[entry_id] = _without_text(content.entries[entry_id])
        content.versions.pop(entry_id, None)
    if versions_before is not None:
        content.versions = {
            entry_id: tuple(version for version in versions if version.seen_at >= versions_before)
            for entry_id, versions in content.versions.items()
        }
    if removals_before is not None:
        content.removals = {
            story_id: noted
            for story_id, noted in content.removals.items()
            if noted[0].removed_at >= removals_before
        }
    content.pruned |= old
    for mark in [m for m, at in content.taken_at.items() if m.kind == "text" and at < texts_before]:
        del content.marks[mark], content.taken_at[mark]
    told = {stored.story_id for stored in content.entries.values() if stored.entry_id not in content.pruned}
    for feed, story_id in [key for key in content.emitted if key[1] not in told]:
        del content.emitted[feed, story_id]
    content.index.drop(texts_before)
    content.topics.drop(texts_before)
    return len(old)


def _without_text(stored: StoredEntry) -> StoredEntry:
    bare = replace(
        stored.entry,
        summary="",
        content="",
        content_text="",
        authors=(),
        categories=(),
        enclosures=(),
        extras=NO_EXTRAS,
    )
    return replace(stored, entry=bare)
