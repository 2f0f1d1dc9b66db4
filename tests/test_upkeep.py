"""What the daemon does by night."""

import asyncio
import threading
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.breaker import Breaker
from aggregator.config import Configuration, load
from aggregator.errors import StoreError
from aggregator.model import Plan
from aggregator.pipeline import now
from aggregator.store import check_store, is_due, open_store
from aggregator.upkeep import BACKUPS, Backups
from tests.running import PATIENCE
from tests.store.test_backups import placed
from tests.things import NOON, source, update


def configured(directory: Path, store: str = "") -> Configuration:
    file = directory / "aggregator.toml"
    file.write_text(f'[aggregator]\ndata_dir = "data"\n[store]\n{store}\n')
    return load(file, environ={})


@pytest.fixture
def breaker(tmp_path: Path) -> Breaker:
    store = open_store("sqlite", tmp_path / "data")
    store.configure([source("alfa")], now=NOON)
    store.apply(update(plan=Plan(placements=tuple(placed(str(n)) for n in range(2000)))))
    store.close()
    return Breaker(store)


async def test_a_backup_is_made_once_a_night(tmp_path: Path, breaker: Breaker) -> None:
    backups, folder = Backups(lambda: configured(tmp_path), breaker), tmp_path / "data" / BACKUPS
    for _ in range(2):
        await backups.look()
    backups.close()
    (made,) = folder.iterdir()
    assert not any(finding.wrong for finding in check_store(made))
    assert not is_due(folder, now=now())
    assert is_due(folder, now=now() + timedelta(days=1))


async def test_none_is_made_where_none_is_wanted_or_it_cannot_be(tmp_path: Path, breaker: Breaker) -> None:
    backups = Backups(lambda: configured(tmp_path, "backups = 0"), breaker)
    await backups.look()
    assert not (tmp_path / "data" / BACKUPS).exists()
    backups.close()
    (tmp_path / "data" / BACKUPS).write_text("in the way")
    backups = Backups(lambda: configured(tmp_path), breaker)
    await backups.look()
    backups.close()
    assert not breaker.is_open  # polls go on


async def test_a_damage_that_is_found_stops_the_polls(tmp_path: Path, breaker: Breaker) -> None:
    path = tmp_path / "data" / "aggregator.sqlite"
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        file.write(b"\xff" * 5000)
    backups = Backups(lambda: configured(tmp_path), breaker)
    await backups.look()
    backups.close()
    assert breaker.is_final
    assert "it is damaged" in str(breaker.failure)
    assert list((tmp_path / "data" / BACKUPS).iterdir()) == []


async def test_told_to_stop_it_gives_up_the_one_being_made(tmp_path: Path, breaker: Breaker) -> None:
    """Two MiB and more take several steps, and the loop goes on meanwhile."""
    backups, folder = Backups(lambda: configured(tmp_path), breaker), tmp_path / "data" / BACKUPS
    task = asyncio.create_task(backups.look())
    async with asyncio.timeout(PATIENCE):
        while not folder.exists():  # noqa: ASYNC110 - another thread makes it
            await asyncio.sleep(0.001)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    await asyncio.to_thread(backups.close)
    assert list(folder.iterdir()) == []
    assert not breaker.is_open
    assert not any(thread.name.startswith("backup") for thread in threading.enumerate())


async def test_what_is_wrong_for_good_outlasts_what_passes(breaker: Breaker) -> None:
    breaker.trip(StoreError("damaged"))
    breaker.trip(StoreError("something that came of it"))
    assert (breaker.is_final, str(breaker.failure)) == (True, "damaged")
