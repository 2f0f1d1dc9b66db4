"""How many requests one client address may make: a token bucket each, in a bounded table."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

MAX_CLIENTS: Final = 10_000  # addresses remembered; the one that was silent longest is forgotten first


@dataclass(frozen=True, slots=True)
class Bucket:
    """`tokens` left at the moment `at`, in seconds of a monotonic clock."""

    tokens: float
    at: float


def take(bucket: Bucket | None, rate: tuple[int, timedelta], *, now: float) -> tuple[Bucket, float]:
    """Take one token: the bucket afterwards, and the seconds to wait for one (0 = it was there).

    A bucket holds as many tokens as the rate allows in its span and starts full (None); asking in
    vain costs nothing.
    """
    count, span = rate
    per_second = count / span.total_seconds()
    tokens = float(count)
    if bucket is not None:
        tokens = min(count, bucket.tokens + max(0.0, now - bucket.at) * per_second)
    if tokens >= 1:
        return Bucket(tokens - 1, now), 0.0
    return Bucket(tokens, now), (1 - tokens) / per_second


class Limiter:
    """The buckets of the clients heard of lately."""

    def __init__(self, max_clients: int = MAX_CLIENTS) -> None:
        self._max_clients = max_clients
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def wait(self, client: str, rate: tuple[int, timedelta], *, now: float) -> float:
        """Count a request of `client`; return the seconds it must wait, 0 when it may be answered."""
        bucket, seconds = take(self._buckets.pop(client, None), rate, now=now)
        self._buckets[client] = bucket
        if len(self._buckets) > self._max_clients:
            self._buckets.popitem(last=False)
        return seconds

    def __len__(self) -> int:
        return len(self._buckets)
