"""The hours and days a feed asks to be left alone (RSS 2.0 <skipHours>, <skipDays>), in UTC."""

from datetime import UTC, datetime, timedelta

from aggregator.model import FeedHints

HOUR = timedelta(hours=1)
POSTPONED = "skipHours/skipDays"  # who was due, and came in an hour that is skipped
SKIPS = frozenset({"skipHours", "skipDays", POSTPONED})  # reasons
DAYS_AHEAD = 8  # a week and a day: beyond it, nothing is left that would not be skipped


def allowed_from(hints: FeedHints, at: datetime) -> datetime:
    """Return `at`, or the start of the first hour after it that the feed does not skip.

    A feed that skips every hour of every day means something else: it is not obeyed. Nor can it be
    at the end of time.
    """
    if not hints.skip_hours and not hints.skip_days:
        return at
    try:
        hour = at.astimezone(UTC)
        for _ in range(DAYS_AHEAD * 24):
            if hour.hour not in hints.skip_hours and hour.weekday() not in hints.skip_days:
                return hour
            hour = hour.replace(minute=0, second=0, microsecond=0) + HOUR
    except OverflowError:
        return at
    return at


def skip_reason(hints: FeedHints, at: datetime) -> str:
    """Return in which element the feed asks not to be polled `at` that time."""
    return "skipDays" if at.astimezone(UTC).weekday() in hints.skip_days else "skipHours"
