"""RSS 2.0: what the specification and its profile require."""

import pytest

from aggregator.emit import TTL, emit
from aggregator.model import Enclosure, MergedEntry
from tests.emit.shown import NAMES, feed, rss_item, shown, told_by, xml

PICTURE = '<img src="https://a.example/1.png">'


def test_the_head() -> None:
    channel = xml(emit(feed(shown(), path="feeds/politics", title="Politics"))[1]).find("channel")
    said = {child.tag: child.text for child in channel if child.tag != "item"}
    link = channel.find("a:link", NAMES)
    assert said == {
        "title": "Politics",
        "link": "https://news.example/",
        "description": "Politics",
        "lastBuildDate": "Tue, 14 Nov 2023 08:33:00 GMT",
        "generator": "aggregator",
        "ttl": str(int(TTL.total_seconds()) // 60),
        link.tag: None,
    }
    assert dict(link.attrib) == {
        "rel": "self",
        "type": "application/rss+xml",
        "href": "https://news.example/feeds/politics.rss",
    }


def test_an_empty_feed_was_never_built() -> None:
    assert xml(emit(feed())[1]).find("channel/lastBuildDate") is None


@pytest.mark.parametrize(
    ("own_id", "url", "is_link"),
    [
        ("https://alfa.example/1", "https://alfa.example/1", "true"),
        ("https://alfa.example/1", "https://alfa.example/2", "false"),
        ("https://alfa.example/1", None, "false"),
        ("tag:alfa.example,2020:1", "https://alfa.example/1", "false"),
        ("https://alfa.example", "https://alfa.example", "false"),  # written as https://alfa.example/
    ],
)
def test_e03_a_guid_is_a_permalink_only_where_it_is_the_link(
    own_id: str, url: str | None, is_link: str
) -> None:
    item = rss_item(shown(id=own_id, url=url))
    assert (item.findtext("guid"), item.find("guid").get("isPermaLink")) == (own_id, is_link)


@pytest.mark.parametrize(
    ("entry", "title", "description", "content"),
    [
        pytest.param(shown(summary="<p>S</p>"), "Title", "<p>S</p>", None, id="summary only"),
        pytest.param(
            shown(content="<p>1 &lt; <b>2</b></p>"),
            "Title",
            "1 &lt; 2",
            "<p>1 &lt; <b>2</b></p>",
            id="a teaser",
        ),
        pytest.param(
            shown(summary="<p>S</p>", content="<p>C</p>"), "Title", "<p>S</p>", "<p>C</p>", id="both"
        ),
        pytest.param(shown(), "Title", None, None, id="a title is enough"),
        pytest.param(
            shown(title="", summary="<p>S</p>"), None, "<p>S</p>", None, id="a description is enough"
        ),
        pytest.param(shown(title=""), "Alfa", None, None, id="neither: the source"),
        pytest.param(shown(content=PICTURE), "Title", PICTURE, PICTURE, id="a picture has no text"),
    ],
)
def test_text(entry: MergedEntry, title: str | None, description: str | None, content: str | None) -> None:
    item = rss_item(entry)
    assert item.findtext("title") == title
    assert item.findtext("description") == description
    assert item.findtext("content:encoded", namespaces=NAMES) == content


def test_e03_the_first_enclosure_with_type_and_length() -> None:
    enclosures = (
        Enclosure(url="javascript:x()"),
        Enclosure(url="https://alfa.example/1"),
        Enclosure(url="https://alfa.example/2", type="audio/mpeg", length=9),
    )
    found = rss_item(shown(enclosures=enclosures)).findall("enclosure")
    assert [dict(one.attrib) for one in found] == [
        {"url": "https://alfa.example/1", "length": "0", "type": "application/octet-stream"}
    ]


def test_e03_an_enclosure_at_a_host_of_one_word_is_media() -> None:
    """W3C's validator takes its address for none."""
    enclosures = (
        Enclosure(url="http://nas/1.mp3", type="audio/mpeg"),
        Enclosure(url="http://nas.example/2.mp3"),
    )
    item = rss_item(shown(enclosures=enclosures))
    assert item.findall("enclosure") == []
    media = [one.get("url") for one in item.iter("{http://search.yahoo.com/mrss/}content")]
    assert media == ["http://nas/1.mp3", "http://nas.example/2.mp3"]


def test_e08_sources() -> None:
    others = (told_by("b", entry_url="https://b.example/1"), told_by("c"))
    item = rss_item(shown(source=told_by(title="Alfa <i>&amp;</i> co"), others=others))
    source = item.find("source")
    assert (source.text, source.get("url")) == ("Alfa & co", "https://alfa.example/rss")
    links = [dict(link.attrib) for link in item.findall("a:link", NAMES)]
    assert links == [
        {"rel": "via", "href": "https://b.example/1", "title": "B"},
        {"rel": "via", "href": "https://c.example/rss", "title": "C"},
    ]
