"""A daemon that is told to stop in the middle of anything, under load; STOP_ROUNDS says how often, none by default."""

import os
from pathlib import Path

import pytest

from tests.faults import stops

ROUNDS = int(os.environ.get("STOP_ROUNDS", "0"))  # none in the suite: its busy processes starve other tests
SECONDS = 60  # for one round, on a machine with much else to do

pytestmark = [
    pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc"),
    pytest.mark.skipif(not ROUNDS, reason="STOP_ROUNDS is not set"),
]


@pytest.mark.timeout(120 + SECONDS * ROUNDS)
def test_told_to_stop_it_is_gone_in_time_and_has_lost_nothing(tmp_path: Path) -> None:
    ways, longest = stops.run(ROUNDS, tmp_path, os.environ.get("STOP_SEED", "suite"))
    assert ways.total() == ROUNDS
    assert longest < stops.WITHIN
    print(f"{dict(ways)}, the longest {longest:.1f} s")  # noqa: T201 - shown with -rP
