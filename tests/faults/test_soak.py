"""A short soak of the real daemon, judged by what no busy machine can spoil; SOAK_MINUTES=65 for long (see `soak`)."""

import os
from pathlib import Path

import pytest

from tests.faults import soak

SECONDS = 60 * float(os.environ.get("SOAK_MINUTES", "0.2"))
SOURCES = int(os.environ.get("SOAK_SOURCES", "40"))

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/schedstat").exists(), reason="needs Linux and all of 127.0.0.0/8"
)


@pytest.mark.timeout(240 + 2 * SECONDS)
def test_a_soak_loses_nothing_and_leaks_no_descriptor(tmp_path: Path) -> None:
    done, trend = soak.run(tmp_path / "site", seconds=SECONDS, sources=SOURCES, seed="suite")
    assert done.wrongs == []
    assert trend.keeps_descriptors, trend.lines()
    assert trend.samples[-1].polls > SOURCES
    assert done.readers.titles
