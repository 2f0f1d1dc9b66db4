"""Subscription lists of other programs: OPML, Planet's config.ini, newsboat's urls, plain lists.

The content decides which it is. Broken lists are read as far as they go, and what was left out is
told: a list is imported once, by somebody who can look.
"""

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from lxml import etree

MOST_PROBLEMS = 50  # a binary file has a problem on every line
TEXT_LENGTH = 200  # characters of a title
TAG_LENGTH = 100
URL_LENGTH = 8_000
QUOTED_LENGTH = 100
FEED_TYPES = {"rss", "atom", "rdf", "feed", "rss1", "rss2"}  # `type` of an outline that is to be a feed
LIST_TYPES = {"opml", "foaf", "csv", "config", "rdf"}  # Planet: lists of feeds named in a list
VIRTUAL = ("query:", "exec:", "filter:", "file:", "|")  # newsboat: what is computed on its machine

_DECLARED = re.compile(rb"\s*<\?xml[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")
_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")
_DOCTYPE = re.compile(r"<!DOCTYPE[^\[>]*", re.IGNORECASE)
_SUBSET_END = re.compile(r"\]\s*>")
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_ENTITY = re.compile(r"&(?P<reference>#[0-9]{1,7};|#[xX][0-9A-Fa-f]{1,6};|[A-Za-z][A-Za-z0-9]{0,30};)?")
_PREDEFINED = {"amp;", "lt;", "gt;", "quot;", "apos;"}  # XML 1.0 §4.6
_OUTLINE = re.compile(r"<(?:opml|outline)\s", re.IGNORECASE)  # its beginning may be lost
_XML_URL = re.compile(r"\bxmlUrl\s*=\s*([\"'])(?P<url>[^\"'<>]*)\1", re.IGNORECASE)
_SECTION = re.compile(r"\[(?P<name>.+)\]\s*(?:[#;].*)?")
_OPTION = re.compile(r"(?P<key>[A-Za-z_][\w.-]*)\s*[=:]\s*(?P<value>.*)")
_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)')


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A feed somebody follows. `url` is http or https, without credentials."""

    url: str
    title: str | None = None
    tags: tuple[str, ...] = ()


def read_subscriptions(data: bytes) -> tuple[tuple[Subscription, ...], tuple[str, ...]]:
    """Return the feeds of a list in their order, each once with all its tags, and what was wrong.

    Never raises and never reads anything else: what entities, inclusions and lists within the list
    refer to stays unread.
    """
    found = _Found()
    text = _decoded(data, found)
    if text.lstrip().startswith("<") or _OUTLINE.search(text):
        _read_opml(text, found)
    elif any(_SECTION.fullmatch(line.rstrip()) for line in text.splitlines()):
        _read_planet(text, found)
    else:
        _read_lines(text, found)
    if not found.by_url:
        found.problems.append("there is no feed in this list")
    return tuple(found.by_url.values()), found.told()


@dataclass(slots=True)
class _Found:
    """What a list holds so far."""

    by_url: dict[str, Subscription] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    broken: bool = False  # not all of it can be parsed

    def add(self, url: str, title: str | None, tags: Iterable[str]) -> None:
        """Note a feed, or why its address is of no use to us."""
        url = _http(url.strip())
        if complaint := _complaint(url):
            self.problems.append(complaint)
            return
        key = _spelling(urlsplit(url))
        known = self.by_url.get(key) or Subscription(url=url)
        self.by_url[key] = Subscription(
            url=known.url,
            title=known.title or _line(title, TEXT_LENGTH) or None,
            tags=tuple(dict.fromkeys((*known.tags, *_tags(tags)))),
        )

    def add_once(self, url: str) -> None:
        """Note a feed of which only the address is known, unless it was told already, or told useless."""
        url = _http(url.strip())
        if url and not _complaint(url) and _spelling(urlsplit(url)) not in self.by_url:
            self.add(url, None, ())

    def told(self) -> tuple[str, ...]:
        more = len(self.problems) - MOST_PROBLEMS
        if more <= 0:
            return tuple(self.problems)
        return (*self.problems[:MOST_PROBLEMS], f"and {more} more problems of this kind")


# --- addresses and words


def _http(url: str) -> str:
    """Undo the feed: scheme that browsers once had, feed://host/ and feed:https://host/, and capitals in any."""
    if url[:5].lower() == "feed:":
        rest = url[5:].removeprefix("//")
        url = rest if rest.lower().startswith(("http://", "https://")) else f"http://{rest}"
    scheme, colon, rest = url.partition(":")
    return f"{scheme.lower()}{colon}{rest}" if colon else url


def _complaint(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return f"left out {_quoted(url)}: it is no address"
    if parts.username is not None:
        return (
            f"left out a feed of {_quoted(host or '')}: its address carries credentials; "
            "add it by hand, with auth"
        )
    if parts.scheme not in {"http", "https"} or not host:
        return f"left out {_quoted(url)}: only http and https addresses can be followed"
    if port == 0 or len(url) > URL_LENGTH or re.search(r"[\s\x00-\x20\x7f]", url) or not _is_host(host):
        return f"left out {_quoted(url)}: it is no address"
    return None


def _is_host(host: str) -> bool:
    try:
        return ":" in host or bool(host.encode("idna"))
    except UnicodeError:
        return False


def _spelling(parts: SplitResult) -> str:
    """Return what the spellings of one address share."""
    default = {"http": 80, "https": 443}[parts.scheme]
    port = "" if parts.port in {None, default} else f":{parts.port}"
    return f"{parts.scheme}://{parts.hostname}{port}{parts.path or '/'}?{parts.query}"


def _line(text: str | None, length: int) -> str:
    """Return text on one line, without what cannot be shown, and not too long."""
    shown = "".join(char if char.isprintable() else " " for char in text or "")
    return " ".join(shown.split())[:length].strip()


def _tags(words: Iterable[str]) -> Iterator[str]:
    """Yield tags as OPML can write them: commas part its categories, slashes stand around them."""
    for word in words:
        for part in word.split(","):
            if tag := _line(part, TAG_LENGTH).strip("/ "):
                yield tag


def _quoted(text: str) -> str:
    shown = _line(text, QUOTED_LENGTH)
    return repr(shown if len(text) <= QUOTED_LENGTH else f"{shown}…")


def _decoded(data: bytes, found: _Found) -> str:
    """Return the text in the encoding its first bytes or its XML declaration name, else in UTF-8."""
    declared = _DECLARED.match(data[:1024])
    encoding = declared[1].decode().lower() if declared else "utf-8"
    for start, name in (
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
        (b"<\0", "utf-16-le"),
        (b"\0<", "utf-16-be"),
        (b"\xef\xbb\xbf", "utf-8-sig"),
    ):
        if data.startswith(start):
            encoding = name
    try:
        return data.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        found.problems.append(f"the list is not in {encoding.removesuffix('-sig')}: read as Windows-1252")
        return data.decode("cp1252", errors="replace")


# --- OPML


def _read_opml(text: str, found: _Found) -> None:
    text = _without_doctype(_DECLARATION.sub("", text))
    root = _tree(text, found)
    outlines = [] if root is None else [element for element in root.iter() if _name(element) == "outline"]
    for outline in outlines:
        attributes = _attributes(outline)
        url = _feed_url(attributes)
        if url is not None:
            tags = (*_folders(outline), attributes.get("category", ""))
            found.add(url, attributes.get("title") or attributes.get("text"), tags)
        elif attributes.get("type", "").lower() in FEED_TYPES:
            name = attributes.get("title") or attributes.get("text") or ""
            found.problems.append(f"left out {_quoted(name)}: it has no xmlUrl")
    if found.broken:
        _sweep(text, found)
    elif not outlines and root is not None:
        found.problems.append(f"this is <{_name(root)}>, not a list of feeds")


def _sweep(text: str, found: _Found) -> None:
    """Take the addresses that no parser got hold of: a stray quote costs a whole outline."""
    for match in _XML_URL.finditer(_without_comments(text)):
        found.add_once(html.unescape(match["url"]))


def _without_doctype(text: str) -> str:
    """Cut the document type out, and with it every entity that somebody may have declared."""
    found = _DOCTYPE.search(text)
    if found is None:
        return text
    end = found.end() + 1
    if text[found.end() : end] == "[":
        closed = _SUBSET_END.search(text, end)
        end = closed.end() if closed else end
    return text[: found.start()] + text[end:]


def _without_comments(text: str) -> str:
    """Cut the comments out; one that nobody closes goes on to the end."""
    first, *rest = text.split("<!--")
    return first + "".join(piece.partition("-->")[2] for piece in rest)


def _tree(text: str, found: _Found) -> etree._Element | None:
    """Parse, if need be with what libxml2 would lose put right before."""
    try:
        return etree.fromstring(text.encode(errors="replace"), _parser(recover=False))
    except etree.XMLSyntaxError as exc:
        found.broken = True
        found.problems.append(f"broken XML, read as far as it goes: {_line(exc.msg, TEXT_LENGTH)}")
    if not text.lstrip().startswith("<"):
        text = f"<opml>{text}"
    mended = _ILLEGAL.sub(" ", _ENTITY.sub(_reference, text))
    try:
        # The stubs do not know that nothing may be left of a document.
        root: etree._Element | None = etree.fromstring(mended.encode(errors="replace"), _parser(recover=True))
    except etree.XMLSyntaxError:
        return None
    return root


def _parser(*, recover: bool) -> etree.XMLParser:
    """No entities, no network, no DTD; libxml2 bounds depth and size by itself."""
    return etree.XMLParser(
        encoding="utf-8",
        recover=recover,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        remove_comments=True,
        remove_pis=True,
    )


def _reference(match: re.Match[str]) -> str:
    """Keep what XML knows, spell out what only HTML knows, escape the & of an address."""
    reference = match["reference"]
    if reference is None:
        return "&amp;"
    if reference.startswith("#") or reference in _PREDEFINED:
        return match[0]
    return html.escape(html.unescape(match[0]))


def _name(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2].lower()


def _attributes(outline: etree._Element) -> Mapping[str, str]:
    """Return the attributes under names in lower case: xmlUrl is also written xmlurl and XMLURL."""
    return {str(name).lower(): str(value) for name, value in outline.attrib.items()}


def _feed_url(attributes: Mapping[str, str]) -> str | None:
    url = attributes.get("xmlurl", "").strip()
    if not url and attributes.get("type", "").lower() in FEED_TYPES:
        url = attributes.get("url", "").strip()
    return url or None


def _folders(outline: etree._Element) -> list[str]:
    """Return the titles of the outlines around a feed, the outermost first."""
    around = [_attributes(element) for element in outline.iterancestors() if _name(element) == "outline"]
    return [
        attributes.get("title") or attributes.get("text") or ""
        for attributes in reversed(around)
        if _feed_url(attributes) is None
    ]


# --- Planet: a section for every feed


def _read_planet(text: str, found: _Found) -> None:
    for name, options in _sections(text):
        if "://" not in name and ("name" not in options or name.lower() == "planet"):
            continue  # [Planet], [DEFAULT], templates, filters
        if options.get("content_type", "").lower() in LIST_TYPES:
            found.problems.append(f"left out {_quoted(name)}: it is a list of feeds; import it by itself")
        else:
            found.add(name, options.get("name", "").replace("%%", "%"), ())


def _sections(text: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield name and options of every section, also of those that come twice."""
    name, options = "", dict[str, str]()
    for line in text.splitlines():
        if opened := _SECTION.fullmatch(line.rstrip()):
            yield name, options
            name, options = opened["name"].strip(), {}
        elif option := _OPTION.fullmatch(line.rstrip()):
            options.setdefault(option["key"].lower(), option["value"].strip())
    yield name, options


# --- newsboat and plain lists: a line for every feed


def _read_lines(text: str, found: _Found) -> None:
    """Each line is an address, then tags; a tag that begins with ~ is the title, with ! a flag."""
    for number, line in enumerate(text.splitlines(), start=1):
        words = [quoted.replace('\\"', '"') or bare for quoted, bare in _WORD.findall(line)]
        if not words or line.lstrip().startswith("#"):
            continue
        url, *rest = words
        if url.lower().startswith(VIRTUAL):
            found.problems.append(f"left out line {number}: {_quoted(url)} works in newsboat only")
            continue
        titles = [word[1:] for word in rest if word.startswith("~")]
        tags = [word for word in rest if not word.startswith(("~", "!", "#"))]
        found.add(url, titles[0] if titles else None, tags)
