"""With which story a new one tells one event, in an article of its own (`[dedup] groups`).

Every story begins as the first of a group of its own. A new one is compared with first ones only, so that no
chain leads from one event to another; and only once, so that what was emitted of it stays as it is.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from aggregator.dedup.agree import is_within
from aggregator.dedup.events import one_event, topics
from aggregator.dedup.said import Said
from aggregator.dedup.verdict import Verdict
from aggregator.model import Candidate, Grouping, StoredEntry


class Events:
    """The stories that the store brought, as the first of their events.

    `said` reads an entry, `current` returns a story as it is now. Stories of one source are never grouped: its
    serials and forms filled in anew have titles that differ in a word or two, as those of an event do.
    """

    def __init__(
        self,
        brought: Mapping[str, tuple[Candidate, ...]],
        said: Callable[[StoredEntry], Said],
        current: Callable[[Candidate], Candidate],
        window: timedelta,
        now: datetime,
    ) -> None:
        self._brought, self._said, self._current = brought, said, current
        self._window, self._now = window, now

    def topics(self, stored: StoredEntry) -> tuple[int, ...]:
        """Return the hashes by which later stories of the event find `stored`."""
        return topics(self._said(stored))

    def first(self, stored: StoredEntry) -> Grouping | None:
        """Return with which story a new one tells one event; None when it is the first to tell its own."""
        found: list[tuple[tuple[float, ...], str, Verdict]] = []
        for story in map(self._current, self._brought.get(stored.entry.guid, ())):
            verdict = self._judge(stored, story.representative)
            if verdict.rule is not None:
                found.append((tuple(score for _, score in verdict.scores), story.story_id, verdict))
        if not found:
            return None
        _, story_id, verdict = max(found, key=lambda one: one[:2])
        return Grouping(first_id=story_id, scores=verdict.scores)

    def _judge(self, stored: StoredEntry, other: StoredEntry) -> Verdict:
        if stored.entry.source_id == other.entry.source_id:
            return Verdict()
        if not is_within(self._window, stored.entry, self._now, other):
            return Verdict()
        return one_event(self._said(stored), self._said(other))
