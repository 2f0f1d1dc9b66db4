"""Where a source is asked: which permanent redirects are remembered, and when they are forgotten. Pure.

The configuration file is the operator's and is never rewritten: a remembered redirect is reported, and the
operator's next edit of the address wins over it.
"""

from dataclasses import replace
from datetime import datetime

from aggregator.model import FeedHints, FormerUrl, Response, SourceState, State, Validators

SIGHTINGS = 3  # agreeing answers before a permanent redirect is remembered (PROTOCOL P18) …
SIGHTINGS_FORGEABLE = 5  # … when anybody between us and the publisher could have made it up
FAILURES_FORGIVEN = 3  # of a remembered address, then the configured one is asked again
FORMER_KEPT = 20  # former addresses of one source


def asked_at(state: SourceState) -> str:
    """Return the address to ask: where the source has moved to, else the configured one."""
    return state.moved_to or state.url


def after_success(state: SourceState, response: Response, *, now: datetime) -> SourceState:
    """Return the state after an answer that was a feed: only such redirects count (PROTOCOL P20)."""
    target = response.permanent_url
    if target is None or target == asked_at(state):
        return replace(state, moving_to=None, moving_seen=0)
    seen = state.moving_seen + 1 if target == state.moving_to else 1
    if seen < (SIGHTINGS if response.permanent_safely else SIGHTINGS_FORGEABLE):
        return replace(state, moving_to=target, moving_seen=seen)
    return replace(
        _left(state, now), moved_to=None if target == state.url else target, moving_to=None, moving_seen=0
    )


def after_failure(state: SourceState, response: Response | None, *, now: datetime) -> SourceState:
    """Return the state after a failure, which is counted: a remembered address may have been a mistake."""
    if state.moved_to is None or (
        state.failures < FAILURES_FORGIVEN and not (response is not None and response.says_gone)
    ):
        return state
    return replace(_left(state, now), moved_to=None, validators=Validators(), body_digest=None)


def edited(state: SourceState, url: str, *, now: datetime) -> SourceState:
    """Return the state after the operator has given the source another address.

    It is asked there at once, and as a stranger: validators, and what a feed asks for, belong to an address.
    Unless the operator only wrote down where we knew that the source had moved.
    """
    if url == state.moved_to:
        health = State.OK if state.state is State.MOVED else state.state
        since = state.since if health is state.state else now
        return replace(state, url=url, moved_to=None, state=health, since=since)
    return replace(
        _left(state, now),
        url=url,
        moved_to=None,
        moving_to=None,
        moving_seen=0,
        validators=Validators(),
        body_digest=None,
        hints=FeedHints(),
        fresh_for=None,
        pushed_until=None,
        state=State.NEW,
        since=now,
        failures=0,
        last_error=None,
        ended=False,
        archive_url=None,
        archive_left=0,
        date_orders=(),
        next_poll_at=now,
        next_reason="new address",
        wishes=(),
    )


def _left(state: SourceState, now: datetime) -> SourceState:
    former = FormerUrl(url=asked_at(state), until=now)
    return replace(state, former_urls=(*state.former_urls, former)[-FORMER_KEPT:])
