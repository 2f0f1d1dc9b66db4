"""What a visit makes of a source's state: pure, so that a decision can be taken again."""

from dataclasses import replace
from datetime import datetime
from http import HTTPStatus

from aggregator import addresses
from aggregator.cadence import LONGEST_RETRY_AFTER, allowed_from, is_stale, next_poll
from aggregator.model import Hold, Response, Source, SourceState, State, Validators, Wish
from aggregator.pipeline.plant import Plant
from aggregator.urls import host, is_public_name

# What servers say that cannot do with our validators: nonsense, unmet, too large. Others say it of everything.
VALIDATORS_REFUSED = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.PRECONDITION_FAILED,
        HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    }
)


def good(
    source: Source, state: SourceState, response: Response, plant: Plant, *, now: datetime, jitter: float
) -> SourceState:
    """Return the state after an answer that was a feed, or that what we have of it is still good."""
    if response.status == HTTPStatus.NOT_MODIFIED and response.fresh_for is None:
        response = replace(response, fresh_for=state.fresh_for)  # RFC 9111 §4.3.4: it stands as it was
    state = replace(
        addresses.after_success(state, response, now=now),
        failures=0,
        last_status=response.status,
        last_error=None,
        last_poll_at=now,
        last_success_at=now,
        fresh_for=response.fresh_for,
    )
    state = _scheduled(source, state, response, plant, now=now, jitter=jitter)
    return _in(_health(state, now), state, now)


def _health(state: SourceState, now: datetime) -> State:
    """What a source is that has answered with a feed. That it is silent is worse than that it has moved."""
    if state.next_poll_at is None:
        return State.GONE
    if is_stale(state.rhythm, now=now):
        return State.STALE
    return State.OK if state.moved_to is None else State.MOVED


def _in(health: State, state: SourceState, now: datetime) -> SourceState:
    """Return the state with another health, and since when it has that."""
    if health is state.state and state.since is not None:
        return state
    return replace(state, state=health, since=now)


def failed(
    source: Source,
    state: SourceState,
    response: Response | None,
    error: str,
    plant: Plant,
    *,
    now: datetime,
    jitter: float,
) -> SourceState:
    """Return the state after nothing came of a visit; what is known of the source stays (PROTOCOL P6, P7).

    Only where validators may be what is refused, and not for once, the next request goes without.
    """
    tried = replace(
        state,
        failures=state.failures + 1,
        last_status=None if response is None else response.status,
        last_error=error,
        last_poll_at=now,
    )
    if response is not None and response.status in VALIDATORS_REFUSED and state.failures:
        tried = replace(tried, validators=Validators())
    state = addresses.after_failure(tried, response, now=now)
    if state is not tried and response is not None and response.says_gone:
        response = None  # the remembered address is gone, not the source
    state = _scheduled(source, state, response, plant, now=now, jitter=jitter)
    return _in(State.GONE if state.next_poll_at is None else State.FAILING, state, now)


def revalidated(state: SourceState, response: Response) -> Validators:
    """RFC 9111 §4.3.4: a 304 may bring new validators; a 200 replaces them as a set (PROTOCOL P4, P5)."""
    fresh = response.validators
    if response.status != HTTPStatus.NOT_MODIFIED:
        return fresh
    return Validators(
        etag=fresh.etag or state.validators.etag,
        last_modified=fresh.last_modified or state.validators.last_modified,
    )


def hold(response: Response | None, plant: Plant, *, now: datetime) -> Hold | None:
    """Leave a whole host alone when it asks for it (PROTOCOL P15); redirects count for whom they led to."""
    if response is None or response.retry_after is None or response.status < HTTPStatus.BAD_REQUEST:
        return None
    asked = host(response.url)
    if not plant.hold_hosts or not is_public_name(asked):
        return None
    return Hold(host=asked, until=now + min(response.retry_after, LONGEST_RETRY_AFTER))


def allowed(source: Source, state: SourceState, at: datetime) -> datetime:
    """Return `at`, or when the hours that the feed skips are over (PROTOCOL P27)."""
    return allowed_from(state.hints, at) if source.feed_hints else at


def put_off(state: SourceState, response: Response | None, *, now: datetime) -> SourceState:
    """Wait as long as an archive asks for: it is tried again after the next poll (PROTOCOL P13)."""
    if response is None or response.retry_after is None or state.next_poll_at is None:
        return state
    until = now + min(response.retry_after, LONGEST_RETRY_AFTER)
    if until <= state.next_poll_at:
        return state
    reason = "Retry-After of an archive"
    wish = Wish(reason=reason, wait=until - (state.last_poll_at or now))
    return replace(state, next_poll_at=until, next_reason=reason, wishes=(*state.wishes, wish))


def _scheduled(
    source: Source,
    state: SourceState,
    response: Response | None,
    plant: Plant,
    *,
    now: datetime,
    jitter: float,
) -> SourceState:
    following = next_poll(source, plant.pace, response, state, now=now, jitter=jitter)
    return replace(
        state,
        next_poll_at=following.at,
        next_reason=following.reason,
        wishes=following.wishes,
        interval=following.interval,
    )
