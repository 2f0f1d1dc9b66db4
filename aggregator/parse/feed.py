"""RSS 0.9x to 2.0, RDF, Atom 0.3 and 1.0, CDF: everything feedparser reads."""

import contextlib
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import repeat
from typing import Any

from aggregator.errors import ParseError
from aggregator.model import (
    NO_EXTRAS,
    Enclosure,
    Extras,
    FeedHead,
    FeedHints,
    ParsedDate,
    ParsedEntry,
    ParsedFeed,
    Person,
    Response,
    Text,
)
from aggregator.parse import driver, extensions, feedlevel, hints
from aggregator.parse.archive import archive_url
from aggregator.parse.encoding import Decoded, decode
from aggregator.parse.repair import Written, as_written, is_odd, mend
from aggregator.parse.tombstones import tombstones
from aggregator.urls import absolute

Parsed = dict[str, Any]  # feedparser's FeedParserDict, read as a plain dict: its own look-ups guess and warn

_DOMAIN_REST = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*")
_AROUND = re.compile(r"\(\s*\)|<\s*>|^\s*\(|\)\s*$")  # what stands around an address, or a name beside one
_LENGTH = re.compile(r"[0-9]{1,18}")  # bytes; what is longer is no length of anything
_MARKUP = re.compile(r"</?[A-Za-z][^<>]*>|&#?\w+;")
_HTML_TYPES = ("text/html", "application/xhtml+xml")
_NOBODY = Person()
_FEED_TYPES = ("rss+xml", "atom+xml", "feed+json", "rdf+xml")


def parse(
    response: Response, *, known: Collection[str] = (), most: int | None = None, frame: str = ""
) -> ParsedFeed:
    """Read an XML feed; what is readable of a broken one is kept and the defect named in `problems`."""
    xml, (result, visit) = _read(response, known, most, frame)
    feed, entries = result["feed"], result["entries"]
    version = dict.get(result, "version") or _version(xml.root)
    if not version and not entries and not visit.skipped:
        raise ParseError(_no_feed(feed, response.url))
    said = _feed_level(xml.document, feed)
    deleted, complaints = tombstones(said)
    return ParsedFeed(
        format=version or "unknown",
        head=_head(feed),
        updated=_date(feed, "updated") or _date(feed, "published"),
        base=response.url,
        entries=tuple(
            _entry(entry, more, position, digest, loose=not visit.finished)
            for entry, more, position, digest in zip(
                entries, _extras(visit.read, entries), visit.positions, visit.digests, strict=True
            )
        ),
        skipped=tuple(visit.skipped),
        unread=tuple(visit.unread),
        hints=_hints(feed, said),
        archive_url=None if said.complete else archive_url(response.url, _relations(feed)),
        tombstones=deleted,
        problems=(*xml.problems, *_problems(result), *complaints),
    )


@dataclass(frozen=True, slots=True)
class _Xml:
    """A document in UTF-8, the name of its root, and what was wrong with it."""

    document: bytes
    root: str | None
    problems: tuple[str, ...]
    mended: bool


def _read(
    response: Response, known: Collection[str], most: int | None, frame: str
) -> tuple[_Xml, tuple[Parsed, driver.Visit]]:
    """Have a document read, mended where it has to be, and nothing guessed, resolved or cleaned.

    After a document that could be read the next is hoped to need no mending. No content-location: with a base,
    feedparser would make URLs of guids such as "17".
    """
    xml = _as_xml(response, hopefully=bool(known))
    try:
        if not xml.mended:
            with contextlib.suppress(driver.NotWellFormedError):
                found = driver.read_strictly(xml.document, known=known, most=most, frame=frame)
                if not is_odd(found[1].read):  # what was left out has been mended as it is
                    return xml, found
            xml = _as_xml(response, hopefully=False)
        return xml, driver.read(xml.document, driver.UTF8, known=known, most=most, frame=frame)
    except MemoryError:
        raise  # its worker's limit, which says so itself
    except SystemError as exc:
        raise MemoryError from exc  # expat and its like, which had no room to say so
    except Exception as exc:  # its loose parser raises anything
        raise ParseError(f"the document cannot be read: {type(exc).__name__}: {exc}") from exc


def _as_xml(response: Response, *, hopefully: bool) -> _Xml:
    """Decode a document and mend it; `hopefully`, not where it looks as if it needed none.

    The texts on the way there take up to four times as much memory; they are gone when this returns.
    """
    decoded = decode(response.body, response.headers.get("content-type", ""))
    problems = (decoded.problem,) if decoded.problem else ()
    written = as_written(decoded.text) if hopefully else None
    if written is not None:
        return _Xml(_document(decoded, written), written.root, problems, mended=False)
    mended = mend(decoded.text)
    document = mended.text.encode(errors="replace")
    return _Xml(document, mended.root, (*problems, *mended.problems), mended=True)


def _document(decoded: Decoded, written: Written) -> bytes:
    """Return it in UTF-8: the bytes that came, where they are."""
    if decoded.utf8 is None:
        rest = decoded.text[written.start :].encode(errors="replace")
    else:
        rest = decoded.utf8[len(decoded.text[: written.start].encode()) :]
    return written.head.encode(errors="replace") + rest


def _string(said: Parsed, name: str) -> str | None:
    value = dict.get(said, name)
    return value if isinstance(value, str) else None


def _objects(said: Parsed, name: str) -> list[Parsed]:
    """Return a list of feedparser's: an element of that name that it does not know stands there too, as text."""
    found = dict.get(said, name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _no_feed(feed: Parsed, url: str) -> str:
    advertised = [
        address
        for link in _objects(feed, "links")
        if dict.get(link, "rel") == "alternate"
        and str(dict.get(link, "type", "")).endswith(_FEED_TYPES)
        and (address := absolute(url, dict.get(link, "href", "")))
    ]
    if advertised:
        return f"{url} is a page, not a feed; it names the feed {advertised[0]}"
    return f"the document at {url} is not a feed"


def _problems(result: Parsed) -> Iterable[str]:
    if dict.get(result, "bozo"):
        yield f"not well-formed: {dict.get(result, 'bozo_exception')}"


def _version(root: str | None) -> str | None:
    """Name the one format that feedparser reads without naming it."""
    return "cdf" if root is not None and root.lower() == "channel" else None


def _feed_level(document: bytes, feed: Parsed) -> feedlevel.FeedLevel:
    if not feedlevel.is_worth_a_look(dict.keys(feed)):
        return feedlevel.FeedLevel()
    return feedlevel.look(document, "utf-8")


def _extras(document: bytes, entries: list[Parsed]) -> Iterable[Extras]:
    relations = ([str(dict.get(link, "rel")) for link in _objects(entry, "links")] for entry in entries)
    if not any(map(extensions.is_worth_a_look, map(dict.keys, entries), relations)):
        return repeat(NO_EXTRAS, len(entries))
    return extensions.look(
        document, [_string(entry, "id") or _string(entry, "link") or "" for entry in entries]
    )


def _hints(feed: Parsed, said: feedlevel.FeedLevel) -> FeedHints:
    return FeedHints(
        ttl=hints.ttl(_string(feed, "ttl")),
        update_period=hints.update_period(
            _string(feed, "sy_updateperiod"), _string(feed, "sy_updatefrequency")
        ),
        skip_hours=tuple(sorted(said.skip_hours)),
        skip_days=tuple(sorted(said.skip_days)),
    )


def _relations(feed: Parsed) -> Iterable[tuple[str, str]]:
    """Yield rel and href of the links of the feed itself, resolved against xml:base."""
    for link in _objects(feed, "links"):
        yield str(dict.get(link, "rel", "")), str(dict.get(link, "href", ""))


def _head(feed: Parsed) -> FeedHead:
    return FeedHead(
        id=_string(feed, "id"),
        title=_string(feed, "title"),
        subtitle=_string(feed, "subtitle") or _string(feed, "summary"),  # itunes:summary
        home_url=_string(feed, "link"),
        language=_string(feed, "language"),
        rights=_string(feed, "rights"),
        authors=_people(feed),
    )


def _entry(entry: Parsed, extras: Extras, position: int, digest: str | None, *, loose: bool) -> ParsedEntry:
    content = _best_content(_objects(entry, "content"))
    summary = _text(dict.get(entry, "summary_detail"))
    title = _title(entry)
    spoken = (text.language for text in (content, summary, title) if text and text.language)
    return ParsedEntry(
        id=_id(entry, loose=loose),
        link=_link(entry),
        title=title,
        summary=summary,
        content=content,
        authors=_people(entry),
        categories=tuple(
            str(term)
            for tag in _objects(entry, "tags")
            if (term := dict.get(tag, "label") or dict.get(tag, "term"))
        ),
        enclosures=tuple(_enclosures(_objects(entry, "links"))),
        language=_string(entry, "language") or next(spoken, None),
        base=next((text.base for text in (content, summary, title) if text and text.base), None),
        published=_date(entry, "published") or _date(entry, "created"),
        updated=_date(entry, "updated"),
        extras=extras,
        position=position,
        digest=digest,
    )


def _id(entry: Parsed, *, loose: bool) -> str | None:
    """Return the id as written. feedparser's loose parser (6.0.14) leaves it escaped, which would make it another."""
    said = _string(entry, "id")
    return said.replace("&amp;", "&") if said and loose else said


def _title(entry: Parsed) -> Text | None:
    """Return the title of the entry itself, of which feedparser keeps the text, but the details of the last within."""
    detail, said = _text(dict.get(entry, "title_detail")), _string(entry, "title")
    if detail is None or said is None or said == detail.value:
        return detail
    return Text(value=said, kind="html" if _MARKUP.search(said) else "text", language=detail.language)


def _link(entry: Parsed) -> str | None:
    """The entry's own link; a guid only where it is an address, whatever isPermaLink says."""
    link = _string(entry, "link")
    if link and dict.get(entry, "guidislink") and link == _string(entry, "id") and "://" not in link:
        return None
    return link


def _text(detail: object) -> Text | None:
    if not isinstance(detail, dict) or (value := _string(detail, "value")) is None:
        return None
    kind = "html" if dict.get(detail, "type") in _HTML_TYPES else "text"
    return Text(
        value=value,
        kind=kind,
        base=_string(detail, "base") or None,
        language=_string(detail, "language") or None,
    )


def _best_content(contents: Iterable[Parsed]) -> Text | None:
    """The longest of the HTML ones, else of the plain ones; never an image given inline."""
    texts = [
        text
        for content in contents
        if str(dict.get(content, "type") or "text/plain").startswith(("text/", "application/xhtml"))
        and (text := _text(content)) is not None
    ]
    return max(texts, key=lambda text: (text.kind == "html", len(text.value)), default=None)


def _people(said: Parsed) -> tuple[Person, ...]:
    people = (
        _whole(Person(name=_string(p, "name"), email=_string(p, "email"), url=_string(p, "href")), said)
        for p in _objects(said, "authors")
    )
    return tuple(dict.fromkeys(person for person in people if person != _NOBODY))


def _whole(person: Person, said: Parsed) -> Person:
    """Mend what feedparser cuts: it reads top-level domains of up to four letters, of "anna@alfa.example (Anna)"
    "anna@alfa.exam" and "ple (Anna".
    """
    text = _string(said, "author")
    if person.email is None or text is None or person.email not in text:
        return person
    rest = _DOMAIN_REST.match(text, text.index(person.email) + len(person.email))
    if not rest or not rest[0]:
        return person
    email = person.email + rest[0]
    name = _AROUND.sub("", text.replace(email, "")).strip()
    return Person(name=name or None, email=email, url=person.url)


def _enclosures(links: Iterable[Parsed]) -> Iterable[Enclosure]:
    """RSS enclosures stand among the links too."""
    for enclosure in links:
        if dict.get(enclosure, "rel") == "enclosure" and (href := dict.get(enclosure, "href")):
            length = str(dict.get(enclosure, "length") or "")
            yield Enclosure(
                url=href,
                type=dict.get(enclosure, "type") or None,
                length=int(length) if _LENGTH.fullmatch(length) else None,
            )


def _date(said: Parsed, name: str) -> ParsedDate | None:
    text = _string(said, name)
    if not text or not text.strip():
        return None
    return ParsedDate(text=text.strip())
