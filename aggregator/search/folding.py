"""Text to the words it is found by: any script, whatever its case, accents and width.

Both what is stored and what is looked for go through here, so that they agree.

- Compatibility forms are one (NFKC), case is folded, accents are taken off: "Ärzte" is found as "arzte", "Straße" as
  "strasse", "İzmir", "IZMIR" and "ızmir" as "izmir".
- Of Cyrillic only ё becomes е, as Russian is written, and stress marks go: й, ў, ї, ѓ and ќ are letters of their own.
- Vowel points of Hebrew and Arabic go, forms of alef are one, as are Persian and Arabic kaf and yeh.
- Scripts that put no spaces between words are cut into pairs of characters, each beginning one further on, so
  that a run of any two or more characters is a phrase, and a single one the beginning of a pair.
"""

import re
import unicodedata

WORD_LENGTH = 64  # characters of a word; what is longer is no word, and cut

# Letters of their own, although Unicode can take them apart.
_WHOLE = frozenset("йўїѓќ")
# What Unicode cannot take apart, and people type without.
_PLAIN = str.maketrans(
    {"ı": "i", "ł": "l", "ø": "o", "đ": "d", "ħ": "h", "ŧ": "t", "æ": "ae", "œ": "oe", "ی": "ي", "ک": "ك"}
)
_MARKS = (
    (0x0300, 0x036F), (0x0483, 0x0489), (0x0591, 0x05BD), (0x05BF, 0x05BF), (0x05C1, 0x05C2), (0x05C4, 0x05C5),
    (0x05C7, 0x05C7), (0x0610, 0x061A), (0x0640, 0x0640), (0x064B, 0x065F), (0x0670, 0x0670), (0x06D6, 0x06DC),
    (0x06DF, 0x06E8), (0x06EA, 0x06ED), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0xFE00, 0xFE0F),
    (0xFE20, 0xFE2F),
)  # fmt: skip
_IN_WORDS = "\u00ad\u200b\u200c\u200d\u2060\ufeff"  # break no word: soft hyphen, joiners, byte order mark


# Scripts without spaces between words: Thai, Lao, Myanmar, Hangul (whose particles are written to the word), New Tai
# Lue, Khmer, Tai Tham, kana, Bopomofo, Han.
_UNSPACED = re.compile(
    "([\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ecd\u1000-\u103f\u1050-\u109f\uac00-\ud7a3\u1950-\u19c9"
    "\u1780-\u17d3\u17d7\u17dc\u17dd\u1a20-\u1a7c\uaa60-\uaadf\u3041-\u309a\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff"
    "\u3105-\u312f\u31a0-\u31bf\u31f0-\u31ff\u3005-\u3007\u3021-\u3029\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00016fe0-\U00018cff\U0001b000-\U0001b16f\U00020000-\U000323af]+)"
)
_UNSPACED_FIRST = "\u0e00"
_SPACED_ONLY = re.compile(f"[^{_UNSPACED_FIRST}-\U0010ffff]*")


class _Folded(dict[int, str]):
    """What each character becomes, worked out once; for `str.translate`."""

    def __missing__(self, code: int) -> str:
        folded = self[code] = _folded(chr(code))
        return folded


_FOLDED = _Folded()


def _folded(char: str) -> str:
    """Return a character as it is compared; a space for one that belongs to no word."""
    if char in _IN_WORDS or _is_mark(char):
        return ""
    if char in _WHOLE:
        return char
    digit = unicodedata.digit(char, None)
    if digit is not None:
        return str(digit)
    bare = "".join(one for one in unicodedata.normalize("NFKD", char) if not _is_mark(one))
    bare = unicodedata.normalize("NFC", bare).casefold().translate(_PLAIN)
    # Vowels of Indic scripts, for instance, are marks that stay.
    return "".join(one if one.isalnum() or unicodedata.category(one) in {"Mn", "Mc"} else " " for one in bare)


def _is_mark(char: str) -> bool:
    return any(first <= ord(char) <= last for first, last in _MARKS)


def words_of(text: str) -> list[str]:
    """Return the words of a stored text in their order."""
    return _words(_runs(_fold(text)))


def sought(text: str) -> tuple[tuple[str, ...], bool]:
    """Return the words that a text with this in it has, and whether the last may go on.

    An unspaced run at the end may go on in the stored text: its last character then stands in a pair.
    """
    runs = _runs(_fold(text))
    words = _words(runs)
    if not runs or not is_unspaced(runs[-1]):
        return tuple(words), False
    return (tuple(words), True) if len(runs[-1]) == 1 else (tuple(words[:-1]), False)


def is_unspaced(word: str) -> bool:
    """Whether a word is characters of a script without spaces."""
    return _UNSPACED.match(word) is not None


def _fold(text: str) -> str:
    """Return `text` as it is compared, with spaces in place of all that belongs to no word."""
    return unicodedata.normalize("NFKC", text).casefold().translate(_FOLDED)


def _runs(folded: str) -> list[str]:
    """Return words, and runs of characters without spaces between words."""
    words = folded.split()
    if not _SPACED_ONLY.fullmatch(folded):
        runs = ((word,) if word.isascii() else _UNSPACED.split(word) for word in words)
        words = [run for found in runs for run in found if run]
    return words


def _words(runs: list[str]) -> list[str]:
    words = []
    for run in runs:
        if run >= _UNSPACED_FIRST and is_unspaced(run):
            words += [run[n : n + 2] for n in range(len(run))]
        else:
            words.append(run[:WORD_LENGTH])
    return words
