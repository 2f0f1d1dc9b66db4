"""A daemon that is killed at any moment, in the middle of commits, too; KILL_ROUNDS=1000 for long (see `kills`)."""

import os
from pathlib import Path

import pytest

from tests.faults import kills

ROUNDS = int(os.environ.get("KILL_ROUNDS", "5"))
SECONDS = 30  # for one round, on a machine with much else to do

pytestmark = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc")


@pytest.mark.timeout(60 + SECONDS * ROUNDS)
def test_kill_9_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    done = kills.run(ROUNDS, tmp_path, os.environ.get("KILL_SEED", "suite"))
    assert done.total() == ROUNDS
    assert done["commit"] > 0
