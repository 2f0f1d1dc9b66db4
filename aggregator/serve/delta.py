"""Only what is new, for readers that ask for it with `A-IM: feed` (RFC 3229, and "Using RFC 3229 with feeds")."""

import re
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Final
from weakref import ref

from aggregator.model import MergedFeed
from aggregator.serve.conditional import tags_in

FEEDS_MOST: Final = 512  # whose former versions are remembered, each format and coding of its own
TAGS_MOST: Final = 1_000  # former versions of a feed that somebody may still have
MARKS_MOST: Final = 100_000  # entries of them all, in some 30 MB
_MANIPULATION: Final = re.compile(r"\s*feed\s*(?:;\s*q\s*=\s*([01](?:\.[0-9]{0,3})?)\s*)?", re.IGNORECASE)


def wants_delta(a_im: str | None) -> bool:
    """Say whether the field lists `feed`, with a weight that is not 0 (RFC 3229 §10.5.3)."""
    found = (_MANIPULATION.fullmatch(one) for one in (a_im or "").split(","))
    return any(one is not None and float(one[1] or 1) > 0 for one in found)


@dataclass(slots=True)
class _Remembered:
    """Versions of a feed are numbered; every entry has the number of the version it came or changed with.

    Of the feed and its entries themselves nothing is kept alive.
    """

    number: int = 0
    feed: Callable[[], MergedFeed | None] = lambda: None
    marks: dict[str, tuple[int, int]] = field(default_factory=dict)  # by id: hash of the entry, number
    tags: OrderedDict[str, int] = field(default_factory=OrderedDict)

    def turn_to(self, feed: MergedFeed) -> None:
        if self.feed() is feed:
            return
        self.feed, self.number = ref(feed), self.number + 1
        before, self.marks = self.marks, {}
        for entry in feed.entries:
            said = hash(entry)
            known = before.get(entry.id)
            self.marks[entry.id] = known if known is not None and known[0] == said else (said, self.number)


class Deltas:
    """What was in the versions of our feeds that somebody was given since the daemon started."""

    def __init__(self) -> None:
        self._feeds: OrderedDict[str, _Remembered] = OrderedDict()
        self._marks = 0

    def note(self, address: str, feed: MergedFeed, tags: Collection[str]) -> None:
        """Remember that a feed is as `feed` says in the versions with these entity tags; the latest comes last."""
        remembered = self._feeds.setdefault(address, _Remembered())
        self._feeds.move_to_end(address)
        self._marks -= len(remembered.marks)
        remembered.turn_to(feed)
        self._marks += len(remembered.marks)
        while len(self._feeds) > FEEDS_MOST or (self._marks > MARKS_MOST and len(self._feeds) > 1):
            _, forgotten = self._feeds.popitem(last=False)
            self._marks -= len(forgotten.marks)
        if [remembered.tags.get(tag) for tag in tags] == [remembered.number] * len(tags):
            return
        for tag in tags:
            remembered.tags[tag] = remembered.number
            remembered.tags.move_to_end(tag)
        while len(remembered.tags) > TAGS_MOST:
            remembered.tags.popitem(last=False)

    def since(self, address: str, if_none_match: str | None) -> tuple[str, frozenset[str]] | None:
        """Return a version the client has, and the ids of what came or changed after it, of the feed last noted.

        None when it names no version that we remember.
        """
        remembered = self._feeds.get(address)
        if remembered is None or if_none_match is None:
            return None
        known = [(remembered.tags[tag], tag) for tag in tags_in(if_none_match) if tag in remembered.tags]
        if not known:
            return None
        number, tag = max(known)
        return tag, frozenset(id_ for id_, (_, since) in remembered.marks.items() if since > number)
