"""How texts are made comparable: signs, digits, spaces, case and accents of one kind."""

import re
import unicodedata

_TYPOGRAPHY = str.maketrans(
    dict.fromkeys("‐‑‒–—−", "-") | dict.fromkeys("،、", ",") | dict.fromkeys("'’‘ʼʻ׳`´", "")
)
WORD = r"[^\d\s.,:;/()|·…\"+\[\]<>=-]+"  # of any script: \w leaves out the vowel signs of Indic ones
MAX_DATE_LENGTH = 200  # characters; nobody writes a date that long
_WORD = re.compile(WORD)


def plain(text: str) -> str:
    """Return `text` with ASCII signs and digits, single spaces, no apostrophes nor invisible characters."""
    if not text.isascii():
        text = "".join(
            str(unicodedata.decimal(character, character))
            for character in text.translate(_TYPOGRAPHY)
            if unicodedata.category(character) != "Cf"  # left-to-right marks, byte order marks
        )
    return " ".join(text.replace("'", "").replace("`", "").split())


def folded(text: str) -> str:
    """Return `text` as words are compared: no case, no accents, compatibility forms resolved."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold().replace("ı", "i"))
    bare = "".join(character for character in decomposed if not unicodedata.combining(character))
    return unicodedata.normalize("NFC", bare)


def spelled(name: str) -> str:
    """Return the words of a name as the shapes meet them, a space between: "Sept." is "sept"."""
    return " ".join(_WORD.findall(folded(plain(name))))
