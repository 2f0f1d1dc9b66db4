"""What we made of a document, under the names that feedparser's own test suite asks for.

A name that we have no noun for raises `NotOurs`: whoever asks for it asks for something we do not keep.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from lxml import etree, html

from aggregator.html import plain_text
from aggregator.model import Chapter, Entry, Extras, FeedHead, Origin, ParsedDate, ParsedEntry, Person
from aggregator.parse.encoding import decode


class NotOurs(KeyError):
    """We keep nothing of that kind."""


class Mirror:
    """Facts under names, got at in each way that feedparser's dictionaries allow."""

    def __init__(self, facts: dict[str, Callable[[], Any]]) -> None:
        self._facts = facts

    def __getitem__(self, name: str) -> Any:
        if name not in self._facts:
            raise NotOurs(name)
        return self._facts[name]()

    def __getattr__(self, name: str) -> Any:
        return self[name]

    def get(self, name: str, default: Any = None) -> Any:
        found = self[name]
        return default if found is None else found

    def __contains__(self, name: str) -> bool:
        return self[name] is not None


class Markup(str):
    """HTML that equals any other that a browser takes for the same."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and shape(self) == shape(other)

    def __hash__(self) -> int:
        return hash(str(self))


def shape(markup: str) -> str:
    """Write HTML in one way: attributes sorted, white space folded, without the <p> that we put plain text into."""
    root = html.fragment_fromstring(markup, create_parent=True)
    if len(root) == 1 and root[0].tag == "p" and not (root.text or "").strip():
        root = root[0]
        root.tag = "div"
    for element in root.iter():
        if isinstance(element.tag, str):
            attributes = sorted((key, value) for key, value in element.attrib.items() if key != "rel")
            element.attrib.clear()
            element.attrib.update(attributes)
            element.text = " ".join((element.text or "").split())
        element.tail = " ".join((element.tail or "").split())
    written: str = etree.tostring(root, encoding="unicode", method="html")
    return written


class Spoken(str):
    """Plain text that equals any HTML that says it."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and str(self) in {other, " ".join(plain_text(other).split())}

    def __hash__(self) -> int:
        return hash(str(self))


class Encoded(str):
    """The name of an encoding that equals any other in which the document says the same."""

    __slots__ = ("body", "label")
    body: bytes
    label: str

    @classmethod
    def of(cls, body: bytes, label: str) -> "Encoded":
        made = cls("encoding")
        made.body, made.label = body, label
        return made

    def __eq__(self, other: object) -> bool:
        said = self.body.decode(str(other), errors="replace").lstrip("\ufeff")
        return decode(self.body, self.label).text.lstrip("\ufeff") == said

    def __hash__(self) -> int:
        return hash(str(self))


def said(**facts: Any) -> Mirror:
    """A mirror of values that are there already."""
    return Mirror({name: lambda value=value: value for name, value in facts.items()})  # type: ignore[misc]


def people(persons: Sequence[Person]) -> list[Mirror]:
    return [said(name=one.name, email=one.email, href=one.url, url=one.url) for one in persons]


def one_line(persons: Sequence[Person]) -> str | None:
    """As feedparser writes the first author in one string."""
    if not persons:
        return None
    first = persons[0]
    return f"{first.name} ({first.email})" if first.name and first.email else first.name or first.email


def nine(at: datetime | None) -> tuple[int, ...] | None:
    """An instant as a time.struct_time of UTC compares."""
    return None if at is None else tuple(at.utctimetuple())


def feed(head: FeedHead, updated: ParsedDate | None, updated_at: datetime | None) -> Mirror:
    facts = {
        "title": Spoken(head.title or ""),
        "link": head.home_url or "",
        "id": head.id or "",
        "language": head.language,
        "author": one_line(head.authors),
        "author_detail": people(head.authors)[0] if head.authors else None,
        "authors": people(head.authors),
        "updated": updated.text if updated else None,
        "updated_parsed": nine(updated_at),
    }
    facts |= dict.fromkeys(("subtitle", "tagline", "description"), Spoken(head.subtitle or ""))
    facts |= dict.fromkeys(("rights", "copyright"), Spoken(head.rights or ""))
    return said(**facts)


def entry(parsed: ParsedEntry, made: Entry) -> Mirror:
    facts = {
        "title": Spoken(made.title),
        "link": made.url or "",
        "id": parsed.id or "",
        "content": [said(value=Markup(made.content or made.summary))],
        "author": one_line(made.authors),
        "author_detail": people(made.authors)[0] if made.authors else None,
        "authors": people(made.authors),
        "tags": [said(term=name) for name in made.categories],
        "category": made.categories[0] if made.categories else None,
        "enclosures": [
            said(href=one.url, url=one.url, length=str(one.length), type=one.type) for one in made.enclosures
        ],
        "updated": parsed.updated.text if parsed.updated else None,
        "updated_parsed": nine(made.updated_at),
        "published_parsed": nine(made.published_at),
        "created_parsed": nine(made.published_at),
    }
    facts |= dict.fromkeys(("summary", "description"), Markup(made.summary or made.content))
    return said(**facts | extras(made.extras))


def extras(extras: Extras) -> dict[str, Any]:
    place, episode, thread = extras.place, extras.episode, extras.thread
    facts = {
        "contributors": people(extras.contributors),
        "where": {"type": "Point", "coordinates": (place.longitude, place.latitude)} if place else {},
        "comments": thread and thread.comments_url,
        "image": said(href=episode and episode.image),
        "itunes_explicit": episode and episode.explicit,
        "media_license": said(href=extras.licences[0] if extras.licences else None),
        "media_thumbnail": [said(url=extras.thumbnail)],
        "psc_chapters": said(chapters=[chapter(one) for one in (episode.chapters if episode else ())]),
        "source": origin(extras.origin),
    }
    if thread and thread.answers:
        facts["thr_in-reply-to"] = said(ref=thread.answers[0].ref, href=thread.answers[0].url)
    return facts | dict.fromkeys(("rights", "copyright"), Spoken(extras.rights or ""))


def chapter(one: Chapter) -> Mirror:
    return said(title=one.title, href=one.url, start_parsed=timedelta(seconds=one.start))


def origin(found: Origin | None) -> Mirror:
    found = found or Origin()
    return said(
        title=Spoken(found.title or ""),
        id=found.id,
        href=found.feed_url,
        url=found.feed_url,
        link=found.home_url,
    )
