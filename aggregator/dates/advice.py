"""What an operator is told about a date that nobody can read for sure."""

import re
from collections.abc import Sequence

from aggregator.dates.days import Order, Reading

_QUOTED_LENGTH = 80  # characters of a date that a problem repeats
_NUMBERS = re.compile(r"(?<![\d:])\d+([-/.] ?| )\d+\1(\d+)(?![\d:])")
_TIME = re.compile(r"\d{1,2}:\d\d(:\d\d)?( ?)([ap]m)?\b", re.IGNORECASE)


def quoted(text: str) -> str:
    """Return the date as a problem names it."""
    return f'date "{text[:_QUOTED_LENGTH]}"'


def undecided(text: str, readings: Sequence[Reading]) -> str:
    """Say between which days nobody can decide, and what to configure."""
    days = " or ".join(dict.fromkeys(f"{one.day:%Y-%m-%d}" for one in readings))
    formats = " or ".join(f'"{found}"' for one in readings if (found := format_for(text, one.order)))
    todo = f"set date_formats of the source to {formats}" if formats else "the feed does not say its language"
    return f"{quoted(text)} may be {days}: {todo}"


def format_for(text: str, order: Order | None) -> str | None:
    """Return the strptime format that reads `text` in this order; None for days that are no numbers."""
    text = text.replace("%", "%%")
    found = _NUMBERS.search(text)
    if found is None or order is None:
        return None
    mark, year = found[1], "%Y" if len(found[2]) == 4 else "%y"
    day = {
        Order.DAY_FIRST: f"%d{mark}%m{mark}{year}",
        Order.MONTH_FIRST: f"%m{mark}%d{mark}{year}",
        Order.YEAR_FIRST: f"%y{mark}%m{mark}%d",
    }[order]
    return _time_format(text[: found.start()]) + day + _time_format(text[found.end() :])


def _time_format(text: str) -> str:
    return _TIME.sub(
        lambda found: (
            ("%I" if found[3] else "%H")
            + ":%M"
            + (":%S" if found[1] else "")
            + found[2]
            + ("%p" if found[3] else "")
        ),
        text,
        count=1,
    )
