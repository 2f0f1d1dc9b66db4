"""HTML of strangers, made safe to show.

A wide allow-list (`_READ`) lets through what `rewrite` needs to see, `rewrite` writes it as it is to be
shown, and only what the strict allow-list (`_SHOWN`) would not change by a single character is returned.
So safety rests on nh3's parser and on `allowed`, never on the regular expressions in between.
"""

import re
from html import unescape

import nh3

from aggregator.html.allowed import ATTRIBUTES, FORCED_ATTRIBUTES, LINK_REL, TAGS, kept
from aggregator.html.bounds import MAX_HTML_LENGTH, is_too_deep, shortened, stripped
from aggregator.html.rewrite import READ_ATTRIBUTES, READ_TAGS, rewritten
from aggregator.html.text import (
    UNREAD_TAGS,
    escape_text,
    plain_text,
    with_first_newline,
    without_noscript,
    xml_safe,
)
from aggregator.urls import LINK_SCHEMES

_ACTIVE = re.compile("[<>&\u00a0]")  # what a parser reads otherwise than it is written

MAX_PASSES = 6  # of a document through the parser until it no longer changes

_READ = nh3.Cleaner(
    tags=TAGS | set(READ_TAGS.split()),
    clean_content_tags=set(UNREAD_TAGS.split()) - set(READ_TAGS.split()),
    attributes={
        tag: ATTRIBUTES.get(tag, set()) | READ_ATTRIBUTES.get(tag, set())
        for tag in ATTRIBUTES | READ_ATTRIBUTES
    },
    set_tag_attribute_values=FORCED_ATTRIBUTES,
    url_schemes=set(LINK_SCHEMES),
    link_rel=LINK_REL,
)
_SHOWN = nh3.Cleaner(
    tags=set(TAGS),
    clean_content_tags=set(UNREAD_TAGS.split()),
    attributes=ATTRIBUTES,
    attribute_filter=kept,
    set_tag_attribute_values=FORCED_ATTRIBUTES,
    url_schemes=set(LINK_SCHEMES),
    link_rel=LINK_REL,
)


def sanitise(html: str, *, base: str | None = None) -> str:
    """Return safe, well-formed HTML with absolute links; running it again changes nothing.

    Links and images that cannot be made absolute with `base` are dropped, as are scripts, styles,
    tracking pixels and data: URLs. An embedded frame or player becomes a link to it, an SVG its
    accessible name; MathML stays. A <base> inside is never obeyed.
    """
    html = _plain_breaks(shortened(html))
    if _ACTIVE.search(html) is None:
        return html
    settled = _settled(html, base)
    while len(settled) > MAX_HTML_LENGTH:  # grown by escapes and absolute links: would be cut next time
        html = html[: len(html) * 9 * MAX_HTML_LENGTH // (10 * len(settled))]
        settled = _settled(html, base)
    return settled


def _settled(html: str, base: str | None) -> str:
    """Rewrite until nothing changes.

    Leaving out one element may put others where a parser would not leave them (a <p> in a <p>), and
    what `rewritten` writes must pass the cleaner too: only what stands still is returned.
    """
    if is_too_deep(html):
        html = escape_text(unescape(stripped(html)))
    if base is not None:  # as published, so there will be something to write; what we stored comes without
        html = rewritten(_cleaned(_READ, html), base)
    elif html != rewritten(html, None):
        html = rewritten(_cleaned(_READ, html), None)
    for _ in range(MAX_PASSES):  # writing anew what was written changes nothing
        if _is_shown_as_it_is(html):
            return html
        html = rewritten(_cleaned(_READ, html), base)
    return _SHOWN.clean(escape_text(plain_text(html)))


def _is_shown_as_it_is(html: str) -> bool:
    return _cleaned(_SHOWN, html) == html and not is_too_deep(html)


def _cleaned(cleaner: nh3.Cleaner, html: str) -> str:
    """Clean what has plain breaks; only a reference to a character brings others back."""
    cleaned = cleaner.clean(without_noscript(html))
    return with_first_newline(_plain_breaks(cleaned) if "&#" in html else cleaned)


def _plain_breaks(html: str) -> str:
    r"""Make every line break `\n`, as parsers do with `\r`, and remove what XML forbids."""
    return xml_safe(html.replace("\r\n", "\n").replace("\r", "\n").replace("\f", " "))
