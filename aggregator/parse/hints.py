"""What a feed says about when to come again, value by value; what makes no sense is not said.

Whether a hint is obeyed, and how far, is for `cadence` to decide: here a list that names every
hour of the day is kept as it was said.
"""

import re
from datetime import timedelta

_NUMBER = re.compile(r"[0-9]{1,9}")  # longer ones span no time that anybody means; int("٣") would be 3
_PERIODS = {  # http://purl.org/rss/1.0/modules/syndication/
    "hourly": timedelta(hours=1),
    "daily": timedelta(days=1),
    "weekly": timedelta(weeks=1),
    "monthly": timedelta(days=30),
    "yearly": timedelta(days=365),
}
_DEFAULT_PERIOD = "daily"
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SHORTEST_DAY = 3  # letters that tell one day from all others: "Tu" is left to guess


def ttl(text: str | None) -> timedelta | None:
    """Return RSS 2.0 <ttl>, which is in minutes."""
    minutes = _positive(text)
    return timedelta(minutes=minutes) if minutes else None


def update_period(period: str | None, frequency: str | None) -> timedelta | None:
    """Return sy:updatePeriod divided by sy:updateFrequency, of which either may be left out.

    A period nobody knows makes the frequency mean nothing; an unreadable frequency is the default, 1.
    """
    if not period and not _positive(frequency):
        return None
    span = _PERIODS.get((period or _DEFAULT_PERIOD).strip().lower())
    return span / (_positive(frequency) or 1) if span else None


def hour(text: str) -> int | None:
    """Return an <hour> of <skipHours>: 0 to 23 in RSS 2.0, 1 to 24 in RSS 0.91, where 24 is midnight."""
    number = _number(text)
    return number % 24 if number is not None and number <= 24 else None


def day(text: str) -> int | None:
    """Return a <day> of <skipDays>, 0 for Monday: an English name, perhaps short ("Tue", "Thurs.")."""
    word = text.strip().removesuffix(".").lower()
    if len(word) < _SHORTEST_DAY:
        return None
    return next((n for n, name in enumerate(_DAYS) if name.startswith(word)), None)


def _positive(text: str | None) -> int | None:
    return _number(text or "") or None


def _number(text: str) -> int | None:
    digits = text.strip()
    return int(digits) if _NUMBER.fullmatch(digits) else None
