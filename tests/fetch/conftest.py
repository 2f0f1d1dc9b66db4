"""A publisher, and a fetcher that may ask it."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from aggregator.fetch import Fetcher

from .asking import make_fetcher
from .server import Server


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


@pytest_asyncio.fixture
async def fetcher() -> AsyncIterator[Fetcher]:
    async with make_fetcher() as made:
        yield made
