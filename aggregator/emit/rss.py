"""RSS 2.0, as the RSS Advisory Board's profile would have it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime
from html import escape

from lxml import etree

from aggregator.emit import itunes
from aggregator.emit.extensions import NAMESPACES, add, extend, group, playable
from aggregator.emit.pieces import Piece, cut, joined
from aggregator.emit.words import heading, looks_like_html, teaser, unmarked
from aggregator.model import Document, Enclosure, Extras, Media, MergedEntry, MergedFeed
from aggregator.urls import host

CONTENT_TYPE = "application/rss+xml; charset=utf-8"
GENERATOR = "aggregator"  # without a version: an upgrade is no reason for new bytes
TTL = timedelta(minutes=5)  # how long readers may keep a copy; Cache-Control should not say less
UNKNOWN_TYPE = "application/octet-stream"  # an enclosure must have a type

_ATOM = "{http://www.w3.org/2005/Atom}"
_CONTENT = "{http://purl.org/rss/1.0/modules/content/}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_NAMESPACES = {"atom": _ATOM[1:-1], "content": _CONTENT[1:-1], "dc": _DC[1:-1]}


def rss(feed: MergedFeed, items: Sequence[Piece]) -> Document:
    """Write a feed that has been through `legal`, with its entries as `rss_item` made them."""
    root = etree.Element("rss", nsmap=_NAMESPACES, version="2.0")
    channel = etree.SubElement(root, "channel")
    _text(channel, "title", feed.title)
    _add(channel, "link", feed.home_url)
    _text(channel, "description", feed.title)
    etree.SubElement(
        channel, f"{_ATOM}link", rel="self", type="application/rss+xml", href=feed.self_url("rss")
    )
    if feed.entries:
        _add(channel, "lastBuildDate", format_datetime(feed.updated_at, usegmt=True))
    _add(channel, "generator", GENERATOR)
    _add(channel, "ttl", str(TTL // timedelta(minutes=1)))
    itunes.show(channel, feed)
    body = joined(root, items, _NAMESPACES | NAMESPACES, end=b"</channel>", always=_NAMESPACES)
    return Document(path=f"{feed.path}.rss", body=body, content_type=CONTENT_TYPE)


def rss_item(entry: MergedEntry) -> Piece:
    """Write an entry that has been through `legal`."""
    root = etree.Element("rss", nsmap=_NAMESPACES)
    _item(root, entry)
    return cut(root, _NAMESPACES | NAMESPACES)


def _item(channel: etree._Element, entry: MergedEntry) -> None:
    item = etree.SubElement(channel, "item")
    item.tail = "\n"
    has_text = bool(entry.summary or entry.content)
    if entry.title or not has_text:  # one of title and description must be there
        _text(item, "title", heading(entry))
    if entry.url:
        _add(item, "link", entry.url)
    _add(item, "guid", entry.id).set("isPermaLink", "true" if entry.id == entry.url else "false")
    _add(item, "pubDate", format_datetime(entry.published_at, usegmt=True))
    for person in entry.authors:  # <author> would need an e-mail address
        _add(item, f"{_DC}creator", unmarked(person.name or ""))
    if entry.language:
        _add(item, f"{_DC}language", entry.language)
    for name in entry.categories:
        _add(item, "category", unmarked(name))
    if has_text:
        _add(item, "description", entry.summary or escape(teaser(entry), quote=False) or entry.content)
    if entry.content:
        _add(item, f"{_CONTENT}encoded", entry.content)
    if entry.extras.episode:
        itunes.episode(item, entry.extras.episode)
    _recordings(item, entry)
    _sources(item, entry)
    _connections(item, entry.extras)
    group(item, entry)


def _sources(item: etree._Element, entry: MergedEntry) -> None:
    _add(item, "source", unmarked(entry.source.title)).set("url", entry.source.feed_url)
    for other in entry.others:  # RSS has one source per item; Atom's link has room for the others
        href = other.entry_url or other.home_url or other.feed_url
        etree.SubElement(item, f"{_ATOM}link", rel="via", href=href, title=unmarked(other.title))


def _connections(item: etree._Element, extras: Extras) -> None:
    for person in extras.contributors:
        _add(item, f"{_DC}contributor", unmarked(person.name or ""))
    if extras.rights:
        _add(item, f"{_DC}rights", unmarked(extras.rights))
    for licence in extras.licences:
        add(item, "creativeCommons:license", licence)
    for link in extras.links:
        stated = {"type": link.type, "hreflang": link.language, "title": unmarked(link.title or "")}
        said = {name: value for name, value in stated.items() if value}
        etree.SubElement(item, f"{_ATOM}link", {"rel": link.rel, "href": link.url, **said})
    thread = extras.thread
    if thread and thread.comments_url:
        _add(item, "comments", thread.comments_url)
    if thread and thread.comments_feed:
        add(item, "wfw:commentRss", thread.comments_feed)
    if thread and thread.comments is not None:
        add(item, "slash:comments", str(thread.comments))


def _recordings(item: etree._Element, entry: MergedEntry) -> None:
    """One enclosure, for RSS 2.0 readers know no second (RSS profile, "enclosure"); the others as Media RSS.

    So is one at a host of one word, "http://nas/1.mp3", which validators take for no address; Atom and JSON have it.
    """
    first = playable(entry)
    if first is not None and not {".", ":"} & {*host(first.url)}:
        first = None
    if first is not None:
        _enclosure(item, first)
    described = {media.url for media in entry.extras.media} | {first.url if first else None}
    others = (
        Media(url=one.url, type=one.type, length=one.length)
        for one in entry.enclosures
        if one.url not in described
    )
    extras = replace(entry.extras, media=(*others, *entry.extras.media))
    extend(item, extras, besides=() if first is None else (first.url,))


def _enclosure(item: etree._Element, enclosure: Enclosure) -> None:
    etree.SubElement(
        item,
        "enclosure",
        url=enclosure.url,
        length=str(enclosure.length or 0),
        type=enclosure.type or UNKNOWN_TYPE,
    )


def _text(element: etree._Element, tag: str, text: str) -> None:
    """Write a title. RSS cannot say whether it is plain text, and most readers take it for HTML.

    So what would look like HTML is escaped as HTML, with the ampersands as hexadecimal references,
    which fewest readers undo once too often (RSS profile, "Character Data").
    """
    if not looks_like_html(text):
        _add(element, tag, text)
        return
    first, *rest = escape(text, quote=False).split("&")
    child = _add(element, tag, first)
    for after in rest:
        reference = etree.Entity("#x26")
        reference.tail = after
        child.append(reference)


def _add(element: etree._Element, tag: str, text: str) -> etree._Element:
    child = etree.SubElement(element, tag)
    child.text = text
    return child
