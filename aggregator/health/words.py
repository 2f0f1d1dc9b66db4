"""What is said of a source's health, and what an operator can do about it."""

from datetime import timedelta

from aggregator.cadence import habit
from aggregator.model import HealthEvent, Source, SourceState, State, Untold

# What an operator can do about a failure, by what the last poll's status was.
_BY_STATUS = {
    None: "check the address, and the network of this machine",
    401: "credentials are missing or wrong: set `auth`",
    403: "the publisher refuses us: write to them, or remove the source",
    404: "the feed has gone or moved: look for its new address on the site",
    410: "the publisher has ended the feed: remove the source",
    429: "we ask too often for this publisher: raise `interval`",
}
_SERVER = "the publisher's server is in trouble: nothing to do but wait"
_DOCUMENT = "the address answers, but not with a feed: check it in a browser"
_STALE = "look at its site: the feed may have moved, or the publisher has ceased"
DAY = timedelta(days=1)


def advice(source: Source, state: SourceState) -> str:
    """Return what an operator can do about a source; "" when there is nothing to do."""
    if state.health is State.PAUSED:
        return f"`aggregator resume {source.id}` polls it again"
    if state.moved_to is not None:
        return f'it has moved for good: write url = "{state.moved_to}" at {source.where}'
    match state.state:
        case State.STALE:
            return _STALE
        case State.FAILING | State.GONE:
            return _mend(state)
        case _:
            return state.remarks[0] if state.held else ""


def _mend(state: SourceState) -> str:
    if state.ended:
        return _BY_STATUS[410]
    if state.last_status is not None and state.last_status >= 500:
        return _SERVER
    return _BY_STATUS.get(state.last_status, _DOCUMENT)


def remarks(state: SourceState) -> tuple[str, ...]:
    """Return what an operator should know of a source that is polled with success."""
    return (silence(state), *state.remarks) if state.state is State.STALE else state.remarks


def reason(one: Untold) -> str:
    """Return in one line why a source is in its state; "" when that says all."""
    state = one.state
    match state.health:
        case State.FAILING:
            times = f"{state.failures} polls in a row have failed"
            return f"{times}: {state.last_error}" if state.last_error else times
        case State.STALE:
            return silence(state)
        case State.GONE:
            return state.next_reason
        case State.MOVED:
            return f"moved for good to {state.moved_to}"
        case _:
            return ""


def silence(state: SourceState) -> str:
    """Say how long a source has been silent, and how long it used to be."""
    longest = habit(state.rhythm)
    if longest is None:
        return ""
    days = longest // DAY
    used = "a day" if days == 1 else f"{days} days"
    return f"nothing new since {state.rhythm.days[-1]}; before, it was never silent for more than {used}"


def headline(event: HealthEvent) -> str:
    """Return the change in a few words: "Alfa Radio: failing", "Alfa Radio: ok again (was failing)"."""
    if event.state is State.OK:
        return f"{event.title}: ok again (was {event.was})"
    was = "" if event.was is State.OK else f" (was {event.was})"
    return f"{event.title}: {event.state}{was}"
