"""When to poll next: the whole politeness policy as one pure function."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from aggregator.model import Response, Source

FLOOR = timedelta(seconds=1)  # whatever the settings say
LONGEST_OWN = timedelta(days=366)  # our own choice, whatever the settings say
LONGEST_RETRY_AFTER = timedelta(days=31)
LONGEST_HINT = timedelta(days=7)  # freshness, and what the feed itself says
LOCKED_OUT = timedelta(days=1)  # 401 and 403: asking more often changes nothing (PROTOCOL P24)
MAX_JITTER = 0.1  # share of the wait
MAX_DOUBLINGS = 30  # of the floor: beyond every cap

END_OF_TIME = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """The operator's settings. They bound our own choice, never a wait the publisher asked for."""

    interval: timedelta = timedelta(minutes=30)
    min_interval: timedelta = timedelta(minutes=5)
    max_interval: timedelta = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Minimum:
    """Somebody's wish that the next poll be no earlier than `wait` from now, and in whose name."""

    reason: str
    wait: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class NextPoll:
    """`at` is None for never again. `interval` is our own choice, before failures and wishes."""

    at: datetime | None
    reason: str
    interval: timedelta | None


def next_poll(
    source: Source,
    pace: Pace,
    response: Response | None,
    *,
    failures: int,
    now: datetime,
    hints: Sequence[Minimum] = (),
    jitter: float = 0.0,
) -> NextPoll:
    """Return when `source` should be polled again, never before the publisher allows.

    `response` is None when there was no answer; `failures` counts those in a row, this poll included.
    The longest of our interval (doubled by every failure up to `max_interval`), Retry-After, the
    freshness left (RFC 9111 §4.2) and `hints` of the feed itself wins, and gives the reason. `jitter`,
    a share of the wait from 0 to `MAX_JITTER`, only lengthens it.
    """
    if not 0 <= jitter <= MAX_JITTER:
        raise ValueError(f"jitter is {jitter}, not between 0 and {MAX_JITTER}")
    if response is not None and response.status == HTTPStatus.GONE:
        return NextPoll(at=None, reason="410 Gone", interval=None)
    interval = _interval(source, pace)
    minimums = [_own(interval, pace, failures, response), *_hinted(hints)]
    if response is not None:
        minimums += [minimum for rule in RULES for minimum in rule(response)]
    longest = max(minimums, key=lambda minimum: minimum.wait)  # of equals the first
    now = now.astimezone(UTC)
    wait = longest.wait + longest.wait * jitter
    return NextPoll(at=now + min(wait, END_OF_TIME - now), reason=longest.reason, interval=interval)


def _interval(source: Source, pace: Pace) -> timedelta:
    """Return the configured interval within the operator's bounds, and ours."""
    wished = source.interval if source.interval is not None else pace.interval
    return _clamp(max(min(wished, pace.max_interval), pace.min_interval))


def _clamp(own: timedelta) -> timedelta:
    return max(FLOOR, min(own, LONGEST_OWN))


def _own(interval: timedelta, pace: Pace, failures: int, response: Response | None) -> Minimum:
    """Return our own wish. A poll without an answer, or with an error, has failed at least once."""
    if response is None or response.status >= HTTPStatus.BAD_REQUEST:
        failures = max(failures, 1)
    if failures <= 0:
        return Minimum(reason="interval", wait=interval)
    longest = max(interval, _clamp(pace.max_interval))
    doublings = 2 ** min(failures, MAX_DOUBLINGS)
    wait = (
        longest if longest / doublings <= interval else interval * doublings
    )  # compared so as not to overflow
    times = "1 failure" if failures == 1 else f"{failures} failures"
    return Minimum(reason=f"back-off after {times}", wait=wait)


def _hinted(hints: Sequence[Minimum]) -> Iterator[Minimum]:
    for hint in hints:
        yield Minimum(reason=hint.reason, wait=min(hint.wait, LONGEST_HINT))


# --- what the answer wishes: one rule each, in `RULES`


def _retry_after(response: Response) -> Iterator[Minimum]:
    """RFC 9110 §10.2.3; meaningful on 429 and 503, harmless to obey on any other error."""
    wait = response.retry_after
    if wait is None or response.status < HTTPStatus.BAD_REQUEST:
        return
    if wait <= LONGEST_RETRY_AFTER:
        yield Minimum(reason="Retry-After", wait=wait)
    else:
        reason = f"Retry-After of {wait.days} days, cut to {LONGEST_RETRY_AFTER.days}"
        yield Minimum(reason=reason, wait=LONGEST_RETRY_AFTER)


def _freshness(response: Response) -> Iterator[Minimum]:
    """RFC 9111 §4.2. How long a server's fault stays fresh says nothing about the feed."""
    if response.fresh_for is not None and response.status < HTTPStatus.INTERNAL_SERVER_ERROR:
        named = "max-age" if "max-age" in response.headers.get("cache-control", "").lower() else "Expires"
        yield Minimum(reason=named, wait=min(response.fresh_for, LONGEST_HINT))


def _locked_out(response: Response) -> Iterator[Minimum]:
    """PROTOCOL P24: whoever needs a password or dislikes us is asked once a day."""
    if response.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        status = HTTPStatus(response.status)
        yield Minimum(reason=f"{status.value} {status.phrase}", wait=LOCKED_OUT)


RULES: tuple[Callable[[Response], Iterator[Minimum]], ...] = (_retry_after, _freshness, _locked_out)
