"""One line per event on standard error, logfmt or JSON; what libraries log goes the same way."""

import logging
import sys
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

log: Any = structlog.stdlib.get_logger("aggregator")


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
