"""Answers that are slow, endless or no HTTP, and bodies that are not what their headers say."""

import sys

from tests.faults.hostile import (
    MEBIBYTE,
    OK,
    Hostile,
    broken_off,
    chunk,
    flushed_zeros,
    silent,
    streamed,
)
from tests.fetch.server import Answer, packed, raw, redirect
from tests.protocol.markup import item, rss

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

GZIP = OK + b"Content-Encoding: gzip\r\n"
GZIP_HEAD = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
TEN_GB_OF_ZEROS = GZIP_HEAD + flushed_zeros() * 1000
ZSTD_ZEROS = zstd.compress(bytes(10 * MEBIBYTE)) * 1000
TOO_LATE, INCOMPLETE = "no answer within 4 s", "no complete answer within 4 s"
UNREADABLE, TOO_LARGE = "no readable HTTP", "body is larger than 2 MiB"
DOCUMENT = rss(item("wire"))

# Those that come to an end by the deadline only, and those that a bound ends at once.
UNTIL_THE_DEADLINE: dict[str, Hostile] = {
    "silent": Hostile(answer=silent(), error=TOO_LATE),
    "silent-after-headers": Hostile(answer=silent(OK + b"Content-Length: 100\r\n\r\n<rss"), error=INCOMPLETE),
    "drip": Hostile(answer=streamed(OK + b"\r\n<rss>", b" ", pause=1.0), error=INCOMPLETE),
    "drip-of-chunks": Hostile(answer=streamed(CHUNKED, chunk(b" "), pause=0.5), error=INCOMPLETE),
    "drip-of-headers": Hostile(answer=streamed(OK, b"X-More: 1\r\n", pause=0.5), error=TOO_LATE),
    "drip-in-a-header": Hostile(answer=streamed(OK + b"X-More: ", b"x", pause=0.5), error=TOO_LATE),
    "drip-of-status": Hostile(answer=streamed(b"HTTP/1.1 200 ", b"x", pause=0.5), error=TOO_LATE),
    "interim-answers": Hostile(
        answer=streamed(b"", b"HTTP/1.1 100 Continue\r\n\r\n", pause=0.01), error=TOO_LATE
    ),
    "drip-of-gzip": Hostile(
        answer=streamed(GZIP + b"\r\n", flushed_zeros()[:1], pause=0.5), error=INCOMPLETE
    ),
    "drip-of-trailers": Hostile(
        answer=streamed(CHUNKED + b"0\r\n", b"X-More: 1\r\n", pause=0.5), error=INCOMPLETE
    ),
}
AT_ONCE: dict[str, Hostile] = {
    "headers": Hostile(answer=streamed(OK, b"X-More: headers\r\n" * 100), error=UNREADABLE),
    "header": Hostile(answer=streamed(OK + b"X-More: ", b"x" * 4096), error=UNREADABLE),
    "status": Hostile(answer=streamed(b"HTTP/1.1 200 ", b"x" * 4096), error=UNREADABLE),
    "announced": Hostile(answer=silent(OK + b"Content-Length: 10000000000\r\n\r\n<rss>"), error=TOO_LARGE),
    "endless": Hostile(answer=streamed(OK + b"\r\n<rss>", b" " * MEBIBYTE), error=TOO_LARGE),
    "endless-chunks": Hostile(answer=streamed(CHUNKED, chunk(b" " * MEBIBYTE)), error=TOO_LARGE),
    "one-chunk": Hostile(answer=streamed(CHUNKED + b"2540be400\r\n", b" " * MEBIBYTE), error=TOO_LARGE),
    "bomb": Hostile(
        answer=Answer(body=TEN_GB_OF_ZEROS, headers=[("Content-Encoding", "gzip")]), error=TOO_LARGE
    ),
    "bomb-of-members": Hostile(
        answer=Answer(body=packed(bytes(10 * MEBIBYTE)) * 1000, headers=[("Content-Encoding", "gzip")]),
        error=TOO_LARGE,
    ),
    "bomb-within": Hostile(answer=Answer(body=packed(TEN_GB_OF_ZEROS)), error=TOO_LARGE),
    "bomb-of-zstd": Hostile(
        answer=Answer(body=ZSTD_ZEROS, headers=[("Content-Encoding", "zstd")]), error=TOO_LARGE
    ),
    "bomb-of-deflate": Hostile(
        answer=Answer(body=b"\x78\xda" + flushed_zeros() * 1000, headers=[("Content-Encoding", "deflate")]),
        error=TOO_LARGE,
    ),
}
# Whatever bounds them: the deadline or a limit, whichever comes first.
BY_ANY: dict[str, Hostile] = {
    "flood-of-interim-answers": Hostile(
        answer=streamed(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100), error=""
    ),
    "chunk-extension": Hostile(answer=streamed(CHUNKED + b"1;a=", b"x" * 4096), error=""),
    "trailers": Hostile(answer=streamed(CHUNKED + b"0\r\n", b"X-More: 1\r\n" * 100), error=""),
    "tiny-chunks": Hostile(answer=streamed(CHUNKED, chunk(b" ") * 1000), error=""),
    "error-page": Hostile(answer=streamed(b"HTTP/1.1 500 Sorry\r\n\r\n", b"x" * MEBIBYTE), error="HTTP 500"),
    "drip-of-error-page": Hostile(
        answer=streamed(b"HTTP/1.1 404 No\r\n\r\n", b"x", pause=0.5), error="HTTP 404"
    ),
    "redirects": Hostile(answer=redirect("/redirects"), error="redirects go round in a loop"),
}
BOUNDED = UNTIL_THE_DEADLINE | AT_ONCE | BY_ANY


def _said(*headers: str, body: bytes = DOCUMENT) -> Answer:
    """Send these header lines and a body, then close."""
    return raw(OK + "".join(f"{line}\r\n" for line in headers).encode("latin-1") + b"\r\n" + body)


BROKEN: dict[str, Hostile] = {
    "hung-up": Hostile(answer=raw(b""), error="closed the connection without an answer"),
    "reset": Hostile(answer=broken_off(), error=""),
    "reset-in-body": Hostile(answer=broken_off(OK + b"Content-Length: 100\r\n\r\n<rss"), error=""),
    "another-protocol": Hostile(answer=raw(b"SSH-2.0-OpenSSH_9.9\r\n"), error=UNREADABLE),
    "no-status": Hostile(answer=raw(DOCUMENT), error=UNREADABLE),
    "status-999": Hostile(answer=Answer(status=999, body=DOCUMENT), error="HTTP 999"),
    "no-content": Hostile(answer=Answer(status=204), error="HTTP 204"),
    "partial-content": Hostile(answer=Answer(status=206, body=DOCUMENT), error="HTTP 206"),
    "not-modified-at-first": Hostile(answer=Answer(status=304), error="HTTP 304"),
    "unauthorised": Hostile(
        answer=Answer(status=401, headers=[("WWW-Authenticate", 'Basic realm="<script>"')]), error="HTTP 401"
    ),
    "wait-for-ever": Hostile(
        answer=Answer(status=503, headers=[("Retry-After", "9" * 300)]), error="HTTP 503"
    ),
    "less-than-announced": Hostile(
        answer=_said("Content-Length: 100000"), error="body is truncated or broken"
    ),
    "more-than-announced": Hostile(answer=_said("Content-Length: 10"), error=""),
    "negative-length": Hostile(answer=_said("Content-Length: -1"), error=UNREADABLE),
    "two-lengths": Hostile(
        answer=_said("Content-Length: 10", f"Content-Length: {len(DOCUMENT)}"), error=UNREADABLE
    ),
    "length-of-4000-digits": Hostile(answer=_said("Content-Length: " + "9" * 4400), error=""),
    "length-and-chunks": Hostile(
        answer=_said("Content-Length: 5", "Transfer-Encoding: chunked", body=chunk(DOCUMENT) + b"0\r\n\r\n"),
        error=UNREADABLE,
    ),
    "bad-chunk-size": Hostile(answer=raw(CHUNKED + b"zz\r\n" + DOCUMENT), error=UNREADABLE),
    "truncated-gzip": Hostile(
        answer=Answer(body=packed(DOCUMENT)[:-20], headers=[("Content-Encoding", "gzip")]),
        error="body is truncated",
    ),
    "broken-gzip": Hostile(
        answer=Answer(body=GZIP_HEAD + b"\xff" * 100, headers=[("Content-Encoding", "gzip")]),
        error="body is broken gzip",
    ),
    "window-of-2-gb": Hostile(
        answer=Answer(body=b"\x28\xb5\x2f\xfd\x00\xa8" + b"\0" * 20, headers=[("Content-Encoding", "zstd")]),
        error="body is broken zstd",
    ),
    "brotli-unasked": Hostile(
        answer=Answer(body=b"\x1b\x2f\x00\xf8", headers=[("Content-Encoding", "br")]), error="not asked for"
    ),
    "gzip-of-plain": Hostile(answer=Answer(body=DOCUMENT, headers=[("Content-Encoding", "gzip")])),
    "no-such-coding": Hostile(answer=Answer(body=DOCUMENT, headers=[("Content-Encoding", "x-evil")])),
    "picture-type": Hostile(answer=Answer(body=DOCUMENT, headers=[("Content-Type", "image/png")])),
    "type-of-nothing": Hostile(answer=Answer(body=DOCUMENT, headers=[("Content-Type", ";;;=\x01")])),
    "cookies": Hostile(
        answer=Answer(
            body=DOCUMENT, headers=[("Set-Cookie", f"c{number}=1; Domain=.0.0.1") for number in range(100)]
        )
    ),
    "fresh-for-ever": Hostile(
        answer=Answer(body=DOCUMENT, headers=[("Cache-Control", "max-age=" + "9" * 300)])
    ),
    "expires-never": Hostile(
        answer=Answer(body=DOCUMENT, headers=[("Expires", "Fri, 31 Dec 99999 23:59:59 GMT")])
    ),
    "header-in-a-header": Hostile(answer=_said('ETag: "a\rX-Evil: 1"'), error=""),
    "header-in-two-lines": Hostile(answer=_said('ETag: "a\r\n\tX-Evil: 1"', "Connection: close")),
    "validator-of-bytes": Hostile(answer=_said('ETag: "\xff\xfe\x80"', "Last-Modified: \xa0\xa0")),
    "validator-of-8-kb": Hostile(answer=_said(f'ETag: "{"e" * 8000}"')),
    "sub-delta-lie": Hostile(answer=Answer(status=226, body=DOCUMENT, headers=[("IM", "evil")])),
}
WIRE = BOUNDED | BROKEN
