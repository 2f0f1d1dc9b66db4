"""The shapes a date is written in. What has no known shape, or two meanings, is not read."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from aggregator.dates.words import (
    FILLER_WORDS,
    MERIDIEM_HALVES,
    MONTH_NUMBERS,
    MONTHS_OF_TWO_WORDS,
    ORDINAL_SUFFIXES,
    WEEKDAY_WORDS,
    folded,
)
from aggregator.dates.zones import Zone, zone_at_end, zone_behind_time

MIN_YEAR, MAX_YEAR = 1970, 2100  # outside, a date is a mistake and not news

_EPOCH = re.compile(r"(\d{10})(?:\.\d+)?|(\d{13})")  # seconds, milliseconds
_BASIC = re.compile(r"(\d{4})(\d\d)(\d\d)(?:t?(\d\d)(\d\d)(\d\d)?(?:[.,]\d+)?)?(?![\d:])")  # 20231114T113300Z
_CJK_DATE = re.compile(r"(\d{4}) ?[年년] ?(\d{1,2}) ?[月월] ?(\d{1,2}) ?[日일号號]")
_CJK_TIME = re.compile(r"(\d{1,2}) ?[時时点點시] ?(\d{1,2}) ?[分분](?: ?(\d{1,2}) ?[秒초])?")
_FRENCH_TIME = re.compile(r"(?<!\d)(\d{1,2}) ?h ?(\d\d)(?!\d)")
_SPLIT_HALF = re.compile(r"(?<![^\W\d_])([apπμ])[. ]{1,2}([mμ])(?![^\W\d_])\.?")  # p. m.
_TIME = re.compile(r"(?<![\d:])(\d{1,2}) ?: ?(\d{1,2})(?: ?: ?(\d{1,2})(?:[.,](\d+))?)?(?!\d|:\d)")
_WORD_BEHIND = re.compile(r" ?([^\W\d]+)\.?")
_TOKEN = re.compile(r"\d+|[^\W\d]+|\S")
_PUNCTUATION = frozenset(".,-/()|·;")
_MICROSECOND_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Written:
    """A date as its text says it: a wall clock, and its zone when the text names one."""

    wall: datetime  # naive
    zone: tzinfo | None = None
    unclear_zone: str | None = None  # named, but the name has more than one meaning


def read(text: str) -> Written | None:
    """Read a date of any shape we know; None when it has none of them, or two readings.

    Recognised parts are taken off one by one: time, half of the day, zone, then the day. Nothing
    may be left over. The weekday is not believed.
    """
    text = simplified(text)
    if found := _EPOCH.fullmatch(text):
        return _read_epoch(found)
    if found := _BASIC.match(text):
        return _read_basic(found, text[found.end() :])
    time = _TIME.search(text)
    if time is None:
        return _read_without_colon(text)
    head, tail = text[: time.start()].rstrip(), text[time.end() :]
    if head[-1:] == "t" and head[-2:-1].isdigit():  # 2023-11-14T11:33
        head = head[:-1]
    half, head, tail = _half_of_day(head, tail)
    zone = zone_behind_time(tail) or zone_at_end(tail)
    day = _day(f"{head} {tail if zone is None else zone.rest}")
    return _written(day, _clock(time, half), zone)


def simplified(text: str) -> str:
    """Fold the text and write what is local (counted months, dotted halves) in the common way."""
    text = folded(text)
    for name in MONTHS_OF_TWO_WORDS:
        text = text.replace(name.replace("_", " "), name)
    text = _CJK_DATE.sub(r"\1-\2-\3 ", text)
    text = _CJK_TIME.sub(lambda found: ":".join(filter(None, found.groups())), text)
    if ":" not in text:
        text = _FRENCH_TIME.sub(r"\1:\2", text)
    return _SPLIT_HALF.sub(r"\1\2", text).strip()


def _written(day: datetime | None, clock: timedelta | None, zone: Zone | None) -> Written | None:
    if day is None or clock is None:
        return None
    return Written(day + clock) if zone is None else Written(day + clock, zone.zone, zone.unclear)


def _read_epoch(found: re.Match[str]) -> Written | None:
    """Read seconds or milliseconds since 1970; they carry their zone."""
    seconds, milliseconds = found.groups()
    span = timedelta(seconds=int(seconds)) if seconds else timedelta(milliseconds=int(milliseconds))
    wall = datetime(1970, 1, 1) + span  # noqa: DTZ001 - the zone is beside it
    return Written(wall, UTC) if wall.year <= MAX_YEAR else None


def _read_basic(found: re.Match[str], rest: str) -> Written | None:
    """Read ISO 8601 without separators: 20231114, 20231114T1133, 20231114T113300Z."""
    year, month, day, *clock = (int(part or 0) for part in found.groups())
    zone = zone_behind_time(rest)
    if (rest if zone is None else zone.rest).strip():
        return None
    return _written(_midnight(year, month, day), _span(*clock), zone)


def _read_without_colon(text: str) -> Written | None:
    """Read a day alone, or the military hour of RFC 822's ancestors: "03 Apr 02 1500 GMT"."""
    zone = zone_at_end(text)
    rest = text if zone is None else zone.rest
    day = _day(rest, alone=True)
    if day is not None or zone is None:
        return _written(day, timedelta(), zone)
    rest, _, clock = rest.rpartition(" ")
    if not (clock.isdigit() and len(clock) in {2, 4}):
        return None
    return _written(_named_day(_tokens(rest)), _span(int(clock[:2]), int(clock[2:] or 0)), zone)


# --- the time of day


def _half_of_day(head: str, tail: str) -> tuple[str | None, str, str]:
    """Take "am" or "pm", in any language, from behind the time or from before it."""
    behind = _WORD_BEHIND.match(tail)
    if behind and (half := MERIDIEM_HALVES.get(behind[1])):
        return half, head, tail[behind.end() :]
    before = head.rpartition(" ")[2]
    if half := MERIDIEM_HALVES.get(before):
        return half, head.removesuffix(before), tail
    return None, head, tail


def _clock(found: re.Match[str], half: str | None) -> timedelta | None:
    hour, minute, second = (int(part or 0) for part in found.groups()[:3])
    if half == "am" and hour > 12:
        return None
    if half is not None and hour <= 12:
        hour = hour % 12 + (12 if half == "pm" else 0)
    span = _span(hour, minute, second)
    fraction = (found[4] or "0")[:_MICROSECOND_DIGITS].ljust(_MICROSECOND_DIGITS, "0")
    return None if span is None else span + timedelta(microseconds=int(fraction))


def _span(hour: int, minute: int, second: int = 0) -> timedelta | None:
    """Return the time since midnight; 24:00 and the leap second are the moment after."""
    if minute > 59 or second > 60 or hour > 24 or (hour == 24 and (minute or second)):
        return None
    return timedelta(hours=hour, minutes=minute, seconds=second)


# --- the day


def _day(text: str, *, alone: bool = False) -> datetime | None:
    """Read a day, midnight; `alone`: without time, when a year or a month will do (W3C-DTF)."""
    tokens = _tokens(text)
    if any(kind == "month" for kind, _ in tokens):
        return _named_day(tokens)
    return _numeric_day([value for _, value in tokens], alone=alone)


def _tokens(text: str) -> list[tuple[str, str]]:
    """Return (kind, value) pairs without weekdays and fillers; kind is number, month, mark or unknown."""
    tokens: list[tuple[str, str]] = []
    for found in _TOKEN.finditer(text):
        value = found[0]
        behind_number = text[: found.start()].rstrip("-")[-1:].isdigit()
        if value.isdigit():
            tokens.append(("number", value))
        elif value in MONTH_NUMBERS:
            tokens.append(("month", value))
        elif value in _PUNCTUATION:
            tokens.append(("mark", value))
        elif not (
            value in WEEKDAY_WORDS or value in FILLER_WORDS or (behind_number and value in ORDINAL_SUFFIXES)
        ):
            tokens.append(("unknown", value))
    return tokens


def _named_day(tokens: Sequence[tuple[str, str]]) -> datetime | None:
    """Read a day whose month is a word: "14 Nov 2023", "Nov 14, 2023", "2023. november 14."."""
    if any(kind == "unknown" for kind, _ in tokens):
        return None
    months = [index for index, (kind, _) in enumerate(tokens) if kind == "month"]
    if len({MONTH_NUMBERS[tokens[index][1]] for index in months}) > 1:  # "mar, 14 nov": mardi, martes
        months = [index for index in months if tokens[index][1] not in WEEKDAY_WORDS]
    if len({MONTH_NUMBERS[tokens[index][1]] for index in months}) != 1:
        return None
    middle = months[-1]  # one feed writes "January, 29 Jan 2021"
    month = MONTH_NUMBERS[tokens[middle][1]]
    before = [value for kind, value in tokens[:middle] if kind == "number"]
    after = [value for kind, value in tokens[middle:] if kind == "number"]
    match before, after:
        case ([day], [year]) if len(day) <= 2:
            return _midnight(_full_year(year), month, int(day))
        case ([year], [day]) if len(year) == 4 and len(day) <= 2:
            return _midnight(int(year), month, int(day))
        case ([], [day, year]) if len(day) <= 2:
            return _midnight(_full_year(year), month, int(day))
    return None


def _numeric_day(values: Sequence[str], *, alone: bool) -> datetime | None:
    """Read a day of numbers only: year first, dotted day first, else only if the order is plain."""
    values = list(values)
    while values and not values[-1].isdigit():
        if values.pop() not in _PUNCTUATION:
            return None
    while values and values[0] in _PUNCTUATION:
        del values[0]
    match values:
        case [year] if alone and len(year) == 4:
            return _midnight(int(year), 1, 1)
        case [year, "-", month] if alone and len(year) == 4 and len(month) == 2 and month.isdigit():
            return _midnight(int(year), int(month), 1)
        case [first, mark, second, again, third] if mark == again and mark in {".", "-", "/"}:
            return _ordered_day(first, second, third, dotted=mark == ".")
    return None


def _ordered_day(first: str, second: str, third: str, *, dotted: bool) -> datetime | None:
    lengths = len(first), len(second), len(third)
    if not (first + second + third).isdigit() or sorted(lengths)[1] > 2 or max(lengths) != 4:
        return None
    one, two, three = int(first), int(second), int(third)
    if lengths[0] == 4:
        return _midnight(one, two, three)
    if lengths[1] == 4:
        return None
    if one > 12 or one == two or (dotted and two <= 12):
        return _midnight(three, two, one)
    if two > 12:
        return _midnight(three, one, two)
    return None  # 3/4/2023 is March in one country and April in the next


def _full_year(year: str) -> int:
    """Complete a year of two digits as RFC 5322 §4.3 does; one of three stays, and is implausible."""
    if len(year) != 2:
        return int(year)
    return int(year) + (2000 if int(year) < 50 else 1900)


def _midnight(year: int, month: int, day: int) -> datetime | None:
    if not MIN_YEAR <= year <= MAX_YEAR:
        return None
    try:
        return datetime(year, month, day)  # noqa: DTZ001 - a wall clock
    except ValueError:  # no such day
        return None
