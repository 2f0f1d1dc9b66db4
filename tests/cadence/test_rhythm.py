"""What is learnt of when a source publishes, and how long to wait for its next entry."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.cadence import entries_a_day, observe
from aggregator.cadence.rhythm import LOOK_BACK, MOST_AT_ONCE, wait_for_one
from aggregator.model import Rhythm

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def a_day(rhythm: Rhythm, now: datetime = NOW) -> float:
    rate = entries_a_day(rhythm, now=now)
    assert rate is not None
    return rate


def test_nothing_is_known_of_a_new_source() -> None:
    assert entries_a_day(Rhythm(), now=NOW) is None
    assert wait_for_one(Rhythm(), 30 * MINUTE, now=NOW) == 30 * MINUTE


def test_the_first_document_tells_the_rhythm_by_its_dates() -> None:
    hourly = observe(Rhythm(), [NOW - n * HOUR for n in range(20)], now=NOW)
    assert 20 <= a_day(hourly) <= 28
    weekly = observe(Rhythm(), [NOW - n * 7 * DAY for n in range(20)], now=NOW)
    assert 0.1 <= a_day(weekly) <= 0.25
    assert weekly.since == NOW - LOOK_BACK


def test_a_post_pinned_for_ever_does_not_spoil_it() -> None:
    rhythm = observe(Rhythm(), [*(NOW - n * HOUR for n in range(20)), NOW - 300 * DAY], now=NOW)
    assert 20 <= a_day(rhythm) <= 28


def test_a_first_document_without_dates_tells_nothing() -> None:
    assert observe(Rhythm(), [None] * 50, now=NOW) == Rhythm(since=NOW, counted_at=NOW, hours=(0.0,) * 24)


def test_afterwards_an_undated_entry_was_published_when_it_was_seen() -> None:
    rhythm, at = observe(Rhythm(), [None] * 50, now=NOW), NOW
    for _ in range(14 * 24):
        at += HOUR
        rhythm = observe(rhythm, [None], now=at)
    assert 23 <= a_day(rhythm, at) <= 25


def test_dates_in_the_future_and_long_ago_are_when_it_was_seen() -> None:
    before = observe(Rhythm(), [], now=NOW - DAY)
    assert observe(before, [NOW + DAY, NOW - 100 * DAY], now=NOW) == observe(before, [None, NOW], now=NOW)


def test_no_new_entries_change_nothing() -> None:
    rhythm = observe(Rhythm(), [NOW], now=NOW)
    assert observe(rhythm, [], now=NOW + DAY) == rhythm


def test_a_flood_is_no_rhythm() -> None:
    rhythm = observe(observe(Rhythm(), [], now=NOW), [None] * 100_000, now=NOW + DAY)
    assert sum(rhythm.hours) <= MOST_AT_ONCE


def test_what_was_is_forgotten() -> None:
    busy = observe(Rhythm(), [NOW - n * HOUR for n in range(50)], now=NOW)
    rates = [a_day(busy, NOW + n * 7 * DAY) for n in range(6)]
    assert all(later < earlier for earlier, later in pairwise(rates))
    assert rates[-1] < 1


def test_a_source_that_sleeps_at_night_is_left_alone_then() -> None:
    rhythm, at = Rhythm(), NOW - 60 * DAY
    while at < NOW:
        at += HOUR
        awake = 8 <= at.hour < 20
        rhythm = observe(rhythm, [at] * 4 if awake else [], now=at)
    evening, morning = NOW.replace(hour=20), NOW.replace(hour=9)
    assert wait_for_one(rhythm, 30 * MINUTE, now=morning) < 30 * MINUTE
    assert wait_for_one(rhythm, 30 * MINUTE, now=evening) > 2 * HOUR


@pytest.mark.parametrize(
    "interval", [timedelta(), timedelta(microseconds=1), timedelta(days=366), timedelta.max]
)
def test_any_interval_can_be_adapted(interval: timedelta) -> None:
    rhythm = observe(Rhythm(), [NOW - HOUR], now=NOW)
    assert timedelta() <= wait_for_one(rhythm, interval, now=NOW) <= max(interval, timedelta(days=400))


times = st.timedeltas(-2000 * 365 * DAY, 7900 * 365 * DAY).map(lambda span: NOW + span)


@given(
    st.lists(st.lists(st.none() | times, max_size=30), max_size=5),
    times,
    st.timedeltas(timedelta(), 400 * DAY),
)
def test_whatever_dates_feeds_claim_and_clocks_say(
    polls: list[list[datetime | None]], now: datetime, interval: timedelta
) -> None:
    rhythm = Rhythm()
    for published in polls:
        rhythm = observe(rhythm, published, now=now)
    assert all(hour >= 0 for hour in rhythm.hours)
    assert wait_for_one(rhythm, interval, now=now) >= timedelta()


@given(st.lists(times, min_size=1, max_size=50), st.timedeltas(MINUTE, DAY))
def test_more_entries_never_mean_a_longer_wait(published: list[datetime], interval: timedelta) -> None:
    quiet = observe(Rhythm(), [], now=NOW - DAY)
    busier = observe(quiet, [NOW] * len(published), now=NOW)
    assert wait_for_one(busier, interval, now=NOW) <= wait_for_one(quiet, interval, now=NOW)
