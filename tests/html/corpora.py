"""Hostile HTML, ours and borrowed, and where the shared corpora are."""

import json
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OWN = ROOT / "tests" / "data" / "html"


def shared(folder: str) -> Path:
    """A folder of the shared corpora, which stand beside a clone or beside its work trees; else skip."""
    for above in ROOT.parents[:2]:
        if (found := above / "shared" / "corpus" / folder).exists():
            return found
    pytest.skip("no shared corpus beside the repository")


def lines(name: str) -> list[str]:
    text = (OWN / name).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def bleach(folder: Path) -> list[str]:
    return [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.test"))]


HOSTILE = [*lines("hostile.jsonl"), *lines("dompurify.jsonl"), *bleach(OWN)]
