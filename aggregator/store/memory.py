"""The store in plain dictionaries: a real engine for tests and one-shot use, gone with its process."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from aggregator.addresses import asked_at, edited
from aggregator.model import (
    Candidate,
    Candidates,
    Claim,
    Dossier,
    Emitted,
    FeedHead,
    Holder,
    Known,
    KnownItem,
    Lookup,
    Plan,
    PollUpdate,
    Source,
    SourceState,
    StoredEntry,
    Told,
    Version,
)
from aggregator.store.contents import Content, apart, write_plan
from aggregator.store.filed import dossier, find, first_stories
from aggregator.store.forgotten import prune
from aggregator.store.health import MemoryHealth, paused
from aggregator.store.protocol import ON_HOLD, TOLD_MOST, Totals, is_upheaval
from aggregator.store.shown import Archive, MemoryShowing
from aggregator.store.waiting import Holds
from aggregator.urls import host


class MemoryStore(MemoryHealth, MemoryShowing):
    """See `Store`."""

    def __init__(self) -> None:
        super().__init__()
        self._sources: dict[str, Source] = {}
        self._states: dict[str, SourceState] = {}
        self._claims: dict[str, datetime] = {}
        self._holds = Holds()
        self._notes: dict[str, str] = {}
        self._items: dict[str, tuple[KnownItem, ...]] = {}  # of the last document, by source
        self._content = Content()
        self._archives: dict[str, Archive] = {}  # by name of the feed

    def look(self) -> None:
        """There is always room."""

    def recover(self) -> None:
        """Nothing can be gone."""

    def close(self) -> None:
        """Nothing to write back."""

    # sources

    def configure(self, sources: Sequence[Source], *, now: datetime) -> None:
        with self._lock:
            # Whoever claimed a source that has left may have found it gone, and has kept the claim.
            self._claims = {
                claimed: until for claimed, until in self._claims.items() if claimed in self._sources
            }
            self._sources = {source.id: source for source in sources}
            for source in sources:
                old = self._states.get(source.id)
                if old is None:
                    self._states[source.id] = self._new(source, now)
                elif old.url != source.url:
                    self._states[source.id] = edited(old, source.url, now=now)
                    self._claims.pop(source.id, None)
            here = {source.id: self._states[source.id] for source in sources}
            self._states |= paused(here, {source.id for source in sources if source.paused}, now)

    def _new(self, source: Source, now: datetime) -> SourceState:
        until = self._holds.until(host(source.url), now)
        return SourceState(
            source_id=source.id,
            url=source.url,
            next_poll_at=max(now, until),
            next_reason=ON_HOLD if until > now else "new source",
        )

    def states(self) -> tuple[SourceState, ...]:
        with self._lock:
            return tuple(self.state(source_id) for source_id in sorted(self._sources))

    def heads(self) -> dict[str, FeedHead]:
        with self._lock:
            return {source_id: self._states[source_id].head for source_id in self._sources}

    def state(self, source_id: str) -> SourceState:
        with self._lock:
            if source_id not in self._sources:
                raise KeyError(source_id)
            entries, held = self._content.entries, self._content.held
            count = sum(entries[entry_id].entry.source_id == source_id for entry_id in held)
            return replace(self._states[source_id], held=count)

    def claim_due(
        self, now: datetime, *, limit: int, lease: timedelta, busy_hosts: Collection[str] = ()
    ) -> tuple[Claim, ...]:
        with self._lock:
            away = {*busy_hosts, *self.holds(now=now)} - {""}
            due = sorted(
                (state.next_poll_at, source_id, host(asked_at(state)))
                for source_id in self._sources
                if (state := self._states[source_id]).next_poll_at is not None
                and state.next_poll_at <= now
                and state.paused_at is None
                and self._claims.get(source_id, now) <= now
                and host(asked_at(state)) not in away
            )
            first_of_host: dict[str, Claim] = {}
            for _, source_id, asked in due:
                first_of_host.setdefault(asked or source_id, Claim(source_id=source_id, host=asked))
            claims = tuple(first_of_host.values())[:limit]
            self._claims.update({claim.source_id: now + lease for claim in claims})
            return claims

    def reschedule(self, states: Collection[SourceState]) -> None:
        with self._lock:
            for state in states:
                known = self._states[state.source_id]
                if known.last_poll_at == state.last_poll_at:
                    self._states[state.source_id] = replace(
                        known,
                        next_poll_at=state.next_poll_at,
                        next_reason=state.next_reason,
                        interval=state.interval,
                        wishes=state.wishes,
                    )

    def release_claims(self, source_ids: Collection[str] | None = None) -> None:
        with self._lock:
            for source_id in [*self._claims] if source_ids is None else source_ids:
                self._claims.pop(source_id, None)

    def holds(self, *, now: datetime) -> frozenset[str]:
        with self._lock:
            return self._holds.now(now)

    def recount_holds(self, *, now: datetime) -> int:
        with self._lock:
            recounted = self._holds.recount(now)
            for held, (was, until) in recounted.items():
                for state in self._states_at(held):
                    if state.next_reason == ON_HOLD and state.next_poll_at == was:
                        self._put_off(state, until)
            return len(recounted)

    # placing

    def candidates(self, lookup: Lookup) -> Candidates:
        with self._lock:
            content, guids = self._content, {*lookup.guids}
            by_guid = {
                stored.entry.guid: stored
                for stored in content.entries.values()
                if stored.entry.source_id == lookup.source_id
            }
            near = self._near(lookup, by_guid)
            told_by = {story.representative.entry.source_id for found in near.values() for story in found}
            return Candidates(
                known={
                    guid: _known(stored, content.withdrawn)
                    for guid, stored in by_guid.items()
                    if guid in guids or stored.entry.said_guid in guids
                },
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
                near=near,
                boilerplate={
                    source_id: content.boilerplate[source_id]
                    for source_id in {lookup.source_id, *told_by}
                    if source_id in content.boilerplate
                },
                apart=apart(content),
                events={
                    guid: tuple(map(self._candidate, stories))
                    for guid, stories in first_stories(content, lookup, by_guid).items()
                },
                told=self._told(lookup) if is_upheaval(lookup, by_guid) else (),
                seen=content.index.seen,
            )

    def _near(self, lookup: Lookup, known: Collection[str]) -> dict[tuple[int, ...], tuple[Candidate, ...]]:
        content = self._content
        resembling = {
            sample: content.index.resembling(sample)
            for guid, sample in lookup.samples.items()
            if guid not in known
        }
        wanted = {name for names in resembling.values() for name in names}
        stories = {
            (stored.entry.source_id, stored.entry.guid): stored.story_id
            for stored in content.entries.values()
            if (stored.entry.source_id, stored.entry.guid) in wanted
        }
        return {
            sample: tuple(self._candidate(story) for story in dict.fromkeys(stories[name] for name in names))
            for sample, names in resembling.items()
            if names
        }

    def _told(self, lookup: Lookup) -> tuple[Told, ...]:
        titles = {*lookup.titles}
        found = [
            stored
            for stored in reversed(self._content.entries.values())
            if stored.entry.source_id == lookup.source_id
            and stored.entry.title in titles
            and stored.entry_id not in self._content.pruned
        ]
        found.sort(key=lambda stored: stored.first_seen_at, reverse=True)  # stable: then the last to come
        return tuple(
            Told(
                url=stored.entry.url,
                title=stored.entry.title,
                published_at=stored.entry.published_at,
                content_text=stored.entry.content_text,
                story=self._candidate(stored.story_id),
            )
            for stored in found[:TOLD_MOST]
        )

    def _candidate(self, story_id: str) -> Candidate:
        story = self._content.stories[story_id]
        return Candidate(
            story_id=story_id,
            representative=self._content.entries[story.representative],
            settled=story.settled,
        )

    def known_items(self, source_id: str) -> tuple[KnownItem, ...]:
        with self._lock:
            return self._items.get(source_id, ())

    def apply(self, update: PollUpdate) -> None:
        with self._lock:
            content = self._content.copy()
            write_plan(content, update.plan, _second(update.at))
            self._content = content
            source_id = update.state.source_id
            if update.known is not None:
                self._items[source_id] = tuple(update.known)
            if self._states[source_id].url == update.state.url:
                paused_at = self._states[source_id].paused_at
                self._states[source_id] = replace(update.state, paused_at=paused_at)
                self._claims.pop(source_id, None)
            if update.hold is not None:
                self._holds.add(update.hold, update.at)
                for state in self._states_at(update.hold.host):
                    if state.next_poll_at is not None and state.next_poll_at < update.hold.until:
                        self._put_off(state, update.hold.until)

    def _states_at(self, held: str) -> list[SourceState]:
        return [state for state in self._states.values() if host(asked_at(state)) == held]

    def _put_off(self, state: SourceState, until: datetime) -> None:
        self._states[state.source_id] = replace(state, next_poll_at=until, next_reason=ON_HOLD)

    # publishing

    def index(self, most: int) -> int:
        _ = most
        return 0

    def unindexed(self) -> int:
        return 0

    def revisions(self, entry_id: str) -> tuple[Version, ...]:
        with self._lock:
            stored = self._content.entries.get(entry_id)
            if stored is None or entry_id in self._content.pruned:
                return ()
            seen_at = stored.changed_at or stored.first_seen_at
            kept = (*self._content.versions.get(entry_id, ()), Version(seen_at=seen_at, entry=stored.entry))
            return tuple(sorted(kept, key=lambda version: version.seen_at))

    def settle(self) -> None:
        with self._lock:
            stories = self._content.stories
            self._content.stories = {id_: replace(story, settled=True) for id_, story in stories.items()}

    def emitted(self, feed: str, story_ids: Sequence[str]) -> dict[str, Emitted]:
        with self._lock:
            kept = self._content.emitted
            return {one: kept[feed, one] for one in story_ids if (feed, one) in kept}

    def keep_emitted(self, feed: str, said: Mapping[str, Emitted]) -> None:
        with self._lock:
            self._content.emitted.update({(feed, story_id): one for story_id, one in said.items()})

    def resolve(self, story_id: str) -> str | None:
        with self._lock:
            story_id = self._content.aliases.get(story_id, story_id)
            return story_id if story_id in self._content.stories else None

    # what people ask for, and decide

    def find(self, name: str) -> tuple[str, ...]:
        with self._lock:
            return find(self._content, name)

    def dossier(self, entry_id: str) -> Dossier:
        with self._lock:
            return dossier(self._content, entry_id)

    def overrule(self, plan: Plan, *, at: datetime) -> None:
        with self._lock:
            content = self._content.copy()
            write_plan(content, plan, _second(at))
            self._content = content

    def release(self, source_id: str) -> int:
        with self._lock:
            content = self._content
            released = {id_ for id_ in content.held if content.entries[id_].entry.source_id == source_id}
            content.held = content.held - released
            return len(released)

    # keeping

    def prune(
        self,
        *,
        before: datetime,
        keep_per_source: int,
        texts_before: datetime,
        versions_before: datetime | None = None,
        removals_before: datetime | None = None,
    ) -> int:
        with self._lock:
            self._drop_archives(before)
            self._holds.forget(before)
            return prune(
                self._content,
                before=_second(before),
                keep_per_source=keep_per_source,
                texts_before=_second(texts_before),
                versions_before=versions_before and _second(versions_before),
                removals_before=removals_before and _second(removals_before),
            )

    def note(self, name: str, text: str) -> None:
        with self._lock:
            self._notes[name] = text

    def noted(self, name: str) -> str | None:
        with self._lock:
            return self._notes.get(name)

    def totals(self) -> Totals:
        with self._lock:
            return Totals(entries=len(self._content.entries), stories=len(self._content.stories))

    def counts(self, *, since: datetime) -> dict[str, int]:
        with self._lock:
            dated = (
                (stored.entry.source_id, stored.entry.published_at or stored.first_seen_at)
                for stored in self._content.entries.values()
            )
            return dict(Counter(source_id for source_id, at in dated if at >= _second(since)))


def _second(at: datetime) -> datetime:
    """Stored times are whole seconds, and so is what they are compared with."""
    return at.replace(microsecond=0)


def _known(stored: StoredEntry, withdrawn: Mapping[str, datetime]) -> Known:
    return Known(
        entry_id=stored.entry_id,
        story_id=stored.story_id,
        said_guid=stored.entry.said_guid,
        entry=stored.entry,
        digest=stored.entry.digest,
        published_at=stored.entry.published_at,
        updated_at=stored.entry.updated_at,
        url=stored.entry.url,
        title=stored.entry.title,
        withdrawn_at=withdrawn.get(stored.entry_id),
    )
