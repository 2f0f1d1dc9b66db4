"""What stands at the level of the feed and feedparser does not keep, read in a pass of its own.

feedparser keeps the last <hour> of a <skipHours> and the last at:deleted-entry only, and names them
by the prefix a document happens to use. So it tells whether there is anything to look for, and most
documents pay nothing. The pass hears the document as a stream (no tree), loads nothing from anywhere,
and libxml2 bounds depth and what entities may amount to.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from lxml import etree

from aggregator.parse import hints

MOST_DELETED = 1000  # at:deleted-entry kept of one document; the rest are counted

# feedparser's, perhaps behind a prefix; where a document is cut within a list, it knows of the hours only.
_NAMES = ("skiphours", "skipdays", "hour", "day", "deleted-entry", "complete")
_ENTRIES = frozenset({"item", "entry"})
_FEEDS = frozenset({"channel", "feed"})
_COMPLETE = "{http://purl.org/syndication/history/1.0}complete"  # RFC 5005 §2
_DELETED = "{http://purl.org/atompub/tombstones/1.0}deleted-entry"  # RFC 6721 §3
_BASE = "{http://www.w3.org/XML/1998/namespace}base"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    """An at:deleted-entry as written. `bases` are the xml:base around its ref, the outermost first."""

    ref: str
    when: str
    bases: tuple[str, ...] = ()


@dataclass(slots=True)
class FeedLevel:
    """What was found. `deleted_beyond` counts the tombstones after the first `MOST_DELETED`."""

    skip_hours: set[int] = field(default_factory=set)
    skip_days: set[int] = field(default_factory=set)
    complete: bool = False
    deleted: list[Deleted] = field(default_factory=list)
    deleted_beyond: int = 0


def is_worth_a_look(seen: Iterable[str]) -> bool:
    """Whether one of the elements is among the names that feedparser saw at the level of the feed."""
    return any(name.endswith(_NAMES) for name in seen)


def look(body: bytes, encoding: str) -> FeedLevel:
    """Read a document in the encoding that feedparser found it to be in; never raises on any bytes."""
    found = FeedLevel()
    text = _decoded(body, encoding)
    parser = etree.XMLParser(
        target=_Listener(found),  # type: ignore[arg-type]  # the stubs want comment() and bytes, lxml neither
        encoding="utf-8",  # whatever its declaration says
        recover=True,  # with a target: never raises, and says what it heard before it gave up
        # With False, a target hears &amp; in an attribute as &#38;.
        resolve_entities="internal",  # type: ignore[arg-type]  # new in lxml 5, which the stubs do not know
        no_network=True,
        load_dtd=False,
    )
    etree.fromstring(text[max(text.find("<"), 0) :].encode(errors="replace"), parser)
    return found


def _decoded(body: bytes, encoding: str) -> str:
    try:
        return body.decode(encoding, errors="replace")
    except (LookupError, UnicodeError):  # no encoding of text, or one that cannot replace
        return body.decode(errors="replace")


class _Listener:
    """lxml's parser target. Names count without regard to case and namespace where RSS has none."""

    def __init__(self, found: FeedLevel) -> None:
        self._found = found
        self._open: list[str] = []  # names of the elements around, the outermost first
        self._entries = 0  # how many of them are entries
        self._bases: tuple[str, ...] = ()  # xml:base of the feed
        self._value: list[str] | None = None  # text of the <hour> or <day> that is open

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        name = tag.rpartition("}")[2].lower()
        self._open.append(name)
        if name in _ENTRIES:
            self._entries += 1
        if self._entries:
            return
        match self._open[-2:]:
            case ["skiphours", "hour"] | ["skipdays", "day"]:
                self._value = []  # however deep: a stray <br> further up moves them down
            case [feed, "complete"] if feed in _FEEDS and tag == _COMPLETE:
                self._found.complete = True
            case ["feed", "deleted-entry"] if tag == _DELETED:
                self._delete(attributes)
            case [*_, "feed"]:
                self._bases = _bases(attributes)

    def data(self, text: str) -> None:
        if self._value is not None:
            self._value.append(text)

    def end(self, _tag: str) -> None:
        name = self._open.pop()
        if name in _ENTRIES:
            self._entries -= 1
        if self._value is not None:
            self._skip(name, "".join(self._value))
            self._value = None

    def close(self) -> None:
        """Nothing is left to do: the parser wants it said."""

    def _skip(self, name: str, text: str) -> None:
        if name == "hour" and (hour := hints.hour(text)) is not None:
            self._found.skip_hours.add(hour)
        elif name == "day" and (day := hints.day(text)) is not None:
            self._found.skip_days.add(day)

    def _delete(self, attributes: Mapping[str, str]) -> None:
        if len(self._found.deleted) == MOST_DELETED:
            self._found.deleted_beyond += 1
            return
        ref, when = attributes.get("ref", ""), attributes.get("when", "")
        self._found.deleted.append(Deleted(ref=ref, when=when, bases=self._bases + _bases(attributes)))


def _bases(attributes: Mapping[str, str]) -> tuple[str, ...]:
    base = attributes.get(_BASE)
    return (base,) if base else ()
