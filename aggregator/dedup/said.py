"""An entry as the comparison sees it: words and shingles of its title and text, made once."""

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import add

from aggregator.dedup.furniture import without_furniture
from aggregator.dedup.words import FIRST_UNSPACED, SHINGLE, length, tokens
from aggregator.model import Entry

TITLE_TOKENS = 60
# Of each text. With 400, copies under another lead were missed: the same paragraphs had moved beyond the end.
TEXT_TOKENS = 800
LEAD_TOKENS = 60  # the first paragraphs, where a rewritten article differs from a copied one
# Words remembered, the common ones of a few languages: 87 of 100 of the corpus are found. Four times as many find
# 88, save 1 µs of 3,000 for an entry, and take 15 MB more.
WORDS_MOST = 16_384
READ_MOST = 128  # texts remembered: a document is read for its look-up and again to be placed
TITLE_WORDS = 3  # shorter titles ("Email", "News") tell nothing
TITLE_CHARACTERS = 5  # the same where words are not spaced
HEADLINE_WORDS = 5  # left of a title, or its end may be what tells it apart ("Weather | Monday")

_SITE = re.compile(r"\s(?:[|»·–—]|--?)\s+[^|»·–—\s]+(?:\s[^|»·–—\s]+){0,4}\s*\Z")
_MIX = 0x9E3779B97F4A7C15  # 2**64 / golden ratio: spreads the word hashes over all bits
_BITS = (1 << 63) - 1  # a signed integer of SQLite


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """`shingles` are hashes, in the order of the text; those of boilerplate are left out."""

    title: tuple[str, ...]
    headline: tuple[str, ...]  # the title without the name of the site at its end
    title_text: str  # as written, case-folded
    is_telling: bool  # the title says what the entry is about
    words: tuple[str, ...]
    shingles: tuple[int, ...]
    recordings: frozenset[str]  # file names of sound and film: each is an episode of its own
    scale: float  # tokens a word: 1.0 where words are spaced

    @property
    def lead(self) -> tuple[int, ...]:
        return self.shingles[: LEAD_TOKENS - SHINGLE + 1]


def said(entry: Entry, boilerplate: frozenset[int] = frozenset()) -> Said:
    """Return what `entry` says, without furniture and without what its source says in every entry."""
    title = title_words(entry.title)
    words, shingles, scale = read(entry.content_text)
    enough = TITLE_CHARACTERS if _is_unspaced(title) else TITLE_WORDS
    return Said(
        title=title,
        headline=_headline(entry.title, title),
        title_text=entry.title.casefold(),
        is_telling=len(title) >= enough and title_hash(title) not in boilerplate,
        words=words,
        shingles=tuple(one for one in shingles if one not in boilerplate) if boilerplate else shingles,
        recordings=frozenset(
            one.url.partition("?")[0].rpartition("/")[2]
            for one in entry.enclosures
            if (one.type or "").startswith(("audio/", "video/"))
        ),
        scale=scale,
    )


def _headline(title: str, words: tuple[str, ...]) -> tuple[str, ...]:
    """Return the words of a title up to "| Daily Example", if enough are left to tell titles apart."""
    site = _SITE.search(title)
    if site is None:
        return words
    headline = tuple(tokens(title[: site.start()], TITLE_TOKENS))
    return headline if len(headline) >= HEADLINE_WORDS else words


@lru_cache(maxsize=READ_MOST)
def title_words(title: str) -> tuple[str, ...]:
    """Return the words of a title."""
    return tuple(tokens(title, TITLE_TOKENS))


@lru_cache(maxsize=READ_MOST)
def read(text: str) -> tuple[tuple[str, ...], tuple[int, ...], float]:
    """Return the words of a text without furniture, their shingles as hashes, and how many tokens a word has."""
    words = tuple(tokens(without_furniture(text), TEXT_TOKENS))
    return words, tuple(hashes(words)), len(words) / length(words) if _is_unspaced(words) else 1.0


def hashes(words: Sequence[str]) -> list[int]:
    """Return a hash of every run of `SHINGLE` words, the same in every process and on every machine."""
    if len(words) < SHINGLE:
        return []
    first, second, third = zip(*map(_parts, words), strict=True)
    return [one & _BITS for one in map(add, map(add, first, second[1:]), third[2:])]


def title_hash(title: Sequence[str]) -> int:
    """Return a hash of a whole title, of the same kind."""
    return _hash("\n".join(title)) & _BITS


def _is_unspaced(words: Sequence[str]) -> bool:
    """Whether most of the tokens are characters of a script that writes no spaces."""
    return sum(len(word) == 1 and word >= FIRST_UNSPACED for word in words) * 2 > len(words)


@lru_cache(maxsize=WORDS_MOST)
def _parts(word: str) -> tuple[int, int, int]:
    """Return what a word adds to the hash of a run in which it stands first, second or third."""
    one = _hash(word)
    return one * _MIX * _MIX & _BITS, one * _MIX & _BITS, one & _BITS


def _hash(word: str) -> int:
    return zlib.crc32(word.encode(errors="surrogatepass")) * _MIX
