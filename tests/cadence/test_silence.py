"""Who is silent far beyond his own habit, and of whom that can never be said."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest

from aggregator.cadence import observe
from aggregator.cadence.silence import DAYS_KEPT, FAR_BEYOND, LEAST_SILENCE, habit, is_stale
from aggregator.model import Rhythm

MONDAY = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def followed(days: Iterable[int], *, at_once: int = 1) -> Rhythm:
    """A rhythm after so many entries on each of these days since Monday, seen as they came."""
    rhythm = observe(Rhythm(), [], now=MONDAY - DAY)
    for day in days:
        at = MONDAY + day * DAY
        rhythm = observe(rhythm, [at - HOUR * n / 60 for n in range(at_once)], now=at + HOUR)
    return rhythm


def silent_until_stale(rhythm: Rhythm) -> timedelta:
    """For how many whole days nobody calls it stale."""
    last = datetime(rhythm.days[-1].year, rhythm.days[-1].month, rhythm.days[-1].day, tzinfo=UTC) + DAY
    return next(n * DAY for n in range(1000) if is_stale(rhythm, now=last + n * DAY))


@pytest.mark.parametrize(
    ("days", "longest", "silence"),
    [
        pytest.param(range(20), DAY, LEAST_SILENCE, id="daily"),
        pytest.param([n for n in range(28) if n % 7 < 5], 3 * DAY, 9 * DAY, id="on weekdays"),
        pytest.param(range(0, 70, 7), 7 * DAY, 21 * DAY, id="weekly"),
        pytest.param(range(0, 360, 30), 30 * DAY, 90 * DAY, id="monthly"),
        pytest.param([0, 1, 2, 3, 4, 5, 17, 18, 19], 12 * DAY, 36 * DAY, id="after a holiday"),
    ],
)
def test_far_beyond_is_a_multiple_of_the_longest_pause(
    days: Iterable[int], longest: timedelta, silence: timedelta
) -> None:
    rhythm = followed(days)
    assert habit(rhythm) == longest
    assert silent_until_stale(rhythm) == silence == max(FAR_BEYOND * longest, LEAST_SILENCE)


@pytest.mark.parametrize(
    "days",
    [
        pytest.param([], id="never"),
        pytest.param([0, 7, 14, 21, 28, 35, 42], id="too few to tell"),
        pytest.param(range(10), id="for ten days only"),
        pytest.param([0, 1, 2, 3, 60, 61, 62, 63, 64], id="now and then"),
        pytest.param([0, 50, 100, 150, 200, 250, 300, 350], id="more seldom than the longest habit"),
    ],
)
def test_who_never_published_regularly_is_never_stale(days: list[int]) -> None:
    assert habit(followed(days)) is None
    assert not is_stale(followed(days), now=MONDAY + 3650 * DAY)


def test_a_burst_is_one_day() -> None:
    rhythm = followed(range(0, 70, 7), at_once=90)
    assert habit(rhythm) == 7 * DAY


def test_the_first_document_tells_the_habit_by_its_dates_also_of_who_has_ceased() -> None:
    monthly = observe(Rhythm(), [MONDAY - 30 * n * DAY for n in range(5, 16)], now=MONDAY)
    assert habit(monthly) == 30 * DAY
    assert is_stale(monthly, now=MONDAY)


def test_silence_does_not_fade_the_habit_and_one_entry_ends_it() -> None:
    rhythm = followed(range(20))
    much_later = MONDAY + 700 * DAY
    assert is_stale(rhythm, now=much_later)
    assert not is_stale(observe(rhythm, [None], now=much_later), now=much_later)


def test_so_many_days_are_kept() -> None:
    rhythm = followed(range(100))
    assert len(rhythm.days) == DAYS_KEPT
    assert rhythm.days[-1] == (MONDAY + 99 * DAY).date()


def test_a_clock_set_back_makes_nobody_stale() -> None:
    assert not is_stale(followed(range(20)), now=MONDAY - 365 * DAY)


def test_days_of_a_clock_that_was_ahead_are_forgotten() -> None:
    rhythm = followed(range(20))
    ahead = observe(rhythm, [None], now=MONDAY + 9999 * DAY)
    after = observe(ahead, [None], now=MONDAY + 20 * DAY)
    assert after.days == followed(range(21)).days
    assert is_stale(after, now=MONDAY + 40 * DAY)
