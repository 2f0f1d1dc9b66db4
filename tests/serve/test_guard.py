"""The door over HTTP: token and rate limit."""

from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network
from urllib.parse import urljoin

import pytest
from lxml import html

from tests.serve.conftest import World

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
