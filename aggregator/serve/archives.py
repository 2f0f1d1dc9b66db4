"""Pages of feeds' archives (RFC 5005): made when asked for, and never again other ones."""

from collections.abc import Callable

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from aggregator.model import Absence, Document
from aggregator.serve.answer import answer, cache_control, sentence
from aggregator.serve.settings import ServeSettings
from aggregator.serve.shelf import Ready, prepare
from aggregator.serve.turns import Turns


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

    async def page(self, request: Request) -> Response:
        """Answer with a page; 410 when retention has let it go: there the chain of pages ends."""
        ready = await self._turns.make(lambda: self._ready(request.path_params["path"]))
        if ready is Absence.DROPPED:
            return sentence(410, "This page was kept as long as the archive keeps its entries.")
        if isinstance(ready, Absence):
            raise HTTPException(404)
        settings = self._settings()
        path = f"archive/{request.path_params['path']}"
        link = {"Link": f'<{settings.public_url}/{path}>; rel="self"'}
        control = cache_control(settings, path, for_ever=True)
        return answer(request, ready, cache_control=control, headers=link)

    def _ready(self, address: str) -> Ready | Absence:
        found = Absence.NEVER if self._find is None else self._find(address)
        return found if isinstance(found, Absence) else prepare(found, None)
