"""Fixtures that several rooms need."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.fetch.server import Server
from tests.world import World
from tests.world import world as make_world


@pytest.fixture
def publisher() -> Iterator[Server]:
    """A recording web server on loopback."""
    with Server() as server:
        yield server


@pytest.fixture(params=["sqlite", "memory"])
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    """A pipeline on every store engine."""
    async with make_world(request.param, tmp_path) as made:
        yield made
