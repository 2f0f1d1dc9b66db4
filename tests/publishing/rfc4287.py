"""What RFC 4287 allows in an Atom document, as its schema says it (appendix B), in words of our own."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from lxml import etree

ATOM = "{http://www.w3.org/2005/Atom}"
XML = "{http://www.w3.org/XML/1998/namespace}"
MORE = 10**6
# How often each child may stand: least, most.
FEED = {
    "id": (1, 1), "title": (1, 1), "updated": (1, 1), "subtitle": (0, 1), "rights": (0, 1), "generator": (0, 1),
    "icon": (0, 1), "logo": (0, 1), "author": (0, MORE), "contributor": (0, MORE), "category": (0, MORE),
    "link": (0, MORE), "entry": (0, MORE),
}  # fmt: skip
ENTRY = {
    "id": (1, 1), "title": (1, 1), "updated": (1, 1), "published": (0, 1), "rights": (0, 1), "summary": (0, 1),
    "content": (0, 1), "source": (0, 1), "author": (0, MORE), "contributor": (0, MORE), "category": (0, MORE),
    "link": (0, MORE),
}  # fmt: skip
SOURCE = {name: (0, most) for name, (_, most) in FEED.items() if name != "entry"}
PERSON = {"name": (1, 1), "uri": (0, 1), "email": (0, 1)}
CHILDREN = {"feed": FEED, "entry": ENTRY, "source": SOURCE, "author": PERSON, "contributor": PERSON}
TEXTS = {"title", "subtitle", "rights", "summary"}
ATTRIBUTES = {
    "link": {"href", "rel", "type", "hreflang", "title", "length"},
    "category": {"term", "scheme", "label"},
    "content": {"type", "src"},
    "generator": {"uri", "version"},
    **{name: {"type"} for name in TEXTS},
}
NEEDED = {"link": "href", "category": "term"}
DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
MEDIA_TYPE = re.compile(r".+/.+")
EMAIL = re.compile(r".+@.+")
LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
ADDRESS = re.compile(r"[^\s<>\"{}|\\^`]+")


def wrongs(document: bytes) -> list[str]:
    """List what is wrong with a document; nothing, if it is an Atom feed as the RFC wants it."""
    root = etree.fromstring(document)
    if root.tag != f"{ATOM}feed":
        return [f"the root is {root.tag}"]
    found = [wrong for element in root.iter(etree.Element) for wrong in _element(element)]
    return [*found, *_authors(root)]


def _element(element: Any) -> Iterator[str]:
    if not element.tag.startswith(ATOM):
        return
    name = element.tag.removeprefix(ATOM)
    here = f"line {element.sourceline}: {name}"
    inside = [child.tag.removeprefix(ATOM) for child in element if str(child.tag).startswith(ATOM)]
    counted = Counter(inside)
    allowed = CHILDREN.get(name, {})
    yield from (f"{here}: {child} does not belong here" for child in counted.keys() - allowed.keys())
    for child, (least, most) in allowed.items():
        if not least <= counted[child] <= most:
            yield f"{here}: {counted[child]} of {child}"
    yield from _attributes(element, name, here)
    yield from _words(element, name, here)
    if name == "entry":
        yield from _entry(element, here)
    if name in {"feed", "entry", "source"}:
        kinds = Counter(
            (link.get("type"), link.get("hreflang"))
            for link in element.findall(f"{ATOM}link")
            if link.get("rel", "alternate") == "alternate"
        )
        yield from (f"{here}: two alternate links of {kind}" for kind, count in kinds.items() if count > 1)


def _attributes(element: Any, name: str, here: str) -> Iterator[str]:
    allowed = ATTRIBUTES.get(name, set()) | {f"{XML}lang", f"{XML}base"}
    plain = {attribute for attribute in element.attrib if not attribute.startswith("{")}
    yield from (f"{here}: no attribute {attribute}" for attribute in plain - allowed)
    if name in NEEDED and not element.get(NEEDED[name]):
        yield f"{here}: {NEEDED[name]} is missing"
    if name in TEXTS and element.get("type", "text") not in {"text", "html", "xhtml"}:
        yield f"{here}: type {element.get('type')}"
    typed = name == "link" or (name == "content" and element.get("type") not in {"text", "html", "xhtml"})
    if typed and not MEDIA_TYPE.fullmatch(element.get("type", "text/html")):
        yield f"{here}: type {element.get('type')}"
    if name == "link" and not ADDRESS.fullmatch(element.get("href", "")):
        yield f"{here}: href {element.get('href')!r}"
    language = element.get(f"{XML}lang") or element.get("hreflang")
    if language and not LANGUAGE.fullmatch(language):
        yield f"{here}: language {language!r}"


def _words(element: Any, name: str, here: str) -> Iterator[str]:
    text = element.text or ""
    if name in {"updated", "published"} and not DATE.fullmatch(text):
        yield f"{here}: {text!r} is no date"
    if name in {"id", "icon", "logo", "uri"} and not ADDRESS.fullmatch(text):
        yield f"{here}: {text!r} is no URI"
    if name == "email" and not EMAIL.fullmatch(text):
        yield f"{here}: {text!r}"
    if name in TEXTS and element.get("type") != "xhtml" and len(element):
        yield f"{here}: elements within text"


def _entry(element: Any, here: str) -> Iterator[str]:
    alternate = any(link.get("rel", "alternate") == "alternate" for link in element.findall(f"{ATOM}link"))
    content = element.find(f"{ATOM}content")
    if content is None and not alternate:
        yield f"{here}: neither content nor an alternate link"
    if content is not None and content.get("src") and element.find(f"{ATOM}summary") is None:
        yield f"{here}: content elsewhere and no summary"


def _authors(root: Any) -> Iterator[str]:
    """§4.1.1: an entry has an author, or its source, or the feed has one."""
    if root.find(f"{ATOM}author") is not None:
        return
    for entry in root.findall(f"{ATOM}entry"):
        if entry.find(f"{ATOM}author") is None and entry.find(f"{ATOM}source/{ATOM}author") is None:
            yield f"line {entry.sourceline}: entry without an author"
