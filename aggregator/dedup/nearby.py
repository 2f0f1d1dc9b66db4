"""Which story a new entry resembles most: among those the store brought and those of its own document."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

from aggregator.dedup.agree import OTHER_ISSUE, apart, is_other_issue, is_within
from aggregator.dedup.near import near
from aggregator.dedup.said import Said, said
from aggregator.dedup.sample import CANDIDATES_MOST, FREQUENT, SHARED_LEAST
from aggregator.dedup.verdict import Verdict
from aggregator.model import Candidate, StoredEntry


class Nearby:
    """Texts are read once a batch, however often they are compared.

    `current` returns a story as it is now: what the store brought may have been joined or refounded since.
    """

    def __init__(
        self,
        brought: Mapping[tuple[int, ...], tuple[Candidate, ...]],
        boilerplate: Mapping[str, frozenset[int]],
        current: Callable[[Candidate], Candidate],
        window: timedelta,
        now: datetime,
    ) -> None:
        self._near, self._boilerplate, self._current = brought, boilerplate, current
        self._window, self._now = window, now
        self._read: dict[tuple[str, str], Said] = {}  # by source and guid: ids may change within a batch
        self._fresh: dict[int, list[Candidate]] = {}  # stories of this batch, by hash

    def said(self, stored: StoredEntry) -> Said:
        """Return what an entry says, without the boilerplate of its source."""
        name = stored.entry.source_id, stored.entry.guid
        if name not in self._read:
            usual = self._boilerplate.get(stored.entry.source_id, frozenset())
            self._read[name] = said(stored.entry, usual)
        return self._read[name]

    def add(self, sample: tuple[int, ...], story: Candidate) -> None:
        """Let later entries of this batch find `story`."""
        for one in sample:
            self._fresh.setdefault(one, []).append(story)

    def best(self, stored: StoredEntry, sample: tuple[int, ...]) -> tuple[Candidate, Verdict] | None:
        """Return the story that a new entry resembles most; None when it resembles none enough.

        Only its representative is asked (DEDUP.md: chains of resemblance halve the precision), and only one
        story is returned: two stories do not become one because something resembles both.
        """
        found = [
            (self._rank(story, verdict), story, verdict)
            for story in self._stories(sample)
            if (verdict := self._judge(stored, story)).rule is not None
        ]
        if not found:
            return None
        _, story, verdict = max(found, key=lambda one: one[0])
        return story, verdict

    def _stories(self, sample: tuple[int, ...]) -> Iterable[Candidate]:
        """Return what to compare with: a document of a thousand filled-in forms must not cost a million looks."""
        found = [self._fresh.get(one, ()) for one in sample]
        telling = [stories for stories in found if len(stories) <= FREQUENT]
        fresh = {story.story_id: story for stories in telling for story in stories}
        shared = Counter(story.story_id for stories in telling for story in stories).most_common(
            CANDIDATES_MOST
        )
        stories = [*self._near.get(sample, ())]
        stories += [fresh[story_id] for story_id, count in shared if count >= SHARED_LEAST]
        return {story.story_id: story for story in map(self._current, stories)}.values()

    def _judge(self, stored: StoredEntry, story: Candidate) -> Verdict:
        entry, other = stored.entry, story.representative
        if not is_within(self._window, entry, self._now, other):
            return Verdict()
        if is_other_issue(entry, self._now, other):
            return Verdict(veto=OTHER_ISSUE)
        return near(
            self.said(stored),
            self.said(other),
            apart=apart(entry, self._now, other),
            one_source=entry.source_id == other.entry.source_id,
        )

    @staticmethod
    def _rank(story: Candidate, verdict: Verdict) -> tuple[float, float, str]:
        scores = dict(verdict.scores)
        return scores["lead"] + scores["text"] + scores["title"], scores["size"], story.story_id
