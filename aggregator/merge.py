"""Stories -> the merged feed: which, in what order, with which dates, credited to whom. Pure."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import escape
from operator import itemgetter

from aggregator.html import plain_text
from aggregator.model import (
    NO_EXTRAS,
    Emitted,
    Entry,
    Extent,
    FeedHead,
    MergedEntry,
    MergedFeed,
    Person,
    Provenance,
    Sorting,
    Source,
    StoredEntry,
    Story,
)

FUTURE_TOLERANCE = timedelta(minutes=10)  # a publisher's clock may be this far ahead of ours
EMPTY_AT = datetime(1970, 1, 1, tzinfo=UTC)  # when a feed without entries was last updated
# A text so many times as long as another of the same article is whole, and the other cut short. Less may be
# a byline, a caption, a list of other articles.
FULLER = 1.5
SUMMARY_LENGTH = 500  # characters of text that are shown of an entry where only its beginning is wanted
CHARACTERS_LEAST = 40  # of a text that is looked for within another
SENTENCE_ENDS = (*".!?。！？", *"\"'»”’)")


def merge(
    stories: Sequence[Story],
    *,
    path: str,
    title: str,
    public_url: str,
    sources: Mapping[str, tuple[Source, FeedHead]],
    limit: int,
    only: Collection[str] | None = None,
    sorting: Sorting = Sorting.PUBLISHED,
    per_source: int | None = None,
    content: Extent = Extent.FULL,
    groups: bool = False,
) -> MergedFeed:
    """Return the newest `limit` stories as a feed that says the same whenever it is asked.

    Every date follows from the stories alone, never from the clock, so that equal stories give equal bytes; what
    was emitted of them before counts in `lasting`. Entries of a source that is not in `sources` are not
    shown, and a story that nobody else tells is left out. With `only`, what is shown of a story is told
    by one of these where any tells it; the others are named. `per_source` counts by the source that is shown.
    With `groups` each says which event it tells.
    """
    found = []
    for story in stories:
        entries = [stored for stored in story.entries if stored.entry.source_id in sources]
        if entries:
            first = entries[0]  # orders what is equally old, whoever is shown
            merged = _merged(replace(story, entries=tuple(entries)), sources, public_url, only, content)
            if groups:
                merged = replace(merged, group=story.group_id or story.story_id)
            at = merged.published_at if sorting is Sorting.PUBLISHED else first.first_seen_at
            order = (
                -at.timestamp(),
                -merged.published_at.timestamp(),
                first.entry.source_id,
                first.entry.position,
            )
            found.append((*order, merged.id, merged))
    newest = tuple(
        _capped((merged for *_, merged in sorted(found, key=itemgetter(0, 1, 2, 3, 4))), per_source)
    )
    newest = newest[:limit]
    return MergedFeed(
        path=path, title=title, public_url=public_url, updated_at=_latest(newest), entries=newest
    )


def _capped(entries: Iterable[MergedEntry], per_source: int | None) -> Iterator[MergedEntry]:
    """Leave out what a source has told beyond so many."""
    told: Counter[str] = Counter()
    for entry in entries:
        told[entry.source.source_id] += 1
        if per_source is None or told[entry.source.source_id] <= per_source:
            yield entry


def _latest(entries: Sequence[MergedEntry]) -> datetime:
    return max((entry.updated_at for entry in entries), default=EMPTY_AT)


def lasting(feed: MergedFeed, emitted: Mapping[str, Emitted], *, now: datetime) -> MergedFeed:
    """Return `feed` with dates that follow those `emitted`, by story id: `updated` never goes back (PROTOCOL E7).

    Whoever took over what is shown of a story may leave it again: deleted, cut, split off, its source removed. Then
    an older text is shown anew, from `now` on. Where whoever took over says the very same nothing is updated.
    What is emitted next is to be kept for the next time.
    """
    entries = tuple(_lasting(entry, emitted.get(entry.id), now) for entry in feed.entries)
    return replace(feed, entries=entries, updated_at=_latest(entries))


def _lasting(entry: MergedEntry, before: Emitted | None, now: datetime) -> MergedEntry:
    if before is not None and entry.told != before.told and is_same_text(entry.told, before.told):
        # Kept under its former name, so that it is known next time too.
        return replace(entry, told=before.told, updated_at=max(entry.published_at, before.updated_at))
    if before is None or entry.updated_at > before.updated_at:
        return entry
    if entry.told == before.told:
        return replace(entry, updated_at=before.updated_at)
    moved_on = max(now.replace(microsecond=0), before.updated_at + timedelta(seconds=1))
    return replace(entry, updated_at=moved_on)


def is_same_text(told: str, other: str) -> bool:
    """Whether two `MergedEntry.told` are of the same text, whoever tells it."""
    text, other_text = told.partition(" ")[2], other.partition(" ")[2]
    return told == other or bool(text and text == other_text)


def shown_at(entry: Entry, first_seen_at: datetime) -> datetime:
    """Return when `entry` counts as published, in whole seconds: this orders the merged feed.

    Its own date, unless it has none or lies more than `FUTURE_TOLERANCE` after we first saw the
    entry; then first seen. The judge is first seen and never now: an entry dated next year does not
    stick to the top, and does not move when next year comes either.
    """
    published_at = entry.published_at
    if published_at is None or _implausible(published_at, first_seen_at):
        published_at = first_seen_at
    return published_at.replace(microsecond=0)


def _implausible(claimed_at: datetime, seen_at: datetime) -> bool:
    return claimed_at - seen_at > FUTURE_TOLERANCE


def _updated_at(stored: StoredEntry) -> datetime:
    """The last of publication, the publisher's update and the change we saw; never before publication.

    The publisher's update is judged by the last visit that brought something: a change we saw
    makes a later date plausible.
    """
    dates = [shown_at(stored.entry, stored.first_seen_at)]
    seen_at = stored.first_seen_at
    if stored.changed_at is not None:
        dates.append(stored.changed_at)
        seen_at = max(seen_at, stored.changed_at)
    claimed_at = stored.entry.updated_at
    if claimed_at is not None and not _implausible(claimed_at, seen_at):
        dates.append(claimed_at)
    return max(dates).replace(microsecond=0)


def telling(entries: Sequence[StoredEntry]) -> StoredEntry:
    """Return the entry of a story whose text is shown; `entries[0]` is its representative.

    The newest version, if it is not a teaser beside what the representative says; else the representative, unless
    it is cut short: then who was the first we saw to tell it whole. Who only tells again what is shown
    takes nobody's place.
    """
    representative, *others = entries
    versions = [stored for stored in others if _is_later(stored, representative)]
    newest = max(versions, key=_version_order, default=representative)
    if _updated_at(newest) > _updated_at(representative):
        return min((one for one in versions if _contains(one, newest)), key=_told_order)
    copies = [stored for stored in others if not stored.is_version and _replaces(stored, representative)]
    longest = max(map(_length, (representative, *copies)))
    whole = [stored for stored in copies if _length(stored) * FULLER >= longest]
    return min(whole, key=_told_order) if _length(representative) * FULLER < longest else representative


def _is_later(stored: StoredEntry, representative: StoredEntry) -> bool:
    """Whether an entry is a version, or its own source went on writing under another guid."""
    if stored.is_version:
        return _length(stored) * FULLER >= _length(representative)
    return stored.entry.source_id == representative.entry.source_id and _contains(stored, representative)


def _replaces(stored: StoredEntry, representative: StoredEntry) -> bool:
    """A longer text without the recording it is about would be less."""
    return bool(stored.entry.enclosures) or not representative.entry.enclosures


def _contains(stored: StoredEntry, other: StoredEntry) -> bool:
    """Whether a text says the whole of the other, but for the dots where that is cut short."""
    said, among = (" ".join(one.entry.content_text.split()) for one in (other, stored))
    if len(said) < CHARACTERS_LEAST:
        return said == among
    if said.endswith("...") or not said.endswith(SENTENCE_ENDS):
        said = said.rstrip(" .…[]()")
    return said in among


def _told_order(stored: StoredEntry) -> tuple[datetime, datetime, str]:
    """Who told first, as far as we have seen it: what is shown already stays."""
    return stored.first_seen_at, shown_at(stored.entry, stored.first_seen_at), stored.entry_id


def _version_order(stored: StoredEntry) -> tuple[datetime, int, str]:
    """A source lists its newest first: of equal dates the first listed is the latest."""
    return _updated_at(stored), -stored.entry.position, stored.entry_id


def _length(stored: StoredEntry) -> int:
    return len(stored.entry.content_text)


def _merged(
    story: Story,
    sources: Mapping[str, tuple[Source, FeedHead]],
    public_url: str,
    only: Collection[str] | None,
    content: Extent,
) -> MergedEntry:
    told = shown(story, only)
    entries = [told, *(stored for stored in story.entries if stored is not told)]
    entry = told.entry
    source, head = sources[entry.source_id]
    told_by = _provenance(told, source, head, public_url)
    first = story.entries[0]
    published_at = story.shown_at or shown_at(first.entry, first.first_seen_at)
    updated_at = max(published_at, _updated_at(told))
    if told.entry_id != (story.representative_id or first.entry_id):
        # Before we saw it something else was shown, of whatever date.
        updated_at = max(updated_at, told.first_seen_at.replace(microsecond=0))
    merged = MergedEntry(
        id=story.story_id,
        url=entry.url,
        title=entry.title,
        published_at=published_at,
        updated_at=updated_at,
        authors=_authors(entry.authors, head, told_by.title),
        summary=entry.summary,
        content=entry.content,
        language=entry.language or head.language,
        categories=entry.categories,
        enclosures=entry.enclosures,
        extras=entry.extras,
        source=told_by,
        others=_others(entries, sources, public_url),
        told=f"{told.entry_id} {entry.digest}",
    )
    return _shortened(merged, max(source.content, content, key=[*Extent].index))


def shown(story: Story, only: Collection[str] | None) -> StoredEntry:
    """Return the entry whose words are shown: of one of `only` where any of these tells the story."""
    among = [stored for stored in story.entries if only is None or stored.entry.source_id in only]
    return telling(among or story.entries)


def _shortened(entry: MergedEntry, content: Extent) -> MergedEntry:
    if content is Extent.FULL:
        return entry
    if content is Extent.LINKS:
        return replace(entry, summary="", content="", enclosures=(), extras=NO_EXTRAS)
    text = plain_text(entry.summary or entry.content)
    if entry.summary and len(text) <= SUMMARY_LENGTH:
        return replace(entry, content="")
    if len(text) > SUMMARY_LENGTH:
        cut = text[:SUMMARY_LENGTH]
        text = f"{cut.rpartition(' ')[0] or cut}…"
    return replace(
        entry, summary=text and f"<p>{escape(' '.join(text.split()), quote=False)}</p>", content=""
    )


def _others(
    entries: Sequence[StoredEntry], sources: Mapping[str, tuple[Source, FeedHead]], public_url: str
) -> tuple[Provenance, ...]:
    """Every further source once, with what it told first; in an order no store can change."""

    def order(stored: StoredEntry) -> tuple[datetime, str, str]:
        return shown_at(stored.entry, stored.first_seen_at), stored.entry.source_id, stored.entry_id

    told: dict[str, StoredEntry] = {}
    for stored in sorted(entries[1:], key=order):
        if stored.entry.source_id != entries[0].entry.source_id:
            told.setdefault(stored.entry.source_id, stored)
    return tuple(_provenance(stored, *sources[source_id], public_url) for source_id, stored in told.items())


def _provenance(stored: StoredEntry, source: Source, head: FeedHead, public_url: str) -> Provenance:
    """Credit a source for an entry.

    `updated_at` is the entry's own, not the feed's: many feeds claim to be updated whenever they are
    fetched, which would change our bytes although nothing we show has changed. The path of a local
    document is nobody's business: its address is where we publish that source.
    """
    address = f"{public_url}/sources/{source.id}.atom" if source.url.startswith("file:") else source.url
    return Provenance(
        source_id=source.id,
        feed_id=head.id or address,
        title=source.title or head.title or source.id,
        feed_url=address,
        home_url=head.home_url,
        rights=head.rights,
        updated_at=_updated_at(stored),
        entry_url=stored.entry.url,
        entry_title=stored.entry.title,
    )


def _authors(own: Sequence[Person], head: FeedHead, source_title: str) -> tuple[Person, ...]:
    """Resolve as RFC 4287 §4.2.1 does: the entry's, else its feed's; else the source itself."""
    for people in (own, head.authors):
        known = tuple(person for person in dict.fromkeys(people) if person.name or person.email or person.url)
        if known:
            return known
    return (Person(name=source_title),)
