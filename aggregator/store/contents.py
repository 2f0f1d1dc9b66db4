"""What the memory engine holds, and a plan written to it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from aggregator.errors import Conflict
from aggregator.merge import shown_at
from aggregator.model import (
    Emitted,
    Join,
    Mark,
    Overrule,
    Placement,
    Plan,
    Refound,
    Removal,
    Rename,
    Revision,
    Split,
    StoredEntry,
    Version,
    Withdrawal,
)
from aggregator.store import groupings
from aggregator.store.index import Index
from aggregator.store.protocol import TRIVIAL_MOST, VERSIONS_MOST


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredStory:
    story_id: str
    representative: str  # entry id
    shown_at: datetime
    settled: bool = False


@dataclass(slots=True)
class Content:
    """Everything an update may change; copied before it does, so that a conflict leaves no trace."""

    entries: dict[str, StoredEntry] = field(default_factory=dict)  # by entry id, as first seen
    stories: dict[str, StoredStory] = field(default_factory=dict)  # by story id
    marks: dict[Mark, dict[int, str]] = field(default_factory=dict)  # story ids by place
    taken_at: dict[Mark, datetime] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    pruned: set[str] = field(default_factory=set)
    withdrawn: dict[str, datetime] = field(default_factory=dict)  # when deleted, by entry id
    versions: dict[str, tuple[Version, ...]] = field(default_factory=dict)  # but the present, by entry id
    boilerplate: dict[str, frozenset[int]] = field(default_factory=dict)  # by source id
    decided: dict[str, Placement] = field(default_factory=dict)  # why it went where it went, by entry id
    held: set[str] = field(default_factory=set)
    overrules: dict[frozenset[str], Overrule] = field(default_factory=dict)  # by pair of entry ids
    removals: dict[str, tuple[Removal, frozenset[str]]] = field(
        default_factory=dict
    )  # with sources, by story id
    emitted: dict[tuple[str, str], Emitted] = field(
        default_factory=dict
    )  # by feed and story id; no plan writes it
    groups: groupings.Groups = field(default_factory=dict)
    index: Index = field(default_factory=Index)
    topics: groupings.Topics = field(default_factory=groupings.Topics)

    def copy(self) -> "Content":
        marks = {mark: dict(places) for mark, places in self.marks.items()}
        return Content(
            dict(self.entries),
            dict(self.stories),
            marks,
            dict(self.taken_at),
            dict(self.aliases),
            set(self.pruned),
            dict(self.withdrawn),
            dict(self.versions),
            dict(self.boilerplate),
            dict(self.decided),
            set(self.held),
            dict(self.overrules),
            dict(self.removals),
            self.emitted,
            dict(self.groups),
            self.index,  # written last, as the next, when nothing can conflict any more
            self.topics,
        )


def write_plan(content: Content, plan: Plan, at: datetime) -> None:
    """Write what was decided `at` that time; raises `Conflict`, half done, when it no longer holds."""
    for rename in plan.renames:
        _rename(content, rename)
    for placement in plan.placements:
        _place(content, placement, at)
    for revision in plan.revisions:
        _revise(content, revision, at)
    for withdrawal in plan.withdrawals:
        _withdraw(content, withdrawal)
    for split in plan.splits:
        _split(content, split, at)
    for overrule in plan.overrules:
        _overrule(content, overrule)
    for join in plan.joins:
        _join(content, join, at)
    for refound in plan.refounds:
        _refound(content, refound)
    _note_removed(content, plan, at)
    _index(content, plan, at)


def _index(content: Content, plan: Plan, at: datetime) -> None:
    """Let later entries find the new ones; last, for the index is not copied."""
    for placement in plan.placements:
        if plan.seen is not None and content.index.has_since(plan.seen, placement.sample):
            raise Conflict(f"entry {placement.entry_id} resembles one that was stored meanwhile")
    for placement in plan.placements:
        content.index.add(placement, at)
    for revision in plan.revisions:
        story_id = content.entries[revision.entry_id].story_id
        is_told_anew = bool(revision.sample or revision.former)
        if is_told_anew and content.stories[story_id].representative == revision.entry_id:
            entry = revision.entry
            content.index.find_again(entry.source_id, entry.guid, revision.sample, at, former=revision.former)
    content.topics.add(plan.placements, at)
    for split in plan.splits:
        founder = content.entries[split.founder_id].entry
        content.index.find_again(founder.source_id, founder.guid, split.sample, at)
    if plan.boilerplate is not None and plan.placements:
        content.boilerplate[plan.placements[0].entry.source_id] = frozenset(plan.boilerplate)


def _move(content: Content, old_id: str, new_id: str) -> None:
    """Let entries and marks of story `old_id` belong to `new_id`."""
    for entry_id, stored in content.entries.items():
        if stored.story_id == old_id:
            content.entries[entry_id] = replace(stored, story_id=new_id)
    for places in content.marks.values():
        places.update({n: new_id for n, story_id in places.items() if story_id == old_id})
    content.aliases.update(
        {alias: new_id for alias, story_id in content.aliases.items() if story_id == old_id}
    )


def _open_story(content: Content, story_id: str) -> StoredStory:
    story = content.stories.get(story_id)
    if story is None or story.settled:
        raise Conflict(f"story {story_id} has been published or joined")
    return story


def _rename(content: Content, rename: Rename) -> None:
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
    if rename.old_id in content.withdrawn:
        content.withdrawn[rename.new_id] = content.withdrawn.pop(rename.old_id)
    if rename.old_id in content.versions:
        content.versions[rename.new_id] = content.versions.pop(rename.old_id)
    content.decided[rename.new_id] = content.decided.pop(rename.old_id)
    if rename.old_id in content.held:
        content.held = content.held - {rename.old_id} | {rename.new_id}
    for pair in [pair for pair in content.overrules if rename.old_id in pair]:
        (other_id,) = pair - {rename.old_id}
        kept = replace(content.overrules.pop(pair), entry_id=rename.new_id, other_id=other_id)
        content.overrules[frozenset((rename.new_id, other_id))] = kept
    if story.representative == rename.old_id:
        story = content.stories[story.story_id] = replace(story, representative=rename.new_id)
    if story.story_id == rename.old_id:
        content.stories[rename.new_id] = replace(content.stories.pop(rename.old_id), story_id=rename.new_id)
        _move(content, rename.old_id, rename.new_id)
        groupings.rename(content.groups, rename.old_id, rename.new_id)


def _place(content: Content, placement: Placement, at: datetime) -> None:
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
        content.stories[story_id] = StoredStory(
            story_id=story_id, representative=entry_id, shown_at=shown_at(entry, at)
        )
    elif story_id not in content.stories:
        raise Conflict(f"story {story_id} is gone")
    content.entries[entry_id] = StoredEntry(
        entry_id=entry_id, story_id=story_id, first_seen_at=at, is_version=placement.is_version, entry=entry
    )
    content.decided[entry_id] = placement
    if placement.grouping is not None:
        if placement.grouping.first_id not in content.stories:
            raise Conflict(f"story {placement.grouping.first_id} is gone")
        groupings.add(content.groups, story_id, placement.grouping)
    if placement.is_held:
        content.held.add(entry_id)
    _take(content, placement.marks, story_id, at)


def _take(content: Content, taken: Sequence[tuple[Mark, int]], story_id: str, at: datetime) -> None:
    for mark, n in taken:
        places = content.marks.setdefault(mark, {})
        if n in places:
            raise Conflict(f"place {n} of {mark} is taken")
        places[n] = story_id
        content.taken_at[mark] = at


def _revise(content: Content, revision: Revision, at: datetime) -> None:
    stored = content.entries.get(revision.entry_id)
    if stored is None:
        raise Conflict(f"entry {revision.entry_id} is gone")
    _keep_version(content, stored, revision, at)
    if revision.is_trivial:
        return
    content.withdrawn.pop(revision.entry_id, None)
    stored = content.entries[revision.entry_id] = replace(stored, entry=revision.entry, changed_at=at)
    _take(content, revision.marks, stored.story_id, at)
    story = content.stories[stored.story_id]
    if story.representative == revision.entry_id:
        shown = shown_at(revision.entry, stored.first_seen_at)
        content.stories[story.story_id] = replace(story, shown_at=shown)


def _keep_version(content: Content, stored: StoredEntry, revision: Revision, at: datetime) -> None:
    """Keep what an entry said before a revision, or the revision where it is trivial."""
    if revision.entry_id in content.pruned:
        return
    kept = content.versions.get(revision.entry_id, ())
    shown = tuple(version for version in kept if version.is_shown)
    trivial = tuple(version for version in kept if not version.is_shown)
    if not revision.is_trivial:
        shown += (Version(seen_at=stored.changed_at or stored.first_seen_at, entry=stored.entry),)
    elif revision.entry.digest not in {version.entry.digest for version in trivial}:
        trivial += (Version(seen_at=at, is_shown=False, entry=revision.entry),)
    content.versions[revision.entry_id] = (*shown[-VERSIONS_MOST:], *trivial[-TRIVIAL_MOST:])


def _withdraw(content: Content, withdrawal: Withdrawal) -> None:
    if withdrawal.entry_id not in content.entries:
        raise Conflict(f"entry {withdrawal.entry_id} is gone")
    content.withdrawn[withdrawal.entry_id] = withdrawal.deleted_at


def _note_removed(content: Content, plan: Plan, at: datetime) -> None:
    """Note which stories nobody tells any more, now that entries have been withdrawn."""
    told = shown_stories(content) if plan.withdrawals else set()
    for withdrawal in plan.withdrawals:
        story = content.stories[content.entries[withdrawal.entry_id].story_id]
        if story.settled and story.story_id not in told:
            _remove(content, story.story_id, at)


def shown_stories(content: Content) -> set[str]:
    """Return the ids of the stories of which any entry may be shown."""
    hidden = content.pruned | content.held | content.withdrawn.keys()
    return {stored.story_id for id_, stored in content.entries.items() if id_ not in hidden}


def _remove(content: Content, story_id: str, at: datetime, story_now: str | None = None) -> None:
    sources = {stored.entry.source_id for stored in content.entries.values() if stored.story_id == story_id}
    removal = Removal(story_id=story_id, removed_at=at, story_now=story_now)
    content.removals[story_id] = removal, frozenset(sources)


def _join(content: Content, join: Join, at: datetime) -> None:
    if join.loser not in content.stories or join.winner not in content.stories:
        raise Conflict(f"story {join.loser} or {join.winner} is gone")
    if frozenset((join.loser, join.winner)) in apart(content):
        raise Conflict(f"story {join.loser} and {join.winner} were told apart")
    if content.stories[join.loser].settled:
        _remove(content, join.loser, at, join.winner)
    _move(content, join.loser, join.winner)
    if content.stories.pop(join.loser).settled:  # an id nobody has been shown may yet go to another entry
        content.aliases[join.loser] = join.winner
    if content.groups:
        unsettled = [id_ for id_, story in content.stories.items() if not story.settled]
        groupings.join(content.groups, join.loser, join.winner, unsettled)


def _refound(content: Content, refound: Refound) -> None:
    story = _open_story(content, refound.story_id)
    founder = content.entries.get(refound.founder_id)
    if founder is None:
        raise Conflict(f"entry {refound.founder_id} is gone")
    former = content.entries[story.representative]
    content.entries[story.representative] = replace(former, is_version=refound.is_version)
    del content.stories[refound.story_id]
    content.stories[refound.founder_id] = replace(
        story,
        story_id=refound.founder_id,
        representative=refound.founder_id,
        shown_at=shown_at(founder.entry, founder.first_seen_at),
    )
    _move(content, refound.story_id, refound.founder_id)
    groupings.rename(content.groups, refound.story_id, refound.founder_id)


def apart(content: Content) -> frozenset[frozenset[str]]:
    """Return the pairs of stories that the operator has told apart."""
    return frozenset(
        frozenset(content.entries[entry_id].story_id for entry_id in pair)
        for pair, overrule in content.overrules.items()
        if overrule.apart
    )


def _overrule(content: Content, overrule: Overrule) -> None:
    pair = frozenset((overrule.entry_id, overrule.other_id))
    if len(pair & content.entries.keys()) != 2:
        raise Conflict(f"entry {overrule.entry_id} or {overrule.other_id} is gone")
    stories = {content.entries[entry_id].story_id for entry_id in pair}
    if not overrule.apart:  # two stories joined are apart in nothing
        content.overrules = {
            other: kept
            for other, kept in content.overrules.items()
            if not kept.apart or {content.entries[entry_id].story_id for entry_id in other} != stories
        }
    content.overrules[pair] = replace(overrule, decided_at=overrule.decided_at.replace(microsecond=0))


def _split(content: Content, split: Split, at: datetime) -> None:
    members = {id_ for id_, stored in content.entries.items() if stored.story_id == split.story_id}
    if members != {*split.members}:
        raise Conflict(f"story {split.story_id} has changed")
    founder = content.entries[split.founder_id]
    new_id = split.founder_id
    content.stories[new_id] = StoredStory(
        story_id=new_id,
        representative=new_id,
        shown_at=shown_at(founder.entry, founder.first_seen_at),
        settled=True,
    )
    for entry_id in split.leaving:
        content.entries[entry_id] = replace(content.entries[entry_id], story_id=new_id)
        if content.aliases.get(entry_id) == split.story_id:
            content.aliases[entry_id] = new_id
    content.aliases.pop(new_id, None)
    for mark in split.moved:
        places = content.marks.get(mark, {})
        places.update({n: new_id for n, story_id in places.items() if story_id == split.story_id})
    _take(content, split.taken, new_id, at)
    _represent(content, split.story_id)


def _represent(content: Content, story_id: str) -> None:
    """Let a story whose representative has left be told by its founder."""
    story = content.stories[story_id]
    if content.entries[story.representative].story_id != story_id:
        founder = content.entries[story_id]
        shown = shown_at(founder.entry, founder.first_seen_at)
        content.stories[story_id] = replace(story, representative=story_id, shown_at=shown)
