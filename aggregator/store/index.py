"""The index of sampled shingles in the memory engine: which entries share words with a new one."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from aggregator.dedup.sample import CANDIDATES_MOST, FREQUENT, SHARED_LEAST
from aggregator.model import Placement
from aggregator.store.protocol import WEEKS_KEPT, week_of


class Index:
    """Entries by sampled hash. Entries are numbered as they come: ids may change, numbers do not."""

    def __init__(self) -> None:
        self.seen = 0  # the number of the latest entry
        self._entries: dict[int, tuple[str, str]] = {}  # source id and guid, by number
        self._weeks: dict[int, dict[int, list[int]]] = {}  # numbers by hash, by week

    def resembling(self, sample: Sequence[int]) -> list[tuple[str, str]]:
        """Return the entries that share most of `sample` first, as source id and guid."""
        counted = Counter(n for one in sample for n in self._telling(one))
        likely = sorted((-shared, n) for n, shared in counted.items() if shared >= SHARED_LEAST)
        return [self._entries[n] for _, n in likely[:CANDIDATES_MOST]]

    def _telling(self, one: int) -> list[int]:
        """Return the entries that have a hash; none when it is a phrase of too many."""
        found = [n for week in self._weeks.values() for n in week.get(one, ())]
        return found if len(found) <= FREQUENT else []

    def has_since(self, seen: int, sample: Sequence[int]) -> bool:
        """Whether an entry numbered after `seen` shares too much of `sample`, as `resembling` would find it."""
        counted = Counter(n for one in sample for n in self._telling(one) if n > seen)
        return any(shared >= SHARED_LEAST for shared in counted.values())

    def add(self, placement: Placement, at: datetime) -> None:
        self.seen += 1
        if placement.is_indexed:
            now = week_of(at)
            self._forget([week for week in self._weeks if week < now and (now - week) % WEEKS_KEPT == 0])
            self._entries[self.seen] = placement.entry.source_id, placement.entry.guid
            hashes = self._weeks.setdefault(now, {})
            for one in placement.sample:
                hashes.setdefault(one, []).append(self.seen)

    def find_again(self, source_id: str, guid: str, sample: Sequence[int], at: datetime) -> None:
        """Let later entries find one that has been stored for long, by `sample` and by nothing else."""
        number = next((n for n, key in self._entries.items() if key == (source_id, guid)), None)
        if (
            number is None
        ):  # numbers tell what is stored later: an old entry takes one of its own below them all
            number = min((0, *self._entries)) - 1
        for week in self._weeks.values():  # in two weeks at once a hash would count twice
            for numbers in week.values():
                if number in numbers:
                    numbers.remove(number)
        self._entries[number] = source_id, guid
        hashes = self._weeks.setdefault(week_of(at), {})
        for one in sample:
            hashes.setdefault(one, []).append(number)

    def drop(self, before: datetime) -> None:
        """Forget the weeks that ended before then."""
        self._forget([week for week in self._weeks if week < week_of(before)])

    def _forget(self, weeks: Sequence[int]) -> None:
        for week in weeks:
            for n in {n for found in self._weeks.pop(week).values() for n in found}:
                self._entries.pop(n, None)
