"""Fixtures that several rooms need."""

import os
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.fetch.server import Server
from tests.world import World
from tests.world import world as make_world

# The suite says the same of the same code every time; HYPOTHESIS_PROFILE=search looks for new examples.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("search", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


WORKERS_A_CORE = 1.5  # many tests wait for daemons, clocks and one another


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """How many workers `-n auto` means; None where pytest-xdist's own variable says it."""
    if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    return round(WORKERS_A_CORE * cores)


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
