"""Media RSS (https://www.rssboard.org/media-rss), and other copies of a podcast's enclosure."""

from collections.abc import Iterator

from aggregator.model import Media
from aggregator.parse.extensions.elements import Element, Said, attribute, number, text, url

MOST_MEDIA = 20  # of one entry: renditions of a picture come by the dozen
_MEDIUMS = frozenset({"image", "audio", "video", "document", "executable"})


def media(said: Said) -> tuple[Media, ...]:
    """Return the media objects of an entry, each address once.

    Title, description, credit and thumbnail are those of the object, else of its group, else of the
    entry ("Optional Elements": the most specific counts).
    """
    found: dict[str, Media] = {}
    for one in _objects(said):
        if len(found) < MOST_MEDIA:
            found.setdefault(one.url, one)
    return tuple(found.values())


def thumbnail(said: Said) -> str | None:
    """Return the picture for the entry: its own first (they stand by importance), else that of a group or object."""
    groups = [Said.of(group) for group in said.all("media:group")]
    contents = [Said.of(one) for level in (said, *groups) for one in level.all("media:content")]
    for level in (said, *groups, *contents):
        for element in level.all("media:thumbnail"):
            if address := _thumbnail(element):
                return address
    return None


def _objects(said: Said) -> Iterator[Media]:
    for content in said.all("media:content"):
        yield from _object(content, Said.of(content), said)
    for group in map(Said.of, said.all("media:group")):
        for content in group.all("media:content"):
            yield from _object(content, Said.of(content), group, said)
    for alternate in said.all("podcast:alternateenclosure"):
        yield from _alternate(alternate)


def _object(content: Element, *levels: Said) -> Iterator[Media]:
    address = url(content, attribute(content, "url"))
    if not address:  # only a media:player: a page, and the entry links to one
        return
    medium = (attribute(content, "medium") or "").lower()
    yield Media(
        url=address,
        type=attribute(content, "type"),
        medium=medium if medium in _MEDIUMS else None,
        length=number(attribute(content, "fileSize")),
        duration=number(attribute(content, "duration")),
        width=number(attribute(content, "width")),
        height=number(attribute(content, "height")),
        title=_nearest("media:title", *levels),
        description=_nearest("media:description", *levels),
        credit=_nearest("media:credit", *levels),
        # The entry's own thumbnail stands for the entry.
        thumbnail=next(filter(None, (_thumbnail(t) for t in levels[0].all("media:thumbnail"))), None),
    )


def _nearest(name: str, *levels: Said) -> str | None:
    return next((found for level in levels if (found := level.text(name))), None)


def _thumbnail(element: Element) -> str:
    """Return its address, which some feeds write as text."""
    return url(element, attribute(element, "url") or text(element))


def _alternate(element: Element) -> Iterator[Media]:
    """podcast:alternateEnclosure: the same episode in another encoding, at the first of its sources."""
    for source in Said.of(element).all("podcast:source"):
        address = url(source, attribute(source, "uri"))
        if address:
            yield Media(
                url=address,
                type=attribute(element, "type"),
                length=number(attribute(element, "length")),
                height=number(attribute(element, "height")),
                title=attribute(element, "title"),
            )
            return
