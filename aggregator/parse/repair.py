"""Documents that are nearly XML made XML, so that the strict parser reads them and nothing is lost.

Only defects whose meaning is certain are mended; everything else is left to feedparser's loose parser. A
well-formed document comes out with nothing but its declaration changed.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from html.entities import html5

from aggregator.html import xml_safe

MOST_JUNK = 50_000  # characters before a feed that are looked through for its beginning
MOST_ENTITIES = 200  # declared by a document itself
MOST_VALUE = 500  # characters that one of them may stand for

_UNSAID = "\ufeff \t\r\n\0"  # before a document
DECLARATION = '<?xml version="1.0" encoding="utf-8"?>'  # version 1.1, too: expat knows no other
_DECLARED = re.compile(r"<\?xml\b[^>]*\?>\s*", re.IGNORECASE)
_BEGINNING = re.compile(
    r"<\?xml\s|<!DOCTYPE\b|<((?:[\w.-]+:)?(?:rss|feed|rdf|channel|entry))[\s>]", re.IGNORECASE
)
_PAGE = re.compile(r"<html\b", re.IGNORECASE)
_ROOT = re.compile(r"<((?:[\w.-]+:)?(?:rss|feed|rdf|channel|entry))(?=[\s>])", re.IGNORECASE)
_MISC = re.compile(r"(?:\s+|<!--.*?-->|<\?.*?\?>)*+", re.DOTALL)  # what may follow the root element
_OPAQUE = re.compile(r"<!(?:\[CDATA\[|--)")
# References that may be to no character of XML: below 32, of surrogates, U+FFFE and U+FFFF, beyond U+10FFFF.
_NUMBER = re.compile(
    r"&#(?:[xX](?=[0-9A-F]{1,8};)(0*(?:[01]?[0-9A-F]|D[89A-F][0-9A-F]{2}|FFF[EF]|[1-9A-F][0-9A-F]{5,}))"
    r"|(?=[0-9]{1,10};)(0*(?:[12]?[0-9]|3[01]|5[5-7][0-9]{3}|6553[45]|[1-9][0-9]{6,})));",
    re.ASCII | re.IGNORECASE,
)
# What `mend` changes in a document that is well-formed: these, also in CDATA, and longer ones than it knows.
_ODD = re.compile(
    rf"&#(?:[0-9]{{11}}|x[0-9A-F]{{9}}|{_NUMBER.pattern.removeprefix('&#')})".encode(),
    re.ASCII | re.IGNORECASE,
)
_LOOSE = re.compile(
    r"&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,10}|#x[0-9A-Fa-f]{1,8});)(?:([A-Za-z][\w.-]{0,40});)?"
)
_ENTITY = re.compile(r"<!ENTITY\s+([A-Za-z][\w.-]{0,40})\s+(?:\"([^\"<&%]*)\"|'([^'<&%]*)')\s*>")
_START = re.compile(r"<((?:[\w.-]+:)?(?:item|entry))(?=[\s>/])(?:[^<>]*[^<>/])?>", re.IGNORECASE)
_END = re.compile(r"</((?:[\w.-]+:)?(?:item|entry))\s*>", re.IGNORECASE)
_CHANNEL = re.compile(r"<(/?)((?:[\w.-]+:)?channel)(?=[\s>])[^<>]*>", re.IGNORECASE)
_MARKUP = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;"})
_NO_CHARACTER = re.compile(r"[\ud800-\udfff\ufffe\uffff\x00-\x08\x0b\x0c\x0e-\x1f]")


@dataclass(frozen=True, slots=True)
class Mended:
    """A document with what was certain to be wrong put right, and what that was. `root`: its name as written."""

    text: str
    problems: tuple[str, ...] = ()
    root: str | None = None


def mend(text: str) -> Mended:
    """Return the document as XML as far as that can be had; never raises."""
    mending = _Mending(text.lstrip(_UNSAID))
    mending.step(xml_safe, "not well-formed: characters that XML forbids")
    mending.step(_beginning, "not well-formed: something stands before the feed")
    head, body = _head(mending.text)
    mending.text = DECLARATION + _DECLARED.sub("", head, count=1) + body
    mending.step(_characters, "not well-formed: references to characters that XML forbids")
    entities = _declared_entities(head)
    mending.step(
        lambda text: _references(text, entities), "not well-formed: undefined entities or bare ampersands"
    )
    found = _ROOT.match(body)
    if found is None:
        return Mended(mending.text, tuple(mending.problems))
    root = found[1]
    if mending.text.rfind(f"</{root}") >= 0:
        mending.step(lambda text: _ending(text, root), "not well-formed: something stands after the feed")
    else:
        _close(mending, root)
    return Mended(mending.text, tuple(mending.problems), root)


@dataclass(frozen=True, slots=True)
class Written:
    """A document in which nothing but the declaration changes: what stands before the root, and where that begins."""

    head: str
    start: int
    root: str


def as_written(text: str) -> Written | None:
    """Say how a document begins where nothing but its declaration changes; None where `mend` may have to do more.

    It may still be no XML. What is XML and not `is_odd`, `mend` makes the same of, at many times the cost.
    """
    found = _first(_ROOT, text[:MOST_JUNK])
    if found is None:
        return None
    start, root = found[0], found[1][1]
    head = text[:start].lstrip(_UNSAID)
    beginning = head + text[start : start + MOST_JUNK]
    if "<!DOCTYPE" in head or _beginning(beginning) is not beginning:
        return None
    if text.rfind(f"</{root}") < start or _ending(text, root) is not text:
        return None
    return Written(DECLARATION + _DECLARED.sub("", head, count=1), start, root)


def is_odd(document: bytes) -> bool:
    """Whether `mend` may change references in a document, well-formed as it is."""
    return _ODD.search(document) is not None


@dataclass(slots=True)
class _Mending:
    text: str
    problems: list[str] = field(default_factory=list)

    def step(self, mended: Callable[[str], str], problem: str) -> None:
        before, self.text = self.text, mended(self.text)
        if before != self.text:
            self.problems.append(problem)


def _first(pattern: re.Pattern[str], text: str) -> tuple[int, re.Match[str]] | None:
    """Return where a pattern is first found outside of comments and CDATA, and what was found."""
    anywhere = pattern.search(text)
    if anywhere is None or not _OPAQUE.search(text, 0, anywhere.start()):
        return anywhere and (anywhere.start(), anywhere)
    start = 0
    for part, opaque in _parts(text):
        if not opaque and (found := pattern.search(part)):
            return start + found.start(), found
        start += len(part)
    return None


def _beginning(text: str) -> str:
    """Leave out what stands before the XML declaration or the root: comments, words, a warning of PHP's.

    A page is left as it is: what looks like a feed within it is none.
    """
    first = _first(_BEGINNING, text[:MOST_JUNK])
    if first is None or _PAGE.search(text, 0, first[0]):
        return text
    start, found = first
    is_allowed = found[1] is not None or found[0].startswith(
        "<!"
    )  # comments before a root, not a declaration
    return text if is_allowed and _MISC.fullmatch(text, 0, start) else text[start:]


def _head(text: str) -> tuple[str, str]:
    """Split before the root element."""
    root = _first(_ROOT, text)
    return ("", text) if root is None else (text[: root[0]], text[root[0] :])


def _declared_entities(head: str) -> Mapping[str, str]:
    """Return the entities a document declares as plain text; what refers to others is no text."""
    found: dict[str, str] = {}
    if "<!ENTITY" in head:
        for declared in _ENTITY.finditer(head):
            value = declared[2] or declared[3] or ""
            if len(found) < MOST_ENTITIES and len(value) <= MOST_VALUE:
                found.setdefault(declared[1], value)
    return found


def _characters(text: str) -> str:
    return _NUMBER.sub(_character, text)


def _character(found: re.Match[str]) -> str:
    """Leave out a reference to what is no character of XML (XML 1.0 §4.1)."""
    code = int(found[1], 16) if found[1] else int(found[2])
    return found[0] if code <= 0x10FFFF and not _NO_CHARACTER.match(chr(code)) else ""


def _references(text: str, entities: Mapping[str, str]) -> str:
    """Replace what XML knows no meaning of by what HTML, or the document, means by it."""
    if _LOOSE.search(text) is None:
        return text
    meaning = _meaning(entities)
    return "".join(part if opaque else _LOOSE.sub(meaning, part) for part, opaque in _parts(text))


def _parts(text: str) -> Iterator[tuple[str, bool]]:
    """Part a document into markup and what is opaque in it: CDATA and comments, where & is a character."""
    at = 0
    while found := _OPAQUE.search(text, at):
        yield text[at : found.start()], False
        end = text.find("-->" if found[0] == "<!--" else "]]>", found.end())
        at = len(text) if end < 0 else end + len("]]>")
        yield text[found.start() : at], True
    yield text[at:], False


def _meaning(entities: Mapping[str, str]) -> Callable[[re.Match[str]], str]:
    def meant(found: re.Match[str]) -> str:
        name = found[1]
        if name is None:
            return "&amp;"
        value = entities.get(name) or html5.get(f"{name};")
        return f"&amp;{name};" if value is None else value.translate(_MARKUP)

    return meant


def _ending(text: str, root: str) -> str:
    """Leave out what stands after the root element; comments are allowed there. Its last ">" may be lost."""
    end = text.rfind(f"</{root}")
    close = text.find(">", end) + 1
    if close == 0:
        return f"{text[:end]}</{root}>"
    return text if _MISC.fullmatch(text, close) else text[:close]


def _close(mending: _Mending, root: str) -> None:
    """Keep the whole entries of a document that ends too early.

    An entry that was cut may lack its id, and what there is of its text would be taken for all of it: when the
    whole document comes, it would be another entry, or a changed one. So it is left out until then.
    """
    text, told = mending.text, "the document is cut off"
    markup = "".join(" " * len(part) if opaque else part for part, opaque in _parts(text))
    starts, ends = list(_START.finditer(markup)), list(_END.finditer(markup))
    if ends or len(starts) == 1:  # otherwise nothing has an end here: that is how it is written
        whole = ends[-1].end() if ends else starts[0].start()
        within = bool(starts) and starts[-1].start() >= whole
        if within or ">" not in markup[whole:]:  # else the feed says something after its entries: let it
            mending.text = text[:whole] + "".join(_closing(markup[:whole], root))
        if within:
            told += " within an entry, which is left out"
    mending.problems.append(told)


def _closing(markup: str, root: str) -> Iterator[str]:
    channel = None
    for found in _CHANNEL.finditer(markup):
        channel = None if found[1] or found[0].endswith("/>") else found[2]
    if channel is not None and channel != root:
        yield f"</{channel}>"
    yield f"</{root}>"
