"""Responses: a document to a conditional request, a sentence to a refused one."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from aggregator.serve.conditional import http_date, is_unchanged
from aggregator.serve.negotiate import IDENTITY, choose_coding
from aggregator.serve.settings import ServeSettings
from aggregator.serve.shelf import Ready

PIECE_BYTES: Final = 64 * 1024  # of a body handed over at once: all that a slow client makes us hold for it
KEPT_BY_DELTA: Final = ("ETag", "Last-Modified", "Content-Type", "Content-Encoding", "Link")
FOR_EVER: Final = "max-age=31536000, immutable"
NO_STORE: Final = {"Cache-Control": "no-store"}


class PieceByPiece(Response):
    """A response whose body waits, piece by piece, until the client has taken the piece before."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 (its signature)
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        body = b"" if scope["method"] == "HEAD" else memoryview(self.body)
        end = len(body)
        for start in range(0, max(end, 1), PIECE_BYTES):
            stop = start + PIECE_BYTES
            piece = bytes(body[start:stop])
            await send({"type": "http.response.body", "body": piece, "more_body": stop < end})


def answer(
    request: Request, ready: Ready, *, cache_control: str, headers: Mapping[str, str] | None = None
) -> Response:
    """Answer GET or HEAD with the document, or with 304 if the client has it (RFC 9110 §15.4.5).

    `headers` are more fields of the full answer. 406 when the client refuses every coding we have.
    """
    coding = choose_coding(field(request.headers, "accept-encoding"))
    if coding is None:
        return sentence(
            406,
            "This is served plain, in gzip or in zstd: accept one of them.",
            {"Vary": "Accept-Encoding"},
        )
    chosen = ready.coded[coding]
    both = fields_of_both(chosen.etag, cache_control)
    if is_unchanged(
        etag=chosen.etag,
        modified_at=ready.modified_at,
        if_none_match=field(request.headers, "if-none-match"),
        if_modified_since=field(request.headers, "if-modified-since"),
    ):
        return Response(status_code=304, headers=both)
    full = both | dict(headers or {}) | {"Content-Type": ready.content_type}
    if coding != IDENTITY:
        full["Content-Encoding"] = coding
    if ready.modified_at is not None:  # never later than the answer (RFC 9110 §8.8.2.1)
        full["Last-Modified"] = http_date(min(ready.modified_at, datetime.now(UTC)))
    return PieceByPiece(chosen.body, headers=full)


def fields_of_both(etag: str, cache_control: str) -> dict[str, str]:
    """Return the fields that a 304 has as well as a 200 (RFC 9110 §15.4.5)."""
    return {"ETag": etag, "Cache-Control": cache_control, "Vary": "Accept-Encoding"}


def delta_answer(response: Response, newer: Ready, *, base: str) -> Response:
    """Return 226 with only what is newer than version `base`, in place of the full answer (RFC 3229 §10.4.1).

    The entity tag stays that of the whole feed, which the client has once it has read this. Caches that do not
    know deltas must not keep it.
    """
    coding = response.headers.get("Content-Encoding", IDENTITY)
    named = {name: response.headers[name] for name in KEPT_BY_DELTA if name in response.headers}
    return PieceByPiece(
        newer.coded[coding].body,
        226,
        named
        | {
            "IM": "feed",
            "Delta-Base": base,
            "Cache-Control": "no-store, im",
            "Vary": "Accept-Encoding, A-IM, If-None-Match",
        },
    )


def sentence(status: int, text: str, headers: Mapping[str, str] | None = None) -> Response:
    """Answer with one line of plain text that no cache keeps."""
    return PlainTextResponse(f"{text}\n", status, headers=NO_STORE | dict(headers or {}))


def cache_control(settings: ServeSettings, path: str, *, for_ever: bool = False) -> str:
    """Let caches answer for `max_age`, shared ones only if everybody may read `path` (RFC 9111 §5.2.2).

    `for_ever`: what has this address never changes (RFC 8246).
    """
    scope = "private" if settings.tokens(path) else "public"
    return f"{scope}, {FOR_EVER}" if for_ever else f"{scope}, max-age={int(settings.max_age.total_seconds())}"


def field(headers: Headers, name: str) -> str | None:
    """Return a field with all its lines joined (RFC 9110 §5.3), None when it was not sent."""
    lines = headers.getlist(name)
    return ", ".join(lines) if lines else None


def joined(scope: Scope) -> dict[str, str]:
    """Return all fields of a request so, by their names in small letters."""
    found: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found
