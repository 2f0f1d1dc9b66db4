"""Turns, gaps and connections, as the publisher sees them (PROTOCOL P32, P34)."""

import asyncio
from datetime import timedelta
from itertools import pairwise

import pytest

from aggregator.fetch import Fetcher, HostGate

from .asking import FEED, NONE, make_fetcher, source
from .server import Answer, Server, raw, redirect

GOOD = Answer(body=FEED)


async def test_p32_one_request_per_host_with_a_gap(server: Server) -> None:
    gap = timedelta(milliseconds=80)
    for number in range(4):
        server.answer(f"/{number}", Answer(body=FEED, delay=0.03))
    async with make_fetcher(gate=HostGate(gap)) as fetcher:
        urls = [server.url(f"/{number}", host) for number in range(4) for host in ("127.0.0.1", "127.0.0.2")]
        await asyncio.gather(*(fetcher.fetch(source(url), NONE) for url in urls))
    for host in ("127.0.0.1", "127.0.0.2"):
        asked = sorted((one for one in server.requests if one.host == host), key=lambda one: one.at)
        assert len(asked) == 4
        for previous, following in pairwise(asked):
            assert following.at - previous.ended_at >= gap.total_seconds() - 0.005  # the server is told later
    first, second = sorted(one.at for one in server.requests)[:2]
    assert second - first < gap.total_seconds()  # the hosts did not wait for each other


async def test_p32_redirects_wait_for_the_turn_of_their_host(server: Server) -> None:
    gap = timedelta(milliseconds=80)
    server.answer("/here", redirect("/feed"))
    server.answer("/there", redirect(server.url("/feed", "127.0.0.2")))
    server.answer("/feed", GOOD)
    async with make_fetcher(gate=HostGate(gap)) as fetcher:
        await fetcher.fetch(source(server.url("/here")), NONE)
        await fetcher.fetch(source(server.url("/there")), NONE)
    here, feed, there, other = server.requests
    assert feed.at - here.ended_at >= gap.total_seconds() - 0.005
    assert there.at - feed.ended_at >= gap.total_seconds() - 0.005
    assert other.at - there.ended_at < gap.total_seconds()  # another host


async def test_redirects_across_two_hosts_do_not_lock_each_other_out(server: Server) -> None:
    server.answer("/a", redirect(server.url("/feed", "127.0.0.2")))
    server.answer("/b", redirect(server.url("/feed", "127.0.0.1")))
    server.answer("/feed", GOOD)
    async with make_fetcher() as fetcher, asyncio.timeout(5):
        await asyncio.gather(
            fetcher.fetch(source(server.url("/a", "127.0.0.1")), NONE),
            fetcher.fetch(source(server.url("/b", "127.0.0.2")), NONE),
        )
    assert len(server.requests) == 4


async def test_a_new_fetcher_keeps_the_gate(server: Server) -> None:
    gap = timedelta(milliseconds=80)
    server.answer("/feed", GOOD)
    gate = HostGate(gap)
    for _ in range(2):
        async with make_fetcher(gate=gate) as fetcher:
            await fetcher.fetch(source(server.url("/feed")), NONE)
    first, second = server.requests
    assert second.at - first.ended_at >= gap.total_seconds() - 0.005


async def test_p34_connections_are_reused(server: Server, fetcher: Fetcher) -> None:
    server.answer("/feed", GOOD, Answer(status=304), Answer(status=404, body=b"sorry"), GOOD)
    for _ in range(4):
        await fetcher.fetch(source(server.url("/feed")), NONE)
    assert server.connections == 1


async def test_p34_a_kept_connection_that_breaks_is_replaced_once(server: Server, fetcher: Fetcher) -> None:
    server.answer("/feed", GOOD, raw(), GOOD)
    await fetcher.fetch(source(server.url("/feed")), NONE)
    assert (await fetcher.fetch(source(server.url("/feed")), NONE)).body == FEED
    assert [asked.connection for asked in server.requests] == [1, 1, 2]


async def test_cancelling_a_fetch_frees_its_host(server: Server, fetcher: Fetcher) -> None:
    server.answer("/slow", Answer(delay=30))
    server.answer("/feed", GOOD)
    fetching = asyncio.create_task(fetcher.fetch(source(server.url("/slow")), NONE))
    while not server.requests:  # noqa: ASYNC110 - the server lives in another thread
        await asyncio.sleep(0.01)
    fetching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await fetching
    assert (await fetcher.fetch(source(server.url("/feed")), NONE)).body == FEED
