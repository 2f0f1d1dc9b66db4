"""Documents that are nearly feeds, and what is read of them."""

import time
from xml.parsers import expat

import pytest

from aggregator.errors import ParseError
from aggregator.model import ParsedFeed, Response
from aggregator.parse import extensions, parse
from aggregator.parse.repair import DECLARATION, as_written, is_odd, mend

FORBIDDEN = "not well-formed: characters that XML forbids"
REFERENCES = "not well-formed: references to characters that XML forbids"
BEFORE = "not well-formed: something stands before the feed"
AFTER = "not well-formed: something stands after the feed"
ENTITIES = "not well-formed: undefined entities or bare ampersands"
CUT = "the document is cut off"
WITHIN = "the document is cut off within an entry, which is left out"
DECLARED = '<?xml version="1.0" encoding="utf-8"?>'
ONE = "<item><guid>1</guid><title>One</title><link>https://a.example/1</link></item>"


def rss(items: str = ONE, tag: str = 'rss version="2.0"') -> str:
    return f"<{tag}><channel><title>T</title>{items}</channel></{tag.split(maxsplit=1)[0]}>"


def item(title: str = "One", more: str = "") -> str:
    return f"<item><guid>1</guid><title>{title}</title>{more}</item>"


def read(document: str) -> ParsedFeed:
    return parse(
        Response(status=200, url="https://a.example/f", body=document.encode(errors="surrogatepass"))
    )


CASES = [
    ("<!-- see <channel> and <rss> -->" + DECLARED + rss(), ["One"], (BEFORE,), "a comment that speaks of feeds"),
    ("<!-- see <channel> and <feed> -->" + rss(), ["One"], (), "one that is allowed"),
    ("\n\n \t" + DECLARED + rss(), ["One"], (), "blank lines before the declaration"),
    ("<!-- made by x -->\n" + DECLARED + rss(), ["One"], (BEFORE,), "a comment before the declaration"),
    ("<!-- made by x -->\n" + rss(), ["One"], (), "a comment before the root is allowed"),
    ("<br />\n<b>Warning</b>: foo() in <b>/x.php</b><br />\n" + DECLARED + rss(), ["One"], (BEFORE,), "PHP complains"),
    ("Connected.\n" + rss(), ["One"], (BEFORE,), "words before"),
    (rss() + "\n<!-- 0.1 s -->", ["One"], (), "a comment after is allowed"),
    (rss() + "<script>track()</script>", ["One"], (AFTER,), "an advertiser's script after it"),
    (DECLARED.replace("1.0", "1.1") + rss(), ["One"], (), "XML 1.1, which expat does not read"),
    (rss(item("O\0n\x08e\x1f")), ["One"], (FORBIDDEN,), "zeros and control characters"),
    (rss(item("&#0;O&#x1f;n&#xD800;e&#1114112;")), ["One"], (REFERENCES,), "references to none"),
    (rss(item("&#65;&#x42;")), ["AB"], (), "references to some"),
    (rss(item("A&nbsp;&hellip;")), ["A\xa0…"], (ENTITIES,), "entities of HTML"),
    (rss(item("&LT;b&GT; &AMP;")), ["<b> &"], (ENTITIES,), "entities of HTML that are markup stay text"),
    (rss(item("a&whatever;b")), ["a&whatever;b"], (ENTITIES,), "entities of nothing stay text"),
    (rss(item("Tom & Jerry, AT&T")), ["Tom & Jerry, AT&T"], (ENTITIES,), "bare ampersands"),
    (rss(item("<![CDATA[A &nbsp; & B]]>")), ["A &nbsp; & B"], (), "in CDATA both are text"),
    (rss("<!-- A & B -->" + ONE), ["One"], (), "and in comments"),
    (
        '<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN"'
        ' "http://my.netscape.com/publish/formats/rss-0.91.dtd">' + rss(item("&eacute;t&eacute;")),
        ["été"],
        (ENTITIES,),
        "a DTD that nobody loads: expat leaves its entities out without a word",
    ),
    ('<!DOCTYPE rss [<!ENTITY u "Über">]>' + rss(item("&u;")), ["Über"], (ENTITIES,), "an entity of its own"),
    (
        '<!DOCTYPE rss [<!ENTITY a "&b;&b;"><!ENTITY b "&c;&c;">]>' + rss(item("&a;")),
        ["&a;"],
        (ENTITIES,),
        "entities that multiply are text",
    ),
    (
        '<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + rss(item("&x;")),
        ["&x;"],
        (ENTITIES,),
        "entities from elsewhere are text",
    ),
    (rss(tag='rss version="2.0" xmlns="http://example.org/ns"'), ["One"], (), "RSS in a namespace of somebody's"),
    (rss(tag='rss version="2.0" xmlns="http://www.w3.org/2005/Atom"'), ["One"], (), "RSS in Atom's"),
    (rss(ONE.replace("item", "ITEM").replace("title", "Title")), ["One"], (), "names in capitals"),
    (rss().removesuffix(">"), ["One"], (AFTER,), "the very last character is lost"),
    (rss().removesuffix("</channel></rss>"), ["One"], (CUT,), "cut between entries"),
    (rss().removesuffix("</channel></rss>") + "<item><gu", ["One"], (WITHIN,), "cut within a tag"),
    (rss().removesuffix("</channel></rss>") + "<ite", ["One"], (CUT,), "cut within the tag of an entry"),
    (
        rss().removesuffix("</channel></rss>") + "<item><description><![CDATA[<p>1</item> <item>",
        ["One"],
        (WITHIN,),
        "cut within CDATA that shows markup",
    ),
    (
        rss().removesuffix("</channel></rss>") + "<item><description><![CDATA[</item>]]></description>",
        ["One"],
        (WITHIN,),
        "cut after CDATA that shows markup",
    ),
    ('<rss version="2.0"><channel><title>T</title><item><title>O', [], (WITHIN,), "cut within the first"),
    ('<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>1</id><title>One</title></entry><entry><id>2</id>',
     ["One"], (WITHIN,), "Atom cut"),
    ('<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">'
     "<channel><title>T</title></channel><item><title>One</title></item><item>", ["One"], (WITHIN,), "RDF cut"),
]  # fmt: skip


@pytest.mark.parametrize(("document", "titles", "problems", "why"), CASES, ids=[case[3] for case in CASES])
def test_what_is_mended(document: str, titles: list[str], problems: tuple[str, ...], why: str) -> None:
    feed = read(document)
    assert [entry.title.value for entry in feed.entries if entry.title] == titles, why
    assert feed.problems == problems


LOOSE = [
    (rss(item("One</b>") + item("Two")), 2, "mismatched tags"),
    (rss(item("a < b and c")), 1, "a comparison"),
    (rss(ONE.replace("<guid>", "<guid isPermaLink=false>")), 1, "an attribute without quotes"),
    (rss(ONE.replace("<item>", '<item a="1" a="2">')), 1, "an attribute twice"),
    (
        rss("<item><title>One</title><item><title>Two</title>").removesuffix("</channel></rss>"),
        2,
        "nothing has an end",
    ),
]


@pytest.mark.parametrize(("document", "count", "why"), LOOSE, ids=[case[2] for case in LOOSE])
def test_what_cannot_be_mended_is_read_loosely(document: str, count: int, why: str) -> None:
    feed = read(document)
    assert len(feed.entries) == count, why
    assert feed.problems


def test_an_id_is_the_same_however_broken_the_document_is() -> None:
    whole = rss(item(more="<x/>").replace(">1<", ">https://a.example/?a=1&amp;b=2<"))
    broken = whole.replace("<x/>", "</x>")
    assert [entry.id for entry in read(broken).entries] == [entry.id for entry in read(whole).entries]
    assert read(broken).problems


def test_addresses_with_bare_ampersands_stay_whole() -> None:
    link = "https://a.example/?a=1&b=2&copy=3&amp;d=4"
    (entry,) = read(rss(item(more=f'<link>{link}</link><enclosure url="{link}" type="x/y"/>'))).entries
    meant = "https://a.example/?a=1&b=2&copy=3&d=4"
    assert (entry.link, entry.enclosures[0].url) == (meant, meant)


def test_a_well_formed_document_is_not_touched() -> None:
    document = DECLARED + rss(item("A &amp; B <![CDATA[&nbsp;]]>")) + "\n"
    assert mend(document).text == document.replace(DECLARED, DECLARATION)
    assert mend(document).problems == ()


def is_xml(text: str) -> bool:
    try:
        expat.ParserCreate(namespace_separator=" ").Parse(text.encode(errors="replace"), True)
    except expat.ExpatError:
        return False
    return True


SPOILT = "\0|\x1f|\ufffe|&#0;|&#x1f;|&#000000000065;|&#65;|&nbsp;|&amp;|&"
SPOILT += "|<![CDATA[&#0; &nbsp; & ]]>|<!-- & --></rss>|<!-- </rss> -->|<rss>|x"


@pytest.mark.parametrize("spoilt", ["", *SPOILT.split("|")])
@pytest.mark.parametrize("whole", [*(case[0] for case in CASES), *(case[0] for case in LOOSE)])
def test_what_is_taken_as_written_is_what_mending_would_give(whole: str, spoilt: str) -> None:
    for document in (whole.replace("T", spoilt, 1), whole + spoilt, spoilt + whole):
        written, mended = as_written(document), mend(document)
        text = written.head + document[written.start :] if written else ""
        assert (
            not is_xml(text)
            or is_odd(text.encode())
            or (text, written and written.root, ())
            == (
                mended.text,
                mended.root,
                mended.problems,
            )
        )
        assert written is not None or spoilt or mended.problems or "<!" in document


@pytest.mark.parametrize("before", ["", "<!-- x -->\n", "<!DOCTYPE html>"])
def test_a_page_is_left_as_it_is(before: str) -> None:
    page = f"{before}<html><body><pre>&lt;rss&gt;</pre><script>'<rss version=2>'</script></body></html>"
    assert "<html><body>" in mend(page).text
    with pytest.raises(ParseError, match="is not a feed"):
        read(page)


@pytest.mark.parametrize("end", ["", "</channel></rss>", "</channel></rss>" + "<!-- -->" * 50_000 + "x"])
@pytest.mark.parametrize(
    "piece", ["<item>", "</item>", "<![CDATA[", "<!--", "&a", "&#", "<channel>", "<rss ", "<"]
)
def test_no_document_is_endless(piece: str, end: str) -> None:
    document = f"<rss><channel>& {piece * 100_000}{end}"
    started = time.process_time()
    extensions.look(mend(document).text.encode(), ["1"])
    assert time.process_time() - started < 5
