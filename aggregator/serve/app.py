"""The ASGI application: which address answers what."""

import asyncio
import json
from collections.abc import Callable
from importlib.resources import files
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from aggregator.model import Absence, Document, MergedFeed, Publication, Status
from aggregator.serve.access import is_authorised
from aggregator.serve.answer import (
    NO_STORE,
    PieceByPiece,
    answer,
    cache_control,
    field,
    self_link,
    sentence,
)
from aggregator.serve.archives import Archives
from aggregator.serve.guard import Guard, asking_address
from aggregator.serve.pages import Pages, Place, Site, place_of, river_document, status_facts
from aggregator.serve.settings import ServeSettings
from aggregator.serve.shelf import Ready, Shelf, prepare
from aggregator.serve.subscribers import Subscribers

STATIC: Final = {"static/style.css": "text/css; charset=utf-8", "static/icon.svg": "image/svg+xml"}
STATIC_CACHE: Final = "public, max-age=31536000, immutable"  # pages ask for it by version
OPML: Final = "opml.xml"
FEEDS: Final = (".atom", ".rss", ".json")  # documents that readers subscribe to
GIVEN: Final = {200, 226, 304}  # statuses that say: here it is, or you have it
NOT_YET_SECONDS: Final = 10  # to come back after, when nothing has been published since the start
ALLOW: Final = {"Allow": "GET, HEAD"}


def create_app(
    *,
    publication: Callable[[], Publication],
    status: Callable[[], Status],
    settings: Callable[[], ServeSettings],
    subscribers: Subscribers | None = None,
    archive: Callable[[str], Document | Absence] | None = None,
) -> Starlette:
    """Return the application; what it serves is asked for anew at every request.

    `status` may take its time (it reads the store): it is called from a thread. The others must not.
    `subscribers` is told who is given a feed. `archive` returns a page by its address below
    archive/, and may take its time, too.
    """
    answers = _Answers(publication, status, settings, subscribers)
    app = Starlette(
        routes=[
            Route("/", answers.river),
            Route("/healthz", answers.health),
            Route("/status", answers.status_page),
            Route("/status.json", answers.status_json),
            Route("/opml", answers.opml),
            Route("/static/{name}", answers.static),
            Route("/archive/{path:path}", Archives(archive, settings).page),
            Route("/{path:path}", answers.published),
        ],
        middleware=[Middleware(Guard, settings=settings)],
        exception_handlers={404: answers.not_found, 405: not_allowed},
    )
    app.router.redirect_slashes = False  # its redirects name the host we were asked for, not the proxy's
    return app


class _Answers:
    def __init__(
        self,
        publication: Callable[[], Publication],
        status: Callable[[], Status],
        settings: Callable[[], ServeSettings],
        subscribers: Subscribers | None,
    ) -> None:
        self._publication = publication
        self._status = status
        self._settings = settings
        self._subscribers = subscribers
        self._shelf = Shelf()
        self._pages = Pages()
        self._static = static_files()

    async def health(self, request: Request) -> Response:  # noqa: ARG002 (its signature)
        return PlainTextResponse("ok\n", headers=NO_STORE)

    async def static(self, request: Request) -> Response:
        ready = self._static.get(f"static/{request.path_params['name']}")
        if ready is None:
            raise HTTPException(404)
        return answer(request, ready, cache_control=STATIC_CACHE)

    async def opml(self, request: Request) -> Response:
        return await self._document(request, self._publication(), OPML)

    async def published(self, request: Request) -> Response:
        """Answer with the page of the feed of that path, else with the document."""
        path, publication = request.path_params["path"], self._publication()
        for feed in publication.feeds[1:]:
            if feed.path == path:
                return await self._feed_page(request, publication, feed)
        return await self._document(request, publication, path)

    async def river(self, request: Request) -> Response:
        publication = self._publication()
        if publication.feeds:
            return await self._feed_page(request, publication, publication.feeds[0])
        body = self._pages.river(self._site(), self._place(request), None)
        return HTMLResponse(body, headers=NO_STORE)

    async def status_page(self, request: Request) -> Response:
        site, place = self._site(), self._place(request)
        body = await asyncio.to_thread(lambda: self._pages.status(site, place, self._status()))
        return PieceByPiece(body, headers=NO_STORE, media_type="text/html")

    async def status_json(self, request: Request) -> Response:  # noqa: ARG002 (its signature)
        body = await asyncio.to_thread(self._status_as_json)
        return PieceByPiece(body, headers=NO_STORE, media_type="application/json")

    def _status_as_json(self) -> bytes:
        return json.dumps(status_facts(self._status()), ensure_ascii=False).encode()

    async def not_found(self, request: Request, exc: Exception) -> Response:  # noqa: ARG002 (its signature)
        text = "Nothing is published at this address."
        if "text/html" not in request.headers.get("accept", ""):
            return sentence(404, text)
        body = self._pages.message(self._site(), self._place(request), title="Not found", text=text)
        return HTMLResponse(body, 404, headers=NO_STORE)

    async def _document(self, request: Request, publication: Publication, path: str) -> Response:
        """404 for what is not there; but 503 before the first publication, lest readers unsubscribe."""
        published, settings = publication.published.get(path), self._settings()
        if published is None and publication.published:
            raise HTTPException(404)
        if published is None:
            return sentence(503, "Nothing has been published yet.", {"Retry-After": str(NOT_YET_SECONDS)})
        self._shelf.turn_to(publication, settings)
        ready = await self._shelf.document(path, published)
        link = self_link(settings, path)
        response = answer(request, ready, cache_control=cache_control(settings), headers=link)
        if response.status_code in GIVEN and path.endswith(FEEDS):
            self._note_reader(request, path)
        return response

    def _note_reader(self, request: Request, path: str) -> None:
        if self._subscribers is not None:
            address = asking_address(request.scope, self._settings())
            self._subscribers.note(address, field(request.headers, "user-agent") or "", path)

    async def _feed_page(self, request: Request, publication: Publication, feed: MergedFeed) -> Response:
        site, place, settings = self._site(), self._place(request), self._settings()
        self._shelf.turn_to(publication, settings)
        ready = await self._shelf.page(
            feed.path,
            with_token=bool(place.query),
            render=lambda: river_document(self._pages, site, place, feed),
        )
        return answer(request, ready, cache_control=cache_control(settings))

    def _site(self) -> Site:
        return Site(
            title=self._settings().title,
            feeds=self._publication().feeds,
            style=self._versioned("static/style.css"),
            icon=self._versioned("static/icon.svg"),
        )

    def _versioned(self, path: str) -> str:
        version = self._static[path].identity.etag.strip('"')
        return f"{path}?v={version}"

    def _place(self, request: Request) -> Place:
        """Let links carry the token on for a reader whose own address carries it."""
        token = self._settings().token
        came_with_it = is_authorised(token, query=request.scope["query_string"], authorization=None)
        return place_of(request.scope["raw_path"], token=token if came_with_it else None)


def not_allowed(request: Request, exc: Exception) -> Response:  # noqa: ARG001 (its signature)
    """Refuse other methods, saying which there are (RFC 9110 §15.5.6)."""
    return sentence(405, "Only GET and HEAD are answered here.", ALLOW)


def static_files() -> dict[str, Ready]:
    """Read what pages need besides themselves; it is the same for everybody."""
    package = files("aggregator.serve")
    return {
        path: prepare(
            Document(path=path, body=(package / path).read_bytes(), content_type=content_type), None
        )
        for path, content_type in STATIC.items()
    }
