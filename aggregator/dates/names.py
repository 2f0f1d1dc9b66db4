"""What a word in a date may mean, and in which languages: CLDR's names and those of `words`.

`names.tsv` is an extract of CLDR for all its languages, made by `tests/dates/cldr.py`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from aggregator.dates.spelling import spelled
from aggregator.dates.words import ALIASES, COMMON_LANGUAGES, FILLERS, HALF_WORDS, MONTHS, WEEKDAYS

NAMES_FILE = Path(__file__).with_name("names.tsv")
ENGLISH = "en"  # the language of RFC 822, whatever the feed is written in
BEFORE_NOON, AFTER_NOON = "am", "pm"
UNCLEAR_HALF = "unclear"
_ENGLISH_LETTERS = {"a": BEFORE_NOON, "p": AFTER_NOON}  # 3:05 p
NO_LANGUAGE = frozenset({""})  # in which months are counted
COUNTED_MONTHS = {number: chr(0xE000 + number) for number in range(1, 13)}  # words for "11月", "tháng 11"

Meanings = dict[int, frozenset[str]]  # number of the month or weekday -> the languages that call it so


@dataclass(frozen=True, slots=True)
class Word:
    """What a word says: months (January is 1), weekdays (Monday is 0), or nothing that changes a date."""

    months: Meanings
    weekdays: Meanings  # in the common languages and the feed's own
    weekday_languages: frozenset[str]  # all in which it is a weekday
    filler: bool

    @property
    def only_month(self) -> bool:
        """Whether it has to be the month, if it is to say anything."""
        return not (self.weekdays or self.filler)


class _Index:
    """Names by spelling, while they are collected."""

    def __init__(self) -> None:
        self._languages: dict[str, dict[int, set[str]]] = {}

    def add(self, name: str, number: int, language: str) -> None:
        self._languages.setdefault(name, {}).setdefault(number, set()).add(language)

    def add_row(self, row: str, first: int, language: str) -> None:
        """Add a column of the file: names by number from `first`, parted by ";", equals by "|"."""
        for number, names in enumerate(row.split(";"), first):
            for name in names.split("|"):
                self.add(name, number, language)

    def add_wild(self, table: dict[str, dict[int, str]]) -> None:
        for language, row in table.items():
            for number, names in row.items():
                for name in names.split():
                    self.add(spelled(name), number, language)

    def meanings(self) -> dict[str, Meanings]:
        self._languages.pop("", None)  # of languages that leave a month unnamed
        return {
            name: {number: frozenset(languages) for number, languages in numbers.items()}
            for name, numbers in self._languages.items()
        }


def _load() -> tuple[dict[str, Meanings], dict[str, Meanings], dict[str, dict[str, str]], frozenset[str]]:
    """Read the file and `words`: months, weekdays, halves of the day, words without meaning."""
    months, weekdays = _Index(), _Index()
    halves: dict[str, dict[str, str]] = {}  # name -> language -> half
    fillers, rare_fillers = set(map(spelled, FILLERS.split())), set[str]()
    rare_halves = set[str]()
    for line in NAMES_FILE.read_text(encoding="utf-8").splitlines():
        language, month_row, weekday_row, before_noon, after_noon, around = line.split("\t")
        months.add_row(month_row, 1, language)
        weekdays.add_row(weekday_row, 0, language)
        if language not in COMMON_LANGUAGES:
            rare_fillers.update(around.split("|"))
            rare_halves.update(before_noon.split("|"), after_noon.split("|"))
            continue
        fillers.update(around.split("|"))
        for half, names in ((BEFORE_NOON, before_noon), (AFTER_NOON, after_noon)):
            for name in names.split("|"):
                halves.setdefault(name, {})[language] = half
    months.add_wild(MONTHS)
    weekdays.add_wild(WEEKDAYS)
    for number, word in COUNTED_MONTHS.items():
        for no_language in NO_LANGUAGE:
            months.add(word, number, no_language)
    by_month, by_weekday = months.meanings(), weekdays.meanings()
    fillers |= rare_fillers - by_month.keys() - by_weekday.keys() - halves.keys() - rare_halves
    return by_month, by_weekday, halves, frozenset(fillers - {""})


MONTH_NAMES, WEEKDAY_NAMES, _HALVES, FILLER_WORDS = _load()
_PLAIN_HALVES = {
    spelled(name.replace("_", " ")): half for half, row in HALF_WORDS.items() for name in row.split()
}
_LONG_NAMES = [name for name in (*MONTH_NAMES, *WEEKDAY_NAMES) if " " in name]
NAME_STARTS = frozenset(name.partition(" ")[0] for name in _LONG_NAMES)
MOST_WORDS = max(name.count(" ") + 1 for name in _LONG_NAMES)
_NOTHING = Word({}, {}, frozenset(), filler=False)


def primary(tag: str | None) -> str | None:
    """Return the language of a tag (RFC 5646): "pt" of "pt-BR", "nb" of "no"."""
    if not tag:
        return None
    language = tag.replace("_", "-").partition("-")[0].strip().lower()
    return ALIASES.get(language, language)


def half_of_day(name: str, language: str | None) -> str | None:
    """Return which half of the day a word at a time stands for, None if for none.

    `UNCLEAR_HALF` if it does in one common language and means something else in another ("de" is
    the morning in Hungary), and the feed does not say that it is in either. Many feeds are said to
    be in English that are not.
    """
    if (half := _PLAIN_HALVES.get(name)) is not None:
        return half
    by_language = _HALVES.get(name) or ({ENGLISH: _ENGLISH_LETTERS[name]} if name in _ENGLISH_LETTERS else {})
    if not by_language or language in by_language:
        return by_language.get(language or "")
    if (
        name in MONTH_NAMES
        or name in WEEKDAY_NAMES
        or name in FILLER_WORDS
        or len(set(by_language.values())) > 1
    ):
        return UNCLEAR_HALF if language in {None, ENGLISH} else None
    return next(iter(by_language.values()))


def meaning(word: str, language: str | None) -> Word:
    """Return what a word says in the common languages and in `language`; only else in all others."""
    months, weekdays = MONTH_NAMES.get(word, {}), WEEKDAY_NAMES.get(word, {})
    filler = word in FILLER_WORDS
    if not months and not weekdays and not filler:
        return _NOTHING
    languages = frozenset[str]().union(*weekdays.values())
    near_months, near_weekdays = dict(_near(months, language)), dict(_near(weekdays, language))
    if near_months or near_weekdays or filler:
        months = near_months
    return Word(months, near_weekdays, languages, filler)


def _near(meanings: Meanings, language: str | None) -> Iterator[tuple[int, frozenset[str]]]:
    for number, languages in meanings.items():
        near = languages & (COMMON_LANGUAGES | NO_LANGUAGE | {language})
        if near:
            yield number, near
