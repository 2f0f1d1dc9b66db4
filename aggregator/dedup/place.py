"""Which story each entry of a batch belongs to, as one plan.

An entry that agrees with a story's representative goes there; one that agrees with two stories
joins them; any other founds a story of its own, unless it resembles a representative (`nearby`). Never a
chain of resemblances: entries are compared with representatives only (DEDUP.md: union-find halves the
precision), and a resemblance joins no stories.

Ids: a URI is kept as it came, unless another entry has it; anything else becomes a tag: URI of ours.
Until a story has been published its id may still go to an entry that was told earlier, so that the
ids do not depend on which publisher answered first (PROTOCOL E6).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import combinations

from aggregator.dedup.agree import Window, agrees, is_item_again, told_at
from aggregator.dedup.boilerplate import boilerplate
from aggregator.dedup.groups import Events
from aggregator.dedup.identity import told_apart
from aggregator.dedup.known import outlives, revised, withdrawals
from aggregator.dedup.marks import PLACES, marks
from aggregator.dedup.nearby import Nearby
from aggregator.dedup.reissued import Reissued
from aggregator.dedup.said import Said, said
from aggregator.dedup.sample import sample
from aggregator.dedup.verdict import Verdict
from aggregator.dedup.versions import is_version
from aggregator.model import (
    Candidate,
    Candidates,
    Entry,
    Join,
    Known,
    Mark,
    Placement,
    Plan,
    Refound,
    Rename,
    Revision,
    StoredEntry,
    Tombstone,
)
from aggregator.urls import strict_key, tag_uri

NEW = "new"  # the rule of an entry that founds a story
GUID = "guid"  # of one that another source has told under the same URI, in the same words
REISSUED = "reissued"  # of one that its source has told before, under another guid and address


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
    learnt = boilerplate(entries) if window.near is not None else None
    usual = {**candidates.boilerplate, **({} if learnt is None else {entries[0].source_id: learnt})}
    furniture = _furniture(entries, candidates, learnt)
    batch = _Batch(candidates, learnt or frozenset(), usual, authority=authority, now=now, window=window)
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
        elif (revision := revised(entry, known, furniture, redate=redate)) is not None:
            revisions.append(revision)
    ids = [batch.identify(entry) for entry in new]  # all of them first: it may rename stories
    for entry, entry_id in zip(new, ids, strict=True):
        batch.add(entry, entry_id)
    revisions = [batch.marked_anew(one, candidates.known[one.entry.guid]) for one in revisions]
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
        seen=candidates.seen if batch.placements and batch.nearby is not None else None,
        boilerplate=_news(learnt, candidates, batch.placements),
    )


def _furniture(
    entries: Sequence[Entry], candidates: Candidates, learnt: frozenset[int] | None
) -> frozenset[int]:
    """Return what the source says in every entry now, or said when the known entries were stored."""
    before = candidates.boilerplate.get(entries[0].source_id, frozenset()) if entries else frozenset[int]()
    return before | (learnt or frozenset())


def _news(
    learnt: frozenset[int] | None, candidates: Candidates, placements: Sequence[Placement]
) -> tuple[int, ...] | None:
    """Return what was learnt of a source that has something new, unless it was known."""
    if learnt is None or not placements:
        return None
    known = candidates.boilerplate.get(placements[0].entry.source_id, frozenset())
    return None if known == learnt else tuple(sorted(learnt))


def _order(entry: Entry, seen_at: datetime) -> tuple[datetime, str, int]:
    """Who founds: the earliest told, then by source; feeds list the newest first."""
    return told_at(entry, seen_at), entry.source_id, -entry.position


def _stored_order(stored: StoredEntry) -> tuple[datetime, str, int]:
    return _order(stored.entry, stored.first_seen_at)


def _strangeness(entry: Entry, other: Entry) -> int:
    """Return how little the two have in common by where they stand: 0 for one address of one source."""
    return 2 * (entry.source_id != other.source_id) + (entry.url != other.url)


class _Batch:
    """The stories as they will be once what is decided so far has been applied.

    Stories are named by the id they have after the renames and before the refounds.
    """

    def __init__(
        self,
        candidates: Candidates,
        learnt: frozenset[int],
        usual: Mapping[str, frozenset[int]],
        *,
        authority: str,
        now: datetime,
        window: Window,
    ) -> None:
        self.authority, self.now, self.window = authority, now, window
        self.learnt = learnt
        self.marked = {mark: list(found) for mark, found in candidates.marked.items()}
        self.carried: dict[str, set[Mark]] = {}  # the marks of each story, so that a change finds them
        for mark, found in self.marked.items():
            for story in found:
                self.carried.setdefault(story.story_id, set()).add(mark)
        self.brought = {  # every story that the store brought, by its id
            story.story_id: story
            for found in (
                *candidates.marked.values(),
                *candidates.near.values(),
                [one.story for one in candidates.told],
            )
            for story in found
        }
        self.became: dict[str, Candidate] = {}  # what has become of stories that changed
        self.holders = dict(candidates.holders)
        self.displaced: dict[str, StoredEntry] = {}  # by the URI they had to give to an earlier one
        self.ids: set[str] = set()
        self.apart = set(candidates.apart)
        self.reissued = Reissued(candidates.told)
        self.nearby: Nearby | None = None
        if window.near is not None:
            self.nearby = Nearby(candidates.near, usual, self.current, window.near, now)
        self.events: Events | None = None
        if window.group is not None:
            self.events = Events(candidates.events, self._said, self.current, window.group, now)
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
        stored = StoredEntry(entry_id=entry_id, story_id=entry_id, first_seen_at=self.now, entry=entry)
        own_sample = self._sample(entry)
        verdict, matches = self._matches(stored, own_marks, own_sample)
        story = Candidate(story_id=entry_id, representative=stored)
        is_later, is_indexed = False, True
        if matches:
            story = self._unite(entry, matches)
            is_later = self._is_version(stored, story.representative)
            is_indexed = not story.settled and _stored_order(stored) < _stored_order(story.representative)
            if is_indexed:
                self.refounds[story.story_id] = Refound(
                    story_id=story.story_id, founder_id=entry_id, is_version=is_later
                )
                is_later = False  # the other is
                story = self._become(story, replace(story, representative=stored))
        if self.nearby is not None and is_indexed:
            self.nearby.add(own_sample, story)
        grouping = self.events.first(stored) if self.events is not None and not matches else None
        is_first = self.events is not None and is_indexed and grouping is None
        self.placements.append(
            Placement(
                entry=entry,
                entry_id=entry_id,
                story_id=story.story_id,
                rule=verdict.rule or NEW,
                scores=verdict.scores,
                is_version=is_later,
                marks=tuple((mark, n) for mark in own_marks if (n := self._take(mark, story)) is not None),
                sample=own_sample,
                is_indexed=is_indexed and bool(own_sample),
                topics=self.events.topics(stored) if self.events is not None and is_first else (),
                grouping=grouping,
            )
        )

    def marked_anew(self, revision: Revision, known: Known) -> Revision:
        """Let later entries find what a known one says now. It joins no stories: it is told where it was.

        Comes after all that is new, as it gives the places of its story numbers only.
        """
        entry, before = revision.entry, known.entry
        if revision.is_trivial:
            return revision
        story = Candidate(
            story_id=known.story_id,
            representative=StoredEntry(
                entry_id=known.entry_id, story_id=known.story_id, first_seen_at=self.now, entry=entry
            ),
        )
        story = self.current(self.became.get(known.story_id, story))
        is_reworded = before is None or before.content_text != entry.content_text
        sample_ = self._sample(entry) if is_reworded else ()
        former = self._sample(before) if is_reworded and before is not None else ()
        return replace(
            revision,
            marks=tuple((mark, n) for mark in marks(entry) if (n := self._take(mark, story)) is not None),
            sample=sample_,
            former=tuple(one for one in former if one not in sample_),
        )

    def current(self, story: Candidate) -> Candidate:
        """Return what has become of a story."""
        while (now := self.became.get(story.story_id, story)).story_id != story.story_id:
            story = now
        return now

    def _rename(self, stored: StoredEntry) -> None:
        new_id = tag_uri(self.authority, stored.entry.source_id, stored.entry.guid)
        self.renames.append(Rename(old_id=stored.entry_id, new_id=new_id))
        del self.holders[stored.entry_id]
        told = new_id if stored.story_id == stored.entry_id else stored.story_id
        self.displaced[stored.entry_id] = replace(stored, entry_id=new_id, story_id=told)
        story = self.brought.get(stored.entry_id)
        if story is not None:
            self._become(self.current(story), replace(self.current(story), story_id=new_id))

    def _said(self, stored: StoredEntry) -> Said:
        return said(stored.entry) if self.nearby is None else self.nearby.said(stored)

    def _sample(self, entry: Entry) -> tuple[int, ...]:
        """Return what `lookup` asked the store with, which knew the document only."""
        return () if self.nearby is None else sample(said(entry, self.learnt))

    def _matches(
        self, stored: StoredEntry, own_marks: Sequence[Mark], own_sample: tuple[int, ...]
    ) -> tuple[Verdict, list[Candidate]]:
        """Return the stories that an entry tells, and why it tells the first of them."""
        again = self.reissued.get(stored.entry)
        if again is not None:
            return Verdict(rule=REISSUED), [self.current(again)]
        first, matches = Verdict(), dict[str, Candidate]()
        for mark in own_marks:
            found = self.marked.get(mark, [])
            if len(found) >= PLACES:
                continue
            for story in found:
                if story.story_id in matches:
                    continue
                verdict = agrees(mark.kind, stored.entry, self.now, story.representative, self.window)
                if verdict.rule is not None:
                    first = first if matches else verdict
                    matches[story.story_id] = story
        if not matches and (held := self._held(stored.entry)) is not None:
            return Verdict(rule=GUID), [held]
        if not matches and self.nearby is not None:
            resembled = self.nearby.best(stored, own_sample)
            if resembled is not None:
                return resembled[1], [resembled[0]]
        return first, list(matches.values())

    def _held(self, entry: Entry) -> Candidate | None:
        """Return the story founded by the item that has the URI of this one and is the same, of another source.

        What is short and has no address has no marks to be found by.
        """
        if entry.uri is None:
            return None
        holder = self.holders.get(entry.uri)
        stored = self.displaced.get(entry.uri) if holder is None else holder.stored
        if stored is None or stored.story_id != stored.entry_id:
            return None
        if not is_item_again(entry, self.now, stored, self.window):
            return None
        settled = holder is not None and holder.settled
        story = Candidate(story_id=stored.story_id, representative=stored, settled=settled)
        return self.current(self.brought.get(entry.uri, story))

    @staticmethod
    def _is_version(stored: StoredEntry, other: StoredEntry) -> bool:
        """Also where nothing that only resembles is looked for: what is one by its address is a version or a copy."""
        entry, told = stored.entry, other.entry
        one_page = (
            entry.url is not None and told.url is not None and strict_key(entry.url) == strict_key(told.url)
        )
        one_place = one_page or entry.source_id == told.source_id
        return is_version(said(entry), said(told), one_place=one_place)

    def _unite(self, entry: Entry, matches: Sequence[Candidate]) -> Candidate:
        """Make one story of `matches`: a published one stays, else the one told first.

        Stories that the operator has told apart stay apart, and `entry` goes with what its source told at
        its address: there it may have been told before, under another guid.
        """
        overruled = any({a.story_id, b.story_id} in self.apart for a, b in combinations(matches, 2))
        winner, *losers = sorted(
            matches,
            key=lambda story: (
                overruled and _strangeness(entry, story.representative.entry),
                not story.settled,
                _stored_order(story.representative),
            ),
        )
        for loser in losers:
            if {loser.story_id, winner.story_id} in self.apart:
                continue
            self.joins.append(Join(loser=loser.story_id, winner=winner.story_id))
            self.refounds.pop(loser.story_id, None)
            self._become(loser, winner)
        return winner

    def _become(self, old: Candidate, new: Candidate) -> Candidate:
        self.became[old.story_id] = self.became[new.story_id] = new
        if old.story_id != new.story_id:
            self.apart |= {
                pair - {old.story_id} | {new.story_id} for pair in self.apart if old.story_id in pair
            }
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
