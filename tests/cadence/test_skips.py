"""Hours and days that a feed asks to be left alone."""

from datetime import UTC, datetime, timedelta

import pytest

from aggregator.cadence import allowed_from
from aggregator.model import FeedHints

SUNDAY = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "days", "expected"),
    [
        ((), (), SUNDAY),
        ((11, 13), (), SUNDAY),
        ((12,), (), datetime(2026, 3, 1, 13, tzinfo=UTC)),
        (tuple(range(24)), (), SUNDAY),  # no hour is left: it means something else
        ((), tuple(range(7)), SUNDAY),
        ((), (6,), datetime(2026, 3, 2, 0, tzinfo=UTC)),
        ((0, 1), (6,), datetime(2026, 3, 2, 2, tzinfo=UTC)),
        (tuple(range(1, 24)), (0, 1, 2, 3, 4, 6), datetime(2026, 3, 7, 0, tzinfo=UTC)),
        (tuple(range(1, 24)), tuple(range(6)), datetime(2026, 3, 8, 0, tzinfo=UTC)),
    ],
)
def test_the_first_moment_that_is_not_skipped(
    hours: tuple[int, ...], days: tuple[int, ...], expected: datetime
) -> None:
    assert allowed_from(FeedHints(skip_hours=hours, skip_days=days), SUNDAY) == expected


def test_the_end_of_time_is_no_overflow() -> None:
    late = datetime.max.replace(tzinfo=UTC) - timedelta(minutes=1)
    assert allowed_from(FeedHints(skip_hours=(23,)), late) == late
