"""Whether a source is silent far beyond its own habit.

The habit is the longest pause between the days on which it is known to have published something. Unlike the rates of
`rhythm` it does not fade while the source is silent. Counted are days, so that neither bursts nor nights nor weekends
are taken for an end.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

from aggregator.model import Rhythm

DAYS_KEPT = 40  # of those with something published: eight weeks of somebody who keeps his weekends
LEAST_DAYS = 8  # fewer are no habit
LEAST_SPAN = timedelta(days=14)  # between the first and the last of them: in a shorter time it may be chance
LONGEST_HABIT = timedelta(days=45)  # whoever has paused for longer has no habit that could be broken
FAR_BEYOND = 3  # times the longest pause
LEAST_SILENCE = timedelta(days=4)  # a long weekend of somebody who publishes daily

DAY = timedelta(days=1)


def days_with(known: Iterable[date], published: Iterable[datetime], *, now: datetime) -> tuple[date, ...]:
    """Return the latest days on which something was published, those of `published` among them.

    Days to come were noted by a clock that was ahead; they would hide all silence until then.
    """
    days = {*known, *(at.astimezone(UTC).date() for at in published)}
    return tuple(sorted(day for day in days if day <= now.astimezone(UTC).date())[-DAYS_KEPT:])


def habit(rhythm: Rhythm) -> timedelta | None:
    """Return the longest pause that the source is used to; None when it never published regularly."""
    days = rhythm.days
    if len(days) < LEAST_DAYS or days[-1] - days[0] < LEAST_SPAN:
        return None
    longest = max(later - earlier for earlier, later in pairwise(days))
    return longest if longest <= LONGEST_HABIT else None


def stale_from(rhythm: Rhythm) -> datetime | None:
    """Return when silence since the last publication is far beyond the habit; None = never."""
    longest = habit(rhythm)
    if longest is None:
        return None
    last_day = rhythm.days[-1] + DAY  # its end
    return datetime.combine(last_day, time(), UTC) + max(FAR_BEYOND * longest, LEAST_SILENCE)


def is_stale(rhythm: Rhythm, *, now: datetime) -> bool:
    """Return whether the source is silent far beyond its own habit."""
    at = stale_from(rhythm)
    return at is not None and now >= at
