"""Runs the application with uvicorn, as a guest in a loop that belongs to the daemon."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

import uvicorn
from starlette.types import ASGIApp, Scope

from aggregator.serve.app import Application
from aggregator.serve.connection import Connection, Limits
from aggregator.serve.listen import BACKLOG, listen, socket_file, tidy
from aggregator.serve.settings import Network

DATE_SECONDS: Final = 1.0  # how old the Date field may be
STOP_DEADLINE: Final = timedelta(seconds=3)  # for answers under way to be taken


class _Guest(uvicorn.Server):
    """Leaves the signals to the daemon, says when it serves, and sleeps when there is nothing to do."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.serving = asyncio.Event()
        self._leaving = asyncio.Event()

    def leave(self) -> None:
        self.should_exit = True
        self._leaving.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.serving.set()

    async def main_loop(self) -> None:
        """Renew the Date field once a second; uvicorn's own loop wakes ten times as often."""
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(DATE_SECONDS):
                    await self._leaving.wait()


def _never(scope: Scope) -> None:
    """Leave every request to the application."""


class Server:
    """Serves one application on one socket, from `start` to `stop`.

    `trusted_proxies` may have as many connections as they like, others a few each.
    """

    listen = staticmethod(listen)

    def __init__(
        self, *, limits: Limits | None = None, trusted_proxies: Callable[[], Sequence[Network]] = tuple
    ) -> None:
        self._limits = limits or Limits()
        self._trusted_proxies = trusted_proxies
        self._guest: _Guest | None = None
        self._socket_file: Path | None = None
        self._serving: asyncio.Task[None] | None = None

    async def start(self, app: ASGIApp, listening: socket.socket) -> None:
        """Begin to answer on a socket from `listen`; returns once it does."""
        self._socket_file = socket_file(listening)
        self._guest = _Guest(self._configuration(app))
        self._serving = asyncio.create_task(self._guest.serve(sockets=[listening]), name="serve")
        started = asyncio.create_task(self._guest.serving.wait())
        await asyncio.wait({started, self._serving}, return_when=asyncio.FIRST_COMPLETED)
        if self._serving.done():
            started.cancel()
            await self._serving  # raises what went wrong

    async def stop(self, deadline: timedelta = STOP_DEADLINE) -> None:
        """Take no more requests, let answers be taken until `deadline`, then hang up; safe to repeat."""
        if self._guest is None or self._serving is None:
            return
        guest, serving = self._guest, self._serving
        self._guest = self._serving = None
        guest.leave()
        await asyncio.wait({serving}, timeout=deadline.total_seconds())
        guest.force_exit = True
        for connection in list(guest.server_state.connections):
            connection.transport.abort()
        await serving
        tidy(self._socket_file)

    def _configuration(self, app: ASGIApp) -> uvicorn.Config:
        class Ours(Connection):
            limits = self._limits
            trusted_proxies = staticmethod(self._trusted_proxies)
            not_modified = staticmethod(app.not_modified if isinstance(app, Application) else _never)

        return uvicorn.Config(
            app,
            http=Ours,
            ws="none",
            loop="none",
            interface="asgi3",
            lifespan="off",
            log_config=None,
            log_level="error",  # malformed requests are no news; bugs in the application are
            access_log=False,
            server_header=False,
            proxy_headers=False,  # we judge them ourselves
            backlog=BACKLOG,
            limit_concurrency=self._limits.connections,
            timeout_keep_alive=int(self._limits.idle.total_seconds()),
        )
