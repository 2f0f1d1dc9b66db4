"""Archives of our feeds from outside: the daemon, its files, and a reader who was away (PROTOCOL E19)."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

from lxml import etree

from aggregator.pipeline.filing import STEP_ENTRIES
from tests.archives import ids, link
from tests.fetch.server import Answer, Server
from tests.running import Running, Site, eventually

START = datetime(2026, 1, 1, tzinfo=UTC)


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
