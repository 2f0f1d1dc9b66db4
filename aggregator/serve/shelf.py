"""Documents made ready to be sent: hashed and compressed once, by a thread, until they are replaced."""

import asyncio
import gzip
import sys
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

from aggregator.model import Document, MergedFeed, Publication, Published
from aggregator.serve.conditional import entity_tag
from aggregator.serve.negotiate import GZIP, IDENTITY, ZSTD
from aggregator.serve.turns import Turns

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

GZIP_LEVEL: Final = 6
ZSTD_LEVEL: Final = 9
MADE_MOST: Final = 256  # pages and feeds made on demand that are kept for the next who asks
MADE_BYTES: Final = 64 * 1024 * 1024  # of them all, as far as their texts go


@dataclass(frozen=True, slots=True)
class Representation:
    """The bytes of a document in one content coding, and their own entity tag (RFC 9110 §8.8.3.3)."""

    body: bytes
    etag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A document in every coding we offer.

    `modified_at` is None for pages: they also change with their templates and settings.
    """

    content_type: str
    modified_at: datetime | None
    coded: Mapping[str, Representation]  # by content coding

    @property
    def etag(self) -> str:
        """The tag of the plain bytes."""
        return self.coded[IDENTITY].etag

    @property
    def etags(self) -> list[str]:
        return [coded.etag for coded in self.coded.values()]


@dataclass(frozen=True, slots=True)
class Made:
    """What was made on demand, and the feed it shows."""

    ready: Ready
    feed: MergedFeed


def prepare(document: Document, modified_at: datetime | None) -> Ready:
    """Hash and compress; tens of milliseconds for a large feed. The same bytes give the same tags."""
    bodies = {
        IDENTITY: document.body,
        GZIP: gzip.compress(document.body, GZIP_LEVEL, mtime=0),
        ZSTD: zstd.compress(document.body, ZSTD_LEVEL),
    }
    return Ready(
        content_type=document.content_type,
        modified_at=modified_at,
        coded={coding: Representation(body, entity_tag(body)) for coding, body in bodies.items()},
    )


T = TypeVar("T")


def weight(made: object) -> int:
    """Return about how many bytes something made on demand takes."""
    if isinstance(made, Made):
        return weight(made.ready) + weight(made.feed)
    if isinstance(made, Ready):
        return sum(len(one.body) for one in made.coded.values())
    if isinstance(made, MergedFeed):
        return sum(len(entry.content) + len(entry.summary) for entry in made.entries)
    return 0


class Shelf:
    """What stands ready for one publication. What is asked for by whim is made by turns, and kept within bounds."""

    def __init__(self) -> None:
        self._turns = Turns()
        self._weights: dict[tuple[Hashable, ...], int] = {}
        self._publication = Publication()
        self._documents: dict[str, tuple[Published, asyncio.Task[Ready]]] = {}
        self._made: OrderedDict[tuple[Hashable, ...], asyncio.Task[Any]] = OrderedDict()

    def turn_to(self, publication: Publication) -> None:
        """Drop what was made for another publication, but keep documents that stayed."""
        if publication is self._publication:
            return
        self._publication = publication
        self._made.clear()
        self._weights.clear()
        self._documents = {
            path: (published, task)
            for path, (published, task) in self._documents.items()
            if publication.published.get(path) is published
        }

    async def document(self, path: str, published: Published) -> Ready:
        """Return a document of the publication last turned to."""
        held = self._documents.get(path)
        if held is None or _is_spoilt(held[1]):
            held = (published, _in_thread(lambda: prepare(published.document, published.modified_at)))
            self._documents[path] = held
        return await asyncio.shield(held[1])  # others wait for it too: one client leaving must not end it

    async def made(self, key: tuple[Hashable, ...], make: Callable[[], T]) -> T:
        """Return what `make` makes, in a thread, if it does not stand here under that key.

        Raises `Overloaded` when too many others have to be made before.
        """
        task = self._made.get(key)
        if task is None or _is_spoilt(task):
            task = self._made[key] = asyncio.create_task(self._turns.make(make))
            task.add_done_callback(lambda done: self._weigh(key, done))
            self._shed()
        self._made.move_to_end(key)
        made: T = await asyncio.shield(task)
        return made

    def _weigh(self, key: tuple[Hashable, ...], task: asyncio.Task[Any]) -> None:
        if self._made.get(key) is not task:
            return
        if _is_spoilt(task) or task.result() is None:  # there are more addresses of nothing than of anything
            del self._made[key]
        else:
            self._weights[key] = weight(task.result())
            self._shed()

    def _shed(self) -> None:
        """Let go of what has been asked for least lately."""
        while len(self._made) > MADE_MOST or sum(self._weights.values()) > MADE_BYTES:
            key, _ = self._made.popitem(last=False)
            self._weights.pop(key, None)


def _in_thread(make: Callable[[], T]) -> asyncio.Task[T]:
    return asyncio.create_task(asyncio.to_thread(make))


def _is_spoilt(task: asyncio.Task[Any]) -> bool:
    """Say whether making it failed: the next request tries again."""
    return task.done() and (task.cancelled() or task.exception() is not None)
