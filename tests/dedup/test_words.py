"""Words as deduplication sees them."""

import pytest

from aggregator.dedup.words import CHARS_USUAL, tokens


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("4,600 or 4.600 at 85:81.", ["4600", "or", "4600", "at", "8581"]),
        ("Ёлка, naïve ﬁx", ["елка", "naïve", "fix"]),
        ("हिन्दी and 漢字 or กา", ["हिन्दी", "and", "漢", "字", "or", "ก", "า"]),
        ("a_b c1d", ["a", "b", "c", "1", "d"]),
    ],
)
def test_words_are_folded_and_whole(text: str, words: list[str]) -> None:
    assert tokens(text, 99) == words


@pytest.mark.parametrize("length", [1, CHARS_USUAL - 1, CHARS_USUAL, 3 * CHARS_USUAL])
def test_as_many_words_as_are_asked_for_however_long_they_are(length: int) -> None:
    words = [f"{chr(ord('a') + n % 26) * length}" for n in range(100)]
    for limit in (1, 25, 99, 100, 101):
        assert tokens(" ".join(words), limit) == words[:limit]
