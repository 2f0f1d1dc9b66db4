"""A process that publishes many feeds on many hosts, with news, edits, deletions and faults; its memory is bounded.

    python -m tests.faults.agency SOURCES SEED

prints its port. `/0` to `/<SOURCES - 1>` are feeds; /_polls tells how often each was answered for good, /_told what
the watched ones have told, and after /_freeze nothing new is told and nothing fails any more.
"""

import asyncio
import json
import random
import resource
import signal
import socket
import sys
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import format_datetime

from benchmarks.publisher import BACKLOG, addresses
from tests.fetch.server import packed
from tests.protocol.markup import rss

A_HOST = 4  # sources
WINDOW = 12  # items of a document
BURST = 3  # new items at once
CHANGING = 0.1  # of the polls of a source that is well
EDITED, WITHDRAWN, COPIED = 0.2, 0.05, 0.1  # of the changes
TEXT = 60  # words of an item
VOCABULARY = 3000
KINDS = 20  # of sources: what number % KINDS means
WATCHED = frozenset({0})  # always configured; whether all of what they tell is emitted once is looked at
FLAKY, BROKEN, MOVING, COMING = frozenset({14, 15}), frozenset({16}), frozenset({17}), frozenset({18, 19})
WITHOUT_VALIDATORS = frozenset({3, 4})
FAULTY = {True: 0.5, False: 0.03}  # share of the answers, of flaky sources and of others
SHUT = 0.002  # of the answers of flaky sources: 410, or 403 for a day
LETTERS = "abcdefghijklmnoprstuvz"
BEGINNINGS = ("bal", "cem", "dor", "fil", "gun", "har", "lem", "mon", "pir", "tav")  # of words, for searches
BOMB = packed(bytes(20 << 20))


@dataclass(frozen=True, slots=True)
class Item:
    guid: str
    title: str
    text: str
    date: datetime
    edits: int = 0


class Feed:
    """One source; `neighbour` is where it copies from."""

    def __init__(self, number: int, agency: "Agency") -> None:
        self.number = number
        self.polls = 0  # that were answered for good
        self.told = 0  # items so far
        self._agency = agency
        self._items: deque[Item] = deque(maxlen=WINDOW)
        self._version = 0
        self._document = b""
        self.newest: Item | None = None
        self.change()

    @property
    def kind(self) -> int:
        return self.number % KINDS

    @property
    def tag(self) -> str:
        return f'"{self._version}"'

    @property
    def document(self) -> bytes:
        return self._document

    def change(self) -> None:
        """Say something new, edit, or take something back."""
        chance = self._agency.random
        what = chance.random()
        if what < EDITED and self._items:
            at = chance.randrange(len(self._items))
            one = self._items[at]
            more = f"{one.text} {' '.join(self._agency.words(8))}"
            self._items[at] = replace(one, text=more, edits=one.edits + 1)
        elif what < EDITED + WITHDRAWN and len(self._items) > BURST:
            del self._items[chance.randrange(len(self._items) - BURST)]
        elif what < EDITED + WITHDRAWN + COPIED and (copied := self._agency.neighbour(self.number)):
            self._items.append(replace(copied, guid=f"{self.number} of {copied.guid}"))
        else:
            for _ in range(chance.randint(1, BURST)):
                self._tell()
        self._version += 1
        items = (_item(one) for one in reversed(self._items))
        self._document = rss(*items, title=f"Feed {self.number}")

    def _tell(self) -> None:
        name = f"{self.number}x{self.told}"
        self.told += 1
        words = self._agency.words
        self.newest = Item(name, f"{' '.join(words(6))} {name}", " ".join(words(TEXT)), datetime.now(UTC))
        self._items.append(self.newest)


def _item(item: Item) -> str:
    link = f"https://s{item.title.rpartition(' ')[2].replace('x', '.example/')}"
    return (
        f"<item><guid>{item.guid}</guid><title>{item.title}</title><link>{link}</link>"
        f"<pubDate>{format_datetime(item.date)}</pubDate><description>{item.text}</description></item>"
    )


class Agency:
    """All sources, and what goes wrong with them."""

    def __init__(self, sources: int, seed: str) -> None:
        self.random = random.Random(seed)
        self.frozen = False
        self._vocabulary = [
            self.random.choice(BEGINNINGS) + "".join(self.random.choices(LETTERS, k=5))
            for _ in range(VOCABULARY)
        ]
        self.feeds: list[Feed] = []
        for number in range(sources):
            self.feeds.append(Feed(number, self))

    def words(self, count: int) -> list[str]:
        return self.random.choices(self._vocabulary, k=count)

    def neighbour(self, number: int) -> Item | None:
        """Return the newest of the source before this one, which may be nobody else's."""
        if not number or number % KINDS in WATCHED:
            return None
        return self.feeds[number - 1].newest

    def count(self) -> list[int]:
        return [feed.polls for feed in self.feeds]

    def told(self) -> Mapping[str, int]:
        """Return how many items each watched source has told."""
        return {str(feed.number): feed.told for feed in self.feeds if feed.kind in WATCHED}


Fault = Callable[["Connection"], None]


def _status(status: str, *headers: str) -> Fault:
    return lambda one: one.write(f"{status} Sorry", *headers, body=b"<p>Sorry</p>")


def _hang(one: "Connection") -> None:
    """Say nothing until the client gives up."""


def _drip(one: "Connection") -> None:
    one.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n<rss>")
    _drip_on(one)


def _drip_on(one: "Connection") -> None:
    if not one.transport.is_closing():
        one.transport.write(b" ")
        asyncio.get_running_loop().call_later(0.2, _drip_on, one)


def _cut(one: "Connection") -> None:
    one.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n<rss><channel><item>")
    one.transport.close()


def _reset(one: "Connection") -> None:
    one.transport.abort()


def _no_http(one: "Connection") -> None:
    one.transport.write(b"SSH-2.0-OpenSSH_9.9\r\n")
    one.transport.close()


def _garbage(one: "Connection") -> None:
    one.write("200 OK", body=one.agency.random.randbytes(5000))


def _torn(one: "Connection") -> None:
    document = one.agency.random.choice(one.agency.feeds).document
    one.write("200 OK", body=document[: len(document) // 2].replace(b"<title>", b"<titel>"))


FAULTS: tuple[Fault, ...] = (
    *(_status(status) for status in ("500", "502", "404", "204")),
    _status("503", "Retry-After: 2"),
    _status("429", "Retry-After: 1"),
    _status("302", "Location: /loop"),
    _hang,
    _drip,
    _cut,
    _reset,
    _no_http,
    _garbage,
    _torn,
    lambda one: one.write("200 OK", "Content-Encoding: gzip", body=BOMB),
    lambda one: one.write("200 OK", "Content-Encoding: gzip", body=BOMB[:1000]),
    lambda one: one.write("200 OK", "Content-Type: text/html", body=b"<html><p>No feed here</p></html>" * 50),
)


class Connection(asyncio.Protocol):
    """One connection, with requests one after the other."""

    transport: asyncio.Transport

    def __init__(self, agency: Agency) -> None:
        self.agency = agency
        self._read = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self._read += data
        while b"\r\n\r\n" in self._read:
            head, _, self._read = self._read.partition(b"\r\n\r\n")
            target = head.split(b" ", 2)[1].decode("latin-1").partition("?")[0]
            path, _, further = target.lstrip("/").partition("/")
            if path.startswith("_"):
                self._tell(path)
            elif not path.isdigit() or int(path) >= len(self.agency.feeds):
                self.write("302 Found", "Location: /loop")
            else:
                self._answer(self.agency.feeds[int(path)], head, moved=bool(further))

    def _answer(self, feed: Feed, head: bytes, *, moved: bool) -> None:
        agency = self.agency
        if feed.kind in BROKEN:
            FAULTS[feed.number // KINDS % len(FAULTS)](self)
        elif feed.kind in MOVING and not moved:
            self.write(
                "301 Moved" if feed.number // KINDS % 2 else "302 Found", f"Location: /{feed.number}/moved"
            )
        elif not agency.frozen and agency.random.random() < FAULTY[feed.kind in FLAKY]:
            agency.random.choice(FAULTS)(self)
        elif not agency.frozen and feed.kind in FLAKY and agency.random.random() < SHUT:
            self.write(agency.random.choice(("410 Gone", "403 Forbidden")))
        else:
            self._say(feed, head)

    def _say(self, feed: Feed, head: bytes) -> None:
        """Answer for good: who has read what there was may find something new."""
        read = feed.kind in WITHOUT_VALIDATORS or f"\r\nif-none-match: {feed.tag}".encode() in head.lower()
        feed.polls += 1
        if read and not self.agency.frozen and self.agency.random.random() < CHANGING:
            feed.change()
            read = False
        if feed.kind in WITHOUT_VALIDATORS:
            self.write("200 OK", body=feed.document)
        elif read:
            self.write("304 Not Modified", f"ETag: {feed.tag}", body=None)
        else:
            self.write("200 OK", f"ETag: {feed.tag}", "Content-Type: application/rss+xml", body=feed.document)

    def _tell(self, what: str) -> None:
        said: object = self.agency.count() if what == "_polls" else self.agency.told()
        self.agency.frozen |= what == "_freeze"
        self.write("200 OK", "Content-Type: application/json", body=json.dumps(said).encode())

    def write(self, status: str, *headers: str, body: bytes | None = b"") -> None:
        """Send a whole answer."""
        length = [] if body is None else [f"Content-Length: {len(body)}"]
        lines = "\r\n".join([f"HTTP/1.1 {status}", *headers, *length, "", ""])
        self.transport.write(lines.encode() + (body or b""))


async def serve(sources: int, seed: str) -> None:
    """Answer until told to stop."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    agency = Agency(sources, seed)
    hosts = ["127.0.0.1", *addresses(hosts_of(sources))]
    server = await loop.create_server(lambda: Connection(agency), hosts, port, backlog=BACKLOG)
    print(port, flush=True)  # noqa: T201
    await stop.wait()
    server.close()


def hosts_of(sources: int) -> int:
    """Return how many hosts there are."""
    return -(-sources // A_HOST)


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), sys.argv[2]))
