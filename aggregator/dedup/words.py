"""Text as deduplication sees it: folded words, numbers apart, one token a character in CJK."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

SHINGLE = 3  # tokens
CHARS_PER_TOKEN = 64  # read of a text for each word wanted: one character may unfold into many (NFKC)

# Han, Kana and Thai are written without spaces: there every character is a word.
_UNSPACED = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u0e00-\u0e7f"
_TOKEN = re.compile(rf"[{_UNSPACED}]|\d+|[^\W\d_{_UNSPACED}]+")


def tokens(text: str, limit: int) -> list[str]:
    """Return the first `limit` words of `text`, compatibility-folded (NFKC) and case-folded."""
    found = []
    for match in _TOKEN.finditer(unicodedata.normalize("NFKC", text[: limit * CHARS_PER_TOKEN]).casefold()):
        found.append(match.group())
        if len(found) == limit:
            break
    return found


def numbers(words: Iterable[str]) -> list[str]:
    """Return the words that are numbers, in their order."""
    return [word for word in words if word[0].isdigit()]


def shingles(words: Sequence[str]) -> set[tuple[str, ...]]:
    """Return every run of `SHINGLE` words; of a shorter text its one whole run."""
    if len(words) < SHINGLE:
        return {tuple(words)} if words else set()
    return {tuple(words[i : i + SHINGLE]) for i in range(len(words) - SHINGLE + 1)}


def containment(a: Sequence[str], b: Sequence[str]) -> float:
    """Return the share of the shorter text's shingles that the longer has, 0.0 to 1.0."""
    first, second = shingles(a), shingles(b)
    if not first or not second:
        return 0.0
    return len(first & second) / min(len(first), len(second))


def overlap(a: Iterable[str], b: Iterable[str]) -> float:
    """Return the share of the shorter title's words that the longer has, 0.0 to 1.0."""
    first, second = set(a), set(b)
    if not first or not second:
        return 0.0
    return len(first & second) / min(len(first), len(second))
