"""The ASGI application: which address answers what."""

import json
from collections.abc import Callable
from importlib.resources import files
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.types import Scope

from aggregator.emit import FORMATS
from aggregator.model import Absence, Document, MergedFeed, Publication, Status
from aggregator.serve.access import is_authorised
from aggregator.serve.answer import NO_STORE, PieceByPiece, answer, cache_control, sentence
from aggregator.serve.archives import Archives
from aggregator.serve.feeds import WHOLE, Feeds, Live, asked_of
from aggregator.serve.guard import POLICY, Guard, is_admitted
from aggregator.serve.limit import Limiter
from aggregator.serve.pages import (
    Pages,
    Place,
    Render,
    Site,
    place_of,
    river_document,
    status_facts,
    story_document,
)
from aggregator.serve.probes import Probes
from aggregator.serve.settings import ServeSettings
from aggregator.serve.shelf import Made, Ready, Shelf, prepare
from aggregator.serve.subscribers import Subscribers
from aggregator.serve.turns import RETRY_SECONDS, Overloaded, Turns

STATIC: Final = {"static/style.css": "text/css; charset=utf-8", "static/icon.svg": "image/svg+xml"}
STATIC_CACHE: Final = "public, max-age=31536000, immutable"  # pages ask for it by version
SEARCH: Final = "search"  # path of the feed of what a search finds
OPML: Final = "opml.xml"
# Pictures and recordings of a story come from its publisher.
STORY_POLICY: Final = POLICY.replace("img-src 'self'", "img-src http: https:; media-src http: https:")
ALLOW: Final = {"Allow": "GET, HEAD"}


class Application(Starlette):
    """Also answers what most requests are, readers that have the newest feed, before they are requests to Starlette."""

    feeds: Feeds
    settings: Callable[[], ServeSettings]
    limiter: Limiter

    def not_modified(self, scope: Scope) -> bytes | None:
        """Return the fields of a 304, as they are sent; None when the application is to answer as usual.

        That it is a 304 is known before the request counts against the rate limit: None has no effect.
        """
        unchanged = self.feeds.unchanged(scope)
        if unchanged is None or not is_admitted(scope, unchanged.asked, self.settings(), self.limiter):
            return None
        return self.feeds.not_modified(unchanged)


def create_app(
    *,
    publication: Callable[[], Publication],
    status: Callable[[], Status],
    settings: Callable[[], ServeSettings],
    live: Live | None = None,
    subscribers: Subscribers | None = None,
    archive: Callable[[str], Document | Absence] | None = None,
    usable: Callable[[], None] | None = None,
    measured: Callable[[], bytes] | None = None,
) -> "Application":
    """Return the application; what it serves is asked for anew at every request.

    `status`, `live`, which makes feeds that are not published, `archive`, which returns a page by its address
    below archive/, `usable`, which raises when the store or the workers cannot be used, and `measured`, which returns
    the metrics, may take their time (they read the store): they are called from a thread. The others must not.
    `subscribers` is told who is given a feed.
    """
    feeds = Feeds(publication, settings, live, subscribers)
    answers = _Answers(publication, status, settings, feeds)
    limiter = Limiter()
    probes = Probes(publication, usable, measured)
    app = Application(
        routes=[
            Route("/", answers.river),
            Route("/healthz", probes.alive),
            Route("/readyz", probes.ready),
            Route("/metrics", probes.metrics),
            Route("/status", answers.status_page),
            Route("/health", answers.health_page),
            Route("/status.json", answers.status_json),
            Route("/opml", answers.opml),
            Route("/static/{name}", answers.static),
            Route("/archive/{path:path}", Archives(archive, settings).page),
            Route("/stories/{story_id:path}", answers.story),
            Route("/search", answers.search),
            Route("/{path:path}", answers.published),
        ],
        middleware=[Middleware(Guard, settings=settings, limiter=limiter)],
        exception_handlers={
            400: answers.refused,
            404: answers.not_found,
            405: not_allowed,
            503: not_now,
            Overloaded: overloaded,
        },
    )
    app.feeds, app.settings, app.limiter = feeds, settings, limiter
    app.router.redirect_slashes = False  # its redirects name the host we were asked for, not the proxy's
    return app


class _Answers:
    def __init__(
        self,
        publication: Callable[[], Publication],
        status: Callable[[], Status],
        settings: Callable[[], ServeSettings],
        feeds: Feeds,
    ) -> None:
        self._publication = publication
        self._status = status
        self._settings = settings
        self._feeds = feeds
        self._shelf = Shelf()
        self._pages = Pages()
        self._turns = Turns(at_once=1)  # for pages that are not kept
        self._static = static_files()

    async def health_page(self, request: Request) -> Response:
        """The page of the feed of that name is the one that says how sources are now."""
        location = self._place(request).link("status")
        return Response(status_code=301, headers={"Location": location} | NO_STORE)

    async def static(self, request: Request) -> Response:
        ready = self._static.get(f"static/{request.path_params['name']}")
        if ready is None:
            raise HTTPException(404)
        return answer(request, ready, cache_control=STATIC_CACHE)

    async def opml(self, request: Request) -> Response:
        return await self._feeds.answer(request, OPML)

    async def published(self, request: Request) -> Response:
        """Answer with the page of the feed of that path, else with the document."""
        path = request.path_params["path"]
        named = any(feed.path == path for feed in self._publication().feeds[1:])
        if named or path.rpartition(".")[2] not in FORMATS:
            feed = await self._feeds.feed_at(path, asked_of(request))
            if feed is not None:
                return await self._feed_page(request, feed)
        return await self._feeds.answer(request, path)

    async def story(self, request: Request) -> Response:
        """Answer with a story of our feeds, by its id; one that has been joined is found under its new one."""
        path = f"stories/{request.path_params['story_id']}"
        feed = await self._feeds.feed_at(path, WHOLE)
        if feed is None:
            raise HTTPException(404)
        place = self._place(request)
        if feed.path != path:
            return Response(status_code=301, headers={"Location": place.story(feed.entries[0])} | NO_STORE)
        response = await self._page(request, feed, story_document)
        response.headers["Content-Security-Policy"] = STORY_POLICY
        return response

    async def search(self, request: Request) -> Response:
        """Answer with a form, and with what is found if anything is asked for."""
        asked, complaint, feed = asked_of(request), "", None
        if asked.words:
            try:
                feed = await self._feeds.feed_at(SEARCH, asked)
            except HTTPException as exc:
                complaint = exc.detail
        site, place = self._site(), self._place(request)
        body = await self._turns.make(
            lambda: self._pages.search(site, place, words=asked.words, feed=feed, complaint=complaint)
        )
        return HTMLResponse(body, 400 if complaint else 200, headers=NO_STORE)

    async def river(self, request: Request) -> Response:
        publication = self._publication()
        if publication.feeds:
            return await self._feed_page(request, publication.feeds[0])
        body = self._pages.river(self._site(), self._place(request), None)
        return HTMLResponse(body, headers=NO_STORE)

    async def status_page(self, request: Request) -> Response:
        site, place = self._site(), self._place(request)
        body = await self._turns.make(lambda: self._pages.status(site, place, self._status()))
        return PieceByPiece(body, headers=NO_STORE, media_type="text/html")

    async def status_json(self, request: Request) -> Response:  # noqa: ARG002 (its signature)
        body = await self._turns.make(self._status_as_json)
        return PieceByPiece(body, headers=NO_STORE, media_type="application/json")

    def _status_as_json(self) -> bytes:
        return json.dumps(status_facts(self._status()), ensure_ascii=False).encode()

    async def not_found(self, request: Request, exc: Exception) -> Response:  # noqa: ARG002 (its signature)
        return self._message(request, 404, "Not found", "Nothing is published at this address.")

    async def refused(self, request: Request, exc: Exception) -> Response:
        assert isinstance(exc, HTTPException)
        return self._message(request, 400, "This cannot be read", exc.detail)

    def _message(self, request: Request, status: int, title: str, text: str) -> Response:
        """Say it as a page to who reads pages."""
        if "text/html" not in request.headers.get("accept", ""):
            return sentence(status, text)
        body = self._pages.message(self._site(), self._place(request), title=title, text=text)
        return HTMLResponse(body, status, headers=NO_STORE)

    async def _feed_page(self, request: Request, feed: MergedFeed) -> Response:
        return await self._page(request, feed, river_document)

    async def _page(self, request: Request, feed: MergedFeed, render: Render) -> Response:
        site, place, settings = self._site(), self._place(request), self._settings()

        def make() -> Made:
            return Made(prepare(render(self._pages, site, place, feed), None), feed)

        self._shelf.turn_to(self._publication())
        made = await self._shelf.made((id(feed), place, settings), make)  # which it keeps alive
        return answer(request, made.ready, cache_control=cache_control(settings, feed.path))

    def _site(self) -> Site:
        """Feeds that ask for a token of their own are not named to everybody."""
        private = {path for path, tokens in self._settings().feed_tokens if tokens}
        return Site(
            title=self._settings().title,
            feeds=tuple(feed for feed in self._publication().feeds if feed.path not in private),
            style=self._versioned("static/style.css"),
            icon=self._versioned("static/icon.svg"),
        )

    def _versioned(self, path: str) -> str:
        version = self._static[path].etag.strip('"')
        return f"{path}?v={version}"

    def _place(self, request: Request) -> Place:
        """Let links carry the token on for a reader whose own address carries it."""
        query, tokens = request.scope["query_string"], self._settings().tokens(request.scope["path"])
        shown = (token for token in tokens if is_authorised([token], query=query, authorization=None))
        return place_of(request.scope["raw_path"], token=next(shown, None))


def not_allowed(request: Request, exc: Exception) -> Response:  # noqa: ARG001 (its signature)
    """Refuse other methods, saying which there are (RFC 9110 §15.5.6)."""
    return sentence(405, "Only GET and HEAD are answered here.", ALLOW)


def not_now(request: Request, exc: Exception) -> Response:  # noqa: ARG001 (its signature)
    """Ask to come back later (RFC 9110 §15.6.4)."""
    assert isinstance(exc, HTTPException)
    return sentence(503, exc.detail, exc.headers)


def overloaded(request: Request, exc: Exception) -> Response:  # noqa: ARG001 (its signature)
    """Send away whoever would have to wait too long (RFC 9110 §15.6.4)."""
    wait = {"Retry-After": str(RETRY_SECONDS)}
    return sentence(503, f"Too much is asked for at once: come back in {RETRY_SECONDS} s.", wait)


def static_files() -> dict[str, Ready]:
    """Read what pages need besides themselves; it is the same for everybody."""
    package = files("aggregator.serve")
    return {
        path: prepare(
            Document(path=path, body=(package / path).read_bytes(), content_type=content_type), None
        )
        for path, content_type in STATIC.items()
    }
