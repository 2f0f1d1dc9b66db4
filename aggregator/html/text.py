"""Plain text: out of HTML, into HTML, and legal in XML."""

import re
from html import escape, unescape

import nh3

from aggregator.html.allowed import FORMULA_TAGS
from aggregator.html.bounds import is_too_deep, shortened, stripped

# Their contents are not for reading. An SVG loses its meaning without its markup; of a formula it is the
# annotations, which say it again in another notation.
UNREAD_TAGS = (
    "annotation annotation-xml applet canvas datalist head iframe noembed noframes object script select style svg"
    " template textarea title xmp"
)
LINE_TAGS = (
    "address article aside blockquote br caption center dd details dialog dir div dl dt fieldset figcaption"
    " figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr legend li main menu nav ol p pre section summary"
    " table tbody tfoot thead tr ul"
)

# What else leaves a mark in plain text; <rp> is the author's own parentheses around <rt>.
_MARKS = {
    "<li>": "\n• ",
    "</li>": "\n",
    "<q>": "“",
    "</q>": "”",
    "<rt>": "(",
    "</rt>": ")",
    **dict.fromkeys(("<td>", "</td>", "<th>", "</th>"), " "),
}
_MARKED_TAGS = {*LINE_TAGS.split(), "q", "rt", "td", "th"}
_MARKS_OF_TAGS = {tag: "\n" for name in _MARKED_TAGS for tag in (f"<{name}>", f"</{name}>")} | _MARKS

_FORBIDDEN = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0 §2.2
_CONTROLS = tuple(set(range(0x20)) - set(b"\t\n\r"))
_NOSCRIPT = re.compile(r"</?noscript[^<>]*>", re.IGNORECASE)
_PRE = re.compile(r"(<pre(?: [a-z]+=\"[^\"]*\")*>)\n")
_TAG = re.compile(r"<[^<>]*>")
_ANY_TAG = re.compile(r'<(/?)([a-z][a-z0-9-]*)(?: [a-z][a-z:-]*="[^"]*")*>')  # of safe HTML
_PARAGRAPH_ITEM = re.compile(r"<li>(?:\s*<(?:p|div|article|section)>)+")  # the bullet stands before the text
_EMPTY_ITEM = re.compile(r"<li>(?=\s*</?(?:li|[uo]l)>)")
_BLANK_LINE = re.compile(r"\n[ \t]*\n\s*")
_ALTERNATIVE = re.compile(r'<img alt="([^"]*)"')
_STRUCTURE = nh3.Cleaner(
    tags={*_MARKED_TAGS, "math", *FORMULA_TAGS.split()},
    clean_content_tags={*UNREAD_TAGS.split(), "rp"},
    attributes={},
    link_rel=None,
)
_PICTURES = nh3.Cleaner(
    tags={"img"}, clean_content_tags=set(UNREAD_TAGS.split()), attributes={"img": {"alt"}}, link_rel=None
)


def xml_safe(text: str) -> str:
    """Remove the characters that XML 1.0 forbids, lone surrogates among them."""
    return text if text.isprintable() or _is_xml(text) else _FORBIDDEN.sub("", text)


def _is_xml(text: str) -> bool:
    """Look for each by itself: that is memchr, and many times faster than a class of a regular expression."""
    try:
        written = text.encode()
    except UnicodeEncodeError:  # a lone surrogate
        return False
    return not any(map(written.__contains__, _CONTROLS)) and "\ufffe" not in text and "\uffff" not in text


def without_noscript(html: str) -> str:
    """Remove the tags around what is shown without scripts, which a parser takes for text otherwise."""
    return _NOSCRIPT.sub("", html) if "oscript" in html or "OSCRIPT" in html else html


def with_first_newline(html: str) -> str:
    """Double the line break that starts a <pre>, as a parser drops one (HTML §13.1.2.5)."""
    return _PRE.sub(r"\1\n\n", html) if "<pre" in html else html


def plain_text(html: str) -> str:
    """Return what a reader sees, one line per paragraph, list item or table row, white space folded.

    List items begin with a bullet, ruby stands in parentheses; of pictures without any text it is what
    their authors say instead. Direction marks stay: they are part of the text (Unicode UAX #9).
    """
    html = _folded(xml_safe(shortened(html)))
    if "<" not in html and "&" not in html:
        return html
    if is_too_deep(html):
        return _lines(xml_safe(unescape(stripped(html))))
    return _read(_STRUCTURE.clean(without_noscript(html)), html)


def safe_text(html: str) -> str:
    """Return the `plain_text` of safe HTML, without parsing it again: only its marked tags count."""
    if "<rp>" in html or "<rp " in html:  # which is left out with what it holds
        return plain_text(html)
    if "<li" in html:
        return _read(_ANY_TAG.sub(_bare, html), html)
    return _said(_ANY_TAG.sub(_mark, html.replace("\n", " ")), html)


def _bare(tag: re.Match[str]) -> str:
    """Write a tag without its attributes, or none where it leaves no mark."""
    return f"<{tag[1]}{tag[2]}>" if tag[2] in _MARKED_TAGS else ""


def _read(marked: str, html: str) -> str:
    """Read the structure of `html`: tags without attributes, and text escaped, so that every `<…>` is a tag."""
    marked = _EMPTY_ITEM.sub("", _PARAGRAPH_ITEM.sub("<li>", xml_safe(_folded(marked))))
    return _said(_TAG.sub(_mark, marked), html)


def _said(marked: str, html: str) -> str:
    """Return the lines of a text with marks for tags, where there are none what its pictures say."""
    text = _lines(unescape(marked))
    if not text and "<img" in html:
        text = _lines(xml_safe(unescape("\n".join(_ALTERNATIVE.findall(_PICTURES.clean(html))))))
    return text


def _lines(text: str) -> str:
    return "\n".join([line for part in text.split("\n") if (line := _folded(part))])


def _mark(tag: re.Match[str]) -> str:
    written = tag[0]
    mark = _MARKS_OF_TAGS.get(written)
    if mark is None:  # it has attributes, or leaves no mark
        name, blank, _ = written.partition(" ")
        mark = _MARKS_OF_TAGS.get(f"{name}>", "") if blank else ""
    return mark


def _folded(text: str) -> str:
    return " ".join(text.split())


def escape_text(text: str) -> str:
    """Return plain text as HTML: a blank line parts paragraphs, a line break stays one."""
    text = xml_safe(text.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if not text:
        return ""
    paragraphs = (escape(part.strip(), quote=False) for part in _BLANK_LINE.split(text))
    return "".join(f"<p>{part}</p>".replace("\n", "<br>") for part in paragraphs if part)
