"""One line per event on standard error, logfmt or JSON; what libraries log goes the same way."""

import logging
import queue
import sys
import threading
from datetime import timedelta
from logging.handlers import QueueHandler
from typing import Any

import structlog

LEVELS = {-1: logging.WARNING, 0: logging.INFO, 1: logging.DEBUG}
_QUIET = (
    "apscheduler",
    "uvicorn",
    "httpx",
    "httpcore",
    "aiohttp",
    "asyncio",
)  # told only when something is wrong

LINES_WAITING = 10_000  # for whoever reads the log; what comes then is dropped, and counted
FLUSHING = timedelta(seconds=1)  # for the last lines: whoever reads them may be stuck

log: Any = structlog.stdlib.get_logger("aggregator")


class Beside(QueueHandler):
    """Writes lines in a thread, in their order: a reader of the log who stands still holds up nobody else."""

    def __init__(self, writer: logging.Handler, *, most: int = LINES_WAITING) -> None:
        super().__init__(queue.SimpleQueue())
        self._most = most
        self.setFormatter(writer.formatter)
        self._bare = logging.StreamHandler(sys.stderr)  # what is in the queue is a line already
        self._idle = threading.Condition()
        self._waiting = self._dropped = 0
        threading.Thread(target=self._write, name="log", daemon=True).start()

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        """Make the line where it is said: what it tells of may change."""
        line = self.format(record)
        return logging.LogRecord(record.name, record.levelno, record.pathname, 0, line, None, None)

    def enqueue(self, record: logging.LogRecord) -> None:
        """Queue a line, or count it as dropped; never waits."""
        with self._idle:
            if self._waiting >= self._most:
                self._dropped += 1
                return
            self._waiting += 1
            self.queue.put_nowait(record)

    def _write(self) -> None:
        while True:
            self._bare.handle(self.queue.get())
            with self._idle:
                dropped = self._dropped if self._waiting == 1 else 0
            if dropped:
                log.warning("log", result="lines were dropped: nobody read them", dropped=dropped)
            with self._idle:
                self._waiting -= 1
                self._dropped -= dropped
                self._idle.notify_all()

    def flush(self) -> None:
        """Wait until all is written, `FLUSHING` at most."""
        with self._idle:
            self._idle.wait_for(lambda: not (self._waiting or self._dropped), FLUSHING.total_seconds())


def write_beside(most: int = LINES_WAITING) -> None:
    """Have a thread write the log from now on; `flush` before the process ends."""
    root = logging.getLogger()
    root.handlers[:] = [Beside(one, most=most) for one in root.handlers]


def flush() -> None:
    """Wait until all that was said is written, a little while at most."""
    for handler in logging.getLogger().handlers:
        handler.flush()


def set_up(*, verbosity: int = 0, as_json: bool = False) -> None:
    """Send all logging to stderr; verbosity -1 (warnings), 0 or 1 (debugging)."""
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: Any = structlog.processors.JSONRenderer(ensure_ascii=False)
    if not as_json:
        renderer = structlog.processors.LogfmtRenderer(key_order=["event"], bool_as_flag=False)
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            renderer,
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(LEVELS[max(-1, min(verbosity, 1))])
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
