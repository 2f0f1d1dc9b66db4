"""How much a publisher may send that is no body: bounds that aiohttp does not have.

It bounds each header and their number, but neither the interim responses and blank lines before an
answer nor what stands around the chunks of a body, and parses whatever one read brings at a stretch.
A deadline ends all of that too; until then it would cost all other polls their share of the CPU.
"""

import asyncio
from typing import Any

from aiohttp import ClientPayloadError, StreamReader
from aiohttp.client_proto import ResponseHandler
from aiohttp.http import HttpProcessingError, RawResponseMessage

MAX_HEAD = 2**16  # bytes before a body: headers, and interim responses (RFC 9110 §15.2)
# Bytes around a body of no bytes: chunk sizes, extensions, trailers (RFC 9112 §7.1). No less than asyncio
# reads at once: what comes while a body waits to be read is not parsed yet, and looks like framing.
MAX_FRAMING = 2**18
STEP = 2**14  # bytes parsed before we look again


def bounded_handler(loop: asyncio.AbstractEventLoop) -> ResponseHandler:
    """Return our end of a new connection."""
    return _BoundedHandler(loop)


class _BoundedHandler(ResponseHandler):
    """aiohttp's side of a connection; refuses an answer of more than `MAX_HEAD` or too much framing.

    Framing may be as long as the body, and `MAX_FRAMING` more.
    """

    _received = 0  # bytes since the request
    _body: StreamReader | None = None  # of the final answer, once its headers have come

    def set_response_params(self, **params: Any) -> None:
        """Begin another answer: aiohttp calls it for each request."""
        self._received = 0
        self._body = None
        super().set_response_params(**params)

    def feed_data(self, data: tuple[RawResponseMessage, StreamReader], size: int = 0) -> None:
        """Take the headers of an answer, interim or final."""
        message, body = data
        if message.code >= 200:
            self._body = body
        super().feed_data(data, size)

    def data_received(self, data: bytes) -> None:
        """Parse bytes, in steps, until there are too many; no bytes mean that parsing goes on."""
        for start in range(0, max(len(data), 1), STEP):
            piece = data[start : start + STEP]
            super().data_received(piece)
            self._received += len(piece)
            if self.transport is None or self.transport.is_closing():
                return
            if self._exceeds():
                self.transport.close()
                self._refuse()
                return

    def set_exception(self, exc: BaseException, *cause: BaseException) -> None:
        """End the wait for an answer, and for its body: aiohttp forgets that of a body with bad trailers."""
        super().set_exception(exc, *cause)
        if self._body is not None and not self._body.is_eof() and self._body.exception() is None:
            self._body.set_exception(ClientPayloadError(getattr(exc, "message", str(exc))))

    def _exceeds(self) -> bool:
        if self._body is None:
            return self._received > MAX_HEAD
        return self._received > MAX_HEAD + MAX_FRAMING + 2 * self._body.total_bytes

    def _refuse(self) -> None:
        begun = self._body is not None
        what = "more framing than body" if begun else f"more than {MAX_HEAD} bytes before its body"
        self.set_exception(HttpProcessingError(message=what))
