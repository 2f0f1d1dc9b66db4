"""A world to serve, and the real server on a port of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from aggregator.model import (
    Absence,
    Asked,
    Document,
    MergedEntry,
    MergedFeed,
    Provenance,
    Publication,
    Published,
    Source,
    SourceState,
    State,
    Status,
)
from aggregator.serve import Server, ServeSettings, Subscribers, create_app

PUBLIC_URL = "https://news.example.org/river"
AT = datetime(2023, 11, 14, 8, 33, tzinfo=UTC)


def provenance(name: str) -> Provenance:
    home = f"https://{name}.example.org/"
    return Provenance(
        source_id=name,
        feed_id=home + "feed",
        title=name.capitalize(),
        feed_url=home + "feed",
        home_url=home,
        updated_at=AT,
        entry_url=f"{home}story",
    )


def merged_entry(title: str, **changes: object) -> MergedEntry:
    entry = MergedEntry(
        id="tag:example.org,2023:1",
        url="https://alfa.example.org/story",
        title=title,
        published_at=AT,
        updated_at=AT,
        summary="<p>First <b>wo</b>rds.</p><p>Second words.</p>",
        source=provenance("alfa"),
        others=(provenance("beta"),),
    )
    return replace(entry, **changes)  # type: ignore[arg-type]


def merged_feed(path: str, *entries: MergedEntry, title: str = "Everything") -> MergedFeed:
    return MergedFeed(path=path, title=title, public_url=PUBLIC_URL, updated_at=AT, entries=entries)


def published(path: str, body: bytes, content_type: str) -> Published:
    return Published(document=Document(path=path, body=body, content_type=content_type), modified_at=AT)


def publication_of(*feeds: MergedFeed) -> Publication:
    documents = [published("opml.xml", b"<opml/>", "text/x-opml; charset=utf-8")]
    for feed in feeds:
        text = " ".join(entry.title for entry in feed.entries) * 50
        documents += [
            published(
                f"{feed.path}.atom", f"<feed>{text}</feed>".encode(), "application/atom+xml; charset=utf-8"
            ),
            published(
                f"{feed.path}.rss", f"<rss>{text}</rss>".encode(), "application/rss+xml; charset=utf-8"
            ),
            published(f"{feed.path}.json", b'{"items": []}', "application/feed+json; charset=utf-8"),
        ]
    return Publication(published={one.document.path: one for one in documents}, feeds=feeds)


def status_of(*sources: tuple[Source, SourceState], error: str | None = None) -> Status:
    return Status(started_at=AT, configuration_error=error, sources=sources)


def failing_source() -> tuple[Source, SourceState]:
    return Source(id="alfa", url="https://alfa.example.org/rss", title="Alfa <Radio>"), SourceState(
        source_id="alfa",
        state=State.FAILING,
        failures=3,
        last_status=503,
        last_error="503 Service Unavailable & nothing else",
        last_success_at=AT,
        next_poll_at=AT + timedelta(hours=2),
        next_reason="Retry-After",
    )


@dataclass
class World:
    """What the application is asked to serve; tests change it while it serves."""

    publication: Publication
    status: Status
    settings: ServeSettings
    now: datetime = AT
    archive: dict[str, Document | Absence] = field(default_factory=dict)
    subscribers: Subscribers = field(init=False)
    client: httpx.AsyncClient = field(init=False)
    port: int = field(init=False)

    def __post_init__(self) -> None:
        self.subscribers = Subscribers(lambda: self.now)

    def live(self, path: str, asked: Asked) -> MergedFeed | None:
        """The stories of the feeds there are, a feed for each of their sources, and one of their health."""
        kind, _, name = path.partition("/")
        entries = [entry for feed in self.publication.feeds for entry in feed.entries]
        if kind == "stories":
            found = [entry for entry in entries if entry.id == name]
        else:
            found = [
                entry
                for entry in entries
                if kind == "health" or (kind == "sources" and name in {"alfa", "beta"})
            ]
        return merged_feed(path, *found[:1]) if found else None


@asynccontextmanager
async def serving(world: World) -> AsyncIterator[None]:
    """A running server on 127.0.0.1, and a client that asks for no coding by itself."""
    app = create_app(
        publication=lambda: world.publication,
        status=lambda: world.status,
        settings=lambda: world.settings,
        live=lambda path, asked: world.live(path, asked),  # noqa: PLW0108 - tests put another there
        subscribers=world.subscribers,
        archive=lambda address: world.archive.get(address, Absence.NEVER),
    )
    server = Server()
    listening = server.listen("127.0.0.1:0")
    world.port = listening.getsockname()[1]
    await server.start(app, listening)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{world.port}", trust_env=False) as client:
        del client.headers["accept-encoding"]
        world.client = client
        yield
    await server.stop()


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """Two feeds and one failing source, served."""
    feeds = (
        merged_feed("feed", merged_entry("Snow falls")),
        merged_feed("feeds/politics", merged_entry("Votes fall"), title="Politics"),
    )
    world = World(
        publication_of(*feeds),
        status_of(failing_source()),
        ServeSettings(title="Regional news", public_url=PUBLIC_URL),
    )
    async with serving(world):
        yield world
