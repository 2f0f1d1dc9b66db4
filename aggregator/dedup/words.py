"""Text as deduplication sees it: folded words, whole numbers, one token a character where no spaces are written."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

SHINGLE = 3  # tokens
CHARS_PER_TOKEN = 64  # read of a text for each word wanted: one character may unfold into many (NFKC)

# Han, Kana, Thai, Lao, Burmese and Khmer are written without spaces: there every character is a word.
UNSPACED = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
FIRST_UNSPACED = "\u0e00"  # single letters above are mostly of these scripts
# Vowel signs and points belong to the word they stand in, though Python does not call them letters.
_SIGNS = r"\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670\u0900-\u0dff"
# "4.6", "4,600" and "85:81" are one number each: of two halves each would be found somewhere.
_TOKEN = re.compile(rf"[{UNSPACED}]|\d+(?:[.,:]\d+)*|(?:[^\W\d_{UNSPACED}]|[{_SIGNS}])+")
_FOLDED = str.maketrans("ё", "е")  # Russian prints either
_SEPARATORS = str.maketrans("", "", ".,:")


def tokens(text: str, limit: int) -> list[str]:
    """Return the first `limit` words of `text`, compatibility-folded (NFKC) and case-folded.

    Numbers lose their separators: "4,600" and "4.600" are one number to two languages.
    """
    found = []
    folded = unicodedata.normalize("NFKC", text[: limit * CHARS_PER_TOKEN]).casefold().translate(_FOLDED)
    for match in _TOKEN.finditer(folded):
        word = match.group()
        found.append(word.translate(_SEPARATORS) if word[0].isdigit() else word)
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
