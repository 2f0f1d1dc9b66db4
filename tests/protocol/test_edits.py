"""The operator edits a source while it is being asked: the newest word counts, and nobody else's is lost."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from aggregator.cadence import repaced
from aggregator.model import FeedHints, Source
from tests.fetch.server import Answer, Server
from tests.protocol.documents import feed
from tests.protocol.markup import rss
from tests.protocol.test_archives import document
from tests.running import PATIENCE
from tests.world import World

LONG, SHORT = timedelta(hours=20), timedelta(minutes=6)
JITTER = 1.1  # times a wait, at most


async def asked(publisher: Server, path: str) -> None:
    """Wait until a request has come."""
    async with asyncio.timeout(PATIENCE):
        while not publisher.asked(path):  # noqa: ASYNC110 - the publisher lives in another thread
            await asyncio.sleep(0.01)


def edit(world: World, source: Source) -> None:
    """Do what the daemon does with an edited file."""
    world.configure(source)
    state = world.store.state(source.id)
    world.store.reschedule([repaced(source, world.pipeline.plant.pace, state, now=world.now)])


@pytest.mark.parametrize("status", [200, 304, 500])
async def test_an_interval_edited_during_a_poll_counts(world: World, publisher: Server, status: int) -> None:
    publisher.answer("/a", replace(feed("1"), status=status, delay=0.3))
    source = Source(id="a", url=publisher.url("/a"), interval=LONG)
    world.configure(source)
    poll = asyncio.create_task(world.poll())
    await asked(publisher, "/a")
    edit(world, replace(source, interval=SHORT))
    await poll
    following = world.store.state("a").next_poll_at
    assert following is not None
    assert following - world.now <= 2 * SHORT * JITTER  # doubled by a failure


@pytest.mark.parametrize("status", [200, 500])
async def test_an_interval_edited_while_archives_are_read_counts(
    world: World, publisher: Server, status: int
) -> None:
    publisher.answer("/a", document("new", older="/a/1"))
    publisher.answer("/a/1", replace(document("old"), status=status, delay=0.3))
    source = Source(id="a", url=publisher.url("/a"), interval=LONG)
    world.configure(source)
    await world.poll()
    reading = asyncio.create_task(world.pipeline.read_archives("a"))
    await asked(publisher, "/a/1")
    edit(world, replace(source, interval=SHORT))
    await reading
    assert world.store.state("a").next_poll_at == world.now + SHORT


async def test_an_address_edited_while_archives_are_read_leaves_the_old_past_alone(
    world: World, publisher: Server
) -> None:
    publisher.answer("/a", document("new", older="/a/1"))
    publisher.answer("/a/1", replace(document("old", older="/a/0"), delay=0.3))
    publisher.answer("/b", feed("b"))
    source = Source(id="a", url=publisher.url("/a"))
    world.configure(source)
    await world.poll()
    reading = asyncio.create_task(world.pipeline.read_archives("a"))
    await asked(publisher, "/a/1")
    edit(world, replace(source, url=publisher.url("/b")))
    await reading
    state = world.store.state("a")
    assert (state.url, state.archive_url, state.next_poll_at) == (publisher.url("/b"), None, world.now)
    assert publisher.asked("/a/0") == []


async def test_an_edited_interval_does_not_shorten_what_an_archive_asked_for(
    world: World, publisher: Server
) -> None:
    publisher.answer("/a", document("new", older="/a/1"))
    publisher.answer("/a/1", Answer(status=429, headers=[("Retry-After", "36000")]))
    source = Source(id="a", url=publisher.url("/a"), interval=LONG / 4)
    world.configure(source)
    await world.poll()
    await world.pipeline.read_archives("a")
    edit(world, replace(source, interval=SHORT))
    state = world.store.state("a")
    assert state.next_poll_at == world.now + timedelta(hours=10)
    assert state.next_reason == "Retry-After of an archive"


async def test_another_address_is_asked_at_once_whatever_the_old_one_skips(
    world: World, publisher: Server
) -> None:
    skipped = f"<ttl>600</ttl><skipHours><hour>{world.now.hour}</hour></skipHours>"
    publisher.answer("/a", Answer(body=rss("", head=skipped)))
    publisher.answer("/b", feed("b"))
    source = Source(id="a", url=publisher.url("/a"))
    world.configure(source)
    await world.poll()
    edit(world, replace(source, url=publisher.url("/b")))
    assert world.store.state("a").hints == FeedHints()
    await world.poll()
    assert len(publisher.asked("/b")) == 1
