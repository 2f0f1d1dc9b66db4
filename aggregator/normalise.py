"""`ParsedFeed` to entries: identity, absolute links, safe HTML, dates in UTC. Pure."""

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from itertools import islice
from operator import itemgetter
from typing import NamedTuple
from zoneinfo import ZoneInfo

from aggregator import extras
from aggregator.dates import Habit, learn, primary, read_date
from aggregator.errors import printable
from aggregator.html import escape_text, lift_posted, plain_text, safe_text, sanitise, xml_safe
from aggregator.model import (
    NEW_MOST,
    NO_EXTRAS,
    Enclosure,
    Entry,
    FeedHead,
    ParsedDate,
    ParsedEntry,
    ParsedFeed,
    Passed,
    Person,
    Source,
    Text,
    Tombstone,
)
from aggregator.urls import absolute, canonical, is_uri

TITLE_CHARS = 1000  # longer ones are cut: no reader shows them
GUID_CHARS = 2000  # longer ones are hashed
NAME_CHARS = 300  # of authors and categories
MARK_BYTES = 8  # of the digest of an entry that a reading ended at
LIST_ITEMS = 50  # authors, categories, enclosures kept of one entry
_NOBODY = Person()


class Normalised(NamedTuple):
    """The entries of a document, and in which orders its source writes dates, to be remembered."""

    entries: tuple[Entry, ...]
    date_orders: tuple[str, ...]
    read: int  # entries
    beyond: int  # entries left unread
    passed: Passed | None  # where to go on with them; None = from the first on
    begin: int  # entries before those read that earlier polls have read


def normalise(source: Source, parsed: ParsedFeed) -> tuple[Entry, ...]:
    """Return the entries of a document whose source is not known yet."""
    return normalise_entries(source, parsed).entries


def normalise_entries(
    source: Source,
    parsed: ParsedFeed,
    date_orders: Collection[str] = (),
    *,
    remembered: Collection[str] = (),
    passed: Passed | None = None,
) -> Normalised:
    """Return the entries of a document in its order, each with a guid of its own; of many only some.

    Of many, those are passed over whose digests are `remembered`, and those that former readings have `passed`.

    A published date stays as published, even if it lies in the future; one that is missing or
    cannot be read is None, and the caller's first sight of the entry takes its place. All dates of
    the document are looked at before the first is read: they tell each other how they are written, and so do
    those of earlier documents, by `date_orders`.
    """
    told = [_told(source, parsed, one) for one in parsed.entries if _says_something(one)]
    habit = _habit(parsed, told, date_orders)
    limit = source.max_entries
    placed = [(n if one.said.position is None else one.said.position, one) for n, one in enumerate(told)]
    wanted = [(position, one) for position, one in placed if limit is None or position < limit]
    unread = sum(limit is None or position < limit for position in parsed.unread)
    # Left out as known or not: places are counted among what is not remembered, in every reading alike.
    others = [one for one in wanted if one[1].said.digest is None or one[1].said.digest not in remembered]
    begin, come = _begin([one.said for _, one in others], passed)
    now = others[begin : begin + source.max_new]
    rest = len(others) - begin - len(now) + unread
    is_whole = passed is None and not rest and len(wanted) <= max(source.max_new, NEW_MOST)
    read = wanted if is_whole else _with_families(wanted, now, max(source.max_new, NEW_MOST))
    entries = _apart([_entry(source, parsed, habit, position, one) for position, one in read])
    stays, stays_last = _stays(others[:begin], now, entries)
    count = len(parsed.skipped) + len(wanted) - len(others) + begin + len(now)
    upto = Passed(count, come, stays, stays_last) if rest else None
    return Normalised(entries, habit.lasting, len(now), rest + come, upto, begin)


def _begin(said: Sequence[ParsedEntry], passed: Passed | None) -> tuple[int, int]:
    """Return where to go on in a document that may have changed, and how many entries have come before that."""
    if passed is None or not passed.stays:
        return 0, 0
    found = [n for n, one in enumerate(said, start=1) if _mark(one) == passed.last]
    if not found:
        return 0, 0
    begin = min(found, key=lambda n: abs(n - passed.stays))
    return begin, passed.come + max(0, begin - passed.stays)


def _stays(
    before: Sequence[tuple[int, "_Told"]], now: Sequence[tuple[int, "_Told"]], entries: Iterable[Entry]
) -> tuple[int, str]:
    """Return how many of those passed will not be remembered next time, and the mark of the last."""
    known = {entry.position for entry in entries if entry.can_be_known}
    stay = [*before, *((place, one) for place, one in now if one.said.digest is None or place not in known)]
    return len(stay), _mark(stay[-1][1].said) if stay else ""


def _with_families(
    wanted: Sequence[tuple[int, "_Told"]], now: Sequence[tuple[int, "_Told"]], most: int
) -> Sequence[tuple[int, "_Told"]]:
    """Return what is read `now`, and at `most` so many others of the document that share a guid with one of it.

    They are told apart by looking at all: one by one each would be taken for a change of the one before.
    """
    places, guids = {place for place, _ in now}, {_said_guid(one) for _, one in now}
    others = (told for told in wanted if told[0] not in places and _said_guid(told[1]) in guids)
    return sorted((*now, *islice(others, most)), key=itemgetter(0))


def _said_guid(told: "_Told") -> str:
    """Return the guid by which an entry is told apart from others that have it."""
    title, text = _title(told.said.title), safe_text(told.content or told.summary)
    said = told.said.lone_id or (told.said.id or "").strip()
    return _guid(said or None, canonical(told.link) if told.link else None, title, text)


def _mark(said: ParsedEntry) -> str:
    told = repr((said.id, said.link, said.title, said.published, said.summary))
    return hashlib.blake2b(told.encode(errors="surrogatepass"), digest_size=MARK_BYTES).hexdigest()


def normalise_head(parsed: ParsedFeed) -> FeedHead:
    """Return what the feed says of itself as plain text with absolute links."""
    head, base = parsed.head, parsed.base or ""
    return FeedHead(
        id=head.id if head.id and is_uri(head.id) else None,
        title=_line(plain_text(head.title or ""), TITLE_CHARS) or None,
        subtitle=_line(plain_text(head.subtitle or ""), TITLE_CHARS) or None,
        home_url=absolute(base, head.home_url) if head.home_url else None,
        language=_language(head.language),
        rights=_line(plain_text(head.rights or ""), TITLE_CHARS) or None,
        authors=_people(head.authors, base),
    )


def normalise_tombstones(parsed: ParsedFeed) -> tuple[Tombstone, ...]:
    """Return what the feed deleted, under the guids that `normalise` gives to the entries meant."""
    return tuple(replace(one, guid=_guid(one.guid, None, "", "")) for one in parsed.tombstones)


@dataclass(frozen=True, slots=True)
class _Told:
    """An entry with safe HTML, before its dates are read.

    A body may begin with a line "Posted: <date>": its text, and the body without that line.
    """

    said: ParsedEntry
    base: str
    link: str | None
    summary: str
    content: str
    summary_posted: tuple[str | None, str]
    content_posted: tuple[str | None, str]

    @property
    def dates(self) -> Iterator[str]:
        """Every text that is used as a date."""
        yield from (date.text for date in (self.said.published, self.said.updated) if date is not None)
        yield from (text for text, _ in (self.summary_posted, self.content_posted) if text)


def _told(source: Source, parsed: ParsedFeed, said: ParsedEntry) -> _Told:
    document = parsed.base or source.url
    base = (absolute(document, said.base) if said.base else None) or document  # xml:base may be relative
    link = absolute(base, said.link) if said.link else None
    summary, content = _html(said.summary, link or base), _html(said.content, link or base)
    if not content and parsed.format.startswith("rss"):
        content, summary = summary, ""  # RSS has one text; only content:encoded makes it a summary
    return _Told(said, base, link, summary, content, lift_posted(summary), lift_posted(content))


def _habit(parsed: ParsedFeed, told: Iterable[_Told], before: Collection[str]) -> Habit:
    """Learn how the document writes dates from all it has."""
    texts = [text for one in told for text in one.dates]
    if parsed.updated is not None:
        texts.append(parsed.updated.text)
    return learn(texts, primary(parsed.head.language), before)


def _entry(source: Source, parsed: ParsedFeed, habit: Habit, position: int, told: _Told) -> Entry:
    said, base, link = told.said, told.base, told.link
    dates = _Dates(source, habit.of(primary(said.language)))
    posted_at, content = dates.lift(told.content, told.content_posted)
    posted_above_at, summary = dates.lift(told.summary, told.summary_posted)
    updated_at = dates.read(said.updated)
    published_at = dates.read(said.published) or posted_at or posted_above_at or updated_at
    title = _title(said.title)
    text = safe_text(content or summary)
    uri = said.id.strip() if said.id else None
    url = canonical(link) if link else None
    authors, categories = _people(said.authors, base), _names(said.categories)
    language = _language(said.language or parsed.head.language)
    enclosures = tuple(_enclosures(said.enclosures, base))
    carried = extras.clean(said.extras, base)
    return Entry(
        source_id=source.id,
        guid=_guid(uri, url, title, text),
        said_guid=_guid(said.lone_id, None, "", "") if said.lone_id else None,
        uri=uri if uri and len(uri) <= GUID_CHARS and is_uri(uri) else None,
        url=url,
        title=title,
        authors=authors,
        summary=summary,
        content=content,
        content_text=text,
        language=language,
        categories=categories,
        enclosures=enclosures,
        published_at=published_at,
        updated_at=updated_at,
        extras=carried,
        position=position,
        digest=_digest(
            (url, title, authors, summary, content, language, categories, enclosures),
            extras.telling(carried),
        ),
        problems=tuple(dates.problems),
        leans=dates.lean,
    )


def _says_something(said: ParsedEntry) -> bool:
    """Whether it is an entry, and not a stray <item/>, which some publishers' software leaves behind."""
    texts = (text.value.strip() for text in (said.title, said.summary, said.content) if text)
    facts = (said.id, said.link, said.published, said.updated, said.authors, said.categories, said.enclosures)
    return any(facts) or any(texts) or said.extras != NO_EXTRAS


def _html(text: Text | None, base: str) -> str:
    if text is None or not text.value.strip():
        return ""
    html = text.value if text.kind == "html" else escape_text(text.value)
    return sanitise(html, base=(absolute(base, text.base) if text.base else None) or base)


def _title(text: Text | None) -> str:
    if text is None:
        return ""
    return _line(plain_text(text.value) if text.kind == "html" else text.value, TITLE_CHARS)


def _line(text: str, limit: int) -> str:
    """One line of plain text without control characters."""
    folded = " ".join(xml_safe(text).split())
    return folded if len(folded) <= limit else folded[: limit - 1] + "…"


def _guid(said: str | None, url: str | None, title: str, text: str) -> str:
    """Identity in its source: the document's id, else the link, else what is said (FEATURES M9)."""
    if said and len(said) <= GUID_CHARS and xml_safe(said) == said:
        return said
    if said or not url:
        told = (said or f"{title}\n{text}").encode(errors="surrogatepass")
        return "sha256:" + hashlib.sha256(told).hexdigest()
    return url


_TELLING: tuple[Callable[[Entry], str], ...] = (
    lambda entry: entry.url or "",
    lambda entry: entry.title,
    lambda entry: entry.digest,
)


def _apart(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """Tell entries that share a guid apart by link, then title, then content; keep one of equals."""
    for more in _TELLING:
        shared = Counter(entry.guid for entry in entries)
        entries = [
            replace(entry, guid=f"{entry.guid} {more(entry)}", said_guid=entry.said_guid or entry.guid)
            if shared[entry.guid] > 1
            else entry
            for entry in entries
        ]
    unique: dict[str, Entry] = {}
    for entry in entries:
        unique.setdefault(entry.guid, entry)
    return tuple(unique.values())


class _Dates:
    """Reads the dates of one entry as its source writes them, and notes what is wrong with them."""

    def __init__(self, source: Source, habit: Habit) -> None:
        self.problems: list[str] = []
        self.lean = False
        self._zone = ZoneInfo(source.timezone) if source.timezone else None
        self._formats = source.date_formats
        self._habit = habit

    def read(self, date: ParsedDate | None) -> datetime | None:
        """Return a date in whole seconds UTC; None when there is none or nobody can tell."""
        if date is None:
            return None
        habit = self._habit.of(date.language)
        reading = read_date(date.text, timezone=self._zone, formats=self._formats, habit=habit)
        self.lean = self.lean or reading.leans
        if reading.problem:
            self.problems.append(printable(reading.problem))
        return None if reading.at is None else reading.at.replace(microsecond=0)

    def lift(self, html: str, posted: tuple[str | None, str]) -> tuple[datetime | None, str]:
        """Take a leading line "Posted: <date>" out of safe HTML; one that is no date stays where it is."""
        text, rest = posted
        at = self.read(ParsedDate(text=text)) if text else None
        return (None, html) if at is None else (at, rest)


def _people(people: Iterable[Person], base: str) -> tuple[Person, ...]:
    cleaned = (
        Person(
            name=_name(person.name) or None if person.name else None,
            email=_line(person.email, NAME_CHARS) or None if person.email else None,
            url=absolute(base, person.url) if person.url else None,
        )
        for person in people
    )
    return tuple(dict.fromkeys(person for person in cleaned if person != _NOBODY))[:LIST_ITEMS]


def _name(html: str) -> str:
    return _short_name(html) if len(html) <= NAME_CHARS else _line(plain_text(html), NAME_CHARS)


@lru_cache(maxsize=1024)
def _short_name(html: str) -> str:
    """The few names of a source stand with each of its entries."""
    return _line(plain_text(html), NAME_CHARS)


def _language(tag: str | None) -> str | None:
    return _line(tag, NAME_CHARS) or None if tag else None


def _names(names: Iterable[str]) -> tuple[str, ...]:
    lines = map(_name, names)
    return tuple(dict.fromkeys(line for line in lines if line))[:LIST_ITEMS]


def _enclosures(enclosures: Iterable[Enclosure], base: str) -> Iterable[Enclosure]:
    seen: set[str] = set()
    for enclosure in enclosures:
        url = absolute(base, enclosure.url)
        if url and url not in seen and len(seen) < LIST_ITEMS:
            seen.add(url)
            kind = _line(enclosure.type, NAME_CHARS) or None if enclosure.type else None
            yield Enclosure(url=url, type=kind, length=enclosure.length)


def _digest(shown: tuple[object, ...], carried: tuple[object, ...]) -> str:
    """Return a digest of all that is shown but the dates: one rewritten at every poll is no change (G3)."""
    return hashlib.sha256(repr((*shown, *carried)).encode(errors="replace")).hexdigest()[:32]
