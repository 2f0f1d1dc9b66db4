"""Only what is new, for readers that ask for it with `A-IM: feed` (RFC 3229, and "Using RFC 3229 with feeds")."""

import re
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Final

from aggregator.model import MergedEntry, MergedFeed
from aggregator.serve.conditional import tags_in

FEEDS_MOST: Final = 512  # whose former versions are remembered, each format and coding of its own
TAGS_MOST: Final = 1_000  # former versions of a feed that somebody may still have
_MANIPULATION: Final = re.compile(r"\s*feed\s*(?:;\s*q\s*=\s*([01](?:\.[0-9]{0,3})?)\s*)?", re.IGNORECASE)


def wants_delta(a_im: str | None) -> bool:
    """Say whether the field lists `feed`, with a weight that is not 0 (RFC 3229 §10.5.3)."""
    found = (_MANIPULATION.fullmatch(one) for one in (a_im or "").split(","))
    return any(one is not None and float(one[1] or 1) > 0 for one in found)


@dataclass(slots=True)
class _Remembered:
    """Versions of a feed are numbered; every entry has the number of the version it came or changed with."""

    number: int = 0
    feed: MergedFeed | None = None
    entries: dict[str, tuple[MergedEntry, int]] = field(default_factory=dict)
    tags: OrderedDict[str, int] = field(default_factory=OrderedDict)

    def turn_to(self, feed: MergedFeed) -> None:
        if feed is self.feed:
            return
        self.feed, self.number = feed, self.number + 1
        before, self.entries = self.entries, {}
        for entry in feed.entries:
            known = before.get(entry.id)
            same = known is not None and known[0] == entry
            self.entries[entry.id] = known if known and same else (entry, self.number)


class Deltas:
    """What was in the versions of our feeds that somebody was given since the daemon started."""

    def __init__(self) -> None:
        self._feeds: OrderedDict[str, _Remembered] = OrderedDict()

    def note(self, address: str, feed: MergedFeed, tags: Collection[str]) -> None:
        """Remember that a feed is as `feed` says in the versions with these entity tags; the latest comes last."""
        remembered = self._feeds.setdefault(address, _Remembered())
        self._feeds.move_to_end(address)
        if len(self._feeds) > FEEDS_MOST:
            self._feeds.popitem(last=False)
        remembered.turn_to(feed)
        if [remembered.tags.get(tag) for tag in tags] == [remembered.number] * len(tags):
            return
        for tag in tags:
            remembered.tags[tag] = remembered.number
            remembered.tags.move_to_end(tag)
        while len(remembered.tags) > TAGS_MOST:
            remembered.tags.popitem(last=False)

    def since(self, address: str, if_none_match: str | None) -> tuple[str, MergedFeed] | None:
        """Return a version the client has, and the feed with only what came or changed after it.

        None when it names no version that we remember.
        """
        remembered = self._feeds.get(address)
        if remembered is None or remembered.feed is None or if_none_match is None:
            return None
        known = [(remembered.tags[tag], tag) for tag in tags_in(if_none_match) if tag in remembered.tags]
        if not known:
            return None
        number, tag = max(known)
        newer = tuple(entry for entry, since in remembered.entries.values() if since > number)
        return tag, replace(remembered.feed, entries=newer)
