"""What a hostile source is, and how its answers are made."""

import asyncio
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tests.fetch.server import Answer, Say, raw

DEADLINE = 4.0  # seconds for a whole fetch, as the daemon of these tests is told
MEBIBYTE = 2**20
MAX_BYTES = 2 * MEBIBYTE  # of a document, likewise; where it is told so
TOP = 1000  # bytes of a body where {port} may stand
OK = b"HTTP/1.1 200 OK\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hostile:
    """A source and what is said of it.

    `error`: words of its error, "" for any, None where nothing is wrong with it that would keep it from being read.
    `url`: where it is instead of on our server; `also`: what its other paths answer. In addresses
    {port} stands for the server's.
    """

    answer: Say = field(default_factory=Answer)
    error: str | None = None
    url: str = ""
    also: Mapping[str, Say] = field(default_factory=dict)


def streamed(head: bytes, piece: bytes, *, pause: float = 0.0) -> Answer:
    """Send `piece` for ever."""
    return raw(head, piece, pause=pause, repeat=True)


def silent(head: bytes = b"") -> Answer:
    """Send `head` and nothing more until the client gives up."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        await writer.drain()
        await reader.read()

    return Answer(script=script)


def broken_off(head: bytes = b"") -> Answer:
    """Send `head` and reset the connection."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        await writer.drain()
        writer.transport.abort()

    return Answer(script=script)


def chunk(body: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(body), body)


def flushed_zeros() -> bytes:
    """Deflated zeros that may be repeated for ever within one stream."""
    packer = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    return packer.compress(bytes(10 * MEBIBYTE)) + packer.flush(zlib.Z_FULL_FLUSH)


def placed(say: Say, port: int) -> Say:
    """Return an answer with the server's port where {port} stands."""
    if not isinstance(say, Answer):
        return say
    number = str(port)
    return replace(
        say,
        headers=[(name, value.replace("{port}", number)) for name, value in say.headers],
        body=say.body.replace(b"{port}", number.encode()) if b"{port}" in say.body[:TOP] else say.body,
    )
