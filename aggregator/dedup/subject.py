"""Whether what two texts share is about what either title says.

A headline comes back in its article, whoever wrote it. What a paywall, the notes of a show or a form says under
every headline has nothing of any.
"""

import re
from collections.abc import Iterator, Sequence

from aggregator.dedup.said import TITLE_TOKENS, Said
from aggregator.dedup.swaps import is_grammar
from aggregator.dedup.words import tokens

STEM = 5  # letters by which an inflected word is known
WORD_LEAST = 4  # letters: shorter words are mostly grammar

_KICKER = re.compile(r"\s*(.{3,60}?)\s*(?:[:：|]|\s[-–—]\s)")  # "Harbour Talk: the fishing quota"
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_RUNS = {  # of scripts without spaces, so many characters together say what a word says; Hiragana alone is grammar
    re.compile(r"[\u30a0-\u30ff]"): 3,
    re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]"): 4,
}


def is_shared(first: Said, second: Said) -> bool:
    """Return whether the words that both texts have say something of either title; so they do where there is none.

    Of "Harbour Talk: the fishing quota" and "Harbour Talk: a night at the lighthouse" only what follows counts.
    """
    rests = _behind_kicker(first, second) or (first.title, second.title)
    titles = {term for words in rests for term in _terms(words)}
    return not titles or not titles.isdisjoint({*_terms(first.words)} & {*_terms(second.words)})


def have_kicker(first: Said, second: Said) -> bool:
    """Return whether both titles begin with the name of one series, and something follows."""
    return _behind_kicker(first, second) is not None


def is_rewritten(first: Said, second: Said) -> bool:
    """Return whether two headlines of one text say it in other words: half of what they share is told by it.

    So it is when half of what only one of them says is told, or where a headline says nothing of its own.
    """
    text = {*_terms(first.words)} & {*_terms(second.words)}
    ours, theirs = {*_terms(first.title)}, {*_terms(second.title)}
    parts = [ours - theirs, theirs - ours]
    if not all(parts):
        return True
    if not have_kicker(first, second):
        parts.append(ours & theirs)
    return any(2 * len(part & text) >= len(part) > 0 for part in parts)


def _behind_kicker(first: Said, second: Said) -> tuple[Sequence[str], Sequence[str]] | None:
    one, other = _KICKER.match(first.title_text), _KICKER.match(second.title_text)
    if one is None or other is None or one[1] != other[1]:
        return None
    return (
        tokens(first.title_text[one.end() :], TITLE_TOKENS),
        tokens(second.title_text[other.end() :], TITLE_TOKENS),
    )


def _terms(words: Sequence[str]) -> Iterator[str]:
    """Yield what the words are about."""
    for n, word in enumerate(words):
        pair = "".join(words[n : n + 2])
        if len(word) == 1 and len(pair) == 2 and _HAN.search(pair) is not None:
            yield pair
        for script, length in _RUNS.items():
            run = words[n : n + length]
            if len(run) == length and all(map(script.fullmatch, run)):
                yield "".join(run)
        if word[0].isdigit() or (len(word) >= WORD_LEAST and not is_grammar(word)):
            yield word[:STEM]
