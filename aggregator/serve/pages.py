"""HTML pages: what they show of feeds and sources, and the templates that show it."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, TypeAlias
from urllib.parse import quote, unquote, urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined

from aggregator.health import remarks
from aggregator.html import sanitise
from aggregator.model import Document, MergedEntry, MergedFeed, Provenance, Source, SourceState, State, Status
from aggregator.serve.excerpt import excerpt

PAGE_ENTRIES: Final = 60  # of a feed that its page shows
HTML: Final = "text/html; charset=utf-8"
FORMATS: Final = (
    ("Atom", "atom", "application/atom+xml"),
    ("RSS", "rss", "application/rss+xml"),
    ("JSON", "json", "application/feed+json"),
)
# strftime would ask the locale
MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
RELATED_MOST: Final = 5  # other stories of an event that one names
RIGHT_TO_LEFT: Final = frozenset(
    {"ar", "arc", "ckb", "dv", "fa", "he", "iw", "ku", "ps", "sd", "syr", "ug", "ur", "yi"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a page stands: how its links reach the root, and what they carry along."""

    root: str  # relative address of the server's root: "./", "../", …
    token: str | None = None  # of a reader who came with one

    @property
    def query(self) -> str:
        return "" if self.token is None else f"?token={quote(self.token, safe='')}"

    def link(self, path: str) -> str:
        """Return a relative address that works behind any proxy and prefix."""
        return f"{self.root}{quote(path)}{self.query}"

    def story(self, entry: MergedEntry) -> str:
        """Return the address of the page of a story; an id may be an address itself."""
        return f"{self.root}stories/{quote(entry.id, safe='')}{self.query}"

    def feed(self, feed: MergedFeed, extension: str) -> str:
        """Return the address of a feed in the format with that extension."""
        further = self.query.replace("?", "&") if feed.query else self.query
        return f"{self.root}{quote(feed.path)}.{extension}{feed.query and '?'}{feed.query}{further}"


Render: TypeAlias = "Callable[[Pages, Site, Place, MergedFeed], Document]"


def place_of(request_path: bytes, *, token: str | None) -> Place:
    """Return the place of the page at `request_path`, as the client wrote it, from its first slash on."""
    depth = request_path.count(b"/") - 1
    return Place(root="../" * depth or "./", token=token)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What every page shows around its own contents. `feeds`: the merged feed of everything is the first."""

    title: str
    feeds: tuple[MergedFeed, ...] = ()
    style: str  # path of the style sheet, with its version
    icon: str


class Pages:
    """Renders; safe to use from several threads."""

    def __init__(self) -> None:
        self._templates = Environment(
            loader=PackageLoader("aggregator.serve"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._templates.filters |= {"day_and_time": day_and_time, "rfc3339": rfc3339, "direction": direction}
        self._templates.filters |= {"web_address": web_address, "excerpt_of": excerpt_of, "told_by": told_by}
        self._templates.filters |= {"file_name": file_name}
        self._templates.globals |= {"formats": FORMATS}

    def river(self, site: Site, place: Place, feed: MergedFeed | None) -> bytes:
        """Show the latest entries of a feed; None when nothing has been published yet."""
        return self._render("river.html", site, place, feed=feed, **_listing(feed))

    def search(
        self, site: Site, place: Place, *, words: str, feed: MergedFeed | None, complaint: str
    ) -> bytes:
        """Show a form and what was found; `complaint` says why nothing could be looked for."""
        return self._render(
            "search.html", site, place, words=words, feed=feed, complaint=complaint, **_listing(feed)
        )

    def story(self, site: Site, place: Place, entry: MergedEntry) -> bytes:
        """Show all we show of a story, with the links of everybody who tells it."""
        html = sanitise(entry.content or entry.summary)
        return self._render("story.html", site, place, entry=entry, html=html)

    def status(self, site: Site, place: Place, status: Status) -> bytes:
        facts = [source_facts(source, state) for source, state in status.sources]
        counts = Counter(state.health for _, state in status.sources)
        return self._render(
            "status.html",
            site,
            place,
            status=status,
            sources=facts,
            counts=[(state, counts[state]) for state in State if counts[state]],
        )

    def message(self, site: Site, place: Place, *, title: str, text: str) -> bytes:
        return self._render("message.html", site, place, title=title, text=text)

    def _render(self, name: str, site: Site, place: Place, **contents: object) -> bytes:
        return self._templates.get_template(name).render(site=site, place=place, **contents).encode()


def _listing(feed: MergedFeed | None) -> dict[str, object]:
    """Return what the list of a feed's entries is made of."""
    if feed is None:
        return {"entries": (), "related": {}}
    return {"entries": feed.entries[:PAGE_ENTRIES], "related": related_to(feed.entries)}


def river_document(pages: Pages, site: Site, place: Place, feed: MergedFeed) -> Document:
    """Return the page of a feed as a document, to be hashed and compressed like the others."""
    return Document(path=feed.path, body=pages.river(site, place, feed), content_type=HTML)


def story_document(pages: Pages, site: Site, place: Place, feed: MergedFeed) -> Document:
    """Return the page of the one story of a feed."""
    return Document(path=feed.path, body=pages.story(site, place, feed.entries[0]), content_type=HTML)


def source_facts(source: Source, state: SourceState) -> dict[str, object]:
    """Say of a source what an operator asks, under the names of the store's sources_view."""
    return {
        "id": source.id,
        "title": source.title or state.head.title or source.id,
        "url": source.url,
        "state": state.health.value,
        "last_status": state.last_status,
        "last_poll_at": state.last_poll_at,
        "last_success_at": state.last_success_at,
        "next_poll_at": None if state.paused_at else state.next_poll_at,
        "next_reason": state.next_reason,
        "wishes": {wish.reason: wish.wait.total_seconds() for wish in state.wishes},
        "interval": None if state.interval is None else state.interval.total_seconds(),
        "moved_to": state.moved_to,
        "edit": source.where if state.moved_to is not None else None,
        "failures": state.failures,
        "last_error": state.last_error,
        "problems": list(remarks(state)),
    }


def status_facts(status: Status) -> Mapping[str, object]:
    """The status page as JSON: the same facts, times as RFC 3339 text."""
    return {
        "started_at": rfc3339(status.started_at),
        "configuration_error": status.configuration_error,
        "storage_error": status.storage_error,
        "reading_error": status.reading_error,
        "sources": [
            {
                name: rfc3339(fact) if isinstance(fact, datetime) else fact
                for name, fact in source_facts(source, state).items()
            }
            for source, state in status.sources
        ],
    }


def told_by(entry: MergedEntry) -> Iterable[Provenance]:
    """List every source of a story once, the one whose words are shown first."""
    sources: dict[str, Provenance] = {}
    for told in (entry.source, *entry.others):
        sources.setdefault(told.source_id, told)
    return sources.values()


def related_to(entries: Iterable[MergedEntry]) -> Mapping[str, Iterable[MergedEntry]]:
    """Return by id, for the stories that tell an event with others, these others, the latest first."""
    events: dict[str, list[MergedEntry]] = {}
    for entry in entries:
        if entry.group is not None:
            events.setdefault(entry.group, []).append(entry)
    return {
        entry.id: [other for other in event if other is not entry][:RELATED_MOST]
        for event in events.values()
        for entry in event
        if len(event) > 1
    }


def excerpt_of(entry: MergedEntry) -> str:
    return excerpt(entry.summary or entry.content)


def file_name(url: str) -> str:
    """Return what a recording or picture is called: the end of its path."""
    path = unquote(urlsplit(url).path)
    return path.rstrip("/").rpartition("/")[2] or url


def day_and_time(at: datetime) -> str:
    """Write a date for people, in UTC: there is no telling where they are."""
    at = at.astimezone(UTC)
    return f"{at.day} {MONTHS[at.month - 1]} {at.year}, {at:%H:%M} UTC"


def rfc3339(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def direction(language: str | None) -> str:
    """Return the `dir` of text in a language (RFC 5646 tag); unknown ones are judged by their letters."""
    return "rtl" if language and language.lower().partition("-")[0] in RIGHT_TO_LEFT else "auto"


def web_address(url: str | None) -> str | None:
    """Return `url` if a link may lead there: http and https only, nothing that would run."""
    try:
        return url if url and urlsplit(url).scheme in {"http", "https"} else None
    except ValueError:
        return None
