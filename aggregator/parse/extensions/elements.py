"""Elements by names that do not depend on prefixes, spelling of a namespace, or its absence."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from lxml import etree

from aggregator.html import escape_text
from aggregator.urls import join

Element = etree._Element

# As they are written in feeds: without scheme, case and the slash or hash at the end, which vary.
_NAMESPACES = {
    "www.w3.org/2005/atom": "atom",
    "purl.org/atom/ns": "atom",
    "backend.userland.com/creativecommonsrssmodule": "creativecommons",
    "cyber.law.harvard.edu/rss/creativecommonsrssmodule.html": "creativecommons",
    "creativecommons.org/ns": "cc",
    "web.resource.org/cc": "cc",
    "purl.org/dc/elements/1.1": "dc",
    "purl.org/dc/terms": "dcterms",
    "www.w3.org/2003/01/geo/wgs84_pos": "geo",
    "www.georss.org/georss": "georss",
    "www.georss.org/georss/10": "georss",
    "www.opengis.net/gml": "gml",
    "www.opengis.net/gml/3.2": "gml",
    "www.itunes.com/dtds/podcast-1.0.dtd": "itunes",
    "search.yahoo.com/mrss": "media",
    "video.search.yahoo.com/mrss": "media",
    "www.rssboard.org/media-rss": "media",
    "podcastindex.org/namespace/1.0": "podcast",
    "github.com/podcastindex-org/podcast-namespace/blob/main/docs/1.0.md": "podcast",
    "podlove.org/simple-chapters": "psc",
    "purl.org/rss/1.0/modules/slash": "slash",
    "purl.org/syndication/thread/1.0": "thr",
    "wellformedweb.org/commentapi": "wfw",
}
_PREFIXES = frozenset(_NAMESPACES.values())
_ENTRIES = frozenset({"item", "entry", "atom:entry"})

_HTML = frozenset({"html", "text/html"})

_FOREIGN = "?"  # the prefix of every name of a namespace that nobody here reads


@lru_cache(maxsize=4096)
def name(tag: str) -> str:
    """Return "media:content" for an element of Media RSS, however written, and "enclosure" for one of RSS.

    A namespace that nobody here knows may be the one that RSS itself is put into: its names keep
    no prefix only where their namespace says RSS.
    """
    uri, brace, local = tag.rpartition("}")
    if not brace:
        prefix, colon, rest = tag.partition(":")  # a prefix that was never declared
        prefix = prefix.lower()
        return f"{prefix}:{rest.lower()}" if colon and prefix in _PREFIXES else tag.lower()
    key = uri[1:].lower().removeprefix("https://").removeprefix("http://").rstrip("/#")
    if key in _NAMESPACES:
        return f"{_NAMESPACES[key]}:{local.lower()}"
    return local.lower() if "rss" in key or "netscape.com/rdf" in key else f"{_FOREIGN}:{local.lower()}"


def is_entry(element: Element) -> bool:
    """Whether an element is an entry of a feed; in an unknown namespace, where its feed is in the same."""
    tag = str(element.tag)
    called = name(tag)
    if called in _ENTRIES:
        return True
    parent = element.getparent()
    if called.removeprefix(f"{_FOREIGN}:") not in _ENTRIES or parent is None:
        return False
    return str(parent.tag).rpartition("}")[0] == tag.rpartition("}")[0]


def text(element: Element) -> str:
    """All the text in an element, white space around it removed."""
    return "".join(map(str, element.itertext())).strip()


def markup(element: Element) -> str:
    """The text of an element as HTML: of a text construct of Atom what its type says (RFC 4287 §3.1)."""
    said = text(element)
    is_html = not name(str(element.tag)).startswith("atom:") or attribute(element, "type") in _HTML
    return said if is_html else escape_text(said)


def url(element: Element, address: str | None) -> str:
    """Resolve a reference against the xml:base around it; "" for none."""
    reference = (address or "").strip()
    if not reference:
        return ""
    try:
        return join(element.base or "", reference)
    except ValueError:  # brackets that are no IPv6 address
        return ""


def number(said: str | None) -> int | None:
    """A whole number of at most 15 digits, perhaps with a fraction that is dropped."""
    digits = (said or "").strip().partition(".")[0]
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 15 else None


def attribute(element: Element, key: str) -> str | None:
    """An attribute without regard to case; None when it is empty."""
    exact = element.get(key)
    if exact is not None:
        return exact.strip() or None
    if not element.attrib:
        return None
    spelt = (str(value) for tag, value in element.attrib.items() if str(tag).lower() == key.lower())
    return next(spelt, "").strip() or None


@dataclass(frozen=True, slots=True)
class Said:
    """The children of an element by name, in order."""

    element: Element
    children: dict[str, list[Element]] = field(default_factory=dict)

    @classmethod
    def of(cls, element: Element, *, most: int = 100) -> "Said":
        said = cls(element)
        for count, child in enumerate(element):
            if count == most:
                break
            if isinstance(child.tag, str):  # not a comment, not a processing instruction
                said.children.setdefault(name(child.tag), []).append(child)
        return said

    @property
    def prefixes(self) -> frozenset[str]:
        """What stands before the colon in the names of the children."""
        return frozenset(one.partition(":")[0] for one in self.children if ":" in one)

    def has(self, names: frozenset[str]) -> bool:
        """Whether a child has one of the names."""
        return not names.isdisjoint(self.children)

    def all(self, *names: str) -> Iterator[Element]:
        """Every child with one of the names, in the order of the names."""
        for one in names:
            yield from self.children.get(one, ())

    def first(self, *names: str) -> Element | None:
        return next((self.children[one][0] for one in names if one in self.children), None)

    def text(self, *names: str) -> str | None:
        """The first text that is not empty."""
        known = [one for one in names if one in self.children]  # most are not: this is asked most
        return next(filter(None, map(text, self.all(*known))), None) if known else None

    def markup(self, *names: str) -> str | None:
        """The first of them as HTML."""
        return next(filter(None, map(markup, self.all(*names))), None)
