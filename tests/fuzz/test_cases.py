"""What fuzzing has found stays mended, and the targets do find what is wrong."""

import time

import pytest

from tests.fuzz import texts
from tests.fuzz.targets import CASES, TARGETS, Target

SEEDS_MOST = 40  # of a target in the suite
EVERY = [(name, path.name) for name in TARGETS for path in sorted((CASES / name).glob("*"))]


@pytest.mark.parametrize(("name", "case"), EVERY)
def test_a_case_that_was_found_stays_mended(name: str, case: str) -> None:
    TARGETS[name].run((CASES / name / case).read_bytes())


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_takes_what_it_begins_with(name: str) -> None:
    target = TARGETS[name]
    seeds = [data for data in target.seeds() if len(data) <= target.length_most]
    assert len(seeds) >= 2
    for data in seeds[:: len(seeds) // SEEDS_MOST + 1]:
        target.run(data)
        target.run(data[: len(data) // 2])


def test_every_case_is_of_a_target() -> None:
    assert {path.name for path in CASES.iterdir()} <= TARGETS.keys()


def test_what_takes_too_long_is_found() -> None:
    def check(data: bytes) -> None:
        until = time.process_time() + 0.02
        while time.process_time() < until:
            pass

    Target(check, TARGETS["html"].seeds).run(b"x")
    with pytest.raises(AssertionError, match=r"0\.0 s for 1 bytes"):
        Target(check, TARGETS["html"].seeds, seconds=0.01).run(b"x")


def test_what_is_active_is_found() -> None:
    with pytest.raises(AssertionError):
        texts.refuse_active("<p onclick=x>")
