"""The seam between the daemon and its memory."""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from aggregator.model import (
    ArchiveLength,
    Candidates,
    Claim,
    Dossier,
    Emitted,
    FeedHead,
    HealthEvent,
    KnownItem,
    Leavers,
    Lookup,
    Output,
    PageContent,
    Plan,
    PollUpdate,
    Query,
    Removal,
    Sorting,
    Source,
    SourceState,
    State,
    Story,
    Untold,
    Version,
)

WEEKS_KEPT = 3  # what is 14 days old is still found, what is 21 days old is not

# Of one entry, besides what it says now. Of trivial edits few, so that a counter drives nothing out.
TOLD_MOST = 500  # entries under the titles of a document: it has fewer, unless one title recurs for ever
VERSIONS_MOST = 20
TRIVIAL_MOST = 3

EVENTS_KEPT = 500  # of what was told of the health of sources
ON_HOLD = "host on hold"  # why a source waits whose host has answered another with Retry-After

PAGE_ENTRIES = 100  # in a page of an archive; what is published is counted by it: never to be changed
SWEEP_STORIES = 1000  # looked at in one step for what belongs into a feed from before
REMOVALS_MOST = 500  # the latest, in one feed

UPHEAVAL_LEAST = 3  # entries: in a shorter document all may be news


def is_upheaval(lookup: Lookup, known: Collection[str]) -> bool:
    """Whether so few guids of a document are known that its source may have changed them all.

    An entry is looked for under two names (`dedup.identity`), so that a quarter is half of the entries.
    """
    names = len(lookup.guids) + 2 * lookup.skipped
    found = sum(guid in known for guid in lookup.guids) + lookup.skipped
    return names >= 2 * UPHEAVAL_LEAST and found * 4 < names


def week_of(at: datetime) -> int:
    """Return the number of the week that samples of that time are kept, and dropped, with."""
    return int(at.timestamp() // timedelta(weeks=1).total_seconds())


def page_digest(entries: Iterable[tuple[bytes, datetime]]) -> str:
    """Return a digest of entries of an archive, given by the SHA-256 of each's body and when it was archived.

    It is in addresses: never to be changed. The times tell apart what was filed before a backup was
    restored and what was afterwards, though the entries be the same and those before them others.
    """
    told = hashlib.sha256()
    for body, at in entries:
        told.update(body + int(at.timestamp()).to_bytes(8))
    return told.hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """How much is stored, configured sources or not."""

    entries: int
    stories: int


class Store(Protocol):
    """Safe to call from several threads; every method is whole or has no effect.

    Raises `StoreUnavailable` when the storage fails now, `StoreError` when it is damaged or not ours, never a
    library's exception.
    """

    def configure(self, sources: Sequence[Source], *, now: datetime) -> None:
        """Make these the sources that are polled and shown.

        A new one is due at once (unless its host is on hold), and one whose address changed becomes
        what `addresses.edited` says. The entries of a source that left stay stored but are shown no more, and it
        is itself again when it comes back. Paused ones are as they were, but not due.
        """

    def states(self) -> tuple[SourceState, ...]:
        """Return the state of every configured source, by id."""

    def heads(self) -> Mapping[str, FeedHead]:
        """Return what every configured source's feed says of itself: all that publishing needs of a state."""

    def state(self, source_id: str) -> SourceState:
        """Return the state of one configured source; `KeyError` when there is none."""

    def claim_due(
        self, now: datetime, *, limit: int, lease: timedelta, busy_hosts: Collection[str] = ()
    ) -> tuple[Claim, ...]:
        """Take up to `limit` due sources, the longest due first; nobody else gets them for `lease`.

        At most one of each host, none of `busy_hosts`, as the others would only wait for their
        turn, and none of a host on hold. Sources without a host (file:) do not wait for each other.
        """

    def reschedule(self, states: Collection[SourceState]) -> None:
        """Write when sources are polled next, why, and their intervals; not of those polled since they were read."""

    def release_claims(self, source_ids: Collection[str] | None = None) -> None:
        """Forget the claims on these sources; without, all: the process that held them is gone."""

    def holds(self, *, now: datetime) -> frozenset[str]:
        """Return the hosts that have asked to be left alone for longer than until `now`."""

    def recount_holds(self, *, now: datetime) -> int:
        """Count from `now` those that were made later: the clock, which was ahead, has been set back. Return how many.

        So do the waits of sources that wait for one of them only.
        """

    def candidates(self, lookup: Lookup) -> Candidates:
        """Return what placing the entries of `lookup` needs.

        `known` are the entries with one of these guids, and those told apart from one.
        `told` is looked for only in an upheaval (`is_upheaval`). `near` has stories by sample for the entries
        that are not known: at most `CANDIDATES_MOST` that share `SHARED_LEAST` hashes or more, counting none
        that more than `FREQUENT` entries have (`dedup.sample`).
        """

    def known_items(self, source_id: str) -> tuple[KnownItem, ...]:
        """Return what is remembered of the items of a source's last document."""

    def apply(self, update: PollUpdate) -> None:
        """Write all that a poll changes, in one transaction, and end its claim.

        Of a source whose address was changed meanwhile only the entries are kept, not the state.
        A hold makes every source of its host wait, and those that are added to it later.

        What a revision replaces is kept as a version, a trivial revision as one that is not shown: of each
        entry the latest `VERSIONS_MOST` and `TRIVIAL_MOST`.

        Raises `Conflict`, having written nothing, when the plan counted on something that
        another poll changed meanwhile; applying one update twice is such a case. So is an entry
        stored since `Plan.seen` that shares `SHARED_LEAST` hashes with a new one: an engine that lets several
        write at once must let nobody in between that check and the end of the transaction.
        """

    def latest(
        self,
        limit: int,
        *,
        sources: Sequence[str] | None = None,
        settled: bool = False,
        query: Query | None = None,
        within: timedelta | None = None,
        sorting: Sorting = Sorting.PUBLISHED,
    ) -> tuple[Story, ...]:
        """Return the newest stories that any of `sources` tells (None = any configured).

        Newest by shown date, or by when their representatives were first seen.

        Only entries of configured sources; the story's representative first, unless only
        others are among `sources`. With `settled`, only stories whose ids are final. With `query`, only those
        of which it finds an entry, of `sources`, as far as `index` has come; raises `QueryError` when that takes
        longer than `within`.
        """

    def index(self, most: int) -> int:
        """Let queries find up to `most` of the entries that changed, the latest first; return how many it was.

        0 when all is indexed. An engine that looks at the entries themselves has nothing to do.
        """

    def unindexed(self) -> int:
        """Return how many changes are not indexed yet."""

    def revisions(self, entry_id: str) -> tuple[Version, ...]:
        """Return the versions of an entry that are kept, the oldest first, with what it says now.

        () of an entry that is unknown or whose text has been pruned.
        """

    def settle(self) -> None:
        """Make the ids of all stories final: they are about to be published."""

    def enrol(self, outputs: Sequence[Output]) -> frozenset[str]:
        """Make these the feeds that stories are shown in and archived for; return those whose stories changed.

        To be called before every publication. What a feed gets from before (it is new, or has more sources) is
        looked through by `SWEEP_STORIES` a call, the newest of it at once. A removed story that is shown
        again loses its tombstone.
        """

    def current(self, output: Output) -> tuple[Story, ...]:
        """Return what an enrolled feed shows: the newest settled stories that are not in its archive.

        In the order, and with entries as `latest` returns them.
        """

    def leaving(self, output: Output, most: int, *, shown: Collection[str]) -> tuple[Story, ...]:
        """Return settled stories, of those not archived, that are not among the ids `shown`, the oldest first."""

    def leave_out(self, output: str, stories: Collection[Story]) -> None:
        """Neither show nor archive stories, until they change: the rules of the feed refuse them."""

    def archive(self, leavers: Sequence[Leavers], *, at: datetime) -> None:
        """Put stories at the end of feeds' archives, for good, in one transaction; not those that are gone."""

    def archive_lengths(self) -> Mapping[str, ArchiveLength]:
        """Return how far the archives go, by the name of the feed, also of feeds that were enrolled before."""

    def is_archived(self, output: str, story_id: str) -> bool:
        """Return whether a story is in the archive of a feed."""

    def archive_page(self, output: str, page: int, count: int) -> PageContent | None:
        """Return the first `count` entries of a page, None unless all of them are there."""

    def archive_digest(self, output: str, page: int, count: int) -> str | None:
        """Return the `page_digest` of these, None unless so many were archived; also of pages that are dropped."""

    def removals(self, output: Output, *, since: datetime) -> tuple[Removal, ...]:
        """Return the stories of a feed's sources that have been emitted and are no more, the latest first.

        At most `REMOVALS_MOST`: deleted by their publishers, or joined with another.
        """

    def emitted(self, feed: str, story_ids: Sequence[str]) -> Mapping[str, Emitted]:
        """Return what the feed with that path last said of these stories, by id, of those it had."""

    def keep_emitted(self, feed: str, said: Mapping[str, Emitted]) -> None:
        """Keep what the feed says of these stories now; as long as any entry of them is kept."""

    def resolve(self, story_id: str) -> str | None:
        """Return the id a story has now, of one it has or had; None when there never was such a story."""

    def find(self, name: str) -> tuple[str, ...]:
        """Return the ids of the entries that `name` may mean: one with that id, else those at that address.

        The id of a story, also one it had before it was joined, is the id of the entry that founded it.
        """

    def dossier(self, entry_id: str) -> Dossier:
        """Return the story of an entry with all that is stored of it; `KeyError` when there is no such entry."""

    def overrule(self, plan: Plan, *, at: datetime) -> None:
        """Write what the operator decided; raises `Conflict` as `apply` does."""

    def release(self, source_id: str) -> int:
        """Show the entries of a source that were held back, from now on at their own dates; return how many."""

    def prune(
        self,
        *,
        before: datetime,
        keep_per_source: int,
        texts_before: datetime,
        versions_before: datetime | None = None,
        removals_before: datetime | None = None,
    ) -> int:
        """Forget the texts of old entries and return how many.

        Old: first seen before `before`, or beyond the newest `keep_per_source` of their source; of equally new
        ones, in seconds and place, those stored first are kept.
        Their identity stays, so that an entry its source still carries is not new again. Text
        marks last taken before `texts_before` are dropped, and samples of weeks that ended before. Versions
        go with their entry, and those that were seen before `versions_before`; tombstones from before
        `removals_before`. Full pages of archives whose last entry was archived before `before` are
        dropped; that it was there is remembered. So are holds that ended before `before`.
        """

    def untold(self) -> tuple[Untold, ...]:
        """Return the configured sources whose health is another than was told last; none that are new."""

    def tell(self, events: Sequence[HealthEvent]) -> None:
        """Keep these as told, numbered on, and their states as what was told last; of all events `EVENTS_KEPT`."""

    def health_events(self, *, after: int = 0, limit: int = EVENTS_KEPT) -> tuple[HealthEvent, ...]:
        """Return what was told after the event of that number, the earliest first."""

    def healths(self) -> Mapping[State, int]:
        """Return how many configured sources are in each state that people are shown."""

    def size(self) -> int:
        """Return how many bytes the store takes; 0 in memory."""

    def note(self, name: str, text: str) -> None:
        """Keep a text of the daemon's own under that name, in place of what was there."""

    def noted(self, name: str) -> str | None:
        """Return what `note` kept; None when there is nothing."""

    def totals(self) -> Totals:
        """Return how much is stored."""

    def counts(self, *, since: datetime) -> Mapping[str, int]:
        """Return how many entries first seen or, where dated, published since then each source has."""

    def look(self) -> None:
        """Raise `StoreUnavailable` when there is no room to begin anything, or what is open is not at its place.

        Cheap: asked once a second.
        """

    def recover(self) -> None:
        """Mend what can be mended (a file that is gone is put back), and raise unless something can be kept now."""

    def close(self) -> None:
        """Write back and let go; the store cannot be used afterwards."""
