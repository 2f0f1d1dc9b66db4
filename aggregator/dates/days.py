"""The day of a date: every day that its words and numbers may mean. Which one is decided elsewhere."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from aggregator.dates.names import (
    ENGLISH,
    MONTH_NAMES,
    MOST_WORDS,
    NAME_STARTS,
    NO_LANGUAGE,
    WEEKDAY_NAMES,
    Word,
    meaning,
)
from aggregator.dates.spelling import WORD, folded
from aggregator.dates.words import ORDINALS

_TOKEN = re.compile(rf"\d+|{WORD}|\S")
_PUNCTUATION = frozenset(".,-/()[]|·;:<>")
_ORDINAL_SUFFIXES = frozenset(map(folded, ORDINALS.split()))
_SUFFIX = Word({}, {}, frozenset(), filler=True)
_BUDDHIST_YEARS = range(2400, 2700)  # of the Thai calendar, 543 ahead


class Order(StrEnum):
    """In which order a day of numbers has its parts."""

    DAY_FIRST = "day first"
    MONTH_FIRST = "month first"
    YEAR_FIRST = "year first"


@dataclass(frozen=True, slots=True)
class Reading:
    """One day that a text may mean, and what speaks for it."""

    day: datetime  # midnight, naive
    order: Order | None = None  # None: the order is plain
    languages: frozenset[str] = frozenset()  # in which its words mean this day; empty: no words


@dataclass(frozen=True, slots=True)
class Days:
    """All that the text says of the day. `usual` is the order that its punctuation stands for."""

    readings: tuple[Reading, ...]
    weekdays: frozenset[int] = frozenset()  # which its weekday may be, if it names one
    usual: Order | None = None


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    word: Word | None = None  # None: a number or a mark


def read_days(text: str, language: str | None, *, alone: bool = False) -> Days | None:
    """Return what day a folded text may mean, None if none or if anything is left over.

    `alone`: no time of day was said, so that a year, or a year and a month, will do (W3C-DTF).
    """
    tokens = _tokens(text, language)
    if tokens is None:
        return None
    if named := _named_days(tokens):
        return Days(named, _weekdays(tokens))
    return _numeric_days(tokens, alone=alone)


def _tokens(text: str, language: str | None) -> list[_Token] | None:
    """Return numbers, marks and words; None if a word says nothing we know."""
    found = list(_TOKEN.finditer(text))
    tokens: list[_Token] = []
    position = 0
    while position < len(found):
        value = found[position][0]
        if value.isdecimal() or value in _PUNCTUATION:
            tokens.append(_Token(value))
            position += 1
            continue
        name, length = _longest_name([one[0] for one in found[position : position + 2 * MOST_WORDS]])
        word = meaning(name, language)
        behind_number = text[: found[position].start()].rstrip("-")[-1:].isdecimal()
        if word.months or word.weekdays or word.filler:
            tokens.append(_Token(name, word))
        elif behind_number and value in _ORDINAL_SUFFIXES:
            tokens.append(_Token(value, _SUFFIX))
        else:
            return None
        position += length
    return tokens


def _longest_name(values: Sequence[str]) -> tuple[str, int]:
    """Return the longest name of several words that `values` begin with, else the first word; how many tokens."""
    best, length = values[0], 1
    if values[0] not in NAME_STARTS:
        return best, length
    words: list[str] = []
    for count, value in enumerate(values, 1):
        if value in {".", "-"} and words:
            continue
        if value.isdecimal() or value in _PUNCTUATION:
            break
        words.append(value)
        name = " ".join(words)
        if len(words) > 1 and (name in MONTH_NAMES or name in WEEKDAY_NAMES):
            best, length = name, count
    return best, length


def _weekdays(tokens: Sequence[_Token]) -> frozenset[int]:
    return frozenset(
        number
        for token in tokens
        if token.word is not None and not token.word.months
        for number in token.word.weekdays
    )


# --- a month in words


def _named_days(tokens: Sequence[_Token]) -> tuple[Reading, ...]:
    """Return the days of texts like "14 Nov 2023", "Nov 14, 2023", "2023. november 14.".

    Several words may be the month ("mar, 14 nov" is a Tuesday in France): if in one reading all
    words are of one language, those of mixed languages do not count.
    """
    found: dict[Reading, bool] = {}
    for position, token in enumerate(tokens):
        if token.word is None or not token.word.months:
            continue
        before = [one.text for one in tokens[:position] if one.text.isdecimal()]
        after = [one.text for one in tokens[position:] if one.text.isdecimal()]
        others = [one.word for place, one in enumerate(tokens) if place != position and one.word is not None]
        for month, languages in token.word.months.items():
            day = _around_month(before, month, after, thai="th" in languages)
            if day is not None and all(_agrees(word, month, languages) for word in others):
                shared = _shared(languages, others)
                found.setdefault(Reading(day, languages=shared or languages), bool(shared))
    of_one_language = tuple(reading for reading, shared in found.items() if shared)
    return of_one_language or tuple(found)


def _agrees(word: Word, month: int, languages: frozenset[str]) -> bool:
    """Whether another word may stand beside a month: a weekday, or the month again ("January, 29 Jan")."""
    return bool(word.weekdays or word.filler or month in word.months or languages & word.weekday_languages)


def _shared(languages: frozenset[str], others: Sequence[Word]) -> frozenset[str]:
    """The languages of the month in which the other words are weekdays; English, and no language, go with all."""
    for word in others:
        if word.weekday_languages and not word.filler and ENGLISH not in word.weekday_languages:
            languages &= word.weekday_languages | NO_LANGUAGE
    return languages


def _around_month(before: Sequence[str], month: int, after: Sequence[str], *, thai: bool) -> datetime | None:
    match before, after:
        case ([day], [year]) if len(day) <= 2:
            return midnight(full_year(year, thai=thai), month, int(day))
        case ([year], [day]) if len(year) == 4 and len(day) <= 2:
            return midnight(full_year(year, thai=thai), month, int(day))
        case ([], [day, year]) if len(day) <= 2:
            return midnight(full_year(year, thai=thai), month, int(day))
        case ([year, day], []) if len(year) == 4 and len(day) <= 2:  # "2023. gada 14. novembris"
            return midnight(int(year), month, int(day))
    return None


# --- numbers only


def _numeric_days(tokens: Sequence[_Token], *, alone: bool) -> Days | None:
    """Return what a day of numbers may mean; only weekdays and fillers may stand before and behind it."""
    numbers = [place for place, token in enumerate(tokens) if token.text.isdecimal()]
    inner = tokens[numbers[0] : numbers[-1] + 1] if numbers else ()
    if any(token.word and token.word.only_month for token in tokens):
        return None
    weekdays = _weekdays(tokens)
    day: datetime | None = None
    match [token.text for token in inner]:
        case [year] if alone and len(year) == 4:
            day = midnight(int(year), 1, 1)
        case [year, "-", month] if alone and len(year) == 4 and len(month) == 2:
            day = midnight(int(year), int(month), 1)
        case [whole] if len(whole) == 8:  # 20231114
            day = midnight(int(whole[:4]), int(whole[4:6]), int(whole[6:]))
        case [first, second, third] if second.isdecimal():
            return _ordered_days((first, second, third), weekdays, usual=None)
        case [first, mark, second, again, third] if (
            mark == again and mark in {".", "-", "/"} and second.isdecimal()
        ):
            usual = Order.DAY_FIRST if mark == "." and len(third) == 4 else None
            return _ordered_days((first, second, third), weekdays, usual=usual)
    return _certain(day, weekdays)


def _certain(day: datetime | None, weekdays: frozenset[int]) -> Days | None:
    return None if day is None else Days((Reading(day),), weekdays)


def _ordered_days(
    parts: tuple[str, str, str], weekdays: frozenset[int], *, usual: Order | None
) -> Days | None:
    """Every order in which three numbers are a day; years have four digits or two, never one or three."""
    first, second, third = parts
    if len(first) == 4:  # nobody writes year, day, month; one feed writes 2003-012-31
        if len(third) > 2 or len(second.removeprefix("0")) > 2:
            return None
        return _certain(midnight(int(first), int(second), int(third)), weekdays)
    if len(first) > 2 or len(second) > 2 or len(third) not in {1, 2, 4}:
        return None
    meant = {Order.YEAR_FIRST: (first, second, third)} if len(third) <= 2 and len(first) == 2 else {}
    if len(third) >= 2:
        meant |= {Order.DAY_FIRST: (third, second, first), Order.MONTH_FIRST: (third, first, second)}
    readings = [
        Reading(day, order)
        for order, (year, month, number) in meant.items()
        if (day := midnight(full_year(year), int(month), int(number))) is not None
    ]
    return Days(tuple(readings), weekdays, usual) if readings else None


def full_year(year: str, *, thai: bool = False) -> int:
    """Complete a year of two digits as RFC 5322 §4.3 does; one of three stays, and is implausible."""
    number = int(year)
    if thai and number in _BUDDHIST_YEARS:
        return number - 543
    if len(year) != 2:
        return number
    return number + (2000 if number < 50 else 1900)


def midnight(year: int, month: int, day: int) -> datetime | None:
    """Return the start of a day as a wall clock, None when there is no such day."""
    try:
        return datetime(year, month, day)  # noqa: DTZ001 - a wall clock
    except (ValueError, OverflowError):  # a year of twenty digits
        return None


def week_day(year: str, week: str, day: str | None) -> datetime | None:
    """Return a day of an ISO 8601 week, its Monday without one."""
    try:
        return datetime.combine(
            date.fromisocalendar(int(year), int(week), int(day or 1)), datetime.min.time()
        )
    except ValueError:
        return None


def ordinal_day(year: str, day: str) -> datetime | None:
    """Return the n-th day of a year."""
    first = midnight(int(year), 1, 1)
    if first is None or not day.strip("0"):
        return None
    try:
        found = first + timedelta(days=int(day) - 1)
    except OverflowError:  # behind the end of the calendar
        return None
    return found if found.year == first.year else None
