"""Pages of archives over HTTP: PROTOCOL E19."""

import gzip
from dataclasses import replace

import pytest

from aggregator.model import Absence, Document
from aggregator.serve.archives import KEPT_BYTES
from tests.serve.conftest import PUBLIC_URL, World

PAGE = Document(
    path="archive/feeds/politics/0/7.atom",
    body=b"<feed>" + b"words " * 99 + b"</feed>",
    content_type="application/atom+xml; charset=utf-8",
)


@pytest.fixture
def path(world: World) -> str:
    world.archive = {"feeds/politics/0/7.atom": PAGE, "feed/0/100.atom": Absence.DROPPED}
    return f"/{PAGE.path}"


async def test_e19_a_page_may_be_kept_for_ever(world: World, path: str) -> None:
    response = await world.client.get(path)
    assert (response.status_code, response.content) == (200, PAGE.body)
    assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert response.headers["content-type"] == PAGE.content_type
    assert response.headers["link"] == f'<{PUBLIC_URL}{path}>; rel="self"'
    etag = response.headers["etag"]
    assert etag.startswith('"')
    again = await world.client.get(path, headers={"If-None-Match": etag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    packed = await world.client.get(path, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["etag"] != etag
    assert packed.content == PAGE.body  # the client has unpacked it
    assert int(packed.headers["content-length"]) == len(gzip.compress(PAGE.body, 6, mtime=0))
    head = await world.client.head(path)
    assert (head.status_code, head.headers["etag"]) == (200, etag)


async def test_e19_with_a_token_only_the_reader_keeps_it(world: World, path: str) -> None:
    world.settings = replace(world.settings, token="secret")
    assert (await world.client.get(path)).status_code == 401
    response = await world.client.get(path, params={"token": "secret"})
    assert response.headers["cache-control"] == "private, max-age=31536000, immutable"


async def test_e19_a_dropped_page_is_gone_and_another_was_never_there(world: World, path: str) -> None:
    gone = await world.client.get("/archive/feed/0/100.atom")
    assert (gone.status_code, gone.headers["cache-control"]) == (410, "no-store")
    for other in ("/archive/feed/1/100.atom", "/archive/", "/archive/feeds/politics/0/7.atom/"):
        assert (await world.client.get(other)).status_code == 404


async def test_a_page_is_compressed_once(world: World, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is looked for at every request all the same: retention may have let it go."""
    compressed: list[int] = []
    once = gzip.compress

    def heard(data: bytes, *args: int, **kwargs: int) -> bytes:
        compressed.append(len(data))
        return once(data, *args, **kwargs)

    monkeypatch.setattr(gzip, "compress", heard)
    bodies = {(await world.client.get(path, headers={"Accept-Encoding": "gzip"})).content for _ in range(3)}
    assert (bodies, compressed) == ({PAGE.body}, [len(PAGE.body)])
    for number in range(20):  # others, too large to be kept beside it
        body = bytes([number]) * (KEPT_BYTES // 20)
        world.archive[f"feed/{number}/1.atom"] = replace(PAGE, body=body)
        assert (await world.client.get(f"/archive/feed/{number}/1.atom")).content == body
    assert len(compressed) == 21
    await world.client.get(path)
    assert len(compressed) == 22
    world.archive["feeds/politics/0/7.atom"] = replace(PAGE, body=b"another public_url")
    assert (await world.client.get(path)).content == b"another public_url"
    world.archive["feeds/politics/0/7.atom"] = Absence.DROPPED
    assert (await world.client.get(path)).status_code == 410
