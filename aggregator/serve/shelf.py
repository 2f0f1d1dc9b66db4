"""Documents made ready to be sent: hashed and compressed once, by a thread, until they are replaced."""

import asyncio
import gzip
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from aggregator.model import Document, Publication, Published
from aggregator.serve.conditional import entity_tag
from aggregator.serve.settings import ServeSettings

GZIP_LEVEL: Final = 6


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
    identity: Representation
    gzip: Representation


def prepare(document: Document, modified_at: datetime | None) -> Ready:
    """Hash and compress; tens of milliseconds for a large feed. The same bytes give the same tags."""
    packed = gzip.compress(document.body, GZIP_LEVEL, mtime=0)
    return Ready(
        content_type=document.content_type,
        modified_at=modified_at,
        identity=Representation(document.body, entity_tag(document.body)),
        gzip=Representation(packed, entity_tag(packed)),
    )


class Shelf:
    """What stands ready for one publication under one set of settings."""

    def __init__(self) -> None:
        self._publication = Publication()
        self._settings: ServeSettings | None = None
        self._documents: dict[str, tuple[Published, asyncio.Task[Ready]]] = {}
        self._pages: dict[tuple[str, bool], asyncio.Task[Ready]] = {}

    def turn_to(self, publication: Publication, settings: ServeSettings) -> None:
        """Drop what was made for another publication or other settings, but keep documents that stayed."""
        if publication is self._publication and settings == self._settings:
            return
        self._publication, self._settings = publication, settings
        self._pages = {}
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

    async def page(self, path: str, *, with_token: bool, render: Callable[[], Document]) -> Ready:
        """Return the page of a feed, rendering it if need be; its links may carry the token."""
        task = self._pages.get((path, with_token))
        if task is None or _is_spoilt(task):
            task = self._pages[path, with_token] = _in_thread(lambda: prepare(render(), None))
        return await asyncio.shield(task)


def _in_thread(make: Callable[[], Ready]) -> asyncio.Task[Ready]:
    return asyncio.create_task(asyncio.to_thread(make))


def _is_spoilt(task: asyncio.Task[Ready]) -> bool:
    """Say whether making it failed: the next request tries again."""
    return task.done() and (task.cancelled() or task.exception() is not None)
