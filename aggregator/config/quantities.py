"""Durations, sizes and rates as people write them. Every `ValueError` says how to write them."""

import re
from datetime import timedelta
from decimal import Decimal

from aggregator.config.problems import quoted

LONGEST = timedelta(days=36_500)
LARGEST = 1 << 30  # bytes: a fetch is held in memory
MOST_REQUESTS = 1_000_000

_SECONDS = {"ms": Decimal("0.001"), "s": Decimal(1), "m": Decimal(60), "h": Decimal(3600)}
_SECONDS |= {"d": Decimal(86_400), "w": Decimal(604_800)}
_BYTES = {"B": 1, "kB": 10**3, "KB": 10**3, "MB": 10**6, "GB": 10**9}
_BYTES |= {"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}

_NUMBER = r"(?P<number>[0-9]{1,15}(?:\.[0-9]{1,6})?)"
_DURATION = re.compile(rf"{_NUMBER} ?(?P<unit>[a-z]+)")
_SIZE = re.compile(rf"{_NUMBER} ?(?P<unit>[A-Za-z]+)")
_RATE = re.compile(r"(?P<count>[0-9]{1,9}) ?/ ?(?P<unit>[smhd])")


def duration(text: str) -> timedelta:
    """Return the span that "90s", "15m", "6h" or "30d" says; zero is one."""
    found = _DURATION.fullmatch(text.strip())
    if found is None or found["unit"] not in _SECONDS:
        raise ValueError(
            f'{quoted(text)} is no duration; write a number and a unit, like "90s", "15m", "6h" or "30d"'
        )
    seconds = Decimal(found["number"]) * _SECONDS[found["unit"]]
    if seconds > int(LONGEST.total_seconds()):
        raise ValueError(f'{quoted(text)} is too long; the longest duration is "{LONGEST.days}d"')
    return timedelta(microseconds=int(seconds * 1_000_000))


def positive_duration(text: str) -> timedelta:
    """Return the span that `text` says, longer than nothing."""
    span = duration(text)
    if not span:
        raise ValueError(f"{quoted(text)} must be longer than nothing")
    return span


def size(text: str) -> int:
    """Return the number of bytes that "500kB" or "15MiB" says, at least 1."""
    found = _SIZE.fullmatch(text.strip())
    if found is None or found["unit"] not in _BYTES:
        raise ValueError(f'{quoted(text)} is no size; write a number and a unit, like "500kB" or "15MiB"')
    count = int(Decimal(found["number"]) * _BYTES[found["unit"]])
    if not 1 <= count <= LARGEST:
        raise ValueError(
            f'{quoted(text)} must be between "1B" and "{LARGEST >> 30}GiB": a fetch is held in memory'
        )
    return count


def rate(text: str) -> tuple[int, timedelta] | None:
    """Return (requests, span) of "100/s"; None for "", which is no limit."""
    if not text:
        return None
    found = _RATE.fullmatch(text.strip())
    if found is None:
        raise ValueError(
            f'{quoted(text)} is no rate; write requests per s, m, h or d, like "100/s", or "" for no limit'
        )
    count = int(found["count"])
    if not 1 <= count <= MOST_REQUESTS:
        raise ValueError(f'{quoted(text)} must allow between 1 and {MOST_REQUESTS} requests; "" is no limit')
    return count, timedelta(seconds=int(_SECONDS[found["unit"]]))
