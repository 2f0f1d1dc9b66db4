"""CPU per 304 of our fetcher, beside the libraries it is made of, in one run.

    python -m benchmarks.fetch [--origins 1000] [--requests 10000]

Each client runs in a process of its own and asks a publisher in another; only the client's CPU
counts. Origins are asked in groups that everybody could keep connections to; "ours" keeps to its own
bound of kept hosts nevertheless, "all hosts kept" is the same without. With CPython 3.11 on two
shared cores:

                                    new connections       kept connections
    ours                            467 us   x 1.8        460 us   x 4.0    (a quarter is kept)
    ours, all hosts kept            466 us   x 1.8        317 us   x 2.8
    httpx                          1008 us   x 3.8       1166 us   x 10     (its pool keeps 20)
    httpx, one client per origin   1074 us   x 4.1        707 us   x 6.2
    aiohttp                         265 us   x 1.0        115 us   x 1.0

Addresses need no name server: a name costs 70 us more, once in `DNS_CACHE`.
"""

import argparse
import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from ipaddress import IPv4Network
from itertools import islice
from pathlib import Path
from time import process_time

import aiohttp
import httpx

from aggregator.fetch import Fetcher, HostGate
from aggregator.fetch.request import request_headers
from aggregator.fetch.transport import MAX_KEPT_HOSTS, KeptHosts
from aggregator.model import Source, Validators
from benchmarks.processes import Watch
from benchmarks.publisher import Publisher, origins

AT_ONCE = 64  # requests in flight
TOGETHER = 200  # origins that are visited again and again before the next ones: fewer than anybody keeps
WARM_UP = 200  # requests that do not count
KNOWN = Validators(etag='"a1b2c3d4"', last_modified="Wed, 25 Nov 2026 11:00:00 GMT")
AGENT = "aggregator/benchmark (+https://example.org)"
ANYWHERE = httpx.URL("http://publisher.example")
HEADERS = {
    name.decode(): value.decode()
    for name, value in request_headers(ANYWHERE, AGENT, KNOWN, None)
    if name != b"Host"
}

Ask = Callable[[str], Awaitable[int]]  # an address to its status


@asynccontextmanager
async def ours(max_kept: int = MAX_KEPT_HOSTS) -> AsyncIterator[Ask]:
    """The real fetcher: gate, guard, deadline, transport, and what the answer says."""
    async with Fetcher(
        user_agent=lambda _: AGENT,
        timeout=timedelta(seconds=30),
        max_bytes=2**20,
        allow_addresses=[IPv4Network("127.0.0.0/8")],
        gate=HostGate(timedelta()),
        clock=lambda: datetime.now(UTC),
    ) as fetcher:
        assert fetcher._direct is not None  # no setting, because nobody but us should want another bound
        fetcher._direct._kept = KeptHosts(max_kept)

        async def ask(url: str) -> int:
            return (await fetcher.fetch(Source(id=url, url=url), KNOWN)).status

        yield ask


@asynccontextmanager
async def one_httpx() -> AsyncIterator[Ask]:
    async with httpx.AsyncClient(trust_env=False) as client:

        async def ask(url: str) -> int:
            return (await client.get(url, headers=HEADERS)).status_code

        yield ask


@asynccontextmanager
async def httpx_each() -> AsyncIterator[Ask]:
    """One client for each origin, made when it is first asked; they share what they can."""
    async with AsyncExitStack() as stack:
        tls = httpx.create_ssl_context()
        clients: dict[str, httpx.AsyncClient] = {}

        async def ask(url: str) -> int:
            host = httpx.URL(url).host
            if host not in clients:
                clients[host] = await stack.enter_async_context(
                    httpx.AsyncClient(trust_env=False, verify=tls)
                )
            return (await clients[host].get(url, headers=HEADERS)).status_code

        yield ask


@asynccontextmanager
async def bare_aiohttp() -> AsyncIterator[Ask]:
    async with aiohttp.ClientSession() as session:

        async def ask(url: str) -> int:
            async with session.get(url, headers=HEADERS) as answer:
                await answer.read()
                return answer.status

        yield ask


CLIENTS: dict[str, Callable[[], AbstractAsyncContextManager[Ask]]] = {
    "ours": ours,
    "ours, all hosts kept": partial(ours, sys.maxsize),
    "httpx": one_httpx,
    "httpx, one client per origin": httpx_each,
    "aiohttp": bare_aiohttp,
}


def visits(port: int, count: int, requests: int) -> Iterator[str]:
    """Yield addresses: every origin equally often, `TOGETHER` of them at a time."""
    hosts = origins(count, port)
    for start in range(0, count, TOGETHER):
        for number in range(requests // count):
            for host in hosts[start : start + TOGETHER]:
                yield f"{host}/feed-{number}.xml"


async def ask_all(ask: Ask, urls: Iterator[str]) -> int:
    """Ask every address, `AT_ONCE` at a time, and return how many there were."""
    count = 0

    async def worker() -> None:
        nonlocal count
        for url in urls:
            assert await ask(url) == 304, url
            count += 1

    await asyncio.gather(*(worker() for _ in range(AT_ONCE)))
    return count


async def client(name: str, port: int, count: int, requests: int) -> float:
    """Return the CPU microseconds per request of a client in this process."""
    async with CLIENTS[name]() as ask:
        await ask_all(ask, islice(visits(port, count, requests), WARM_UP))
        before = process_time()
        asked = await ask_all(ask, visits(port, count, requests))
        return (process_time() - before) / asked * 1e6


def measure(name: str, *, close: bool, count: int, requests: int) -> tuple[float, str]:
    """Run a client in a process of its own; return its CPU per request, and a line about it."""
    with Publisher(hosts=count, close=close) as publisher:
        options = {"client": name, "port": publisher.port, "origins": count, "requests": requests}
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "benchmarks.fetch",
                *(f"--{key}={value}" for key, value in options.items()),
            ],
            cwd=Path(__file__).resolve().parents[1],
            stdout=subprocess.PIPE,
            text=True,
        )
        with Watch(process.pid) as watch:
            said, _ = process.communicate()
    if process.returncode:
        raise SystemExit(f"{name}: exit {process.returncode}")
    cost: float = json.loads(said)
    connections = len({asked.connection for asked in publisher.requests})
    return cost, (
        f"{name:30}{cost:8.0f} us{connections:9} connections{watch.descriptors:7} descriptors"
        f"{watch.memory / 2**20:7.0f} MiB"
    )


def compare(count: int, requests: int) -> None:
    for close in (True, False):
        print(f"{'new' if close else 'kept'} connections, {requests} requests to {count} origins:")
        results = {name: measure(name, close=close, count=count, requests=requests) for name in CLIENTS}
        for cost, line in results.values():
            print(f"  {line}   x {cost / results['aiohttp'][0]:.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--origins", type=int, default=1000)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--client", choices=list(CLIENTS), help="only this one, in this process, at --port")
    parser.add_argument("--port", type=int)
    options = parser.parse_args()
    if options.client:
        print(asyncio.run(client(options.client, options.port, options.origins, options.requests)))
    else:
        compare(options.origins, options.requests)
