"""What XML feeds of all kinds say, and what is told of those that are none."""

import pytest

from aggregator.errors import ParseError
from aggregator.model import Enclosure, ParsedFeed, Person, Response
from aggregator.parse import parse

URL = "https://alfa.example/feeds/rss"


def read(body: str | bytes, **headers: str) -> ParsedFeed:
    data = body.encode() if isinstance(body, str) else body
    return parse(
        Response(status=200, url=URL, body=data, headers={k.replace("_", "-"): v for k, v in headers.items()})
    )


def rss(item: str) -> str:
    return f'<rss version="2.0"><channel><title>Alfa</title><link>/</link><item>{item}</item></channel></rss>'


RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="/"><title>R</title></channel>
<item rdf:about="https://a.example/1"><title>One</title><link>https://a.example/1</link><dc:date>2026-03-01</dc:date>
<dc:creator>Ada</dc:creator></item></rdf:RDF>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de"><title>A</title><id>urn:x:f</id>
<updated>2026-03-01T10:00:00Z</updated><author><name>Ada</name><email>ada@a.example</email></author>
<entry><id>urn:x:1</id><title type="html">&lt;b&gt;Eins&lt;/b&gt;</title><updated>2026-03-01T10:00:00Z</updated>
<link href="https://a.example/1"/><link rel="enclosure" href="https://a.example/1.mp3" type="audio/mpeg" length="7"/>
<summary>kurz</summary><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>lang</p></div></content>
<category term="t" label="Thema"/></entry></feed>"""
OLD_ATOM = """<feed version="0.3" xmlns="http://purl.org/atom/ns#"><title>A</title><entry><id>urn:x:1</id><title>One</title>
<issued>2026-03-01T10:00:00Z</issued><modified>2026-03-01T11:00:00Z</modified></entry></feed>"""


@pytest.mark.parametrize(
    ("document", "format_"),
    [
        (rss("<title>One</title>"), "rss20"),
        (
            '<rss version="0.91"><channel><title>x</title><item><title>One</title></item></channel></rss>',
            "rss091u",
        ),
        (RDF, "rss10"),
        (ATOM.replace("&lt;b&gt;Eins&lt;/b&gt;", "One"), "atom10"),
        (OLD_ATOM, "atom03"),
    ],
)
def test_formats(document: str, format_: str) -> None:
    feed = read(document)
    assert feed.format == format_
    assert [entry.title.value for entry in feed.entries if entry.title] == ["One"]
    assert feed.problems == ()


def test_atom_in_full() -> None:
    feed = read(ATOM)
    (entry,) = feed.entries
    assert (feed.head.id, feed.head.title, feed.head.language) == ("urn:x:f", "A", "de")
    assert feed.head.authors == (Person(name="Ada", email="ada@a.example"),)
    assert (entry.id, entry.link, entry.categories) == ("urn:x:1", "https://a.example/1", ("Thema",))
    assert entry.title is not None
    assert (entry.title.value, entry.title.kind) == ("<b>Eins</b>", "html")
    assert entry.summary is not None
    assert (entry.summary.value, entry.summary.kind) == ("kurz", "text")
    assert entry.content is not None
    assert entry.content.kind == "html"
    assert "<p>lang</p>" in entry.content.value
    assert entry.enclosures == (Enclosure(url="https://a.example/1.mp3", type="audio/mpeg", length=7),)


def test_a_guid_stays_as_it_came_and_is_a_link_only_where_it_is_an_address() -> None:
    number = read(rss("<guid>17</guid>")).entries[0]
    assert (number.id, number.link) == ("17", None)
    address = read(rss("<guid>https://a.example/1</guid>")).entries[0]
    assert (address.id, address.link) == ("https://a.example/1", "https://a.example/1")
    opaque = read(
        rss('<guid isPermaLink="false">https://a.example/?p=1</guid><link>https://a.example/x</link>')
    )
    assert opaque.entries[0].link == "https://a.example/x"


def test_dates_are_kept_as_written() -> None:
    for text in ("Sun, 01 Mar 2026 10:00:00 GMT", "14.11.2023 11:33:00"):
        written = read(rss(f"<pubDate>{text}</pubDate>")).entries[0].published
        assert written is not None
        assert written.text == text


@pytest.mark.parametrize(
    ("document", "headers", "why"),
    [
        (rss("<title>Über</title>"), {"content_type": "text/html"}, "the wrong type"),
        (rss("<title>Über</title>"), {"content_type": "application/octet-stream"}, "no type"),
        ("\ufeff" + rss("<title>Über</title>"), {}, "a byte order mark"),
        ("\n\n" + rss("<title>Über</title>"), {}, "leading blank lines"),
        (
            f'<?xml version="1.0" encoding="iso-8859-1"?>{rss("<title>Über</title>")}'.encode("latin-1"),
            {},
            "Latin-1",
        ),
        (rss("<title>Über</title>").encode("utf-16"), {}, "UTF-16"),
    ],
)
def test_labels_and_encodings_do_not_matter(document: str | bytes, headers: dict[str, str], why: str) -> None:
    feed = read(document, **headers)
    assert feed.entries[0].title is not None
    assert feed.entries[0].title.value == "Über", why
    assert feed.problems == (), why


def test_what_is_readable_of_a_broken_feed_is_kept_and_the_defect_told() -> None:
    feed = read(
        "<rss version='2.0'><channel><title>x</title><item><title>One</title></item><item><title>Two</ti"
    )
    assert feed.entries[0].title is not None
    assert feed.entries[0].title.value == "One"
    assert len(feed.entries) == 1
    assert feed.problems == ("the document is cut off within an entry, which is left out",)


@pytest.mark.parametrize(
    "name",
    ["links", "authors", "tags", "content", "title_detail", "summary_detail", "language", "published_parsed"],
)
def test_an_element_named_like_a_word_of_the_parsers_is_no_such_thing(name: str) -> None:
    for element in (f"<{name}>Ada</{name}>", f'<{name} type="x">Ada</{name}>'):
        feed = read(
            rss(f"<title>One</title><pubDate>today</pubDate>{element}").replace("<item>", f"{element}<item>")
        )
        assert len(feed.entries) == 1


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ("", "the document is empty"),
        (" \n ", "the document is empty"),
        ("just words", f"the document at {URL} is not a feed"),
        ("\0\1\2", "is not a feed"),
        ("<html><body>captcha</body></html>", "is not a feed"),
        (
            '<html><head><link rel="alternate" type="application/rss+xml" href="/real.xml"></head></html>',
            "is a page, not a feed; it names the feed https://alfa.example/real.xml",
        ),
    ],
)
def test_what_is_no_feed(document: str, told: str) -> None:
    with pytest.raises(ParseError) as raised:
        read(document)
    assert told in str(raised.value)


@pytest.mark.parametrize(
    ("author", "name", "email"),
    [
        ("anna@alfa.example (Anna)", "Anna", "anna@alfa.example"),
        ("Anna &lt;anna@nasa.museum&gt;", "Anna", "anna@nasa.museum"),
        ("anna@news.co.technology", None, "anna@news.co.technology"),
        ("anna@alfa.org (Anna B.)", "Anna B.", "anna@alfa.org"),
    ],
)
def test_an_address_whose_domain_is_long_is_read_whole(author: str, name: str | None, email: str) -> None:
    """feedparser reads top-level domains of up to four letters."""
    body = rss(f"<title>x</title><author>{author}</author>")
    (entry,) = read(body).entries
    assert entry.authors == (Person(name=name, email=email),)
