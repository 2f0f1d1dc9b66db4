"""How hosts are spared, and how we introduce ourselves to them (PROTOCOL P31–P34)."""

import re
import signal
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from tests.fetch.server import Answer, Asked, Server, redirect
from tests.protocol.looking import asked, source, status, wait
from tests.protocol.markup import item, rss
from tests.running import Running, Site, eventually

GAP = 1.0
MARGIN = 0.01  # seconds by which the publisher's thread may look at its clock late
AT_ONCE = 3
BUSY = "127.0.0.1"  # has several sources, on two ports, and others redirect to it
ELSEWHERE = "127.0.0.2"
SINGLE = tuple(f"127.0.0.{number}" for number in range(3, 10))  # hosts with one slow source each


@pytest.fixture(scope="module")
def hosts() -> Iterator[Server]:
    with Server(hosts=(BUSY, ELSEWHERE, *SINGLE)) as server:
        yield server


@pytest.fixture(scope="module")
def neighbour() -> Iterator[Server]:
    """The busy host at another port: ports share a machine."""
    with Server(hosts=(BUSY,)) as server:
        yield server


@pytest.fixture(scope="module")
def crowded(hosts: Server, neighbour: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A daemon with more to ask than it may ask at once."""
    slow = Answer(body=rss(item("1")), headers=[("ETag", '"1"')], delay=0.2)
    for path in ("/a", "/target"):
        hosts.answer(path, slow)
    hosts.answer("/missing", Answer(status=404, body=b"sorry", delay=0.2))
    hosts.answer("/here", redirect("/target"))
    hosts.answer("/there", redirect(hosts.url("/target", BUSY)))
    neighbour.answer("/c", slow)
    tables = [source(name, hosts.url(f"/{name}", BUSY)) for name in ("a", "missing", "here")]
    tables += [source("c", neighbour.url("/c", BUSY)), source("there", hosts.url("/there", ELSEWHERE))]
    for number, host in enumerate(SINGLE):
        hosts.answer(f"/single/{number}", Answer(body=rss(item("1")), delay=0.6))
        tables.append(source(f"single-{number}", hosts.url(f"/single/{number}", host)))
    site = Site(
        tmp_path_factory.mktemp("crowded"),
        sources="".join(tables),
        environ={"AGGREGATOR_POLL__HOST_GAP": f"{GAP:g}s", "AGGREGATOR_POLL__CONCURRENCY": str(AT_ONCE)},
    )
    with site.daemon() as daemon:
        eventually(lambda: len(of_host(hosts, neighbour)) >= 6, "the busy host is asked six times")
        for path in ("/there", "/single/0"):
            asked(hosts, path)
        yield daemon


def of_host(*servers: Server) -> list[Asked]:
    """Return the requests that the busy host has answered, at any port, in the order they came."""
    answered = [one for server in servers for one in server.asked() if one.ended_at < float("inf")]
    return sorted((one for one in answered if one.host == BUSY), key=lambda one: one.at)


def test_p32_one_request_at_a_time_to_a_host_and_a_gap_before_the_next(
    crowded: Running, hosts: Server, neighbour: Server
) -> None:
    requests = of_host(hosts, neighbour)
    assert {"/a", "/c", "/missing", "/here", "/target"} <= {one.path for one in requests}
    for previous, following in pairwise(requests):
        assert following.at - previous.ended_at >= GAP - MARGIN, (previous, following)


def test_p32_a_cap_on_requests_to_all_hosts_that_is_used(crowded: Running, hosts: Server) -> None:
    assert most_at_once(hosts.asked()) == AT_ONCE


def most_at_once(requests: Sequence[Asked]) -> int:
    """Return how many requests were being answered at the busiest moment."""
    return max(sum(other.at <= one.at < other.ended_at for other in requests) for one in requests)


def test_p34_a_host_is_asked_over_one_connection(crowded: Running, hosts: Server) -> None:
    """Over all of its sources, after an error and along redirects."""
    assert len({one.connection for one in of_host(hosts)}) == 1
    assert hosts.dialled.count(SINGLE[0]) == 1


# --- many sources due at once

MANY = tuple(f"127.1.{number // 200}.{number % 200 + 1}" for number in range(600))
PER_SECOND = 200  # starts, and as many more in the first second
IN_FLIGHT = 64  # polls started earlier whose requests a busy machine may send together


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, dict[str, timedelta]]]:
    """What the publishers saw of a start with many due sources, and how long the good ones then wait."""
    with Server(hosts=MANY) as server:
        server.answer("/feed", Answer(body=rss(item("1"))))  # all others answer 404, which is done at once
        paths = ["/feed" if n % 4 == 0 else "/missing" for n in range(len(MANY))]
        tables = [
            source(f"s{n}", server.url(path, host), interval='"1h"')
            for n, (path, host) in enumerate(zip(paths, MANY, strict=True))
        ]
        site = Site(tmp_path_factory.mktemp("many"), sources="".join(tables))
        with site.daemon() as daemon:
            asked(server, "/missing", paths.count("/missing"))
            polled = eventually(lambda: all_polled(daemon), "all sources have been polled")
        yield server, polled


def all_polled(daemon: Running) -> dict[str, timedelta] | None:
    facts = status(daemon)
    if any(one["last_poll_at"] is None for one in facts.values()):
        return None
    return {name: wait(one) or timedelta() for name, one in facts.items() if not one["failures"]}


def test_p33_a_start_with_many_due_sources_spreads_out(start: tuple[Server, dict[str, timedelta]]) -> None:
    times = sorted(one.at for one in start[0].asked())
    assert len(times) == len(MANY)  # each once
    assert times[-1] - times[0] >= len(MANY) / PER_SECOND - 1 - MARGIN
    for n, at in enumerate(times):
        within = sum(at <= other < at + 1 for other in times[n:])
        assert within <= 2 * PER_SECOND + IN_FLIGHT


def test_p33_jitter_spreads_the_next_polls_and_never_shortens(
    start: tuple[Server, dict[str, timedelta]],
) -> None:
    hour, second = timedelta(hours=1), timedelta(seconds=1)  # /status.json tells whole seconds
    waits = sorted(start[1].values())
    assert waits[0] >= hour - second
    assert waits[-1] <= hour * 1.1 + second
    quarters = [waits[len(waits) * n // 4] for n in (1, 2, 3)]
    for n, at in enumerate(quarters, start=1):
        assert abs(at - hour * (1 + 0.1 * n / 4)) < timedelta(minutes=1)


# --- who we are

AGENT = re.compile(
    r"aggregator/\S+ \(\+https://news\.example/about; (?P<count>[0-9]+) subscribers; feed-id=(?P<id>\S+)\)"
)


def introduced(request: Asked) -> tuple[str, int]:
    said = AGENT.fullmatch(request.header("user-agent") or "")
    assert said, request.header("user-agent")
    return said["id"], int(said["count"])


def test_p31_we_say_who_asks_for_whom_and_how_many_read_it(tmp_path: Path, publisher: Server) -> None:
    for name in ("alfa", "bravo"):
        publisher.answer(f"/{name}", Answer(body=rss(item(name))))
    publisher.answer("/hop", redirect(publisher.url("/alfa", ELSEWHERE)))
    site = Site(
        tmp_path,
        sources=source("alfa", publisher.url("/hop")) + source("bravo", publisher.url("/bravo")),
        environ={"AGGREGATOR_AGGREGATOR__CONTACT": "https://news.example/about"},
    )
    with site.daemon() as daemon:
        assert introduced(asked(publisher, "/hop")[0]) == ("alfa", 0)
        assert introduced(asked(publisher, "/alfa")[0]) == ("alfa", 0)
        assert introduced(asked(publisher, "/bravo")[0]) == ("bravo", 0)
        for agent in ("Feedbin feed-id:1 - 17 subscribers", "One Reader/1.0", "Another Reader/2.0"):
            assert daemon.get("/feed.atom", [("User-Agent", agent)]).status_code == 200
        eventually(lambda: introduced(publisher.asked("/bravo")[-1]) == ("bravo", 19), "19 subscribers")
        assert daemon.stop(signal.SIGTERM) == 0
    before = len(publisher.asked("/bravo"))
    with site.daemon():
        assert introduced(asked(publisher, "/bravo", before + 1)[before]) == ("bravo", 19)
