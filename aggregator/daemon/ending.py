"""The end of the process: in time, whatever does not end by itself."""

import os
import sys
import threading
from contextlib import suppress
from datetime import timedelta
from typing import NoReturn

from aggregator.errors import AggregatorError
from aggregator.logs import flush, log

LAST_RESORT = timedelta(
    seconds=7
)  # after it was told to stop, or failed: within 10 it must be gone (INTERFACE)
TELLING = timedelta(seconds=1)  # for the last line of the log: whoever reads it may be stuck, too


class LastResort:
    """Ends the process once `LAST_RESORT` has passed since the first `start`, as kill -9 would: nothing is lost by it.

    A thread cannot be cancelled, and may wait for a disk that does not answer, or migrate a large store.
    """

    def __init__(self, within: timedelta = LAST_RESORT) -> None:
        self._failure: BaseException | None = None
        self._within = within
        self._timer: threading.Timer | None = None

    def start(self, failure: BaseException | None = None) -> None:
        """Begin to count, if nobody has; `failure` is why the process ends, and decides its exit code."""
        self._failure = self._failure or failure
        if self._timer is None:
            self._timer = threading.Timer(self._within.total_seconds(), self._end)
            self._timer.daemon = True
            self._timer.start()

    def _end(self) -> None:
        """Say what had to be ended, unless nobody reads what we say."""
        telling = threading.Thread(target=self._tell, daemon=True)
        telling.start()
        telling.join(TELLING.total_seconds())
        failed = self._failure is not None
        os._exit(self._failure.exit_code if isinstance(self._failure, AggregatorError) else int(failed))

    def _tell(self) -> None:
        log.error(
            "stop",
            result="what had not ended was ended",
            after=f"{self._within.total_seconds():g}s",
            busy=", ".join(_busy()),
            **({} if self._failure is None else {"error": str(self._failure) or repr(self._failure)}),
        )
        flush()


def leave(code: int) -> NoReturn:
    """End the process now. Its memory is not tidied up before: that takes seconds when it is large."""
    flush()
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:  # it was closed when Python started
            with suppress(OSError):  # nobody reads it any more
                stream.flush()
    os._exit(code)


def _busy() -> list[str]:
    """Say of every other thread in which function it is."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    return [
        f"{names.get(ident, ident)} in {frame.f_code.co_qualname}"
        for ident, frame in sys._current_frames().items()
        if ident != threading.get_ident()
    ]
