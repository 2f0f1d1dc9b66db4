"""Names to addresses, without letting slow name servers hold up anything else."""

import asyncio
import socket
import threading
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult

LOOKUPS_AT_ONCE = 32


class ThreadResolver(AbstractResolver):
    """getaddrinfo in daemon threads of its own.

    aiohttp's own resolver uses the loop's default executor: a handful of names that time out would
    occupy all of its threads, and the daemon could not stop before the last of them gave up.
    """

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(LOOKUPS_AT_ONCE)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses of `host`; OSError if it has none."""
        async with self._places:
            found = await _lookup(host, port, family)
        results = [_result(host, info) for info in found if info[0] in {socket.AF_INET, socket.AF_INET6}]
        if not results:
            raise OSError(None, "it has no address")
        return results

    async def close(self) -> None:
        """Nothing to close: threads end with their lookup, or with the process."""


async def _lookup(host: str, port: int, family: int) -> list[Any]:
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[list[Any]] = loop.create_future()

    def tell(found: list[Any] | OSError) -> None:
        if answer.done():
            return  # nobody waits any more
        if isinstance(found, OSError):
            answer.set_exception(found)
        else:
            answer.set_result(found)

    def work() -> None:
        found: list[Any] | OSError
        try:
            found = socket.getaddrinfo(
                host, port, family=family, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG
            )
        except OSError as exc:
            found = exc
        except UnicodeError as exc:  # a label that is empty or too long
            found = OSError(None, f"it is no valid name: {exc}")
        try:
            loop.call_soon_threadsafe(tell, found)
        except RuntimeError:
            return  # the loop was closed while the name server thought about it

    threading.Thread(target=work, name="lookup", daemon=True).start()
    return await answer


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
