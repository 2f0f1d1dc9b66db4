"""Archives of our feeds from outside: the daemon, its files, and a reader who was away (PROTOCOL E19)."""

import os
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from lxml import etree

from aggregator.pipeline.filing import STEP_ENTRIES
from tests.archives import ids, link
from tests.fetch.server import Answer, Server
from tests.protocol.looking import source
from tests.running import Running, Site, eventually

START = datetime(2026, 1, 1, tzinfo=UTC)
EACH = 1000  # entries of a source, as many as a poll reads
SOURCES = max(1, int(os.environ.get("ARCHIVE_ENTRIES", "2000")) // EACH)
MORE = max(1, SOURCES // 5)  # sources that come later


def document(numbers: range) -> bytes:
    items = "".join(
        f"<item><guid>urn:isbn:{n}</guid><title>Title of number {n}</title>"
        f"<pubDate>{format_datetime(START + timedelta(minutes=n), usegmt=True)}</pubDate></item>"
        for n in reversed(numbers)
    )
    return f'<rss version="2.0"><channel><title>Alfa</title>{items}</channel></rss>'.encode()


def walk(daemon: Running, site: Site) -> tuple[list[str], dict[str, bytes]]:
    root, pages = etree.fromstring(daemon.get("/feed.atom").content), {}
    met = ids(root)
    while (address := link(root, "prev-archive")) is not None:
        path = address.removeprefix(f"http://127.0.0.1:{site.port}")
        response = daemon.get(path)
        assert response.status_code == 200
        assert "immutable" in response.headers["cache-control"]
        assert (site.data / "public" / path.lstrip("/")).read_bytes() == response.content
        pages[path] = response.content
        root = etree.fromstring(response.content)
        met += ids(root)
    return met, pages


def test_e19_a_reader_who_was_away_finds_everything_once(tmp_path: Path, publisher: Server) -> None:
    """What a feed has from before is filed in the background; pages survive a restart and another title."""
    count = STEP_ENTRIES + 150
    publisher.answer("/alfa", Answer(body=document(range(count))))
    site = Site(tmp_path, sources=f'[[source]]\nid = "alfa"\nurl = "{publisher.url("/alfa")}"\n')
    site.environ = {
        "AGGREGATOR_AGGREGATOR__LIMIT": "20",
        "AGGREGATOR_SERVER__RATE_LIMIT": "",
        "AGGREGATOR_POLL__MAX_NEW_ENTRIES": "5000",
    }
    everything = [f"urn:isbn:{n}" for n in range(count)]
    with site.daemon() as daemon:
        eventually(lambda: sorted(walk(daemon, site)[0]) == sorted(everything), "all is filed")
        _, pages = walk(daemon, site)
        assert len(pages) == -(-(count - 20) // 100)
    site.environ |= {"AGGREGATOR_AGGREGATOR__TITLE": "Another title"}
    with site.daemon() as daemon:
        daemon.feed("Another title")
        assert walk(daemon, site)[1] == pages
        assert not any("Traceback" in line for line in daemon.lines)


def met_in_the_end(daemon: Running, site: Site, count: int) -> tuple[list[str], dict[str, bytes]]:
    """Walk until so many entries are met; as long as they become more, it goes on."""
    met: list[str] = []
    pages: dict[str, bytes] = {}

    def more() -> bool:
        nonlocal met, pages
        before = len(met)
        met, pages = walk(daemon, site)
        return len(met) > before

    while len(met) < count:
        eventually(more, f"more than {len(met)} entries are met")
    return met, pages


@pytest.mark.timeout(120 + 20 * SOURCES)
def test_e19_old_pages_are_the_same_bytes_after_more_entries_and_a_restart(
    tmp_path: Path, publisher: Server
) -> None:
    tables = []
    for n in range(SOURCES + MORE):
        publisher.answer(f"/{n}", Answer(body=document(range(n * EACH, (n + 1) * EACH))))
        tables.append(source(f"s{n}", publisher.url(f"/{n}"), interval='"1h"'))
    few, all_ = ([f"urn:isbn:{n}" for n in range(count * EACH)] for count in (SOURCES, SOURCES + MORE))
    site = Site(tmp_path, sources="".join(tables[:SOURCES]))
    site.environ = {"AGGREGATOR_SERVER__RATE_LIMIT": ""}
    with site.daemon() as daemon:
        met, before = met_in_the_end(daemon, site, len(few))
        assert sorted(met) == sorted(few)
        site.sources.write_text("".join(tables))
        met, during = met_in_the_end(daemon, site, len(all_))
        assert sorted(met) == sorted(all_)
    with site.daemon() as daemon:
        met, after = met_in_the_end(daemon, site, len(all_))
    assert sorted(met) == sorted(all_)
    assert after == during
    assert before.items() <= after.items()
    print(f"{len(met)} entries, each once; {len(before)} pages stayed, {len(after)} in all")  # noqa: T201 - with -rP
