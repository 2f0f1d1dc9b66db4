"""Worker processes that are killed, by us or by others."""

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest

from aggregator.errors import ParseError
from aggregator.workers import Workers


@pytest.fixture
def workers() -> Iterator[Workers]:
    pool = Workers(1, time_limit=timedelta(seconds=2))
    yield pool
    pool.close()


async def test_a_document_that_takes_too_long_costs_its_own_poll_only(workers: Workers) -> None:
    with pytest.raises(ParseError, match="more than 2 s to read"):
        await workers.run(time.sleep, 60)
    assert await workers.run(abs, -1) == 1


async def test_a_worker_that_dies_costs_its_own_poll_only(workers: Workers) -> None:
    with pytest.raises(ParseError, match="died"):
        await workers.run(os._exit, 9)
    assert await workers.run(abs, -1) == 1


async def test_an_idle_worker_that_is_killed_is_replaced(workers: Workers) -> None:
    os.kill(await workers.run(os.getpid), signal.SIGKILL)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            assert await workers.run(abs, -1) == 1
        except ParseError:  # it was given to the dead one
            await asyncio.sleep(0)
        else:
            break
    assert await workers.run(abs, -2) == 2


async def test_errors_of_the_call_itself_come_back(workers: Workers) -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        await workers.run(int, "x")
