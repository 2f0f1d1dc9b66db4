"""When a change of a source's health is told: once, when it has lasted."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from aggregator.health.words import advice, reason
from aggregator.model import HealthEvent, Source, State, Untold
from aggregator.urls import health_uri

FAILURES_LEAST = 2  # in a row: one failed poll is no news, however long the next one is away


def to_tell(
    untold: Iterable[Untold],
    sources: Mapping[str, Source],
    *,
    after: timedelta,
    authority: str,
    now: datetime,
) -> tuple[HealthEvent, ...]:
    """Return the changes that have lasted for `after`.

    Each says what was told before it and what is so now: it ends one state and begins the next. `authority`
    is what our ids are minted under.
    """
    return tuple(
        _event(sources[one.state.source_id], one, authority, now)
        for one in untold
        if one.state.source_id in sources and _lasts(one, after, now)
    )


def _lasts(one: Untold, after: timedelta, now: datetime) -> bool:
    state = one.state
    if state.health is State.FAILING and state.failures < FAILURES_LEAST:
        return False
    since = state.health_since
    # What began in the future began before the clock was set back: there is no telling how long it has lasted.
    return since is None or now < since or now - since >= after


def _event(source: Source, one: Untold, authority: str, now: datetime) -> HealthEvent:
    state = one.state
    since = state.health_since
    return HealthEvent(
        id=health_uri(authority, source.id, now),
        source_id=source.id,
        title=source.title or state.head.title or source.id,
        url=source.url,
        was=one.told,
        state=state.health,
        since=now if since is None or since > now else since,
        at=now,
        reason=reason(one),
        advice=advice(source, state),
    )
