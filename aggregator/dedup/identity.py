"""Which known entry an entry is, in feeds that repeat a guid.

A guid repeated in one document is told apart by what else the entry says. What a document repeats changes from
poll to poll, so a name made that way only says what an entry was called when it was first seen. Afterwards it is
known by what it says: the entries of a document and the known ones that share a guid are paired, the most telling
likeness first, and each at most once.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count

from aggregator.model import Entry, Known

# Each counts only where it picks out one entry and one known: two called "News" at no address are not alike.
_LIKENESSES: tuple[Callable[[Entry | Known], Hashable], ...] = (
    lambda one: one.url,
    lambda one: one.title or None,
    lambda one: _text(one) or None,
)


def names(entry: Entry) -> tuple[str, ...]:
    """Return two guids that an entry may be known under, its own first; all that share its guid come with them."""
    return entry.guid, entry.said_guid or f"{entry.guid} {entry.url or ''}"


def told_apart(entries: Sequence[Entry], known: Mapping[str, Known]) -> tuple[Entry, ...]:
    """Return the entries with the guids they are known under, and those that are new with guids of their own."""
    families: dict[str, dict[str, Known]] = {}
    for guid, one in known.items():
        families.setdefault(one.said_guid or guid, {})[guid] = one
    groups: dict[str, list[int]] = {}
    for n, entry in enumerate(entries):
        groups.setdefault(_said(entry), []).append(n)
        for name in names(entry):  # one from before it was noted what an entry shares
            if name in known and known[name].said_guid is None:
                families.setdefault(_said(entry), {})[name] = known[name]
    called = list(entries)
    for said, group in groups.items():
        relatives = families.get(said, {})
        if len(group) == 1 and relatives.keys() <= {said}:  # nothing is repeated: a guid is a guid
            called[group[0]] = _called(entries[group[0]], said)
            continue
        pairs = _Pairs([entries[n] for n in group], relatives).found
        taken = {*relatives}
        for n, paired in zip(group, pairs, strict=True):
            guid = paired or next(one for one in _fresh(entries[n]) if one not in taken)
            taken.add(guid)
            called[n] = _called(entries[n], guid)
    return tuple(called)


class _Pairs:
    """Which of the known entries of one guid each entry is: `found` has their guids, None for what is new."""

    def __init__(self, entries: Sequence[Entry], known: Mapping[str, Known]) -> None:
        self.found: list[str | None] = [None] * len(entries)
        self._entries = entries
        self._left = dict(sorted(known.items()))
        self._pair_equals()
        self._pair_alike(lambda one: (one.url, one.title) if one.url or one.title else None)
        self._pair_called()
        for likeness in _LIKENESSES:
            self._pair_alike(likeness)

    def _pair(self, n: int, guid: str) -> None:
        self.found[n] = guid
        del self._left[guid]

    @property
    def _new(self) -> Iterator[tuple[int, Entry]]:
        return ((n, entry) for n, entry in enumerate(self._entries) if self.found[n] is None)

    def _pair_equals(self) -> None:
        """Nothing has changed of them; entries that were once stored twice are what they are called."""
        for n, entry in self._new:
            equal = [guid for guid, one in self._left.items() if one.digest == entry.digest]
            if equal:
                self._pair(n, min(equal, key=lambda guid: guid != entry.guid))

    def _pair_called(self) -> None:
        """They would be called now what they were called at first."""
        for n, entry in self._new:
            guid = next((name for name in _own_names(entry) if name in self._left), None)
            if guid is not None:
                self._pair(n, guid)

    def _pair_alike(self, likeness: Callable[[Entry | Known], Hashable]) -> None:
        by_key: dict[Hashable, tuple[list[int], list[str]]] = {}
        for n, entry in self._new:
            by_key.setdefault(likeness(entry), ([], []))[0].append(n)
        for guid, one in self._left.items():
            by_key.setdefault(likeness(one), ([], []))[1].append(guid)
        by_key.pop(None, None)
        for those, guids in by_key.values():
            if len(those) == len(guids) == 1:
                self._pair(those[0], guids[0])


def _said(entry: Entry) -> str:
    """The guid as its document says it."""
    return entry.said_guid or entry.guid


def _text(one: Entry | Known) -> str:
    said = one.entry if isinstance(one, Known) else one
    return "" if said is None else said.content_text


def _called(entry: Entry, guid: str) -> Entry:
    said = _said(entry)
    return replace(entry, guid=guid, said_guid=None if guid == said else said)


def _own_names(entry: Entry) -> Iterator[str]:
    """Yield what tells it apart, the most telling first (see `normalise`)."""
    by_url = f"{_said(entry)} {entry.url or ''}"
    if entry.said_guid is not None:
        yield entry.guid
    yield f"{by_url} {entry.title} {entry.digest}"
    yield f"{by_url} {entry.title}"
    if entry.url:
        yield by_url


def _fresh(entry: Entry) -> Iterator[str]:
    """Yield guids for a new entry without end, the plainest first."""
    by_title = f"{_said(entry)} {entry.url or ''} {entry.title}"
    yield from (entry.guid, by_title, f"{by_title} {entry.digest}")
    yield from (f"{by_title} {entry.digest} {n}" for n in count(2))
