"""How often, and at which hours, a source publishes; and how long to wait for its next entry.

Entries are counted by the hour of the day in which they were published, older ones for less: an
entry's weight halves every `HALF_LIFE`. The rate that follows is mixed with the configured interval,
which is all that is known of a new source.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import exp, isfinite, log

from aggregator.cadence.silence import days_with
from aggregator.model import Rhythm

HALF_LIFE = timedelta(days=7)
LOOK_BACK = timedelta(days=28)  # entries published earlier say nothing about now
OUTLIERS = 0.1  # share of the oldest entries of a first document that are left out: posts pinned for ever
MOST_AT_ONCE = 100  # entries of one poll that count: more are a flood, no rhythm
PRIOR = timedelta(hours=6)  # of seeing nothing but the configured interval
HOURS_TRUSTED = 24.0  # entries after which the hours of the day count for half
LONGEST = timedelta(days=366)

DAY = timedelta(days=1)
HOUR_SHARE = 1 / 24
FLAT = (1.0,) * 24
MEMORY = HALF_LIFE / log(2)  # mean age at which an entry is forgotten


def observe(rhythm: Rhythm, published: Sequence[datetime | None], *, now: datetime) -> Rhythm:
    """Return the rhythm after a poll brought new entries, with when each says it was published.

    Of a document seen for the first time only dated entries count; afterwards an entry without a
    plausible date was published just now. An empty sequence changes nothing.
    """
    if rhythm.since is not None and not published:
        return rhythm
    dated = sorted(at for at in published if at is not None and at <= now)
    if rhythm.since is None:
        dated = dated[int(len(dated) * OUTLIERS) + (len(dated) > 2) :] or dated
        since = max(dated[0], now - LOOK_BACK) if dated else now
        times = [at for at in dated if at >= since]
    else:
        since = rhythm.since
        recent = [at for at in dated if at >= now - LOOK_BACK]
        times = recent + [now] * (len(published) - len(recent))
    hours = [hour * _weight(rhythm.counted_at, now) for hour in rhythm.hours or (0.0,) * 24]
    for at in times[-MOST_AT_ONCE:]:
        hours[at.astimezone(UTC).hour] += _weight(at, now)
    return replace(
        rhythm,
        since=since,
        counted_at=now,
        hours=tuple(round(hour, 4) for hour in hours),
        days=days_with(rhythm.days, dated if rhythm.since is None else times, now=now),
    )


def entries_a_day(rhythm: Rhythm, *, now: datetime) -> float | None:
    """Return how many entries the source publishes a day at present; None before the first poll."""
    if rhythm.since is None:
        return None
    watched = _watched(rhythm, now)
    return _counted(rhythm, now) / max(watched / DAY, HOUR_SHARE)


def wait_for_one(rhythm: Rhythm, interval: timedelta, *, now: datetime) -> timedelta:
    """Return the time in which one new entry is to be expected; `interval` is what was configured.

    It follows the hours of the day in which the source publishes, so that a source that sleeps at
    night is left alone then.
    """
    if rhythm.since is None or interval <= timedelta():
        return interval
    counted, prior = _counted(rhythm, now), PRIOR / interval
    hourly = (counted + prior) / ((_watched(rhythm, now) + PRIOR) / timedelta(hours=1))
    if not isfinite(hourly) or hourly <= 0:
        return interval
    profile = _profile(rhythm, counted)
    expected, at = 0.0, now.astimezone(UTC)
    hour_left = timedelta(hours=1) - (at - at.replace(minute=0, second=0, microsecond=0))
    waited, hour = timedelta(), at.hour
    while waited < LONGEST:
        rate = hourly * profile[hour]
        more = rate * (hour_left / timedelta(hours=1))
        if expected + more >= 1:
            return waited + timedelta(hours=1) * ((1 - expected) / rate)
        expected, waited = expected + more, waited + hour_left
        hour, hour_left = (hour + 1) % 24, timedelta(hours=1)
        if waited > DAY and expected < HOUR_SHARE:
            return LONGEST  # less than one entry in three weeks: beyond any interval of ours
    return LONGEST


def _weight(at: datetime | None, now: datetime) -> float:
    """What an entry of that time counts for now. A clock that was set back makes nothing count for more."""
    return 1.0 if at is None else exp(-max(now - at, timedelta()) / MEMORY)


def _counted(rhythm: Rhythm, now: datetime) -> float:
    return sum(rhythm.hours) * _weight(rhythm.counted_at, now)


def _watched(rhythm: Rhythm, now: datetime) -> timedelta:
    """The time over which entries were counted, older time for less, as the entries are."""
    if rhythm.since is None:
        return timedelta()
    return MEMORY * (1 - exp(-max(now - rhythm.since, timedelta()) / MEMORY))


def _profile(rhythm: Rhythm, counted: float) -> tuple[float, ...]:
    """How much each hour of the day is above or below the mean; flat as long as little is known."""
    total = sum(rhythm.hours)
    if total <= 0:
        return FLAT
    trusted = counted / (counted + HOURS_TRUSTED)
    return tuple(1 - trusted + trusted * 24 * hour / total for hour in rhythm.hours)
