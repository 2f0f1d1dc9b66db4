"""Answers with feeds: those that are published, and those that are made when somebody asks for them."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Final, TypeAlias

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from aggregator import metrics
from aggregator.emit import FORMATS, emit_as
from aggregator.errors import QueryError, StoreError
from aggregator.health import HEALTH
from aggregator.model import Asked, MergedFeed, Publication, Published
from aggregator.pipeline.demand import is_on_demand
from aggregator.serve.answer import (
    answer,
    cache_control,
    delta_answer,
    field,
    fields_of_both,
    joined,
    sentence,
)
from aggregator.serve.asked import AskedWrongly, read_query
from aggregator.serve.conditional import is_unchanged
from aggregator.serve.delta import Deltas, wants_delta
from aggregator.serve.guard import ALWAYS, address_in, asking_address
from aggregator.serve.negotiate import choose_coding
from aggregator.serve.settings import ServeSettings
from aggregator.serve.shelf import MADE_MOST, Made, Ready, Shelf, prepare
from aggregator.serve.subscribers import Subscribers
from aggregator.serve.turns import SEARCHING_MOST, Turns

Live: TypeAlias = Callable[[str, Asked], MergedFeed | None]
GIVEN: Final = {200, 226, 304}  # statuses that say: here it is, or you have it
NOT_YET_SECONDS: Final = 10  # to come back after, when nothing has been published since the start
NO_STORAGE: Final = "What is stored cannot be read at the moment; the published feeds are served as before."
READ: Final = {"GET", "HEAD"}
WHOLE: Final = Asked()
EARLIEST: Final = datetime.min.replace(tzinfo=UTC)
SECOND: Final = timedelta(seconds=1)  # what dates of HTTP tell apart


@dataclass(frozen=True, slots=True, kw_only=True)
class _Standing:
    """A feed of the present publication, ready to be sent under the present settings."""

    ready: Ready
    feed: MergedFeed
    name: str  # its path with the extension
    address: str
    fields: Mapping[str, bytes]  # of a 304 as they are sent, by content coding


@dataclass(frozen=True, slots=True)
class Unchanged:
    """A request whose answer is 304."""

    scope: Scope
    asked: Mapping[str, str]  # its fields
    coding: str
    standing: _Standing


class Feeds:
    """`live` makes a feed now, in a thread; it returns None, or raises `QueryError` for a search it cannot answer."""

    def __init__(
        self,
        publication: Callable[[], Publication],
        settings: Callable[[], ServeSettings],
        live: Live | None,
        subscribers: Subscribers | None,
    ) -> None:
        self._publication = publication
        self._settings = settings
        self._live = live
        self._subscribers = subscribers
        self._shelf = Shelf()
        self._searching = Turns(at_once=1, waiting_most=SEARCHING_MOST)  # the store makes one at a time
        self._deltas = Deltas()
        self._standing_of: tuple[Publication, ServeSettings | None] = (Publication(), None)
        self._standing: dict[str, _Standing] = {}  # what has been asked for since it was published, by path
        self._dates: OrderedDict[str, tuple[str, datetime]] = OrderedDict()

    def unchanged(self, scope: Scope) -> Unchanged | None:
        """Say whether a request is for a feed at its plain address that the client has; without any effect.

        None too where that cannot be told at once.
        """
        standing = self._standing.get(scope["path"][1:]) if self._stands() else None
        if standing is None or scope["query_string"] or scope["method"] not in READ:
            return None
        asked = joined(scope)
        coding = choose_coding(asked.get("accept-encoding"))
        if coding is None:
            return None
        known = is_unchanged(
            etag=standing.ready.coded[coding].etag,
            modified_at=standing.ready.modified_at,
            if_none_match=asked.get("if-none-match"),
            if_modified_since=asked.get("if-modified-since"),
        )
        return Unchanged(scope, asked, coding, standing) if known else None

    def not_modified(self, unchanged: Unchanged) -> bytes:
        """Give the 304: what `answer` would do. Returns its fields as they are sent."""
        standing = unchanged.standing
        self._deltas.note(standing.address, standing.feed, standing.ready.etags)
        metrics.count_request(standing.name.rpartition(".")[2], HTTPStatus.NOT_MODIFIED)
        if self._subscribers is not None:
            who = address_in(unchanged.scope, unchanged.asked, self._settings())
            self._subscribers.note(who, unchanged.asked.get("user-agent", ""), standing.name)
        return standing.fields[unchanged.coding]

    def _stands(self) -> bool:
        """Say whether what stands ready is of this publication, and its fields of these settings."""
        return self._publication() is self._standing_of[0] and self._settings() is self._standing_of[1]

    def _let_stand(self, ready: Ready, feed: MergedFeed, extension: str, publication: Publication) -> None:
        settings = self._settings()
        if publication is not self._standing_of[0] or settings is not self._standing_of[1]:
            self._standing_of, self._standing = (publication, settings), {}
        control, name = cache_control(settings, feed.path), f"{feed.path}.{extension}"
        self._standing[name] = _Standing(
            ready=ready,
            feed=feed,
            name=name,
            address=_address(feed, settings.public_url, extension),
            fields={
                coding: _as_sent(fields_of_both(one.etag, control)) for coding, one in ready.coded.items()
            },
        )

    async def answer(self, request: Request, path: str) -> Response:
        """Answer with the document of that path; 404, 400, or 503 before the first publication."""
        publication, asked = self._publication(), asked_of(request)
        published = publication.published.get(path)
        stem, _, extension = path.rpartition(".")
        if not publication.published:
            wait = {"Retry-After": str(NOT_YET_SECONDS)}  # a 404 would make readers unsubscribe
            return sentence(503, "Nothing has been published yet.", wait)
        if published is not None and (asked == WHOLE or extension not in FORMATS):
            return await self._published(request, publication, path, published)
        known = next((feed for feed in publication.feeds if feed.path == stem), None)
        given = FORMATS if known is None else known.formats
        made = await self.made(stem, asked, extension) if extension in given else None
        if made is None:
            raise HTTPException(404)
        return await self._feed(request, made.ready, made.feed, extension)

    async def feed_at(self, path: str, asked: Asked) -> MergedFeed | None:
        """Return a feed for its page; None when there is none of that path. The page of the first is the river."""
        if asked == WHOLE:
            for feed in self._publication().feeds[1:]:
                if feed.path == path:
                    return feed
        live = self._live
        if (
            live is None
            or not self._may_be(path)
            or path in {feed.path for feed in self._publication().feeds[:1]}
        ):
            return None
        self._shelf.turn_to(self._publication())
        with _told_to_asker():
            if asked.words:
                return await self._searching.make(lambda: live(path, asked))
            return await self._shelf.made((path, repr(asked)), lambda: live(path, asked))

    async def made(self, path: str, asked: Asked, extension: str) -> Made | None:
        """Make a feed, unless it has been made since the last publication; what is searched for always."""
        live = self._live
        if live is None or not self._may_be(path):
            return None

        def make() -> Made | None:
            feed = live(path, asked)
            if feed is None:
                return None
            return Made(self._dated(feed.self_url(extension), prepare(emit_as(extension, feed), None)), feed)

        self._shelf.turn_to(self._publication())
        with _told_to_asker():
            if asked.words:
                return await self._searching.make(make)
            return await self._shelf.made((path, repr(asked), extension), make)

    def _may_be(self, path: str) -> bool:
        """Say whether there may be a feed of that path, without a look at the store or a place in line."""
        return is_on_demand(path) or any(feed.path == path for feed in self._publication().feeds)

    def _dated(self, address: str, ready: Ready) -> Ready:
        """Say since when a feed has these bytes, as far as we have seen it; later than the bytes before."""
        etag, modified_at = self._dates.get(address, ("", None))
        if modified_at is None or etag != ready.etag:
            after = EARLIEST if modified_at is None else modified_at + SECOND
            modified_at = max(datetime.now(UTC).replace(microsecond=0), after)
        self._dates[address] = ready.etag, modified_at
        if len(self._dates) > MADE_MOST:
            self._dates.popitem(last=False)
        return replace(ready, modified_at=modified_at)

    async def _published(
        self, request: Request, publication: Publication, path: str, published: Published
    ) -> Response:
        self._shelf.turn_to(publication)
        ready = await self._shelf.document(path, published)
        stem, _, extension = path.rpartition(".")
        feed = next((feed for feed in publication.feeds if feed.path == stem), None)
        if feed is not None and extension in FORMATS:
            if not (self._stands() and path in self._standing):
                self._let_stand(ready, feed, extension, publication)
            return await self._feed(request, ready, feed, extension)
        settings = self._settings()
        return answer(
            request,
            ready,
            cache_control=cache_control(settings, path),
            headers=_itself(f"{settings.public_url}/{path}"),
        )

    async def _feed(self, request: Request, ready: Ready, feed: MergedFeed, extension: str) -> Response:
        """Answer with a feed: whole, or only what is newer than what the client has, or 304."""
        settings = self._settings()
        address = _address(feed, settings.public_url, extension)
        control = cache_control(settings, feed.path)
        response = answer(request, ready, cache_control=control, headers=_itself(address))
        self._deltas.note(address, feed, ready.etags)
        if response.status_code == 200 and wants_delta(field(request.headers, "a-im")):
            found = self._deltas.since(address, field(request.headers, "if-none-match"))
            if found is not None:
                base, ids = found
                part = await self._part(feed, ids, (address, response.headers["ETag"], ids), extension)
                response = delta_answer(response, part, base=base)
        metrics.count_request(extension, response.status_code)
        if response.status_code in GIVEN and self._subscribers is not None and feed.path != HEALTH:
            who = asking_address(request.scope, self._settings())
            agent = field(request.headers, "user-agent") or ""
            self._subscribers.note(who, agent, f"{feed.path}.{extension}")
        return response

    async def _part(
        self, feed: MergedFeed, ids: frozenset[str], key: tuple[Hashable, ...], extension: str
    ) -> Ready:
        """Make a feed with only these of its entries."""

        def make() -> Ready:
            newer = replace(feed, entries=tuple(entry for entry in feed.entries if entry.id in ids))
            return prepare(emit_as(extension, newer), None)

        return await self._shelf.made(key, make)


@contextmanager
def _told_to_asker() -> Iterator[None]:
    """A search that cannot be answered is told to whoever asked, and a store that cannot be read."""
    try:
        yield
    except QueryError as exc:
        raise HTTPException(400, str(exc)) from exc
    except StoreError as exc:
        raise HTTPException(503, NO_STORAGE, {"Retry-After": str(NOT_YET_SECONDS)}) from exc


def _as_sent(fields: Mapping[str, str]) -> bytes:
    """Write the fields of a response, and those of every response, as they are sent (RFC 9112 §5)."""
    return "".join(f"{name.lower()}: {value}\r\n" for name, value in (ALWAYS | dict(fields)).items()).encode(
        "latin-1"
    )


def _address(feed: MergedFeed, public_url: str, extension: str) -> str:
    """Return a feed's own address, by the base that is configured now."""
    same = feed if feed.public_url == public_url else replace(feed, public_url=public_url)
    return same.self_url(extension)


def _itself(address: str) -> dict[str, str]:
    """Name the address of a document in a Link field (RFC 8288)."""
    return {"Link": f'<{address}>; rel="self"'}


def asked_of(request: Request) -> Asked:
    """Return what the query of a request asks; 400 when it cannot be read."""
    try:
        return read_query(request.scope["query_string"])
    except AskedWrongly as exc:
        raise HTTPException(400, str(exc)) from exc
