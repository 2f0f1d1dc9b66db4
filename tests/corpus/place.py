"""Where the documents are that no one here wrote; they are read in place, and only where they are."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def corpus() -> Path | None:
    """Return ../shared/corpus, or that of a work tree's main tree; None for who has only cloned the project."""
    for above in ROOT.parents[:2]:
        if (found := above / "shared" / "corpus").is_dir():
            return found
    return None


CORPUS = corpus()
needs_corpus = pytest.mark.skipif(CORPUS is None, reason="no ../shared/corpus here")
