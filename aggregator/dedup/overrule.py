"""What the operator's word does to stories: `split` and `join`, as plans that no later poll undoes.

The decision is kept for pairs of entries, because their ids are for good while stories come and go. `place` and the
store keep the stories of two such entries apart, whichever stories these are by then.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from aggregator.dedup.agree import told_at
from aggregator.dedup.marks import PLACES, marks
from aggregator.dedup.said import said
from aggregator.dedup.sample import sample
from aggregator.errors import Refused
from aggregator.model import Candidate, Dossier, Filed, Join, Lookup, Mark, Overrule, Plan, Split


def leaving(story: Dossier, entry_id: str) -> tuple[Filed, ...]:
    """Return the entries that leave when `entry_id` is split off; raises `Refused` when it stands alone.

    The founder keeps the story's id, which is its own: the others leave it.
    """
    if len(story.entries) == 1:
        raise Refused(f"{entry_id} is the only entry of its story: there is nothing to split")
    founds = entry_id == story.story_id
    return tuple(filed for filed in story.entries if (filed.stored.entry_id == entry_id) != founds)


def lookup_of(entries: Sequence[Filed]) -> Lookup:
    """Return what must be known of the marks of entries that leave before they can."""
    found = dict.fromkeys(mark for filed in entries for mark in marks(filed.stored.entry))
    return Lookup(source_id=entries[0].stored.entry.source_id, marks=tuple(found))


def split(
    story: Dossier, entry_id: str, marked: Mapping[Mark, Sequence[Candidate]], *, now: datetime
) -> Plan:
    """Return the plan by which `entry_id` is of one story with no other entry of `story` any more.

    `marked`: what the store knows of the marks in `lookup_of`. A mark of those who leave leads to them; where
    one who stays has it too, to both.
    """
    gone = leaving(story, entry_id)
    gone_ids = {filed.stored.entry_id for filed in gone}
    staying = [filed for filed in story.entries if filed.stored.entry_id not in gone_ids]
    founder = min(gone, key=_order).stored
    shared = {mark for filed in staying for mark in marks(filed.stored.entry)}
    moved, taken = [], []
    for mark in lookup_of(gone).marks:
        found = marked.get(mark, ())
        held = any(candidate.story_id == story.story_id for candidate in found)
        if held and mark not in shared:
            moved.append(mark)
        elif len(found) < PLACES:
            taken.append((mark, len(found)))
    others = staying if entry_id in gone_ids else gone
    return Plan(
        splits=(
            Split(
                story_id=story.story_id,
                founder_id=founder.entry_id,
                leaving=tuple(filed.stored.entry_id for filed in gone),
                members=tuple(filed.stored.entry_id for filed in story.entries),
                moved=tuple(moved),
                taken=tuple(taken),
                sample=sample(said(founder.entry)),
            ),
        ),
        overrules=tuple(
            Overrule(entry_id=entry_id, other_id=filed.stored.entry_id, apart=True, decided_at=now)
            for filed in others
        ),
    )


def join(story: Dossier, entry_id: str, other: Dossier, other_id: str, *, now: datetime) -> Plan:
    """Return the plan by which two entries are of one story; a published one stays, else the one told first."""
    if story.story_id == other.story_id:
        raise Refused(f"{entry_id} and {other_id} are one story already: {story.story_id}")
    winner, loser = sorted((story, other), key=lambda one: (not one.is_settled, _order(_told_by(one))))
    return Plan(
        overrules=(Overrule(entry_id=entry_id, other_id=other_id, apart=False, decided_at=now),),
        joins=(Join(loser=loser.story_id, winner=winner.story_id),),
    )


def _told_by(story: Dossier) -> Filed:
    return next(filed for filed in story.entries if filed.stored.entry_id == story.representative)


def _order(filed: Filed) -> tuple[datetime, str, str]:
    """Who founds: the earliest told."""
    stored = filed.stored
    return told_at(stored.entry, stored.first_seen_at), stored.entry.source_id, stored.entry_id
