"""Lists of subscriptions that other programs keep, told apart by what is in them.

OPML, a Planet's config.ini, newsboat's urls, and plain lists of addresses.
"""

import configparser
import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lxml import etree

MAX_DEPTH = 50  # of outlines within outlines; deeper ones are left out
BARE_AMPERSAND = re.compile(rb"&(?!(?:[A-Za-z][A-Za-z0-9]*|#[0-9]+|#x[0-9A-Fa-f]+);)")
MAX_TITLE = 200  # characters
MAX_TAG = 64  # characters
_URL = re.compile(r"https?://[^\s/@]+(?:[/?#]\S*)?", re.IGNORECASE)  # credentials do not belong in an address


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A feed that somebody follows."""

    url: str
    title: str | None = None
    tags: tuple[str, ...] = ()


Read = tuple[tuple[Subscription, ...], tuple[str, ...]]


def read_subscriptions(data: bytes) -> Read:
    """Return the feeds of a list, each address once, and sentences about what could not be read."""
    start = data.lstrip(b"\xef\xbb\xbf \t\r\n")
    found: list[Subscription] = []
    problems: list[str] = []
    if start.startswith(b"<"):
        found += _opml(start, problems)
    else:
        text = data.decode("utf-8-sig", errors="replace")
        sections = re.search(r"^\s*\[[^\]\n]+\]\s*$", text, re.MULTILINE)
        found += _planet(text, problems) if sections else _lines(text, problems)
    if not found:
        problems.append("no feeds were found in it")
    unique: dict[str, Subscription] = {}
    for one in found:
        unique.setdefault(one.url, one)
    return tuple(unique.values()), tuple(problems)


def _opml(data: bytes, problems: list[str]) -> Iterator[Subscription]:
    """Read OPML as far as it goes: most lists in the wild have bare ampersands."""
    escaped = BARE_AMPERSAND.sub(b"&amp;", data)
    if escaped != data:
        problems.append("not well-formed: bare & in it, read as &amp;")
    # No entities are resolved, no external ones fetched, and depth is bounded by libxml2.
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(escaped, parser)
    except etree.XMLSyntaxError as exc:
        problems.append(f"not readable as XML: {exc}")
        return
    if root is None:
        problems.append("not readable as XML")
        return
    if len(parser.error_log):
        first = parser.error_log[0]
        problems.append(f"not well-formed at line {first.line}: {first.message}; read as far as it goes")
    for outline in root.iter("{*}outline"):
        said = {str(name).lower(): str(value).strip() for name, value in outline.attrib.items()}
        url = said.get("xmlurl") or (
            said.get("url") if said.get("type", "").lower() in {"rss", "atom"} else None
        )
        if not url:
            continue
        if not _URL.fullmatch(url):
            problems.append(f"line {outline.sourceline}: {url[:100]!r} is no address of a feed: left out")
            continue
        title = said.get("title") or said.get("text")
        yield Subscription(
            url=url, title=_title(title), tags=_tags([*_above(outline), said.get("category", "")])
        )


def _title(text: str | None) -> str | None:
    """Return one line, or None for nothing."""
    return " ".join((text or "").split())[:MAX_TITLE] or None


def _above(outline: etree._Element) -> list[str]:
    """Return the titles of the outlines around one, from the outside in."""
    around = list(outline.iterancestors("{*}outline"))[:MAX_DEPTH]
    return [str(one.get("title") or one.get("text") or "") for one in reversed(around)]


def _tags(names: Iterable[str]) -> tuple[str, ...]:
    """Return names as tags: lower case, words joined by "-"; categories are paths and lists."""
    parts = (part for name in names for part in re.split(r"[/,]", name))
    tags = (re.sub(r"[^\w.-]+", "-", part.strip().lower())[:MAX_TAG].strip("-") for part in parts)
    return tuple(dict.fromkeys(tag for tag in tags if tag))


def _planet(text: str, problems: list[str]) -> Iterator[Subscription]:
    """Read a Planet's config.ini: a section for each feed, named by its address."""
    parser = configparser.ConfigParser(interpolation=None, strict=False, allow_no_value=True)
    try:
        parser.read_string(text)
    except configparser.Error as exc:
        problems.append(
            f"not readable as a Planet's configuration from here on: {' '.join(str(exc).split())}"
        )
    for section in parser.sections():
        if _URL.fullmatch(section):
            yield Subscription(url=section, title=_title(parser.get(section, "name", fallback=None)))


def _lines(text: str, problems: list[str]) -> Iterator[Subscription]:
    """Read newsboat's urls (address, tags, a title after "~"), or one address a line."""
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            url, *words = shlex.split(line)
        except ValueError:
            url, *words = line.split()
        if not _URL.fullmatch(url):
            problems.append(f"line {number}: {url[:100]!r} is no address of a feed: left out")
            continue
        titles = [word[1:] for word in words if word.startswith("~")]
        tags = [word for word in words if not word.startswith(("~", "!"))]
        yield Subscription(url=url, title=_title(titles[0] if titles else None), tags=_tags(tags))
