"""Random lives of a few sources, by the real path: nothing is lost or told twice, on either engine the same."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from xml.sax.saxutils import escape

import feedparser
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aggregator.model import Order, Story
from aggregator.pipeline import carry_out
from tests.fetch.server import Answer, Server
from tests.things import NOON, source
from tests.world import World, world

SOURCES = ("alfa", "bravo", "carol")
ARTICLES = (
    (
        "Ferry to the northern islands sails again",
        "The ferry to the northern islands will sail again from Thursday after a break of four months, the harbour"
        " office said. Divers had found a damaged rudder in July, and the spare part was delivered only last week.",
    ),
    (
        "Old school loses its roof",
        "The storm has taken the roof off the old school in Westhaven. Lessons go on in the sports hall, and parents"
        " have begun to collect money for a new one. The council will decide about it in the spring.",
    ),
    ("Weather", "Rain in the north, sun in the south."),
    ("", ""),
)
TEXTS = (
    "{}",
    "By Jane Roe\nWESTHAVEN (Island Wire) - {} Read more",
    "{:.120}…",
    "{} Nobody was hurt.",
    "{} 12 comments",
)


@dataclass(frozen=True)
class Item:
    """One entry of a document: which article, set how, named and placed how."""

    article: int
    text: int
    guid: int  # under which scheme; 0: there is none
    place: int  # at which host; 0: there is no address
    hours: int | None  # before the first noon

    def written(self, source_id: str) -> str:
        title, text = ARTICLES[self.article]
        host = (
            "",
            f"http://{source_id}.example",
            f"https://www.{source_id}.example",
            "https://wire.example",
        )[self.place]
        date = "" if self.hours is None else f"{NOON - timedelta(hours=self.hours):%a, %d %b %Y %H:%M:%S} GMT"
        parts = {
            "guid": self.guid and f"{source_id}:{'?abc'[self.guid]}{self.article}",
            "title": title,
            "link": host and f"{host}/news/{self.article}",
            "description": TEXTS[self.text].format(text),
            "pubDate": date,
        }
        inner = "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in parts.items() if value)
        inner = inner.replace("<guid>", '<guid isPermaLink="false">')
        return f"<item>{inner}</item>"


items = st.builds(
    Item,
    article=st.integers(0, len(ARTICLES) - 1),
    text=st.integers(0, len(TEXTS) - 1),
    guid=st.integers(0, 3),
    place=st.integers(0, 3),
    hours=st.sampled_from([None, 0, 0, 1, 30, 200]),
)
documents = st.tuples(st.just("brings"), st.sampled_from(SOURCES), st.lists(items, min_size=1, max_size=4))
orders = st.tuples(st.sampled_from(["split", "join"]), st.integers(0, 9), st.integers(0, 9))
others = st.tuples(
    st.sampled_from(["again", "again", "prune", "leaves", "returns", "days", "release"]),
    st.sampled_from(SOURCES),
)
lives = st.lists(st.one_of(documents, documents, documents, orders, others), min_size=3, max_size=14)


@dataclass
class Life:
    """The same life on every engine."""

    worlds: Sequence[World]
    publisher: Server
    followed: set[str] = field(default_factory=lambda: set(SOURCES))
    told: set[str] = field(default_factory=set)  # ids once in a feed
    stories: dict[str, str] = field(default_factory=dict)  # of which source each entry id is

    async def do(self, verb: str, *what: Any) -> None:
        await getattr(self, f"_{verb}")(*what)
        for place in self.worlds:
            place.wait(minutes=7)

    async def _brings(self, source_id: str, document: Sequence[Item]) -> None:
        body = "".join(item.written(source_id) for item in document)
        feed = f'<rss version="2.0"><channel><title>{source_id}</title>{body}</channel></rss>'
        self.publisher.answer(f"/{source_id}", Answer(body=feed.encode()))
        await self.poll(source_id)

    async def _split(self, first: int, second: int) -> None:
        self.order("split", first, second)

    async def _join(self, first: int, second: int) -> None:
        self.order("join", first, second)

    async def _again(self, _: str) -> None:
        await self.publish()
        before = self.feeds()
        for source_id in sorted(self.followed):
            await self.poll(source_id)
        await self.publish()
        assert self.feeds() == before

    async def _prune(self, _: str) -> None:
        for place in self.worlds:
            before = place.now - timedelta(days=3)
            place.store.prune(before=before, keep_per_source=2, texts_before=place.now)

    async def _leaves(self, source_id: str) -> None:
        self.follow(self.followed - {source_id})

    async def _returns(self, source_id: str) -> None:
        self.follow(self.followed | {source_id})

    async def _days(self, _: str) -> None:
        for place in self.worlds:
            place.wait(days=2)

    async def _release(self, source_id: str) -> None:
        self.command("release", source_id)

    def follow(self, followed: set[str]) -> None:
        self.followed = followed
        for place in self.worlds:
            place.configure(*(source(one, url=self.publisher.url(f"/{one}")) for one in sorted(followed)))

    async def poll(self, source_id: str) -> None:
        if source_id in self.followed:
            for place in self.worlds:
                await place.poll(source_id)

    async def publish(self) -> None:
        for place in self.worlds:
            await place.pipeline.publish()

    def order(self, verb: str, first: int, second: int) -> None:
        known = sorted(stored.entry_id for story in self.stored() for stored in story.entries)
        if known:
            names = (known[first % len(known)], known[second % len(known)])
            self.command(verb, *(names if verb == "join" else names[:1]))

    def command(self, verb: str, *names: str) -> None:
        answers = [
            carry_out(Order(verb=verb, names=names), place.store, now=place.now) for place in self.worlds
        ]
        assert len(set(answers)) == 1

    def stored(self) -> Sequence[Story]:
        first, *more = (tuple(map(_kept, place.store.latest(1000))) for place in self.worlds)
        for one in more:
            assert one == first
        return first

    def feeds(self) -> list[bytes]:
        return [(place.directory / "feed.atom").read_bytes() for place in self.worlds]

    async def check(self) -> None:
        stories = self.stored()
        entries = Counter((one.entry.source_id, one.entry.guid) for story in stories for one in story.entries)
        assert set(entries.values()) <= {1}
        ids = Counter(one.entry_id for story in stories for one in story.entries)
        assert set(ids.values()) <= {1}
        await self.publish()
        first, *more = self.feeds()
        for one in more:
            assert one == first
        shown = [entry.id for entry in feedparser.parse(first).entries]
        assert len(set(shown)) == len(shown)
        assert sorted(shown) == sorted(story.story_id for story in stories)
        self.told |= {*shown}
        for place in self.worlds:
            for story_id in self.told:
                assert place.store.resolve(story_id) is not None, story_id
        for story in stories:
            for stored in story.entries:
                kept = self.stories.setdefault(stored.entry_id, stored.entry.source_id)
                assert kept == stored.entry.source_id
        known = {one.entry_id for story in stories for one in story.entries}
        for entry_id, source_id in self.stories.items():
            assert all(place.store.find(entry_id) == (entry_id,) for place in self.worlds), entry_id
            assert entry_id in known or source_id not in self.followed or self.is_hidden(entry_id)

    def is_hidden(self, entry_id: str) -> bool:
        filed = next(
            filed
            for filed in self.worlds[0].store.dossier(entry_id).entries
            if filed.stored.entry_id == entry_id
        )
        return filed.is_held or filed.is_pruned or filed.withdrawn_at is not None


def _kept(story: Story) -> Story:
    """A story without what is of a document and not stored: the guid that several entries have."""
    entries = [replace(told, entry=replace(told.entry, said_guid=None)) for told in story.entries]
    return replace(story, entries=tuple(entries))


async def live(steps: Sequence[tuple[Any, ...]], directory: Path) -> None:
    async with AsyncExitStack() as stack:
        publisher = stack.enter_context(Server())
        worlds = [
            await stack.enter_async_context(world(engine, directory / engine))
            for engine in ("sqlite", "memory")
        ]
        life = Life(worlds, publisher)
        life.follow(set(SOURCES))
        for step in steps:
            await life.do(*step)
            await life.check()


@settings(max_examples=20, suppress_health_check=list(HealthCheck))
@given(lives)
def test_whatever_sources_and_operator_do_nothing_is_lost_or_told_twice(
    steps: list[tuple[Any, ...]],
) -> None:
    with TemporaryDirectory() as directory:
        for engine in ("sqlite", "memory"):
            (Path(directory) / engine).mkdir()
        asyncio.run(live(steps, Path(directory)))
