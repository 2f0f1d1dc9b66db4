"""Bodies: what they are decides, and a bound holds (PROTOCOL P29, P30, P38)."""

import sys
import tracemalloc
import zlib

import pytest

from aggregator.errors import FetchError
from aggregator.fetch.body import MAX_MEMBERS, decode, human_size
from tests.fetch.server import packed

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

FEED = b"<?xml version='1.0'?><rss version='2.0'>" + b"<item/>" * 500 + b"</rss>"
LIMIT = 100_000
PACKED = packed(FEED)
ZSTD = zstd.compress(FEED)
SKIPPED = b"\x5f\x2a\x4d\x18" + (5).to_bytes(4, "little") + b"hello"  # RFC 8878 §3.1.2


def framed(body: bytes, *, window_log: int) -> bytes:
    """Return zstd of unknown length, with a checksum, whose window is of 2**`window_log` bytes."""
    parameter = zstd.CompressionParameter
    packer = zstd.ZstdCompressor(options={parameter.window_log: window_log, parameter.checksum_flag: 1})
    return packer.compress(body) + packer.flush()


def raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


@pytest.mark.parametrize(
    ("raw", "coding"),
    [
        (FEED, ""),
        (FEED, "identity"),
        (PACKED, "gzip"),
        (PACKED, "x-gzip"),
        (PACKED, " GZIP "),
        (PACKED, ""),  # compressed without saying so
        (PACKED, "br"),  # lies
        (PACKED, "deflate"),
        (FEED, "gzip"),  # claims it, is plain
        (FEED, "deflate"),
        (FEED, "br"),
        (FEED, "zstd"),
        (zlib.compress(FEED), "deflate"),  # as the RFC says
        (raw_deflate(FEED), "deflate"),  # as some servers do
        (packed(PACKED), "gzip"),  # a .gz file compressed once more
        (packed(PACKED), "gzip, gzip"),
        (packed(FEED[:100]) + packed(FEED[100:]), "gzip"),  # members
        (PACKED + b"\0" * 10, "gzip"),  # padding
        (PACKED + b"<!-- cached -->", "gzip"),
        (ZSTD, "zstd"),
        (ZSTD, ""),
        (ZSTD, "gzip"),  # lies
        (ZSTD, "deflate"),
        (PACKED, "zstd"),
        (framed(FEED, window_log=23), "zstd"),
        (zstd.compress(FEED[:100]) + zstd.compress(FEED[100:]), "zstd"),  # frames
        (SKIPPED + ZSTD, "zstd"),
        (zstd.compress(FEED[:100]) + SKIPPED + zstd.compress(FEED[100:]) + SKIPPED, ""),
        (ZSTD + b"\0" * 10, "zstd"),  # padding
        (zstd.compress(PACKED), "gzip, zstd"),
        (packed(ZSTD), "zstd, gzip"),
    ],
)
def test_p29_wrong_or_missing_content_encoding(raw: bytes, coding: str) -> None:
    assert decode(raw, coding, LIMIT) == FEED


@pytest.mark.parametrize("coding", ["", "gzip", "deflate", "zstd", "br"])
def test_an_empty_body_is_empty(coding: str) -> None:
    assert decode(b"", coding, LIMIT) == b""


@pytest.mark.parametrize(
    ("raw", "coding", "message"),
    [
        (PACKED[:-1], "gzip", "truncated"),
        (PACKED[:-9], "gzip", "truncated"),
        (PACKED[:20], "", "truncated"),
        (PACKED[:3], "gzip", "truncated"),
        (PACKED + PACKED[:-5], "gzip", "truncated"),  # the second member
        (PACKED[:-8] + bytes(8), "gzip", "broken gzip"),  # checksum
        (zlib.compress(FEED)[:-1], "deflate", "truncated"),
        (raw_deflate(FEED)[:-3], "deflate", "truncated"),
        (b"\x07garbage", "deflate", "broken deflate"),
        (b"\x1b\x2f\x00garbage", "br", "br, which was not asked for"),
        (ZSTD[:-1], "zstd", "truncated"),
        (ZSTD[:5], "", "truncated"),
        (ZSTD + ZSTD[:-5], "zstd", "truncated"),  # the second frame
        (SKIPPED[:-1], "zstd", "truncated"),
        (ZSTD[:4] + b"garbage", "", "broken zstd"),
        (framed(FEED, window_log=23)[:-4] + bytes(4), "zstd", "broken zstd"),  # checksum
        (zstd.compress(FEED, zstd_dict=zstd.ZstdDict(FEED, is_raw=True)), "dcz", "broken zstd"),
    ],
)
def test_p38_broken_bodies_are_errors(raw: bytes, coding: str, message: str) -> None:
    with pytest.raises(FetchError, match=message):
        decode(raw, coding, LIMIT)


def test_a_body_of_just_the_bound_is_read() -> None:
    assert len(decode(packed(bytes(LIMIT)), "gzip", LIMIT)) == LIMIT
    assert len(decode(bytes(LIMIT), "", LIMIT)) == LIMIT


@pytest.mark.parametrize(
    "raw",
    [
        b"<" * (LIMIT + 1),
        packed(bytes(LIMIT + 1)),
        zlib.compress(bytes(LIMIT + 1)),
        packed(bytes(LIMIT)) + packed(b"1"),
        packed(packed(bytes(LIMIT + 1))),
        zstd.compress(bytes(LIMIT + 1)),
        zstd.compress(bytes(LIMIT)) + SKIPPED + zstd.compress(b"1"),
        packed(zstd.compress(bytes(LIMIT + 1))),
    ],
)
def test_p30_larger_bodies_are_refused(raw: bytes) -> None:
    with pytest.raises(FetchError, match="body is larger than 100000 bytes"):
        decode(raw, "deflate", LIMIT)


BOMBS = [
    packed(bytes(50_000_000)),
    packed(packed(bytes(50_000_000))),
    framed(bytes(50_000_000), window_log=23),
    packed(zstd.compress(bytes(50_000_000))),
]


@pytest.mark.parametrize("bomb", BOMBS, ids=["gzip", "gzip twice", "zstd", "zstd in gzip"])
def test_p30_a_bomb_is_not_inflated(bomb: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(FetchError, match="larger"):
            decode(bomb, "gzip", LIMIT)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 10 * LIMIT


@pytest.mark.parametrize("window_log", [24, 27])
def test_p30_no_more_than_8_mib_of_window_are_held(window_log: int) -> None:
    """What a publisher may ask of a reader's memory before the first byte is out (RFC 9659 §3)."""
    with pytest.raises(FetchError, match=r"broken zstd: .*too much memory"):
        decode(framed(FEED, window_log=window_log), "zstd", LIMIT)


@pytest.mark.parametrize("member", [packed(b""), zstd.compress(b""), SKIPPED])
def test_members_are_counted(member: bytes) -> None:
    assert decode(member * MAX_MEMBERS, "", LIMIT) == b""
    with pytest.raises(FetchError, match="members"):
        decode(member * (MAX_MEMBERS + 1), "", LIMIT)


@pytest.mark.parametrize(
    ("count", "text"), [(15 * 2**20, "15 MiB"), (2**30, "1 GiB"), (1024, "1 KiB"), (1000, "1000 bytes")]
)
def test_sizes_read_like_the_configuration(count: int, text: str) -> None:
    assert human_size(count) == text
