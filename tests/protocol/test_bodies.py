"""What is asked for, how bodies may come, and that half of one is none (PROTOCOL P29, P38)."""

import sys
import zlib
from collections.abc import Callable, Iterator

import pytest

from tests.fetch.server import Answer, Server, packed, raw
from tests.protocol.looking import asked, failed, seen, source
from tests.protocol.markup import item, rss
from tests.running import Running, Site

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

HEAD = b"HTTP/1.1 200 OK\r\n"


def raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


def coded(body: bytes, coding: str | None = None) -> Answer:
    return Answer(body=body, headers=[] if coding is None else [("Content-Encoding", coding)])


def feed(name: str) -> bytes:
    """Return a feed of one entry, long enough to be worth compressing."""
    return rss(item(name, text="All about it. " * 40))


# name: the answer for a feed of that name
READABLE: dict[str, Callable[[bytes], Answer]] = {
    "plain": coded,
    "identity": lambda body: coded(body, "identity"),
    "gzip": lambda body: coded(packed(body), "gzip"),
    "gzip-in-capitals": lambda body: coded(packed(body), "GZIP"),
    "x-gzip": lambda body: coded(packed(body), "x-gzip"),
    "zstd": lambda body: coded(zstd.compress(body), "zstd"),
    "deflate": lambda body: coded(zlib.compress(body), "deflate"),
    "raw-deflate": lambda body: coded(raw_deflate(body), "deflate"),
    "gzip-unsaid": lambda body: coded(packed(body)),
    "zstd-unsaid": lambda body: coded(zstd.compress(body)),
    "gzip-said-plain": lambda body: coded(body, "gzip"),
    "zstd-said-plain": lambda body: coded(body, "zstd"),
    "deflate-said-plain": lambda body: coded(body, "deflate"),
    "br-said-plain": lambda body: coded(body, "br"),
    "nonsense-said": lambda body: coded(body, "utf-8"),
    "empty-said": lambda body: coded(body, ""),
    "gzip-for-zstd": lambda body: coded(zstd.compress(body), "gzip"),
    "zstd-for-gzip": lambda body: coded(packed(body), "zstd"),
    "gzip-twice": lambda body: coded(packed(packed(body)), "gzip, gzip"),
    "gzip-twice-said-once": lambda body: coded(packed(packed(body)), "gzip"),
    "gzip-members": lambda body: coded(packed(body[:99]) + packed(body[99:]), "gzip"),
    "gzip-padded": lambda body: coded(packed(body) + bytes(20), "gzip"),
    "chunked": lambda body: raw(
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    ),
    "chunked-gzip": lambda body: raw(
        HEAD
        + b"Transfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n%x\r\n%s\r\n0\r\n\r\n"
        % (len(packed(body)), packed(body))
    ),
    "until-closed": lambda body: raw(HEAD + b"\r\n" + body),
    "http-1.0": lambda body: raw(b"HTTP/1.0 200 OK\r\n\r\n" + body),
    "no-reason": lambda body: raw(b"HTTP/1.1 200\r\n\r\n" + body),
    "as-html": lambda body: Answer(body=body, headers=[("Content-Type", "text/html; charset=us-ascii")]),
}


@pytest.fixture(scope="module")
def publisher() -> Iterator[Server]:
    with Server() as server:
        yield server


@pytest.fixture(scope="module")
def reading(publisher: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A daemon with a source for each way in which a body may come."""
    tables = []
    for number, (name, made) in enumerate(READABLE.items()):
        publisher.answer(f"/{name}", made(feed(name)))
        tables.append(source(name, publisher.url(f"/{name}", publisher.hosts[number % 3]), interval='"1h"'))
    for name, body in {"br": b"\x1b\xff\x00\x00" * 99, "compress": b"\x1f\x9d\x90" * 99}.items():
        publisher.answer(f"/{name}", coded(body, name))
        tables.append(source(name, publisher.url(f"/{name}"), interval='"1h"'))
    with Site(tmp_path_factory.mktemp("bodies"), sources="".join(tables)).daemon() as daemon:
        yield daemon


@pytest.mark.parametrize("name", READABLE)
def test_p29_a_body_is_read_however_it_comes(reading: Running, name: str) -> None:
    assert seen(reading, name, lambda facts: facts["last_poll_at"], f"{name} is polled")["last_error"] is None
    reading.feed(f"Title {name}</title>")


@pytest.mark.parametrize("name", ["br", "compress"])
def test_p29_what_nobody_asked_for_is_an_error(reading: Running, name: str) -> None:
    assert failed(reading, name) == f"body is encoded as {name}, which was not asked for"


def test_p29_we_ask_for_feeds_and_for_what_we_can_bound(reading: Running, publisher: Server) -> None:
    request = asked(publisher, "/plain")[0]
    accepted = [one.strip() for one in (request.header("accept") or "").split(",")]
    assert accepted[:3] == ["application/atom+xml", "application/rss+xml", "application/feed+json"]
    assert {one.partition(";")[0] for one in accepted} >= {
        "application/rdf+xml",
        "application/json",
        "application/xml",
        "text/xml",
        "*/*",
    }
    codings = [one.strip() for one in (request.header("accept-encoding") or "").split(",")]
    assert set(codings) == {"gzip", "deflate", "zstd"}  # no br: nothing bounds what it may become


# --- half a body


def halves() -> Iterator[tuple[str, Answer]]:
    """Answers with new validators whose bodies stop before their end."""
    whole = rss(item("1"), item("2"), item("3", text="x" * 3000))
    said = HEAD + b'ETag: "half"\r\nLast-Modified: half\r\n'
    gzipped, zstded = packed(whole), zstd.compress(whole)
    length = b"Content-Length: %d\r\n\r\n"
    yield "short-of-its-length", raw(said + length % len(whole) + whole[:-1])
    yield "half-of-its-length", raw(said + length % len(whole) + whole[: len(whole) // 2])
    yield "complete-xml-short-of-its-length", raw(said + length % (len(whole) + 10) + whole)
    yield "nothing-of-its-length", raw(said + length % len(whole))
    yield (
        "chunked-without-end",
        raw(said + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n" % (len(whole), whole)),
    )
    yield "half-a-chunk", raw(said + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s" % (len(whole), whole[:99]))
    yield (
        "bad-chunk",
        raw(
            said + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\nzz\r\n" % (len(whole[:99]), whole[:99]),
        ),
    )
    for coding, body in (("gzip", gzipped), ("zstd", zstded), ("deflate", zlib.compress(whole))):
        encoded = said + b"Content-Encoding: %s\r\n" % coding.encode()
        for how, cut in (("half", body[: len(body) // 2]), ("all-but-a-byte", body[:-1])):
            yield f"{coding}-{how}", raw(encoded + length % len(cut) + cut)
            yield f"{coding}-{how}-until-closed", raw(encoded + b"\r\n" + cut)
    broken = bytearray(gzipped)
    broken[len(broken) // 2] ^= 0xFF
    yield "gzip-broken", raw(said + b"Content-Encoding: gzip\r\n" + length % len(broken) + bytes(broken))
    wrong = gzipped[:-8] + b"\0\0\0\0" + gzipped[-4:]
    yield "gzip-with-a-wrong-sum", raw(said + b"Content-Encoding: gzip\r\n" + length % len(wrong) + wrong)
    yield "no-answer", raw()
    yield "half-the-headers", raw(said)


HALVES = dict(halves())


@pytest.fixture(scope="module")
def broken(publisher: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A daemon whose every source was good once, then sent half a body, and is good again."""
    tables = []
    for number, (name, half) in enumerate(HALVES.items()):
        whole = Answer(
            body=rss(item(f"{name}-1"), item(f"{name}-2")),
            headers=[("ETag", f'"{name}"'), ("Last-Modified", f"of {name}")],
        )
        # A connection that breaks before an answer is worth a second try: it may have been an old one.
        again = [half] if name in {"no-answer", "half-the-headers"} else []
        publisher.answer(f"/half/{name}", whole, half, *again, Answer(status=304))
        tables.append(source(name, publisher.url(f"/half/{name}", publisher.hosts[number % 3])))
    with Site(tmp_path_factory.mktemp("halves"), sources="".join(tables)).daemon() as daemon:
        yield daemon


@pytest.mark.parametrize("name", HALVES)
def test_p38_half_a_body_is_an_error_and_forgets_nothing(
    broken: Running, publisher: Server, name: str
) -> None:
    broken.log("event=poll", f"source={name} ", "error=")
    first, *later = asked(publisher, f"/half/{name}", 3)
    assert first.header("if-none-match") is None
    for request in later:  # what came with half a body validates nothing
        assert request.header("if-none-match") == f'"{name}"'
        assert request.header("if-modified-since") == f"of {name}"
    broken.feed(f"Title {name}-1", f"Title {name}-2", without="Title 3")
    facts = seen(broken, name, lambda facts: facts["last_error"] is None, f"{name} is good again")
    assert (facts["failures"], facts["last_status"]) == (0, 304)
