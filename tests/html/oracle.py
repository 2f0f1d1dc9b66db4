"""What is active in HTML, judged by a browser-grade parser that is not the sanitiser's.

The lists are written out a second time on purpose: what slips into the allow-list by mistake is found here.
"""

import json
from collections.abc import Iterator
from typing import Any

import html5lib
from lxml import etree

from aggregator.model import Document

_HTML = "{http://www.w3.org/1999/xhtml}"
_MATHML = "{http://www.w3.org/1998/Math/MathML}"
_HTML_NAMES = (
    "a abbr acronym address article aside audio b bdi bdo big blockquote br caption center cite code col colgroup"
    " data dd del details dfn div dl dt em figcaption figure footer h1 h2 h3 h4 h5 h6 header hgroup hr i img ins"
    " kbd li main mark menu nav ol p picture pre q rb rp rt rtc ruby s samp section small source span strike"
    " strong sub summary sup table tbody td tfoot th thead time tr tt u ul var video wbr"
)
_MATHML_NAMES = (
    "math merror mfrac mi mmultiscripts mn mo mover mpadded mphantom mprescripts mroot mrow ms mspace msqrt"
    " mstyle msub msubsup msup mtable mtd mtext mtr munder munderover none semantics"
)
ELEMENTS = {_HTML + name for name in _HTML_NAMES.split()} | {_MATHML + name for name in _MATHML_NAMES.split()}
_MEDIA = {"src", "poster", "cite"}
_PLAIN_NAMES = (
    "abbr alt alttext controls colspan columnspan datetime dir display height hreflang lang media open"
    " rel reversed rowspan scope sizes span start title type value width accent accentunder depth"
    " displaystyle fence form largeop linethickness lspace mathvariant maxsize minsize movablelimits"
    " rspace scriptlevel separator stretchy symmetric voffset"
)
_PLAIN = frozenset(_PLAIN_NAMES.split())


def active(html: str) -> list[str]:
    """Return what a reader's browser would run, load or follow and must not, as sentences.

    Read twice, as a reader does that stores what its own parser wrote: markup may change meaning then.
    """
    once = html5lib.parseFragment(html)
    again = html5lib.parseFragment(
        html5lib.serialize(once, quote_attr_values="always", omit_optional_tags=False)
    )
    return [*_judge(once), *_judge(again)]


def _judge(root: Any) -> Iterator[str]:
    for element in root.iter():
        if element is root:
            continue
        if element.tag not in ELEMENTS:
            yield f"element {element.tag}"
            continue
        for name, value in element.attrib.items():
            if name == "href" and element.tag == f"{_HTML}a":
                fine = value.startswith(("http://", "https://", "mailto:", "tel:"))
            elif name in _MEDIA:
                fine = value.startswith(("http://", "https://"))
            elif name == "srcset":
                fine = all(part.startswith(("http://", "https://")) for part in value.split(", "))
            else:
                fine = name in _PLAIN
            if not fine:
                yield f"attribute {name}={value!r} of {element.tag}"


def html_in(document: Document) -> Iterator[str]:
    """Everything in a document that a reader takes for HTML, RSS titles included."""
    if document.path.endswith(".json"):
        for item in json.loads(document.body)["items"]:
            yield item.get("content_html", "")
        return
    names = ("content", "summary", "title", "rights", "description", "encoded")
    for element in etree.fromstring(document.body).iter("*"):
        name = etree.QName(element).localname
        if name in names and (document.path.endswith(".rss") or element.get("type") == "html"):
            yield "".join(map(str, element.itertext()))
