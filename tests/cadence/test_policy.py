"""When to poll next: every rule, and what holds whatever they say."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from math import exp
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.addresses import edited
from aggregator.cadence import (
    LONGEST_HINT,
    LONGEST_RETRY_AFTER,
    MAX_JITTER,
    NextPoll,
    Pace,
    next_poll,
    recounted,
    repaced,
)
from aggregator.cadence.skips import allowed_from
from aggregator.model import FeedHints, Response, Rhythm, Source, SourceState, State, Wish

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
PACE = Pace()
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def source(interval: timedelta | None = None) -> Source:
    return Source(id="s", url="https://example.org/feed", interval=interval)


def answer(
    status: int = 200,
    retry_after: timedelta | None = None,
    fresh_for: timedelta | None = None,
    cache_control: str = "max-age=1",
) -> Response:
    return Response(
        status=status,
        url="https://example.org/feed",
        headers={"cache-control": cache_control} if cache_control else {"expires": "some time"},
        retry_after=retry_after,
        fresh_for=fresh_for,
    )


def state(failures: int = 0, **more: Any) -> SourceState:
    return SourceState(source_id="s", failures=failures, **more)


def decide(
    response: Response | None, *, failures: int = 0, interval: timedelta | None = None, pace: Pace = PACE
) -> NextPoll:
    return next_poll(source(interval), pace, response, state(failures), now=NOW)


def waited(decision: NextPoll) -> timedelta:
    assert decision.at is not None
    return decision.at - NOW


@pytest.mark.parametrize(
    ("response", "failures", "wait", "reason"),
    [
        (answer(), 0, 30 * MINUTE, "interval"),
        (answer(304), 0, 30 * MINUTE, "interval"),
        # the publisher's cache
        (answer(200, fresh_for=2 * HOUR), 0, 2 * HOUR, "max-age"),
        (answer(304, fresh_for=2 * HOUR), 0, 2 * HOUR, "max-age"),
        (answer(200, fresh_for=2 * HOUR, cache_control=""), 0, 2 * HOUR, "Expires"),
        (answer(200, fresh_for=5 * MINUTE), 0, 30 * MINUTE, "interval"),  # a minimum, no maximum
        (answer(200, fresh_for=timedelta()), 0, 30 * MINUTE, "interval"),
        (answer(200, fresh_for=8 * DAY), 0, 7 * DAY, "max-age"),
        (answer(500, fresh_for=3 * DAY), 1, HOUR, "back-off after 1 failure"),  # an error page's cache
        # failures
        (None, 1, HOUR, "back-off after 1 failure"),
        (None, 2, 2 * HOUR, "back-off after 2 failures"),
        (None, 3, 4 * HOUR, "back-off after 3 failures"),
        (None, 5, 16 * HOUR, "back-off after 5 failures"),
        (None, 6, DAY, "back-off after 6 failures"),
        (None, 10**9, DAY, "back-off after 1000000000 failures"),
        (None, 0, HOUR, "back-off after 1 failure"),  # no answer is a failure, counted or not
        (answer(404), 0, HOUR, "back-off after 1 failure"),
        (answer(404), 3, 4 * HOUR, "back-off after 3 failures"),
        (answer(500), 2, 2 * HOUR, "back-off after 2 failures"),
        (answer(200), 2, 2 * HOUR, "back-off after 2 failures"),  # came, but was no feed
        # Retry-After
        (answer(429, retry_after=2 * HOUR), 1, 2 * HOUR, "Retry-After"),
        (answer(503, retry_after=2 * HOUR), 1, 2 * HOUR, "Retry-After"),
        (answer(503, retry_after=MINUTE), 1, HOUR, "back-off after 1 failure"),
        (answer(429, retry_after=10 * DAY), 1, 10 * DAY, "Retry-After"),  # longer than max_interval
        (answer(429, retry_after=31 * DAY), 1, 31 * DAY, "Retry-After"),
        (answer(429, retry_after=90 * DAY), 1, 31 * DAY, "Retry-After of 90 days, cut to 31"),
        (answer(403, retry_after=3 * DAY), 1, 3 * DAY, "Retry-After"),
        (answer(200, retry_after=3 * DAY), 0, 30 * MINUTE, "interval"),  # means nothing there
        # locked out
        (answer(401), 1, DAY, "401 Unauthorized"),
        (answer(403), 1, DAY, "403 Forbidden"),
    ],
)
def test_rules(response: Response | None, failures: int, wait: timedelta, reason: str) -> None:
    decision = decide(response, failures=failures)
    assert (waited(decision), decision.reason) == (wait, reason)
    assert decision.interval == 30 * MINUTE


def test_p23_gone_is_never_polled_again() -> None:
    assert decide(answer(410, retry_after=HOUR), failures=1) == NextPoll(
        at=None, reason="410 Gone", interval=None
    )


def test_p24_locked_out_for_a_day_even_at_a_quick_pace() -> None:
    quick = Pace(interval=MINUTE, min_interval=MINUTE, max_interval=HOUR)
    assert waited(decide(answer(403), failures=1, pace=quick)) == DAY


@pytest.mark.parametrize(
    ("interval", "wait"),
    [
        (15 * MINUTE, 15 * MINUTE),
        (MINUTE, 5 * MINUTE),  # min_interval
        (3 * DAY, DAY),  # max_interval
        (timedelta(), 5 * MINUTE),
        (timedelta.max, DAY),
        (timedelta.min, 5 * MINUTE),
        (None, 30 * MINUTE),
    ],
)
def test_the_configured_interval_within_bounds(interval: timedelta | None, wait: timedelta) -> None:
    decision = decide(answer(), interval=interval)
    assert (waited(decision), decision.interval) == (wait, wait)


def test_one_second_is_the_floor() -> None:
    still = Pace(interval=timedelta(), min_interval=timedelta(), max_interval=timedelta())
    assert waited(decide(answer(), pace=still)) == timedelta(seconds=1)


def test_the_floor_wins_over_a_lower_ceiling() -> None:
    crossed = Pace(interval=HOUR, min_interval=2 * HOUR, max_interval=HOUR)
    assert waited(decide(None, failures=9, pace=crossed)) == 2 * HOUR


def test_p26_hints_are_minimums_up_to_a_week() -> None:
    hints = FeedHints(ttl=2 * HOUR, update_period=HOUR)
    decision = next_poll(source(), PACE, answer(), state(hints=hints), now=NOW)
    assert (waited(decision), decision.reason) == (2 * HOUR, "ttl")
    hints = FeedHints(ttl=HOUR, update_period=timedelta.max)
    decision = next_poll(source(), PACE, answer(), state(hints=hints), now=NOW)
    assert (waited(decision), decision.reason) == (7 * DAY, "sy:updatePeriod")


def test_p26_hints_are_not_obeyed_where_the_operator_says_so() -> None:
    deaf = Source(id="s", url="https://example.org/feed", feed_hints=False)
    hints = FeedHints(ttl=2 * HOUR, skip_hours=tuple(range(24)), skip_days=(6,))  # NOW is a Sunday
    decision = next_poll(deaf, PACE, answer(), state(hints=hints), now=NOW)
    assert (waited(decision), decision.reason) == (30 * MINUTE, "interval")


def test_p27_the_next_poll_is_moved_out_of_skipped_hours() -> None:
    decision = next_poll(source(), PACE, answer(), state(hints=FeedHints(skip_hours=(12, 13))), now=NOW)
    assert (decision.at, decision.reason) == (NOW.replace(hour=14), "skipHours")
    decision = next_poll(source(), PACE, answer(), state(hints=FeedHints(skip_days=(6, 0))), now=NOW)
    assert (decision.at, decision.reason) == (NOW.replace(hour=0) + 2 * DAY, "skipDays")


def test_p27_those_who_waited_do_not_all_come_on_the_stroke() -> None:
    hints = FeedHints(skip_hours=(12, 13))
    decision = next_poll(source(), PACE, answer(), state(hints=hints), now=NOW, jitter=0.1)
    assert decision.at == NOW.replace(hour=14, minute=6)


def test_p36_a_pushed_source_is_polled_daily_to_make_sure() -> None:
    decision = next_poll(source(), PACE, answer(), state(pushed_until=NOW + DAY), now=NOW)
    assert (waited(decision), decision.reason) == (DAY, "WebSub")
    decision = next_poll(source(), PACE, answer(), state(pushed_until=NOW), now=NOW)  # the lease ended
    assert decision.reason == "interval"


def test_p37_a_feed_that_has_ended_is_never_polled_again() -> None:
    decision = next_poll(source(), PACE, answer(), state(ended=True), now=NOW)
    assert (decision.at, decision.reason) == (None, "the feed says that it has ended")


def test_every_wish_is_told() -> None:
    hints = FeedHints(ttl=HOUR)
    decision = next_poll(source(), PACE, answer(fresh_for=2 * HOUR), state(hints=hints), now=NOW)
    assert [(wish.reason, wish.wait) for wish in decision.wishes] == [
        ("interval", 30 * MINUTE),
        ("ttl", HOUR),
        ("max-age", 2 * HOUR),
    ]


def test_a_410_at_the_end_of_a_detour_is_a_failure() -> None:
    decision = decide(replace(answer(410), detour=True), failures=1)
    assert (waited(decision), decision.reason) == (HOUR, "back-off after 1 failure")


# --- our own choice


def rhythm(a_day: float, days: float = 60) -> Rhythm:
    """Of a source that has published so often, at any hour, for so long."""
    weight = a_day * 10.1 * (1 - exp(-days / 10.1)) / 24
    return Rhythm(since=NOW - days * DAY, counted_at=NOW, hours=(weight,) * 24)


@pytest.mark.parametrize(
    ("a_day", "last", "least", "most"),
    [
        (500, 30 * MINUTE, 5 * MINUTE, 5 * MINUTE),  # min_interval
        (48, 30 * MINUTE, 25 * MINUTE, 35 * MINUTE),
        (24, 50 * MINUTE, 50 * MINUTE, 65 * MINUTE),
        (1, 12 * HOUR, 11 * HOUR, 15 * HOUR),
        (0, 20 * HOUR, 15 * HOUR, DAY),
        (1, 30 * MINUTE, 37.5 * MINUTE, 37.5 * MINUTE),  # slowly
    ],
)
def test_the_interval_follows_the_rhythm(
    a_day: float, last: timedelta, least: timedelta, most: timedelta
) -> None:
    decision = next_poll(source(), PACE, answer(), state(rhythm=rhythm(a_day), interval=last), now=NOW)
    assert decision.interval is not None
    assert least <= decision.interval <= most


def test_the_interval_of_a_source_that_fails_does_not_grow() -> None:
    decision = next_poll(source(), PACE, None, state(3, rhythm=rhythm(0), interval=HOUR), now=NOW)
    assert decision.interval == HOUR


def test_an_interval_of_the_sources_own_is_not_adapted() -> None:
    decision = next_poll(source(HOUR), PACE, answer(), state(rhythm=rhythm(500)), now=NOW)
    assert decision.interval == HOUR


def test_jitter_lengthens() -> None:
    decision = next_poll(source(), PACE, answer(), state(), now=NOW, jitter=0.1)
    assert waited(decision) == 33 * MINUTE


@pytest.mark.parametrize("jitter", [-0.01, 0.11, float("nan"), float("inf")])
def test_jitter_that_shortens_or_exaggerates_is_a_bug(jitter: float) -> None:
    with pytest.raises(ValueError, match="jitter"):
        next_poll(source(), PACE, answer(), state(), now=NOW, jitter=jitter)


def test_another_zone_is_the_same_moment() -> None:
    there = NOW.astimezone(timezone(timedelta(hours=3)))
    decision = next_poll(source(), PACE, answer(), state(), now=there)
    assert decision.at == NOW + 30 * MINUTE
    assert decision.at.tzinfo is UTC


def test_the_end_of_time_is_no_overflow() -> None:
    late = datetime.max.replace(tzinfo=UTC) - MINUTE
    assert next_poll(source(), PACE, answer(), state(), now=late).at == late + MINUTE


# --- settings that changed

POLLED: dict[str, Any] = {"state": State.OK, "last_poll_at": NOW, "next_poll_at": NOW + DAY, "interval": DAY}


def test_a_changed_interval_counts_from_the_last_poll() -> None:
    changed = repaced(source(HOUR), PACE, state(**POLLED), now=NOW + 30 * MINUTE)
    assert (changed.next_poll_at, changed.interval, changed.next_reason) == (NOW + HOUR, HOUR, "interval")


def test_a_changed_interval_does_not_put_off_another_address() -> None:
    moved = edited(state(**POLLED), "https://example.org/new", now=NOW + HOUR)
    assert repaced(source(2 * HOUR), PACE, moved, now=NOW + HOUR) == moved


def test_a_changed_interval_takes_nothing_from_the_publisher() -> None:
    wishes = (Wish(reason="interval", wait=DAY), Wish(reason="max-age", wait=3 * HOUR))
    changed = repaced(source(HOUR), PACE, state(**POLLED, wishes=wishes), now=NOW)
    assert (changed.next_poll_at, changed.next_reason) == (NOW + 3 * HOUR, "max-age")
    hinted = state(**POLLED, hints=FeedHints(ttl=2 * HOUR, skip_hours=(14,)))
    assert repaced(source(HOUR), PACE, hinted, now=NOW).next_poll_at == NOW + 3 * HOUR
    deaf = Source(id="s", url="https://example.org/feed", interval=HOUR, feed_hints=False)
    assert repaced(deaf, PACE, hinted, now=NOW).next_poll_at == NOW + HOUR


@pytest.mark.parametrize(
    "known",
    [state(), state(2, **POLLED), state(**POLLED | {"next_poll_at": None})],
    ids=["new", "failing", "gone"],
)
def test_a_changed_interval_changes_nothing_of_these(known: SourceState) -> None:
    assert repaced(source(HOUR), PACE, known, now=NOW) == known


# --- what holds for whatever settings and answers

spans = st.timedeltas()
waits = st.none() | st.timedeltas(min_value=timedelta())
paces = st.builds(Pace, interval=spans, min_interval=spans, max_interval=spans)
sources = st.builds(source, st.none() | spans)
statuses = st.sampled_from([200, 204, 226, 301, 304, 400, 401, 403, 404, 429, 500, 503]) | st.integers(
    100, 599
)
answers = st.builds(answer, statuses.filter(lambda status: status != 410), waits, waits)
responses = st.none() | answers
counts = st.integers(min_value=0, max_value=10**9)
hints = st.builds(
    FeedHints,
    ttl=st.none() | spans,
    update_period=st.none() | spans,
    skip_hours=st.lists(st.integers(0, 23), max_size=24).map(tuple),
    skip_days=st.lists(st.integers(0, 6), max_size=7).map(tuple),
)
moments = st.timedeltas(-50 * 365 * DAY, 170 * 365 * DAY).map(lambda span: NOW + span)
rhythms = st.builds(
    Rhythm,
    since=st.none() | moments,
    counted_at=st.none() | moments,
    hours=st.just(()) | st.lists(st.floats(0, 1e9), min_size=24, max_size=24).map(tuple),
)
states = st.builds(
    state,
    counts,
    hints=hints,
    rhythm=rhythms,
    interval=st.none() | spans,
    pushed_until=st.none() | moments,
)
jitters = st.floats(min_value=0, max_value=MAX_JITTER)


@given(one=sources, pace=paces, response=responses, known=states, jitter=jitters)
def test_an_aware_moment_ahead_and_never_before_anybodys_wish(
    *, one: Source, pace: Pace, response: Response | None, known: SourceState, jitter: float
) -> None:
    decision = next_poll(one, pace, response, known, now=NOW, jitter=jitter)
    assert decision.at is not None
    assert decision.at.utcoffset() == timedelta()
    assert decision.reason
    wait = decision.at - NOW
    assert wait >= timedelta(seconds=1)
    assert decision.interval is not None
    assert wait >= decision.interval >= timedelta(seconds=1)
    assert all(wait >= wish.wait for wish in decision.wishes)
    for hint in (known.hints.ttl, known.hints.update_period):
        assert hint is None or wait >= min(hint, LONGEST_HINT)
    if known.pushed_until is not None and known.pushed_until > NOW:
        assert wait >= DAY
    if response is not None and response.retry_after is not None and response.status >= 400:
        assert wait >= min(response.retry_after, LONGEST_RETRY_AFTER)
    if response is not None and response.fresh_for is not None and response.status < 500:
        assert wait >= min(response.fresh_for, LONGEST_HINT)
    if set(known.hints.skip_hours) < set(range(24)) and set(known.hints.skip_days) < set(range(7)):
        assert decision.at.hour not in known.hints.skip_hours
        assert decision.at.weekday() not in known.hints.skip_days
        assert allowed_from(known.hints, decision.at) == decision.at


@given(one=sources, pace=paces, response=responses, known=states, more=counts)
def test_more_failures_never_mean_sooner(
    *, one: Source, pace: Pace, response: Response | None, known: SourceState, more: int
) -> None:
    sooner, later = (
        next_poll(one, pace, response, replace(known, failures=failures), now=NOW).at
        for failures in sorted((known.failures, more))
    )
    assert sooner is not None
    assert later is not None
    assert sooner <= later


@given(sources, paces, responses, states, jitters)
def test_jitter_never_shortens(
    one: Source, pace: Pace, response: Response | None, known: SourceState, jitter: float
) -> None:
    known = replace(known, hints=replace(known.hints, skip_hours=(), skip_days=()))
    exact = next_poll(one, pace, response, known, now=NOW)
    spread = next_poll(one, pace, response, known, now=NOW, jitter=jitter)
    assert exact.at is not None
    assert spread.at is not None
    assert exact.at <= spread.at <= exact.at + (exact.at - NOW) * MAX_JITTER + timedelta(microseconds=1)
    assert spread.reason == exact.reason


@given(sources, st.integers(0, 40))
def test_back_off_stays_below_the_ceiling(one: Source, failures: int) -> None:
    decision = next_poll(one, PACE, None, state(failures), now=NOW)
    assert decision.at is not None
    assert PACE.min_interval <= decision.at - NOW <= PACE.max_interval


def test_a_wait_counts_from_now_when_the_clock_was_ahead() -> None:
    ahead = state(last_poll_at=NOW + 300 * HOUR, next_poll_at=NOW + 302 * HOUR)
    assert recounted(source(), ahead, now=NOW) == replace(ahead, next_poll_at=NOW + 2 * HOUR)
    hinted = replace(ahead, hints=FeedHints(skip_hours=((NOW + 2 * HOUR).hour,)))
    assert recounted(source(), hinted, now=NOW).next_poll_at == (NOW + 3 * HOUR).replace(minute=0, second=0)


@pytest.mark.parametrize("why", ["new source", "new address"])
@pytest.mark.parametrize("last", [None, NOW - HOUR])
def test_who_was_due_at_once_by_a_clock_that_was_ahead_is_due_now(why: str, last: datetime | None) -> None:
    ahead = state(last_poll_at=last, next_poll_at=NOW + 300 * HOUR, next_reason=why)
    assert recounted(source(), ahead, now=NOW) == replace(ahead, next_poll_at=NOW)


def test_who_was_put_off_by_a_clock_that_was_ahead_waits_as_long_as_was_wished() -> None:
    """As a feed is that skips the hour into which the clock was set."""
    wishes = (Wish(reason="interval", wait=HOUR / 2), Wish(reason="max-age", wait=3 * HOUR))
    last = NOW - HOUR
    ahead = state(last_poll_at=last, next_poll_at=NOW + 300 * HOUR, wishes=wishes, next_reason="skipHours")
    assert recounted(source(), ahead, now=NOW) == replace(ahead, next_poll_at=NOW + 2 * HOUR)
    hinted = replace(ahead, hints=FeedHints(skip_hours=((NOW + 2 * HOUR).hour,)))
    assert recounted(source(), hinted, now=NOW).next_poll_at == (NOW + 3 * HOUR).replace(minute=0, second=0)
    late = replace(ahead, last_poll_at=NOW - 9 * HOUR)
    assert recounted(source(), late, now=NOW).next_poll_at == NOW


@given(states, sources, responses, jitters)
def test_no_wait_is_counted_anew_by_a_clock_that_was_right(
    known: SourceState, one: Source, response: Response | None, jitter: float
) -> None:
    decision = next_poll(one, PACE, response, known, now=NOW, jitter=jitter)
    after = replace(
        known,
        last_poll_at=NOW,
        next_poll_at=decision.at,
        next_reason=decision.reason,
        wishes=decision.wishes,
    )
    assert recounted(one, after, now=NOW) == after


@pytest.mark.parametrize(
    "said",
    [
        {"last_poll_at": None, "next_poll_at": NOW + 300 * HOUR},
        {"last_poll_at": NOW, "next_poll_at": NOW + 300 * HOUR},
        {"last_poll_at": NOW + HOUR, "next_poll_at": None},
        {"last_poll_at": NOW + 300 * HOUR, "next_poll_at": NOW + 2 * HOUR},  # it has been counted anew
    ],
)
def test_no_other_wait_is_counted_anew(said: dict[str, Any]) -> None:
    assert recounted(source(), state(**said), now=NOW) == state(**said)
