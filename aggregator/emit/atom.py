"""Atom 1.0 (RFC 4287)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from html import escape

from lxml import etree

from aggregator.emit.extensions import NAMESPACES, extend, group, playable
from aggregator.emit.legal import line
from aggregator.emit.pieces import Piece, alone, cut, joined
from aggregator.emit.words import heading, looks_like_html, rfc3339, unmarked
from aggregator.model import (
    ArchivePage,
    Document,
    Enclosure,
    Extras,
    Media,
    MergedEntry,
    MergedFeed,
    Person,
    Provenance,
    Removal,
    Thread,
)

CONTENT_TYPE = "application/atom+xml; charset=utf-8"
NAMESPACE = "http://www.w3.org/2005/Atom"
GENERATOR = "aggregator"  # without a version: an upgrade is no reason for new bytes

_TYPE = "application/atom+xml"
_END = b"</feed>"
_NAMESPACES = NAMESPACES | {
    "at": "http://purl.org/atompub/tombstones/1.0",  # RFC 6721
    "fh": "http://purl.org/syndication/history/1.0",  # RFC 5005
}
_A = f"{{{NAMESPACE}}}"
_THR = f"{{{NAMESPACES['thr']}}}"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def atom(feed: MergedFeed, entries: Sequence[Piece]) -> Document:
    """Write a feed that has been through `legal`, with its entries as `atom_entry` made them."""
    root = _head(feed.id, feed.title, feed.updated_at)
    _link(root, "self", feed.self_url("atom"), type=_TYPE)
    _link(root, "alternate", feed.home_url, type="text/html")
    if feed.archive_url:  # RFC 5005 §4
        _link(root, "prev-archive", feed.archive_url, type=_TYPE)
    _add(root, "generator", GENERATOR)
    for removal in feed.removals:
        _deleted(root, removal)
    body = joined(root, entries, _NAMESPACES, end=_END)
    return Document(path=f"{feed.path}.atom", body=body, content_type=CONTENT_TYPE)


def atom_page(page: ArchivePage, entries: Sequence[bytes]) -> Document:
    """Write a page of a feed's archive (RFC 5005 §4), with its entries as `atom_alone` made them.

    It names the page before and never the one after, which is not there yet when it is first asked for.
    """
    root = _head(page.feed_id, line(page.title), page.updated_at)
    etree.SubElement(root, f"{{{_NAMESPACES['fh']}}}archive", nsmap={"fh": _NAMESPACES["fh"]})
    _link(root, "self", page.url, type=_TYPE)
    _link(root, "current", page.feed_id, type=_TYPE)
    _link(root, "alternate", page.home_url, type="text/html")
    if page.previous_url:
        _link(root, "prev-archive", page.previous_url, type=_TYPE)
    _add(root, "generator", GENERATOR)
    pieces = [Piece(body, frozenset()) for body in entries]
    return Document(
        path=page.path, body=joined(root, pieces, _NAMESPACES, end=_END), content_type=CONTENT_TYPE
    )


def atom_entry(entry: MergedEntry) -> Piece:
    """Write an entry that has been through `legal`."""
    root = etree.XML(f'<feed xmlns="{NAMESPACE}"/>')
    _entry(root, entry)
    return cut(root, _NAMESPACES)


def atom_alone(entry: Piece) -> bytes:
    """Return an entry as archives keep it."""
    return alone(entry, _NAMESPACES)


def _head(feed_id: str, title: str, updated_at: datetime) -> etree._Element:
    root = etree.XML(f'<feed xmlns="{NAMESPACE}"/>')
    _add(root, "id", feed_id)
    _text(root, "title", title)
    _add(root, "updated", rfc3339(updated_at))
    return root


def _deleted(root: etree._Element, removal: Removal) -> None:
    """RFC 6721 §2. It stands before the entries, where RFC 4287's own schema allows for other elements."""
    namespace = _NAMESPACES["at"]
    stated = {"ref": removal.story_id, "when": rfc3339(removal.removed_at)}
    element = etree.SubElement(root, f"{{{namespace}}}deleted-entry", stated, {"at": namespace})
    element.tail = "\n"
    if removal.story_now:
        etree.SubElement(element, f"{{{namespace}}}comment").text = f"It is told as {removal.story_now} now."


def _entry(root: etree._Element, entry: MergedEntry) -> None:
    element = etree.SubElement(root, f"{_A}entry", {_LANG: entry.language} if entry.language else {})
    element.tail = "\n"
    _add(element, "id", entry.id)
    _text(element, "title", heading(entry))
    _add(element, "published", rfc3339(entry.published_at))
    _add(element, "updated", rfc3339(entry.updated_at))
    for person in entry.authors:
        _person(element, "author", person)
    for person in entry.extras.contributors:
        _person(element, "contributor", person)
    _links(element, entry)
    for name in entry.categories:
        etree.SubElement(element, f"{_A}category", term=name)
    _source(element, entry.source)
    if entry.extras.rights:
        _text(element, "rights", entry.extras.rights)
    _body(element, entry)
    extend(element, _with_duration(entry))
    group(element, entry)


def _links(element: etree._Element, entry: MergedEntry) -> None:
    if entry.url:
        _link(element, "alternate", entry.url)
    for enclosure in entry.enclosures:
        _enclosure(element, enclosure)
    for other in entry.others:  # RFC 4287 §4.2.7.2: "via" is a source of what the entry says
        _link(
            element, "via", other.entry_url or other.home_url or other.feed_url, title=unmarked(other.title)
        )
    _further_links(element, entry.extras)


def _further_links(element: etree._Element, extras: Extras) -> None:
    for link in extras.links:
        stated = {"type": link.type, "hreflang": link.language, "title": unmarked(link.title or "")}
        _link(element, link.rel, link.url, **{name: value for name, value in stated.items() if value})
    origin = extras.origin
    address = origin and (origin.home_url or origin.feed_url)
    if origin and address:
        _link(element, "via", address, **({"title": unmarked(origin.title)} if origin.title else {}))
    for licence in extras.licences:  # RFC 4946
        _link(element, "license", licence)
    if extras.thread:
        _replies(element, extras.thread)


def _replies(element: etree._Element, thread: Thread) -> None:
    """RFC 4685 §4, §5."""
    count = {} if thread.comments is None else {f"{_THR}count": str(thread.comments)}
    if thread.comments_feed:
        _link(element, "replies", thread.comments_feed, type="application/atom+xml", **count)
    if thread.comments_url:
        _link(element, "replies", thread.comments_url, type="text/html", **count)


def _with_duration(entry: MergedEntry) -> Extras:
    """A link has no word for how long a recording lasts; Media RSS has."""
    extras, episode, first = entry.extras, entry.extras.episode, playable(entry)
    if episode is None or episode.duration is None or first is None:
        return extras
    if any(media.url == first.url for media in extras.media):
        return extras
    heard = Media(url=first.url, type=first.type, length=first.length, duration=episode.duration)
    return replace(extras, media=(heard, *extras.media))


def _body(element: etree._Element, entry: MergedEntry) -> None:
    """Without an alternate link there must be content (RFC 4287 §4.1.2); validators want some text anyway."""
    lead = "summary" if entry.url or entry.content else "content"
    if entry.summary:
        _add(element, lead, entry.summary).set("type", "html")
    if entry.content:
        _add(element, "content", entry.content).set("type", "html")
    if not entry.summary and not entry.content:
        _text(element, lead, heading(entry))


def _source(element: etree._Element, source: Provenance) -> None:
    """RFC 4287 §4.2.11, so that whoever merges our feed can still credit the publisher."""
    origin = etree.SubElement(element, f"{_A}source")
    _add(origin, "id", source.feed_id)
    _text(origin, "title", source.title)
    _add(origin, "updated", rfc3339(source.updated_at))
    _link(origin, "self", source.feed_url)
    if source.home_url:
        _link(origin, "alternate", source.home_url)
    if source.rights:
        _text(origin, "rights", source.rights)


def _person(element: etree._Element, tag: str, person: Person) -> None:
    named = etree.SubElement(element, f"{_A}{tag}")
    _add(named, "name", unmarked(person.name or ""))
    if person.url:
        _add(named, "uri", person.url)
    if person.email:
        _add(named, "email", person.email)


def _enclosure(element: etree._Element, enclosure: Enclosure) -> None:
    link = _link(element, "enclosure", enclosure.url)
    if enclosure.type:
        link.set("type", enclosure.type)
    if enclosure.length is not None:
        link.set("length", str(enclosure.length))


def _link(element: etree._Element, rel: str, href: str, **more: str) -> etree._Element:
    return etree.SubElement(element, f"{_A}link", {"rel": rel, "href": href, **more})


def _text(element: etree._Element, tag: str, text: str) -> None:
    """Write a text construct (RFC 4287 §3.1); as HTML where readers might take its text for HTML."""
    if looks_like_html(text):
        _add(element, tag, escape(text, quote=False)).set("type", "html")
    else:
        _add(element, tag, text)


def _add(element: etree._Element, tag: str, text: str) -> etree._Element:
    child = etree.SubElement(element, f"{_A}{tag}")
    child.text = text
    return child
