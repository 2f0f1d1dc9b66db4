"""Plain text out of HTML and into it, and what XML takes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from aggregator.html import escape_text, plain_text, safe_text, sanitise, xml_safe
from tests.html.markup import markup


@given(markup)
def test_plain_text_has_no_markup_left(html: str) -> None:
    text = plain_text(html)
    assert plain_text(escape_text(text)) == text
    assert xml_safe(text) == text
    assert all(line and line == " ".join(line.split()) for line in text.split("\n")) or text == ""


@given(markup)
def test_safe_html_says_the_same_without_a_parser(html: str) -> None:
    for safe in (sanitise(html), sanitise(html, base="https://a.example/")):
        assert safe_text(safe) == plain_text(safe)


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>One\n two</p><p>three</p>", "One two\nthree"),
        ("a<br>b<br/>c", "a\nb\nc"),
        ("\x08\n0", "0"),
        ("<div>a<div>b</div>c</div>", "a\nb\nc"),
        ("<ul><li>a<li>b</ul>", "• a\n• b"),
        ("<ol><li><p>a</p><p>b</p></li><li><ul><li>c</ul></li><li></ol>", "• a\nb\n• c"),
        ("<ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp>字<rt>ji</rt></ruby>", "漢(kan)字(ji)"),
        ("<p>He said <q>no</q>.", "He said “no”."),
        ('<p><img src="x" alt="A &lt;cat&gt; &quot;x&quot;"></p>', 'A <cat> "x"'),  # all that is said
        ('<p><img src="x" alt="A cat">Text</p>', "Text"),
        ("<math><mi>x</mi><mo>=</mo><mn>1</mn><annotation>x=1</annotation></math>", "x=1"),
        ("<svg><text>1</text></svg><title>a</title><textarea>b</textarea><head>c</head>z", "cz"),
        ("<table><tr><th>a<td>b</tr><tr><td>c</table>", "a b\nc"),
        ("x<b>y</b>z <i>w</i>", "xyz w"),
        ('<p lang="de">a<p title="b" lang="en">c<li lang="fr">d', "a\nc\n• d"),
        ('x<b title="&lt;p&gt;">y</b><p title=" <p> ">z', "xy\nz"),
        ("a &amp; b &lt;c&gt; &quot;d&quot; &#8222;e&#8220;&nbsp;f", 'a & b <c> "d" „e“ f'),
        ("&amp;lt;b&amp;gt;", "&lt;b&gt;"),  # decoded once
        ("a < b, c > d", "a < b, c > d"),
        ("<style>x</style><script>y</script>z<!-- c -->", "z"),
        ("<noscript>shown</noscript>", "shown"),
        ("&#1;a\ud800", "a"),
        ("no markup", "no markup"),
        (" \n ", ""),
        ("", ""),
    ],
)
def test_plain_text(html: str, expected: str) -> None:
    assert plain_text(html) == expected
    assert safe_text(sanitise(html)) == plain_text(sanitise(html))


def test_tags_of_safe_html_end_where_their_attributes_do() -> None:
    assert (
        safe_text('<p title="a<b>c">d</p><p>e</p>') == "d\ne"
    )  # nothing but quotes is escaped there for certain


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\nb\n\n \nc", "<p>a<br>b</p><p>c</p>"),
        ("a & b < c", "<p>a &amp; b &lt; c</p>"),
        ("a\r\n\r\nb\rc", "<p>a</p><p>b<br>c</p>"),
        ("a\x00b", "<p>ab</p>"),
        (" \n", ""),
    ],
)
def test_escape_text(text: str, expected: str) -> None:
    assert escape_text(text) == expected
    assert sanitise(expected) == expected


@given(st.text())
def test_xml_safe_is_what_xml_takes(text: str) -> None:
    safe = xml_safe(text)
    element = etree.Element("a")
    element.text = safe
    assert etree.fromstring(etree.tostring(element)).text == (safe or None)


def test_xml_safe_keeps_the_rest() -> None:
    assert xml_safe("\t\n\r a\x7f\x85é\ue000\U0001f600\ufffe\x1f") == "\t\n\r a\x7f\x85é\ue000\U0001f600"
