"""What other programs ask about the daemon: whether it lives, whether it is ready, and what it has counted."""

import asyncio
from collections.abc import Callable
from time import monotonic
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from aggregator.errors import AggregatorError, StoreError
from aggregator.logs import log
from aggregator.metrics import CONTENT_TYPE
from aggregator.model import Publication
from aggregator.serve.answer import NO_STORE, PieceByPiece, sentence

NO_STORE_NOW: Final = "The store cannot be used."
NO_READING: Final = "No document can be read."
FRESH_SECONDS: Final = 1.0  # how old what is said of the store may be: anybody may ask, as often as they like


class Probes:
    """`usable` raises `StoreError` when the store cannot be used, and `WorkersUnavailable` when nothing can be read.

    It and `measured` are called from a thread.
    """

    def __init__(
        self,
        publication: Callable[[], Publication],
        usable: Callable[[], None] | None,
        measured: Callable[[], bytes] | None,
    ) -> None:
        self._publication = publication
        self._usable = usable
        self._measured = measured
        self._asking = asyncio.Lock()
        self._asked_at: float | None = None  # monotonic seconds
        self._wrong = ""  # as it was then

    async def alive(self, request: Request) -> Response:  # noqa: ARG002 (its signature)
        return PlainTextResponse("ok\n", headers=NO_STORE)

    async def ready(self, request: Request) -> Response:  # noqa: ARG002 (its signature)
        """503 until something is published, and while nothing can be kept or read. Why is for the log only."""
        if not self._publication().published:
            return sentence(503, "Nothing has been published yet.")
        if wrong := await self._what_is_wrong():
            return sentence(503, wrong)
        return PlainTextResponse("ready\n", headers=NO_STORE)

    async def metrics(self, request: Request) -> Response:  # noqa: ARG002 (its signature)
        if self._measured is None:
            return sentence(404, "Nothing is counted here.")
        try:
            body = await asyncio.to_thread(self._measured)
        except StoreError as exc:
            log.error("metrics", error=str(exc))
            return sentence(503, NO_STORE_NOW)
        return PieceByPiece(body, headers=NO_STORE | {"Content-Type": CONTENT_TYPE})

    async def _what_is_wrong(self) -> str:
        if self._usable is None:
            return ""
        async with self._asking:
            if self._asked_at is None or monotonic() - self._asked_at > FRESH_SECONDS:
                self._wrong = await asyncio.to_thread(self._wrong_now, self._usable)
                self._asked_at = monotonic()
        return self._wrong

    @staticmethod
    def _wrong_now(usable: Callable[[], None]) -> str:
        try:
            usable()
        except AggregatorError as exc:
            log.error("not ready", error=str(exc))
            return NO_STORE_NOW if isinstance(exc, StoreError) else NO_READING
        return ""
