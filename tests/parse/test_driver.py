"""Our driver tells feedparser what the stock one tells it, and nobody else."""

import re
import threading
import xml.sax
import xml.sax.handler
from pathlib import Path

import feedparser.api
import pytest

from aggregator.errors import ParseError
from aggregator.model import ParsedFeed, Response
from aggregator.parse import driver, parse
from aggregator.parse.expat import ExpatReader
from tests.parse.test_known import CASES, CORPUS, corpus, item, rss

TELLS = """<?xml version="1.0" encoding="utf-8"?>
<!-- <item> --><feed xmlns="http://www.w3.org/2005/Atom" xmlns:x="urn:x" xml:lang="de" xml:base="https://a.example/">
<title type="html">&lt;b&gt;A&lt;/b&gt; &amp; B</title>
<entry x:odd="1" plain="2"><id>urn:x:1</id><title>Zeile eins
Zeile zwei &amp; <![CDATA[<drei>]]> vier</title>
<link rel="alternate" type="text/html" href="1?a=1&amp;b=2"/>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p x:y="z">a &lt; b<br/>c</p>
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"><a xlink:href="#"/></svg></div>
</content>
</entry></feed>"""


DECLARED = """<?xml version="1.0"?><!DOCTYPE rss [
<!ENTITY e SYSTEM "file:///etc/hostname"> <!ENTITY % p SYSTEM "http://a.example/p">
%p; <!ATTLIST rss version CDATA "2.0"> ]><rss><channel><item><title>&e; &undeclared;</title></item></channel></rss>"""


@pytest.fixture
def stock(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """feedparser as it comes."""
    monkeypatch.setattr(feedparser.api, "PREFERRED_XML_PARSERS", [])
    return monkeypatch


def read(body: bytes, headers: dict[str, str]) -> dict[str, object] | str:
    try:
        result, _ = driver.read(body, headers, known=(), frame="")
    except Exception as exc:  # noqa: BLE001 - what feedparser raises is compared, too
        return repr(exc)
    return {name: str(value) if name == "bozo_exception" else value for name, value in result.items()}


ANY = {"content-type": "application/xml"}


def both(body: bytes, stock: pytest.MonkeyPatch, headers: dict[str, str] = ANY) -> tuple[object, object]:
    stock.setattr(feedparser.api, "PREFERRED_XML_PARSERS", [])
    theirs = read(body, headers)
    stock.undo()
    return theirs, read(body, headers)


@pytest.mark.parametrize(
    "body",
    [
        TELLS.encode(),
        TELLS.encode("utf-16"),
        TELLS.replace("&amp;", "&nbsp;", 1).encode(),
        TELLS.replace("</entry>", "").encode(),
        TELLS.replace("x:odd", "y:odd").encode(),
        b"<!DOCTYPE rss [\n<!ENTITY who 'Ada'>\n]>" + rss(item(1, "<author>&who;</author>")),
        b'<?xml version="1.0"?><!DOCTYPE rss SYSTEM "http://a.example/x.dtd"><rss><channel><item><title>&a;</title></item></channel></rss>',
        rss(item(1, f"<description>{'x' * 200_000} &amp; y</description>")),
        DECLARED.encode(),
        b"<a>",
        b"",
    ],
)
def test_feedparser_is_told_the_same(body: bytes, stock: pytest.MonkeyPatch) -> None:
    theirs, ours = both(body, stock)
    assert ours == theirs


SHORTCUTS = """<?xml version="1.0"?>
<rss version="2.0" xmlns:dc="http://search.yahoo.com/mrss/" xmlns:A="http://www.w3.org/2005/Atom" xmlns:c="urn:c"
 xmlns:e="http://purl.org/dc/elements/1.1/" xmlns:u="http://backend.userland.com/rss2"
 xmlns:content="http://purl.org/rss/1.0/modules/content/"
 xmlns:BC="http://backend.userland.com/blogChannelModule">
<channel HREF="h"><title TYPE="HTML">t</title><A:link REL="Self" Type="Text/XML" Href="s"/>
<BC:blogRoll>b</BC:blogRoll><c:odd/><odd/>
<image><url>i</url><title>it</title><stray/><link>no longer the image's</link></image>
<textInput><title>x</title><name>n</name><other/><description>d</description></textInput>
<item a="1"><e:creator>E</e:creator>
<title>T</title><dc:title type="plain">M</dc:title><dc:content url="u" c:url="v" Base="w"/>
<u:link>l</u:link>
<odd a="1" c:a="2">o</odd><c:odd>p</c:odd><guid isPermaLink="FALSE">G</guid><category DOMAIN="d">k</category>
<description>&lt;b&gt;d&lt;/b&gt;</description><content:encoded>e</content:encoded>
<pubDate>Tue, 14 Nov 2023 11:33:00 GMT</pubDate><A:updated>2023-11-14T11:33:00Z</A:updated><A:created>2023</A:created>
<expirationDate>2024-01-01</expirationDate></item>
<item><link>r</link><sub xml:base="https://b.example/d/"><link>r</link></sub><link>r</link>
<sub base="q"><link>r</link></sub></item>
<item xml:lang="de"><title>D</title><sub lang="it"><feed/></sub><sub lang="fr"><description>f</description></sub>
<sub xml:lang=""><title>e</title></sub></item>
<item><link>https:///a.example/?a=1&amp;amp;b;=2&amp;c;</link><guid>https:////a.example//</guid>
<title>Ð¢ÐµÑ\x81Ñ\x82</title>
<description>\x91q\x92 é</description><author>A (a@b.example)</author>
<category>\x93c\x94</category><c:odd>Ã©\x97</c:odd>
<fullitem>&lt;p&gt;Ñ\x82</fullitem><ttl>\x96</ttl><keywords>a,b</keywords><keywords>a,b</keywords></item>
<item><title>&lt;b&gt;T&lt;/b&gt; &amp;copy;</title><A:summary>a &amp;nope; b</A:summary>
<A:rights>&amp;copy; &lt;i&gt;R&lt;/i&gt;</A:rights>
<A:content type="application/octet-stream">w6k8Yj48L2I+</A:content><A:summary mode="base64">!</A:summary>
<A:content type="text/html" src="s">h<div>d</div>i<b>j</b>k</A:content>
<summary type="xml">x<div/></summary></item>
<item><source url="u"><title>S</title><link>sl?a&amp;b;</link><description>sd</description>t</source><link/>
<link>l</link><A:contributor><A:name>N</A:name><A:uri>u</A:uri></A:contributor>
<title>one &amp;copy;</title><sub><title>two</title></sub>
<image><url>i</url><link>not the item's</link></image></item>
<item><A:content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>a<odd/>b</p><svg
 xmlns="http://www.w3.org/2000/svg"><g/></svg><math xmlns="http://www.w3.org/1998/Math/MathML"><mi>y</mi></math>
<svg xmlns=""><title>s</title></svg><math xmlns=""><p class="c"/></math></div>
</A:content><image>text</image><math/><svg/><title>after</title></item>
</channel></rss>"""


def test_of_a_document_in_utf8_feedparser_sees_no_more_than_it_looks_at(stock: pytest.MonkeyPatch) -> None:
    for body in (
        TELLS,
        TELLS.replace("</entry>", ""),
        TELLS.replace("<feed", "<!DOCTYPE feed>\n<feed"),
        "<a>",
        "a",
        "",
    ):
        theirs, ours = both(body.encode(), stock, driver.UTF8)
        assert ours == theirs


def without_dates(told: object) -> object:
    """`dates` reads them, so our handler does not have them read."""
    if isinstance(told, dict):
        return {name: None if name.endswith("_parsed") else without_dates(one) for name, one in told.items()}
    return [without_dates(one) for one in told] if isinstance(told, list) else told


@pytest.mark.parametrize("nth", range(7))
def test_the_shorter_ways_lead_to_the_same(nth: int, stock: pytest.MonkeyPatch) -> None:
    """One item at a time: to feedparser, what one has begun the next goes on with."""
    head, *items = re.split(r"(?=<item)", SHORTCUTS.removesuffix("</channel></rss>"))
    theirs, ours = both(f"{head}{items[nth]}</channel></rss>".encode(), stock)
    assert isinstance(ours, dict)
    assert isinstance(theirs, dict)
    assert not ours["bozo"]
    for part in ("version", "feed", "entries"):
        assert without_dates(ours[part]) == without_dates(theirs[part])


LEAKS = {"base-in-item"}  # feedparser lets xml:base of one item go on to the next
NO_FEED = "feedkit-swift/Tests/XMLKitTests/Resources/xml/Sample.xml"  # an <item> inside <content> unhinges feedparser


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_entries_are_those_of_stock_feedparser(path: Path, stock: pytest.MonkeyPatch) -> None:
    theirs = feed(path.read_bytes())
    stock.undo()
    ours = feed(path.read_bytes())
    assert (ours == theirs) is (path.stem not in LEAKS)


def feed(body: bytes) -> object:
    try:
        found: ParsedFeed = parse(Response(status=200, url="https://alfa.example/rss", body=body))
    except ParseError as exc:
        return str(exc)
    return found.format, found.head, found.updated, found.problems, [
        (e.id, e.link, e.title, e.summary, e.content, e.authors, e.categories, e.enclosures, e.language, e.base)
        for e in found.entries
    ]  # fmt: skip


@pytest.mark.skipif(CORPUS is None, reason="the corpus is not here")
@pytest.mark.parametrize("path", corpus() or ["none"])
def test_the_corpus_is_read_as_by_stock_feedparser(path: str, stock: pytest.MonkeyPatch) -> None:
    assert CORPUS is not None
    body = (CORPUS / path).read_bytes()
    if path == NO_FEED or re.search(rb"<(item|entry|title|summary|content)\b[^>]*xml:base", body):
        return  # to feedparser, its xml:base is that of the next item, too
    theirs = feed(body)
    stock.undo()
    assert feed(body) == theirs


def test_an_item_does_not_spoil_the_next(stock: pytest.MonkeyPatch) -> None:
    """XML Base §4: the base of an element ends with it. In feedparser 6.0.14 it does not."""
    stock.undo()
    based = item(1).replace("<item>", '<item xml:base="https://b.example/d/">')
    found = parse(
        Response(status=200, url="https://alfa.example/", body=rss(based, item(2).replace("https:", "")))
    )
    assert [entry.link for entry in found.entries] == ["https://alfa.example/1", "//alfa.example/2"]


def test_a_run_of_text_is_told_at_once() -> None:
    told: list[str] = []

    class Listener(xml.sax.handler.ContentHandler):
        def characters(self, content: str) -> None:
            told.append(content)

    reader = ExpatReader()
    reader.setContentHandler(Listener())
    reader.feed(b"<a>one &amp;\n&lt;two&gt; <![CDATA[& three]]></a>", last=True)
    assert told == ["one &\n<two> & three"]


def test_other_users_of_sax_keep_their_parser() -> None:
    assert not isinstance(xml.sax.make_parser(), ExpatReader)
    assert feedparser.api.PREFERRED_XML_PARSERS.count(driver.__name__) == 1


def test_feedparser_works_for_others_in_this_process() -> None:
    date = "<pubDate>Tue, 14 Nov 2023 11:33:00 GMT</pubDate>"
    found = feedparser.parse(rss(item(1), item(2, date)))
    assert [entry["title"] for entry in found["entries"]] == ["T1", "T2"]
    assert found["entries"][1]["published_parsed"][:3] == (2023, 11, 14)


def test_threads_do_not_see_what_the_others_know() -> None:
    body = rss(*(item(n) for n in range(40)))
    known = [d for d in driver.read(body, {}, known=(), frame="")[1].digests if d]
    assert len(known) == 40
    counts: list[int] = []

    def work(names: list[str]) -> None:
        for _ in range(10):
            result, _visit = driver.read(body, {}, known=names, frame="")
            counts.append(len(result["entries"]))

    threads = [threading.Thread(target=work, args=(names,)) for names in ([], known, known[1:])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(counts) == [0] * 10 + [1] * 10 + [40] * 10
