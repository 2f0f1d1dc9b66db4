"""The door: rate limit, token, and the fields that every response carries."""

import math
import re
import time
from collections.abc import Callable, Mapping
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from aggregator.serve.access import is_authorised
from aggregator.serve.answer import field, joined, sentence
from aggregator.serve.client import Address, bucket_of, client_address
from aggregator.serve.limit import Limiter
from aggregator.serve.settings import ServeSettings

UNGUARDED: Final = {"/healthz", "/readyz"}  # must say how we are, not how busy the asker is
_CONTROL: Final = re.compile("[\\x00-\\x1f\\x7f]")
OPEN: Final = ("/static/",)  # the same for everybody, without a word of what we publish
POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
ALWAYS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",  # the address may carry the token
}


class Guard:
    """Answers for the application whoever may not pass."""

    def __init__(self, app: ASGIApp, settings: Callable[[], ServeSettings], limiter: Limiter) -> None:
        self._app = app
        self._settings = settings
        self._limiter = limiter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_fields(message: Message) -> None:
            if message["type"] == "http.response.start":
                fields = MutableHeaders(scope=message)
                for name, value in ALWAYS.items():
                    fields.setdefault(name, value)
            await send(message)

        refusal = self._refusal(scope) if scope["type"] == "http" else None
        await (refusal or self._app)(scope, receive, send_with_fields)

    def _refusal(self, scope: Scope) -> Response | None:
        if scope["path"] in UNGUARDED:
            return None
        return self._too_many(scope) or self._misnamed(scope) or self._unknown(scope)

    def _misnamed(self, scope: Scope) -> Response | None:
        """404 for what is no address of ours: routes overlook a last line feed, which the token's path has."""
        if _CONTROL.search(scope["path"]) is None:
            return None
        return sentence(404, "Nothing is published at this address.")

    def _too_many(self, scope: Scope) -> Response | None:
        """429 with the whole seconds to wait (RFC 6585 §4, RFC 9110 §10.2.3)."""
        settings = self._settings()
        if settings.rate_limit is None:
            return None
        address = asking_address(scope, settings)
        seconds = self._limiter.wait(bucket_of(address), settings.rate_limit, now=time.monotonic())
        if not seconds:
            return None
        retry_after = str(math.ceil(seconds))
        return sentence(
            429, f"Too many requests: come back in {retry_after} s.", {"Retry-After": retry_after}
        )

    def _unknown(self, scope: Scope) -> Response | None:
        """401 for whoever does not show the token (RFC 9110 §15.5.2, RFC 6750 §3)."""
        if scope["path"].startswith(OPEN):
            return None
        authorization = field(Headers(scope=scope), "authorization")
        tokens = self._settings().tokens(scope["path"])
        if is_authorised(tokens, query=scope["query_string"], authorization=authorization):
            return None
        return sentence(
            401,
            "A token is needed: add ?token=… to the address, or send it as Authorization: Bearer.",
            {"WWW-Authenticate": 'Bearer realm="aggregator"'},
        )


def is_admitted(scope: Scope, asked: Mapping[str, str], settings: ServeSettings, limiter: Limiter) -> bool:
    """Say whether `Guard` lets a request pass; it counts against the rate limit only if so.

    `asked` are its fields, each with its lines joined.
    """
    tokens = settings.tokens(scope["path"])
    if tokens and not is_authorised(
        tokens, query=scope["query_string"], authorization=asked.get("authorization")
    ):
        return False
    if settings.rate_limit is None:
        return True
    bucket = bucket_of(address_in(scope, asked, settings))
    return not limiter.wait(bucket, settings.rate_limit, now=time.monotonic())


def asking_address(scope: Scope, settings: ServeSettings) -> Address | None:
    """Return the address of the client of a request, as far as trusted proxies tell it."""
    return address_in(scope, joined(scope), settings)


def address_in(scope: Scope, asked: Mapping[str, str], settings: ServeSettings) -> Address | None:
    """Return it likewise, `asked` being the fields of the request."""
    return client_address(
        scope["client"][0] if scope["client"] else None,
        forwarded=asked.get("forwarded"),
        x_forwarded_for=asked.get("x-forwarded-for"),
        trusted=settings.trusted_proxies,
    )
