"""HTML of strangers, made safe to show: an allow-list of elements, attributes and schemes."""

import re
from collections.abc import Callable
from functools import lru_cache
from html import unescape

import nh3

from aggregator.html.bounds import MAX_HTML_LENGTH, is_too_deep, shortened, stripped
from aggregator.html.text import UNREAD_TAGS, escape_text, plain_text, without_noscript, xml_safe
from aggregator.urls import LINK_SCHEMES, absolute

MAX_PASSES = 6  # of a document through the parser until it no longer changes
TRACKING_PIXEL_SIZES = frozenset({"0", "1"})  # pixels, on both sides

TEXT_TAGS = (
    "a abbr b bdi br cite code data del dfn em i ins kbd mark q rp rt ruby s samp small span strike"
    " strong sub sup time tt u var wbr"
)
BLOCK_TAGS = (
    "address article aside blockquote center dd details div dl dt figcaption figure footer h1 h2 h3 h4 h5 h6"
    " header hgroup hr li main nav ol p pre section summary ul"
)
TABLE_TAGS = "caption col colgroup table tbody td tfoot th thead tr"
MEDIA_TAGS = "audio img picture source video"
ATTRIBUTES = {
    "*": {"dir", "lang", "title"},
    "a": {"href", "hreflang"},
    "audio": {"src"},
    "blockquote": {"cite"},
    "col": {"span"},
    "colgroup": {"span"},
    "data": {"value"},
    "del": {"cite", "datetime"},
    "details": {"open"},
    "iframe": {"src"},
    "img": {"alt", "height", "src", "srcset", "width"},
    "ins": {"cite", "datetime"},
    "li": {"value"},
    "ol": {"reversed", "start"},
    "q": {"cite"},
    "source": {"height", "media", "sizes", "src", "srcset", "type", "width"},
    "td": {"colspan", "rowspan"},
    "th": {"abbr", "colspan", "rowspan", "scope"},
    "time": {"datetime"},
    "video": {"height", "poster", "src", "width"},
}
_MEDIA_SCHEMES = frozenset({"http", "https"})
_NUMERIC = frozenset({"colspan", "height", "rowspan", "span", "start", "width"})
_NUMBER = re.compile(r"-?\d{1,5}%?", re.ASCII)
_DESCRIPTOR = re.compile(r"\d{1,6}(?:\.\d{1,6})?[wxh]", re.ASCII)

# Over nh3's own output only, where text has no bare `<` and attribute values no bare `"`.
_ATTRIBUTE = re.compile(r' ([a-z]+)="([^"]*)"')
_IMAGE = re.compile(r'<img((?: [a-z]+="[^"]*")*)>')
_FRAME = re.compile(r'<iframe((?: [a-z]+="[^"]*")*)>[^<]*(?:<(?!/iframe>)[^<]*)*</iframe>')
_BREAKS = str.maketrans({"\r": "\n", "\f": " "})


def sanitise(html: str, *, base: str | None = None) -> str:
    """Return safe, well-formed HTML with absolute links; running it again changes nothing.

    Links and images that cannot be made absolute with `base` are dropped, as are scripts, styles,
    SVG, MathML, tracking pixels and data: URLs; an embedded frame becomes a link to it.
    """
    html = _plain_breaks(shortened(html))
    cleaner = _cleaner(base)
    settled = _settled(html, cleaner)
    while len(settled) > MAX_HTML_LENGTH:  # grown by escapes and absolute links: would be cut next time
        html = html[: len(html) * 9 * MAX_HTML_LENGTH // (10 * len(settled))]
        settled = _settled(html, cleaner)
    return settled


def _settled(html: str, cleaner: nh3.Cleaner) -> str:
    """Clean until nothing changes.

    Leaving out one element may put others where a parser would not leave them (a <p> in a <p>), and
    our own edits must pass the cleaner too: only what stands still is returned.
    """
    if is_too_deep(html):
        html = escape_text(unescape(stripped(html)))
    for _ in range(MAX_PASSES):
        cleaned = _without_newline_loss(_plain_breaks(cleaner.clean(without_noscript(html))))
        edited = _edited(cleaned)
        if html == cleaned == edited and not is_too_deep(html):
            return html
        html = edited
    return cleaner.clean(escape_text(plain_text(html)))


def _plain_breaks(html: str) -> str:
    r"""Make every line break `\n`, as parsers do with `\r`, and remove what XML forbids."""
    return xml_safe(html.replace("\r\n", "\n").translate(_BREAKS))


def _without_newline_loss(html: str) -> str:
    """Double the line break that starts a <pre>, as a parser drops one (HTML §13.1.2.5)."""
    return re.sub(r"(<pre(?: [a-z]+=\"[^\"]*\")*>)\n", r"\1\n\n", html) if "<pre" in html else html


def _edited(html: str) -> str:
    """Make the changes an allow-list cannot express."""
    if "<iframe" in html:
        html = _FRAME.sub(_linked, html)
    return _IMAGE.sub(_seen, html) if "<img" in html else html


def _linked(frame: re.Match[str]) -> str:
    address = dict(_ATTRIBUTE.findall(frame[1])).get("src")
    return f'<a href="{address}">{address}</a>' if address else ""


def _seen(image: re.Match[str]) -> str:
    """Return an image, or nothing for one without address and for a tracking pixel."""
    said = dict(_ATTRIBUTE.findall(image[1]))
    sizes = {said.get("width"), said.get("height")}
    return image[0] if ("src" in said or "srcset" in said) and not sizes <= TRACKING_PIXEL_SIZES else ""


# --- the allow-list


@lru_cache(maxsize=64)
def _cleaner(base: str | None) -> nh3.Cleaner:
    return nh3.Cleaner(
        tags={*TEXT_TAGS.split(), *BLOCK_TAGS.split(), *TABLE_TAGS.split(), *MEDIA_TAGS.split(), "iframe"},
        clean_content_tags=set(UNREAD_TAGS.split()) - {"iframe", "object"},
        attributes=ATTRIBUTES,
        attribute_filter=_filter(base),
        set_tag_attribute_values={"audio": {"controls": ""}, "video": {"controls": ""}},
        url_schemes=set(LINK_SCHEMES),
        link_rel="noopener noreferrer",
    )


def _filter(base: str | None) -> Callable[[str, str, str], str | None]:
    """Return what decides about one attribute: its value to keep, or None."""

    def address(url: str, schemes: frozenset[str]) -> str | None:
        found = absolute(base, url)
        return found if found is not None and found.partition(":")[0] in schemes else None

    def decide(_tag: str, name: str, value: str) -> str | None:
        if name == "href":
            return address(value, LINK_SCHEMES)
        if name in {"src", "poster", "cite"}:
            return address(value, _MEDIA_SCHEMES)
        if name == "srcset":
            return _candidates(value, lambda url: address(url, _MEDIA_SCHEMES))
        if name in _NUMERIC:
            return value if _NUMBER.fullmatch(value) else None
        return value

    return decide


def _candidates(srcset: str, address: Callable[[str], str | None]) -> str | None:
    """Make the candidates of a srcset (HTML §4.8.4.2.1) absolute, leaving out those that cannot be."""
    kept = []
    words = srcset.split()
    while words:
        url = words.pop(0)
        descriptor = ""
        if not url.endswith(",") and words:
            descriptor, comma, rest = words.pop(0).partition(",")
            if comma and rest:
                words.insert(0, rest)
        found = address(url.strip(","))
        if found is not None and (not descriptor or _DESCRIPTOR.fullmatch(descriptor)):
            kept.append(f"{found} {descriptor}".strip())
    return ", ".join(kept) or None
