"""What entries carry comes out in every format, and is read from there as it went in."""

from dataclasses import replace
from typing import Any

import pytest

from aggregator.emit import emit
from aggregator.extras import clean
from aggregator.html import plain_text
from aggregator.model import NO_EXTRAS, Enclosure, Episode, Extras, Link, Media, Person, Response, Thread
from aggregator.parse import parse
from tests.emit.shown import AT, NAMES, atom_entry, carried, feed, json_item, rss_item, shown, xml

ITUNES = {"itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd"}
MP3 = Enclosure(url="https://alfa.example/1.mp3", type="audio/mpeg", length=1234)


def read_back(extension: str, **more: Any) -> Extras:
    entry = shown(extras=carried(), enclosures=(MP3,), **more)
    (document,) = (one for one in emit(feed(entry)) if one.path.endswith(extension))
    (found,) = parse(Response(status=200, url="https://news.example/x", body=document.body)).entries
    return clean(found.extras, "https://news.example/", plain=False)


def test_atom_is_read_as_it_was_written() -> None:
    """Except what it has no words for; its source is whoever told us, and that the entry was copied is a link."""
    found, meant = read_back("atom"), carried()
    assert found.origin is not None
    assert meant.episode is not None
    assert found.origin.feed_url == "https://alfa.example/rss"
    copied = Link(rel="via", url="https://delta.example/", title="Delta")
    assert replace(found, origin=meant.origin, banner=meant.banner, episode=meant.episode) == replace(
        meant, links=(*meant.links, copied)
    )
    unsaid = replace(meant.episode, duration=None, kind=None, explicit=None, image=None)
    assert found.episode == unsaid, "itunes:* is for RSS; how long it lasts says Media RSS"


def test_rss_is_read_as_it_was_written() -> None:
    """The enclosure is not described a second time; a contributor has a name only."""
    found, meant = read_back("rss"), carried()
    assert found.contributors == (Person(name="Зміцер"),)
    same = replace(
        found,
        origin=meant.origin,
        banner=meant.banner,
        contributors=meant.contributors,
        media=(meant.media[0], *found.media),
    )
    assert same == meant


def test_json_feed_has_names_for_some_and_an_extension_for_the_rest() -> None:
    item = json_item(shown(extras=carried(), enclosures=(MP3,)))
    assert item["image"] == "https://alfa.example/small.jpg"
    assert item["banner_image"] == "https://alfa.example/wide.jpg"
    assert item["external_url"] == "https://echo.example/9"
    assert item["attachments"] == [
        {
            "url": "https://alfa.example/1.mp3",
            "mime_type": "audio/mpeg",
            "title": "As heard",
            "size_in_bytes": 1234,
            "duration_in_seconds": 3723,
        },
        {
            "url": "https://alfa.example/1.webm",
            "mime_type": "video/webm",
            "title": "A < B & C",
            "size_in_bytes": 99,
            "duration_in_seconds": 60,
        },
    ]
    own = item["_aggregator"]
    assert (own["episode"]["season"], own["episode"]["explicit"]) == (2, False)
    assert own["place"] == {"latitude": 53.9, "longitude": 27.566667, "name": "Мінск"}
    assert own["thread"]["comments"] == 3
    assert own["licences"] == ["https://creativecommons.org/licenses/by/4.0/"]


def test_a_merged_podcast_plays() -> None:
    """One enclosure with type and length, its duration, and the copies as Media RSS (RSS profile, "enclosure")."""
    other = Enclosure(url="https://alfa.example/1.ogg", type="audio/ogg", length=7)
    item = rss_item(shown(extras=carried(), enclosures=(MP3, other)))
    assert [dict(one.attrib) for one in item.findall("enclosure")] == [
        {"url": "https://alfa.example/1.mp3", "length": "1234", "type": "audio/mpeg"}
    ]
    assert item.findtext("itunes:duration", namespaces=ITUNES) == "01:02:03"
    media = item.findall("m:content", {"m": "http://search.yahoo.com/mrss/"})
    assert [one.get("url") for one in media] == [
        "https://alfa.example/1.ogg",
        "https://alfa.example/1.webm",
        "https://alfa.example/1.jpg",
    ]


def test_a_recording_that_is_media_only_becomes_the_enclosure() -> None:
    entry = shown(extras=Extras(media=carried().media[1:]))
    enclosure = rss_item(entry).find("enclosure")
    assert dict(enclosure.attrib) == {
        "url": "https://alfa.example/1.webm",
        "length": "99",
        "type": "video/webm",
    }
    assert rss_item(shown(extras=Extras(media=carried().media[2:]))).find("enclosure") is None, "a picture"


def test_a_channel_with_episodes_says_what_players_want_of_it() -> None:
    entries = [
        shown(language="be", extras=Extras(episode=Episode(duration=1, explicit=explicit)))
        for explicit in (False, True)
    ]
    channel = xml(emit(feed(*entries))[1]).find("channel")
    assert channel.findtext("language") == "be"
    assert channel.findtext("itunes:explicit", namespaces=ITUNES) == "true"
    assert channel.find("itunes:category", ITUNES).get("text") == "News"
    assert channel.find("itunes:owner/itunes:email", ITUNES).text.endswith(".invalid"), "RFC 2606: nobody's"
    mixed = xml(emit(feed(entries[0], shown(language="de")))[1]).find("channel")
    assert mixed.findtext("language") == "mul"


def test_feeds_without_such_things_do_not_name_their_vocabularies() -> None:
    for document in emit(feed(shown()))[:2]:
        assert set(xml(document).nsmap.values()) <= {*NAMES.values(), None}
        assert xml(document).find("channel/language") is None


def test_atom_says_how_long_the_enclosure_lasts() -> None:
    entry = shown(enclosures=(MP3,), extras=Extras(episode=Episode(duration=90)))
    content = atom_entry(entry).find("m:content", {"m": "http://search.yahoo.com/mrss/"})
    assert dict(content.attrib) == {
        "url": "https://alfa.example/1.mp3",
        "type": "audio/mpeg",
        "fileSize": "1234",
        "duration": "90",
    }


def test_what_looks_like_html_in_a_description_is_read_as_the_text_it_is() -> None:
    text = "watch?v=1&amp;t=9 <b>now</b>"
    extras = Extras(media=(Media(url="https://alfa.example/1", description=text, length=0),))
    content = rss_item(shown(extras=extras)).find("m:content", {"m": "http://search.yahoo.com/mrss/"})
    assert dict(content.attrib) == {"url": "https://alfa.example/1"}, "no length is not a length of none"
    described = content.find("m:description", {"m": "http://search.yahoo.com/mrss/"})
    assert (plain_text(described.text), described.get("type")) == (text, "html")


def test_one_alternate_for_each_type_and_language() -> None:
    """RFC 4287 §4.1.1; the entry's own link says neither."""
    kinds = [(None, None), ("text/html", None), ("text/html", "be"), ("text/html", "be"), ("junk", None)]
    links = tuple(
        Link(rel="alternate", url=f"https://alfa.example/{n}", type=media_type, language=language)
        for n, (media_type, language) in enumerate(kinds)
    )
    found = atom_entry(shown(extras=Extras(links=links))).findall("a:link[@rel='alternate']", NAMES)
    assert [(one.get("type"), one.get("hreflang")) for one in found] == [
        (None, None),
        ("text/html", None),
        ("text/html", "be"),
    ]


@pytest.mark.parametrize("extension", ["atom", "rss", "json"])
def test_what_was_stored_by_hand_meets_the_rules_too(extension: str) -> None:
    bad = Extras(
        media=(
            Media(url="javascript:x()"),
            Media(url="https://alfa.example/1", type="<>", title="\x00a\x07"),
        ),
        thumbnail="data:x",
        thread=Thread(comments=-1, comments_url="file:///x"),
        licences=("javascript:x()",),
    )
    (document,) = (
        one for one in emit(feed(shown(extras=bad, updated_at=AT))) if one.path.endswith(extension)
    )
    assert not any(
        word in document.body for word in (b"javascript", b"data:x", b"file:", b"\x00", b"\x07", b"<>")
    )
    assert emit(feed(shown(extras=NO_EXTRAS))) == emit(feed(shown()))
