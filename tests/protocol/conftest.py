"""A publisher who keeps the time of the world he is polled by."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fetch.server import Server
from tests.world import World
from tests.world import world as make_world


@pytest.fixture(params=["sqlite", "memory"])
async def world(request: pytest.FixtureRequest, tmp_path: Path, publisher: Server) -> AsyncIterator[World]:
    """A pipeline on every store engine; `publisher` notes when it was asked by the same clock."""
    async with make_world(request.param, tmp_path) as made:
        publisher.clock = lambda: made.now
        yield made
