"""feedparser's strict handler with three of its costs taken off; what it makes of a document stays the same.

- It parses each date, in a dozen ways in turn, and `dates` decides what a date means: here it notes None.
- It asks for the type and base of the text it is in several times an element, of a dict that guesses at names in
  Python; here that is a plain one. It copies them deeply with every text, which are strings.
- It works out the name, the base and the language of each element anew. Here names are remembered, and elements
  that can change neither base nor language, most, take a shorter way.

Written against feedparser 6.0.14: `namespaces/_base.py`, `mixin.py`, `parsers/strict.py`.
"""

from collections.abc import Mapping
from functools import lru_cache
from operator import attrgetter
from typing import Any
from xml.sax.xmlreader import AttributesNSImpl

from feedparser.api import StrictFeedParser

from aggregator.parse.expat import NO_ATTRIBUTES

Name = tuple[str | None, str]

_ROOTS = frozenset({"feed", "rss"})  # their language is that of the feed
_INHERITED = frozenset({"base", "lang", "xml:base", "xml:lang"})
_CASELESS = frozenset({"rel", "type"})
_IN_TEXTINPUT = frozenset({"title", "link", "description", "name"})
_IN_IMAGE = frozenset({"title", "link", "description", "url", "href", "width", "height"})


@lru_cache(maxsize=512)  # a feed has dozens; a hostile one may have long ones
def _called(name: Name) -> tuple[str, str, str] | None:
    """Return "dc:creator", "dc", "creator" for a name whose namespace alone decides it, else None."""
    namespace, local = (name[0] or "").lower(), name[1].lower()
    prefix = StrictFeedParser._matchnamespaces.get(namespace, None if namespace else "")
    if prefix is None or local in _ROOTS:
        return None
    tag = f"{prefix.lower()}:{local}" if prefix else local
    first, colon, rest = tag.partition(":")
    return (tag, first, rest) if colon else (tag, "", tag)


def _said(attributes: AttributesNSImpl) -> dict[str, str] | None:
    """Return attributes as feedparser has them, None where they change base or language of what is inside."""
    said: dict[str, str] = {}
    for (namespace, local), value in attributes.items():
        prefix = StrictFeedParser._matchnamespaces.get((namespace or "").lower(), "")
        said[f"{prefix}:{local}".lower() if prefix else local.lower()] = value
    for qname in attributes.getQNames():
        said[qname.lower()] = attributes.getValueByQName(qname)
    if not _INHERITED.isdisjoint(said):
        return None
    for key in _CASELESS & said.keys():
        said[key] = said[key].lower()
    return said


class Details(dict[str, Any]):
    """What feedparser says about a text: strings, numbers, None."""

    def __deepcopy__(self, memo: object) -> "Details":
        return Details(self)


class Handler(StrictFeedParser):  # type: ignore[misc]  # feedparser has no types
    """A handler of feedparser's own making becomes one by `adopt`, for feedparser lets nobody make it."""

    baseuri: str

    def _set_details(self, said: Mapping[str, Any]) -> None:
        self._details = Details(said)

    contentparams = property(attrgetter("_details"), _set_details)

    def startElementNS(self, name: Name, qname: None, attrs: Any) -> None:  # noqa: N802 - as xml.sax names it
        """Begin an element; where no base is in force and no markup is kept, shortly."""
        called = None if self.baseuri or self.incontent or self.decls else _called(name)
        said = {} if called is None or attrs is NO_ATTRIBUTES else _said(attrs)
        if called is None or said is None:
            super().startElementNS(name, qname, attrs)
            return
        tag, prefix, local = called
        self.depth += 1
        self.baseuri = ""
        self.basestack.append("")
        self.langstack.append(self.lang)
        prefix = self.namespacemap.get(prefix, prefix)
        if not prefix and tag not in _IN_TEXTINPUT:
            self.intextinput = 0
        if not prefix and tag not in _IN_IMAGE:
            self.inimage = 0
        full = f"{prefix}_{local}" if prefix else local
        try:
            getattr(self, f"_start_{full}")(said)
        except AttributeError:
            if said:
                self._get_context()[full] = said
            else:
                self.push(full, 1)

    def endElementNS(self, name: Name, qname: None) -> None:  # noqa: N802
        """End an element."""
        called = _called(name)
        if called is None:
            super().endElementNS(name, qname)
        else:
            self.unknown_endtag(called[0])

    def _end_published(self) -> None:
        self.pop("published")
        self._save("published_parsed", None, overwrite=True)

    _end_issued = _end_pubdate = _end_published

    def _end_updated(self) -> None:
        self.pop("updated")
        self._save("updated_parsed", None, overwrite=True)

    _end_modified = _end_lastbuilddate = _end_updated

    def _end_created(self) -> None:
        self.pop("created")
        self._save("created_parsed", None, overwrite=True)

    def _end_expirationdate(self) -> None:
        self.pop("expired")
        self._save("expired_parsed", None, overwrite=True)


def adopt(handler: Any) -> None:
    """Make feedparser's handler one of ours."""
    if type(handler) is StrictFeedParser:
        details = vars(handler).pop("contentparams")
        handler.__class__ = Handler
        handler.contentparams = details
