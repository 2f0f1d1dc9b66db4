"""The store in plain dictionaries: a real engine for tests and one-shot use, gone with its process."""

import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from aggregator.errors import Conflict
from aggregator.merge import shown_at
from aggregator.model import (
    Candidate,
    Candidates,
    Holder,
    Join,
    Known,
    Lookup,
    Mark,
    Placement,
    PollUpdate,
    Refound,
    Rename,
    Revision,
    Source,
    SourceState,
    State,
    StoredEntry,
    Story,
    Validators,
)
from aggregator.store.protocol import Totals
from aggregator.urls import host


@dataclass(frozen=True, slots=True, kw_only=True)
class _Story:
    story_id: str
    representative: str  # entry id
    shown_at: datetime
    settled: bool = False


@dataclass(slots=True)
class _Content:
    """Everything an update may change; copied before it does, so that a conflict leaves no trace."""

    entries: dict[str, StoredEntry] = field(default_factory=dict)  # by entry id, as first seen
    stories: dict[str, _Story] = field(default_factory=dict)  # by story id
    marks: dict[Mark, dict[int, str]] = field(default_factory=dict)  # story ids by place
    taken_at: dict[Mark, datetime] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    pruned: set[str] = field(default_factory=set)

    def copy(self) -> "_Content":
        marks = {mark: dict(places) for mark, places in self.marks.items()}
        return _Content(
            dict(self.entries),
            dict(self.stories),
            marks,
            dict(self.taken_at),
            dict(self.aliases),
            set(self.pruned),
        )


class MemoryStore:
    """See `Store`."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._sources: dict[str, Source] = {}
        self._states: dict[str, SourceState] = {}
        self._claims: dict[str, datetime] = {}
        self._content = _Content()

    def close(self) -> None:
        """Nothing to write back."""

    # sources

    def configure(self, sources: Sequence[Source], *, now: datetime) -> None:
        with self._lock:
            self._sources = {source.id: source for source in sources}
            for source in sources:
                old = self._states.get(source.id)
                if old is None:
                    self._states[source.id] = SourceState(
                        source_id=source.id, url=source.url, next_poll_at=now
                    )
                elif old.url != source.url:
                    self._states[source.id] = replace(
                        old,
                        url=source.url,
                        validators=Validators(),
                        body_digest=None,
                        state=State.NEW,
                        failures=0,
                        last_error=None,
                        next_poll_at=now,
                    )
                    self._claims.pop(source.id, None)

    def states(self) -> tuple[SourceState, ...]:
        with self._lock:
            return tuple(self._states[source_id] for source_id in sorted(self._sources))

    def state(self, source_id: str) -> SourceState:
        with self._lock:
            if source_id not in self._sources:
                raise KeyError(source_id)
            return self._states[source_id]

    def claim_due(self, now: datetime, *, limit: int, lease: timedelta) -> tuple[str, ...]:
        with self._lock:
            due = sorted(
                (state.next_poll_at, source_id)
                for source_id in self._sources
                if (state := self._states[source_id]).next_poll_at is not None
                and state.next_poll_at <= now
                and self._claims.get(source_id, now) <= now
            )
            ids = tuple(source_id for _, source_id in due[:limit])
            self._claims.update(dict.fromkeys(ids, now + lease))
            return ids

    def release_claims(self) -> None:
        with self._lock:
            self._claims.clear()

    # placing

    def candidates(self, lookup: Lookup) -> Candidates:
        with self._lock:
            content = self._content
            by_guid = {
                stored.entry.guid: stored
                for stored in content.entries.values()
                if stored.entry.source_id == lookup.source_id
            }
            return Candidates(
                known={guid: _known(by_guid[guid]) for guid in lookup.guids if guid in by_guid},
                holders={
                    uri: Holder(stored=stored, settled=content.stories[stored.story_id].settled)
                    for uri in lookup.uris
                    if (stored := content.entries.get(uri)) is not None
                },
                marked={
                    mark: tuple(
                        self._candidate(story_id) for _, story_id in sorted(content.marks[mark].items())
                    )
                    for mark in lookup.marks
                    if mark in content.marks
                },
            )

    def _candidate(self, story_id: str) -> Candidate:
        story = self._content.stories[story_id]
        return Candidate(
            story_id=story_id,
            representative=self._content.entries[story.representative],
            settled=story.settled,
        )

    def apply(self, update: PollUpdate) -> None:
        with self._lock:
            content = self._content.copy()
            for rename in update.plan.renames:
                _rename(content, rename)
            for placement in update.plan.placements:
                _place(content, placement, update.at.replace(microsecond=0))
            for revision in update.plan.revisions:
                _revise(content, revision, update.at.replace(microsecond=0))
            for join in update.plan.joins:
                _join(content, join)
            for refound in update.plan.refounds:
                _refound(content, refound)
            self._content = content
            source_id = update.state.source_id
            if self._states[source_id].url == update.state.url:
                self._states[source_id] = update.state
                self._claims.pop(source_id, None)
            if update.hold is not None:
                self._wait(update.hold.host, update.hold.until)

    def _wait(self, held: str, until: datetime) -> None:
        for source in self._sources.values():
            state = self._states[source.id]
            if host(source.url) == held and state.next_poll_at is not None and state.next_poll_at < until:
                self._states[source.id] = replace(state, next_poll_at=until, next_reason="host on hold")

    # publishing

    def latest(
        self, limit: int, *, sources: Sequence[str] | None = None, settled: bool = False
    ) -> tuple[Story, ...]:
        with self._lock:
            content = self._content
            told: dict[str, list[StoredEntry]] = {}
            for stored in content.entries.values():
                if stored.entry.source_id in self._sources and stored.entry_id not in content.pruned:
                    told.setdefault(stored.story_id, []).append(stored)
            found = [
                story
                for story_id, entries in told.items()
                if (story := content.stories[story_id]).settled >= settled
                and (sources is None or any(stored.entry.source_id in sources for stored in entries))
            ]
            found.sort(key=lambda story: story.story_id)
            found.sort(key=self._rank)
            return tuple(
                Story(story_id=story.story_id, entries=_ranked(story, told[story.story_id], sources))
                for story in found[:limit]
            )

    def _rank(self, story: _Story) -> tuple[float, str, int]:
        entry = self._content.entries[story.representative].entry
        return -story.shown_at.timestamp(), entry.source_id, entry.position

    def settle(self) -> None:
        with self._lock:
            stories = self._content.stories
            self._content.stories = {id_: replace(story, settled=True) for id_, story in stories.items()}

    def resolve(self, story_id: str) -> str | None:
        with self._lock:
            story_id = self._content.aliases.get(story_id, story_id)
            return story_id if story_id in self._content.stories else None

    # keeping

    def prune(self, *, before: datetime, keep_per_source: int, texts_before: datetime) -> int:
        with self._lock:
            content = self._content
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
            content.pruned |= old
            for mark in [m for m, at in content.taken_at.items() if m.kind == "text" and at < texts_before]:
                del content.marks[mark], content.taken_at[mark]
            return len(old)

    def totals(self) -> Totals:
        with self._lock:
            return Totals(entries=len(self._content.entries), stories=len(self._content.stories))

    def counts(self, *, since: datetime) -> dict[str, int]:
        with self._lock:
            dated = (
                (stored.entry.source_id, stored.entry.published_at or stored.first_seen_at)
                for stored in self._content.entries.values()
            )
            return dict(Counter(source_id for source_id, at in dated if at >= since))


def _known(stored: StoredEntry) -> Known:
    return Known(
        entry_id=stored.entry_id,
        story_id=stored.story_id,
        digest=stored.entry.digest,
        published_at=stored.entry.published_at,
        updated_at=stored.entry.updated_at,
        url=stored.entry.url,
        title=stored.entry.title,
    )


def _ranked(
    story: _Story, entries: list[StoredEntry], sources: Sequence[str] | None
) -> tuple[StoredEntry, ...]:
    entries = sorted(entries, key=lambda stored: stored.first_seen_at)
    entries.sort(
        key=lambda stored: (
            sources is not None and stored.entry.source_id not in sources,
            stored.entry_id != story.representative,
        )
    )
    return tuple(entries)


def _without_text(stored: StoredEntry) -> StoredEntry:
    bare = replace(
        stored.entry, summary="", content="", content_text="", authors=(), categories=(), enclosures=()
    )
    return replace(stored, entry=bare)


def _move(content: _Content, old_id: str, new_id: str) -> None:
    """Let entries and marks of story `old_id` belong to `new_id`."""
    for entry_id, stored in content.entries.items():
        if stored.story_id == old_id:
            content.entries[entry_id] = replace(stored, story_id=new_id)
    for places in content.marks.values():
        places.update({n: new_id for n, story_id in places.items() if story_id == old_id})
    content.aliases.update(
        {alias: new_id for alias, story_id in content.aliases.items() if story_id == old_id}
    )


def _open_story(content: _Content, story_id: str) -> _Story:
    story = content.stories.get(story_id)
    if story is None or story.settled:
        raise Conflict(f"story {story_id} has been published or joined")
    return story


def _rename(content: _Content, rename: Rename) -> None:
    stored = content.entries.get(rename.old_id)
    if stored is None or rename.new_id in content.entries:
        raise Conflict(f"entry {rename.old_id} has been renamed")
    story = _open_story(content, stored.story_id)
    content.entries = {
        rename.new_id if entry_id == rename.old_id else entry_id: entry
        for entry_id, entry in content.entries.items()
    }
    content.entries[rename.new_id] = replace(stored, entry_id=rename.new_id)
    if rename.old_id in content.pruned:
        content.pruned = content.pruned - {rename.old_id} | {rename.new_id}
    if story.representative == rename.old_id:
        story = content.stories[story.story_id] = replace(story, representative=rename.new_id)
    if story.story_id == rename.old_id:
        content.stories[rename.new_id] = replace(content.stories.pop(rename.old_id), story_id=rename.new_id)
        _move(content, rename.old_id, rename.new_id)


def _place(content: _Content, placement: Placement, at: datetime) -> None:
    entry, entry_id, story_id = placement.entry, placement.entry_id, placement.story_id
    taken = any(
        (stored.entry.source_id, stored.entry.guid) == (entry.source_id, entry.guid)
        for stored in content.entries.values()
    )
    if taken or entry_id in content.entries:
        raise Conflict(f"entry {entry_id} is there already")
    if story_id == entry_id:
        if story_id in content.stories:
            raise Conflict(f"story {story_id} is there already")
        content.stories[story_id] = _Story(
            story_id=story_id, representative=entry_id, shown_at=shown_at(entry, at)
        )
    elif story_id not in content.stories:
        raise Conflict(f"story {story_id} is gone")
    content.entries[entry_id] = StoredEntry(
        entry_id=entry_id, story_id=story_id, first_seen_at=at, entry=entry
    )
    for mark, n in placement.marks:
        places = content.marks.setdefault(mark, {})
        if n in places:
            raise Conflict(f"place {n} of {mark} is taken")
        places[n] = story_id
        content.taken_at[mark] = at


def _revise(content: _Content, revision: Revision, at: datetime) -> None:
    stored = content.entries.get(revision.entry_id)
    if stored is None:
        raise Conflict(f"entry {revision.entry_id} is gone")
    stored = content.entries[revision.entry_id] = replace(stored, entry=revision.entry, changed_at=at)
    story = content.stories[stored.story_id]
    if story.representative == revision.entry_id:
        shown = shown_at(revision.entry, stored.first_seen_at)
        content.stories[story.story_id] = replace(story, shown_at=shown)


def _join(content: _Content, join: Join) -> None:
    if join.loser not in content.stories or join.winner not in content.stories:
        raise Conflict(f"story {join.loser} or {join.winner} is gone")
    _move(content, join.loser, join.winner)
    if content.stories.pop(join.loser).settled:  # an id nobody has been shown may yet go to another entry
        content.aliases[join.loser] = join.winner


def _refound(content: _Content, refound: Refound) -> None:
    story = _open_story(content, refound.story_id)
    founder = content.entries.get(refound.founder_id)
    if founder is None:
        raise Conflict(f"entry {refound.founder_id} is gone")
    del content.stories[refound.story_id]
    content.stories[refound.founder_id] = replace(
        story,
        story_id=refound.founder_id,
        representative=refound.founder_id,
        shown_at=shown_at(founder.entry, founder.first_seen_at),
    )
    _move(content, refound.story_id, refound.founder_id)
