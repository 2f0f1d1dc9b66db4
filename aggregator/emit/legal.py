"""What no format may carry is taken out here, once, before any of them writes the feed."""

import re
from collections.abc import Iterable
from dataclasses import replace

from aggregator.extras import clean
from aggregator.html import sanitise, xml_safe
from aggregator.model import (
    NO_EXTRAS,
    Enclosure,
    Episode,
    Extras,
    Link,
    Media,
    MergedEntry,
    Person,
    Provenance,
    Reply,
    Thread,
)
from aggregator.urls import absolute, host, is_uri

_BREAKS = re.compile(r"[\t\n\r][ \t\n\r]*")
# Legal in XML 1.0 and shown by nobody (§2.2 discourages them): mostly the ruins of windows-1252.
_CONTROLS = re.compile(r"[\x7f-\x9f]")
_WEB_ADDRESS = re.compile(
    r"https?://[A-Za-z0-9.-]+(?::\d+)?/(?:[A-Za-z0-9._~:/?@!$&'()*+,;=#-]|%[0-9A-Fa-f]{2})*"
)
# BCP 47, without private and grandfathered tags.
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*")
_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@(?:[A-Za-z0-9-]+\.)+[A-Za-z0-9][A-Za-z0-9-]*")
# RFC 6838 §4.2.
_MEDIA_TYPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]*/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]*")


def legal(entry: MergedEntry) -> MergedEntry:
    """Return the entry with every text and address fit for XML, for readers and for validators.

    HTML is sanitised here for the second time (the first is at ingestion): rows written by an older
    version, or by hand, meet today's rules before they reach anybody.
    """
    source = _provenance(entry.source)
    return MergedEntry(
        id=xml_safe(entry.id),
        url=web_address(entry.url),
        title=line(entry.title),
        published_at=entry.published_at,
        updated_at=entry.updated_at,
        authors=_people(entry.authors) or (Person(name=source.title),),
        summary=_html(entry.summary),
        content=_html(entry.content),
        language=_language(entry.language),
        categories=tuple(dict.fromkeys(name for name in map(line, entry.categories) if name)),
        enclosures=tuple(_enclosures(entry.enclosures)),
        extras=_extras(entry.extras),
        source=source,
        others=tuple(_provenance(other) for other in entry.others),
        group=xml_safe(entry.group) if entry.group else None,
    )


def _provenance(source: Provenance) -> Provenance:
    return replace(
        source,
        feed_id=xml_safe(source.feed_id),
        title=line(source.title) or source.source_id,
        feed_url=web_address(source.feed_url) or xml_safe(source.feed_url),  # file: sources have no other
        home_url=web_address(source.home_url),
        rights=line(source.rights or "") or None,
        entry_url=web_address(source.entry_url),
        entry_title=line(source.entry_title),
    )


def web_address(url: str | None) -> str | None:
    """Return an http(s) address as a URI (RFC 3986), or None for what readers cannot open."""
    if url is None or _WEB_ADDRESS.fullmatch(url):
        return url
    resolved = absolute(None, url)
    return resolved if resolved and resolved.startswith(("http://", "https://")) else None


def line(text: str) -> str:
    """One line of legal text; no-break and typographic spaces stay."""
    return _CONTROLS.sub("", _BREAKS.sub(" ", xml_safe(text))).strip()


def _html(html: str) -> str:
    return _CONTROLS.sub("", sanitise(html)).strip() if html else ""


def _language(tag: str | None) -> str | None:
    tag = (tag or "").strip().replace("_", "-")  # en_US is common
    return tag if _LANGUAGE.fullmatch(tag) else None


def _people(people: Iterable[Person]) -> tuple[Person, ...]:
    """Give everybody a name (RFC 4287 §3.2.1) and leave out who has nothing to be named by."""
    named = []
    for person in people:
        email = (person.email or "").strip()
        email = email if _EMAIL.fullmatch(email) else ""
        url = web_address(person.url)
        name = line(person.name or "") or email or (host(url) if url else "")
        if name:
            named.append(Person(name=name, email=email or None, url=url))
    return tuple(dict.fromkeys(named))


def _enclosures(enclosures: Iterable[Enclosure]) -> Iterable[Enclosure]:
    for enclosure in enclosures:
        url = web_address(enclosure.url)
        if url:
            yield Enclosure(
                url=url,
                type=_media_type(enclosure.type),
                length=enclosure.length if enclosure.length is not None and enclosure.length >= 0 else None,
            )


def _media_type(said: str | None) -> str | None:
    media_type = (said or "").partition(";")[0].strip()
    return media_type if _MEDIA_TYPE.fullmatch(media_type) else None


def _extras(extras: Extras) -> Extras:
    """Cleaned like HTML for the second time, and its types, languages, names and ids as formats want them."""
    if extras == NO_EXTRAS:
        return NO_EXTRAS
    extras = clean(extras, "", plain=True)
    return replace(
        extras,
        media=tuple(_media(one) for one in extras.media),
        episode=extras.episode and _episode(extras.episode),
        thread=extras.thread and _thread(extras.thread),
        place=extras.place and replace(extras.place, name=line(extras.place.name or "") or None),
        origin=extras.origin and replace(extras.origin, title=line(extras.origin.title or "") or None),
        rights=line(extras.rights or "") or None,
        contributors=_people(extras.contributors),
        links=tuple(_links(extras.links)),
    )


def _media(media: Media) -> Media:
    return replace(
        media,
        type=_media_type(media.type),
        title=line(media.title or "") or None,
        description=line(media.description or "") or None,
        credit=line(media.credit or "") or None,
    )


def _episode(episode: Episode) -> Episode:
    return replace(
        episode,
        chapters_type=_media_type(episode.chapters_type),
        chapters=tuple(replace(one, title=line(one.title)) for one in episode.chapters),
        transcripts=tuple(
            replace(one, type=_media_type(one.type), language=_language(one.language))
            for one in episode.transcripts
        ),
        people=tuple(replace(one, name=line(one.name)) for one in episode.people if line(one.name)),
    )


def _thread(thread: Thread) -> Thread:
    """What is answered is named by its id, which is a URI, or else by where it is (RFC 4685 §3)."""
    named = ((one.ref if is_uri(one.ref) else one.url, one.url) for one in thread.answers)
    return replace(thread, answers=tuple(Reply(ref=ref, url=url) for ref, url in named if ref))


def _links(links: Iterable[Link]) -> Iterable[Link]:
    """One alternate for each type and language (RFC 4287 §4.1.1), beside the entry's own that says neither."""
    seen: set[tuple[str | None, str | None]] = {(None, None)}
    for link in links:
        made = replace(link, type=_media_type(link.type), language=_language(link.language))
        kind = (made.type, made.language)
        if made.rel == "alternate":
            if kind in seen:
                continue
            seen.add(kind)
        yield replace(made, title=line(made.title or "") or None)
