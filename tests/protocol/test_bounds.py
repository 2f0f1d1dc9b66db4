"""What a hostile publisher can cost us, and that it costs others nothing (PROTOCOL P30)."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from tests.faults.hostile import DEADLINE
from tests.faults.wire import AT_ONCE, BOUNDED, BY_ANY, UNTIL_THE_DEADLINE
from tests.fetch.server import Answer, Server, packed, redirect
from tests.protocol.looking import asked, failed, source, status
from tests.protocol.markup import item, rss
from tests.running import Running, Site

# --- what a bad source costs

TICK = 1.0  # seconds between two looks at what is due
LATE = 1.5  # seconds by which a busy machine may be late
GOOD = ("127.0.0.2", "127.0.0.3", "127.0.0.4")


HOSTS = tuple(
    f"127.0.1.{number}" for number in range(1, len(BOUNDED) + 1)
)  # one each: none waits for another


@pytest.fixture(scope="module")
def besieged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Running]]:
    """A daemon that polls good sources and is then given all of these; each has been polled once."""
    with Server(hosts=(*GOOD, *HOSTS)) as publisher:
        tables = []
        for number, host in enumerate(GOOD):
            publisher.answer(f"/good/{number}", Answer(body=rss(item(f"good-{number}"))))
            tables.append(source(f"good-{number}", publisher.url(f"/good/{number}", host)))
        site = Site(
            tmp_path_factory.mktemp("besieged"),
            sources="".join(tables),
            environ={"AGGREGATOR_POLL__TIMEOUT": f"{DEADLINE:g}s", "AGGREGATOR_POLL__MAX_BYTES": "2MiB"},
        )
        for (name, hostile), host in zip(BOUNDED.items(), HOSTS, strict=True):
            publisher.answer(f"/{name}", hostile.answer)
            tables.append(source(name, publisher.url(f"/{name}", host)))
        with site.daemon() as daemon:
            for number in range(len(GOOD)):
                asked(publisher, f"/good/{number}", 2)
            site.sources.write_text("".join(tables), encoding="utf-8")
            daemon.log("event=reload", f"added={len(BOUNDED)}")
            for name in BOUNDED:
                failed(daemon, name)
            yield publisher, daemon


@pytest.mark.parametrize("name", BOUNDED)
def test_p30_a_bad_source_has_its_error(besieged: tuple[Server, Running], name: str) -> None:
    facts = status(besieged[1])[name]
    assert facts["state"] == "failing"
    assert (BOUNDED[name].error or "") in facts["last_error"]


@pytest.mark.parametrize("name", UNTIL_THE_DEADLINE)
def test_p30_it_costs_its_own_poll_the_deadline_of_a_whole_fetch(
    besieged: tuple[Server, Running], name: str
) -> None:
    first = asked(besieged[0], f"/{name}")[0]
    assert DEADLINE - 0.5 <= first.ended_at - first.at <= DEADLINE + LATE


@pytest.mark.parametrize("name", [*AT_ONCE, *BY_ANY])
def test_p30_or_less_where_a_bound_ends_it(besieged: tuple[Server, Running], name: str) -> None:
    first = asked(besieged[0], f"/{name}")[0]
    assert first.ended_at - first.at <= DEADLINE + LATE


@pytest.mark.parametrize("number", range(len(GOOD)))
def test_p30_and_others_nothing(besieged: tuple[Server, Running], number: int) -> None:
    publisher, daemon = besieged
    daemon.feed(f"Title good-{number}")
    polls = asked(publisher, f"/good/{number}", 4)
    bad = [one for name in UNTIL_THE_DEADLINE for one in publisher.asked(f"/{name}")]
    during = [poll for poll in polls if any(one.at < poll.at < one.ended_at for one in bad)]
    assert len(during) >= 2
    for previous, following in pairwise(polls):
        assert following.at - previous.at <= 1.1 + TICK + LATE  # its interval with jitter


def test_p30_nor_memory(besieged: tuple[Server, Running]) -> None:
    memory = Path(f"/proc/{besieged[1].process.pid}/status")
    if not memory.exists():
        pytest.skip("memory of processes is told by Linux only")
    peak = next(line for line in memory.read_text().splitlines() if line.startswith("VmHWM"))
    assert int(peak.split()[1]) < 200 * 1024  # kB


def test_p30_ten_redirects_are_followed_and_no_more(tmp_path: Path, publisher: Server) -> None:
    for number in range(12):
        publisher.answer(f"/{number}", redirect(f"/{number + 1}", (301, 302, 303, 307, 308)[number % 5]))
    publisher.answer("/12", Answer(body=rss(item("end"))))
    tables = source("ten", publisher.url("/2")) + source("eleven", publisher.url("/1", GOOD[0]))
    with Site(tmp_path, sources=tables).daemon() as daemon:
        daemon.feed("Title end")
        assert failed(daemon, "eleven") == "more than 10 redirects"
        assert {one.host for one in publisher.asked("/12")} == {publisher.hosts[0]}


def test_p30_redirects_share_the_deadline(tmp_path: Path, publisher: Server) -> None:
    """Each hop is in time, all of them together are not."""
    for number in range(9):
        hop = redirect(f"/{number + 1}")
        publisher.answer(f"/{number}", Answer(status=hop.status, headers=hop.headers, delay=0.4))
    with Site(tmp_path, sources=source("slow", publisher.url("/0"), timeout='"1s"')).daemon() as daemon:
        assert failed(daemon, "slow") == "no answer within 1 s"
    assert 2 <= len(publisher.asked()) <= 3


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", "body is larger than 1000 bytes"),
        (b"gzip", "body is larger than 1000 bytes"),
    ],
)
def test_p30_the_bound_of_a_source_is_its_own(
    tmp_path: Path, publisher: Server, body: bytes, error: str
) -> None:
    document = rss(item("large", text="x" * 1000))
    publisher.answer("/small", Answer(body=rss(item("small"))))
    publisher.answer("/large", Answer(body=packed(document) if body else document))
    tables = source("small", publisher.url("/small")) + source(
        "large", publisher.url("/large", GOOD[0]), max_bytes='"1kB"'
    )
    with Site(tmp_path, sources=tables).daemon() as daemon:
        assert failed(daemon, "large") == error
        daemon.feed("Title small", without="Title large")
