"""What the memory engine gives to be published of feeds' archives, and of what became of emitted stories."""

import hashlib
from abc import ABC
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import RLock

from aggregator.model import (
    Archived,
    ArchiveLength,
    Leavers,
    Output,
    PageContent,
    Query,
    Removal,
    Rule,
    Sorting,
    Source,
    SourceState,
    Story,
)
from aggregator.search import names_of
from aggregator.store.contents import Content, shown_stories
from aggregator.store.newest import newest
from aggregator.store.protocol import PAGE_ENTRIES, REMOVALS_MOST, page_digest


@dataclass(slots=True)
class Archive:
    """Of one feed. `entries` are None where retention has let their page go."""

    entries: list[Archived | None] = field(default_factory=list)
    digests: list[bytes] = field(default_factory=list)  # of all entries, also those that are gone
    archived_at: list[datetime] = field(default_factory=list)
    story_ids: set[str] = field(default_factory=set)
    titles: list[str] = field(default_factory=list)  # by page
    in_line: list[Story] = field(default_factory=list)  # when the feed was last enrolled
    dropped: int = 0
    left_out: dict[str, Story] = field(default_factory=dict)  # as they were when `rules` refused them
    rules: tuple[Rule, ...] = ()


class MemoryShowing(ABC):
    """The part of `MemoryStore` that publishing uses; see `Store`."""

    _lock: RLock
    _content: Content
    _archives: dict[str, Archive]
    _sources: dict[str, Source]
    _states: dict[str, SourceState]

    def latest(
        self,
        limit: int,
        *,
        sources: Sequence[str] | None = None,
        settled: bool = False,
        query: Query | None = None,
        within: timedelta | None = None,
        sorting: Sorting = Sorting.PUBLISHED,
    ) -> tuple[Story, ...]:
        _ = within  # it looks at every entry, and there are few
        with self._lock:
            return newest(
                self._content,
                [names_of(source, self._states[id_].head.title) for id_, source in self._sources.items()],
                limit,
                wanted=sources,
                settled=settled,
                query=query,
                sorting=sorting,
            )

    def enrol(self, outputs: Sequence[Output]) -> frozenset[str]:
        with self._lock:
            for output in outputs:
                archive = self._archives.setdefault(output.name, Archive())
                if archive.rules != output.rules:
                    archive.rules, archive.left_out = output.rules, {}
            shown = shown_stories(self._content)
            self._content.removals = {
                id_: removal for id_, removal in self._content.removals.items() if id_ not in shown
            }
            return frozenset(output.name for output in outputs if self._has_changed(output))

    def _has_changed(self, output: Output) -> bool:
        archive = self._archives[output.name]
        before, archive.in_line = archive.in_line, self._in_line(output)
        return before != archive.in_line

    def _in_line(self, output: Output) -> list[Story]:
        archive = self._archives[output.name]
        everything = self.latest(
            len(self._content.stories), sources=output.sources, settled=True, sorting=output.sorting
        )
        return [
            story
            for story in everything
            if story.story_id not in archive.story_ids and archive.left_out.get(story.story_id) != story
        ]

    def current(self, output: Output) -> tuple[Story, ...]:
        with self._lock:
            return tuple(self._in_line(output)[: output.limit])

    def leaving(self, output: Output, most: int, *, shown: Collection[str]) -> tuple[Story, ...]:
        with self._lock:
            left = [story for story in self._in_line(output) if story.story_id not in shown]
            return tuple(left[::-1][:most])

    def leave_out(self, output: str, stories: Collection[Story]) -> None:
        with self._lock:
            self._archives[output].left_out.update({story.story_id: story for story in stories})

    def archive(self, leavers: Sequence[Leavers], *, at: datetime) -> None:
        with self._lock:
            for one in leavers:
                archive = self._archives[one.output]
                for entry in one.entries:
                    if entry.story_id in self._content.stories and entry.story_id not in archive.story_ids:
                        if len(archive.entries) % PAGE_ENTRIES == 0:
                            archive.titles.append(one.title)
                        archive.entries.append(entry)
                        archive.digests.append(hashlib.sha256(entry.body).digest())
                        archive.archived_at.append(at.replace(microsecond=0))
                        archive.story_ids.add(entry.story_id)

    def archive_lengths(self) -> dict[str, ArchiveLength]:
        with self._lock:
            return {
                name: ArchiveLength(entries=len(archive.entries), dropped=archive.dropped)
                for name, archive in self._archives.items()
            }

    def is_archived(self, output: str, story_id: str) -> bool:
        with self._lock:
            return output in self._archives and story_id in self._archives[output].story_ids

    def archive_page(self, output: str, page: int, count: int) -> PageContent | None:
        with self._lock:
            archive = self._archives.get(output)
            if archive is None or not archive.dropped <= page < len(archive.titles):
                return None
            first = page * PAGE_ENTRIES
            entries = tuple(one for one in archive.entries[first : first + count] if one is not None)
            return None if len(entries) < count else PageContent(title=archive.titles[page], entries=entries)

    def archive_digest(self, output: str, page: int, count: int) -> str | None:
        with self._lock:
            archive = self._archives.get(output, Archive())
            span = slice(page * PAGE_ENTRIES, page * PAGE_ENTRIES + count)
            found = [*zip(archive.digests[span], archive.archived_at[span], strict=True)]
            return None if len(found) < count else page_digest(found)

    def removals(self, output: Output, *, since: datetime) -> tuple[Removal, ...]:
        with self._lock:
            found = [
                removal
                for removal, sources in self._content.removals.values()
                if removal.removed_at >= since.replace(microsecond=0)
                and (output.sources is None or not sources.isdisjoint(output.sources))
            ]
        found.sort(key=lambda removal: (-removal.removed_at.timestamp(), removal.story_id))
        return tuple(found[:REMOVALS_MOST])

    def _drop_archives(self, before: datetime) -> None:
        for archive in self._archives.values():
            while (archive.dropped + 1) * PAGE_ENTRIES <= len(archive.entries):
                end = (archive.dropped + 1) * PAGE_ENTRIES
                if archive.archived_at[end - 1] >= before.replace(microsecond=0):
                    break
                archive.entries[end - PAGE_ENTRIES : end] = [None] * PAGE_ENTRIES
                archive.dropped += 1
