"""Plain text: out of HTML, into HTML, and legal in XML."""

import re
from html import escape, unescape

import nh3

from aggregator.html.bounds import is_too_deep, shortened, stripped

# Their contents are not for reading; SVG and MathML lose their meaning without their markup.
UNREAD_TAGS = (
    "applet canvas datalist head iframe math noembed noframes object script select style svg template"
    " textarea title xmp"
)
LINE_TAGS = (
    "address article aside blockquote br caption center dd details dialog dir div dl dt fieldset figcaption"
    " figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr legend li main menu nav ol p pre section summary"
    " table tbody tfoot thead tr ul"
)

_FORBIDDEN = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0 §2.2
_NOSCRIPT = re.compile(r"</?noscript[^<>]*>", re.IGNORECASE)
_CELL = re.compile(r"</?t[dh]>")
_TAG = re.compile(r"<[^<>]*>")
_BLANK_LINE = re.compile(r"\n[ \t]*\n\s*")
_STRUCTURE = nh3.Cleaner(
    tags={*LINE_TAGS.split(), "td", "th"},
    clean_content_tags=set(UNREAD_TAGS.split()),
    attributes={},
    link_rel=None,
)


def xml_safe(text: str) -> str:
    """Remove the characters that XML 1.0 forbids, lone surrogates among them."""
    return text if text.isprintable() else _FORBIDDEN.sub("", text)


def without_noscript(html: str) -> str:
    """Remove the tags around what is shown without scripts, which a parser takes for text otherwise."""
    return _NOSCRIPT.sub("", html) if "oscript" in html or "OSCRIPT" in html else html


def plain_text(html: str) -> str:
    """Return what a reader sees, one line per paragraph, list item or table row, white space folded."""
    html = _folded(xml_safe(shortened(html)))
    if "<" not in html and "&" not in html:
        return html
    if is_too_deep(html):
        marked = stripped(html)
    else:
        # Without attributes and with text escaped, every `<…>` that comes back is a tag.
        marked = _folded(_STRUCTURE.clean(without_noscript(html)))
        marked = _TAG.sub("\n", _CELL.sub(" ", marked))
    lines = (_folded(line) for line in xml_safe(unescape(marked)).split("\n"))
    return "\n".join(filter(None, lines))


def _folded(text: str) -> str:
    return " ".join(text.split())


def escape_text(text: str) -> str:
    """Return plain text as HTML: a blank line parts paragraphs, a line break stays one."""
    text = xml_safe(text.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if not text:
        return ""
    paragraphs = (escape(part.strip(), quote=False) for part in _BLANK_LINE.split(text))
    return "".join(f"<p>{part}</p>".replace("\n", "<br>") for part in paragraphs if part)
