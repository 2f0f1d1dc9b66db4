"""feedparser, driven so that it reads only what is new.

feedparser (6.0.14, `api.parse`) makes its XML parser from the first module of `PREFERRED_XML_PARSERS` that has a
`create_parser`; ours is that module. Only feedparser asks by that list: other users of xml.sax get what they got.
feedparser passes nothing through to the parser, so what is known of the document comes in a context variable: each
thread and each task has its own. So does the document: of one that is in UTF-8 feedparser gets no more than it looks
at, for it decodes, searches and encodes the whole of what it gets.

Its handler is made ours (see `handler`), which tells the same for less. Three things differ from
xml.sax.expatreader:

- Text arrives in one call per run, not one per line and entity (see `expat`).
- Known items are not read. A piece is known by its bytes and by all that it inherits: everything feedparser
  remembers when it comes to the piece, and the namespaces in scope.
- What an item changed in feedparser's memory is put back at its end, as XML scopes it. feedparser leaks: `<content>`
  stays on its stack, a namespace or xml:base of one item on to the next, `<summary>` inside XHTML unbalances
  `incontent`. So an item comes out the same whatever stands before it, and may be left out.

A piece may be left out next time if expat saw it open and close where it was cut, and it made one entry and left no
trace. Anything else (nested items, items in comments, documents with a DTD or read by the loose parser) is read as a
whole every time.
"""

import copy
import io
import re
from collections.abc import Collection, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from traceback import clear_frames
from typing import Any
from xml.sax import SAXException

import feedparser
import feedparser.api

from aggregator.parse.expat import ExpatReader
from aggregator.parse.handler import adopt
from aggregator.parse.known import Piece, context, cut, digest

Parsed = dict[str, Any]  # feedparser's FeedParserDict, read as a plain dict: its own look-ups guess and warn

UTF8 = {"content-type": "application/xml; charset=utf-8"}  # of a document that is, and says so

# Up to here feedparser looks for a declaration and a document type (`convert_to_utf8`, `replace_doctype`).
_ROOT = re.compile(rb"<\w")

# What feedparser remembers for the whole document, or sets anew at each item before it looks.
_LASTING = frozenset({"entries", "feeddata", "property_depth_map", "version", "bozo", "exc", "_locator"})
# The parts of the feed's own data that an item may look at or write to (`_get_context`, `unknown_starttag`).
_SHARED = ("language", "image", "textinput")


@dataclass(slots=True)
class Visit:
    """One reading of one document: what is known before, and what came of it.

    `positions` and `digests` go with feedparser's entries; a digest is None where the item has to be read again.
    """

    known: Collection[str]
    frame: str
    most: int | None = None  # items to be read; those after them are not, where they can be left out
    rest: memoryview | None = None  # of the document, where feedparser was given its beginning only
    failure: BaseException | None = None  # why the document is known not to be well-formed
    positions: list[int] = field(default_factory=list)
    digests: list[str | None] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    unread: list[int] = field(default_factory=list)  # places of items left out after `most`
    document: bytes = b""  # as it was read
    parts: list[memoryview] = field(default_factory=list)  # of it, without the items left out
    foreseen: set[object] = field(default_factory=set)  # version and language of the feed, as at each item
    finished: bool = False  # the strict parser came to the end
    spoiled: bool = False  # the document was changed by looking at it

    @property
    def read(self) -> bytes:
        """The document without the items that were left out."""
        return b"".join(self.parts) if self.skipped or self.unread else self.document

    @property
    def is_full(self) -> bool:
        """Whether as many items as were wanted have been read."""
        return self.most is not None and len(self.positions) >= self.most

    @property
    def _place(self) -> int:
        """Where in the document the next item stands."""
        return len(self.positions) + len(self.skipped) + len(self.unread)

    def leave_out(self, name: str) -> None:
        """Take down an item that is not read."""
        if name in self.known:
            self.skipped.append(name)
        else:
            self.unread.append(self._place)

    def note(self, entries: int, name: str | None) -> None:
        """Take down the entries that have been read since."""
        for _ in range(entries - len(self.positions)):
            self.positions.append(self._place)
            self.digests.append(name)

    def conclude(self, result: Parsed, document: bytes) -> bool:
        """Settle the facts once feedparser is done; False when the whole document has to be read after all."""
        # Both decide what becomes of an entry outside feedparser: the language after the items, or a version
        # from the document type, was not known when they were read.
        found = (dict.get(result, "version"), dict.get(result["feed"], "language"))
        as_foreseen = self.finished and self.foreseen == {found}
        if not as_foreseen:
            self.digests = [None] * len(result["entries"])
        if not self.finished:  # the loose parser read it from the beginning
            self.positions = list(range(len(result["entries"])))
            self.document = document
        return as_foreseen or not (self.skipped or self.unread or self.spoiled)


_visit: ContextVar[Visit | None] = ContextVar("visit", default=None)


class NotWellFormedError(Exception):
    """The strict parser does not come to the end of a document."""


def read(
    body: bytes, headers: Mapping[str, str], *, known: Collection[str], most: int | None = None, frame: str
) -> tuple[Parsed, Visit]:
    """Return what feedparser makes of a document, the items named in `known` left out, and those after `most` others.

    Raises whatever feedparser's parsers raise.
    """
    visit = Visit(known=known, most=most, frame=frame)
    if headers == UTF8 and feedparser.api.PREFERRED_XML_PARSERS[:1] == [__name__]:
        try:
            return read_strictly(body, known=known, most=most, frame=frame)
        except NotWellFormedError as exc:
            visit = Visit(known=(), frame=frame, failure=exc.__cause__)
            for error in (exc, exc.__cause__):  # which hold all that was read
                clear_frames(error.__traceback__ if error else None)
    result = _told(body, headers, visit)
    return (result, visit) if visit.conclude(result, body) else read(body, headers, known=(), frame=frame)


def read_strictly(
    document: bytes, *, known: Collection[str], most: int | None = None, frame: str
) -> tuple[Parsed, Visit]:
    """Do as `read` with a document in UTF-8; raises `NotWellFormedError` where that would use the loose parser."""
    root = _ROOT.search(document)
    seen = root.end() if root else len(document)
    visit = Visit(known=known, most=most, frame=frame, rest=memoryview(document)[seen:])
    try:
        result = _told(document[:seen], UTF8, visit)
    except NotWellFormedError:
        if visit.skipped or visit.unread or visit.spoiled:
            return read_strictly(document, known=(), frame=frame)
        raise
    if not visit.finished:  # there is nothing to read at all
        raise NotWellFormedError
    if visit.conclude(result, document):
        return result, visit
    return read_strictly(document, known=(), frame=frame)


def _told(document: bytes, headers: Mapping[str, str], visit: Visit) -> Parsed:
    """Call feedparser, with a visit for the parser that it makes."""
    token = _visit.set(visit)
    try:
        result: Parsed = feedparser.parse(
            io.BytesIO(document),
            response_headers=dict(headers),
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    finally:
        _visit.reset(token)
    return result


def create_parser() -> ExpatReader:
    """Make the parser for one document; `xml.sax.make_parser` calls it."""
    return _Driver(_visit.get() or Visit(known=(), frame=""))


if __name__ not in feedparser.api.PREFERRED_XML_PARSERS:
    feedparser.api.PREFERRED_XML_PARSERS.insert(0, __name__)


class _Memory:
    """What feedparser's handler remembers outside items, to be compared and put back."""

    def __init__(self, handler: Any) -> None:
        state = {name: value for name, value in vars(handler).items() if name not in _LASTING}
        self._plain = {name: value for name, value in state.items() if not isinstance(value, dict | list)}
        self._kept = {name: copy.copy(state[name]) for name in state.keys() - self._plain.keys()}
        self._names = _LASTING.union(state)
        self._feed = _copied([handler.version, handler.feeddata])
        # What stands open on the stack is out of an item's reach: nothing but its own end takes "item" off it.
        self.inherited = repr(
            sorted((name, value) for name, value in state.items() if name != "elementstack")
        )

    def recall(self, handler: Any) -> None:
        """Put back what has changed."""
        state = vars(handler)
        if not self._names.issuperset(state):
            for name in state.keys() - self._names:
                del state[name]
        state.update(self._plain)
        for name, value in self._kept.items():
            if state[name] != value:
                state[name] = copy.copy(value)

    def is_whole(self, handler: Any) -> bool:
        """Whether what the feed says of itself is still all that was said."""
        return bool(self._feed == [handler.version, handler.feeddata])


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _copied(one) for name, one in value.items()}
    return [_copied(one) for one in value] if isinstance(value, list) else value


class _Driver(ExpatReader):
    """Reads one document for feedparser: what is between the items, and those that are not known."""

    def __init__(self, visit: Visit) -> None:
        super().__init__()
        self._visit = visit
        self._document = memoryview(b"")
        self._position = 0  # up to where it has been read or left out
        self._certain = False  # whether the last thing read was an item, so that the next can begin here
        self._memory: _Memory | None = None  # what feedparser knows outside items; None = look
        self._inherits = b""
        self._blanks: list[bytes] = []  # not yet read

    def setContentHandler(self, handler: Any) -> None:  # noqa: N802 - as xml.sax names it
        """Take feedparser's handler; where the document is one of ours, as it is driven here."""
        if _visit.get() is not None:
            adopt(handler)
        super().setContentHandler(handler)

    def parse(self, source: Any) -> None:
        """Read a document; raises SAXException where it is not well-formed."""
        if self._visit.failure is not None:
            self.getErrorHandler().fatalError(self._visit.failure)
        try:
            self._parse(b"".join((source.getByteStream().read(), self._visit.rest or b"")))
        except SAXException as exc:
            if self._visit.rest is None:
                raise
            raise NotWellFormedError from exc  # before feedparser has the loose parser read what it has
        finally:
            self.close()

    def _parse(self, document: bytes) -> None:
        self._visit.document, self._document = document, memoryview(document)
        head, pieces = cut(document)
        separable = b"<!DOCTYPE" not in head  # entities, and expat's limits on them, belong to the whole
        self._between(head)
        for piece in pieces:
            self._item(piece, separable=separable)
            self._between(piece.gap)
        self._catch_up()
        self.feed(b"", last=True)
        self._visit.finished = True

    def _between(self, text: bytes) -> None:
        """Read what is no item; blanks change nothing, and are read with what comes next."""
        self._visit.parts.append(self._take(text))
        self._blanks.append(text)
        if text and not text.isspace():
            self._catch_up()
            self._certain, self._memory = False, None
            self._visit.note(len(self._handler.entries), None)

    def _catch_up(self) -> None:
        """Read what was put off."""
        self.feed(b"".join(self._blanks))
        self._blanks.clear()

    def _item(self, piece: Piece, *, separable: bool) -> None:
        """Read a piece, or leave it out."""
        memory = self._memory or self._look()
        name, part = digest(piece.body, self._inherits), self._take(piece.body)
        unwanted = name in self._visit.known or (self._visit.is_full and piece.closing > 0)
        if not (separable and unwanted):
            self._visit.parts.append(part)
            independent = self._read(piece, memory)
            self._visit.note(len(self._handler.entries), name if separable and independent else None)
        elif self._certain or self._is_in_content():
            self._certain = True
            self._visit.leave_out(name)
        else:
            self._visit.spoiled = True
            raise SAXException("an item that is not read stands where no element can be")

    def _take(self, text: bytes) -> memoryview:
        """Return `text`, which comes next in the document, where it stands there: without a copy that would last."""
        start = self._position
        self._position += len(text)
        return self._document[start : self._position]

    def _is_in_content(self) -> bool:
        self._catch_up()
        return self.is_in_content()

    def _look(self) -> _Memory:
        """Take down all that the next items inherit."""
        handler = self._handler
        memory = self._memory = _Memory(handler)
        shared = [dict.get(handler.feeddata, name) for name in _SHARED]
        self._inherits = context(self._visit.frame, handler.version, memory.inherited, shared, self.scope)
        self._visit.foreseen.add((handler.version, dict.get(handler.feeddata, "language")))
        return memory

    def _read(self, piece: Piece, memory: _Memory) -> bool:
        """Read a piece; return whether it may be left out when it comes again."""
        handler, outside = self._handler, not self._handler.inentry
        entries, enclosed = len(handler.entries), self.depth > 0
        self._catch_up()
        self._certain = self.feed_element(piece.body, piece.closing)
        if not (self._certain and outside):
            self._memory = None
            return False
        memory.recall(handler)
        if not memory.is_whole(handler):
            self._memory = None
            return False
        return enclosed and len(handler.entries) == entries + 1
