"""The line "Posted: 14.11.2023 11:33:00" with which some texts begin."""

import re
from html import unescape

MAX_POSTED_LENGTH = 100  # characters of the line as read
MAX_LEAD_LENGTH = 2_000  # characters of HTML in which it must end

LABELS = (
    "posted published опубликовано опубліковано апублікавана veröffentlicht publié publicado pubblicato"
    " opublikowano gepubliceerd"
)
INLINE_TAGS = "a abbr b bdi bdo cite code data em i mark s small span strong sub sup time tt u var"
CONTAINER_TAGS = "address article aside blockquote div footer header main p pre section"

_ANY_LABEL = "|".join(LABELS.split())
_INLINE = frozenset(INLINE_TAGS.split())
_CONTAINERS = frozenset(CONTAINER_TAGS.split())
_LINE = re.compile(rf"(?:{_ANY_LABEL})(?: (?:on|at|am|le|el|il))? ?: ?(.*\d\D+\d.*)", re.IGNORECASE)
_INITIALS = "".join(sorted({label[0] for label in LABELS.split()}))
_MAYBE = re.compile(
    rf'(?:</?[a-z0-9]+(?: [a-z]+="[^"]*")*>|\s|&nbsp;)*+[{_INITIALS}]', re.IGNORECASE
)  # how HTML with such a line begins
_PIECE = re.compile(r'<(/?)([a-z0-9]+)(?: [a-z]+="[^"]*")*>|[^<]+')  # of safe HTML only
_BREAKS = re.compile(r"(?:\s*<br>)*\s*")


def posted_date(line: str) -> str | None:
    """Return the date of a line of plain text "Posted: …"; None when it is no such line."""
    return None if len(line) > MAX_POSTED_LENGTH else _date_of(line)


def lift_posted(html: str) -> tuple[str | None, str]:
    """Split the date of a leading "Posted: …" line from safe HTML: (date text, HTML without that line).

    The line is a paragraph of its own, or ends at the first <br>, block or line break. Without one
    the HTML comes back as it is. Whether the text is a date is not judged here.
    """
    lead = html[:MAX_LEAD_LENGTH]
    if _MAYBE.match(lead) is None:
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
    found = _LINE.fullmatch(" ".join(unescape(line).split()))
    return None if found is None else found[1]
