"""Safe HTML line by line, as one reads it: its words, where its links lead, which pictures it has.

Not for showing: what only decides how it looks (emphasis, sizes, order of attributes) is left out.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape

from aggregator.html.text import LINE_TAGS

STRUCK = "~~"  # stands around what is struck out: a correction is no matter of looks

_LINE_TAGS = frozenset(f"{LINE_TAGS} tr".split())
_CELL_TAGS = frozenset({"td", "th"})
_STRUCK_TAGS = frozenset({"del", "s", "strike"})
_MEDIA_TAGS = frozenset({"audio", "img", "source", "video"})
# Over what `sanitise` returns only, where text has no bare `<` and attribute values no bare `"`.
_TAG = re.compile(r'<(/?)([a-z][a-z0-9-]*)((?: [a-z][a-z:-]*="[^"]*")*)>')
_ATTRIBUTE = re.compile(r' ([a-z:-]+)="([^"]*)"')


@dataclass(slots=True)
class Line:
    """A line of an entry; `alone` is what of its text stands outside of links."""

    text: str = ""
    alone: str = ""
    links: list[str] = field(default_factory=list)
    media: list[str] = field(default_factory=list)

    @property
    def is_blank(self) -> bool:
        return not self.text.strip() and not self.links and not self.media


def lines(html: str) -> Iterator[Line]:
    """Yield the lines of safe HTML that say or show anything. Linear."""
    line, position, is_linked = Line(), 0, False
    for tag in _TAG.finditer(html):
        _say(line, unescape(html[position : tag.start()]), is_linked=is_linked)
        position = tag.end()
        closing, name, written = tag.groups()
        if name in _LINE_TAGS:
            if not line.is_blank:
                yield line
            line = Line()
        elif name in _CELL_TAGS:
            _say(line, " ", is_linked=False)
        elif name in _STRUCK_TAGS:
            _say(line, STRUCK, is_linked=is_linked)
        elif name == "a":
            is_linked = not closing
        if not closing and (name == "a" or name in _MEDIA_TAGS):
            _lead(line, {key: unescape(value) for key, value in _ATTRIBUTE.findall(written)})
    _say(line, unescape(html[position:]), is_linked=is_linked)
    if not line.is_blank:
        yield line


def _say(line: Line, text: str, *, is_linked: bool) -> None:
    line.text += text
    if not is_linked:
        line.alone += text


def _lead(line: Line, attributes: dict[str, str]) -> None:
    """Note where an element leads. Candidates of a srcset are one picture in many sizes."""
    if "href" in attributes:
        line.links.append(attributes["href"])
    if "src" in attributes:
        line.media.append(attributes["src"])
    line.text += attributes.get("alt", "")
