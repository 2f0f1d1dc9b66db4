"""How many files and connections the process may have open, and what is said when that is too few."""

import asyncio
import errno
import resource
from time import monotonic
from typing import Any, Final

from aggregator.breaker import REMIND
from aggregator.logs import log

WANTED: Final = 4096  # for connections of readers and to publishers, the store, pipes of workers
SCARCE: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


def allow_descriptors() -> None:
    """Take as many descriptors as are wanted and may be had: the usual 1,024 are for programs that use select()."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = WANTED if hard == resource.RLIM_INFINITY else min(WANTED, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


class Scarcity:
    """An exception handler of an event loop: where nobody can be let in, it says so now and then.

    asyncio tells it of each connection that waits to be taken, hundreds of times a second.
    """

    def __init__(self) -> None:
        self._said_at: float | None = None

    def __call__(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        exc = context.get("exception")
        if not (isinstance(exc, OSError) and exc.errno in SCARCE and "socket" in context):
            loop.default_exception_handler(context)
        elif self._said_at is None or monotonic() - self._said_at >= REMIND.total_seconds():
            self._said_at = monotonic()
            log.error("serve", error=f"no connection can be taken: {exc.strerror}", limit="ulimit -n")
