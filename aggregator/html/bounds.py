"""What one document may cost: HTML5 parsing is quadratic in depth, so depth is judged beforehand."""

import re

MAX_HTML_LENGTH = 500_000  # characters; what goes beyond is cut off. The worst of that size takes seconds
MAX_DEPTH = 500  # elements inside each other, as counted by `is_too_deep`

# Not counted: they hold nothing, or the next of their kind ends them.
_VOID = "area base br col embed frame hr image img input keygen link meta param source track wbr"
_ENDED_BY_NEXT = "caption colgroup dd dt li optgroup option p rp rt tbody td tfoot th thead tr"
_FLAT = frozenset(f"{_VOID} {_ENDED_BY_NEXT}".split())
_SVG_LEAVES = frozenset(
    {"circle", "ellipse", "image", "line", "path", "polygon", "polyline", "rect", "stop", "use"}
)

_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/<>]*)([^<>]*)")
_INLINE_DATA = re.compile(r"data:[a-z]{1,20}/[a-z0-9.+-]{1,60};base64,[A-Za-z0-9+/=]+")
_CODE_TAG = re.compile(r"<(/?)(script|style)\b[^<>]*>?", re.IGNORECASE)
_ANY_TAG = re.compile(r"<[^<>]*>?")


def shortened(html: str) -> str:
    """Cut to `MAX_HTML_LENGTH`; inlined images, which are dropped anyway, go first."""
    if len(html) <= MAX_HTML_LENGTH:
        return html
    return _INLINE_DATA.sub("", html)[:MAX_HTML_LENGTH]


def is_too_deep(html: str) -> bool:
    """Whether more than `MAX_DEPTH` elements seem to be open at once. Linear, without a parser."""
    tags = html.count("<")
    if tags <= MAX_DEPTH or tags - html.count("</") <= MAX_DEPTH:
        return False
    depth = 0
    for found in _TAG.finditer(html):
        closing, name, rest = found.groups()
        name = name.lower()
        if name in _FLAT or (name in _SVG_LEAVES and rest.endswith("/")):
            continue
        depth = max(depth - 1, 0) if closing else depth + 1
        if depth > MAX_DEPTH:
            return True
    return False


def stripped(html: str) -> str:
    """Return what is left without tags, scripts and styles, entities as they are: for what is too deep."""
    kept, start, inside = [], 0, ""
    for found in _CODE_TAG.finditer(html):
        closing, name = found[1], found[2].lower()
        if not inside and not closing:
            kept.append(html[start : found.start()])
            inside = name
        elif closing and inside == name:
            start, inside = found.end(), ""
    if not inside:
        kept.append(html[start:])
    return _ANY_TAG.sub("\n\n", "".join(kept))
