"""Safe HTML: what stays, what goes, what becomes of the rest."""

import re

import pytest

from aggregator.html import plain_text, sanitise
from aggregator.html.allowed import MAX_CANDIDATES
from tests.html.oracle import active

BASE = "https://news.example/dir/page"
REL = 'rel="noopener noreferrer"'


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
        ('<a href="magnet:?xt=1">z</a>', "z"),  # a link that leads nowhere is none
        ('<a name="n">y</a><a href="http://a.example/"> </a>z', "y z"),
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
        ('<img src="/a.png" width="10px">', '<img src="https://news.example/a.png" width="10">'),
        ('<img src="/a.png" width="wide">', '<img src="https://news.example/a.png">'),
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
        ("<ul><li>a<ol type=i><li>b</ol></ul>", '<ul><li>a<ol type="i"><li>b</li></ol></li></ul>'),
        # what XML forbids, and line breaks
        ("a&#1;b\x0b&#xFFFE;\ud800c", "abc"),
        ("a\r\nb&#13;c\rd", "a\nb\nc\nd"),
        ("<b\x0ctitle=x>y</b>", '<b title="x">y</b>'),
        ("", ""),
    ],
)
def test_sanitise(html: str, expected: str) -> None:
    assert sanitise(html, base=BASE) == expected
    assert active(expected) == []
    assert sanitise(expected) == expected


def test_relative_without_base_is_dropped() -> None:
    html = '<a href="/x">l</a><img src="y.png" srcset="z.png 2x"><a href="http://a.example/">m</a>'
    assert sanitise(html) == f'l<a href="http://a.example/" {REL}>m</a>'


def test_absolute_links_stay_when_the_base_is_gone() -> None:
    once = sanitise('<a href="/x">l</a><img src="y.png">', base=BASE)
    assert sanitise(once) == once


LINK = '<a href="{0}" rel="noopener noreferrer">{1}</a>'
IMAGE = '<img src="https://news.example/a.png">'
FORMULA = "<mrow><mi>x</mi><mo>=</mo><msup><mn>2</mn><mi>n</mi></msup></mrow>"


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ('<img data-src="/a.png" src="/blank.gif">', IMAGE),
        ('<img src="data:image/gif;base64,AA" data-lazy-src="/a.png">', IMAGE),
        (
            '<img data-original="/a.png" style="display:none" width=1 height=1>',
            IMAGE,
        ),
        ('<img src="/a.png" data-orig-file="/big.png">', IMAGE),  # it only stands in for a missing one
        ('<img data-orig-file="/a.png">', IMAGE),
        ('<img data-src="javascript:x" src="/a.png">', IMAGE),
        (
            '<img src="/a.png" data-srcset="/b.png 2x" srcset="/blank.gif 1x" sizes="10vw">',
            '<img src="https://news.example/a.png" srcset="https://news.example/b.png 2x" sizes="10vw">',
        ),
        ('<img data-src="/a.png" src="/b.gif">\n<noscript><img src="/a.png"></noscript>', IMAGE + "\n"),
        ('<img src="/a.png"><img src="/a.png"><img src="/a.png">', IMAGE * 3),  # three stars
        (
            '<picture><source data-srcset="/b.webp 2x"><source><img src="/a.png"></picture>',
            f'<picture><source srcset="https://news.example/b.webp 2x">{IMAGE}</picture>',
        ),
    ],
)
def test_lazy_images_show(html: str, expected: str) -> None:
    assert sanitise(html, base=BASE) == expected
    assert sanitise(expected) == expected


@pytest.mark.parametrize(
    "pixel",
    [
        '<img src="/p.gif" width="1" height="1">',
        '<img src="/p.gif" width="1px" height=" 0 ">',
        '<img src="/p.gif" height="1">',
        '<img src="/p.gif" width="1.5" height="0.5px">',  # as it is written, whole
        '<img src="/p.gif" width="1" height="auto">',  # which says nothing
        '<img src="/p.gif" hidden>',
        '<img src="/p.gif" style="border:0; DISPLAY : none">',
        '<img src="/p.gif" style="width:1px;height:1px!important">',
        '<img src="//feeds.feedburner.com/~r/x/~4/y">',
        '<img src="http://feeds.publisher.example/~r/x/~4/y">',
        '<img src="http://feeds.feedburner.com/~ff/x?d=y" border="0">',
        '<img src="http://rss.publisher.example/c/1/f/2/s/3/mf.gif">',
        '<img srcset="https://feeds.feedburner.com/~ff/x 2x">',
        '<img src="https://stats.wordpress.com/b.gif?host=x">',
        '<img src="https://pixel.wp.com/b.gif?x">',
        '<img src="https://ad.doubleclick.net/ddm/x">',
        '<img src="https://medium.com/_/stat?event=post.clientViewed">',
        '<img src="https://vg07.met.vgwort.de/na/0123">',
        '<img src="https://www.facebook.com/tr?id=1">',
        '<img src="https://stats.news.example/matomo.php?idsite=1">',
        '<a href="https://feeds.feedburner.com/~ff/x"><img src="https://feeds.feedburner.com/~ff/x?d=y"></a>',
        '<iframe src="https://www.googletagmanager.com/ns.html?id=x"></iframe>',
        '<iframe src="https://a.example/" width=0 height=0></iframe>',
        '<iframe src="https://a.example/" style="display:none;visibility:hidden"></iframe>',
    ],
)
def test_what_only_counts_readers_is_dropped(pixel: str) -> None:
    assert sanitise(f"a{pixel}b", base=BASE) == "ab"


def test_what_an_older_version_stored_meets_todays_rules() -> None:
    assert (
        sanitise('a<img src="https://feeds.feedburner.com/~ff/x?d=y">b<math><mtext><b>c</b></mtext></math>')
        == "abc"
    )


@pytest.mark.parametrize(
    "image",
    [
        '<img src="https://feeds.feedburner.com/logo.png">',
        '<img src="https://medium.com/_/statue.png">',
        '<img src="https://notvgwort.de/a.png">',
        '<img src="https://a.example/doubleclick.net/a.png">',
        '<img src="https://a.example/rule.gif" width="1" height="10">',
        '<img src="https://a.example/rule.gif" width="1%" height="1%">',
    ],
)
def test_a_picture_is_no_pixel(image: str) -> None:
    assert sanitise(image) == image


def test_style_says_more_than_hidden() -> None:
    html = '<img src="/a.png" style="max-width:1px;max-height:1px;xdisplay:none">'
    assert sanitise(html, base=BASE) == IMAGE


@pytest.mark.parametrize(
    ("html", "page", "label"),
    [
        (
            "<iframe src='https://www.youtube.com/embed/Svhiw-XK3aU?si=x' title='A  film'></iframe>",
            "https://www.youtube.com/watch?v=Svhiw-XK3aU",
            "A film (www.youtube.com)",
        ),
        (
            "<iframe data-src='//www.youtube-nocookie.com/embed/Svhiw-XK3aU' src='about:blank'></iframe>",
            "https://www.youtube.com/watch?v=Svhiw-XK3aU",
            None,
        ),
        (
            "<iframe src='https://www.youtube.com/embed/videoseries?list=PL1'></iframe>",
            "https://www.youtube.com/playlist?list=PL1",
            None,
        ),
        ("<iframe src='https://player.vimeo.com/video/12?h=ab1'></iframe>", "https://vimeo.com/12/ab1", None),
        ("<iframe src='https://player.vimeo.com/video/12'></iframe>", "https://vimeo.com/12", None),
        (
            "<iframe src='https://www.dailymotion.com/embed/video/x1'></iframe>",
            "https://www.dailymotion.com/video/x1",
            None,
        ),
        (
            "<iframe src='https://open.spotify.com/embed/episode/4a?x'></iframe>",
            "https://open.spotify.com/episode/4a",
            None,
        ),
        (
            "<iframe src='/map' title='&lt;b&gt;'></iframe>",
            "https://news.example/map",
            "&lt;b&gt; (news.example)",
        ),
        ("<embed src=/x.pdf>", "https://news.example/x.pdf", None),
        (
            "<object data=http://www.youtube.com/v/Svhiw-XK3aU&hl=en><param name=x>"
            "<embed src=http://www.youtube.com/v/Svhiw-XK3aU&hl=en></object>",
            "https://www.youtube.com/watch?v=Svhiw-XK3aU",
            None,
        ),
    ],
)
def test_an_embed_is_a_link_to_its_page(html: str, page: str, label: str | None) -> None:
    assert sanitise(html, base=BASE) == LINK.format(page, label or page)


def test_what_an_object_falls_back_to_stays() -> None:
    assert sanitise("<object data=/x.svg><img src=/a.png></object>", base=BASE) == (
        LINK.format("https://news.example/x.svg", "https://news.example/x.svg") + IMAGE
    )


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        (
            f"<math display=block alttext='x=2^n'>{FORMULA}</math>",
            f'<math display="block" alttext="x=2^n">{FORMULA}</math>',
        ),
        (
            "<math><semantics><mi>x</mi><annotation encoding=application/x-tex>x</annotation></semantics></math>",
            "<math><semantics><mi>x</mi></semantics></math>",
        ),
        (
            "<math><mi mathvariant=bold href=/x style=color:red id=i>x</mi></math>",
            '<math><mi mathvariant="bold">x</mi></math>',
        ),
        (
            "<math><mspace width=0.2em><mi>x</mi></math>",
            '<math><mspace width="0.2em"><mi>x</mi></mspace></math>',
        ),
        ("<math><mtext>a<b>b</b></mtext></math>z", "a bz"),  # HTML inside: the text only
        ("<math alttext='a &lt; b'><mtext><b>b</b></mtext></math>", "a &lt; b"),  # or what its author says
        ("<math><p>x</p></math>", "<p>x</p>"),
        ("<mi>x</mi>", ""),  # MathML outside of a formula
        # SVG: its accessible name
        ("<svg><title>A  chart</title><path d=1 /><text>1</text></svg>z", "A chartz"),
        ("<svg aria-label='A &lt; B'><title>C</title></svg>", "A &lt; B"),
        ("<a href=/x><svg><title>Home</title></svg></a>", LINK.format("https://news.example/x", "Home")),
        ("<a href=/x><svg><path d=1 /></svg></a>z", "z"),
        ("<svg><path/></svg><svg><text>1</text><style>x</style><script>y</script></svg>z", "z"),
        ("<title>A page</title>z", "z"),
    ],
)
def test_formulas_stay_and_drawings_give_their_name(html: str, expected: str) -> None:
    assert sanitise(html, base=BASE) == expected


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ('<p xml:lang="he" dir="RTL">x</p>', '<p dir="rtl" lang="he">x</p>'),
        ('<p lang="en_US" xml:lang="de">x</p>', '<p lang="en-US">x</p>'),
        ('<p lang="" dir="up">x</p>', '<p lang="">x</p>'),
        ('<p lang="&quot;x">x</p>', "<p>x</p>"),
        ('<bdo dir="rtl">x</bdo><bdi>y</bdi>', '<bdo dir="rtl">x</bdo><bdi>y</bdi>'),
        ("\u200fשלום\u200e \u2067a\u2069 \u202bb\u202c", "\u200fשלום\u200e \u2067a\u2069 \u202bb\u202c"),
    ],
)
def test_language_and_direction_stay(html: str, expected: str) -> None:
    assert sanitise(html, base=BASE) == expected
    assert plain_text("\u2067א\u2069 <b>\u200fx</b>") == "\u2067א\u2069 \u200fx"


OTHERS = (
    "action archive background codebase data formaction icon id longdesc lowsrc manifest name onclick ping profile"
    " style class srcdoc target usemap xlink:href xmlns download href:x data-src"
)


@pytest.mark.parametrize("attribute", OTHERS.split())
@pytest.mark.parametrize("tag", ["p", "a", "td", "video", "li"])
def test_no_other_attribute_stays(tag: str, attribute: str) -> None:
    assert f" {attribute}" not in sanitise(
        f"<table><tr><td><{tag} {attribute}='https://a.example/x'>t</{tag}>", base=BASE
    )


def test_xml_base_counts_where_it_stands() -> None:
    html = (
        '<div xml:base="/one/"><a href="x">1</a><div xml:base="two/"><div><img xml:base="/no/" src="y"></div>'
        '<a href="x" xml:base="three/">2</a></div><a href="x">3</a></div><a href="x">4</a>'
        '<p xml:base="javascript:x"><a href="x">5</a></p>'
    )
    assert re.findall(r'(?:href|src)="https://news.example/([^"]*)"', sanitise(html, base=BASE)) == [
        "one/x",
        "one/two/y",
        "one/two/three/x",
        "one/x",
        "dir/x",
        "dir/x",
    ]
    assert "base" not in sanitise(html, base=BASE)


def test_a_base_element_is_not_obeyed() -> None:
    html = '<base href="https://evil.example/"><a href="x">y</a>'
    assert sanitise(html, base=BASE) == LINK.format("https://news.example/dir/x", "y")
    assert sanitise(html) == "y"


def test_a_long_srcset_is_cut() -> None:
    assert sanitise(f"<img srcset='{', '.join(f'/{n}.png {n}w' for n in range(1, 999))}'>", base=BASE).count(
        "w"
    ) == (MAX_CANDIDATES + len("news" * MAX_CANDIDATES) // 4)
