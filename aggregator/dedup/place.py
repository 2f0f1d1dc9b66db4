"""Which story each entry of a batch belongs to, as one plan.

An entry that agrees with a story's representative goes there; one that agrees with two stories
joins them; any other founds a story of its own. Never a chain of resemblances: entries are compared
with representatives only (DEDUP.md: union-find halves the precision).

Ids: a URI is kept as it came, unless another entry has it; anything else becomes a tag: URI of ours.
Until a story has been published its id may still go to an entry that was told earlier, so that the
ids do not depend on which publisher answered first (PROTOCOL E6).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from aggregator.dedup.agree import Window, agrees, told_at
from aggregator.dedup.identity import told_apart
from aggregator.dedup.known import is_revised, outlives, withdrawals
from aggregator.dedup.marks import PLACES, marks
from aggregator.model import (
    Candidate,
    Candidates,
    Entry,
    Join,
    Mark,
    Placement,
    Plan,
    Refound,
    Rename,
    Revision,
    StoredEntry,
    Tombstone,
)
from aggregator.urls import tag_uri


def place(
    entries: Sequence[Entry],
    candidates: Candidates,
    *,
    authority: str,
    now: datetime,
    window: Window,
    redate: bool = False,
    tombstones: Sequence[Tombstone] = (),
) -> Plan:
    """Return the plan for `entries`, all of one source and with distinct guids.

    `authority` names us in tag: URIs (RFC 4151). With `redate`, known entries take the dates read
    now: the operator changed how this source's dates are read. Of an entry that a tombstone names, only
    what is newer than the tombstone counts.
    """
    batch = _Batch(candidates, authority=authority, now=now, window=window)
    buried = {tomb.guid: tomb.deleted_at for tomb in tombstones}
    new, revisions = [], []
    entries = told_apart(entries, candidates.known)
    for entry in sorted(entries, key=lambda entry: _order(entry, now)):
        known = candidates.known.get(entry.guid)
        if entry.guid in buried and not outlives(entry, buried[entry.guid]):
            continue
        buried.pop(entry.guid, None)
        if known is None:
            new.append(entry)
        elif is_revised(entry, known, redate=redate):
            dated = entry if redate else replace(entry, published_at=known.published_at)
            revisions.append(Revision(entry_id=known.entry_id, entry=dated))
    ids = [batch.identify(entry) for entry in new]  # all of them first: it may rename stories
    for entry, entry_id in zip(new, ids, strict=True):
        batch.add(entry, entry_id)
    renamed = {rename.old_id: rename.new_id for rename in batch.renames}
    return Plan(
        renames=tuple(batch.renames),
        placements=tuple(batch.placements),
        revisions=tuple(replace(one, entry_id=renamed.get(one.entry_id, one.entry_id)) for one in revisions),
        withdrawals=tuple(
            replace(one, entry_id=renamed.get(one.entry_id, one.entry_id))
            for one in withdrawals(candidates.known, buried)
        ),
        joins=tuple(batch.joins),
        refounds=tuple(batch.refounds.values()),
    )


def _order(entry: Entry, seen_at: datetime) -> tuple[datetime, str, int]:
    """Who founds: the earliest told, then by source; feeds list the newest first."""
    return told_at(entry, seen_at), entry.source_id, -entry.position


def _stored_order(stored: StoredEntry) -> tuple[datetime, str, int]:
    return _order(stored.entry, stored.first_seen_at)


class _Batch:
    """The stories as they will be once what is decided so far has been applied.

    Stories are named by the id they have after the renames and before the refounds.
    """

    def __init__(self, candidates: Candidates, *, authority: str, now: datetime, window: Window) -> None:
        self.authority, self.now, self.window = authority, now, window
        self.marked = {mark: list(found) for mark, found in candidates.marked.items()}
        self.carried: dict[str, set[Mark]] = {}  # the marks of each story, so that a change finds them
        for mark, found in self.marked.items():
            for story in found:
                self.carried.setdefault(story.story_id, set()).add(mark)
        self.holders = dict(candidates.holders)
        self.ids: set[str] = set()
        self.renames: list[Rename] = []
        self.placements: list[Placement] = []
        self.joins: list[Join] = []
        self.refounds: dict[str, Refound] = {}

    def identify(self, entry: Entry) -> str:
        """Return the permanent id of a new entry, taking it from a later told one if need be."""
        own = tag_uri(self.authority, entry.source_id, entry.guid)
        asked = entry.uri
        if asked is None or asked in self.ids or asked.startswith(f"tag:{self.authority},"):
            asked = own  # our own tag: names are ours to give, so that nobody can take them in advance
        elif (holder := self.holders.get(asked)) is not None:
            if holder.settled or _stored_order(holder.stored) <= _order(entry, self.now):
                asked = own
            else:
                self._rename(holder.stored)
        self.ids.add(asked)
        return asked

    def add(self, entry: Entry, entry_id: str) -> None:
        """Place an entry that its source has not shown before."""
        own_marks = marks(entry)
        rule, matches = self._matches(entry, own_marks)
        stored = StoredEntry(entry_id=entry_id, story_id=entry_id, first_seen_at=self.now, entry=entry)
        story = Candidate(story_id=entry_id, representative=stored)
        if matches:
            story = self._unite(matches)
            if not story.settled and _stored_order(stored) < _stored_order(story.representative):
                self.refounds[story.story_id] = Refound(story_id=story.story_id, founder_id=entry_id)
                story = self._become(story, replace(story, representative=stored))
        places = tuple((mark, n) for mark in own_marks if (n := self._take(mark, story)) is not None)
        self.placements.append(
            Placement(entry=entry, entry_id=entry_id, story_id=story.story_id, rule=rule, marks=places)
        )

    def _rename(self, stored: StoredEntry) -> None:
        new_id = tag_uri(self.authority, stored.entry.source_id, stored.entry.guid)
        self.renames.append(Rename(old_id=stored.entry_id, new_id=new_id))
        del self.holders[stored.entry_id]
        marks_of_it = self.carried.get(stored.entry_id, set())
        story = next((c for m in marks_of_it for c in self.marked[m] if c.story_id == stored.entry_id), None)
        if story is not None:
            self._become(story, replace(story, story_id=new_id))

    def _matches(self, entry: Entry, own_marks: Sequence[Mark]) -> tuple[str, list[Candidate]]:
        """Return the stories that `entry` tells, and the mark that found the first of them."""
        rule, matches = "new", dict[str, Candidate]()
        for mark in own_marks:
            found = self.marked.get(mark, [])
            if len(found) >= PLACES:
                continue
            for story in found:
                if story.story_id not in matches and agrees(
                    mark.kind, entry, self.now, story.representative, self.window
                ):
                    rule = rule if matches else mark.kind
                    matches[story.story_id] = story
        return rule, list(matches.values())

    def _unite(self, matches: Sequence[Candidate]) -> Candidate:
        """Make one story of `matches`: a published one stays, else the one told first."""
        winner, *losers = sorted(
            matches, key=lambda story: (not story.settled, _stored_order(story.representative))
        )
        for loser in losers:
            self.joins.append(Join(loser=loser.story_id, winner=winner.story_id))
            self.refounds.pop(loser.story_id, None)
            self._become(loser, winner)
        return winner

    def _become(self, old: Candidate, new: Candidate) -> Candidate:
        moved = self.carried.pop(old.story_id, set())
        for mark in moved:
            self.marked[mark] = [
                new if story.story_id == old.story_id else story for story in self.marked[mark]
            ]
        self.carried.setdefault(new.story_id, set()).update(moved)
        return new

    def _take(self, mark: Mark, story: Candidate) -> int | None:
        """Return the number of the place that `story` takes under `mark`; None when it needs none."""
        found = self.marked.setdefault(mark, [])
        if len(found) >= PLACES or any(other.story_id == story.story_id for other in found):
            return None
        found.append(story)
        self.carried.setdefault(story.story_id, set()).add(mark)
        return len(found) - 1
