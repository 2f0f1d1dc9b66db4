"""expat as an XML reader for feedparser: text in long runs, and a say about where in the document it stands.

It passes on what xml.sax.expatreader passes on to feedparser (namespaces, elements, text), in the same shape. Text
differs: expat tells each line and each entity by itself, `buffer_text` makes one run of them. External entities are
never read: expat passes over them while nobody handles them.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any
from xml.parsers import expat
from xml.sax import SAXParseException, handler, xmlreader

TEXT_BUFFER = 1 << 16  # bytes of one run of text that are kept together

_PROBE = b"<?aggregator here?>"
_FEATURES = {handler.feature_namespaces: True, handler.feature_external_ges: False}


@lru_cache(maxsize=1024)
def _pair(joined: str) -> tuple[str | None, str]:
    """Take apart "name", "uri name" or "uri name prefix"."""
    parts = joined.split()
    return (None, joined) if len(parts) == 1 else (parts[0], parts[1])


@lru_cache(maxsize=1024)
def _qname(joined: str) -> str:
    return ":".join(reversed(joined.split()[1:])) or joined


class Attributes(xmlreader.AttributesNSImpl):
    """Attributes as expat tells them, taken apart when somebody asks."""

    def __init__(self, told: Mapping[str, str]) -> None:
        self._told = told

    def __len__(self) -> int:
        return len(self._told)

    def triples(self) -> Iterator[tuple[tuple[str | None, str], str, str]]:
        """Yield name, qualified name and value."""
        for joined, value in self._told.items():
            yield _pair(joined), _qname(joined), value

    def __getattr__(self, name: str) -> Any:
        """Make what `AttributesNSImpl` keeps."""
        if name not in {"_attrs", "_qnames"}:
            raise AttributeError(name)
        self._attrs = {_pair(joined): value for joined, value in self._told.items()}
        self._qnames = {_pair(joined): _qname(joined) for joined in self._told}
        return getattr(self, name)


NO_ATTRIBUTES = Attributes({})


class _Place(xmlreader.Locator):
    """Where a document is not well-formed."""

    def __init__(self, error: expat.ExpatError) -> None:
        self._error = error

    def getLineNumber(self) -> int:  # noqa: N802 - as xml.sax names it
        return self._error.lineno

    def getColumnNumber(self) -> int:  # noqa: N802
        return self._error.offset


class ExpatReader(xmlreader.XMLReader):
    """Reads one document, piece by piece."""

    def __init__(self) -> None:
        super().__init__()
        self.fed = 0  # bytes
        self.depth = 0  # elements open
        self.scope: list[tuple[str | None, str | None]] = []  # namespaces in force, the innermost last
        self._level = 0  # the depth of which `_elements` are noted down
        self._opened = 0
        self._elements: list[tuple[int, int]] = []  # where they began, and where their end tags began
        self._probed = -1
        self._parser = self._make()

    def _make(self) -> expat.XMLParserType:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.namespace_prefixes = True
        parser.buffer_text = True
        parser.buffer_size = TEXT_BUFFER
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.StartNamespaceDeclHandler = self._enter
        parser.EndNamespaceDeclHandler = self._leave
        parser.ProcessingInstructionHandler = self._instruct
        return parser

    # reading

    def feed(self, data: bytes, *, last: bool = False) -> None:
        """Read on; raises SAXParseException where the document is not well-formed."""
        try:
            self._parser.Parse(data, last)
        except expat.ExpatError as exc:
            self.getErrorHandler().fatalError(
                SAXParseException(expat.ErrorString(exc.code), exc, _Place(exc))
            )
        self.fed += len(data)

    def close(self) -> None:
        """Let go of all: the expat parser and this reader hold each other."""
        del self._parser, self._handler

    def feed_element(self, data: bytes, closing: int) -> bool:
        """Read on; return whether `data` was one element and nothing else, its last `closing` bytes its end tag."""
        start, self._level, self._elements = self.fed, self.depth, []
        self.feed(data)
        return self._elements == [(start, self.fed - closing)]

    def is_in_content(self) -> bool:
        """Whether an element could begin here. In a comment, in CDATA or in a tag, asking spoils the document."""
        here = self.fed
        self.feed(_PROBE)
        return self._probed == here

    # what expat tells

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        if self.depth == self._level:
            self._opened = self._parser.CurrentByteIndex
        self.depth += 1
        attrs = Attributes(attributes) if attributes else NO_ATTRIBUTES
        self._handler.startElementNS(_pair(name), None, attrs)

    def _end(self, name: str) -> None:
        self.depth -= 1
        if self.depth <= self._level:
            self._elements.append((self._opened, self._parser.CurrentByteIndex))
        self._handler.endElementNS(_pair(name), None)

    def _enter(self, prefix: str | None, uri: str | None) -> None:
        self.scope.append((prefix, uri))
        self._handler.startPrefixMapping(prefix, uri)

    def _leave(self, prefix: str | None) -> None:
        self.scope.pop()
        self._handler.endPrefixMapping(prefix)

    def _instruct(self, _target: str, _data: str) -> None:
        """feedparser ignores them."""
        self._probed = self._parser.CurrentByteIndex

    # what xml.sax asks of a reader

    def setContentHandler(self, handler: Any) -> None:  # noqa: N802 - as xml.sax names it
        """Say who is told of what stands in the document."""
        super().setContentHandler(handler)
        self._handler = handler
        self._parser.CharacterDataHandler = handler.characters

    def getFeature(self, name: str) -> bool:  # noqa: N802
        """Tell what this reader does."""
        return _FEATURES[name]

    def setFeature(self, name: str, state: object) -> None:  # noqa: N802
        """Take what is asked for, as long as it is what this reader does."""
