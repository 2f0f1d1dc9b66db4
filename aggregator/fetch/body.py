"""Bodies as they came to bodies as they were meant, within a bound."""

import sys
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Protocol

from aggregator.errors import FetchError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


class TooLarge(FetchError):
    """A body of more bytes than allowed."""


GZIP_MAGIC = b"\x1f\x8b\x08"
# A frame, and the sixteen kinds of frames to skip (RFC 8878 §3.1.1, §3.1.2)
ZSTD_MAGICS = (b"\x28\xb5\x2f\xfd", *(bytes([kind]) + b"\x2a\x4d\x18" for kind in range(0x50, 0x60)))
TEXT_STARTS = (
    b"<",
    b"{",
    b"[",
    b"\xef\xbb\xbf",
    b"\xfe\xff",
    b"\xff\xfe",
    b"\0\0\xfe\xff",
    b"\0<",
    b"\0\0\0<",
)
MAX_LAYERS = 2  # a .gz file that the server compresses once more
MAX_MEMBERS = 1000  # of one gzip body, or frames of one zstd body; each costs a decompressor

# 8 MiB, the most that a body on the web may ask a reader to hold (RFC 9659 §3); the format allows 2 TiB
ZSTD_WINDOW: dict[int, int] = {zstd.DecompressionParameter.window_log_max: 23}
GZIP_WINDOW = 16 + zlib.MAX_WBITS
STEP = 2**16  # compressed bytes at a time


def decode(raw: bytes, content_encoding: str, max_bytes: int) -> bytes:
    """Return the body behind `raw`: what it is decides, not what Content-Encoding claims.

    Never makes more than `max_bytes` + 1 bytes per layer. FetchError: too large, truncated or
    broken compression, or a coding nobody asked for.
    """
    coding = content_encoding.strip().lower()
    body = raw
    for _ in range(MAX_LAYERS):
        if body.startswith(GZIP_MAGIC):
            body = _inflate_all(body, GZIP, max_bytes)
        elif body.startswith(ZSTD_MAGICS):
            body = _inflate_all(body, ZSTD, max_bytes)
        else:
            break
    if body is raw and coding == "deflate":
        body = _undeflate(raw, max_bytes)
    elif body is raw and coding in {"br", "compress", "dcb", "dcz"}:
        _must_be_text(raw, coding)
    check_size(len(body), max_bytes)
    return body


def check_size(size: int, max_bytes: int) -> None:
    """Raise TooLarge if a body is larger than allowed."""
    if size > max_bytes:
        raise TooLarge(f"body is larger than {human_size(max_bytes)}")


def human_size(count: int) -> str:
    """Return a number of bytes as in the configuration: "15 MiB"."""
    for unit, factor in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if count >= factor and count % factor == 0:
            return f"{count // factor} {unit}"
    return f"{count} bytes"


def human_span(span: timedelta) -> str:
    """Return a span in seconds: "30 s", "0.2 s"."""
    return f"{span.total_seconds():g} s"


class _Inflater(Protocol):
    """One stream on its way: what the decompressors of zlib and zstd have in common."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: memoryview, max_length: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class _Format:
    """A way to compress."""

    name: str
    inflater: Callable[[], _Inflater]
    magics: tuple[bytes, ...] = ()  # one of which every member begins with


GZIP = _Format("gzip", partial(zlib.decompressobj, GZIP_WINDOW), (GZIP_MAGIC,))
ZSTD = _Format("zstd", partial(zstd.ZstdDecompressor, options=ZSTD_WINDOW), ZSTD_MAGICS)
ZLIB = _Format("deflate", partial(zlib.decompressobj, zlib.MAX_WBITS))
RAW = _Format("deflate", partial(zlib.decompressobj, -zlib.MAX_WBITS))


def _inflate_all(raw: bytes, form: _Format, max_bytes: int) -> bytes:
    """Return all members of a file joined; what follows the last one is padding."""
    parts: list[bytes] = []
    size = start = 0
    while raw.startswith(form.magics, start):
        if len(parts) == MAX_MEMBERS:
            raise FetchError(f"body is {form.name} of more than {MAX_MEMBERS} members")
        part, length = _inflate(memoryview(raw)[start:], form, max_bytes, made=size)
        parts.append(part)
        size += len(part)
        start += length
    return b"".join(parts)


def _undeflate(raw: bytes, max_bytes: int) -> bytes:
    """Return a "deflate" body: zlib as the RFC says, raw as some servers do, or plain after all."""
    if len(raw) >= 2 and raw[0] & 0x0F == 8 and int.from_bytes(raw[:2]) % 31 == 0:
        return _inflate(memoryview(raw), ZLIB, max_bytes)[0]
    if not raw or _looks_like_text(raw):
        return raw
    return _inflate(memoryview(raw), RAW, max_bytes)[0]


def _inflate(raw: memoryview, form: _Format, max_bytes: int, *, made: int = 0) -> tuple[bytes, int]:
    """Return one inflated stream and its length in `raw`; `made` bytes of the bound are used up.

    In steps, because the decompressors copy what follows the stream: of a file of many members that
    would be most of it, each time.
    """
    inflater = form.inflater()
    parts: list[bytes] = []
    size = made
    for start in range(0, len(raw), STEP):
        step = raw[start : start + STEP]
        try:
            part = inflater.decompress(step, max_bytes + 1 - size)
        except (zlib.error, zstd.ZstdError) as exc:
            raise FetchError(f"body is broken {form.name}: {exc}") from exc
        parts.append(part)
        size += len(part)
        check_size(size, max_bytes)
        if inflater.eof:
            return b"".join(parts), start + len(step) - len(inflater.unused_data)
    raise FetchError(f"body is truncated: its {form.name} has no end")


def _looks_like_text(raw: bytes) -> bool:
    return raw.lstrip().startswith(TEXT_STARTS)


def _must_be_text(raw: bytes, coding: str) -> None:
    if raw and not _looks_like_text(raw):
        raise FetchError(f"body is encoded as {coding}, which was not asked for")
