"""Everybody's wishes about the next poll, weighed in one function."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from aggregator.cadence.rhythm import wait_for_one
from aggregator.cadence.skips import SKIPS, allowed_from, skip_reason
from aggregator.model import Response, Source, SourceState, State, Wish

FLOOR = timedelta(seconds=1)  # whatever the settings say
LONGEST_OWN = timedelta(days=366)  # our own choice, whatever the settings say
LONGEST_RETRY_AFTER = timedelta(days=31)
LONGEST_HINT = timedelta(days=7)  # freshness, and what the feed itself says
LOCKED_OUT = timedelta(days=1)  # 401 and 403: asking more often changes nothing (PROTOCOL P24)
SAFETY_NET = timedelta(days=1)  # while a hub pushes (PROTOCOL P36)
MAX_JITTER = 0.1  # share of the wait
MAX_DOUBLINGS = 30  # of the floor: beyond every cap
GROWTH = 1.25  # an interval is at most so much longer than the last one; it shrinks at once

INTERVAL, WEBSUB, TTL, UPDATE_PERIOD = "interval", "WebSub", "ttl", "sy:updatePeriod"  # names of wishes
AT_ONCE = frozenset({"new source", "new address"})  # who is due as soon as it is there
OUR_REASONS = frozenset({INTERVAL, WEBSUB, TTL, UPDATE_PERIOD})  # whose wishes follow from settings and state

END_OF_TIME = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """The operator's settings. They bound our own choice, never a wait the publisher asked for."""

    interval: timedelta = timedelta(minutes=30)
    min_interval: timedelta = timedelta(minutes=5)
    max_interval: timedelta = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class NextPoll:
    """`at` is None for never again. `interval` is our own choice, before failures and wishes.

    `wishes` are all that were weighed, ours first; `reason` is the one that won.
    """

    at: datetime | None
    reason: str
    interval: timedelta | None
    wishes: tuple[Wish, ...] = ()


def next_poll(
    source: Source,
    pace: Pace,
    response: Response | None,
    state: SourceState,
    *,
    now: datetime,
    jitter: float = 0.0,
) -> NextPoll:
    """Return when `source` should be polled again, never before the publisher allows.

    `response` is None when there was no answer; `state` is the source's as this poll leaves it, its
    failures counted. The longest of our interval (doubled by every failure up to `max_interval`),
    Retry-After, the freshness left (RFC 9111 §4.2) and what the feed itself asks for wins, and gives
    the reason. `jitter`, a share of the wait from 0 to `MAX_JITTER`, only lengthens it; last of all it is
    moved out of the hours and days that the feed skips.
    """
    if not 0 <= jitter <= MAX_JITTER:
        raise ValueError(f"jitter is {jitter}, not between 0 and {MAX_JITTER}")
    if response is not None and response.says_gone:
        return NextPoll(at=None, reason="410 Gone", interval=None)
    if state.ended:
        return NextPoll(at=None, reason="the feed says that it has ended", interval=None)
    interval = own_interval(source, pace, state, now=now)
    wishes = [_own(interval, pace, state.failures, response), *_pushed(state, now)]
    if source.feed_hints:
        wishes += _hinted(state)
    if response is not None:
        wishes += [wish for rule in RULES for wish in rule(response)]
    longest = max(wishes, key=lambda wish: wish.wait)  # of equals the first
    now = now.astimezone(UTC)
    wait = longest.wait + longest.wait * jitter
    at, reason = now + min(wait, END_OF_TIME - now), longest.reason
    if source.feed_hints and (allowed := allowed_from(state.hints, at)) != at:
        reason = skip_reason(state.hints, at)
        at = allowed + timedelta(hours=1) * jitter  # still within that hour, but not everybody on its stroke
    return NextPoll(at=at, reason=reason, interval=interval, wishes=tuple(wishes))


def repaced(source: Source, pace: Pace, state: SourceState, *, now: datetime) -> SourceState:
    """Return the state after the operator has changed how often `source` is polled.

    Our own wish is decided anew, counted from the last poll; everybody else's stands. A source that was
    never polled at its address, that fails or that is never polled again stays as it is.
    """
    if state.last_poll_at is None or state.next_poll_at is None or state.failures or state.state is State.NEW:
        return state
    interval = own_interval(source, pace, replace(state, interval=None), now=now)
    answered = [wish for wish in state.wishes if wish.reason not in OUR_REASONS]
    wishes = [Wish(reason=INTERVAL, wait=interval), *_pushed(state, now), *answered]
    if source.feed_hints:
        wishes += _hinted(state)
    longest = max(wishes, key=lambda wish: wish.wait)
    at = state.last_poll_at + min(longest.wait, END_OF_TIME - state.last_poll_at)
    if source.feed_hints:
        at = allowed_from(state.hints, at)
    return replace(
        state, next_poll_at=at, next_reason=longest.reason, interval=interval, wishes=tuple(wishes)
    )


def recounted(source: Source, state: SourceState, *, now: datetime) -> SourceState:
    """Return the state of a source whose wait was counted when the clock was ahead: it counts from now.

    That may be late, and never is before anybody's wish. Any other state comes back as it is.
    """
    following = state.next_poll_at
    at = None if following is None or following <= now else _counted_anew(source, state, following, now)
    return state if at is None else replace(state, next_poll_at=at)


def _counted_anew(source: Source, state: SourceState, following: datetime, now: datetime) -> datetime | None:
    last = state.last_poll_at
    if state.next_reason in AT_ONCE:
        return now
    if last is None:
        return None
    if now < last <= following:
        at = now + (following - last)
    elif last <= now and state.next_reason in SKIPS and following > _latest(source, state, last):
        at = max(now, last + min(_wished(state), END_OF_TIME - last))
    else:
        return None
    return allowed_from(state.hints, at) if source.feed_hints else at


def _wished(state: SourceState) -> timedelta:
    return max((wish.wait for wish in state.wishes), default=timedelta())


def _latest(source: Source, state: SourceState, last: datetime) -> datetime:
    """Return the latest that a poll after the `last` may be, but for those that were due and came in skipped hours."""
    wait = _wished(state)
    at = last + min(wait + wait * MAX_JITTER, END_OF_TIME - last)
    at = allowed_from(state.hints, at) if source.feed_hints else at
    return at + min(timedelta(hours=1), END_OF_TIME - at)


def own_interval(source: Source, pace: Pace, state: SourceState, *, now: datetime) -> timedelta:
    """Return our own choice: the source's interval where it has one, else what its rhythm suggests.

    Within the operator's bounds, and ours. It grows slowly, so that one quiet night changes little.
    """
    if source.interval is not None:
        return _clamp(max(min(source.interval, pace.max_interval), pace.min_interval))
    configured = _clamp(max(min(pace.interval, pace.max_interval), pace.min_interval))
    last = configured if state.interval is None else max(state.interval, FLOOR)
    suggested = wait_for_one(state.rhythm, configured, now=now)
    growth = 1.0 if state.failures else GROWTH  # whether it is quiet cannot be known of a source that fails
    if suggested / growth > last:  # compared so as not to overflow
        suggested = last * growth
    return _clamp(max(min(suggested, pace.max_interval), pace.min_interval))


def _clamp(own: timedelta) -> timedelta:
    return max(FLOOR, min(own, LONGEST_OWN))


def _own(interval: timedelta, pace: Pace, failures: int, response: Response | None) -> Wish:
    """Return our own wish. A poll without an answer, or with an error, has failed at least once."""
    if response is None or response.status >= HTTPStatus.BAD_REQUEST:
        failures = max(failures, 1)
    if failures <= 0:
        return Wish(reason=INTERVAL, wait=interval)
    longest = max(interval, _clamp(pace.max_interval))
    doublings = 2 ** min(failures, MAX_DOUBLINGS)
    wait = (
        longest if longest / doublings <= interval else interval * doublings
    )  # compared so as not to overflow
    times = "1 failure" if failures == 1 else f"{failures} failures"
    return Wish(reason=f"back-off after {times}", wait=wait)


def _pushed(state: SourceState, now: datetime) -> Iterator[Wish]:
    if state.pushed_until is not None and state.pushed_until > now:
        yield Wish(reason=WEBSUB, wait=SAFETY_NET)


def _hinted(state: SourceState) -> Iterator[Wish]:
    """What the feed itself asks for (RSS 2.0 <ttl>; RSS 1.0 syndication module)."""
    for reason, wait in ((TTL, state.hints.ttl), (UPDATE_PERIOD, state.hints.update_period)):
        if wait is not None:
            yield Wish(reason=reason, wait=max(timedelta(), min(wait, LONGEST_HINT)))


# --- what the answer wishes: one rule each, in `RULES`


def _retry_after(response: Response) -> Iterator[Wish]:
    """RFC 9110 §10.2.3; meaningful on 429 and 503, harmless to obey on any other error."""
    wait = response.retry_after
    if wait is None or response.status < HTTPStatus.BAD_REQUEST:
        return
    if wait <= LONGEST_RETRY_AFTER:
        yield Wish(reason="Retry-After", wait=wait)
    else:
        reason = f"Retry-After of {wait.days} days, cut to {LONGEST_RETRY_AFTER.days}"
        yield Wish(reason=reason, wait=LONGEST_RETRY_AFTER)


def _freshness(response: Response) -> Iterator[Wish]:
    """RFC 9111 §4.2. How long a server's fault stays fresh says nothing about the feed."""
    if response.fresh_for is not None and response.status < HTTPStatus.INTERNAL_SERVER_ERROR:
        has_age = "max-age" in response.headers.get("cache-control", "").lower()
        named = "Expires" if "expires" in response.headers and not has_age else "max-age"
        yield Wish(reason=named, wait=min(response.fresh_for, LONGEST_HINT))


def _locked_out(response: Response) -> Iterator[Wish]:
    """PROTOCOL P24: whoever needs a password or dislikes us is asked once a day."""
    if response.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        status = HTTPStatus(response.status)
        yield Wish(reason=f"{status.value} {status.phrase}", wait=LOCKED_OUT)


RULES: tuple[Callable[[Response], Iterator[Wish]], ...] = (_retry_after, _freshness, _locked_out)
