"""How many people read our feeds, as publishers are told in our User-Agent (PROTOCOL P31)."""

import re
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import blake2b
from secrets import token_bytes
from typing import Final, TypeAlias
from zlib import crc32

from aggregator.model import SubscriberCount
from aggregator.serve.claim import KEPT, MAX_USER_AGENT, claim_of
from aggregator.serve.client import Address, bucket_of

FORGOTTEN_AFTER: Final = timedelta(days=3)  # without a request: an office computer is off over the weekend
RETURN: Final = timedelta(days=1)  # after a start, by when readers have shown themselves again
MAX_READERS: Final = 20_000  # remembered, in some 7 MB; the one silent longest is forgotten first
MAX_CLAIMS: Final = 1_000  # of services, one for each of our feeds they ask for; likewise
READERS_PER_ADDRESS: Final = 64  # at most, lest one client with a thousand names makes us forget the others
_DIGEST_BYTES: Final = 16
_VERSION: Final = re.compile(r"[0-9._]+")

Key: TypeAlias = tuple[bytes, bytes]


class Recent:
    """Numbers by key, each forgotten unless it is heard again, in a bounded table."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._heard: OrderedDict[Key, tuple[int, datetime]] = OrderedDict()

    def hear(self, key: Key, number: int, now: datetime) -> None:
        self._heard.pop(key, None)
        self._heard[key] = (number, now)
        if len(self._heard) > self._limit:
            self._heard.popitem(last=False)

    def forget(self, now: datetime) -> None:
        """Drop what is too old; what lies as far ahead was heard before the clock was set right."""
        while self._heard and abs(now - next(iter(self._heard.values()))[1]) > FORGOTTEN_AFTER:
            self._heard.popitem(last=False)

    def __len__(self) -> int:
        return len(self._heard)

    def sum_of_largest(self) -> int:
        """Add up the largest number of each first half of a key."""
        largest: dict[bytes, int] = {}
        for (first, _), (number, _) in self._heard.items():
            largest[first] = max(number, largest.get(first, 0))
        return sum(largest.values())


class Subscribers:
    """Counts those who ask for feeds, from one request on and until they have been silent for three days.

    A reader is a client address and the name of its software: whoever reads three feeds, or upgrades, is
    one. A service that asks for many people is as many as it says: its newest word for each feed, of which
    the largest counts, for the same people may read several; its servers do not add up.

    An estimate all the same. Too low: readers of one kind behind one address are one, and those whom a
    cache or a mirror answers never ask us. Too high: a reader whose address changes every day is three, and
    a browser or a crawler that came once counts until it is forgotten. And nobody can check what a
    User-Agent says.

    `earlier` is what was counted before a restart. It is the least we say until readers have had the time
    to ask again, but it lasts no longer than a reader would. Addresses are kept only as a hash under a key
    that dies with the process. To be used from one thread.
    """

    def __init__(
        self,
        clock: Callable[[], datetime],
        earlier: SubscriberCount | None = None,
        *,
        max_readers: int = MAX_READERS,
        max_claims: int = MAX_CLAIMS,
    ) -> None:
        self._clock = clock
        self._started_at = clock()
        self._earlier = earlier
        self._readers = Recent(max_readers)
        self._claims = Recent(max_claims)
        self._secret = token_bytes(_DIGEST_BYTES)

    def note(self, address: Address | None, user_agent: str, path: str) -> None:
        """Remember that somebody was given the feed at `path`; costs up to 20 µs."""
        now = self._clock()
        claim = claim_of(user_agent[:MAX_USER_AGENT])
        if claim is None:
            slot = _slot_of(user_agent[:MAX_USER_AGENT])
            self._readers.hear((self._digest(bucket_of(address)), slot), 1, now)
        else:
            feed = path if claim.feed_id is None else f"feed-id={claim.feed_id}"
            self._claims.hear((self._digest(claim.service), self._digest(feed)), claim.subscribers, now)

    def count(self, now: datetime) -> int:
        """Return the subscribers; some 5 µs, and 0.2 ms when as many claims as may be are known."""
        floor = self._floor(now)
        return max(self._seen(now), floor.count if floor else 0)

    def snapshot(self) -> SubscriberCount:
        """Return what to begin with after a restart.

        As long as the earlier count stands it is handed on with its own date, so that it ends some day
        however often we are restarted.
        """
        now = self._clock()
        seen, floor = self._seen(now), self._floor(now)
        return floor if floor and floor.count > seen else SubscriberCount(count=seen, at=now)

    def _seen(self, now: datetime) -> int:
        self._readers.forget(now)
        self._claims.forget(now)
        return len(self._readers) + self._claims.sum_of_largest()

    def _floor(self, now: datetime) -> SubscriberCount | None:
        """Return the earlier count while it stands: until readers are back, or would be forgotten.

        A clock that is set right by more than that ends it too, whichever way.
        """
        if self._earlier is None or abs(now - self._started_at) >= RETURN:
            return None
        return self._earlier if abs(now - self._earlier.at) <= FORGOTTEN_AFTER else None

    def _digest(self, text: str) -> bytes:
        return blake2b(text.encode(), digest_size=_DIGEST_BYTES, key=self._secret).digest()


@lru_cache(KEPT)
def _slot_of(user_agent: str) -> bytes:
    """Number the software of a reader, whatever its version."""
    return bytes([crc32(_VERSION.sub("", user_agent).encode()) % READERS_PER_ADDRESS])
