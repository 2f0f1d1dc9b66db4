"""What is counted, for Prometheus: of this process, since its start, and never by source."""

from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from aggregator import __version__
from aggregator.model import PollResult, State

CONTENT_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4
SECONDS: Final = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
LATENESS: Final = (0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 1800)
LAG: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5)
OTHER: Final = "other"  # a status that HTTP does not know: publishers must not make up labels
OUTCOMES: Final = ("new", "changed", "duplicate", "withdrawn", "held")

REGISTRY: Final = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
_polls = Counter("aggregator_polls", "Polls that have ended.", ["result"], registry=REGISTRY)
_duration = Histogram(
    "aggregator_poll_duration_seconds",
    "From the start of a poll to its end.",
    buckets=SECONDS,
    registry=REGISTRY,
)
_lateness = Histogram(
    "aggregator_poll_lateness_seconds",
    "From when a poll was due to its start.",
    buckets=LATENESS,
    registry=REGISTRY,
)
_entries = Counter("aggregator_entries", "What became of entries.", ["outcome"], registry=REGISTRY)
_responses = Counter(
    "aggregator_http_responses", "Answers of publishers, by status.", ["code"], registry=REGISTRY
)
_bytes = Counter("aggregator_fetched_bytes", "Bodies as they came over the wire.", registry=REGISTRY)
_requests = Counter(
    "aggregator_feed_requests", "Answers with feeds, by status.", ["format", "code"], registry=REGISTRY
)
_delay = Histogram(
    "aggregator_publish_delay_seconds",
    "From when news was stored to when it was in the merged feed.",
    buckets=SECONDS,
    registry=REGISTRY,
)
_lag = Histogram(
    "aggregator_event_loop_lag_seconds",
    "How much later than wished the event loop comes to what is due.",
    buckets=LAG,
    registry=REGISTRY,
)
_reload = Gauge(
    "aggregator_config_last_reload_successful",
    "Whether what stands in the files is in force.",
    registry=REGISTRY,
)
_sources = Gauge("aggregator_sources", "Configured sources by state.", ["state"], registry=REGISTRY)
_size = Gauge("aggregator_db_size_bytes", "Size of the store.", registry=REGISTRY)
_build = Gauge("aggregator_build_info", "1, with the version.", ["version"], registry=REGISTRY)

_reload.set(1)
_build.labels(__version__).set(1)
for _result in ("ok", "unchanged", "failed"):
    _polls.labels(_result)
for _outcome in OUTCOMES:
    _entries.labels(_outcome)


def count_poll(result: PollResult) -> None:
    """Count a poll that has ended."""
    if result.error is not None:
        _polls.labels("failed").inc()
    else:
        _polls.labels("unchanged" if result.status == HTTPStatus.NOT_MODIFIED else "ok").inc()
    _duration.observe(result.elapsed.total_seconds())
    if result.status is not None:
        _responses.labels(str(result.status) if result.status in _KNOWN else OTHER).inc()
    _bytes.inc(result.wire_bytes)
    for outcome in OUTCOMES:
        _entries.labels(outcome).inc(getattr(result, outcome))


def count_lateness(late: timedelta) -> None:
    """Count how long after it was due a poll has started."""
    _lateness.observe(max(late.total_seconds(), 0))


def count_publish_delay(delay: timedelta) -> None:
    """Count how long news has waited for its publication."""
    _delay.observe(delay.total_seconds())


def count_lag(seconds: float) -> None:
    """Count how late the event loop was."""
    _lag.observe(seconds)


def count_request(extension: str, status: int) -> None:
    """Count an answer with a feed; both are among few."""
    _requests.labels(extension, str(status)).inc()


def note_reload(*, good: bool) -> None:
    """Say whether what stands in the files is in force."""
    _reload.set(good)


def exposition(states: Mapping[State, int], db_bytes: int) -> bytes:
    """Return it all as text, with what holds now of the sources and the store."""
    for state in State:
        _sources.labels(state.value).set(states.get(state, 0))
    _size.set(db_bytes)
    return generate_latest(REGISTRY)


_KNOWN = frozenset(HTTPStatus)
