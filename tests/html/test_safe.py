"""Safe HTML, plain text, and the "Posted:" line."""

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from lxml import html as lxml_html

from aggregator.html import escape_text, lift_posted, plain_text, sanitise, xml_safe
from aggregator.html.bounds import MAX_DEPTH, MAX_HTML_LENGTH
from aggregator.html.allowed import ATTRIBUTES, BLOCK_TAGS, MEDIA_TAGS, TABLE_TAGS, TEXT_TAGS

HERE = Path(__file__).resolve()
OWN = HERE.parent / "data" / "html"
BLEACH = HERE.parents[2] / "shared" / "corpus" / "bleach" / "tests" / "data"
BASE = "https://news.example/dir/page"
ALLOWED_TAGS = set(f"{TEXT_TAGS} {BLOCK_TAGS} {TABLE_TAGS} {MEDIA_TAGS}".split())
ALLOWED_ATTRIBUTES = set().union(*ATTRIBUTES.values()) | {"rel", "controls"}
URL_ATTRIBUTES = {"href", "src", "poster", "cite"}
SAFE_SCHEMES = ("http://", "https://", "mailto:", "tel:")
REL = 'rel="noopener noreferrer"'
SECONDS = 20  # generous: these inputs took minutes without bounds


def assert_safe(html: str) -> None:
    """Judge by parsing again, with another parser."""
    assert xml_safe(html) == html
    root = lxml_html.fragment_fromstring(html, create_parent="div") if html.strip() else etree.Element("div")
    for element in root.iterdescendants():
        assert element.tag in ALLOWED_TAGS, html
        assert set(element.attrib) <= ALLOWED_ATTRIBUTES, html
        for name in URL_ATTRIBUTES & set(element.attrib):
            assert str(element.attrib[name]).startswith(SAFE_SCHEMES), html
        for candidate in str(element.get("srcset", "")).split(", "):
            assert not candidate or candidate.startswith(SAFE_SCHEMES), html


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>Hello <b>world</b></p>", "<p>Hello <b>world</b></p>"),
        ("a < b & c", "a &lt; b &amp; c"),
        ("<p>„Zitat“ — тест\u00a0x", "<p>„Zitat“ — тест&nbsp;x</p>"),
        ('<h2 id="x" class="y" style="z" data-q="1" onclick="e()">t</h2>', "<h2>t</h2>"),
        ('<p lang="de" dir="ltr" title="t">x</p>', '<p lang="de" dir="ltr" title="t">x</p>'),
        # addresses
        ('<a href="../x y">z</a>', f'<a href="https://news.example/x%20y" {REL}>z</a>'),
        ('<a href="#note">z</a>', f'<a href="{BASE}#note" {REL}>z</a>'),
        ('<a href="mailto:a@news.example">z</a>', f'<a href="mailto:a@news.example" {REL}>z</a>'),
        ('<a href="magnet:?xt=1">z</a>', f"<a {REL}>z</a>"),
        (
            '<a href="http://o.example/?utm_source=a" target="_top" rel="opener">z</a>',
            f'<a href="http://o.example/?utm_source=a" {REL}>z</a>',
        ),
        ('<blockquote cite="/q">z</blockquote>', '<blockquote cite="https://news.example/q">z</blockquote>'),
        # media
        (
            '<img src="/a.png" alt="A" width="10" height="9">',
            '<img src="https://news.example/a.png" alt="A" width="10" height="9">',
        ),
        ('<img src="/a.png" width="10px">', '<img src="https://news.example/a.png">'),
        ('<img src="/p.gif" width="1" height="1">x', "x"),  # a tracking pixel
        ('<img width=0 height=1 src="/p.gif">x', "x"),
        (
            '<img src="/rule.gif" width="1" height="10">',
            '<img src="https://news.example/rule.gif" width="1" height="10">',
        ),
        ('<img src="data:image/png;base64,AAAA" alt="A">x', "x"),
        (
            '<img srcset="/a.png, b,c.png 2x,/d.png 1.5x, javascript:x 3x, /e.png bad">',
            '<img srcset="https://news.example/a.png, https://news.example/dir/b,c.png 2x,'
            ' https://news.example/d.png 1.5x">',
        ),
        (
            '<picture><source srcset="/a.webp 100w" type="x/y" media="tv"><img src="/a.png"></picture>',
            '<picture><source srcset="https://news.example/a.webp 100w" type="x/y" media="tv">'
            '<img src="https://news.example/a.png"></picture>',
        ),
        (
            '<video src="/x.mp4" poster="/p.jpg" autoplay></video>',
            '<video src="https://news.example/x.mp4" poster="https://news.example/p.jpg"'
            ' controls=""></video>',
        ),
        ('<noscript><img src="/a.png"></noscript>', '<img src="https://news.example/a.png">'),  # lazy loading
        # a scheme that is right for a link is wrong for what is loaded
        ('<img src="tel:1">x<img srcset="ftp://a.example/a 2x">', "x"),
        ('<q cite="mailto:a@a.example">x</q>', "<q>x</q>"),
        ('<audio src="magnet:?xt=1"></audio>', '<audio controls=""></audio>'),
        # structure
        (
            "<table><tr><td colspan=2>1<td rowspan=x>2</table>",
            '<table><tbody><tr><td colspan="2">1</td><td>2</td></tr></tbody></table>',
        ),
        ("<details open><summary>s</summary>t</details>", '<details open=""><summary>s</summary>t</details>'),
        ("<figure><figcaption>c</figcaption></figure>", "<figure><figcaption>c</figcaption></figure>"),
        ("<pre>\n\n  x\n y</pre>", "<pre>\n\n  x\n y</pre>"),
        ("<ol start=-3 reversed><li value=2>x</ol>", '<ol start="-3" reversed=""><li value="2">x</li></ol>'),
        ("<form action=/x><button>b</button><input></form>", "b"),
        (
            "<iframe src='//video.example/e?a=1&b=2'>no</iframe>z",
            f'<a href="https://video.example/e?a=1&amp;b=2" {REL}>https://video.example/e?a=1&amp;b=2</a>z',
        ),
        ("<iframe srcdoc='<script>1</script>'></iframe>z", "z"),
        ("<svg><text>t</text></svg><math><mi>x</mi></math>z", "z"),
        # what XML forbids, and line breaks
        ("a&#1;b\x0b&#xFFFE;\ud800c", "abc"),
        ("a\r\nb&#13;c\rd", "a\nb\nc\nd"),
        ("<b\x0ctitle=x>y</b>", '<b title="x">y</b>'),
        ("", ""),
    ],
)
def test_sanitise(html: str, expected: str) -> None:
    assert sanitise(html, base=BASE) == expected
    assert_safe(expected)


def test_relative_without_base_is_dropped() -> None:
    html = '<a href="/x">l</a><img src="y.png" srcset="z.png 2x"><a href="http://a.example/">m</a>'
    assert sanitise(html) == f'<a {REL}>l</a><a href="http://a.example/" {REL}>m</a>'


def test_absolute_links_stay_when_the_base_is_gone() -> None:
    once = sanitise('<a href="/x">l</a><img src="y.png">', base=BASE)
    assert sanitise(once) == once


HOSTILE = [
    '<a href="&#x6A;avascript:alert(1)">x</a>',
    '<a href="java&#10;script:alert(1)">x</a>',
    '<a href="&#1;javascript:alert(1)">x</a>',
    '<a href="jav&#x09;ascript&colon;alert(1)">x</a>',
    "<a href=vbscript:x>x</a><a href='data:text/html,<script>1</script>'>x</a>",
    '<svg><a xlink:href="javascript:alert(1)"><text>t</text></a></svg>',
    "<svg><animate attributeName=href values=javascript:alert(1) /><a id=x>x</a></svg>",
    '<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">',
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript>',
    '<template><p title="</template><img src=x onerror=alert(1)>"></template>',
    '<textarea><p title="</textarea><img src=x onerror=alert(1)>"></textarea>',
    '<xmp><p title="</xmp><svg/onload=alert(1)>">',
    '<title><p title="</title><img src=x onerror=alert(1)>">',
    '<iframe src="x"><img src=x onerror=alert(1)></iframe><script>alert(1)</script>',
    '<p title="<iframe>"><iframe src="javascript:alert(1)"></iframe>'
    '<b title="</iframe><script>alert(1)</script>">x',
    '<img title="<img" alt=" width=" lang="1" dir=" height=" src="/x" onerror=alert(1)>',
    '<img srcset="javascript:alert(1) 2x">',
    '<img src="x` `<script>alert(1)</script>"` `>',
    "<img src=x:x onerror=alert(1)//",
    "<!--><img src=x onerror=alert(1)>-->",
    "<!-- --!><img src=x onerror=alert(1)>",
    "a<!-- <script>alert(1)</script>",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<scr<noscript>ipt>alert(1)</scr</noscript>ipt>",
    "<<script>alert(1)//<</script>",
    "<script/x>alert(1)</script>",
    "<style>@import 'javascript:alert(1)'</style><div style='background:url(javascript:alert(1))'>x</div>",
    "<object data=javascript:alert(1)><embed src=javascript:alert(1)><param name=x></object>",
    "<base href='javascript:alert(1)//'><a href=x>x</a>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'><link rel=stylesheet href=x>",
    "<form action=javascript:alert(1)><input type=submit formaction=javascript:alert(1)></form>",
    "<details open ontoggle=alert(1)><video poster=javascript:x><source src=javascript:x></video>",
    "<b/onmouseover=alert(1)>x</b><p/onclick=alert(1)//>",
    "<table background=javascript:alert(1)><td background=javascript:alert(1)>x",
    "<blockquote cite=javascript:alert(1)>x</blockquote><q cite=data:x>y</q>",
]


@pytest.mark.parametrize("html", HOSTILE)
@pytest.mark.parametrize("base", [None, BASE, "javascript:alert(1)", "data:text/html,x"])
def test_hostile(html: str, base: str | None) -> None:
    safe = sanitise(html, base=base)
    assert_safe(safe)
    assert sanitise(safe) == safe


def check_bleach(folder: Path) -> int:
    cases = sorted(folder.glob("*.test"))
    for case in cases:
        html = case.read_text(encoding="utf-8")
        safe = sanitise(html, base=BASE)
        assert_safe(safe)
        assert sanitise(safe) == safe
    return len(cases)


def test_borrowed_hostile_cases() -> None:
    assert check_bleach(OWN) == 6


def test_shared_hostile_cases() -> None:
    if not BLEACH.exists():
        pytest.skip("no shared corpus beside the repository")
    assert check_bleach(BLEACH) == 20


FUZZED_TAGS = (
    "a abbr b blockquote body br button caption details div figure font form frameset h1 i iframe img li math"
    " mglyph mtext nobr noscript object option p pre script select style svg table td template textarea title tr"
    " ul"
)
markup = st.lists(
    st.one_of(
        st.sampled_from(FUZZED_TAGS.split()).flatmap(
            lambda tag: st.sampled_from([f"<{tag}>", f"</{tag}>", f"<{tag}/>", f"<{tag} title='<b>\"&'>"])
        ),
        st.sampled_from(
            [
                "\n",
                "&amp;",
                "&lt;",
                "&nbsp;",
                "<!--",
                "-->",
                '"',
                "'",
                "]]>",
                "<a href=x>",
                '<img src="y" width=1 height=1>',
            ]
        ),
        st.text(max_size=4),
    ),
    max_size=25,
).map("".join)


@given(markup)
def test_safe_and_stable_whatever_comes(html: str) -> None:
    safe = sanitise(html, base=BASE)
    assert_safe(safe)
    assert sanitise(safe, base=BASE) == safe
    assert sanitise(safe) == safe


@given(markup)
def test_plain_text_has_no_markup_left(html: str) -> None:
    text = plain_text(html)
    assert plain_text(escape_text(text)) == text
    assert xml_safe(text) == text
    assert all(line and line == " ".join(line.split()) for line in text.split("\n")) or text == ""


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>One\n two</p><p>three</p>", "One two\nthree"),
        ("a<br>b<br/>c", "a\nb\nc"),
        ("\x08\n0", "0"),
        ("<div>a<div>b</div>c</div>", "a\nb\nc"),
        ("<ul><li>a<li>b</ul>", "a\nb"),
        ("<table><tr><th>a<td>b</tr><tr><td>c</table>", "a b\nc"),
        ("x<b>y</b>z <i>w</i>", "xyz w"),
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


DATE = "14.11.2023 11:33:00"


@pytest.mark.parametrize(
    ("html", "date", "rest"),
    [
        (f"<p>Posted: {DATE}</p><p>„Zitat“ — x</p>", DATE, "<p>„Zitat“ — x</p>"),
        (f"Posted: {DATE}<br><br>Body", DATE, "Body"),
        (f"Posted: {DATE}\nTitle\n<p>x</p>", DATE, "Title\n<p>x</p>"),
        (f"<pre>Posted: {DATE}\nTitle\n x</pre>", DATE, "<pre>Title\n x</pre>"),
        (f"Posted: {DATE}", DATE, ""),
        (
            f"\n <div><p><b>POSTED:</b> {DATE}<br>Body <i>x</i></p></div>",
            DATE,
            "<div><p>Body <i>x</i></p></div>",
        ),
        (f"<p>Posted:\n{DATE}\n</p>x", DATE, "x"),
        (f"Posted: {DATE}<p>x</p>", DATE, "<p>x</p>"),
        (f"<div>Posted: {DATE}<p>x</p></div>", DATE, "<div><p>x</p></div>"),
        ("<p>Published on: Nov 14, 2023&nbsp;11:33</p>x", "Nov 14, 2023 11:33", "x"),
        (f"<p>Опубликовано: {DATE}</p>x", DATE, "x"),
        (f'<p><span title="a<b">Posted</span>: <time datetime="x">{DATE}</time></p>x', DATE, "x"),
    ],
)
def test_lift_posted(html: str, date: str, rest: str) -> None:
    assert lift_posted(html) == (date, rest)


@pytest.mark.parametrize(
    "html",
    [
        f"<p>Hello</p><p>Posted: {DATE}</p>",  # not the first line
        f"Hello. Posted: {DATE}",
        f"Reposted: {DATE}",
        "<p>Posted: by 3 people</p>",
        "<p>Posted yesterday</p><p>1 2 3</p>",
        f'<img src="https://a.example/x.png">Posted: {DATE}',  # it would be lost
        f"<ul><li>Posted: {DATE}</li></ul>",
        f"<p>Posted: {DATE} " + "in a long line of text that goes on and on " * 5 + "</p>",
        "<p>" * 1000 + f"Posted: {DATE}",
        "",
        "Posted:",
    ],
)
def test_nothing_to_lift(html: str) -> None:
    assert lift_posted(html) == (None, html)


@given(markup, st.sampled_from(["", "<p>", "<div><p>", "<b>"]))
def test_lifting_leaves_safe_html(html: str, before: str) -> None:
    safe = sanitise(f"{before}Posted: {DATE}{html}", base=BASE)
    date, rest = lift_posted(safe)
    assert_safe(rest)
    assert date is not None or rest == safe


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 10_000 + "deep" + "</div>" * 10_000,
        "<div>" * 1_000_000,
        "<b><p>" * 100_000,
        "<foo>" * 100_000 + "</bar>" * 100_000,
        "<ul><li>" * 100_000,
        "<script>" * 100_000,
        "<p " + " ".join(f"x{n}" for n in range(200_000)) + ">",
        "<p>text</p>" * 500_000,
        "<!--" * 1_000_000,
        "<" * 5_000_000,
        "<img src='x" * 100_000,
        "&" * 400_000,
    ],
    ids=lambda html: html[:8],
)
@pytest.mark.timeout(3 * SECONDS)
def test_bounded_work(html: str) -> None:
    start = time.process_time()
    safe, text = sanitise(html, base=BASE), plain_text(html)
    lift_posted(safe)
    assert time.process_time() - start < SECONDS
    assert len(safe) <= MAX_HTML_LENGTH
    assert len(text) <= MAX_HTML_LENGTH
    assert sanitise(safe) == safe


def test_too_deep_keeps_its_text() -> None:
    html = "<div>" * (MAX_DEPTH + 1) + "a &lt; b<script>x</script>" + "</div>" * (MAX_DEPTH + 1)
    assert sanitise(html) == "<p>a &lt; b</p>"
    assert plain_text(html) == "a < b"


def test_deep_enough_stays() -> None:
    html = "<div>" * 100 + "x" + "</div>" * 100
    assert sanitise(html) == html


def test_many_unclosed_paragraphs_are_not_deep() -> None:
    html = "<p>x<br><img src=https://a.example/i.png>" * (2 * MAX_DEPTH)
    assert sanitise(html).count("<img") == 2 * MAX_DEPTH


def test_inlined_images_do_not_cost_the_text_behind_them() -> None:
    html = f'<p>a</p><img src="data:image/png;base64,{"A" * 2 * MAX_HTML_LENGTH}"><p>b</p>'
    assert sanitise(html) == "<p>a</p><p>b</p>"
    assert plain_text(html) == "a\nb"
