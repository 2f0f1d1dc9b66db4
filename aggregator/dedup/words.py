"""Text as deduplication sees it: folded words, whole numbers, one token a character where no spaces are written."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

SHINGLE = 3  # tokens
CHARS_PER_TOKEN = 64  # read of a text for each word wanted: one character may unfold into many (NFKC)
CHARS_USUAL = 16  # enough for a word and what stands after it in nearly all texts

# Han, Kana, Thai, Lao, Burmese and Khmer are written without spaces: there every character is a word.
UNSPACED = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
FIRST_UNSPACED = "\u0e00"  # single letters above are mostly of these scripts
# Thai, Lao, Burmese and Khmer write a word with so many characters, and Chinese and Japanese with fewer.
_LETTERS = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")
LETTERS_PER_WORD = 4.0
CHARACTERS_PER_WORD = 1.6
LETTERS_TOLD = 4  # of them as a run say what a word says; one alone is in every text
# Vowel signs and points belong to the word they stand in, though Python does not call them letters.
_SIGNS = r"\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670\u0900-\u0dff"
# "4.6", "4,600" and "85:81" are one number each: of two halves each would be found somewhere.
_LETTER = rf"[^\W\d_{UNSPACED}]"
_TOKEN = re.compile(
    rf"{_LETTER}++(?![{_SIGNS}])"  # nearly every word, read without asking at each letter what it may be
    rf"|[{UNSPACED}]|\d+(?:[.,:]\d+)*|(?:{_LETTER}|[{_SIGNS}])+"
)
_FOLDED = str.maketrans("ё", "е")  # Russian prints either
_SEPARATORS = str.maketrans("", "", ".,:")


def tokens(text: str, limit: int) -> list[str]:
    """Return the first `limit` words of `text`, compatibility-folded (NFKC) and case-folded.

    Numbers lose their separators: "4,600" and "4.600" are one number to two languages.
    """
    folded = unicodedata.normalize("NFKC", text[: limit * CHARS_PER_TOKEN]).casefold().translate(_FOLDED)
    found = _TOKEN.findall(folded[: limit * CHARS_USUAL])
    if len(found) <= limit and len(folded) > limit * CHARS_USUAL:  # too few, and the last may be cut
        found = _TOKEN.findall(folded)
    return [word if word.isalpha() else word.translate(_SEPARATORS) for word in found[:limit]]


def weight(token: str) -> float:
    """Return the part of a word that a token is: 1.0 where words are spaced."""
    if len(token) != 1 or token < FIRST_UNSPACED:
        return 1.0
    return 1 / (LETTERS_PER_WORD if _LETTERS.match(token) else CHARACTERS_PER_WORD)


def length(words: Iterable[str]) -> float:
    """Return how many words a run of tokens is."""
    return sum(map(weight, words))


def told(words: Sequence[str]) -> set[str]:
    """Return the words as they can be looked for in another text: letters that are not spaced in runs."""
    found = set()
    for n, word in enumerate(words):
        if len(word) != 1 or not _LETTERS.match(word):
            found.add(word)
        elif n == 0 or n + LETTERS_TOLD <= len(words):
            found.add("".join(words[n : n + LETTERS_TOLD]))
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


def overlap(a: Sequence[str], b: Sequence[str]) -> float:
    """Return the share of the shorter title's words that the longer has, 0.0 to 1.0."""
    first, second = told(a), told(b)
    if not first or not second:
        return 0.0
    return len(first & second) / min(len(first), len(second))
