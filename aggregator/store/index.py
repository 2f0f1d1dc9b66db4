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
        self._entries: list[
            tuple[str, str]
        ] = []  # source id and guid, as they were stored: number 1 is the first
        self._weeks: dict[int, dict[int, list[int]]] = {}  # numbers by hash, by week

    @property
    def seen(self) -> int:
        """The number of the latest entry."""
        return len(self._entries)

    def resembling(self, sample: Sequence[int]) -> list[tuple[str, str]]:
        """Return the entries that share most of `sample` first, as source id and guid."""
        counted = Counter(n for one in sample for n in self._telling(one))
        likely = sorted((-shared, n) for n, shared in counted.items() if shared >= SHARED_LEAST)
        return [self._entries[n - 1] for _, n in likely[:CANDIDATES_MOST]]

    def _telling(self, one: int) -> list[int]:
        """Return the entries that have a hash; none when it is a phrase of too many."""
        found = [n for week in self._weeks.values() for n in week.get(one, ())]
        return found if len(found) <= FREQUENT else []

    def has_since(self, seen: int, sample: Sequence[int]) -> bool:
        """Whether an entry numbered after `seen` shares too much of `sample`, as `resembling` would find it."""
        counted = Counter(n for one in sample for n in self._telling(one) if n > seen)
        return any(shared >= SHARED_LEAST for shared in counted.values())

    def add(self, placement: Placement, at: datetime) -> None:
        self._entries.append((placement.entry.source_id, placement.entry.guid))
        if placement.is_indexed:
            self._list(self.seen, placement.sample, at)

    def find_again(
        self,
        source_id: str,
        guid: str,
        sample: Sequence[int],
        at: datetime,
        *,
        former: Sequence[int] = (),
    ) -> None:
        """Let later entries find one that has been stored for long, by `sample` too, and by `former` no more."""
        number = self._entries.index((source_id, guid)) + 1
        for week in self._weeks.values():  # in two weeks at once a hash would count twice
            for one in (*sample, *former):
                if number in week.get(one, ()):
                    week[one].remove(number)
        self._list(number, sample, at)

    def _list(self, number: int, sample: Sequence[int], at: datetime) -> None:
        if sample:
            hashes = self._hashes_of(week_of(at))
            for one in sample:
                hashes.setdefault(one, []).append(number)

    def _hashes_of(self, now: int) -> dict[int, list[int]]:
        """Return those of a week; it takes the turn of an older one, unless a clock was set back behind that."""
        turn = [week for week in self._weeks if (now - week) % WEEKS_KEPT == 0]
        self._weeks = {
            week: hashes for week, hashes in self._weeks.items() if week >= now or week not in turn
        }
        return self._weeks.setdefault(max((now, *turn)), {})

    def drop(self, before: datetime) -> None:
        """Forget the weeks that ended before then."""
        self._weeks = {week: hashes for week, hashes in self._weeks.items() if week >= week_of(before)}
