"""What podcast players show: itunes:*, Podcasting 2.0 and Podlove's chapters."""

from collections.abc import Iterator

from aggregator.model import Chapter, Episode, Participant, Transcript
from aggregator.parse.extensions.elements import Element, Said, attribute, number, text, url

MOST_CHAPTERS = 200
MOST_TRANSCRIPTS = 10
MOST_PEOPLE = 20
_KINDS = frozenset({"full", "trailer", "bonus"})
_EXPLICIT = {"yes": True, "true": True, "explicit": True, "no": False, "false": False, "clean": False}
_LONGEST = 10**7  # seconds; what lasts longer is no episode


def episode(said: Said) -> Episode | None:
    """Return what an entry says of itself as an episode, or None when it is none."""
    kind = (said.text("itunes:episodetype") or "").lower()
    chapters = said.first("podcast:chapters")
    image = said.first("itunes:image")
    found = Episode(
        duration=duration(said.text("itunes:duration")),
        season=number(said.text("itunes:season", "podcast:season")),
        number=number(said.text("itunes:episode", "podcast:episode")),
        kind=kind if kind in _KINDS else None,
        explicit=_EXPLICIT.get((said.text("itunes:explicit") or "").lower()),
        image=None
        if image is None
        else url(image, attribute(image, "href") or attribute(image, "url") or text(image)) or None,
        chapters_url=None if chapters is None else url(chapters, attribute(chapters, "url")) or None,
        chapters_type=None if chapters is None else attribute(chapters, "type"),
        chapters=tuple(_chapters(said)),
        transcripts=tuple(_transcripts(said)),
        people=tuple(_people(said)),
    )
    return found if found != Episode() else None


def duration(said: str | None) -> int | None:
    """Read seconds, "MM:SS" or "HH:MM:SS", perhaps with a fraction; None for what is no length of time."""
    seconds = moment(said)
    return round(seconds) if seconds is not None and 0 < round(seconds) < _LONGEST else None


def moment(said: str | None) -> float | None:
    """Read a position in a recording: Normal Play Time (RFC 2326 §3.6), parts of it left out."""
    parts = (said or "").strip().split(":")
    if len(parts) > 3 or not all(_is_decimal(part) for part in parts):
        return None
    seconds = 0.0
    for part in parts:
        seconds = seconds * 60 + float(part)
    return seconds


def _is_decimal(part: str) -> bool:
    whole, _, fraction = part.partition(".")
    return part.isascii() and whole.isdigit() and len(part) <= 12 and (fraction.isdigit() or not fraction)


def _chapters(said: Said) -> Iterator[Chapter]:
    """Yield the chapters of the first list: a second one is not allowed."""
    listed = said.first("psc:chapters")
    if listed is None:
        return
    for count, chapter in enumerate(Said.of(listed, most=MOST_CHAPTERS).all("psc:chapter")):
        start, title = moment(attribute(chapter, "start")), attribute(chapter, "title")
        if start is not None and title and count < MOST_CHAPTERS:
            yield Chapter(
                start=start,
                title=title,
                url=url(chapter, attribute(chapter, "href")) or None,
                image=url(chapter, attribute(chapter, "image")) or None,
            )


def _transcripts(said: Said) -> Iterator[Transcript]:
    for count, element in enumerate(said.all("podcast:transcript")):
        address = url(element, attribute(element, "url"))
        if address and count < MOST_TRANSCRIPTS:
            yield Transcript(
                url=address,
                type=attribute(element, "type"),
                language=attribute(element, "language"),
                rel=attribute(element, "rel"),
            )


def _people(said: Said) -> Iterator[Participant]:
    for count, element in enumerate(said.all("podcast:person")):
        name = text(element)
        if name and count < MOST_PEOPLE:
            yield _person(element, name)


def _person(element: Element, name: str) -> Participant:
    return Participant(
        name=name,
        role=attribute(element, "role"),
        group=attribute(element, "group"),
        url=url(element, attribute(element, "href")) or None,
        image=url(element, attribute(element, "img")) or None,
    )
