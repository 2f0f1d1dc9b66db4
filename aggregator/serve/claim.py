"""For how many people a service says it asks, in its User-Agent. Pure."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

MAX_CLAIMED: Final = 100_000  # subscribers that a service is believed to have; whatever it says above is this
MAX_USER_AGENT: Final = 500  # characters that are read; the longest that counts people has some 250
KEPT: Final = 1_000  # read lately: a few programs ask again and again
INSTANCES: Final = frozenset({"aggregator"})  # run by many, each for people of its own: told apart by contact
_COUNT: Final = re.compile(r"(?<![^ ;(])([0-9]+) (?:subscriber|reader)s?\b", re.ASCII | re.IGNORECASE)
_FEED_ID: Final = re.compile(r"\bfeed-?id ?[=:] ?([^ ;()]{1,64})", re.ASCII | re.IGNORECASE)
_COMPATIBLE: Final = re.compile(r"^mozilla/[0-9.]+ \(compatible; *")
_NAME_END: Final = re.compile(r"[/(;]| - ")
_CONTACT: Final = re.compile(r"\(\+([^ ;()]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """`service` is the same from every server of a service, of whatever version and for whatever feed."""

    service: str
    feed_id: str | None  # the service's own name for the feed; None = it says none
    subscribers: int


@lru_cache(KEPT)
def claim_of(user_agent: str) -> Claim | None:
    """Read what there is no standard for; None when no number of people is named.

    Known to be written so: Feedly, Feedbin, Inoreader, NewsBlur, BazQux, The Old Reader, FeedHQ, Overcast,
    LiveJournal ("readers"), and ourselves.
    """
    text = user_agent[:MAX_USER_AGENT]
    count = _COUNT.search(text)
    if count is None:
        return None
    feed_id = _FEED_ID.search(text)
    return Claim(
        service=_service(_FEED_ID.sub("", _COUNT.sub("", text)).lower()),
        feed_id=feed_id[1] if feed_id else None,
        subscribers=min(int(count[1]), MAX_CLAIMED),
    )


def _service(text: str) -> str:
    """Name the product: the first one, or what a Mozilla says to be `compatible` instead."""
    name = _NAME_END.split(_COMPATIBLE.sub("", text, count=1), maxsplit=1)[0].strip(" -")
    contact = _CONTACT.search(text) if name in INSTANCES else None
    return f"{name} {contact[1]}" if contact else name
