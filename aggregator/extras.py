"""What an entry carries besides its text, made safe: absolute http(s) links, plain text, bounded. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TypeVar

from aggregator.html import plain_text, xml_safe
from aggregator.model import (
    NO_EXTRAS,
    Episode,
    Extras,
    Link,
    Media,
    Origin,
    Participant,
    Person,
    Reply,
    Thread,
    Transcript,
)
from aggregator.urls import absolute

MOST = 20  # of each kind of thing; chapters have a bound of their own
MOST_CHAPTERS = 200
WORD_CHARS = 100  # types, languages, roles
LINE_CHARS = 500  # names, titles, credits
TEXT_CHARS = 2000  # descriptions, rights
URL_CHARS = 2000  # longer ones are left out: what they lead to is nothing that an entry hangs on
MAX_SECONDS = 10**7
MAX_BYTES = 2**53  # what every reader of JSON can hold
MAX_PIXELS = 10**6
MAX_COUNT = 10**9

_NOBODY = Person()
_NO_EPISODE = Episode()

T = TypeVar("T")


def clean(said: Extras, base: str, *, plain: bool = False) -> Extras:
    """Return what may be stored and shown of it. Relative links are relative to `base`.

    With `plain`, texts are plain already, and what looks like HTML in them is text.
    """
    if said is NO_EXTRAS or said == NO_EXTRAS:
        return NO_EXTRAS
    to = _Cleaning(base, plain)
    return Extras(
        media=_bounded(filter(None, (_media(one, to) for one in said.media))),
        thumbnail=to.url(said.thumbnail),
        banner=to.url(said.banner),
        episode=_episode(said.episode, to),
        thread=_thread(said.thread, to),
        place=said.place and replace(said.place, name=to.line(said.place.name)),
        origin=_origin(said.origin, to),
        rights=to.line(said.rights, TEXT_CHARS),
        licences=_bounded(filter(None, map(to.url, said.licences))),
        contributors=_people(said.contributors, to),
        links=_bounded(filter(None, (_link(one, to) for one in said.links))),
    )


def telling(extras: Extras) -> tuple[object, ...]:
    """Return what of it makes an entry another when it changes: what a reader sees, hears or is told by it.

    Not how many comments there are: that would make an entry new at every poll. Not the words of rights ("© 2026
    …"), nor where comments, origin and further links are: nothing of the entry itself. Of pictures and
    recordings the address without its query counts, which holds tokens and sizes that servers make up each time.
    """
    if extras is NO_EXTRAS or extras == NO_EXTRAS:
        return ()
    media = tuple((_place_of(one.url), one.title, one.description, one.duration) for one in extras.media)
    episode = extras.episode
    if episode and (image := _place_of(episode.image)) != episode.image:
        episode = replace(episode, image=image)
    answers = extras.thread.answers if extras.thread else ()
    pictures = (_place_of(extras.thumbnail), _place_of(extras.banner))
    told = (media, pictures, episode, answers, extras.place, extras.licences, extras.contributors)
    return () if told == ((), (None, None), None, (), None, (), ()) else told


def _place_of(url: str | None) -> str | None:
    return None if url is None else url.partition("#")[0].partition("?")[0]


@dataclass(frozen=True, slots=True)
class _Cleaning:
    base: str
    plain: bool

    def url(self, address: str | None) -> str | None:
        resolved = absolute(self.base, address) if address and len(address) <= URL_CHARS else None
        if resolved is None or len(resolved) > URL_CHARS:
            return None
        return resolved if resolved.startswith(("http://", "https://")) else None

    def line(self, text: str | None, limit: int = LINE_CHARS) -> str | None:
        """One line of plain text, cut where it is too long."""
        if not text:
            return None
        line = " ".join((xml_safe(text) if self.plain else plain_text(text)).split())
        return (line if len(line) <= limit else line[: limit - 1] + "…") or None


def _people(persons: Iterable[Person], to: _Cleaning) -> tuple[Person, ...]:
    people = (
        Person(name=to.line(one.name), email=to.line(one.email), url=to.url(one.url)) for one in persons
    )
    return _bounded(one for one in people if one != _NOBODY)


def _media(said: Media, to: _Cleaning) -> Media | None:
    address = to.url(said.url)
    if address is None:
        return None
    return Media(
        url=address,
        type=_word(said.type),
        medium=_word(said.medium),
        length=_within(said.length, MAX_BYTES),
        duration=_within(said.duration, MAX_SECONDS),
        width=_within(said.width, MAX_PIXELS),
        height=_within(said.height, MAX_PIXELS),
        title=to.line(said.title),
        description=to.line(said.description, TEXT_CHARS),
        credit=to.line(said.credit),
        thumbnail=to.url(said.thumbnail),
    )


def _episode(said: Episode | None, to: _Cleaning) -> Episode | None:
    if said is None:
        return None
    transcripts = (replace(one, url=to.url(one.url) or "") for one in said.transcripts)
    people = (
        Participant(
            name=to.line(one.name) or "",
            role=_word(one.role),
            group=_word(one.group),
            url=to.url(one.url),
            image=to.url(one.image),
        )
        for one in said.people
    )
    chapters = (
        replace(one, title=to.line(one.title) or "", url=to.url(one.url), image=to.url(one.image))
        for one in said.chapters
    )
    chapters_url = to.url(said.chapters_url)
    episode = Episode(
        duration=_within(said.duration, MAX_SECONDS),
        season=_within(said.season, MAX_COUNT),
        number=_within(said.number, MAX_COUNT),
        kind=_word(said.kind),
        explicit=said.explicit,
        image=to.url(said.image),
        chapters_url=chapters_url,
        chapters_type=_word(said.chapters_type) if chapters_url else None,
        chapters=_bounded((one for one in chapters if one.title), MOST_CHAPTERS),
        transcripts=_bounded(_transcript(one) for one in transcripts if one.url),
        people=_bounded(one for one in people if one.name),
    )
    return episode if episode != _NO_EPISODE else None


def _transcript(said: Transcript) -> Transcript:
    return Transcript(url=said.url, type=_word(said.type), language=_word(said.language), rel=_word(said.rel))


def _thread(said: Thread | None, to: _Cleaning) -> Thread | None:
    if said is None:
        return None
    answers = (Reply(ref=xml_safe(one.ref).strip(), url=to.url(one.url)) for one in said.answers)
    thread = Thread(
        answers=_bounded(one for one in answers if one.ref and len(one.ref) <= URL_CHARS),
        comments=_within(said.comments, MAX_COUNT),
        comments_url=to.url(said.comments_url),
        comments_feed=to.url(said.comments_feed),
    )
    return thread if thread != Thread() else None


def _origin(said: Origin | None, to: _Cleaning) -> Origin | None:
    if said is None:
        return None
    identity = xml_safe(said.id or "").strip()
    origin = Origin(
        id=identity if 0 < len(identity) <= URL_CHARS else None,
        title=to.line(said.title),
        feed_url=to.url(said.feed_url),
        home_url=to.url(said.home_url),
    )
    return origin if origin != Origin() else None


def _link(said: Link, to: _Cleaning) -> Link | None:
    address = to.url(said.url)
    if address is None:
        return None
    return Link(
        rel=said.rel,
        url=address,
        type=_word(said.type),
        title=to.line(said.title),
        language=_word(said.language),
    )


def _bounded(things: Iterable[T], most: int = MOST) -> tuple[T, ...]:
    """Each once, in order, no more than `most`."""
    return tuple(dict.fromkeys(things))[:most]


def _word(text: str | None) -> str | None:
    word = xml_safe(text).strip() if text else ""
    return word if 0 < len(word) <= WORD_CHARS else None


def _within(number: int | None, most: int) -> int | None:
    return number if number is not None and 0 <= number <= most else None
