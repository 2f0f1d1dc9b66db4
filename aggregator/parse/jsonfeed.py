"""JSON Feed 1.0 and 1.1 (https://www.jsonfeed.org/version/1.1/)."""

import codecs
import json
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from aggregator.errors import ParseError
from aggregator.model import (
    Enclosure,
    Extras,
    FeedHead,
    Link,
    Media,
    ParsedDate,
    ParsedEntry,
    ParsedFeed,
    Person,
    Response,
    Text,
)
from aggregator.parse.archive import archive_url
from aggregator.parse.encoding import decode
from aggregator.parse.known import context, digest

_VERSION = "jsonfeed.org/version/"
_BOMS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_MAX_BYTES = 1 << 63  # of an attachment
_MAX_SECONDS = 10**7
_BLANKS = "\ufeff \t\r\n\0"
_ITEMS = re.compile(r'"items"\s*:\s*\[\s*')
_OPENING = re.compile(r"\{\s*")
_COLON = re.compile(r"\s*:\s*")
_LIST = re.compile(r"\[\s*")
_CLOSING = re.compile(r"\s*\]")
_NEXT = re.compile(r"\s*,\s*")


@dataclass(frozen=True, slots=True)
class _Number:
    """A number as written: as an id, 1.10 is not 1.1, and 2^53 + 1 not 2^53."""

    text: str


_DECODER = json.JSONDecoder(
    parse_int=_Number, parse_float=_Number, strict=False
)  # line breaks in texts do no harm


def looks_like_json(body: bytes) -> bool:
    """Return whether a document can only be JSON: no XML begins with a brace or bracket."""
    start = body.lstrip(b"".join(_BOMS) + b" \t\r\n\0")
    return start[:1] in (b"{", b"[")


def parse(
    response: Response, *, known: Collection[str] = (), most: int | None = None, frame: str = ""
) -> ParsedFeed:
    """Read a JSON Feed; raises `ParseError` for JSON of another kind.

    An item without an id is dropped with a problem, a number as id becomes the text it is written
    as (PROTOCOL P37).
    """
    decoded = decode(response.body, response.headers.get("content-type", ""))
    problems = [decoded.problem] if decoded.problem else []
    said = _load(decoded.text, problems)
    if not isinstance(said, dict) or not isinstance(said.get("items"), list):
        raise ParseError(f"the document at {response.url} is JSON, but no JSON Feed: it has no list of items")
    version = said.get("version")
    if not isinstance(version, str) or _VERSION not in version:
        problems.append("the version of the JSON Feed is missing or unknown")
    inherits = context(frame, version, _string(said, "language"))
    entries: list[ParsedEntry] = []
    skipped: list[str] = []
    unread: list[int] = []
    for n, item in enumerate(said["items"], start=1):
        if not isinstance(item, dict):
            problems.append(f"item {n} is not an object: dropped")
        elif _id(item) is None:
            problems.append(f"item {n} has no id: dropped")
        elif (name := digest(repr(item).encode(errors="surrogatepass"), inherits)) in known:
            skipped.append(name)
        elif most is not None and len(entries) >= most:
            unread.append(len(entries) + len(skipped) + len(unread))
        else:
            entries.append(replace(_entry(item), position=len(entries) + len(skipped), digest=name))
    if said["items"] and not entries and not skipped:
        raise ParseError(f"none of the {len(said['items'])} items of the JSON Feed has an id")
    return ParsedFeed(
        format="json11" if str(version).endswith("/1.1") else "json1",
        head=FeedHead(
            title=_string(said, "title"),
            subtitle=_string(said, "description"),
            home_url=_string(said, "home_page_url"),
            language=_string(said, "language"),
            authors=_people(said),
        ),
        base=response.url,
        entries=tuple(entries),
        skipped=tuple(skipped),
        unread=tuple(unread),
        archive_url=archive_url(response.url, [("next", _string(said, "next_url") or "")]),
        ended=said.get("expired") is True,
        problems=tuple(problems),
    )


def _load(text: str, problems: list[str]) -> Any:
    try:
        return _DECODER.decode(text.lstrip(_BLANKS))
    except RecursionError as exc:
        raise ParseError("the JSON is nested too deeply") from exc
    except ValueError as exc:
        whole = _whole(text)
        if whole is None:
            raise ParseError(f"the JSON cannot be read: {exc}") from exc
        problems.append(f"the JSON is broken after item {len(whole['items'])}: {exc}")
        return whole


def _whole(text: str) -> dict[str, Any] | None:
    """Return what stands before the place where a feed breaks or is cut off: its whole items, and its head."""
    text = text.lstrip(_BLANKS)
    said = dict(_members(text))
    if "items" not in said and (listed := _ITEMS.search(text)) is not None:  # the head is broken
        said = {"items": _items(text, listed.end())[0]}
    items = said.get("items")
    return said if isinstance(items, list) and items else None


def _members(text: str) -> Iterator[tuple[str, Any]]:
    """Yield the members of an object that are whole, and of its items those that are."""
    place = _OPENING.match(text)
    while place is not None:
        try:
            key, end = _DECODER.raw_decode(text, place.end())
            colon = _COLON.match(text, end)
            if not isinstance(key, str) or colon is None:
                return
            if key == "items" and (opening := _LIST.match(text, colon.end())) is not None:
                value, end = _items(text, opening.end())
            else:
                value, end = _DECODER.raw_decode(text, colon.end())
        except (ValueError, RecursionError):
            return
        yield key, value
        place = _NEXT.match(text, end)


def _items(text: str, start: int) -> tuple[list[Any], int]:
    """Return the values of a list that are whole, and where it ends or breaks."""
    items: list[Any] = []
    end = start
    while True:
        try:
            item, end = _DECODER.raw_decode(text, start)
        except (ValueError, RecursionError):
            break
        items.append(item)
        separator = _NEXT.match(text, end)
        if separator is None:
            break
        start = separator.end()
    closed = _CLOSING.match(text, end)
    return items, len(text) if closed is None else closed.end()


def _string(said: dict[str, Any], key: str) -> str | None:
    value = said.get(key)
    return value if isinstance(value, str) and value.strip() else None


def _objects(said: dict[str, Any], key: str) -> Iterable[dict[str, Any]]:
    found = said.get(key)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _id(item: dict[str, Any]) -> str | None:
    value = item.get("id")
    if isinstance(value, _Number):
        return value.text
    return _string(item, "id")


def _entry(item: dict[str, Any]) -> ParsedEntry:
    html, text = _string(item, "content_html"), _string(item, "content_text")
    title, summary = _string(item, "title"), _string(item, "summary")
    language = _string(item, "language")
    content = None
    if html or text:
        content = Text(value=html or text or "", kind="html" if html else "text", language=language)
    tags = item.get("tags")
    return ParsedEntry(
        id=_id(item),
        link=_string(item, "url") or _string(item, "external_url"),
        title=Text(value=title, kind="text", language=language) if title else None,
        summary=Text(value=summary, kind="text", language=language) if summary else None,
        content=content,
        authors=_people(item),
        categories=tuple(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else (),
        enclosures=tuple(_enclosures(item)),
        language=language,
        published=_date(item, "date_published"),
        updated=_date(item, "date_modified"),
        extras=_extras(item),
    )


def _people(said: dict[str, Any]) -> tuple[Person, ...]:
    found = list(_objects(said, "authors"))
    if not found and isinstance(author := said.get("author"), dict):  # 1.0
        found = [author]
    people = (Person(name=_string(p, "name"), url=_string(p, "url")) for p in found)
    return tuple(person for person in people if person != Person())


def _enclosures(item: dict[str, Any]) -> Iterable[Enclosure]:
    for attachment in _objects(item, "attachments"):
        if url := _string(attachment, "url"):
            yield Enclosure(
                url=url,
                type=_string(attachment, "mime_type"),
                length=_whole_number(attachment.get("size_in_bytes"), _MAX_BYTES),
            )


def _extras(item: dict[str, Any]) -> Extras:
    external = _string(item, "external_url") if _string(item, "url") else None
    return Extras(
        media=tuple(_media(item)),
        thumbnail=_string(item, "image"),
        banner=_string(item, "banner_image"),
        links=(Link(rel="related", url=external),) if external else (),
    )


def _media(item: dict[str, Any]) -> Iterable[Media]:
    """What attachments say beyond an enclosure."""
    for attachment in _objects(item, "attachments"):
        url, title = _string(attachment, "url"), _string(attachment, "title")
        duration = _whole_number(attachment.get("duration_in_seconds"), _MAX_SECONDS)
        if url and (title or duration):
            size = _whole_number(attachment.get("size_in_bytes"), _MAX_BYTES)
            media_type = _string(attachment, "mime_type")
            yield Media(url=url, type=media_type, length=size, duration=duration, title=title)


def _whole_number(said: object, most: int) -> int | None:
    number = float(said.text) if isinstance(said, _Number) else -1.0  # 7.0 is a size too
    return int(number) if 0 <= number < most else None


def _date(item: dict[str, Any], key: str) -> ParsedDate | None:
    text = _string(item, key)
    return ParsedDate(text=text.strip()) if text else None
