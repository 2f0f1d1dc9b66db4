"""What entries carry besides their text: made safe, bounded, and what of it makes an entry another."""

from dataclasses import replace
from typing import Any

import pytest

from aggregator.extras import MOST, TEXT_CHARS, URL_CHARS, clean, telling
from aggregator.model import (
    NO_EXTRAS,
    Chapter,
    Episode,
    Extras,
    Link,
    Media,
    Origin,
    Participant,
    Person,
    Place,
    Reply,
    Thread,
    Transcript,
)
from tests.emit.shown import carried

BASE = "https://alfa.example/feeds/rss"
UNSAFE = [
    "javascript:x()",
    "data:text/html,x",
    "file:///etc/passwd",
    "ftp://alfa.example/1",
    "mailto:a@b.c",
    "",
    " ",
]


@pytest.mark.parametrize("url", [*UNSAFE, f"https://alfa.example/{'x' * URL_CHARS}"])
def test_only_addresses_that_readers_may_open_are_kept(url: str) -> None:
    said = Extras(
        media=(Media(url=url),),
        thumbnail=url,
        banner=url,
        episode=Episode(
            image=url,
            chapters_url=url,
            chapters_type="text/plain",
            transcripts=(Transcript(url=url),),
        ),
        thread=Thread(comments_url=url, comments_feed=url),
        origin=Origin(feed_url=url, home_url=url),
        licences=(url,),
        contributors=(Person(url=url),),
        links=(Link(rel="via", url=url),),
    )
    assert clean(said, BASE) == NO_EXTRAS


def test_links_are_made_absolute() -> None:
    said = Extras(
        media=(Media(url="1.mp3", thumbnail="/t.jpg"),),
        episode=Episode(
            chapters=(Chapter(start=0, title="A", url="#a", image="i.jpg"),),
            people=(Participant(name="Ann", url="ann", image="ann.jpg"),),
        ),
        thread=Thread(answers=(Reply(ref="urn:x:1", url="../1"),)),
    )
    made = clean(said, BASE)
    assert made.media == (
        Media(url="https://alfa.example/feeds/1.mp3", thumbnail="https://alfa.example/t.jpg"),
    )
    assert made.episode is not None
    assert made.episode.chapters[0].url == f"{BASE}#a"
    assert made.episode.people[0].image == "https://alfa.example/feeds/ann.jpg"
    assert made.thread == Thread(answers=(Reply(ref="urn:x:1", url="https://alfa.example/1"),))


def test_texts_are_one_line_of_plain_text() -> None:
    said = Extras(
        media=(Media(url="/1", title="<b>A</b> &amp;\n B", description="x" * 9999, credit="\x00"),),
        place=Place(latitude=1, longitude=2, name=" <i>Here</i> "),
        rights="&copy; <b>A</b>",
        contributors=(Person(name="<script>x()</script>Ann"),),
    )
    made = clean(said, BASE)
    assert (made.media[0].title, made.media[0].credit) == ("A & B", None)
    assert len(made.media[0].description or "") == TEXT_CHARS
    assert made.place == Place(latitude=1, longitude=2, name="Here")
    assert (made.rights, made.contributors) == ("© A", (Person(name="Ann"),))


def test_what_is_plain_already_keeps_what_looks_like_html() -> None:
    once = clean(Extras(rights="Use &lt;b&gt;"), BASE)
    assert once.rights == "Use <b>"
    assert clean(once, BASE, plain=True) == once


def test_all_that_an_entry_can_carry_is_kept() -> None:
    assert clean(carried(), BASE, plain=True) == carried()


def test_lists_are_bounded_and_numbers_make_sense() -> None:
    many = [f"https://alfa.example/{n}" for n in range(500)]
    said = Extras(
        media=tuple(Media(url=url, length=-1, duration=10**9, width=10**9) for url in many),
        licences=tuple(many),
        links=tuple(Link(rel="via", url=url) for url in many),
        episode=Episode(people=tuple(Participant(name=url) for url in many), season=-1),
        contributors=tuple(Person(name=url) for url in many),
    )
    made = clean(said, BASE)
    assert made.episode is not None
    assert {len(made.media), len(made.licences), len(made.links), len(made.contributors)} == {MOST}
    assert (len(made.episode.people), made.episode.season) == (MOST, None)
    assert (made.media[0].length, made.media[0].duration, made.media[0].width) == (None, None, None)


def changed(**more: Any) -> bool:
    return telling(replace(carried(), **more)) != telling(carried())


def test_a_count_of_comments_a_year_or_a_token_makes_no_entry_another() -> None:
    thread, media = carried().thread, carried().media
    assert thread is not None
    assert not changed(thread=replace(thread, comments=99))
    assert not changed(rights="© 2027")
    assert not changed(thumbnail="https://alfa.example/small.jpg?token=2")
    assert not changed(media=tuple(replace(one, url=f"{one.url}?width=9", length=1) for one in media))
    assert not changed(origin=None, links=())


def test_what_is_seen_or_heard_does() -> None:
    episode, media = carried().episode, carried().media
    assert episode is not None
    assert changed(episode=replace(episode, duration=1))
    assert changed(episode=replace(episode, transcripts=()))
    assert changed(media=media[:1])
    assert changed(media=(replace(media[0], url="https://alfa.example/2.mp3"), *media[1:]))
    assert changed(thumbnail="https://alfa.example/other.jpg")
    assert changed(place=None)
    assert changed(licences=())
    assert changed(contributors=())


def test_what_carries_nothing_tells_nothing() -> None:
    assert telling(NO_EXTRAS) == ()
    assert telling(Extras(thread=Thread(comments=3), rights="©")) == ()
