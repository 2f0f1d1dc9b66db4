"""Large bodies take turns, small ones do not wait for them."""

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest

from aggregator.fetch import LARGE_AT_ONCE, Rooms
from aggregator.fetch.room import LARGE
from aggregator.model import Validators
from tests.fetch.asking import FEED, make_fetcher, source
from tests.fetch.server import Answer, Server, packed


@pytest.mark.parametrize("body", [b"<" + b" " * LARGE, packed(b"<" + b" " * LARGE)], ids=["plain", "gzip"])
async def test_a_large_body_waits_for_a_place_and_not_against_its_deadline(
    publisher: Server, body: bytes
) -> None:
    publisher.answer("/large", Answer(body=body))
    publisher.answer("/small", Answer(body=FEED))
    rooms = Rooms()
    timeout = timedelta(seconds=1)
    async with make_fetcher(timeout=timeout, max_bytes=2 * LARGE) as asking, AsyncExitStack() as held:
        for _ in range(LARGE_AT_ONCE):
            await (await held.enter_async_context(rooms.visit())).take()
        room = await held.enter_async_context(rooms.visit())
        large = source(publisher.url("/large"))
        waiting = asyncio.create_task(asking.fetch(large, Validators(), room=room))
        small = source(publisher.url("/small", publisher.hosts[1]))
        async with rooms.visit() as other:
            assert (await asking.fetch(small, Validators(), room=other)).body == FEED
            assert not other.is_taken
        _, late = await asyncio.wait([waiting], timeout=1.5)
        assert late, "it has waited longer than a fetch may take"
        await held.aclose()
        response = await waiting
        assert len(response.body) == LARGE + 1
