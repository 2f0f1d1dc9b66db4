"""Older documents, followed once when a source is added, and on request (PROTOCOL P39, RFC 5005)."""

import signal
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.model import Access, KnownItem, Passed, Reading, Response, Source
from aggregator.pipeline import Pipeline
from aggregator.reading import read
from tests.fetch.server import Answer, Server, redirect
from tests.protocol.looking import asked, polled_more, source, status
from tests.protocol.markup import atom, entry, item, rss
from tests.running import Running, Site, eventually
from tests.world import World

ATOM = "http://www.w3.org/2005/Atom"
BOUND = 3  # archives, in the daemon's settings
KEPT = (
    *(
        "clock",
        "short-1",
        "long-7",
        "both-archive",
        "loop-2",
        "self-new",
        "late-1",
        "missing-new",
        "unreadable-new",
    ),
    *("moved-archive", "rss-1", "json-1", "version-done", "unusable-new"),
)
REFUSED = ("missing", "unreadable")
HOSTS = tuple(f"127.0.0.{number}" for number in range(1, 20))


def link(href: str, rel: str = "prev-archive") -> str:
    return f'<link rel="{rel}" href="{href}"/>'


def document(name: str, *, older: str = "", rel: str = "prev-archive", text: str = "") -> Answer:
    """Return an Atom document of one entry, with a link to an older document."""
    return Answer(body=atom(entry(name, text=text), head=link(older, rel) if older else ""))


def chain(library: Server, name: str, length: int) -> None:
    """Publish a document that leads to so many older ones."""
    library.answer(f"/{name}", document(f"{name}-new", older=f"/{name}/{length}"))
    for number in range(length, 0, -1):
        older = f"/{name}/{number - 1}" if number > 1 else ""
        library.answer(f"/{name}/{number}", document(f"{name}-{number}", older=older))


NAMES = (
    *(
        "clock",
        "short",
        "long",
        "paged",
        "both",
        "loop",
        "self",
        "late",
        "missing",
        "unreadable",
        "moved",
        "rss",
    ),
    *("json", "older-version", "unusable"),
)


def publish(library: Server) -> None:
    """Publish a feed for each name, each on a host of its own."""
    library.answer("/clock", document("clock"))
    chain(library, "short", 2)
    chain(library, "long", 9)
    library.answer(
        "/both",
        Answer(body=atom(entry("both-new"), head=link("/both/page", "next") + link("/both/archive"))),
    )
    library.answer("/both/archive", document("both-archive"))
    library.answer("/both/page", document("both-page"))
    library.answer("/loop", document("loop-new", older="/loop/1"))
    library.answer("/loop/1", document("loop-1", older="/loop/2"))
    library.answer("/loop/2", document("loop-2", older="/loop/1"))
    library.answer("/self", replace(document("self-new", older="/self"), headers=[("ETag", '"1"')]))
    library.answer("/late", document("late-1"), document("late-2", older="/late/1"))
    library.answer("/late/1", document("late-archive"))
    library.answer("/missing", document("missing-new", older="/missing/1"))
    library.answer("/unreadable", document("unreadable-new", older="/unreadable/1"))
    library.answer("/unreadable/1", Answer(body=b"<html>This archive has moved</html>"))
    library.answer("/moved", document("moved-new", older="/moved/1"))
    library.answer("/moved/1", redirect("/moved/2"))
    library.answer("/moved/2", document("moved-archive"))
    library.answer(
        "/rss",
        Answer(
            body=rss(
                "<item><guid>rss-new</guid><title>Title rss-new</title></item>",
                head='<atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="prev-archive" href="/rss/1"/>',
            )
        ),
    )
    library.answer("/rss/1", Answer(body=rss("<item><guid>rss-1</guid><title>Title rss-1</title></item>")))
    head = b'{"version": "https://jsonfeed.org/version/1.1", "title": "J", '
    library.answer(
        "/json",
        Answer(body=head + b'"next_url": "/json/1", "items": [{"id": "1", "title": "Title json-new"}]}'),
    )
    library.answer("/json/1", Answer(body=head + b'"items": [{"id": "2", "title": "Title json-1"}]}'))
    library.answer("/older-version", document("version", text="as it reads now", older="/older-version/1"))
    library.answer(
        "/older-version/1", Answer(body=atom(entry("version", text="as it read once"), entry("version-done")))
    )
    library.answer("/unusable", document("unusable-new", older="file:///etc/passwd"))


@pytest.fixture(scope="module")
def library() -> Iterator[Server]:
    with Server(hosts=HOSTS) as server:
        publish(server)
        yield server


@pytest.fixture(scope="module")
def site(library: Server, tmp_path_factory: pytest.TempPathFactory) -> Site:
    tables = "".join(
        source(name, library.url(f"/{name}", host)) for name, host in zip(NAMES, HOSTS, strict=False)
    )
    return Site(
        tmp_path_factory.mktemp("archives"),
        sources=tables,
        environ={"AGGREGATOR_POLL__ARCHIVES": str(BOUND), "AGGREGATOR_POLL__MAX_INTERVAL": "1s"},
    )


@pytest.fixture(scope="module")
def daemon(site: Site, library: Server) -> Iterator[Running]:
    """A daemon that has polled everybody a few times, the second time after a restart that cuts nothing off."""
    with site.daemon() as first:
        first.feed(*(f"Title {name}" for name in KEPT))
        for name in REFUSED:
            first.log("event=archive", f"source={name}", "left=0")
    with site.daemon() as running:
        for name in NAMES:
            asked(library, f"/{name}", 4)
        polled_more(library, "/clock")
        yield running


def test_p39_archives_are_read_once_when_a_source_is_added(daemon: Running, library: Server) -> None:
    daemon.feed("Title short-new", "Title short-2", "Title short-1")
    requests = [asked(library, f"/short/{number}") for number in (2, 1)]
    assert [len(found) for found in requests] == [1, 1]
    assert requests[0][0].at < requests[1][0].at
    for (request,) in requests:
        assert request.header("if-none-match") is None
        assert request.header("a-im") is None


def test_p39_but_not_without_end(daemon: Running, library: Server) -> None:
    daemon.feed("Title long-new", "Title long-9", "Title long-8", "Title long-7", without="Title long-6")
    assert [len(library.asked(f"/long/{number}")) for number in range(9, 0, -1)] == [1, 1, 1, *[0] * 6]


def test_p39_archives_rather_than_pages(daemon: Running, library: Server) -> None:
    """RFC 5005 §3 against §4: pages shift while they are read."""
    daemon.feed("Title both-new", "Title both-archive", without="Title both-page")


@pytest.mark.parametrize("name", ["rss", "json"])
def test_p39_in_other_formats_too(daemon: Running, library: Server, name: str) -> None:
    daemon.feed(f"Title {name}-new", f"Title {name}-1")
    assert len(library.asked(f"/{name}/1")) == 1


def test_p39_loops_end(daemon: Running, library: Server) -> None:
    daemon.feed("Title loop-new", "Title loop-1", "Title loop-2", "Title self-new")
    assert [len(library.asked(f"/loop/{number}")) for number in (1, 2)] == [1, 1]
    assert [one.header("if-none-match") for one in library.asked("/self")].count(None) == 1


def test_p39_a_known_source_is_not_asked_for_its_past(daemon: Running, library: Server) -> None:
    daemon.feed("Title late-2", without="Title late-archive")
    assert library.asked("/late/1") == []


@pytest.mark.parametrize("name", ["missing", "unreadable", "unusable"])
def test_p39_an_archive_that_cannot_be_read_spoils_nothing(
    daemon: Running, library: Server, name: str
) -> None:
    daemon.feed(f"Title {name}-new")
    facts = status(daemon)[name]
    assert (facts["state"], facts["failures"], facts["last_error"]) == ("ok", 0, None)
    assert len(library.asked(f"/{name}/1")) <= BOUND  # tried again, not for ever


def test_p39_an_archive_may_have_moved(daemon: Running, library: Server) -> None:
    daemon.feed("Title moved-new", "Title moved-archive")


def test_p39_an_older_version_changes_nothing(daemon: Running) -> None:
    daemon.feed("Title version<", "Title version-done", "as it reads now", without="as it read once")


def test_p39_a_page_may_differ_by_its_query_only(tmp_path: Path, publisher: Server) -> None:
    def page(request: object) -> Answer:
        target = str(getattr(request, "target", ""))
        return document("page-2") if "page=2" in target else document("page-1", older="?page=2", rel="next")

    publisher.answer("/query", page)
    with Site(tmp_path, sources=source("query", publisher.url("/query"))).daemon() as daemon:
        daemon.feed("Title page-1", "Title page-2")
    assert [one.target for one in publisher.asked("/query")].count("/query?page=2") == 1


def test_p39_on_request_and_after_a_crash(tmp_path: Path, publisher: Server) -> None:
    """Killed between two archives, the daemon goes on with the next; the operator may ask for all again."""
    chain(publisher, "crash", 3)
    stuck = document("crash-2", older="/crash/1")
    publisher.answer("/crash/2", replace(stuck, delay=30), stuck)
    site = Site(tmp_path, sources=source("crash", publisher.url("/crash"), interval='"2s"'))
    with site.daemon() as daemon:
        eventually(lambda: publisher.asked("/crash/2"), "the second archive is asked for")
        daemon.stop(signal.SIGKILL)
    with site.daemon() as daemon:
        daemon.feed(*(f"Title crash-{name}" for name in ("new", "3", "2", "1")))
    numbers = (3, 2, 1)
    assert [len(publisher.asked(f"/crash/{number}")) for number in numbers] == [1, 2, 1]
    assert site.run("poll", "crash").returncode == 0
    assert [len(publisher.asked(f"/crash/{number}")) for number in numbers] == [1, 2, 1]
    assert site.run("poll", "crash", "--archives").returncode == 0
    assert [len(publisher.asked(f"/crash/{number}")) for number in numbers] == [2, 3, 2]


async def test_p39_none_at_all_if_so_configured(world: World, publisher: Server) -> None:
    chain(publisher, "none", 3)
    world.configure(Source(id="none", url=publisher.url("/none")), archives=0)
    await world.run_due(world.now)
    assert [one.path for one in publisher.asked() if one.path.startswith("/none")] == ["/none"]


async def test_p39_a_host_that_asks_to_be_left_alone_is(world: World, publisher: Server) -> None:
    """An archive that is refused with Retry-After is not asked for again before."""
    publisher.answer("/busy", document("busy-new", older="/busy/1"))
    publisher.answer(
        "/busy/1", Answer(status=429, headers=[("Retry-After", "7200")]), document("busy-archive")
    )
    world.configure(Source(id="busy", url=publisher.url("/busy")))
    await world.run_due(world.now.replace(hour=23))
    first, second = [one for one in publisher.asked() if one.path == "/busy/1"][:2]
    assert (second.when - first.when).total_seconds() >= 7200
    assert "Title busy-archive" in {one.title for one in (await world.feed()).entries}


async def test_p39_a_bug_of_ours_in_an_archive_stops_nobody(world: World, publisher: Server) -> None:
    """It is tried again after the next poll, as often as archives may be asked for."""

    async def read_or_break(
        source: Source,
        response: Response,
        known: Sequence[KnownItem],
        date_orders: Collection[str],
        passed: Passed | None,
    ) -> Reading:
        if response.url.endswith("/2"):
            raise ZeroDivisionError("ours")
        return read(source, response, known, date_orders, passed)

    chain(publisher, "broken", 2)
    world.pipeline = Pipeline(
        plant=world.pipeline.plant,
        store=world.store,
        fetcher=world.pipeline.fetcher,
        read=read_or_break,
        directory=world.directory,
        clock=lambda: world.now,
    )
    world.configure(Source(id="broken", url=publisher.url("/broken")), archives=3)
    await world.run_due(world.now + timedelta(days=1))
    assert len(publisher.asked("/broken")) > 3
    assert len(publisher.asked("/broken/2")) == 3
    assert [one.title for one in (await world.feed()).entries] == ["Title broken-new"]


async def test_p27_p39_archives_keep_out_of_hours_that_are_off_too(world: World, publisher: Server) -> None:
    """The daemon comes back in such an hour, with an archive left to read: neither is asked for."""
    off = "".join(f"<hour>{hour}</hour>" for hour in range(13, 24))
    head = f'<a:link xmlns:a="{ATOM}" rel="prev-archive" href="/off/1"/><skipHours>{off}</skipHours>'
    publisher.answer("/off", Answer(body=rss(item("new"), head=head)))
    publisher.answer("/off/1", Answer(status=500), document("old"))
    world.configure(Source(id="off", url=publisher.url("/off")))
    await world.run_due(world.now)
    world.wait(hours=2)
    await world.run_due(world.now.replace(hour=23))
    assert [one.path for one in publisher.asked()] == ["/off", "/off/1"]
    await world.pipeline.read_archives("off", force=True)
    assert len(publisher.asked("/off/1")) == 2


async def test_p15_p39_an_archive_on_a_host_on_hold_waits(world: World, publisher: Server) -> None:
    proxied = Access(proxy=publisher.url())
    publisher.answer("http://busy.example/a", Answer(status=429, headers=[("Retry-After", "3600")]))
    publisher.answer("http://calm.example/b", document("new", older="http://busy.example/old"))
    publisher.answer("http://busy.example/old", document("old"))
    world.configure(
        Source(id="a", url="http://busy.example/a", access=proxied),
        Source(id="b", url="http://calm.example/b", access=proxied),
    )
    await world.run_due(world.now)
    assert publisher.asked("http://busy.example/old") == []
    await world.run_due(world.now + timedelta(hours=3))
    assert len(publisher.asked("http://busy.example/old")) == 1


async def test_p39_a_file_leads_to_nothing_on_the_net(
    world: World, publisher: Server, tmp_path: Path
) -> None:
    file = tmp_path / "feed.xml"
    file.write_bytes(document("new", older=publisher.url("/old")).body)
    world.configure(Source(id="a", url=file.as_uri()))
    assert (await world.poll())["a"].new == 1
    assert world.store.state("a").archive_url is None
