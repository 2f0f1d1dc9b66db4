"""The shapes a date is written in: a text taken apart into day, time of day and zone."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from aggregator.dates.days import Days, Reading, midnight, ordinal_day, read_days, week_day
from aggregator.dates.names import AFTER_NOON, BEFORE_NOON, COUNTED_MONTHS, UNCLEAR_HALF, half_of_day
from aggregator.dates.spelling import folded
from aggregator.dates.zones import Zone, zone_at_end, zone_behind_time

_REMEMBERED = 1024  # texts: each is looked at twice, to learn and to read

_EPOCH = re.compile(r"(\d{10})(?:\.\d+)?|(\d{13})|(\d{16})")  # seconds, milliseconds, microseconds
# 2023111411 may be an hour of 2023, or seconds in 2034.
_HOURLY = re.compile(r"(?:19[7-9]\d|20\d\d)(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[01]\d|2[0-3])")
_XSD_DATE = re.compile(r"(\d{4}-\d\d-\d\d)(?:\+\d\d:\d\d|z)")  # a day with its zone
_DASHED = re.compile(r"(?:\d{4} |\d{4}-\d\d-\d\d)-\d\d:\d\d$")  # at its end a zone, or a time after a dash
_NET_DATE = re.compile(r"/?date\((\d{13})(?:[+-]\d{4})?\)/?")  # what .NET makes of a date in JSON
_EPOCH_START = datetime(1970, 1, 1)  # noqa: DTZ001 - the zone is beside it
_BASIC = re.compile(r"(\d{4})(\d\d)(\d\d)(?:t?(\d\d)(\d\d)(\d\d)?(?:[.,]\d+)?)?(?![\d:])")  # 20231114T113300Z
_BASIC_TIME = re.compile(r"(?<=\dt)(\d\d)(\d\d)(\d\d)?(?![\d:])")  # behind days of other kinds: 2023W462T1133
_ISO_WEEK = re.compile(r"(\d{4})-?w(\d\d)(?:-?([1-7]))?(?!\d)")
_ISO_ORDINAL = re.compile(r"(\d{4})-?(\d{3})(?![\d-])")
_COLON_DATE = re.compile(r"(\d{4}):(\d\d):(\d\d)(?= )")  # EXIF
_COLON_BEFORE_TIME = re.compile(r"(?<=\d{4}):(?=\d\d:\d\d)")  # 14/Nov/2023:11:33:00, of server logs
_GLUE = re.compile(r"(?<=\d)_(?=\d)")
_ERA = re.compile(r"(令和|平成|昭和|民國|民国) ?(\d{1,3}|元) ?年")
_ERA_STARTS = {"令和": 2018, "平成": 1988, "昭和": 1925, "民國": 1911, "民国": 1911}
_COUNTED = re.compile(r"(?<!\d)(1[0-2]|0?[1-9]) ?[月월]")
_COUNTED_BEHIND = re.compile(r"(?<![^\W\d_])(?:(?:thang|thg\.?) ?|th|m(?=[01]\d))(1[0-2]|0?[1-9])(?!\d)")
_COUNTED_WEEKDAY = re.compile(r"^thu? [2-7], (?=\d|ngay )")  # Vietnamese, Monday is 2
_GERMAN_ON = re.compile(r"^(?:\w+ )?am (?!\d\d?[:.]\d\d(?![.\d]))")  # "am 14. November", but no "am 11:33"
_THAI = re.compile(r"[พค]\. ?ศ\.? ?|(?<=[^\s\d])ที(?= ?\d)")  # era, the year tells which; "the" of "the 4th"
_CJK_UNIT = re.compile(r"(?<=\d)( ?[年日号號년일])")
_CJK_TIME = re.compile(r"(\d{1,2}) ?[時时點点시] ?(\d{1,2}) ?[分분](?: ?(\d{1,2}) ?[秒초])?")
_HOUR_TIME = re.compile(r"(?<!\d)(\d{1,2}) ?(?:hodin|h|ч)\.? ?(\d\d)(?!\d)(?: ?(?:min|m|мин)\b\.?)?")
_SPLIT_HALF = re.compile(r"(?<![^\W\d_])([apπμ])[. ]{1,2}([mμ])(?![^\W\d_])\.?")  # p. m.
_TIME = re.compile(r"(?<![\d:])(\d{1,2}) ?: ?(\d{1,2})(?: ?: ?(\d{1,2})(?:[.,](\d+)|:00)?)?(?!\d|:\d)")
_LETTER_HALF = re.compile(r"(?<=:\d\d)([ap])(?![^\W\d_])")  # 3:05p
_NULL_TIME = re.compile(r" 00:00(?::00(?:\.0+)?)?(?= \d{1,2}:\d\d)")  # a midnight printed before the time
_DOTTED_TIME = re.compile(r"(?<=[\w.,]) (\d{1,2})\.(\d\d)(?:\.(\d\d))?(?![\w.]|-\d)")  # kl. 11.33
_HOUR_ALONE = re.compile(r"(?<![\d:./-])(\d{1,2}) ?([ap]m)\b\.?")  # 3 pm
_HALF_BEHIND = re.compile(r" ?\(?([^\W\d]+(?:[ .]+[^\W\d]+){0,3})\.?")
_ZERO_ZONE = re.compile(r" 00$")  # an offset that lost its sign and says nothing
_COMMENT = re.compile(r" ?\([^()]*\) ?")
_MOST_COMMENTS = 3  # of RFC 822 §3.1.4, nested
_MICROSECOND_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Written:
    """A date as its text says it."""

    days: Days
    clock: timedelta
    zone: Zone


@lru_cache(_REMEMBERED)
def read(text: str, language: str | None = None) -> Written | None:
    """Read a plain text of any shape we know; None when it has none of them.

    Recognised parts are taken off one by one: time, half of the day, zone, then the day. Nothing
    may be left over, but comments in parentheses.
    """
    text = simplified(text)
    written = _read(text, language)
    for _ in range(_MOST_COMMENTS):
        if written is not None or "(" not in text:
            break
        text = _COMMENT.sub(" ", text).strip()
        written = _read(text, language)
        if written is not None and written.zone.zone is None:
            return None  # it may be the zone that stands in parentheses
    return written


def simplified(text: str) -> str:
    """Fold the text and write what is local (counted months, eras, dotted halves) in the common way."""
    text = _GLUE.sub(" ", folded(text))
    if not text.isascii():
        text = _ERA.sub(_gregorian, text)
        text = _COUNTED.sub(_counted_month, text)
        text = _CJK_TIME.sub(lambda found: f"{_with_colons(found)} ", text)
        text = _CJK_UNIT.sub(r"\1 ", _THAI.sub("", text))
    text = _COUNTED_WEEKDAY.sub("", _GERMAN_ON.sub("", text))
    text = _COUNTED_BEHIND.sub(_counted_month, text)
    text = _COLON_BEFORE_TIME.sub(" ", _COLON_DATE.sub(r"\1-\2-\3", text))
    if ":" not in text:
        text = _HOUR_TIME.sub(r"\1:\2", text)
    text = _LETTER_HALF.sub(r"\1m", _SPLIT_HALF.sub(r"\1\2", text))
    return " ".join(text.split())


def _with_colons(found: re.Match[str]) -> str:
    return ":".join(filter(None, found.groups()))


def _gregorian(found: re.Match[str]) -> str:
    year = 1 if found[2] == "元" else int(found[2])
    return f"{_ERA_STARTS[found[1]] + year}年"


def _counted_month(found: re.Match[str]) -> str:
    return f" {COUNTED_MONTHS[int(found[1])]} "


def _read(text: str, language: str | None) -> Written | None:
    if _HOURLY.fullmatch(text) or _DASHED.search(text):
        return None
    if (found := _EPOCH.fullmatch(text) or _NET_DATE.fullmatch(text)) is not None:
        return _read_epoch(found)
    if (found := _XSD_DATE.fullmatch(text)) is not None:
        return _read_xsd_date(found)
    if (found := _BASIC.match(text)) is not None:
        return _read_basic(found, text[found.end() :])
    text = _BASIC_TIME.sub(_with_colons, _NULL_TIME.sub("", text, count=1))
    time = _TIME.search(text)
    if time is None:
        return _read_without_colon(text, language)
    return _read_around(time, text, language)


def _read_around(time: re.Match[str], text: str, language: str | None) -> Written | None:
    """Read what stands around a time of day."""
    head, tail = text[: time.start()].rstrip(), _ZERO_ZONE.sub("", text[time.end() :])
    if head[-1:] == "t" and head[-2:-1].isdecimal():  # 2023-11-14T11:33
        head = head[:-1]
    half, head, tail = _half_of_day(head, tail, language)
    zone = zone_behind_time(tail) or zone_at_end(tail)
    day = f"{head} {tail if zone is None else zone.rest}"
    return _written(_days(day, language), _clock(time, half), zone)


def _days(text: str, language: str | None, *, alone: bool = False) -> Days | None:
    """Read a day of any kind: ISO's weeks and days of the year, else words and numbers."""
    text = text.strip()
    if (found := _ISO_WEEK.fullmatch(text)) is not None:
        return _certain(week_day(*found.groups()))
    if (found := _ISO_ORDINAL.fullmatch(text)) is not None:
        return _certain(ordinal_day(*found.groups()))
    return read_days(text, language, alone=alone)


def _certain(day: datetime | None) -> Days | None:
    return None if day is None else Days((Reading(day),))


def _written(days: Days | None, clock: timedelta | None, zone: Zone | None) -> Written | None:
    return None if days is None or clock is None else Written(days, clock, zone or Zone(None))


def _read_epoch(found: re.Match[str]) -> Written | None:
    """Read time since 1970; it carries its zone."""
    digits = next(filter(None, found.groups()))
    span = timedelta(microseconds=int(digits) * 10 ** (16 - len(digits)))
    wall = _EPOCH_START + span
    start = datetime(wall.year, wall.month, wall.day)  # noqa: DTZ001 - the zone is beside it
    return Written(Days((Reading(start),)), wall - start, Zone(UTC))


def _read_xsd_date(found: re.Match[str]) -> Written | None:
    """Read "2023-11-14+03:00"."""
    zone = zone_behind_time(found[0].removeprefix(found[1]))
    return None if zone is None else _written(read_days(found[1], None), timedelta(), zone)


def _read_basic(found: re.Match[str], rest: str) -> Written | None:
    """Read ISO 8601 without separators: 20231114, 20231114T1133, 20231114T113300Z; "20231114 11:33" too."""
    year, month, day, *digits = (int(part or 0) for part in found.groups())
    clock = _span(*digits)
    time = _TIME.match(rest.lstrip(" t")) if found[4] is None else None
    if time is not None:
        clock, rest = _clock(time, None), time.string[time.end() :]
    zone = zone_behind_time(rest)
    if (rest if zone is None else zone.rest).strip():
        return None
    return _written(_certain(midnight(year, month, day)), clock, zone)


def _read_without_colon(text: str, language: str | None) -> Written | None:
    """Read a day alone, or a time without colon: "3 pm", "kl. 11.33", "03 Apr 02 1500 GMT"."""
    if (hour := _HOUR_ALONE.search(text)) is not None:
        rest = text[hour.end() :]
        zone = zone_behind_time(rest)
        days = _days(f"{text[: hour.start()]} {rest if zone is None else zone.rest}", language)
        return _written(days, _half_hours(int(hour[1]), hour[2]), zone)
    zone = zone_at_end(text)
    rest = text if zone is None else zone.rest
    days = _days(rest, language, alone=True)
    if days is not None:
        return _written(days, timedelta(), zone)
    if (time := _DOTTED_TIME.search(text)) is not None:
        span = _span(int(time[1]), int(time[2]), int(time[3] or 0))
        zone = zone_behind_time(text[time.end() :])
        rest = text[time.end() :] if zone is None else zone.rest
        return _written(_days(f"{text[: time.start()]} {rest}", language), span, zone)
    if zone is None:
        return None
    rest, _, clock = rest.rpartition(" ")
    if not (clock.isdecimal() and len(clock) in {2, 4}):
        return None
    days = _days(rest, language)
    named = days if days is not None and days.readings[0].languages else None  # only behind a month in words
    return _written(named, _span(int(clock[:2]), int(clock[2:] or 0)), zone)


# --- the time of day


def _half_of_day(head: str, tail: str, language: str | None) -> tuple[str | None, str, str]:
    """Take "am" or "pm", in any language, from behind the time or from before it."""
    if behind := _HALF_BEHIND.match(tail):
        words = behind[1].replace(".", " ").split()
        for count in range(len(words), 0, -1):
            if half := half_of_day(" ".join(words[:count]), language):
                rest = tail[behind.start(1) :]
                for word in words[:count]:
                    rest = rest.lstrip(". ").removeprefix(word)
                return half, head, rest.lstrip(".)")
    before = head.replace(".", " ").split()
    for count in (3, 2, 1):
        name = " ".join(before[-count:])
        if len(name) > 1 and (half := half_of_day(name, language)):  # "à 14:30" is no morning
            return half, head[: head.rindex(before[-count:][0])], tail
    if not head.isascii() and (half := half_of_day(head[-2:], language)):  # 2023年11月14日下午3:05
        return half, head[:-2], tail
    return None, head, tail


def _clock(found: re.Match[str], half: str | None) -> timedelta | None:
    hour, minute, second = (int(part or 0) for part in found.groups()[:3])
    if half == UNCLEAR_HALF or (half == BEFORE_NOON and hour > 12):
        return None
    if half is not None and hour <= 12:
        hour = hour % 12 + (12 if half == AFTER_NOON else 0)
    span = _span(hour, minute, second)
    fraction = (found[4] or "0")[:_MICROSECOND_DIGITS].ljust(_MICROSECOND_DIGITS, "0")
    return None if span is None else span + timedelta(microseconds=int(fraction))


def _half_hours(hour: int, half: str) -> timedelta | None:
    return timedelta(hours=hour % 12 + (12 if half == AFTER_NOON else 0)) if 1 <= hour <= 12 else None


def _span(hour: int, minute: int, second: int = 0) -> timedelta | None:
    """Return the time since midnight; 24:00 and the leap second are the moment after."""
    if minute > 59 or second > 60 or hour > 24 or (hour == 24 and (minute or second)):
        return None
    return timedelta(hours=hour, minutes=minute, seconds=second)
