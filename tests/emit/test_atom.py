"""Atom 1.0: what RFC 4287 requires of every feed and entry."""

from typing import Any

import pytest
from lxml import etree

from aggregator.emit import emit
from aggregator.model import Enclosure, MergedEntry, Person
from tests.emit.shown import NAMES, atom_entry, feed, shown, told_by, xml


def texts(element: Any, path: str) -> list[str]:
    return [found.text for found in element.findall(path, NAMES)]


def test_the_head() -> None:
    root = xml(emit(feed(shown(), path="feeds/politics", title="Politics"))[0])
    assert texts(root, "a:id") == ["https://news.example/feeds/politics.atom"]
    assert texts(root, "a:title") == ["Politics"]
    assert texts(root, "a:updated") == ["2023-11-14T08:33:00Z"]
    links = [(link.get("rel"), link.get("href")) for link in root.findall("a:link", NAMES)]
    assert links == [
        ("self", "https://news.example/feeds/politics.atom"),
        ("alternate", "https://news.example/"),
    ]
    generator = root.find("a:generator", NAMES)
    assert (generator.text, dict(generator.attrib)) == ("aggregator", {}), "a version would change all bytes"


def test_e08_an_entry_says_whose_it_is() -> None:
    source = atom_entry(
        shown(source=told_by(feed_id="urn:isbn:1", home_url="https://alfa.example/", rights="© <Alfa>"))
    ).find("a:source", NAMES)
    assert texts(source, "a:id") == ["urn:isbn:1"]
    assert texts(source, "a:title") == ["Alfa"]
    assert texts(source, "a:updated") == ["2023-11-14T08:33:00Z"]
    assert {link.get("rel"): link.get("href") for link in source.findall("a:link", NAMES)} == {
        "self": "https://alfa.example/rss",
        "alternate": "https://alfa.example/",
    }
    assert texts(source, "a:rights") == ["© &lt;Alfa&gt;"]


@pytest.mark.parametrize(
    ("other", "href"),
    [
        (told_by("b", entry_url="https://b.example/1", home_url="https://b.example/"), "https://b.example/1"),
        (told_by("b", home_url="https://b.example/"), "https://b.example/"),
        (told_by("b", entry_url="javascript:x()"), "https://b.example/rss"),
    ],
)
def test_e08_every_further_source_is_a_link(other: object, href: str) -> None:
    links = atom_entry(shown(others=(other, told_by("c", title="C &amp; co")))).findall(
        "a:link[@rel='via']", NAMES
    )
    assert [(link.get("href"), link.get("title")) for link in links] == [
        (href, "B"),
        ("https://c.example/rss", "C & co"),
    ]


@pytest.mark.parametrize(
    ("entry", "written"),
    [
        pytest.param(shown(summary="<p>S</p>"), {"summary": "<p>S</p>"}, id="summary only"),
        pytest.param(shown(content="<p>C</p>"), {"content": "<p>C</p>"}, id="content only"),
        pytest.param(
            shown(summary="<p>S</p>", content="<p>C</p>"),
            {"summary": "<p>S</p>", "content": "<p>C</p>"},
            id="both",
        ),
        pytest.param(shown(), {"summary": "Title"}, id="neither: some text"),
        pytest.param(shown(url=None), {"content": "Title"}, id="no link: content (RFC 4287 §4.1.2)"),
        pytest.param(
            shown(url=None, summary="<p>S</p>"), {"content": "<p>S</p>"}, id="even if it was a summary"
        ),
        pytest.param(
            shown(url=None, summary="<p>S</p>", content="<p>C</p>"),
            {"summary": "<p>S</p>", "content": "<p>C</p>"},
            id="no link, but content",
        ),
        pytest.param(shown(summary=" "), {"summary": "Title"}, id="blank is none"),
    ],
)
def test_text(entry: MergedEntry, written: dict[str, str]) -> None:
    element = atom_entry(entry)
    found = {tag: element.find(f"a:{tag}", NAMES) for tag in ("summary", "content")}
    assert {tag: one.text for tag, one in found.items() if one is not None} == written
    for tag, text in written.items():
        assert (found[tag].get("type") == "html") is text.startswith("<")


@pytest.mark.parametrize(
    ("entry", "title"),
    [
        pytest.param(shown(title="", content="<p>One <b>two</b> three</p>"), "One two three", id="the text"),
        pytest.param(
            shown(title="", summary=f"<p>{'word ' * 40}</p>"), "word " * 15 + "word…", id="cut at a word"
        ),
        pytest.param(shown(title="", content="<p>" + "w" * 200 + "</p>"), "w" * 79 + "…", id="cut anywhere"),
        pytest.param(shown(title=""), "Alfa", id="no text: the source"),
        pytest.param(shown(title=" \n"), "Alfa", id="blank is none"),
    ],
)
def test_an_entry_without_title_gets_one(entry: MergedEntry, title: str) -> None:
    assert texts(atom_entry(entry), "a:title") == [title]


def test_people() -> None:
    people = (
        Person(name="Ann", email="ann@alfa.example", url="https://ann.example/"),
        Person(name="Bob <bob@alfa.example>", email="at bob", url="javascript:x()"),
    )
    authors = atom_entry(shown(authors=people)).findall("a:author", NAMES)
    ann, bob = ({etree.QName(child).localname: child.text for child in author} for author in authors)
    assert ann == {"name": "Ann", "uri": "https://ann.example/", "email": "ann@alfa.example"}
    assert set(bob) == {"name"}
    assert "<" not in bob["name"]


def test_every_enclosure_is_a_link() -> None:
    enclosures = (
        Enclosure(url="https://alfa.example/1.mp3", type="audio/mpeg; x=1", length=0),
        Enclosure(url="https://alfa.example/2.mp3", type="nonsense", length=-1),
    )
    links = atom_entry(shown(enclosures=enclosures)).findall("a:link[@rel='enclosure']", NAMES)
    assert [dict(link.attrib) for link in links] == [
        {"rel": "enclosure", "href": "https://alfa.example/1.mp3", "type": "audio/mpeg", "length": "0"},
        {"rel": "enclosure", "href": "https://alfa.example/2.mp3"},
    ]


def test_categories_once_and_none_empty() -> None:
    entry = shown(categories=("a & b", "", " ", "a & b", "c"))
    assert [found.get("term") for found in atom_entry(entry).findall("a:category", NAMES)] == ["a & b", "c"]


def test_the_entrys_own_elements_stand_before_those_of_its_source() -> None:
    """Readers that ignore nesting (sfeed) take the first id, title and updated they meet."""
    tags = [etree.QName(child).localname for child in atom_entry(shown())]
    assert max(tags.index(tag) for tag in ("id", "title", "updated", "link")) < tags.index("source")
