"""feedparser's own test suite, read by us: what its cases expect of its result is asked of ours.

Every case is checked against feedparser first; what it does not pass itself here (it was written for another
version, or for optional libraries) proves nothing. The cases are read in place (BSD-2-Clause, see their NOTICE).
"""

import ast
import datetime
import io
import re
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import feedparser
import pytest

from aggregator.dates import read_date
from aggregator.errors import ParseError
from aggregator.model import Response, Source
from aggregator.normalise import normalise, normalise_head
from aggregator.parse import parse
from aggregator.parse.encoding import decode
from tests.corpus import mirror
from tests.corpus.place import CORPUS, needs_corpus

SUITE = CORPUS / "feedparser-tests" / "tests" if CORPUS else Path()
CASES = sorted(str(path.relative_to(SUITE)) for path in SUITE.rglob("*.xml")) if CORPUS else []
URL = "http://127.0.0.1:8097/tests/case.xml"
ENCODINGS = ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "latin-1")


class Outcome(StrEnum):
    PASSED = "passed"
    OUTSIDE = "asks for nothing we keep"
    MOOT = "feedparser itself does not pass"
    DIFFERENT = "different"


READ = "a label that is wrong is no defect once the text is read"
VECTORS = "SVG and MathML are not shown: what they mean is in scripts and styles that nobody may bring"
POINTS = "a place is a point on WGS 84: readers put pins on maps"
STYLES = "a style attribute is not kept: it can lay a link over a whole page"
ATTRIBUTES = "an attribute that the element does not have in HTML, or that only forms use, is not kept"
ELEMENTS = "an element without meaning where it stands (HTML5 parsing), or an unknown one, is not kept"
CRAZY = "HTML nobody can be sure of is read as browsers read it (HTML5 parsing)"

_ALIKE = (
    (
        "wellformed/geo/",
        POINTS,
        (
            *("georss_box", "georss_line", "georss_polygon", "gml_linestring", "gml_linestring_utm"),
            *("gml_point_utm", "gml_polygon"),
        ),
    ),
    (
        "wellformed/namespace/",
        VECTORS,
        (
            *("atommathml", "atomsvg", "atomsvgdesc", "atomsvgtitle", "atomxlink"),
            *("rss2.0mathml", "rss2.0svg", "rss2.0svg5", "rss2.0svgtitle", "rss2.0xlink"),
        ),
    ),
    (
        "wellformed/sanitize/acceptable_attribute_",
        ATTRIBUTES,
        (
            *(
                "abbr",
                "bordercolorlight",
                "checked",
                "contenteditable",
                "dir",
                "frame",
                "hreflang",
                "leftspacing",
            ),
            *("max", "nowrap", "prompt", "rightspacing", "src", "toppadding", "vrml"),
        ),
    ),
    ("wellformed/sanitize/acceptable_element_", ELEMENTS, ("caption", "meter", "sound", "tbody")),
    (
        "wellformed/sanitize/",
        STYLES,
        (
            *("entry_summary_style", "style_border_bottom_0pt", "style_border_top_0pt", "style_color_teal"),
            *("style_font_size_0_9em", "style_line_height_normal", "style_margin_right_0px"),
            *("style_padding_right_0in", "style_vertical_align_top"),
        ),
    ),
)
DIFFERENT = {
    "encoding/bozo_bogus_encoding.xml": READ,
    "encoding/bozo_http_i18n.xml": READ,
    "encoding/bozo_http_text_plain.xml": READ,
    "encoding/bozo_http_text_plain_charset.xml": READ,
    "encoding/bozo_linenoise.xml": "UTF-8 with one stray byte is read as UTF-8, not wholly as windows-1252",
    "encoding/euc-kr-attribute.xml": "an image without an address is not kept: there is nothing to show",
    "illformed/rss_empty_document.xml": "an empty document is no feed: an error, not a defect of a feed",
    "wellformed/atom10/entry_source_title_base64_2.xml": "a title of Atom has no media type (RFC 4287 §3.1.1)",
    "wellformed/base/http_feed_id_base_docuri.xml": "an id is kept as it came (RFC 4287 §4.2.6.1)",
    "wellformed/itunes/itunes_item_explicit_uppercase.xml": "whatever is not Apple's word in capitals is the same word",
    "wellformed/geo/gml_point_3d.xml": "a place has no height",
    **{f"{start}{name}.xml": reason for start, reason, names in _ALIKE for name in names},
    "wellformed/sanitize/entry_title_object.xml": "what stands in an object is for who cannot show it, not for reading",
    "wellformed/sanitize/feed_subtitle_crazy.xml": CRAZY,
    "wellformed/sanitize/item_description_crazy.xml": CRAZY,
}


def case(path: str) -> tuple[bytes, str, dict[str, str]]:
    """Return a case's document, its expectation and the HTTP headers it comes with."""
    document = (SUITE / path).read_bytes()
    for encoding in ENCODINGS:
        text = document.decode(encoding, errors="ignore")
        if "Expect:" in text:
            break
    comment = text.split("<!--", 1)[1].split("-->", 1)[0]
    headers = dict(re.findall(r"^\s*Header:\s*([^:\s]+):\s*(.+?)\s*$", comment, re.MULTILINE))
    expected = re.split(r"^\s*Header:", comment.split("Expect:", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]
    return document, expected.strip(), {name.lower(): value for name, value in headers.items()}


def clauses(expected: str) -> list[str]:
    """Split "a and b and c": each is asked for itself, for we may keep nothing of one of them."""
    tree = ast.parse(expected, mode="eval").body
    whole = isinstance(tree, ast.BoolOp) and isinstance(tree.op, ast.And)
    return [ast.unparse(one) for one in (tree.values if whole else [tree])]  # type: ignore[attr-defined]


def feedparser_passes(document: bytes, expected: str, headers: dict[str, str]) -> bool:
    sent = {"content-type": "application/xml", "content-location": URL} | headers
    result = feedparser.parse(io.BytesIO(document), response_headers=sent)
    names = {"feedparser": feedparser, "datetime": datetime} | dict(result)
    try:
        return bool(eval(expected, names))
    except (LookupError, AttributeError, NameError):
        return False


def ours(document: bytes, headers: dict[str, str]) -> dict[str, Any]:
    """What the cases call their names, as we read the document. Entries that say nothing else get an id."""
    url = headers.get("content-location", URL)
    parsed = parse(Response(status=200, url=url, body=document, headers=headers))
    named = tuple(replace(one, id=one.id or f"case {n}") for n, one in enumerate(parsed.entries))
    entries = normalise(Source(id="s", url=url), replace(parsed, entries=named))
    reading = read_date(parsed.updated.text) if parsed.updated else None
    return {
        "feedparser": feedparser,
        "datetime": datetime,
        "feed": mirror.feed(normalise_head(parsed), parsed.updated, reading.at if reading else None),
        "entries": [mirror.entry(*pair) for pair in zip(parsed.entries, entries, strict=True)],
        "bozo": bool(parsed.problems),
        "encoding": mirror.Encoded.of(document, headers.get("content-type", "")),
        "version": parsed.format,
    }


def outcome(path: str) -> tuple[Outcome, str]:
    """Return how a case went, and at which clause."""
    document, expected, headers = case(path)
    if not feedparser_passes(document, expected, headers):
        return Outcome.MOOT, expected
    try:
        names = ours(document, headers)
    except ParseError as exc:
        return Outcome.DIFFERENT, str(exc)
    answered = 0
    for clause in clauses(expected):
        try:
            holds = eval(clause, names)
        except (mirror.NotOurs, NameError):
            continue
        except (LookupError, AttributeError, TypeError):
            holds = False
        if not holds:
            return Outcome.DIFFERENT, clause
        answered += clause != "not bozo"
    return (Outcome.PASSED if answered or expected in {"not bozo", "1"} else Outcome.OUTSIDE), ""


@needs_corpus
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # feedparser's own, of names it still understands
@pytest.mark.parametrize("path", CASES)
def test_a_case_of_feedparsers(path: str) -> None:
    found, clause = outcome(path)
    assert (found is Outcome.DIFFERENT) == (path in DIFFERENT), clause


@needs_corpus
def test_every_case_is_read_and_every_difference_is_one_of_them() -> None:
    assert len(CASES) > 450
    assert DIFFERENT.keys() <= set(CASES)


@needs_corpus
@pytest.mark.parametrize("path", [path for path in CASES if path.startswith("illformed/chardet/")])
def test_an_encoding_that_nobody_names_is_guessed(path: str) -> None:
    """feedparser asks an optional library; that it does not pass them here is why they are moot above."""
    document, expected, _ = case(path)
    (encoding,) = re.findall(r"encoding == '([^']+)'", expected)
    assert decode(document).text == document.decode(encoding)
