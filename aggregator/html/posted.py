"""The line "Posted: 14.11.2023 11:33:00" with which some texts begin."""

import re
from collections.abc import Iterator
from html import unescape
from typing import NamedTuple

from aggregator.dates import is_date
from aggregator.html.labels import MOST_WORDS, START_LETTERS, languages_of, may_begin

MAX_POSTED_LENGTH = 100  # characters of the line as read
MAX_LEAD_LENGTH = 2_000  # characters of HTML in which it must end

INLINE_TAGS = "a abbr b bdi bdo cite code data em i mark s small span strong sub sup time tt u var"
CONTAINER_TAGS = "address article aside blockquote div footer header main p pre section"

_INLINE = frozenset(INLINE_TAGS.split())
_CONTAINERS = frozenset(CONTAINER_TAGS.split())
_COLON = re.compile(r" ?[:：﹕︓] ?")
_NUMBERS = re.compile(r"\d\D+\d")
_WORD = re.compile(r"[^\W\d_TZ]|[TZ]{2}")
_DAY = re.compile(r"(?<!\d)\d{1,4}([./-])\d{1,2}\1\d{1,4}(?!\d)")
_YEAR_OR_TIME = re.compile(r"(?<!\d)\d{4}(?!\d)|\d:\d\d")
_EMPHASIS = re.compile(r"(?<![^\W_])[*_]+|[*_]+(?![^\W_])")  # of Markdown
_PIECE = re.compile(r'<(/?)([a-z0-9]+)(?: [a-z]+="[^"]*")*>|[^<]+')  # of safe HTML only
# Read as `_PIECE` reads it, up to what a line may have for its first letters; emphasis and apostrophes are none.
_START = re.compile(
    rf"""(?:</?[a-z0-9]+(?: [a-z]+="[^"]*")*>|[\s<*_'`])*+([A-Za-z]{{{START_LETTERS}}}|.)""", re.DOTALL
)
_BREAKS = re.compile(r"(?:\s*<br>)*\s*")


class Posted(NamedTuple):
    """The date that such a line says, and the language of its label, where that is one."""

    date: str
    language: str | None


def posted_line(line: str, *, needs_colon: bool = False) -> Posted | None:
    """Return what a line of plain text "Posted: …" says; None when it is no such line.

    Behind a colon stands what looks like a date, readable or not. Without one ("Publié le 14 novembre 2023")
    the rest of the line must be a date with its year or a time of day; `needs_colon` takes no such line.
    """
    if len(line) > MAX_POSTED_LENGTH or _NUMBERS.search(line) is None:
        return None
    line = " ".join(_EMPHASIS.sub("", unescape(line)).split())
    head, *rest = _COLON.split(line, maxsplit=1)
    languages = languages_of(head) if rest else frozenset[str]()
    if languages:
        return _said(rest[0], languages) if _looks_like_date(rest[0], languages) else None
    if needs_colon:
        return None
    for head, behind in _divided(line):
        languages, date = languages_of(head), behind.lstrip(" ,|–—-")
        if languages and _YEAR_OR_TIME.search(date) and _is_date(date, languages):
            return _said(date, languages)
    return None


def _said(date: str, languages: frozenset[str]) -> Posted:
    return Posted(date, next(iter(languages)) if len(languages) == 1 else None)


def _looks_like_date(text: str, languages: frozenset[str]) -> bool:
    """Whether it may be meant as a date, so that its source should be told when it cannot be read."""
    if _NUMBERS.search(text) is None:
        return False
    return _WORD.search(text) is None or _DAY.search(text) is not None or _is_date(text, languages)


def _is_date(text: str, languages: frozenset[str]) -> bool:
    return any(is_date(text, language) for language in sorted(languages))


def _divided(line: str) -> Iterator[tuple[str, str]]:
    """Yield the ways to divide a line into label and date, long labels first: at a space, or the first digit."""
    words = line.split(" ")
    for n in range(min(MOST_WORDS, len(words) - 1), 0, -1):
        yield " ".join(words[:n]), " ".join(words[n:])
    digit = next((n for n, character in enumerate(line) if character.isdecimal()), None)
    if digit is not None:  # all the others were in references to characters
        yield line[:digit], line[digit:]


def lift_posted(html: str) -> tuple[str | None, str]:
    """Split the date of a leading "Posted: …" line from safe HTML: (date text, HTML without that line).

    The line is a paragraph of its own, or ends at the first <br>, block or line break. Without one
    the HTML comes back as it is. Whether the text is a date is not judged here.
    """
    lead = html[:MAX_LEAD_LENGTH]
    start = _START.match(lead)
    if start is None or not (start[1] == "&" or may_begin(start[1])):
        return None, html
    opened: list[tuple[str, str]] = []  # name and tag of what the line stands in
    line = ""
    for piece in _PIECE.finditer(lead):
        closing, name = piece[1], piece[2]
        if name is None:
            end = _line_end(line, piece[0])
            line += piece[0][:end]
            if end is not None:
                return _lifted(html, line, opened, piece.start() + end)
        elif name in _INLINE or not line.strip():
            if name not in _INLINE | _CONTAINERS | {"br"}:
                return None, html  # an image, a list, a table: not a line of text
            _enter_or_leave(opened, name, closing, piece[0])
        else:
            if name == "br" or closing:
                _enter_or_leave(opened, name, closing, piece[0])
            return _lifted(html, line, opened, piece.end() if name == "br" or closing else piece.start())
        if len(line) > MAX_POSTED_LENGTH:
            return None, html
    return _lifted(html, line, opened, len(html)) if len(html) == len(lead) else (None, html)


def _line_end(line: str, text: str) -> int | None:
    """Return where in `text` a line break ends the line that has begun with `line`, if one does."""
    end = text.find("\n")
    while end >= 0 and not (line + text[:end]).strip():
        end = text.find("\n", end + 1)
    return end if end >= 0 and text[end:].strip() and _date_of(line + text[:end]) else None


def _enter_or_leave(opened: list[tuple[str, str]], name: str, closing: str, tag: str) -> None:
    if not closing and name != "br":
        opened.append((name, tag))
    elif closing and opened and opened[-1][0] == name:
        opened.pop()


def _lifted(html: str, line: str, opened: list[tuple[str, str]], end: int) -> tuple[str | None, str]:
    """Leave out the line up to `end`; what it stood in and goes on stays open."""
    date = _date_of(line)
    if date is None:
        return None, html
    rest = html[end:]
    blank = _BREAKS.match(rest)
    return date, "".join(tag for _, tag in opened) + rest[blank.end() if blank else 0 :]


def _date_of(line: str) -> str | None:
    found = posted_line(line)
    return None if found is None else found.date
