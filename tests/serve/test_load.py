"""Readers who ask for much: nobody else waits for them, and what is kept for them is bounded (PROTOCOL E28)."""

import asyncio
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx
import pytest

from aggregator.model import Asked, Document, MergedFeed
from aggregator.serve.delta import MARKS_MOST, Deltas
from aggregator.serve.shelf import MADE_BYTES, MADE_MOST, Made, Ready, Shelf, prepare, weight
from aggregator.serve.turns import AT_ONCE, RETRY_SECONDS, SEARCHING_MOST, WAITING_MOST
from tests.serve.conftest import World, merged_entry, merged_feed, provenance

PATIENCE = 30.0  # seconds for what should take none


@dataclass
class Slow:
    """A store that finds nothing until it is told to."""

    found: threading.Event = field(default_factory=threading.Event)
    asked: int = 0

    def live(self, path: str, asked: Asked) -> MergedFeed | None:
        self.asked += 1
        assert asked.words or path
        self.found.wait(PATIENCE)
        return merged_feed(path, merged_entry("Found at last"))


@pytest.fixture
async def slow(world: World) -> AsyncIterator[Slow]:
    made = Slow()
    world.live = made.live  # type: ignore[method-assign]
    yield made
    made.found.set()


async def test_e28_who_asks_for_much_waits_alone(world: World, slow: Slow) -> None:
    """Published feeds, pages and the threads of polls are there for the others."""
    world.client.timeout = httpx.Timeout(PATIENCE)
    many = AT_ONCE + WAITING_MOST + 10
    limits = httpx.Limits(max_connections=many)
    async with httpx.AsyncClient(
        base_url=world.client.base_url, trust_env=False, limits=limits, timeout=60
    ) as greedy:
        asking = [
            asyncio.create_task(
                greedy.get(f"/tags/t.atom?since=2023-01-01T00:{n // 60:02}:{n % 60:02}Z&limit={n + 1}")
            )
            for n in range(many)
        ]
        refused = [await next_done(asking) for _ in range(10)]
        async with asyncio.timeout(PATIENCE):
            assert (await world.client.get("/feed.atom")).status_code == 200
            assert (await world.client.get("/feeds/politics")).status_code == 200
            assert await asyncio.to_thread(lambda: True)
        assert slow.asked == AT_ONCE
        slow.found.set()
        statuses = [(await task).status_code for task in asking]
    assert statuses == [200] * (AT_ONCE + WAITING_MOST)
    assert {response.status_code for response in refused} == {503}
    assert {response.headers["retry-after"] for response in refused} == {str(RETRY_SECONDS)}
    assert {response.headers["cache-control"] for response in refused} == {"no-store"}


async def next_done(tasks: list[asyncio.Task[httpx.Response]]) -> httpx.Response:
    done, _ = await asyncio.wait(tasks, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
    task = done.pop()
    tasks.remove(task)
    return task.result()


async def test_what_is_kept_is_bounded_by_its_size() -> None:
    shelf, text = Shelf(), "x" * (MADE_BYTES // 20)

    def make(number: int) -> Made:
        feed = merged_feed(f"tags/{number}", merged_entry(str(number), content=text))
        return Made(prepare_plain(feed), feed)

    made = [await shelf.made((number,), lambda number=number: make(number)) for number in range(30)]  # type: ignore[misc]
    await asyncio.sleep(0)
    assert sum(weight(one) for one in made) > MADE_BYTES

    def nothing() -> Made | None:
        return None

    again = {number: await shelf.made((number,), nothing) for number in reversed(range(30))}
    kept = [number for number, one in again.items() if one is not None]
    assert kept == [*range(29, 29 - len(kept), -1)]
    assert MADE_BYTES / 2 < sum(weight(made[number]) for number in kept) <= MADE_BYTES


def prepare_plain(feed: MergedFeed) -> Ready:
    return prepare(
        Document(path=feed.path, body=feed.entries[0].content.encode(), content_type="text/plain"), None
    )


def test_versions_are_remembered_within_bounds() -> None:
    deltas = Deltas()
    entries = [
        merged_entry(str(n), id=f"tag:example.org,2023:{n}", source=provenance("alfa")) for n in range(1000)
    ]
    for number in range(MARKS_MOST // 1000 + 5):
        deltas.note(str(number), merged_feed("tags/t", *entries), [f'"{number}"'])
    remembered = [
        number for number in range(MARKS_MOST // 1000 + 5) if deltas.since(str(number), f'"{number}"')
    ]
    assert remembered == [*range(5, MARKS_MOST // 1000 + 5)]


async def test_an_address_that_cannot_be_is_answered_without_looking(world: World, slow: Slow) -> None:
    for path in ("/nope", "/nope.atom", "/feeds/nope.rss", "/wp-login.php", "/feeds/nope?limit=3", "/tags"):
        assert (await world.client.get(path)).status_code == 404
    assert slow.asked == 0


async def test_addresses_of_nothing_drive_out_nothing(world: World) -> None:
    asked: list[str] = []
    live = world.live

    def heard(path: str, asked_for: Asked) -> MergedFeed | None:
        asked.append(path)
        return live(path, asked_for)

    world.live = heard  # type: ignore[method-assign, assignment]
    for number in range(MADE_MOST + 1):
        assert (await world.client.get(f"/sources/nobody{number}.atom")).status_code == 404
        assert (await world.client.get("/sources/alfa.atom")).status_code == 200
    for number in range(MADE_MOST + 1):
        assert (await world.client.get(f"/sources/nobody{number}.rss")).status_code == 404
    assert (await world.client.get("/sources/alfa.atom")).status_code == 200
    assert asked.count("sources/alfa") == 1


async def test_searches_wait_among_themselves(world: World, slow: Slow) -> None:
    """One may take ten seconds: neither feeds of tags and sources nor stories wait for any."""
    world.client.timeout = httpx.Timeout(PATIENCE)
    live = World.live

    def only_searches_are_slow(path: str, asked: Asked) -> MergedFeed | None:
        return slow.live(path, asked) if asked.words else live(world, path, asked)

    world.live = only_searches_are_slow  # type: ignore[method-assign]
    asking = [
        asyncio.create_task(world.client.get("/search.atom", params={"q": f"word{n}"}))
        for n in range(SEARCHING_MOST + 5)
    ]
    refused = [await next_done(asking) for _ in range(4)]
    async with asyncio.timeout(PATIENCE):
        assert (await world.client.get("/sources/alfa.atom")).status_code == 200
        assert (await world.client.get("/stories/tag:example.org,2023:1")).status_code == 200
    slow.found.set()
    statuses = [(await task).status_code for task in asking]
    assert {response.status_code for response in refused} == {503}
    assert statuses == [200] * (SEARCHING_MOST + 1)
