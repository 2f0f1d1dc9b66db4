"""The door over HTTP: token and rate limit."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network
from urllib.parse import urljoin

import pytest
from lxml import html

from tests.serve.conftest import World, merged_entry, merged_feed, publication_of

TOKEN = "s3cret &/é"
GUARDED = ["/feed.atom", "/", "/feeds/politics", "/status", "/status.json", "/opml", "/nope"]


@pytest.fixture
def closed(world: World) -> World:
    world.settings = replace(world.settings, token=TOKEN)
    return world


@pytest.mark.parametrize("path", GUARDED)
@pytest.mark.parametrize("params", [{}, {"token": "wrong"}])
async def test_without_the_token(closed: World, path: str, params: dict[str, str]) -> None:
    response = await closed.client.get(path, params=params)
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == 'Bearer realm="aggregator"'
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "Snow" not in response.text


@pytest.mark.parametrize("path", GUARDED[:-1])
async def test_with_the_token_in_the_address(closed: World, path: str) -> None:
    response = await closed.client.get(path, params={"token": TOKEN})
    assert response.status_code == 200
    assert not response.headers["cache-control"].startswith("public")


async def test_with_the_token_as_a_bearer(world: World) -> None:
    world.settings = replace(world.settings, token="plain")
    assert (
        await world.client.get("/feed.atom", headers={"Authorization": "Bearer plain"})
    ).status_code == 200
    assert (await world.client.get("/feed.atom", headers={"Authorization": "Bearer plai"})).status_code == 401


@pytest.mark.parametrize("path", ["/healthz", "/static/style.css"])
async def test_open_to_all(closed: World, path: str) -> None:
    assert (await closed.client.get(path)).status_code == 200


async def test_health_is_one_word(closed: World) -> None:
    response = await closed.client.get("/healthz")
    assert (response.text, response.headers["content-type"]) == ("ok\n", "text/plain; charset=utf-8")


async def test_links_carry_the_token_of_whoever_came_with_it(closed: World) -> None:
    for path in ("/", "/feeds/politics", "/status"):
        response = await closed.client.get(path, params={"token": TOKEN})
        shown: html.HtmlElement = html.document_fromstring(response.content)
        links = shown.xpath("//@href")
        for link in [link for link in links if link.startswith(("./", "../"))]:
            assert (await closed.client.get(urljoin(str(response.url), link))).status_code == 200


async def test_links_keep_the_token_of_a_bearer_out_of_the_page(world: World) -> None:
    world.settings = replace(world.settings, token="plain")
    await world.client.get("/", params={"token": "plain"})
    response = await world.client.get("/", headers={"Authorization": "Bearer plain"})
    assert "plain" not in response.text


def test_the_token_is_in_no_repr(closed: World) -> None:
    assert TOKEN not in repr(closed.settings)


async def test_too_many_requests(world: World) -> None:
    world.settings = replace(world.settings, rate_limit=(3, timedelta(hours=3)))
    assert [(await world.client.get("/feed.atom")).status_code for _ in range(3)] == [200] * 3
    response = await world.client.get("/feed.atom")
    assert response.status_code == 429
    assert 3590 <= int(response.headers["retry-after"]) <= 3600
    assert response.headers["cache-control"] == "no-store"
    assert (await world.client.get("/healthz")).status_code == 200


async def test_guessing_a_token_is_limited_too(closed: World) -> None:
    closed.settings = replace(closed.settings, rate_limit=(2, timedelta(hours=1)))
    codes = [(await closed.client.get("/feed.atom", params={"token": str(n)})).status_code for n in range(4)]
    assert codes == [401, 401, 429, 429]


@pytest.mark.parametrize(
    ("trusted", "codes"),
    [
        (("127.0.0.0/8",), [200, 200]),  # two clients behind a proxy of ours
        ((), [200, 429]),  # one client that writes headers
    ],
)
async def test_clients_behind_a_proxy(world: World, trusted: tuple[str, ...], codes: list[int]) -> None:
    networks = tuple(ip_network(one) for one in trusted)
    world.settings = replace(world.settings, rate_limit=(1, timedelta(hours=1)), trusted_proxies=networks)
    fields = [{"X-Forwarded-For": "198.51.100.1"}, {"Forwarded": "for=198.51.100.2"}]
    assert [(await world.client.get("/feed.atom", headers=one)).status_code for one in fields] == codes


@pytest.fixture
def some_closed(world: World) -> World:
    """Three feeds, of which two ask for tokens of their own."""
    feeds = [merged_feed(f"feeds/{name}", merged_entry(f"Told in {name}")) for name in ("a", "a.b", "a.c")]
    world.publication = publication_of(merged_feed("feed"), *feeds)
    tokens = (("feeds/a", ("of-a",)), ("feeds/a.b", ("of-a.b",)))
    world.settings = replace(world.settings, feed_tokens=tokens)
    return world


@pytest.mark.parametrize("end", ["%0A", "%0a", "%0D%0A", "%00", ".atom%0A", "%7F"])
@pytest.mark.parametrize("query", ["", "?limit=1"])
async def test_no_control_character_opens_a_feed(some_closed: World, end: str, query: str) -> None:
    response = await some_closed.client.get(f"/feeds/a{end}{query}")
    assert response.status_code in {401, 404}
    assert "Told" not in response.text


@pytest.mark.parametrize("path", ["{}", "{}.atom", "{}.json"])
async def test_a_token_opens_its_own_feed_only(some_closed: World, path: str) -> None:
    statuses = {
        (name, token): (await some_closed.client.get(f"/feeds/{path.format(name)}?token={token}")).status_code
        for name in ("a", "a.b", "a.c")
        for token in ("of-a", "of-a.b")
    }
    assert [pair for pair, status in statuses.items() if status == 401] == [("a", "of-a.b"), ("a.b", "of-a")]


@pytest.mark.parametrize(
    ("target", "status"), [("/feed.atom", 200), ("", 200), ("/feeds/a.atom", 401), ("/nope", 404)]
)
async def test_addresses_in_absolute_form(some_closed: World, target: str, status: int) -> None:
    """RFC 9112 §3.2.2: as clients send them to a proxy, which may pass them on."""
    reader, writer = await asyncio.open_connection("127.0.0.1", some_closed.port)
    writer.write(
        f"GET http://news.example.org{target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
    )
    answer = await reader.read()
    writer.close()
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())
