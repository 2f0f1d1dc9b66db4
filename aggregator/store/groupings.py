"""Groups of stories that tell one event, in the memory engine: who is in which, and how the first is found."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from aggregator.dedup.events import CANDIDATES_MOST, FREQUENT, PAIRS_LEAST
from aggregator.model import Grouping, Placement
from aggregator.store.protocol import WEEKS_KEPT, week_of

Groups = dict[str, Grouping]  # by story id; the first of a group is not in it


class Topics:
    """Entries, as source id and guid, by hash of what their titles say."""

    def __init__(self) -> None:
        self._weeks: dict[int, dict[int, list[tuple[str, str]]]] = {}

    def sharing(self, topics: Sequence[int]) -> list[tuple[str, str]]:
        """Return the entries that share most of `topics`, those first."""
        counted: Counter[tuple[str, str]] = Counter()
        for one in topics:
            found = [name for week in self._weeks.values() for name in week.get(one, ())]
            if len(found) <= FREQUENT:
                counted.update(found)
        likely = [name for name, shared in counted.most_common() if shared >= PAIRS_LEAST]
        return likely[:CANDIDATES_MOST]

    def add(self, placements: Iterable[Placement], at: datetime) -> None:
        for placement in placements:
            if placement.topics:
                hashes = self._hashes_of(week_of(at))
                for one in placement.topics:
                    hashes.setdefault(one, []).append((placement.entry.source_id, placement.entry.guid))

    def _hashes_of(self, now: int) -> dict[int, list[tuple[str, str]]]:
        """Return those of a week, as `Index` does."""
        turn = [week for week in self._weeks if (now - week) % WEEKS_KEPT == 0]
        self._weeks = {
            week: hashes for week, hashes in self._weeks.items() if week >= now or week not in turn
        }
        return self._weeks.setdefault(max((now, *turn)), {})

    def drop(self, before: datetime) -> None:
        """Forget the weeks that ended before then."""
        self._weeks = {week: hashes for week, hashes in self._weeks.items() if week >= week_of(before)}


def add(groups: Groups, story_id: str, grouping: Grouping) -> None:
    first = groups.get(grouping.first_id)
    groups[story_id] = grouping if first is None else replace(grouping, first_id=first.first_id)


def rename(groups: Groups, old_id: str, new_id: str) -> None:
    """Follow a story that nobody has been shown to its new id."""
    if old_id in groups:
        groups[new_id] = groups.pop(old_id)
    for story_id, kept in list(groups.items()):
        if kept.first_id == old_id:
            groups[story_id] = replace(kept, first_id=new_id)


def join(groups: Groups, loser: str, winner: str, unsettled: Iterable[str]) -> None:
    """Let the group that a story was first in go on without it; what has been published stays as it was."""
    groups.pop(loser, None)
    kept = groups.get(winner)
    group = winner if kept is None or kept.first_id == loser else kept.first_id
    for story_id in unsettled:
        if story_id in groups and groups[story_id].first_id == loser:
            if story_id == group:
                del groups[story_id]
            else:
                groups[story_id] = replace(groups[story_id], first_id=group)


def related(groups: Mapping[str, Grouping], stories: Iterable[str], story_id: str) -> tuple[str, ...]:
    """Return the other stories of the group of one, in the order of `stories`."""

    def group(one: str) -> str:
        return groups[one].first_id if one in groups else one

    return tuple(one for one in stories if one != story_id and group(one) == group(story_id))
