"""The allow-list: which elements, attributes and values may stand in safe HTML.

Not in it on purpose: `style` and `class` (the publisher's design is not the reader's), `id` and `name`
(they clash with the page of whoever shows the entry, and clobber its scripts), every `on…` handler,
`target`, `download`, forms, and SVG (see `rewrite`). Direction and language are: without them
right-to-left and mixed texts cannot be read.
"""

import re
from collections.abc import Callable

from aggregator.urls import LINK_SCHEMES, absolute

TEXT_TAGS = (
    "a abbr acronym b bdi bdo big br cite code data del dfn em i ins kbd mark q rb rp rt rtc ruby s samp small"
    " span strike strong sub sup time tt u var wbr"
)
BLOCK_TAGS = (
    "address article aside blockquote center dd details div dl dt figcaption figure footer h1 h2 h3 h4 h5 h6"
    " header hgroup hr li main menu nav ol p pre section summary ul"
)
TABLE_TAGS = "caption col colgroup table tbody td tfoot th thead tr"
MEDIA_TAGS = "audio img picture source video"
# MathML Core without what holds or leads to anything else: annotation-xml, maction, mglyph, malignmark.
FORMULA_TAGS = (
    "merror mfrac mi mmultiscripts mn mo mover mpadded mphantom mprescripts mroot mrow ms mspace msqrt mstyle"
    " msub msubsup msup mtable mtd mtext mtr munder munderover none semantics"
)
TAGS = frozenset(f"{TEXT_TAGS} {BLOCK_TAGS} {TABLE_TAGS} {MEDIA_TAGS} math {FORMULA_TAGS}".split())

_OPERATOR_ATTRIBUTES = (
    "accent fence form largeop lspace maxsize minsize movablelimits rspace separator stretchy symmetric"
)
_FORMULA_ATTRIBUTES = {
    "mfrac": {"linethickness"},
    "mi": {"mathvariant"},
    "mo": set(_OPERATOR_ATTRIBUTES.split()),
    "mover": {"accent"},
    "mpadded": {"depth", "height", "lspace", "voffset", "width"},
    "mspace": {"depth", "height", "width"},
    "mstyle": {"displaystyle", "scriptlevel"},
    "mtd": {"columnspan", "rowspan"},
    "munder": {"accentunder"},
    "munderover": {"accent", "accentunder"},
}
ATTRIBUTES: dict[str, set[str]] = {
    "*": {"dir", "lang", "title"},
    "a": {"href", "hreflang"},
    "audio": {"src"},
    "blockquote": {"cite"},
    "col": {"span"},
    "colgroup": {"span"},
    "data": {"value"},
    "del": {"cite", "datetime"},
    "details": {"open"},
    "img": {"alt", "height", "sizes", "src", "srcset", "width"},
    "ins": {"cite", "datetime"},
    "li": {"value"},
    "math": {"alttext", "display"},
    "ol": {"reversed", "start", "type"},
    "q": {"cite"},
    "source": {"height", "media", "sizes", "src", "srcset", "type", "width"},
    "td": {"colspan", "rowspan"},
    "th": {"abbr", "colspan", "rowspan", "scope"},
    "time": {"datetime"},
    "video": {"height", "poster", "src", "width"},
    **_FORMULA_ATTRIBUTES,
}
FORCED_ATTRIBUTES = {"audio": {"controls": ""}, "video": {"controls": ""}}
LINK_REL = "noopener noreferrer"
MEDIA_SCHEMES = frozenset({"http", "https"})
MAX_CANDIDATES = 50  # of a srcset

_NUMBER = re.compile(r"-?\d{1,5}", re.ASCII)
# HTML §2.3.4.4: "12px" and "12.5" are read as 12 and 12.5 by browsers.
_DIMENSION = re.compile(r"\s*(\d{1,5})(?:\.\d+)?\s*(%|)(?:px)?\s*", re.ASCII)
_LANGUAGE = re.compile(r"[A-Za-z0-9]{1,8}(?:-[A-Za-z0-9]{1,8}){0,7}|")
# Of a srcset stripped of commas and white space at its ends (HTML §4.8.4.2.1): address, descriptor.
_CANDIDATE = re.compile(r"[\s,]*+(\S*[^\s,])(?:,|\s+([^,]*)(?:,|$)|$)")
_DESCRIPTOR = re.compile(r"\d{1,6}(?:\.\d{1,6})?[wxh]", re.ASCII)


_Rule = Callable[[str, str | None], str | None]


def kept(tag: str, name: str, value: str, *, base: str | None = None) -> str | None:
    """Return what becomes of the value of an attribute in `ATTRIBUTES`; None when it has to go.

    Once absolute, an address needs no `base`: what was returned is returned again as it is.
    """
    rule = _RULES_OF_TAGS.get(tag, _RULES).get(name)
    return value if rule is None else rule(value, base)


def media_address(url: str, base: str | None) -> str | None:
    """Return the absolute address of what a page loads by itself, or None."""
    return _address(url, base, MEDIA_SCHEMES)


def _link_address(url: str, base: str | None) -> str | None:
    return _address(url, base, LINK_SCHEMES)


def _address(url: str, base: str | None, schemes: frozenset[str]) -> str | None:
    found = absolute(base, url)
    return found if found is not None and found.partition(":")[0] in schemes else None


def _candidates(srcset: str, base: str | None) -> str | None:
    """Make the candidates of a srcset absolute, leaving out those that cannot be."""
    found = []
    for candidate in _CANDIDATE.finditer(srcset.strip(" \t\n\r\f,")):
        url, descriptor = media_address(candidate[1], base), (candidate[2] or "").strip()
        if url is not None and (not descriptor or _DESCRIPTOR.fullmatch(descriptor)):
            # A comma at its end would be taken for the one that parts candidates.
            found.append(f"{url.rstrip(',')} {descriptor}".strip())
        if len(found) == MAX_CANDIDATES:
            break
    return ", ".join(found) or None


def _number(value: str, _base: str | None) -> str | None:
    return value if _NUMBER.fullmatch(value) else None


def _dimension(value: str, _base: str | None) -> str | None:
    found = _DIMENSION.fullmatch(value)
    return found[1] + found[2] if found else None


def _language(value: str, _base: str | None) -> str | None:
    tag = value.strip().replace("_", "-")  # en_US is common
    return tag if _LANGUAGE.fullmatch(tag) else None


def _one_of(words: str) -> _Rule:
    known = frozenset(words.split())
    return lambda value, _base: value if value in known else None


def _direction(value: str, _base: str | None) -> str | None:
    word = value.strip().lower()
    return word if word in {"ltr", "rtl", "auto"} else None


def _as_it_is(value: str, _base: str | None) -> str:
    return value


_RULES: dict[str, _Rule] = {  # by attribute, or by element and attribute; without a rule every value will do
    "cite": media_address,
    "colspan": _number,
    "columnspan": _number,
    "dir": _direction,
    "height": _dimension,
    "href": _link_address,
    "hreflang": _language,
    "lang": _language,
    "math display": _one_of("block inline"),
    "mpadded height": _as_it_is,  # lengths with units: "0.2em", "+1ex"
    "mpadded width": _as_it_is,
    "mspace height": _as_it_is,
    "mspace width": _as_it_is,
    "ol type": _one_of("1 a A i I"),
    "poster": media_address,
    "rowspan": _number,
    "span": _number,
    "src": media_address,
    "srcset": _candidates,
    "start": _number,
    "width": _dimension,
}
_RULES_OF_TAGS = {
    tag: _RULES
    | {name.removeprefix(f"{tag} "): rule for name, rule in _RULES.items() if name.startswith(f"{tag} ")}
    for tag in {name.partition(" ")[0] for name in _RULES if " " in name}
}
