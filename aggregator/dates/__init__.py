"""Any date text to UTC, or honestly to nothing.

`quick` reads what nearly all feeds write, `shapes` the rest: it takes a text apart into the `days`
it may mean, its time of day and its zone (`zones`), in the languages of `names`. `habits` learns
from all dates of a document which of several days is meant.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo

from aggregator.dates.advice import quoted, undecided
from aggregator.dates.habits import Habit, decided, leans, learn
from aggregator.dates.names import primary
from aggregator.dates.quick import read_quick
from aggregator.dates.shapes import read
from aggregator.dates.spelling import MAX_DATE_LENGTH, folded, plain
from aggregator.dates.zones import Zone, zone_at_end

__all__ = [
    "MAX_DATE_LENGTH",
    "DateReading",
    "Habit",
    "comparable",
    "is_date",
    "learn",
    "primary",
    "read_date",
]

MIN_YEAR, MAX_YEAR = 1970, 2100  # outside, a date is a mistake and not news
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)  # what software writes that has no date, in whatever zone it is in
_NEVER_ZONES = timedelta(hours=14)
_NO_HABIT = Habit()


@dataclass(frozen=True, slots=True)
class DateReading:
    """An instant, or None, and a sentence when nobody can tell or something had to be assumed."""

    at: datetime | None
    problem: str | None = None
    leans: bool = False  # on the habit: the text alone may mean several days


def read_date(
    text: str, *, timezone: tzinfo | None = None, formats: Sequence[str] = (), habit: Habit = _NO_HABIT
) -> DateReading:
    """Return the instant a date means; a date is never guessed.

    The source's own `formats` (strptime) decide first; then the shapes we know, and between the
    days they may mean, `habit`. A date without zone is in `timezone`, else UTC with a problem. A
    local time that happens twice is the earlier instant; one that the clocks skip is moved forward
    by the gap.
    """
    text = text.strip()
    if not formats and (at := read_quick(text, american=timezone is None)) is not None:
        return _believed(at, text)
    text = plain(text) if len(text) <= MAX_DATE_LENGTH else ""
    if not text:
        return DateReading(None, "date is empty, or too long to be one")
    if (formatted := _formatted(text, formats)) is not None:
        return _placed(*formatted, timezone, text)
    return _read(text, timezone, habit)


def is_date(text: str, language: str | None = None) -> bool:
    """Tell whether a text is one believable date and nothing else, though it may not be decided which."""
    at = read_quick(text)
    if at is not None:
        return MIN_YEAR <= at.year <= MAX_YEAR
    written = read(plain(text), language) if len(text) <= MAX_DATE_LENGTH else None
    return written is not None and any(MIN_YEAR <= one.day.year <= MAX_YEAR for one in written.days.readings)


def comparable(text: str) -> str:
    """Return `text` as words are compared: without case, accents, invisible characters and doubled spaces."""
    return folded(plain(text))


def _read(text: str, own: tzinfo | None, habit: Habit) -> DateReading:
    """Read a plain text of any shape, and decide which day is meant, if anything decides it."""
    written = read(text, habit.language)
    if written is None:
        return DateReading(None, f"{quoted(text)} cannot be read")
    days = decided(written.days, habit)
    if len(days) > 1:
        return DateReading(None, undecided(text, days), leans=True)
    day = days[0].day
    if not MIN_YEAR <= day.year <= MAX_YEAR:
        return _disbelieved(day, text)
    reading = _placed(day + written.clock, written.zone, own, text)
    return replace(reading, leans=True) if leans(written.days, habit) else reading


def _formatted(text: str, formats: Sequence[str]) -> tuple[datetime, Zone] | None:
    """Return the wall clock and the zone that the first matching format reads."""
    for pattern in formats:
        try:
            wall = datetime.strptime(text, pattern)  # noqa: DTZ007 - the zone comes from the source
        except (ValueError, re.error):
            continue
        named = zone_at_end(folded(text)) if "%Z" in pattern else None  # strptime reads %Z and forgets it
        return wall.replace(tzinfo=None), named if wall.tzinfo is None and named else Zone(wall.tzinfo)
    return None


def _placed(wall: datetime, said: Zone, own: tzinfo | None, text: str) -> DateReading:
    """Place a wall clock in its zone; `fold` stays 0, which is the rule for ambiguous times."""
    if not MIN_YEAR <= wall.year <= MAX_YEAR:
        return _disbelieved(wall, text)
    zone, problem = said.placed(wall, own)
    if zone is None and problem:
        return DateReading(None, f"{quoted(text)} {problem}: set timezone of the source")
    if zone is None:
        zone, problem = UTC, "carries no zone; read as UTC"
    reading = _believed(wall.replace(tzinfo=zone).astimezone(UTC), text)
    return replace(reading, problem=f"{quoted(text)} {problem}") if reading.at and problem else reading


def _believed(at: datetime, text: str) -> DateReading:
    """Refuse what cannot be the date of news: other centuries, and the dates of software without one."""
    if not MIN_YEAR <= at.year <= MAX_YEAR or abs(at - _NEVER) <= _NEVER_ZONES:
        return _disbelieved(at, text)
    return DateReading(at)


def _disbelieved(at: datetime, text: str) -> DateReading:
    return DateReading(None, f"{quoted(text)} is in the year {at.year}, which is not believed")
