"""The two shapes nearly all dates have, read in a few microseconds; the rest is for `shapes`."""

import re
from datetime import UTC, datetime, timedelta

_RFC3339 = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-](?:0\d|1[0-3]):[0-5]\d|[+-]14:00)", re.ASCII
)
_RFC822 = re.compile(
    r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), )?(\d\d?) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d)"
    r" (?:([+-])(0\d|1[0-3])([0-5]\d)|([A-Z]{1,3}))",
    re.ASCII,
)
_MONTH_NAMES = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"  # RFC 822 §5.1
_MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES.split(), 1)}
_ZULU = frozenset({"GMT", "UTC", "UT", "Z"})
_AMERICAN = {  # RFC 822 §5.1 without CST, which China has too
    name: timedelta(hours=hours)
    for name, hours in {"EST": -5, "EDT": -4, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7}.items()
}


def read_quick(text: str, *, american: bool = True) -> datetime | None:
    """Return the instant of a date as RFC 3339 or RFC 822 §5 write it, in UTC; None leaves it to `shapes`.

    `american`: whether the names of American zones mean those; PST is a time in Manila as well.
    """
    try:
        if _RFC3339.fullmatch(text):
            return datetime.fromisoformat(text).astimezone(UTC)
        found = _RFC822.fullmatch(text)
        if found is None or (month := _MONTHS.get(found[2])) is None:
            return None
        day, _, year, hour, minute, second, sign, hours, minutes, name = found.groups()
        at = datetime(int(year), month, int(day), int(hour), int(minute), int(second), tzinfo=UTC)
        if sign is not None:
            offset = timedelta(hours=int(hours), minutes=int(minutes))
            return at - offset if sign == "+" else at + offset
        if name in _ZULU:
            return at
        return at - _AMERICAN[name] if american and name in _AMERICAN else None
    except (ValueError, OverflowError):  # a leap second, no such day, the year 0001
        return None
