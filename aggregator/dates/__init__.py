"""Any date text to UTC, or honestly to nothing."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo

from aggregator.dates.shapes import MAX_YEAR, MIN_YEAR, read
from aggregator.dates.zones import zone_at_end

__all__ = ["MAX_DATE_LENGTH", "DateReading", "read_date"]

MAX_DATE_LENGTH = 200  # characters; nobody writes a date that long
_QUOTED_LENGTH = 80  # characters of a date that a problem repeats

_TYPOGRAPHY = str.maketrans(
    dict.fromkeys("‐‑‒–—−", "-") | dict.fromkeys("،、", ",") | dict.fromkeys("’ʼ", "")
)
_NUMERIC_DAY = re.compile(r"\d ?[-/.] ?\d{1,2} ?[-/.] ?\d")
_TWELVE_HOURS = re.compile(r"\d ?[ap]\.? ?m\b", re.IGNORECASE)
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class DateReading:
    """An instant, and a sentence when we had to assume something about it."""

    at: datetime
    problem: str | None


def read_date(
    text: str,
    *,
    timezone: tzinfo | None = None,
    formats: Sequence[str] = (),
    opinion: datetime | None = None,
) -> DateReading | None:
    """Return the instant a date means, or None: a date is never guessed.

    The source's own `formats` (strptime) decide first; then the shapes of `shapes.read`; `opinion`,
    what the feed parser made of it, only counts for a shape unknown to us and when the text bears
    it out. A date without zone is in `timezone`, else UTC with a problem. A local time that happens
    twice is the earlier instant; one that the clocks skip is moved forward by the gap.
    """
    plain = _plain(text)
    if not plain:
        return None
    quoted = f'date "{plain[:_QUOTED_LENGTH]}"'
    if (wall := _formatted(plain, formats)) is not None:
        return _reading(wall, wall.tzinfo or timezone, f"{quoted} carries no zone; read as UTC")
    if (written := read(plain)) is not None:
        flaw = f"names the unclear zone {written.unclear_zone}" if written.unclear_zone else "carries no zone"
        return _reading(written.wall, written.zone or timezone, f"{quoted} {flaw}; read as UTC")
    if opinion is not None and _bears_out(plain, opinion):
        reading = _reading(opinion, opinion.tzinfo or UTC, "")
        problem = f"{quoted} has a shape unknown to us; the feed parser read it"
        return None if reading is None else replace(reading, problem=problem)
    return None


def _plain(text: str) -> str:
    """Return the text with plain spaces, signs and digits, without invisible characters; "" if too long."""
    text = text.strip()
    if len(text) > MAX_DATE_LENGTH:
        return ""
    if not text.isascii():
        text = "".join(
            str(unicodedata.decimal(character, character))
            for character in text.translate(_TYPOGRAPHY)
            if unicodedata.category(character) != "Cf"  # left-to-right marks, byte order marks
        )
    return " ".join(text.replace("'", "").split())


def _formatted(text: str, formats: Sequence[str]) -> datetime | None:
    """Return what the first matching format says: aware if the text carries a zone."""
    for pattern in formats:
        try:
            wall = datetime.strptime(text, pattern)  # noqa: DTZ007 - the zone comes from the source
        except (ValueError, re.error):
            continue
        if wall.tzinfo is None and "%Z" in pattern and (zone := zone_at_end(text.casefold())):
            return wall.replace(tzinfo=zone.zone)  # strptime reads %Z and forgets it
        return wall
    return None


def _reading(wall: datetime, zone: tzinfo | None, without_zone: str) -> DateReading | None:
    """Place a wall clock in its zone; `fold` stays 0, which is the rule for ambiguous times."""
    if not MIN_YEAR <= wall.year <= MAX_YEAR:
        return None
    at = wall.replace(tzinfo=UTC if zone is None else zone, fold=0).astimezone(UTC)
    return DateReading(at, without_zone if zone is None else None)


def _bears_out(text: str, opinion: datetime) -> bool:
    """Whether a text of unknown shape has the year and the day that the feed parser saw in it.

    Never for days of numbers only (it guesses their order), nor for a clock of twelve hours (it
    drops the half).
    """
    if not MIN_YEAR <= opinion.year <= MAX_YEAR or _NUMERIC_DAY.search(text) or _TWELVE_HOURS.search(text):
        return False
    numbers = {int(number) for number in _NUMBER.findall(text)}
    nearby = [opinion + timedelta(days=shift) for shift in (-1, 0, 1)]  # the zone may have moved it
    return any(day.year in numbers and day.day in numbers for day in nearby)
