"""Labelled pairs in English, Russian, German and Chinese: some of each kind, and all where they are at hand."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.dedup.desk import taken

OWN = Path(__file__).parents[1] / "data" / "dedup"
ROOT = Path(__file__).resolve().parents[2]


def whole(name: str) -> Path | None:
    """The whole of a set, where it is at hand: beside the repository or the directory that holds its work trees."""
    paths = [root / "shared" / "dedup" / name for root in (ROOT.parent, ROOT.parent.parent)]
    return next((path for path in paths if path.exists()), None)


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("pair", read(OWN / "pairs.jsonl"), ids=lambda pair: str(pair["id"]))
def test_a_pair_is_decided_as_people_would(pair: dict[str, Any]) -> None:
    stories, plan = taken(pair)
    assert (stories == 1) == pair["same"]
    if pair["same"]:
        assert plan.placements[0].is_version == (pair["relation"] == "version")
        assert plan.placements[0].scores


def test_the_whole_set_is_decided_as_people_would() -> None:
    """Every kind of false merge at zero, and of what is one at least 98 %."""
    path = whole("pairs.jsonl")
    if path is None:
        pytest.skip("the shared pairs are not beside this checkout")
    pairs = read(path)
    joined = {pair["id"]: taken(pair)[0] == 1 for pair in pairs}
    assert [pair["id"] for pair in pairs if joined[pair["id"]] and not pair["same"]] == []
    same = [joined[pair["id"]] for pair in pairs if pair["same"]]
    assert sum(same) >= 0.98 * len(same)
