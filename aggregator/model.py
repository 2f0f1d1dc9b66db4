"""The nouns. Every step of the daemon is a function from these to these.

Frozen values without behaviour beyond what follows from their own fields. `_at` is an aware UTC
datetime, a span is a `timedelta`, `_id` is a `str`. `None` means "the publisher did not say".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from http import HTTPStatus
from typing import TypeAlias
from urllib.parse import quote

# --- what the operator configured


class Kind(StrEnum):
    """What a source's document is."""

    AUTO = "auto"  # its content tells
    FEED = "feed"
    TEXT = "text"  # "Posted: <date>", a title, paragraphs


class Extent(StrEnum):
    """How much of an entry is shown, from all to least."""

    FULL = "full"
    SUMMARY = "summary"  # what the publisher calls so, else the beginning of the text
    LINKS = "links"  # title, link and who tells it


class Sorting(StrEnum):
    """What orders a feed, the newest first."""

    PUBLISHED = "published"  # when it was published, as far as that can be believed
    SEEN = "seen"  # when we first saw it


FOLDER_TYPE = "application/x-tar"  # content type of the files of a folder, as a fetch brings them


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Drop or keep the entries whose every named field matches its regular expression."""

    action: str  # "drop" or "keep"
    patterns: tuple[tuple[str, str], ...]  # (field, pattern); fields: title content url author category


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How a source wants to be asked. Secrets are resolved, and never in a repr."""

    username: str | None = None
    password: str | None = field(default=None, repr=False)
    bearer: str | None = field(default=None, repr=False)
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    proxy: str | None = field(default=None, repr=False)  # may carry credentials
    ca_file: str | None = None


NEW_MOST = 1000  # entries of one document that one poll reads; what is more waits for the next


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A configured feed. `id` names it for ever; everything else may be edited."""

    id: str
    url: str
    kind: Kind = Kind.AUTO
    title: str | None = None
    timezone: str | None = None  # IANA name, for dates that carry no zone
    date_formats: tuple[str, ...] = ()  # strptime, tried before anything else
    interval: timedelta | None = None
    tags: tuple[str, ...] = ()
    timeout: timedelta | None = None
    max_bytes: int | None = None
    max_entries: int | None = None
    max_new: int = NEW_MOST
    rules: tuple[Rule, ...] = ()
    access: Access = Access()
    feed_hints: bool = True  # whether ttl, sy:update*, skipHours and skipDays are obeyed
    delta: bool = False  # whether to ask for new entries only (RFC 3229)
    content: Extent = Extent.FULL  # what we may show of it
    paused: bool = False  # not polled; what is stored of it is shown
    where: str = ""  # "file:line" of its table, for messages

    @property
    def reading(self) -> str:
        """What decides how a document is read: when it changes, known documents are read again.

        It begins with `dating`: when that changes, the dates of known entries follow.
        """
        return self.dating + repr((self.kind.value, self.max_entries, self.rules))

    @property
    def dating(self) -> str:
        """What decides how dates are read."""
        return repr((self.timezone, self.date_formats))


# --- what people search for


class Field(StrEnum):
    """Where a phrase is looked for."""

    TITLE = "title"
    TEXT = "text"
    AUTHOR = "author"
    TAG = "tag"  # of the entry's source, or a category of the entry
    SOURCE = "source"  # its id or title
    URL = "url"  # of the entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """Words one after the other. `is_prefix`: the last one may go on."""

    words: tuple[str, ...]  # folded as `search.words_of` does; never empty
    field: Field | None = None  # None = title, text, author or categories
    is_prefix: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """Shown on that day (UTC) or later."""

    day: date


@dataclass(frozen=True, slots=True)
class Among:
    """Told by one of these sources, by id. What `source:` and `tag:` mean is known when the search is made."""

    sources: frozenset[str]


@dataclass(frozen=True, slots=True)
class AllOf:
    parts: tuple["Query", ...] = ()  # of none: everything


@dataclass(frozen=True, slots=True)
class AnyOf:
    parts: tuple["Query", ...] = ()  # of none: nothing


@dataclass(frozen=True, slots=True)
class Not:
    part: "Query"


# A story is found when one of its shown entries is all that the query asks for.
Query: TypeAlias = Phrase | Since | Among | AllOf | AnyOf | Not


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """A feed we emit. `sources` is None for the merged feed of everything.

    With `query` only stories that it finds; with both, those that it finds in what these sources say.
    """

    name: str
    title: str
    sources: tuple[str, ...] | None = None
    query: Query | None = None
    limit: int
    rules: tuple[Rule, ...] = ()  # which stories it shows, by what they say
    sorting: Sorting = Sorting.PUBLISHED
    per_source: int | None = None  # entries of one source at most
    content: Extent = Extent.FULL
    formats: tuple[str, ...] = ("atom", "rss", "json")  # extensions of its addresses
    tokens: tuple[str, ...] = field(
        default=(), repr=False
    )  # one of which it asks for; () = what the server does


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the query of an address asks of a feed; None and "" ask nothing."""

    limit: int | None = None  # entries
    since: datetime | None = None  # entries that changed then or later
    words: str = ""  # what to search for


# --- one visit


@dataclass(frozen=True, slots=True, kw_only=True)
class Validators:
    """Sent back byte for byte (RFC 9110 §8.8), replaced as a set."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What a fetch brought, of whatever status. `body` is decompressed; empty unless 200 or 226."""

    status: int
    url: str  # where the body came from, after redirects
    permanent_url: str | None = (
        None  # where the permanent redirects at the start of the chain led; None = no such
    )
    permanent_safely: bool = False  # all of these were answered over https, where nobody can forge them
    detour: bool = False  # a redirect that is not permanent led here
    headers: Mapping[str, str] = field(default_factory=dict)  # names in lower case
    body: bytes = b""
    validators: Validators = Validators()
    retry_after: timedelta | None = None  # RFC 9110 §10.2.3, as a wait from now
    fresh_for: timedelta | None = None  # freshness left (RFC 9111 §4.2), never negative
    wire_bytes: int = 0
    elapsed: timedelta = timedelta()

    @property
    def says_gone(self) -> bool:
        """Whether the publisher has ended the feed (PROTOCOL P23); a 410 at the end of a detour is a failure."""
        return self.status == HTTPStatus.GONE and not self.detour


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """Text as published. `kind` is "text" or "html" (XHTML counts as html)."""

    value: str
    kind: str = "html"
    base: str | None = None  # what relative links in it are relative to
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    name: str | None = None
    email: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosure:
    url: str
    type: str | None = None
    length: int | None = None  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """A Media RSS object, reduced to what readers use. Of several renditions each is one."""

    url: str
    type: str | None = None
    medium: str | None = None  # image, audio, video, document or executable
    length: int | None = None  # bytes
    duration: int | None = None  # seconds
    width: int | None = None  # pixels
    height: int | None = None
    title: str | None = None
    description: str | None = None
    credit: str | None = None
    thumbnail: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """A podcast:transcript: the spoken words as a document of its own."""

    url: str
    type: str | None = None
    language: str | None = None
    rel: str | None = None  # "captions": it carries times


@dataclass(frozen=True, slots=True, kw_only=True)
class Participant:
    """A podcast:person: who is heard. `role` and `group` are words of the podcast taxonomy, not bound to it."""

    name: str
    role: str | None = None
    group: str | None = None
    url: str | None = None
    image: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """A part of an episode (podlove.org/simple-chapters)."""

    start: float  # seconds
    title: str
    url: str | None = None
    image: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """What podcast players show and sort by (itunes:*, podcast:*)."""

    duration: int | None = None  # seconds
    season: int | None = None
    number: int | None = None  # within its season
    kind: str | None = None  # full, trailer or bonus
    explicit: bool | None = None
    image: str | None = None
    chapters_url: str | None = None  # a document with its chapters …
    chapters_type: str | None = None  # … of this media type
    chapters: tuple[Chapter, ...] = ()  # as the feed itself lists them
    transcripts: tuple[Transcript, ...] = ()
    people: tuple[Participant, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What an entry answers (RFC 4685 §3): the id of that, and where it is."""

    ref: str
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """What an entry answers, and where the answers to it are."""

    answers: tuple[Reply, ...] = ()
    comments: int | None = None  # how many there were when the entry was last stored
    comments_url: str | None = None  # a page
    comments_feed: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A point on WGS 84, in degrees."""

    latitude: float
    longitude: float
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The feed an entry was copied from, as the copy says (RFC 4287 §4.2.11, RSS 2.0 <source>)."""

    id: str | None = None
    title: str | None = None
    feed_url: str | None = None
    home_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A further link of an entry: `rel` is alternate, related or via."""

    rel: str
    url: str
    type: str | None = None
    title: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Extras:
    """What an entry carries besides its text. Most entries carry none of it."""

    media: tuple[Media, ...] = ()
    thumbnail: str | None = None  # a picture to stand beside the entry
    banner: str | None = None  # a wide one to stand above it
    episode: Episode | None = None
    thread: Thread | None = None
    place: Place | None = None
    origin: Origin | None = None
    rights: str | None = None  # plain text
    licences: tuple[str, ...] = ()  # addresses
    contributors: tuple[Person, ...] = ()
    links: tuple[Link, ...] = ()


NO_EXTRAS = Extras()


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedDate:
    """A date as written: what it means is for `dates` to say."""

    text: str
    language: str | None = None  # of its own, where what stands before it says so


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedEntry:
    """An entry as its document says it; nothing cleaned, resolved or guessed."""

    id: str | None = None
    lone_id: str | None = None  # what `id` is while nothing stands beside it; None = the same
    link: str | None = None
    title: Text | None = None
    summary: Text | None = None
    content: Text | None = None
    authors: tuple[Person, ...] = ()
    categories: tuple[str, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()
    language: str | None = None
    base: str | None = None
    published: ParsedDate | None = None
    updated: ParsedDate | None = None
    extras: Extras = NO_EXTRAS
    position: int | None = None  # in its document, 0 is the first; None = as in the list
    digest: str | None = None  # of the item it was read from; None = it may not be left out next time


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownItem:
    """An item of a document that need not be read again. Kept with the source."""

    digest: str  # of its bytes, what they inherit, and how they were read
    guid: str  # digest of its entry's guid: another entry with that guid changes what becomes of both
    problems: tuple[str, ...] = ()  # of its entry


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedHead:
    """What a feed says of itself; kept with the source and emitted as atom:source (RFC 4287 §4.2.11)."""

    id: str | None = None
    title: str | None = None
    subtitle: str | None = None
    home_url: str | None = None
    language: str | None = None
    rights: str | None = None
    authors: tuple[Person, ...] = ()
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedHints:
    """What a feed itself says about when to ask for it; kept with the source, for a 304 does not repeat it."""

    ttl: timedelta | None = None  # RSS 2.0 <ttl>
    update_period: timedelta | None = None  # sy:updatePeriod divided by sy:updateFrequency
    skip_hours: tuple[int, ...] = ()  # of the day in UTC, 0 to 23
    skip_days: tuple[int, ...] = ()  # of the week in UTC, 0 is Monday


@dataclass(frozen=True, slots=True, kw_only=True)
class Tombstone:
    """A publisher's word that it has deleted an entry (RFC 6721 at:deleted-entry)."""

    guid: str
    deleted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFeed:
    """A document read. `problems` are sentences about what was wrong yet readable."""

    format: str  # "rss20", "atom10", "json11" …: feedparser's names, and "json1"/"json11"
    head: FeedHead = FeedHead()
    updated: ParsedDate | None = None
    base: str | None = None
    entries: tuple[ParsedEntry, ...] = ()
    skipped: tuple[str, ...] = ()  # digests of the items that were known and left out
    unread: tuple[int, ...] = ()  # places of the items left out after as many as were wanted
    hints: FeedHints = FeedHints()
    archive_url: str | None = (
        None  # the document with the entries before these (RFC 5005 prev-archive, or next)
    )
    tombstones: tuple[Tombstone, ...] = ()
    ended: bool = False  # the feed says that it will never change again (JSON Feed `expired`)
    problems: tuple[str, ...] = ()


# --- entries


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A normalised entry: safe HTML, absolute links, UTC. Not yet placed in a story."""

    source_id: str
    guid: str  # identity within its source: the document's id, else its link, else a hash
    said_guid: str | None = None  # what `guid` was told apart from, where a document repeats it
    uri: str | None = None  # the document's id when it is a URI, to be emitted as it came
    url: str | None = None
    title: str = ""  # plain text
    authors: tuple[Person, ...] = ()
    summary: str = ""  # safe HTML
    content: str = ""  # safe HTML
    content_text: str = ""  # plain text of content, else of summary
    language: str | None = None
    categories: tuple[str, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()
    published_at: datetime | None = None  # as published, even if in the future
    updated_at: datetime | None = None
    extras: Extras = NO_EXTRAS
    position: int = 0  # in its document, 0 is the first
    digest: str = ""  # of all that is shown but the dates
    problems: tuple[str, ...] = ()
    leans: bool = False  # other dates of its document decided what its own mean, or could have

    @property
    def can_be_known(self) -> bool:
        """Whether it would be the same whatever stands beside it in its document."""
        return self.said_guid is None and not self.leans


@dataclass(frozen=True, slots=True)
class Passed:
    """How far a document of more entries than are read at once has been read."""

    count: int  # entries
    come: int = 0  # entries before the place reached that have come meanwhile, and are unread
    stays: int = 0  # of those read so many cannot be left out as known next time,
    last: str = ""  # and this is the digest of the last of these


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """All that a worker process makes of one document: `entries` without those of items known before.

    `skipped` counts these, `beyond` those that one poll does not read; then the next goes on after `passed`, or begins
    anew. `is_another`: hardly anything is left of what earlier polls have read of a large one. `known` is what to
    remember for the next reading, in place of what was remembered.
    """

    head: FeedHead
    format: str
    entries: tuple[Entry, ...]
    skipped: int = 0
    beyond: int = 0
    passed: Passed | None = None
    is_another: bool = False
    known: tuple[KnownItem, ...] = ()
    hints: FeedHints = FeedHints()
    archive_url: str | None = None
    tombstones: tuple[Tombstone, ...] = ()
    ended: bool = False
    date_orders: tuple[str, ...] = ()  # what to remember of how its source writes dates
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEntry:
    """An entry with what the store knows of it. `entry_id` is permanent and globally unique."""

    entry_id: str
    story_id: str
    first_seen_at: datetime
    changed_at: datetime | None = None  # when we last saw its content change; None = never
    is_version: bool = False  # when it came it was a later text of its story, not a copy
    entry: Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """What an entry said from `seen_at` on, told from its other versions by `entry.digest`."""

    seen_at: datetime
    is_shown: bool = True  # a trivial edit is not: the text before it stays
    entry: Entry


# --- stories


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What may identify a story. Equal marks make candidates, never a decision."""

    kind: str  # "url", "folded", "text"
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """What is to be known of a batch of entries before they can be placed.

    `samples`, by guid: hashes of the text by which resembling entries are found. `topics`, by guid: hashes of the
    title by which stories of the same event are. `titles`: by which entries are
    known again when their source has given them all other guids and addresses. `skipped`: how many more the
    document has that were known before it was read.
    """

    source_id: str
    guids: tuple[str, ...] = ()
    uris: tuple[str, ...] = ()
    marks: tuple[Mark, ...] = ()
    samples: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    topics: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    titles: tuple[str, ...] = ()
    skipped: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """An entry the source has shown before, as far as placing needs it. `entry` is what we show of it."""

    entry_id: str
    story_id: str
    said_guid: str | None = None  # what its guid was told apart from
    entry: Entry | None = None
    digest: str
    published_at: datetime | None
    updated_at: datetime | None
    url: str | None = None
    title: str = ""
    withdrawn_at: datetime | None = None  # its publisher deleted it then (RFC 6721)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A story that may be the same, told by its representative."""

    story_id: str
    representative: StoredEntry
    settled: bool = False  # its id has been published and may never change


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An entry that the source has shown, perhaps under another guid or address, and the story it tells."""

    url: str | None
    title: str
    published_at: datetime | None
    content_text: str
    story: Candidate


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """The stored entry that has an entry id another entry asks for as well."""

    stored: StoredEntry
    settled: bool  # its story has been published: the id is its own for ever


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """What the store knows about a batch of entries before they are placed.

    `known`: of this source, by guid: those looked for, and those told apart from them. `holders`: by entry id,
    who has what a URI asks for, and whether its story is settled. `marked`: stories by mark, in the order they
    took it; its length is the number of the next. `near`: by sample, stories that share some of it, those
    that share most first. `boilerplate`: by source id, hashes of what a source says in every entry, of this source and
    those of `near`. `apart`: pairs of story ids that the operator has told apart. `told`: of this source,
    under the titles looked for, when most of the guids are not known. `events`: by guid, stories that may tell the
    same event and are the first of their group. `seen`: how much was stored when all this
    was looked up.
    """

    known: Mapping[str, Known] = field(default_factory=dict)
    holders: Mapping[str, Holder] = field(default_factory=dict)
    marked: Mapping[Mark, tuple[Candidate, ...]] = field(default_factory=dict)
    near: Mapping[tuple[int, ...], tuple[Candidate, ...]] = field(default_factory=dict)
    boilerplate: Mapping[str, frozenset[int]] = field(default_factory=dict)
    apart: frozenset[frozenset[str]] = frozenset()
    told: tuple[Told, ...] = ()
    events: Mapping[str, tuple[Candidate, ...]] = field(default_factory=dict)
    seen: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """A story tells the event that another was the first to tell, whose id names the group; and how it was judged."""

    first_id: str
    scores: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Where a new entry goes. `story_id == entry_id` founds a story.

    `marks` are the numbered places the entry takes for its story: (mark, n). Two polls that
    decided at once ask for the same place, and the second must decide again. `sample` are the hashes
    by which the text is looked up; `is_indexed` when later entries are to be found by them. `grouping`: the event
    that the story it founds tells; None = its own, and `topics` are the hashes by which that is found.
    """

    entry: Entry
    entry_id: str
    story_id: str
    rule: str  # why: "new", "url", "folded", "text", or a reason of `dedup.near`
    scores: tuple[tuple[str, float], ...] = ()  # what the rule was judged by
    is_version: bool = False  # a later text of the story, not a copy of the one it has
    marks: tuple[tuple[Mark, int], ...] = ()
    sample: tuple[int, ...] = ()
    is_indexed: bool = False
    topics: tuple[int, ...] = ()
    grouping: Grouping | None = None
    is_held: bool = False  # stored, and not shown until the operator releases it


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """A known entry whose content, or whose date under new settings, changed.

    One that is trivial is kept as a version and changes nothing that is shown. `marks` are numbered places for its
    story, as those of a `Placement`. If it represents that, later entries find it by `sample` from now on, and no
    more by `former`.
    """

    entry_id: str
    entry: Entry
    is_trivial: bool = False
    marks: tuple[tuple[Mark, int], ...] = ()
    sample: tuple[int, ...] = ()
    former: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """A known entry that its publisher has deleted: shown no more until a later version comes (RFC 6721)."""

    entry_id: str
    deleted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Entries leave a story for one of their own, which has the id of its founder, final from the start.

    `members`: every entry the story had when this was decided. `moved`: marks that lead to the new story
    from now on; `taken`: further numbered places for it. By `sample` its founder is found from now on.
    """

    story_id: str
    founder_id: str
    leaving: tuple[str, ...]  # entry ids, the founder's among them
    members: tuple[str, ...]
    moved: tuple[Mark, ...] = ()
    taken: tuple[tuple[Mark, int], ...] = ()
    sample: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrule:
    """The operator's word that two entries tell one story, or two; no poll decides otherwise."""

    entry_id: str
    other_id: str
    apart: bool
    decided_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """Two stories are one: `loser` becomes an alias of `winner`."""

    loser: str
    winner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rename:
    """An entry id nobody has been shown yet changes, and the id of the story it founded with it."""

    old_id: str
    new_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refound:
    """A story nobody has been shown yet gets an earlier founder (PROTOCOL E6).

    `is_version`: what the former one says is a later text of it, not a copy.
    """

    story_id: str
    founder_id: str
    is_version: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The whole decision about a batch, applied in the order of its fields.

    `seen` is that of the candidates it was made from: what has been stored since may not resemble a new
    entry of it. None = it looked for no resemblance. `boilerplate`: what the source was found to say in every
    entry, when that has changed.
    """

    renames: tuple[Rename, ...] = ()
    placements: tuple[Placement, ...] = ()
    revisions: tuple[Revision, ...] = ()
    withdrawals: tuple[Withdrawal, ...] = ()
    splits: tuple[Split, ...] = ()
    overrules: tuple[Overrule, ...] = ()
    joins: tuple[Join, ...] = ()
    refounds: tuple[Refound, ...] = ()
    seen: int | None = None
    boilerplate: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One thing told once, by one or many sources. `entries[0]` is its representative, if that may be shown.

    When the representative has left, its date still is the story's. Stories of one `group_id` tell one event; None =
    its own, which has the id of the story.
    """

    story_id: str
    representative_id: str | None = None  # None = `entries[0]`, as with the next
    shown_at: datetime | None = None  # of the representative: the order of the merged feed
    group_id: str | None = None
    entries: tuple[StoredEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """An entry as stored, what was decided about it, and what keeps it from being shown."""

    stored: StoredEntry
    rule: str
    scores: tuple[tuple[str, float], ...] = ()
    is_version: bool = False
    is_pruned: bool = False
    is_held: bool = False
    withdrawn_at: datetime | None = None

    @property
    def is_shown(self) -> bool:
        """Whether nothing that was decided about it keeps it from being shown."""
        return not (self.is_pruned or self.is_held or self.withdrawn_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """A story with all that is stored of it, shown or not; entries as first seen.

    `related`: ids of the other stories of its group.
    """

    story_id: str
    representative: str  # entry id
    is_settled: bool
    shown_at: datetime
    entries: tuple[Filed, ...]
    marks: tuple[Mark, ...] = ()
    aliases: tuple[str, ...] = ()
    overrules: tuple[Overrule, ...] = ()  # that any of its entries are named in
    grouping: Grouping | None = None
    related: tuple[str, ...] = ()


# --- what the operator orders


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What the operator wants done in the store: "split", "join" or "release", and to what."""

    verb: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of an order, as a sentence."""

    done: bool
    text: str


# --- what the store keeps of a source


class State(StrEnum):
    """A source's health, as people see it."""

    NEW = "new"
    OK = "ok"
    FAILING = "failing"
    STALE = "stale"  # it answers, and has been silent far beyond its own habit
    MOVED = "moved"  # good, but at an address that the configuration does not have
    GONE = "gone"
    PAUSED = "paused"  # by the operator


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Somebody's wish that the next poll be no earlier than `wait` after the last, and in whose name."""

    reason: str
    wait: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """When a source publishes: entries by hour of the day in UTC, recent ones for more (see `cadence`)."""

    since: datetime | None = None  # from when on entries are counted; None = nothing is known
    counted_at: datetime | None = None  # what each hour's entries weigh is as of then
    hours: tuple[float, ...] = ()  # 24, or none
    days: tuple[date, ...] = ()  # the latest in UTC on which something was published, oldest first


@dataclass(frozen=True, slots=True, kw_only=True)
class FormerUrl:
    """An address at which a source was asked, until then."""

    url: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """What is remembered of a source between two polls."""

    source_id: str
    url: str = ""
    head: FeedHead = FeedHead()
    validators: Validators = Validators()
    body_digest: str | None = None
    reading: str | None = None  # `Source.reading` the last document was read with
    failures: int = 0  # in a row
    state: State = State.NEW
    last_status: int | None = None
    last_error: str | None = None
    problems: tuple[str, ...] = ()
    last_poll_at: datetime | None = None
    last_success_at: datetime | None = None
    next_poll_at: datetime | None = None  # None = never again
    next_reason: str = ""
    wishes: tuple[Wish, ...] = ()  # all that were weighed for the next poll, ours first
    interval: timedelta | None = None
    rhythm: Rhythm = Rhythm()
    hints: FeedHints = FeedHints()
    fresh_for: timedelta | None = None  # what the last 200 said; a 304 that is silent repeats it
    ended: bool = False  # the feed says that it will never change again
    pushed_until: datetime | None = None  # a hub pushes what is new (WebSub), so that polls only make sure
    moved_to: str | None = None  # a permanent redirect that has been seen often enough
    moving_to: str | None = None  # one that has not yet, and …
    moving_seen: int = 0  # … how often in a row
    former_urls: tuple[FormerUrl, ...] = ()  # oldest first
    archive_url: str | None = None  # the next older document still to be read (RFC 5005)
    archive_left: int = 0  # how many more may be asked for
    date_orders: tuple[str, ...] = ()  # in which its days of numbers have made sense so far ("day first")
    held: int = 0  # entries held back as a flood: the store counts them
    since: datetime | None = None  # from when on it has been in this `state`
    paused_at: datetime | None = None  # the store knows: from when on it is not polled; None = it is

    @property
    def health(self) -> State:
        """The state that people are shown."""
        return self.state if self.paused_at is None else State.PAUSED

    @property
    def health_since(self) -> datetime | None:
        """From when on it has had its `health`, as far as that is known."""
        return self.paused_at or self.since

    @property
    def remarks(self) -> tuple[str, ...]:
        """What an operator should know of a source that is polled with success."""
        if not self.held:
            return self.problems
        release = f"`aggregator release {self.source_id}` shows them"
        return (
            f"{self.held} entries that seem old came at once and are held back: {release}",
            *self.problems,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthEvent:
    """A change of a source's health that lasted long enough to be told, in words that need nothing else."""

    id: str  # a URI, for ever
    source_id: str
    title: str
    url: str
    was: State  # what was told last
    state: State
    since: datetime  # from when on it has been in this state
    at: datetime  # when it was told
    reason: str  # one line; "" when there is nothing to say
    advice: str = ""  # what to do; "" = nothing
    number: int = 0  # in the order of telling: the store counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Untold:
    """A source whose health is another than was told of it last."""

    state: SourceState
    told: State


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A due source taken for this process, with the host that will be asked ("" for files)."""

    source_id: str
    host: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A host that asked to be left alone (Retry-After)."""

    host: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PollUpdate:
    """All that one poll changes, in one transaction. `hold`: all sources of a host wait until then.

    `known` takes the place of what was remembered of the document's items; None leaves it.
    """

    state: SourceState
    plan: Plan = Plan()
    known: Sequence[KnownItem] | None = None
    at: datetime
    hold: Hold | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PollResult:
    """What one poll did, for the log, the command line and the exit code."""

    source_id: str
    status: int | None
    new: int = 0
    changed: int = 0
    duplicate: int = 0
    withdrawn: int = 0
    held: int = 0  # new, and held back as a flood
    renamed: bool = False  # what the feed says of itself changed
    wire_bytes: int = 0
    elapsed: timedelta = timedelta()
    error: str | None = None
    next_poll_at: datetime | None = None
    next_reason: str = ""


# --- what we emit


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """A source as readers are told of it, and where this source tells the story."""

    source_id: str
    feed_id: str  # atom:id of the source's feed, else its address
    title: str
    feed_url: str  # rel=self of the source
    home_url: str | None = None
    rights: str | None = None
    updated_at: datetime
    entry_url: str | None = None
    entry_title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedEntry:
    """A story as shown: all dates decided, all text safe."""

    id: str
    url: str | None
    title: str  # plain text
    published_at: datetime
    updated_at: datetime
    authors: tuple[Person, ...] = ()
    summary: str = ""  # safe HTML
    content: str = ""  # safe HTML
    language: str | None = None
    categories: tuple[str, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()
    extras: Extras = NO_EXTRAS
    source: Provenance
    others: tuple[Provenance, ...] = ()  # further sources of the same story
    told: str = ""  # the entry whose text this is, and the digest of that: another text has another
    group: str | None = None  # the same of stories that tell one event; None = groups are not shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Emitted:
    """What a feed of ours last said of a story: which text (`MergedEntry.told`), and when it was updated."""

    told: str
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """A story that has been emitted and is no more: deleted by its publisher, or joined with `story_now`."""

    story_id: str
    removed_at: datetime
    story_now: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True, weakref_slot=True)
class MergedFeed:
    """A feed ready to be emitted in any format. `path` is "feed", "feeds/<name>", "tags/<tag>" …"""

    path: str
    title: str
    public_url: str  # without a trailing slash
    updated_at: datetime
    entries: tuple[MergedEntry, ...] = ()
    archive_url: str | None = None  # of the newest page with what this feed had before (RFC 5005)
    removals: tuple[Removal, ...] = ()  # RFC 6721
    formats: tuple[str, ...] = ("atom", "rss", "json")  # it is published in
    query: str = ""  # of its addresses, as "limit=10&since=2023-11-14T08:33:00Z"

    @property
    def id(self) -> str:
        """Permanent: the address of the Atom document."""
        return self.self_url("atom")

    @property
    def home_url(self) -> str:
        return f"{self.public_url}/"

    def self_url(self, extension: str) -> str:
        """Address of this feed in the format with that extension: "atom", "rss" or "json"."""
        return f"{self.public_url}/{quote(self.path)}.{extension}{self.query and '?'}{self.query}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivePage:
    """What stands around the entries of a page of a feed's archive (RFC 5005); `path` names exactly what it holds."""

    path: str
    public_url: str  # without a trailing slash
    feed_id: str  # and the address of the current document
    title: str  # the feed's, when the page was begun
    updated_at: datetime
    previous: str | None  # path of the page before

    @property
    def home_url(self) -> str:
        return f"{self.public_url}/"

    @property
    def url(self) -> str:
        return f"{self.public_url}/{self.path}"

    @property
    def previous_url(self) -> str | None:
        return f"{self.public_url}/{self.previous}" if self.previous else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Archived:
    """A story as a feed showed it last: `body` is its atom:entry, which needs no declaration around it."""

    story_id: str
    updated_at: datetime
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Leavers:
    """Stories that a feed shows no more, in the order in which they go into its archive.

    `title` is the feed's, for pages that begin with them.
    """

    output: str
    title: str
    entries: tuple[Archived, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveLength:
    """How far the archive of a feed goes: entries numbered from `dropped` pages on to `entries`."""

    entries: int = 0
    dropped: int = 0  # pages let go by retention


@dataclass(frozen=True, slots=True, kw_only=True)
class PageContent:
    """What a page of an archive holds, the oldest first."""

    title: str
    entries: tuple[Archived, ...]


class Absence(StrEnum):
    """Why there is no such page of an archive."""

    NEVER = "never"
    DROPPED = "dropped"  # there was one, until retention let it go


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """Bytes for the world. `path` is relative to `public/` and to the server's root."""

    path: str
    body: bytes
    content_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A document in the world since `modified_at`, when its bytes last changed (whole seconds)."""

    document: Document
    modified_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """Everything published at one moment; swapped as a whole. Documents are keyed by path."""

    published: Mapping[str, Published] = field(default_factory=dict)
    feeds: tuple[MergedFeed, ...] = ()  # the merged feed of everything is the first


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The daemon as its operator sees it; sources in the order of the configuration."""

    started_at: datetime
    configuration_error: str | None  # of the last reload; None = what stands in the files is in force
    storage_error: str | None = None  # why nothing is polled: it could not be kept
    reading_error: str | None = None  # or not read
    sources: tuple[tuple[Source, SourceState], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriberCount:
    """How many people were reading our feeds at a moment, as far as they can be told apart."""

    count: int
    at: datetime
