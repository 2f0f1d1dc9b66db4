"""What Atom and RSS say in the same words of other vocabularies; `NAMESPACES` are all that may turn up."""

from collections.abc import Iterable
from html import escape

from lxml import etree

from aggregator.emit.attachments import is_recording
from aggregator.emit.words import looks_like_html, unmarked
from aggregator.model import Enclosure, Episode, Extras, Media, MergedEntry, Place

NAMESPACES = {
    "agg": "urn:uuid:1c4a4d0e-6f0b-4b0e-9c3a-5d7e2f8a9b61",  # ours: a name that needs no domain
    "creativeCommons": "http://backend.userland.com/creativeCommonsRssModule",
    "georss": "http://www.georss.org/georss",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "media": "http://search.yahoo.com/mrss/",
    "podcast": "https://podcastindex.org/namespace/1.0",
    "psc": "http://podlove.org/simple-chapters",
    "slash": "http://purl.org/rss/1.0/modules/slash/",
    "thr": "http://purl.org/syndication/thread/1.0",
    "wfw": "http://wellformedweb.org/CommentAPI/",
}


def extend(element: etree._Element, extras: Extras, *, besides: Iterable[str] = ()) -> None:
    """Add what readers of both formats look for. `besides`: addresses that have been said already."""
    for answer in extras.thread.answers if extras.thread else ():
        add(element, "thr:in-reply-to", ref=answer.ref, href=answer.url)
    if extras.place:
        _place(element, extras.place)
    if extras.episode:
        _episode(element, extras.episode)
    there = frozenset(besides)
    for media in extras.media:
        if media.url not in there:
            _media(element, media)
    if extras.thumbnail:
        add(element, "media:thumbnail", url=extras.thumbnail)


def group(element: etree._Element, entry: MergedEntry) -> None:
    """Say which event a story tells: the same text in all that tell it."""
    if entry.group:
        add(element, "agg:group", entry.group)


def playable(entry: MergedEntry) -> Enclosure | None:
    """Return what a player fetches: the first enclosure, else the first recording among the media."""
    if entry.enclosures:
        return entry.enclosures[0]
    for media in entry.extras.media:
        if is_recording(media):
            return Enclosure(url=media.url, type=media.type, length=media.length)
    return None


def add(parent: etree._Element, name: str, text: str | None = None, **attributes: object) -> etree._Element:
    """Add an element by its prefixed name; attributes that are None are left out."""
    prefix, _, local = name.partition(":")
    stated = {key.rstrip("_"): str(value) for key, value in attributes.items() if value is not None}
    namespace = NAMESPACES[prefix]
    element = etree.SubElement(parent, f"{{{namespace}}}{local}", stated, {prefix: namespace})
    element.text = text
    return element


def _place(element: etree._Element, place: Place) -> None:
    add(element, "georss:point", f"{degrees(place.latitude)} {degrees(place.longitude)}")
    if place.name:
        add(element, "georss:featureName", unmarked(place.name))


def degrees(value: float) -> str:
    """Write degrees in decimals, to a tenth of a metre: nobody's reader takes an exponent."""
    return f"{value:.6f}".rstrip("0").rstrip(".")


def clock(seconds: float) -> str:
    """Write a length of time as HH:MM:SS."""
    whole = int(seconds)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def _episode(element: etree._Element, episode: Episode) -> None:
    for name, number in (("season", episode.season), ("episode", episode.number)):
        if number is not None:
            add(element, f"podcast:{name}", str(number))
    if episode.chapters_url:
        add(element, "podcast:chapters", url=episode.chapters_url, type=episode.chapters_type or _CHAPTERS)
    for one in episode.transcripts:
        said = {"url": one.url, "type": one.type or "text/plain", "language": one.language, "rel": one.rel}
        add(element, "podcast:transcript", **said)
    for person in episode.people:
        facts = {"role": person.role, "group": person.group, "img": person.image, "href": person.url}
        add(element, "podcast:person", unmarked(person.name), **facts)
    if episode.chapters:
        listed = add(element, "psc:chapters", version="1.2")
        for chapter in episode.chapters:
            start = f"{clock(chapter.start)}{f'{chapter.start % 1:.3f}'[1:] if chapter.start % 1 else ''}"
            add(
                listed, "psc:chapter", start=start, title=chapter.title, href=chapter.url, image=chapter.image
            )


_CHAPTERS = "application/json+chapters"


def _media(element: etree._Element, media: Media) -> None:
    content = add(
        element,
        "media:content",
        url=media.url,
        type=media.type,
        medium=media.medium,
        fileSize=media.length or None,  # a number of none is no number
        duration=media.duration or None,
        width=media.width or None,
        height=media.height or None,
    )
    for name, text in (("title", media.title), ("description", media.description)):
        if text and looks_like_html(text):
            add(content, f"media:{name}", escape(text, quote=False), type="html")
        elif text:
            add(content, f"media:{name}", text, type="plain")
    if media.thumbnail:
        add(content, "media:thumbnail", url=media.thumbnail)
    if media.credit:
        add(content, "media:credit", unmarked(media.credit))
