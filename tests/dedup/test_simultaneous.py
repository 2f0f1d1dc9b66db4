"""Polls that bring one story at the same moment, in threads and in processes: one story, none lost, ids right.

Whole polls over real HTTP on every engine (`racing`). The environment's RACES is how many rounds of each kind.
"""

import asyncio
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import feedparser
import pytest

from aggregator.model import Source
from aggregator.pipeline.publishing import Publisher
from aggregator.store import Store, open_store
from aggregator.urls import tag_uri
from tests.dedup.racing import LIMIT, Racer, plant, poll, race
from tests.dedup.test_near import BYLINES, STORIES
from tests.fetch.server import Answer, Server
from tests.test_pipeline import item, rss
from tests.things import NOON

RACES = int(os.environ.get("RACES", "20"))  # rounds of each kind; what is promised was seen with 200
SECONDS = 60 + 3 * RACES  # that a test may take

EARLY, LATE = "Sun, 01 Mar 2026 10:00:00 GMT", "Sun, 01 Mar 2026 11:00:00 GMT"
# The first and the last are further apart than resembling entries may be, the one between is near enough to both.
OLD, BETWEEN, NEW = (
    "Tue, 24 Feb 2026 10:00:00 GMT",
    "Thu, 26 Feb 2026 22:00:00 GMT",
    "Sat, 28 Feb 2026 10:00:00 GMT",
)


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What two racers bring in one round, what charlie and delta have told before, and whose id the story has."""

    name: str
    items: Callable[[int], tuple[str, str]]
    before: Callable[[int], tuple[str, str]] | None = None
    founder: Callable[[int], str]
    asked: Callable[[int], str] | None = None  # the URI that both items have as their id
    must_conflict: bool = True  # whenever both have decided before either stores
    needs_near: bool = False

    def story_id(self, n: int) -> str:
        return f"urn:{self.founder(n)}:{n}" if self.asked is None else self.asked(n)


def words(n: int) -> str:
    return " ".join(f"{word}{n}" for word in STORIES["en"][1].split())


def is_turned(n: int) -> bool:
    """Now the one, now the other, in both ways of meeting: who founds does not depend on who is stored first."""
    return n // 2 % 2 == 1


def dates(n: int) -> tuple[str, str]:
    return (LATE, EARLY) if is_turned(n) else (EARLY, LATE)


def first(n: int) -> str:
    return "bravo" if is_turned(n) else "alfa"


def oldest(n: int) -> str:
    return "charlie"


def title(n: int) -> str:
    return f"{STORIES['en'][0]} {n}"


def one_address(n: int) -> tuple[str, str]:
    """One page under two addresses, and one URI as the id of both: it is the founder's."""
    links = f"https://p.example/{n}", f"http://www.p.example/{n}/?utm_source=x"
    a, b = (
        item(f"urn:page:{n}", title=title(n), link=link, text=words(n), date=date)
        for link, date in zip(links, dates(n), strict=True)
    )
    return a, b


def one_text(n: int) -> tuple[str, str]:
    a, b = (
        item(f"urn:{name}:{n}", title=title(n), link=f"https://{name}.example/{n}", text=words(n), date=date)
        for name, date in zip(("alfa", "bravo"), dates(n), strict=True)
    )
    return a, b


def resembling(n: int) -> tuple[str, str]:
    """No address and no exact text in common, so that no mark makes the second poll wait."""
    a, b = (
        item(
            f"urn:{name}:{n}",
            title=f"{title(n)} {name}",
            link=f"https://{name}.example/{n}",
            text=byline + words(n),
            date=date,
        )
        for name, byline, date in zip(("alfa", "bravo"), ("", BYLINES["en"]), dates(n), strict=True)
    )
    return a, b


def two_stories(n: int) -> tuple[str, str]:
    """One article, again days later at another address under another title: nothing says that it is one."""
    old = item(f"urn:charlie:{n}", title=title(n), link=f"https://c.example/{n}", text=words(n), date=OLD)
    return old, again(n, "delta", NEW)


def again(n: int, name: str, date: str, host: str = "") -> str:
    link = f"https://{host or name}.example/{n}"
    return item(f"urn:{name}:{n}", title=f"{title(n)} | Daily", link=link, text=words(n), date=date)


def bridges(n: int) -> tuple[str, str]:
    """Each fits both stories, by the address of the one and the exact text of the other."""
    return again(n, "alfa", BETWEEN, "c"), again(n, "bravo", BETWEEN, "c")


def bridge_and_copy(n: int) -> tuple[str, str]:
    """The one joins two stories while the other is placed in the one that goes."""
    if is_turned(n):
        return again(n, "alfa", NEW), again(n, "bravo", BETWEEN, "c")
    return again(n, "alfa", BETWEEN, "c"), again(n, "bravo", NEW)


KINDS = (
    Kind(name="one address", items=one_address, founder=first, asked="urn:page:{}".format),
    Kind(name="one text", items=one_text, founder=first),
    Kind(name="resembling", items=resembling, founder=first, needs_near=True),
    Kind(name="two join two stories", items=bridges, before=two_stories, founder=oldest),
    Kind(
        name="one joins, one is placed",
        items=bridge_and_copy,
        before=two_stories,
        founder=oldest,
        must_conflict=False,
    ),
)


@pytest.fixture(params=["two threads, sqlite", "two threads, memory", "two processes, sqlite"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Store, Store | None]]:
    """The store, and what threads race on: None = processes open it for themselves."""
    how, engine = request.param.split(", ")
    store = open_store(engine, tmp_path)
    yield store, store if how == "two threads" else None
    store.close()


@pytest.mark.timeout(SECONDS)
@pytest.mark.parametrize("near", [True, False], ids=["near", "marks only"])
def test_what_two_polls_bring_at_once_is_one_story(
    near: bool, place: tuple[Store, Store | None], publisher: Server, tmp_path: Path
) -> None:
    store, shared = place
    rounds = [kind for kind in KINDS if near or not kind.needs_near for _ in range(RACES)]
    sources = _sources(rounds, publisher)
    configured = plant(sources, near=near)
    store.configure(sources, now=NOON)
    for source_id in ("charlie", "delta"):
        asyncio.run(poll(store, configured, tmp_path, source_id, 1, lambda _: None))
    Publisher(store, tmp_path).publish(configured, now=NOON)
    racers = [
        Racer(source_id=source_id, rounds=len(rounds), sources=sources, near=near)
        for source_id in ("alfa", "bravo")
    ]
    lost = Counter(race(racers, tmp_path, shared))
    Publisher(store, tmp_path).publish(configured, now=NOON)
    for kind in dict.fromkeys(rounds):
        losses = [lost[n] for n, other in enumerate(rounds) if other is kind]
        print(f"{kind.name}: {RACES} rounds, {sum(losses)} decisions taken again")  # noqa: T201 - the figures
    assert _told(store) == {kind.story_id(n): _expected(kind, n) for n, kind in enumerate(rounds)}
    entries = feedparser.parse((tmp_path / "feed.atom").read_bytes()).entries
    assert sorted(one.id for one in entries) == sorted(kind.story_id(n) for n, kind in enumerate(rounds))
    aliases = {f"urn:delta:{n}": kind.story_id(n) for n, kind in enumerate(rounds) if kind.before is not None}
    assert {alias: store.resolve(alias) for alias in aliases} == aliases
    blind = [n for n, kind in enumerate(rounds) if n % 2 == 0 and kind.must_conflict and not lost[n]]
    assert blind == [], "nobody had to decide again: the polls have not met"


def _sources(rounds: Sequence[Kind], publisher: Server) -> tuple[Source, ...]:
    """Let the racers' addresses give a document a round, and those of the others one document."""
    items = [kind.items(n) for n, kind in enumerate(rounds)]
    before = [kind.before(n) for n, kind in enumerate(rounds) if kind.before is not None]
    publisher.answer("/alfa", *(Answer(body=rss(one)) for one, _ in items))
    publisher.answer("/bravo", *(Answer(body=rss(other)) for _, other in items))
    publisher.answer("/charlie", Answer(body=rss(*(one for one, _ in before))))
    publisher.answer("/delta", Answer(body=rss(*(other for _, other in before))))
    names = ("alfa", "bravo", "charlie", "delta")
    return tuple(Source(id=name, url=publisher.url(f"/{name}")) for name in names)


def _told(store: Store) -> dict[str, list[tuple[str, str]]]:
    """Source and id of the entries of every story."""
    return {
        story.story_id: sorted((stored.entry.source_id, stored.entry_id) for stored in story.entries)
        for story in store.latest(LIMIT)
    }


def _expected(kind: Kind, n: int) -> list[tuple[str, str]]:
    """Of two entries that ask for one URI it is the founder's, the other has a name of ours."""
    if kind.asked is None:
        told_by = ("alfa", "bravo") if kind.before is None else ("alfa", "bravo", "charlie", "delta")
        return [(source_id, f"urn:{source_id}:{n}") for source_id in told_by]
    uri = kind.asked(n)
    ids = {source_id: tag_uri("news.example", source_id, uri) for source_id in ("alfa", "bravo")}
    return sorted((ids | {kind.founder(n): uri}).items())
