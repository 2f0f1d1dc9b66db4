"""What holds in every format, over a feed of odd entries."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

import feedparser
import pytest
from lxml import etree

from aggregator.emit import emit, emit_opml
from aggregator.model import Document, Enclosure, FeedHead, MergedEntry, MergedFeed, Person, Source
from tests.emit.shown import AT, NAMES, atom_entry, feed, json_item, rss_item, shown, told_by, xml

CASES = Path(__file__).parents[1] / "data" / "emit"

ODD_TEXTS = [
    pytest.param("", id="none"),
    pytest.param("Tom & Jerry, AT&T", id="ampersands"),
    pytest.param("Use <b>bold</b> now", id="tags that are text"),
    pytest.param("1 < 2 && 3 > 2", id="comparisons"),
    pytest.param("&amp; is an entity, &copy is another", id="entities that are text"),
    pytest.param("«Ёлки» — “палки” … № 5\u00a0000", id="Cyrillic, typographic, no-break space"),
    pytest.param("مرحبا بالعالم", id="right to left"),
    pytest.param("漢字 😀", id="outside the basic plane"),
    pytest.param("]]></title>", id="an end of CDATA"),
]
ODD_IDS = [
    "tag:news.example,2026:alfa/1",
    "urn:uuid:60a76c80-d399-11d9-b93c-0003939e0af6",
    "https://alfa.example/1",
    "https://alfa.example/?a=1&b=2#c",
    "http://Alfa.example/UPPER",
    "urn:isbn:0451450523",
]


def everything() -> MergedFeed:
    """A feed with all that an entry can have, and an entry with as little as it can."""
    full = shown(
        title="Р&Д: «всё» <i>сразу</i>",
        url="https://alfa.example/1?a=1&b=2",
        updated_at=datetime(2023, 11, 15, 9, 0, 1, tzinfo=UTC),
        authors=(
            Person(name="Ann", email="ann@alfa.example", url="https://ann.example/"),
            Person(name="Янка"),
        ),
        summary="<p>Short</p>",
        content="<p>Long &amp; <b>bold</b>: «ёлки»</p>",
        language="ru",
        categories=("politics", "Калі & ласка"),
        enclosures=(
            Enclosure(url="https://alfa.example/1.mp3", type="audio/mpeg", length=1234),
            Enclosure(url="https://alfa.example/2.bin"),
        ),
        source=told_by(title="Альфа", home_url="https://alfa.example/", rights="© Alfa"),
        others=(
            told_by("bravo", entry_url="https://bravo.example/9", entry_title="Same"),
            told_by("charlie", home_url="https://charlie.example/"),
        ),
    )
    least = shown(id="tag:news.example,2026:alfa/2", url=None, title="", authors=())
    return feed(full, least, path="feeds/politics", title="Новости & politics", updated_at=full.updated_at)


@pytest.mark.parametrize("extension", ["atom", "rss", "json"])
def test_the_documents_are_as_they_always_were(extension: str) -> None:
    """Bytes that change make every subscriber's cache stale: change these cases on purpose only."""
    documents = {document.path: document.body for document in emit(everything())}
    assert documents[f"feeds/politics.{extension}"] == (CASES / f"everything.{extension}").read_bytes()


def test_the_list_of_sources_is_as_it_always_was() -> None:
    sources = [
        (
            Source(
                id="alfa", url="https://alfa.example/rss?a=1&b=2", title="Альфа & co", tags=("радио", "by")
            ),
        ),
        (Source(id="bravo", url="https://bravo.example/feed"),),
    ]
    listed = [(source, FeedHead()) for (source,) in sources]
    assert emit_opml("Subscriptions", listed).body == (CASES / "everything.opml").read_bytes()


def test_e17_paths_and_content_types() -> None:
    documents = (*emit(feed(path="feeds/politics")), emit_opml("News", []))
    assert [(document.path, document.content_type) for document in documents] == [
        ("feeds/politics.atom", "application/atom+xml; charset=utf-8"),
        ("feeds/politics.rss", "application/rss+xml; charset=utf-8"),
        ("feeds/politics.json", "application/feed+json; charset=utf-8"),
        ("opml.xml", "text/x-opml; charset=utf-8"),
    ]


@pytest.mark.parametrize("own_id", ODD_IDS)
def test_e06_an_id_is_the_same_in_every_format(own_id: str) -> None:
    entry = shown(id=own_id)
    assert atom_entry(entry).findtext("a:id", namespaces=NAMES) == own_id
    assert rss_item(entry).findtext("guid") == own_id
    assert json_item(entry)["id"] == own_id


@pytest.mark.parametrize("title", ODD_TEXTS)
@pytest.mark.parametrize("html", ["", "<p>Text</p>"])
def test_e25_a_reader_gets_the_same_entries_from_every_format(title: str, html: str) -> None:
    entries = [
        shown(
            id=own_id, title=title, content=html, url=url, categories=(title,), authors=(Person(name=title),)
        )
        for own_id, url in zip(
            ODD_IDS, [None, "https://alfa.example/1", *["https://x.example/"] * 4], strict=True
        )
    ]
    atom, rss, jsonfeed = emit(feed(*entries))
    of_atom, of_rss = feedparser.parse(atom.body), feedparser.parse(rss.body)
    assert not of_atom.bozo
    assert not of_rss.bozo
    assert [entry.id for entry in of_atom.entries] == ODD_IDS
    assert [entry.id for entry in of_rss.entries] == ODD_IDS
    assert [item["id"] for item in json.loads(jsonfeed.body)["items"]] == ODD_IDS
    if title:
        assert [entry.title for entry in of_atom.entries] == [entry.title for entry in of_rss.entries]
        assert all(item["title"] == title for item in json.loads(jsonfeed.body)["items"])
    assert [entry.author for entry in of_atom.entries] == [entry.author for entry in of_rss.entries]


@pytest.mark.parametrize("title", [param for param in ODD_TEXTS if param.values[0]])
def test_a_title_that_looks_like_html_is_read_as_the_text_it_is(title: str) -> None:
    """Every reader takes RSS titles for HTML, and Atom's where they say so."""
    said = atom_entry(shown(title=title)).find("a:title", NAMES)
    in_rss = rss_item(shown(title=title)).findtext("title")
    for text, is_html in ((said.text, said.get("type") == "html"), (in_rss, in_rss != title)):
        read = etree.HTML(f"<p>{text}</p>").xpath("string(//p)") if is_html else text
        assert read == title


@pytest.mark.parametrize(
    ("at", "atom", "rss"),
    [
        (AT, "2023-11-14T08:33:00Z", "Tue, 14 Nov 2023 08:33:00 GMT"),
        (
            datetime(2024, 2, 29, 23, 59, 59, tzinfo=UTC),
            "2024-02-29T23:59:59Z",
            "Thu, 29 Feb 2024 23:59:59 GMT",
        ),
        (datetime(987, 6, 5, tzinfo=UTC), "0987-06-05T00:00:00Z", "Tue, 05 Jun 0987 00:00:00 GMT"),
    ],
)
def test_e26_dates_as_each_format_writes_them(at: datetime, atom: str, rss: str) -> None:
    entry = shown(published_at=at, updated_at=at)
    assert atom_entry(entry).findtext("a:published", namespaces=NAMES) == atom
    assert atom_entry(entry).findtext("a:updated", namespaces=NAMES) == atom
    assert rss_item(entry).findtext("pubDate") == rss
    assert (json_item(entry)["date_published"], json_item(entry)["date_modified"]) == (atom, atom)


def test_e22_html_meets_the_sanitiser_once_more() -> None:
    evil = '<p onclick="x()">Text<script>alert(1)</script><a href="javascript:x()">link</a></p>'
    for document in emit(feed(shown(content=evil), shown(id="urn:isbn:1", summary=evil))):
        assert b"Text" in document.body
        for trace in (b"&lt;script", b"<script", b"javascript", b"onclick", b"alert"):
            assert trace not in document.body.lower(), document.path


def test_e22_what_xml_forbids_is_removed_wherever_it_stands() -> None:
    bad = "a\x00\x08\x0b\x1f\ufffe\uffff\ud800b"
    other = told_by("bravo", title=bad, rights=bad, home_url=f"https://{bad}.example/", entry_title=bad)
    entry = shown(
        id=f"tag:news.example,2026:{bad}",
        title=bad,
        url="https://alfa.example/\x01\ud800",
        authors=(Person(name=bad, email=bad, url=bad),),
        summary=bad,
        content=bad,
        language=bad,
        categories=(bad,),
        enclosures=(Enclosure(url=f"https://alfa.example/{bad}", type=bad),),
        source=told_by(title=bad, feed_id=bad, feed_url=bad, rights=bad, home_url=bad),
        others=(other,),
    )
    documents = emit(feed(entry, title=bad))
    for document in documents[:2]:
        xml(document)
    item = json.loads(documents[2].body)["items"][0]
    assert (item["id"], item["title"], item["authors"]) == (
        "tag:news.example,2026:ab",
        "ab",
        [{"name": "ab"}],
    )
    source = Source(id="alfa", url=f"https://alfa.example/{bad}", title=bad, tags=(bad,))
    xml(emit_opml(bad, [(source, FeedHead())]))


def test_typographic_characters_and_scripts_are_written_as_they_are() -> None:
    text = "“quoted” — «цитата» …\u00a0العربية 漢字 😀"
    entry = shown(title=text, content=f"<p>{text}</p>")
    for document in emit(feed(entry)):
        assert document.body.count("“quoted” — «цитата» …".encode()) >= 2
        assert b"&#" not in document.body
        assert b"\\u" not in document.body


def test_e07_the_bytes_follow_from_the_feed_alone() -> None:
    assert emit(everything()) == emit(everything())
    changed = replace(everything(), updated_at=datetime(2024, 1, 1, tzinfo=UTC))
    assert all(a.body != b.body for a, b in zip(emit(everything()), emit(changed), strict=True))


def test_control_characters_that_xml_allows_are_removed_too() -> None:
    """C1 controls are what is left of windows-1252 read as something else."""
    item = rss_item(shown(title="a\x7f\x85\x93b\u00a0c", content="<p>a\x93b</p>"))
    assert item.findtext("title") == "ab\u00a0c"
    assert item.findtext("content:encoded", namespaces=NAMES) == "<p>ab</p>"


@pytest.mark.parametrize("long", ["<a href='https://a.example/'>w</a> ", "a &amp; b ", "word "])
def test_the_teaser_of_a_long_page_is_cut_in_no_tag_and_no_reference(long: str) -> None:
    for shift in range(len(long)):
        html = f"<p>{'.' * shift}{long * 300}</p>"
        teaser = unescape(rss_item(shown(content=html)).findtext("description"))
        assert len(teaser) <= 300
        assert set(teaser.removesuffix("…")) <= set(".w a&bord")
        assert teaser.endswith("…")


def test_a_title_and_an_author_on_one_line() -> None:
    item = rss_item(shown(title=" two\r\n lines\tand tab ", authors=(Person(name="Ann\nLee"),)))
    assert item.findtext("title") == "two lines and tab"
    assert item.findtext("dc:creator", namespaces=NAMES) == "Ann Lee"


def _links(document: Document) -> list[str | None]:
    entry = xml(document).find("a:entry", NAMES)
    return [link.get("href") for link in entry.findall("a:link", NAMES)]


@pytest.mark.parametrize(
    ("url", "written"),
    [
        ("https://alfa.example/1?a=1&b=%D0%B6#x", "https://alfa.example/1?a=1&b=%D0%B6#x"),
        ("https://alfa.example/a b?c[]=1|2", "https://alfa.example/a%20b?c%5B%5D=1%7C2"),
        ("https://алфа.example/ж", "https://xn--80aa6ayb.example/%D0%B6"),
        ("https://alfa.example", "https://alfa.example/"),
        ("javascript:alert(1)", None),
        ("mailto:ann@alfa.example", None),
        ("/relative", None),
        ("", None),
        (None, None),
    ],
)
def test_an_address_is_a_uri_readers_can_open_or_absent(url: str | None, written: str | None) -> None:
    enclosures = (Enclosure(url=url),) if url is not None else ()
    entry = shown(url=url, content="<p>Text</p>", enclosures=enclosures)
    expected = [] if written is None else [written] * 2
    documents = emit(feed(entry))
    assert _links(documents[0]) == expected
    item = xml(documents[1]).find("channel/item")
    assert (item.findtext("link"), len(item.findall("enclosure"))) == (written, len(expected) // 2)
    said = json.loads(documents[2].body)["items"][0]
    assert said.get("url") == written
    assert [attachment["url"] for attachment in said.get("attachments", [])] == expected[1:]


@pytest.mark.parametrize(
    ("tag", "written"),
    [
        ("ru", "ru"),
        ("be-tarask", "be-tarask"),
        ("zh-Hant-TW", "zh-Hant-TW"),
        ("en_US", "en-US"),
        ("русский", None),
        ("x-default", None),
        ("english language", None),
        ("", None),
        (None, None),
    ],
)
def test_a_language_is_a_language_tag_or_absent(tag: str | None, written: str | None) -> None:
    entry = shown(language=tag)
    assert atom_entry(entry).get(f"{{{NAMES['xml']}}}lang") == written
    assert rss_item(entry).findtext("dc:language", namespaces=NAMES) == written
    assert json_item(entry).get("language") == written


@pytest.mark.parametrize(
    ("person", "named"),
    [
        (Person(name="Ann"), "Ann"),
        (Person(name=" ", email="ann@alfa.example"), "ann@alfa.example"),
        (Person(url="https://ann.example/about"), "ann.example"),
        (Person(email="no address"), "Alfa"),
        (Person(), "Alfa"),
        (Person(name="A &amp; B"), "A & B"),
    ],
)
def test_e09_every_author_has_a_name(person: Person, named: str) -> None:
    entry: MergedEntry = shown(authors=(person,))
    assert atom_entry(entry).findtext("a:author/a:name", namespaces=NAMES) == named
    assert rss_item(entry).findtext("dc:creator", namespaces=NAMES) == named
    assert json_item(entry)["authors"][0]["name"]
