"""Connections: how many are kept, and names to addresses."""

import asyncio
import socket
import threading
from datetime import timedelta
from typing import Any

import httpx
import pytest

from aggregator.fetch.resolver import LOOKUPS_AT_ONCE, ThreadResolver
from aggregator.fetch.transport import KeptHosts, Transport

from .server import Answer, Server


def test_no_more_hosts_are_kept_than_allowed() -> None:
    kept = KeptHosts(limit=2)
    for host in (b"a", b"b", b"c"):
        kept.add(host)
    assert kept.may_keep(b"a")
    assert kept.may_keep(b"b")
    assert not kept.may_keep(b"c")
    assert kept.forget(b"a")
    assert not kept.forget(b"a")
    assert kept.may_keep(b"c")


def test_kept_hosts_expire() -> None:
    kept = KeptHosts(limit=1, span=timedelta())
    kept.add(b"a")
    assert kept.may_keep(b"b")


async def test_beyond_the_limit_connections_are_closed(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.answer("/", Answer(body=b"x"))
    transport = Transport(None, max_connections=4, tls=httpx.create_ssl_context())
    transport._kept = KeptHosts(limit=1)
    for host in ("127.0.0.1", "127.0.0.2") * 2:
        response = await transport.handle_async_request(httpx.Request("GET", server.url("/", host)))
        assert await response.aread() == b"x"
    await transport.aclose()
    assert [one.header("connection") for one in server.requests] == [None, "close", None, "close"]
    assert [one.connection for one in server.requests] == [1, 2, 1, 3]


async def test_a_name_resolves() -> None:
    found = await ThreadResolver().resolve("localhost", 80, socket.AF_INET)
    assert {(one["host"], one["port"]) for one in found} == {("127.0.0.1", 80)}


async def test_slow_names_do_not_hold_up_threads_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop's default executor reads files and inflates bodies; no name server may occupy it."""
    release, started = threading.Event(), threading.Semaphore(0)

    def slow(*_: object, **__: object) -> list[object]:
        started.release()
        release.wait(10)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    resolver = ThreadResolver()
    lookups = [asyncio.create_task(resolver.resolve("slow.example", 80)) for _ in range(LOOKUPS_AT_ONCE + 1)]
    try:
        await asyncio.sleep(0)
        assert await asyncio.wait_for(asyncio.to_thread(lambda: 1), 5) == 1
        for _ in range(LOOKUPS_AT_ONCE):
            assert started.acquire(timeout=5)
        assert not started.acquire(blocking=False)  # one waits for a place
    finally:
        release.set()
    answers = await asyncio.wait_for(asyncio.gather(*lookups, return_exceptions=True), 5)
    assert all(isinstance(answer, socket.gaierror) for answer in answers)


def lookup_threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name == "lookup"}


async def end_of(others: set[threading.Thread], but: int = 0) -> None:
    """Wait until no more than `but` lookup threads beside `others` are alive."""
    async with asyncio.timeout(5):
        while len(lookup_threads() - others) > but:  # noqa: ASYNC110 - a thread ends without telling the loop
            await asyncio.sleep(0.01)


async def test_names_share_threads_until_the_end() -> None:
    others = lookup_threads()
    resolver = ThreadResolver()
    for _ in range(5):
        await resolver.resolve("localhost", 80)
    assert len(lookup_threads() - others) == 1
    await resolver.close()
    await end_of(others)


async def test_a_closed_transport_leaves_no_threads(server: Server) -> None:
    others = lookup_threads()
    transport = Transport(None, max_connections=4, tls=httpx.create_ssl_context())
    response = await transport.handle_async_request(httpx.Request("GET", server.url("/", "localhost")))
    await response.aclose()
    assert lookup_threads() - others
    await transport.aclose()
    await end_of(others)


async def test_lookups_nobody_waits_for_hold_up_no_name_and_leave_few_threads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A deadline gives up the wait, but nothing can make getaddrinfo return."""
    release, others = threading.Event(), lookup_threads()
    real = socket.getaddrinfo

    def slow(host: str, *rest: Any, **more: Any) -> Any:
        if host == "slow.example":
            release.wait(10)
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return real(host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    resolver = ThreadResolver()
    try:
        for _ in range(2):
            lookups = [resolver.resolve("slow.example", 80) for _ in range(LOOKUPS_AT_ONCE)]
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(asyncio.gather(*lookups), 0.1)
        assert await asyncio.wait_for(resolver.resolve("localhost", 80), 5)
        assert len(lookup_threads() - others) == 2 * LOOKUPS_AT_ONCE + 1
    finally:
        release.set()
    await end_of(others, but=LOOKUPS_AT_ONCE)
    await resolver.close()
    await end_of(others)


async def test_a_name_without_usable_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [])
    with pytest.raises(OSError, match="no address"):
        await ThreadResolver().resolve("empty.example", 80)


async def test_a_link_local_address_keeps_its_interface(monkeypatch: pytest.MonkeyPatch) -> None:
    info = (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("fe80::1", 80, 0, 2))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [info])
    (found,) = await ThreadResolver().resolve("printer.example", 80)
    assert found["host"] == "fe80::1%2"
