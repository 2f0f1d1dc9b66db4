"""Names to addresses, without letting slow name servers hold up anything else."""

import asyncio
import socket
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult

LOOKUPS_AT_ONCE = 32

Found = list[Any] | OSError  # entries of getaddrinfo, or why there are none


class ThreadResolver(AbstractResolver):
    """getaddrinfo in daemon threads of its own, kept for the next name: a new one costs more than a name.

    aiohttp's own resolver uses the loop's default executor: a handful of names that time out would
    occupy all of its threads, and the daemon could not stop before the last of them gave up.
    """

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(LOOKUPS_AT_ONCE)
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._idle = 0  # threads that wait for a job, or soon will
        self._closed = False

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses of `host`; OSError if it has none."""
        async with self._places:
            found = await self._lookup(host, port, family)
        results = [_result(host, info) for info in found if info[0] in {socket.AF_INET, socket.AF_INET6}]
        if not results:
            raise OSError(None, "it has no address")
        return results

    async def close(self) -> None:
        """Let the threads go: the idle ones at once, the others after their lookup."""
        self._closed = True
        for _ in range(self._idle):
            self._jobs.put(None)
        self._idle = 0

    async def _lookup(self, host: str, port: int, family: int) -> list[Any]:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[list[Any]] = loop.create_future()

        def work() -> None:
            found = _getaddrinfo(host, port, family)
            loop.call_soon_threadsafe(self._tell, answer, found)

        if self._idle:
            self._idle -= 1
        else:
            threading.Thread(target=_serve, args=(self._jobs,), name="lookup", daemon=True).start()
        self._jobs.put(work)
        return await answer

    def _tell(self, answer: asyncio.Future[list[Any]], found: Found) -> None:
        """Take what a thread has found; the thread is free again."""
        # Lookups nobody waits for any more have given up their place, but not yet their thread.
        if self._closed or self._idle >= LOOKUPS_AT_ONCE:
            self._jobs.put(None)
        else:
            self._idle += 1
        if answer.done():
            return
        if isinstance(found, OSError):
            answer.set_exception(found)
        else:
            answer.set_result(found)


def _serve(jobs: SimpleQueue[Callable[[], None] | None]) -> None:
    """Do jobs until there is None: what a thread runs."""
    while (job := jobs.get()) is not None:
        try:
            job()
        except RuntimeError:
            return  # the loop was closed while the name server thought about it


def _getaddrinfo(host: str, port: int, family: int) -> Found:
    try:
        return socket.getaddrinfo(
            host, port, family=family, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG
        )
    except OSError as exc:
        return exc
    except UnicodeError as exc:  # a label that is empty or too long
        return OSError(None, f"it is no valid name: {exc}")


def _result(host: str, info: Any) -> ResolveResult:
    family, _, protocol, _, where = info
    address, port = where[0], where[1]
    if family == socket.AF_INET6 and where[3] and "%" not in address:
        address = f"{address}%{where[3]}"  # a link-local address means nothing without its interface
    return ResolveResult(
        hostname=host,
        host=address,
        port=port,
        family=family,
        proto=protocol,
        flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
    )
