"""Readers that have the newest feed are answered before the application is asked: nobody can tell."""

from dataclasses import replace
from datetime import timedelta

import pytest

from aggregator.model import Publication
from tests.serve.conftest import AT, World, merged_feed, publication_of

ROUNDABOUT = {"x": ""}  # a query, which says nothing here, is for the application


async def tag(world: World, path: str = "/feed.atom", **fields: str) -> dict[str, str]:
    """Ask for a feed, and return the fields of one who has it."""
    response = await world.client.get(path, headers=fields)
    return fields | {"If-None-Match": response.headers["etag"]}


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("coding", ["identity", "gzip", "zstd"])
async def test_the_same_fields_as_from_the_application(world: World, method: str, coding: str) -> None:
    fields = await tag(world, **{"Accept-Encoding": coding})
    quick = await world.client.request(method, "/feed.atom", headers=fields)
    other = await world.client.request(method, "/feed.atom", headers=fields, params=ROUNDABOUT)
    assert (quick.status_code, quick.content) == (304, b"")
    assert {**quick.headers, "date": ""} == {**other.headers, "date": ""}


@pytest.mark.parametrize(
    "fields", [{"If-Modified-Since": "Tue, 14 Nov 2023 08:33:00 GMT"}, {"If-None-Match": "*"}]
)
async def test_other_ways_to_say_it(world: World, fields: dict[str, str]) -> None:
    await tag(world)
    assert (await world.client.get("/feed.atom", headers=fields)).status_code == 304


async def test_tags_in_several_lines(world: World) -> None:
    known = (await tag(world))["If-None-Match"]
    lines = [("If-None-Match", '"x"'), ("If-None-Match", known)]
    assert (await world.client.get("/feed.atom", headers=lines)).status_code == 304


async def test_other_methods_are_refused_all_the_same(world: World) -> None:
    fields = await tag(world)
    assert (await world.client.post("/feed.atom", headers=fields)).status_code == 405


async def test_no_coding_left(world: World) -> None:
    fields = await tag(world) | {"Accept-Encoding": "identity;q=0"}
    assert (await world.client.get("/feed.atom", headers=fields)).status_code == 406


async def test_a_token_is_asked_for(world: World) -> None:
    fields = await tag(world)
    world.settings = replace(world.settings, token="s3cret")
    assert (await world.client.get("/feed.atom", headers=fields)).status_code == 401
    response = await world.client.get("/feed.atom", headers=fields | {"Authorization": "Bearer s3cret"})
    assert (response.status_code, response.headers["cache-control"]) == (304, "private, max-age=300")


async def test_requests_are_counted(world: World) -> None:
    """Each once, however it is answered."""
    fields = await tag(world)
    world.settings = replace(world.settings, rate_limit=(4, timedelta(hours=3)))
    ways = [{}, ROUNDABOUT, {}, ROUNDABOUT, {}, {}]
    codes = [(await world.client.get("/feed.atom", headers=fields, params=way)).status_code for way in ways]
    assert codes == [304] * 4 + [429] * 2


async def test_readers_are_counted(world: World) -> None:
    fields = await tag(world, **{"User-Agent": "Alfa/1"})
    assert world.subscribers.count(AT) == 1
    await world.client.get("/feed.atom", headers=fields | {"User-Agent": "Beta/1 (7 subscribers)"})
    assert world.subscribers.count(AT) == 8


async def test_a_new_publication_ends_it(world: World) -> None:
    fields = await tag(world)
    world.publication = publication_of(merged_feed("feed"))
    assert (await world.client.get("/feed.atom", headers=fields)).status_code == 200
    world.publication = Publication()
    assert (await world.client.get("/feed.atom", headers=fields)).status_code == 503


async def test_the_connection_is_closed_for_whoever_asks_for_that(world: World) -> None:
    fields = await tag(world)
    response = await world.client.get("/feed.atom", headers=fields | {"Connection": "close"})
    assert (response.status_code, response.headers["connection"]) == (304, "close")
