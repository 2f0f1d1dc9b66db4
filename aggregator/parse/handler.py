"""feedparser's strict handler with most of its costs taken off; what it makes of a document stays the same.

- It parses each date, in a dozen ways in turn, and `dates` decides what a date means: here it notes None.
- It keeps what it has read in dicts that guess at names in Python, and copies them deeply, which are of strings.
  Here they know by themselves what needs no guess (`Fields`, `Details`).
- It works out the name, the base and the language of each element anew, and looks up its methods by name. Here both
  are remembered, and elements that can change neither base nor language, most, take a shorter way.
- It searches, translates and recodes every text, whatever it consists of. Here only those in which there is something
  to find (`_settled`).

Each of our methods stands for the one of its name, for the states that it begins with a question about; in all others
it leaves things to feedparser's. Tests hold both against each other. Written against feedparser 6.0.14:
`namespaces/_base.py`, `mixin.py`, `parsers/strict.py`, `util.py`.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from operator import attrgetter
from typing import Any
from xml.sax.saxutils import escape

from feedparser.api import StrictFeedParser
from feedparser.html import _cp1252
from feedparser.urls import make_safe_absolute_uri

from aggregator.parse.expat import NO_ATTRIBUTES, Attributes
from aggregator.parse.fields import Details, Fields

Name = tuple[str | None, str]

_ROOTS = frozenset({"feed", "rss"})  # their language is that of the feed
_INHERITED = frozenset({"base", "lang", "xml:base", "xml:lang"})
_CASELESS = frozenset({"rel", "type"})
_IN_TEXTINPUT = frozenset({"title", "link", "description", "name"})
_IN_IMAGE = frozenset({"title", "link", "description", "url", "href", "width", "height"})
_IN_LISTS = frozenset({"category", "tags", "itunes_keywords"})  # texts that are kept elsewhere
_XHTML = "application/xhtml+xml"
_FOREIGN = frozenset({"math", "svg"})
_DIVISIONS = ("xhtml:div", "div")

_CONTROLS = re.compile(rb"\xc2[\x80-\x9f]")  # in UTF-8: U+0080 to U+009F
_ENTITY = re.compile("&([A-Za-z0-9_]+);")


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


@lru_cache(maxsize=512)
def _methods(prefix: str, local: str) -> tuple[str, Callable[..., None] | None, Callable[..., None] | None]:
    """Return what feedparser calls an element, and what is done at its start and at its end."""
    full = f"{prefix}_{local}" if prefix else local
    return full, getattr(Handler, f"_start_{full}", None), getattr(Handler, f"_end_{full}", None)


@lru_cache(maxsize=16)
def _base_within(base: str) -> str:
    """Return the base of an element that names none of its own."""
    return make_safe_absolute_uri(base, base) or base


@lru_cache(maxsize=512)
def _keys(name: Name, qname: str) -> tuple[str, str]:
    """Return the two names that feedparser gives an attribute."""
    prefix = StrictFeedParser._matchnamespaces.get((name[0] or "").lower(), "")
    return f"{prefix}:{name[1]}".lower() if prefix else name[1].lower(), qname.lower()


def _said(attributes: Attributes) -> dict[str, str] | None:
    """Return attributes as feedparser has them, None where they change base or language of what is inside."""
    named = [(_keys(name, qname), value) for name, qname, value in attributes.triples()]
    said = {keys[0]: value for keys, value in named}
    for keys, value in named:
        said[keys[1]] = value
    if not _INHERITED.isdisjoint(said):
        return None
    for key in _CASELESS & said.keys():
        said[key] = said[key].lower()
    return said


def _settled(text: str) -> str:
    """Decode what was encoded twice, and read the controls of Latin-1 as windows-1252 does, as feedparser does."""
    if text.isascii():
        return text
    text = _once(text)
    return text.translate(_cp1252) if _CONTROLS.search(text.encode(errors="surrogatepass")) else text


def _once(text: str) -> str:
    try:
        return text.encode("iso-8859-1").decode()
    except UnicodeError:
        return text


class Handler(StrictFeedParser):  # type: ignore[misc]  # feedparser has no types
    """A handler of feedparser's own making becomes one by `adopt`, for feedparser lets nobody make it."""

    baseuri: str

    def _set_details(self, said: Mapping[str, Any]) -> None:
        self._details = Details(said)

    contentparams = property(attrgetter("_details"), _set_details)

    # --- elements and text

    def startElementNS(self, name: Name, qname: None, attrs: Any) -> None:  # noqa: N802 - as xml.sax names it
        """Begin an element; where no plain text is kept, shortly."""
        called = None if self.decls else _called(name)
        said = {} if called is None or attrs is NO_ATTRIBUTES else _said(attrs)
        if called is None or said is None or (self.incontent and not self._is_kept(called[2])):
            super().startElementNS(name, qname, attrs)
            return
        tag, prefix, local = called
        self.depth += 1
        self.baseuri = _base_within(self.baseuri) if self.baseuri else ""
        self.basestack.append(self.baseuri)
        self.langstack.append(self.lang)
        if self.incontent:
            self.handle_data(f"<{local}{self.strattrs(said.items())}>" if said else f"<{local}>", escape=0)
            return
        prefix = self.namespacemap.get(prefix, prefix)
        if not prefix and tag not in _IN_TEXTINPUT:
            self.intextinput = 0
        if not prefix and tag not in _IN_IMAGE:
            self.inimage = 0
        full, start, _ = _methods(prefix, local)
        try:
            if start is None:
                raise AttributeError  # one that is raised inside means the same to feedparser
            start(self, said)
        except AttributeError:
            if said:
                self._get_context()[full] = said
            else:
                self.push(full, 1)

    def endElementNS(self, name: Name, qname: None) -> None:  # noqa: N802
        """End an element; where no markup is kept, shortly."""
        called = _called(name)
        if called is None or self.svgOK:
            super().endElementNS(name, qname)
            return
        tag, prefix, local = called
        full, _, end = _methods(self.namespacemap.get(prefix, prefix), local)
        try:
            if end is None:
                self.pop(full)
            else:
                end(self)
        except AttributeError:
            self.pop(full)
        if self.incontent and not self._is_markup(tag):
            return
        base, lang = self.basestack, self.langstack
        if base:
            base.pop()
            if base and base[-1]:
                self.baseuri = base[-1]
        if lang:
            lang.pop()
            if lang:
                self.lang = lang[-1]
        self.depth -= 1

    def _is_kept(self, local: str) -> bool:
        """Whether feedparser keeps the tag as it is; SVG and MathML get their namespace."""
        return self._details.get("type") == _XHTML and local not in _FOREIGN and ":" not in local

    def _is_markup(self, tag: str) -> bool:
        """Keep the end tag of an element within a text; False when feedparser forgets that there was one."""
        details = self._details
        if not details.get("type", "xml").endswith("xml"):
            if tag in _DIVISIONS:
                return False
            details["type"] = _XHTML
        if details.get("type") == _XHTML:
            self.handle_data(f"</{tag.rpartition(':')[2]}>", escape=0)
        return True

    def characters(self, text: str) -> None:
        """Take a run of text."""
        if self.elementstack:
            kept = escape(text) if self._details.get("type") == _XHTML else text
            self.elementstack[-1][2].append(kept)

    # --- what is read

    def push_content(self, tag: str, attrs_d: dict[str, str], default: str, expecting_text: int) -> None:
        """Begin a text of which more is told than the text."""
        self.incontent += 1
        if self.lang:
            self.lang = self.lang.replace("_", "-")
        kind = self.map_content_type(attrs_d.get("type", default))
        self._details = Details(type=kind, language=self.lang, base=self.baseuri)
        self._details["base64"] = self._is_base64(attrs_d, self._details)
        self.push(tag, expecting_text)

    def pop(self, element: str, strip_whitespace: int = 1) -> str | None:
        """End a text and put it where it belongs; None when it is not the one that was begun last."""
        if not self.elementstack or self.elementstack[-1][0] != element:
            return None
        _, expecting_text, pieces = self.elementstack[-1]
        details = self._details
        if details.get("base64") or (self.version == "atom10" and details.get("type", "text") == _XHTML):
            return super().pop(element, strip_whitespace)  # type: ignore[no-any-return]
        del self.elementstack[-1]
        output = "".join(pieces)
        if strip_whitespace:
            output = output.strip()
        if not expecting_text:
            return output
        if output and element in self.can_be_relative_uri and (element != "id" or self.guidislink):
            output = self.resolve_uri(output)
        self._judge(output)
        output = _settled(output)
        if element in _IN_LISTS or (element == "title" and -1 < self.title_depth <= self.depth):
            return output
        if self.inentry and not self.insource:
            self._keep(element, output)
        elif self.infeed or self.insource:
            self._keep_of_feed(element, output)
        return output

    def _judge(self, output: str) -> None:
        """Say of what calls itself plain whether it is HTML: that has an end tag or a reference."""
        details = self._details
        is_doubtful = details.get("type") == "text/plain" and ("</" in output or "&" in output)
        if is_doubtful and not self.version.startswith("atom") and self.looks_like_html(output):
            details["type"] = "text/html"
        details.pop("base64", None)

    def _keep(self, element: str, output: str) -> None:
        """Put a text into the entry."""
        entry = self.entries[-1]
        if element == "content":
            entry.setdefault(element, []).append(Details(self._details, value=output))
        elif element == "link":
            if not self.inimage:
                output = _ENTITY.sub(r"&\g<1>", output.replace("&amp;", "&")) if "&" in output else output
                entry["link"] = output
                if output:
                    entry["links"][-1]["href"] = output
        else:
            if element == "description":
                element = "summary"
            depths = self.property_depth_map.setdefault(entry, {})
            before = depths.get(element)
            if before is None or self.depth <= before:
                depths[element] = self.depth
                entry[element] = output
            if self.incontent:
                entry[f"{element}_detail"] = Details(self._details, value=output)

    def _keep_of_feed(self, element: str, output: str) -> None:
        """Put a text into what the feed, or the source of an entry, says of itself."""
        context = self._get_context()
        if element == "description":
            element = "subtitle"
        context[element] = output
        if element == "link":
            output = _ENTITY.sub(r"&\g<1>", output)
            context[element] = output
            context["links"][-1]["href"] = output
        elif self.incontent:
            context[f"{element}_detail"] = Details(self._details, value=output)

    def resolve_uri(self, uri: str) -> str:
        """Resolve a reference; without a base only slashes too many are mended."""
        return uri if not self.baseuri and ":///" not in uri else str(super().resolve_uri(uri))

    def _start_item(self, attrs_d: dict[str, str]) -> None:
        super()._start_item(attrs_d)
        self.entries[-1].__class__ = Fields

    _start_entry = _start_item

    # --- dates

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
