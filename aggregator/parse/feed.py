"""RSS 0.9x to 2.0, RDF, Atom 0.3 and 1.0, CDF: everything feedparser reads."""

import calendar
import io
import re
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import feedparser

from aggregator.errors import ParseError
from aggregator.model import Enclosure, FeedHead, ParsedDate, ParsedEntry, ParsedFeed, Person, Response, Text
from aggregator.urls import absolute

Parsed = dict[str, Any]  # feedparser's FeedParserDict, read as a plain dict: its own look-ups guess and warn

_LENGTH = re.compile(r"[0-9]{1,18}")  # bytes; what is longer is no length of anything
_HTML_TYPES = ("text/html", "application/xhtml+xml")
_FEED_TYPES = ("rss+xml", "atom+xml", "feed+json", "rdf+xml")


def parse(response: Response) -> ParsedFeed:
    """Read an XML feed; what is readable of a broken one is kept and the defect named in `problems`."""
    # No content-location: with a base, feedparser would make URLs of guids such as "17".
    content_type = response.headers.get("content-type")
    headers = {"content-type": content_type} if content_type else {}
    result = _feedparser(response.body, headers)
    feed, entries = result["feed"], result["entries"]
    if not dict.get(result, "version") and not entries:
        raise ParseError(_no_feed(feed, response.url))
    return ParsedFeed(
        format=dict.get(result, "version") or "unknown",
        head=_head(feed),
        updated=_date(feed, "updated") or _date(feed, "published"),
        base=response.url,
        entries=tuple(_entry(entry) for entry in entries),
        problems=tuple(_problems(result)),
    )


def _feedparser(body: bytes, headers: dict[str, str]) -> Parsed:
    try:
        result: Parsed = feedparser.parse(
            io.BytesIO(body), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
        )
    except Exception as exc:  # its loose parser raises anything, UnicodeEncodeError for &#xD800; among it
        raise ParseError(f"the document cannot be read: {type(exc).__name__}: {exc}") from exc
    return result


def _no_feed(feed: Parsed, url: str) -> str:
    advertised = [
        address
        for link in dict.get(feed, "links", ())
        if dict.get(link, "rel") == "alternate"
        and str(dict.get(link, "type", "")).endswith(_FEED_TYPES)
        and (address := absolute(url, dict.get(link, "href", "")))
    ]
    if advertised:
        return f"{url} is a page, not a feed; it names the feed {advertised[0]}"
    return f"the document at {url} is not a feed"


def _problems(result: Parsed) -> Iterable[str]:
    # A wrong Content-Type or charset label harms nobody once the document has been read.
    harmless = (feedparser.NonXMLContentType, feedparser.CharacterEncodingOverride)
    defect = dict.get(result, "bozo_exception")
    if dict.get(result, "bozo") and not isinstance(defect, harmless):
        yield f"not well-formed: {defect}"


def _head(feed: Parsed) -> FeedHead:
    return FeedHead(
        id=dict.get(feed, "id"),
        title=dict.get(feed, "title"),
        subtitle=dict.get(feed, "subtitle"),
        home_url=dict.get(feed, "link"),
        language=dict.get(feed, "language"),
        rights=dict.get(feed, "rights"),
        authors=_people(feed),
    )


def _entry(entry: Parsed) -> ParsedEntry:
    content = _best_content(dict.get(entry, "content", ()))
    summary = _text(dict.get(entry, "summary_detail"))
    title = _text(dict.get(entry, "title_detail"))
    spoken = (text.language for text in (content, summary, title) if text and text.language)
    return ParsedEntry(
        id=dict.get(entry, "id"),
        link=_link(entry),
        title=title,
        summary=summary,
        content=content,
        authors=_people(entry),
        categories=tuple(
            str(term)
            for tag in dict.get(entry, "tags", ())
            if (term := dict.get(tag, "label") or dict.get(tag, "term"))
        ),
        enclosures=tuple(_enclosures(dict.get(entry, "links", ()))),
        language=dict.get(entry, "language") or next(spoken, None),
        base=next((text.base for text in (content, summary, title) if text and text.base), None),
        published=_date(entry, "published") or _date(entry, "created"),
        updated=_date(entry, "updated"),
    )


def _link(entry: Parsed) -> str | None:
    """The entry's own link; a guid only where it is an address, whatever isPermaLink says."""
    link: str | None = dict.get(entry, "link")
    if link and dict.get(entry, "guidislink") and link == dict.get(entry, "id") and "://" not in link:
        return None
    return link


def _text(detail: Parsed | None) -> Text | None:
    if detail is None or not isinstance(value := dict.get(detail, "value"), str):
        return None
    kind = "html" if dict.get(detail, "type") in _HTML_TYPES else "text"
    return Text(
        value=value,
        kind=kind,
        base=dict.get(detail, "base") or None,
        language=dict.get(detail, "language") or None,
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
    found = [person for person in dict.get(said, "authors", ()) if person]
    people = (
        Person(name=dict.get(p, "name"), email=dict.get(p, "email"), url=dict.get(p, "href")) for p in found
    )
    return tuple(dict.fromkeys(person for person in people if person != Person()))


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
    text = dict.get(said, name)
    if not isinstance(text, str) or not text.strip():
        return None
    return ParsedDate(text=text.strip(), opinion=_instant(dict.get(said, f"{name}_parsed")))


def _instant(parsed: time.struct_time | None) -> datetime | None:
    if parsed is None:
        return None
    try:
        return datetime.fromtimestamp(calendar.timegm(parsed), UTC)
    except (ValueError, OverflowError, OSError):  # year 0, month 13: no opinion
        return None
