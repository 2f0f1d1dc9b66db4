"""What leaving out known items must not change: a reading with them left out is compared with a whole one."""

import random
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from aggregator.errors import ParseError
from aggregator.model import Entry, KnownItem, Reading, Response, Source
from aggregator.parse import parse
from aggregator.parse.known import cut
from aggregator.reading import read
from tests.things import source

URL = "https://alfa.example/rss"


def reading(
    body: bytes,
    known: Sequence[KnownItem] = (),
    *,
    of: Source | None = None,
    url: str = URL,
    content_type: str = "application/xml",
    date_orders: Collection[str] = (),
) -> Reading | str:
    """What comes of a document, or why nothing does."""
    response = Response(status=200, url=url, body=body, headers={"content-type": content_type})
    try:
        return read(of or source(), response, known, date_orders)
    except ParseError as exc:
        return str(exc)


def left_out(before: bytes, after: bytes, **more: object) -> int:
    """Read `after` knowing all of `before`: the same must come out as if nothing were known.

    Returns how many entries did not have to be read.
    """
    old = reading(before, **more)  # type: ignore[arg-type]
    return 0 if isinstance(old, str) else compare(old, old.known, after, **more)


def compare(old: Reading, known: Sequence[KnownItem], body: bytes, **more: object) -> int:
    """Read `body` with `known`, items of `old`, and as a whole, and compare all that was read.

    Whoever remembers items remembers how their dates were written, too.
    """
    more["date_orders"] = old.date_orders
    whole, part = reading(body, **more), reading(body, known, **more)  # type: ignore[arg-type]
    if isinstance(whole, str) or isinstance(part, str):
        assert part == whole
        return 0
    assert replace(part, entries=(), known=(), problems=(), skipped=0) == replace(
        whole, entries=(), known=(), problems=()
    )
    assert _problems(part) == _problems(whole)
    assert set(part.known) == set(whole.known)  # so what holds for two documents holds for the next as well
    places = {entry.position: entry for entry in whole.entries}
    assert [places.get(entry.position) for entry in part.entries] == list(part.entries)
    missing = [places[position] for position in places.keys() - {entry.position for entry in part.entries}]
    assert part.skipped >= len(missing)
    told = {_unplaced(entry) for entry in old.entries}
    assert [entry for entry in missing if _unplaced(entry) not in told] == []
    return len(missing)


def compare_beginning(body: bytes, most: int) -> int:
    """Take `most` items out of a document: they must be as when all are. Returns how many were left out.

    Of one that is not well-formed the end decides how the beginning is read, and it may not have been looked at.
    """
    response = Response(status=200, url=URL, body=body, headers={"content-type": "application/xml"})
    try:
        whole, part = parse(response), parse(response, most=most)
    except ParseError:
        return 0
    if whole.problems:
        return 0
    assert part.entries == whole.entries[: len(part.entries)]
    assert len(part.entries) >= min(most, len(whole.entries))
    if all(entry.digest is not None for entry in whole.entries):
        assert replace(part, entries=whole.entries, unread=()) == whole
        assert part.unread == tuple(range(len(part.entries), len(whole.entries)))
    return len(part.unread)


def _problems(found: Reading) -> set[str]:
    return set(found.problems) | {problem for entry in found.entries for problem in entry.problems}


def _unplaced(entry: Entry) -> Entry:
    return replace(entry, position=0)


def successors(body: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield what a document may have been before and may be next: the same, one more, one fewer, mixed, changed."""
    yield body, body
    head, found = cut(body)
    pieces = tuple(found)
    if len(pieces) < 2:
        return
    items = [piece.body + piece.gap for piece in pieces[:-1]] + [pieces[-1].body]
    tail = pieces[-1].gap
    mixed, changed = items[:], items[:]
    random.Random(1).shuffle(mixed)
    middle = len(items) // 2
    changed[middle] = changed[middle].replace(b"e", b"o")
    for one in (items[1:], items[:-1], items[:middle] + items[middle + 1 :], mixed, changed):
        other = head + b"".join(one) + tail
        yield other, body
        yield body, other
    for old, new in ((b">en", b">de"), (b"20", b"19"), (b"http:", b"https:"), (b"<title>", b"<title>A ")):
        yield body, head.replace(old, new) + b"".join(items) + tail
