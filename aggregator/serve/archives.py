"""Pages of feeds' archives (RFC 5005): made when asked for, and never again other ones."""

from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from aggregator.model import Absence, Document
from aggregator.serve.answer import answer, cache_control, sentence
from aggregator.serve.settings import ServeSettings
from aggregator.serve.shelf import Ready, prepare, weight
from aggregator.serve.turns import Turns

KEPT_BYTES: Final = 32 * 1024 * 1024  # of pages asked for lately, in every coding: a walker comes with others


class Archives:
    """Answers for what lies below /archive/."""

    def __init__(
        self,
        find: Callable[[str], Document | Absence] | None,
        settings: Callable[[], ServeSettings],
    ) -> None:
        self._find = find
        self._settings = settings
        self._turns = Turns()
        self._kept: OrderedDict[Document, Ready] = OrderedDict()

    async def page(self, request: Request) -> Response:
        """Answer with a page; 410 when retention has let it go: there the chain of pages ends."""
        address = request.path_params["path"]
        found = Absence.NEVER if self._find is None else await self._turns.make(partial(self._find, address))
        if found is Absence.DROPPED:
            return sentence(410, "This page was kept as long as the archive keeps its entries.")
        if isinstance(found, Absence):
            raise HTTPException(404)
        ready = await self._ready(found)
        settings = self._settings()
        path = f"archive/{request.path_params['path']}"
        link = {"Link": f'<{settings.public_url}/{path}>; rel="self"'}
        control = cache_control(settings, path, for_ever=True)
        return answer(request, ready, cache_control=control, headers=link)

    async def _ready(self, page: Document) -> Ready:
        """Compress a page, unless these bytes have been lately: it takes some hundred times as long as to find them."""
        ready = self._kept.get(page)
        if ready is None:
            ready = self._kept[page] = await self._turns.make(lambda: prepare(page, None))
        self._kept.move_to_end(page)
        while sum(map(weight, self._kept.values())) > KEPT_BYTES and len(self._kept) > 1:
            self._kept.popitem(last=False)
        return ready
