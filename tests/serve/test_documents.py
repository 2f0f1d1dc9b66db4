"""Documents over HTTP: PROTOCOL E10–E17 and E24."""

import asyncio
import gzip
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx
import pytest

from aggregator.model import Publication
from tests.serve.conftest import PUBLIC_URL, World, merged_entry, merged_feed, publication_of, published

FEEDS = [
    "/feed.atom",
    "/feed.rss",
    "/feed.json",
    "/feeds/politics.atom",
    "/feeds/politics.rss",
    "/feeds/politics.json",
]


@pytest.mark.parametrize("path", [*FEEDS, "/opml.xml"])
async def test_every_document_at_its_path(world: World, path: str) -> None:
    expected = world.publication.published[path.removeprefix("/")].document
    response = await world.client.get(path)
    assert response.status_code == 200
    assert response.content == expected.body
    assert response.headers["content-type"] == expected.content_type
    assert response.headers["content-length"] == str(len(expected.body))
    assert response.headers["last-modified"] == "Tue, 14 Nov 2023 08:33:00 GMT"
    assert response.headers["cache-control"] == "public, max-age=300"
    assert response.headers["vary"] == "Accept-Encoding"
    assert response.headers["link"] == f'<{PUBLIC_URL}{path}>; rel="self"'
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "content-encoding" not in response.headers


async def test_opml_by_its_short_name(world: World) -> None:
    response = await world.client.get("/opml")
    assert response.content == b"<opml/>"
    assert response.headers["link"] == f'<{PUBLIC_URL}/opml.xml>; rel="self"'


@pytest.mark.parametrize("path", ["/feed.atom", "/", "/status", "/status.json", "/healthz", "/opml", "/nope"])
async def test_head_is_get_without_a_body(world: World, path: str) -> None:
    """RFC 9110 §9.3.2."""
    get, head = await world.client.get(path), await world.client.head(path)
    assert (head.status_code, head.content) == (get.status_code, b"")
    assert {**head.headers, "date": ""} == {**get.headers, "date": ""}


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PROPFIND"])
@pytest.mark.parametrize("path", ["/feed.atom", "/", "/status", "/healthz"])
async def test_other_methods_are_refused(world: World, method: str, path: str) -> None:
    response = await world.client.request(method, path, content=b"x")
    assert response.status_code == 405
    assert response.headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize(
    "path", ["/nope", "/feeds/nope.atom", "/feed", "/feeds/", "/%2e%2e/etc/passwd", "/static/x"]
)
async def test_unknown_paths(world: World, path: str) -> None:
    response = await world.client.get(path)
    assert response.status_code == 404
    assert response.text == "Nothing is published at this address.\n"
    assert response.headers["cache-control"] == "no-store"


async def test_before_the_first_publication_readers_are_told_to_come_back(world: World) -> None:
    world.publication = Publication()
    response = await world.client.get("/feed.atom")
    assert (response.status_code, response.headers["retry-after"]) == (503, "10")


@pytest.mark.parametrize("accept_encoding", ["identity", "gzip"])
@pytest.mark.parametrize("path", ["/feed.atom", "/", "/feeds/politics"])
async def test_304_for_the_tag_of_each_coding(world: World, path: str, accept_encoding: str) -> None:
    """RFC 9110 §15.4.5: the fields of the 200 that tell caches what to do, and nothing else."""
    full = await world.client.get(path, headers={"Accept-Encoding": accept_encoding})
    asked = {"Accept-Encoding": accept_encoding, "If-None-Match": f'"x", W/{full.headers["etag"]}'}
    for response in (
        await world.client.get(path, headers=asked),
        await world.client.head(path, headers=asked),
    ):
        assert (response.status_code, response.content) == (304, b"")
        for name in ("etag", "cache-control", "vary"):
            assert response.headers[name] == full.headers[name]
        assert "content-type" not in response.headers
        assert "content-encoding" not in response.headers


async def test_tags_of_codings_differ(world: World) -> None:
    """RFC 9110 §8.8.3.3: what one client has unpacked is not what another asked for."""
    plain = await world.client.get("/feed.atom", headers={"Accept-Encoding": "identity"})
    packed = await world.client.get("/feed.atom", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.content == plain.content
    assert int(packed.headers["content-length"]) < int(plain.headers["content-length"])
    assert plain.headers["etag"] != packed.headers["etag"]
    assert not plain.headers["etag"].startswith("W/")
    crossed = {"Accept-Encoding": "gzip", "If-None-Match": plain.headers["etag"]}
    assert (await world.client.get("/feed.atom", headers=crossed)).status_code == 200


async def test_if_modified_since(world: World) -> None:
    same, before = "Tue, 14 Nov 2023 08:33:00 GMT", "Tue, 14 Nov 2023 08:32:59 GMT"
    cases = [({"If-Modified-Since": same}, 304), ({"If-Modified-Since": before}, 200)]
    cases.append(({"If-Modified-Since": same, "If-None-Match": '"x"'}, 200))  # the tag decides alone
    for headers, status in cases:
        assert (await world.client.get("/feed.atom", headers=headers)).status_code == status


async def test_accept_encoding_in_several_lines(world: World) -> None:
    """RFC 9110 §5.3: the lines are one list."""
    lines = httpx.Headers([("Accept-Encoding", "br"), ("Accept-Encoding", "gzip")])
    assert (await world.client.get("/feed.atom", headers=lines)).headers["content-encoding"] == "gzip"


async def test_no_coding_left(world: World) -> None:
    response = await world.client.get("/feed.atom", headers={"Accept-Encoding": "identity;q=0"})
    assert (response.status_code, response.headers["vary"]) == (406, "Accept-Encoding")


async def test_same_bytes_keep_their_tags_in_a_new_publication(world: World) -> None:
    before = await world.client.get("/feed.atom")
    old = world.publication.published["feed.atom"]
    kept = published("feed.atom", bytes(bytearray(old.document.body)), old.document.content_type)
    world.publication = replace(
        world.publication, published={**world.publication.published, "feed.atom": kept}
    )
    assert (await world.client.get("/feed.atom")).headers["etag"] == before.headers["etag"]


async def test_a_new_publication_is_served_at_once(world: World) -> None:
    await world.client.get("/feed.atom")
    river = (await world.client.get("/")).text
    changed = published("feed.atom", b"<feed>changed</feed>", "application/atom+xml; charset=utf-8")
    feed = merged_feed("feed", merged_entry("Rain falls"))
    world.publication = Publication(published={"feed.atom": changed}, feeds=(feed,))
    assert (await world.client.get("/feed.atom")).content == b"<feed>changed</feed>"
    assert "Rain falls" in (await world.client.get("/")).text != river
    assert (await world.client.get("/feed.rss")).status_code == 404


async def test_new_settings_are_in_force_at_once(world: World) -> None:
    await world.client.get("/")
    world.settings = replace(
        world.settings, title="Other", max_age=timedelta(seconds=7), public_url="https://o.example"
    )
    response = await world.client.get("/feed.atom")
    assert response.headers["cache-control"] == "public, max-age=7"
    assert response.headers["link"] == '<https://o.example/feed.atom>; rel="self"'
    assert "<title>Other</title>" in (await world.client.get("/")).text


async def test_large_document_arrives_whole(world: World) -> None:
    body = bytes(range(256)) * 12_000  # 3 MB, in many pieces
    world.publication = Publication(
        published={"feed.atom": published("feed.atom", body, "application/atom+xml")}
    )
    plain, packed = await asyncio.gather(
        world.client.get("/feed.atom"), world.client.get("/feed.atom", headers={"Accept-Encoding": "gzip"})
    )
    assert plain.content == packed.content == body
    async with world.client.stream("GET", "/feed.atom", headers={"Accept-Encoding": "gzip"}) as raw:
        assert gzip.decompress(b"".join([piece async for piece in raw.aiter_raw()])) == body


async def test_thousand_reads_during_publishing_are_all_whole(world: World) -> None:
    """PROTOCOL E23: what is read is one publication or another, never a mixture."""

    def numbered(number: int) -> Publication:
        body = f"{number}\n".encode() * 30_000
        return Publication(published={"feed.atom": published("feed.atom", body, "application/atom+xml")})

    async def read() -> None:
        response = await world.client.get("/feed.atom")
        assert len(set(response.text.split())) == 1
        assert int(response.headers["content-length"]) == len(response.content)

    for number in range(20):
        world.publication = numbered(number)
        await asyncio.gather(*(read() for _ in range(10)))


async def test_no_date_is_later_than_the_answer(world: World) -> None:
    """RFC 9110 §8.8.2.1; two changes in one second have two dates, of which one is still to come."""
    ahead = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    feeds = {path: replace(one, modified_at=ahead) for path, one in world.publication.published.items()}
    world.publication = replace(world.publication, published=feeds)
    response = await world.client.get("/feed.atom")
    said = response.headers["last-modified"]
    assert parsedate_to_datetime(said) < ahead - timedelta(minutes=50)
    again = await world.client.get("/feed.atom", headers={"If-Modified-Since": said})
    assert again.status_code == 200


async def test_feeds_made_on_demand_that_change_within_a_second(world: World) -> None:
    path = "/sources/alfa.atom"
    dates: list[str] = []
    for title in ("One", "Two", "Three"):
        world.publication = publication_of(merged_feed("feed", merged_entry(title)))
        said = dates[-1:] and {"If-Modified-Since": dates[-1]}
        response = await world.client.get(path, headers=said or {})
        assert response.status_code == 200
        dates.append(response.headers["last-modified"])
