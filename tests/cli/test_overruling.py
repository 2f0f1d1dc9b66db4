"""`split` and `join` as an operator uses them, with and without a daemon."""

import json
import os
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aggregator.lock import ownership
from tests.fetch.server import Answer, Server
from tests.running import Running, Site

TEXT = (
    "The harbour bridge in Tarnmouth will close to all traffic on Monday for nine weeks of repairs, the county said. "
    "Engineers found cracks in 14 of the 220 steel hangers during a routine inspection in the spring."
)
FEED = """<rss version="2.0"><channel><title>{name}</title><item><guid>urn:{name}:1</guid>
<link>https://{name}.example/bridge</link><title>Harbour bridge closes for nine weeks</title>
<description>{text}</description><pubDate>Sun, 01 Mar 2026 1{hour}:00:00 GMT</pubDate></item></channel></rss>"""


@pytest.fixture
def site(tmp_path: Path, publisher: Server) -> Site:
    """Two sources that tell one story."""
    tables = []
    for hour, name in enumerate(("alfa", "bravo")):
        publisher.answer(f"/{name}", Answer(body=FEED.format(name=name, hour=hour, text=TEXT).encode()))
        tables.append(f'[[source]]\nid = "{name}"\nurl = "{publisher.url(f"/{name}")}"\n')
    return Site(tmp_path, sources="".join(tables))


def ids(text: str) -> list[str]:
    """The ids in an Atom feed of ours, in its order."""
    return [piece.partition("</id>")[0] for piece in text.split("<id>")[1:] if piece.startswith("urn:")]


def shown(site: Site) -> list[str]:
    return ids((site.data / "public" / "feed.atom").read_text())


def test_a_copy_is_split_and_joined_again_without_a_daemon(site: Site) -> None:
    site.run("poll")
    assert shown(site) == ["urn:alfa:1"]
    split = site.run("split", "urn:bravo:1")
    assert (split.returncode, split.stdout) == (
        0,
        "urn:bravo:1 is a story of its own now; urn:alfa:1 goes on without it\n",
    )
    assert shown(site) == ["urn:bravo:1", "urn:alfa:1"]  # published at once
    site.run("poll", "--force")
    assert shown(site) == ["urn:bravo:1", "urn:alfa:1"]
    joined = site.run("--json", "join", "https://bravo.example/bridge", "urn:alfa:1")
    assert (
        json.loads(joined.stdout)[0]["done"] == "urn:bravo:1 is story urn:alfa:1 now; the old id leads there"
    )
    assert shown(site) == ["urn:alfa:1"]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["split", "https://nobody.example/"], "no entry https://nobody.example/"),
        (["join", "urn:alfa:1", "urn:bravo:1"], "are one story already"),
    ],
)
def test_what_cannot_be_done_is_a_usage_error(site: Site, arguments: list[str], why: str) -> None:
    site.run("poll")
    refused = site.run(*arguments)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert why in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_running_daemon_does_it_and_publishes(site: Site) -> None:
    with site.daemon() as daemon:
        daemon.feed("urn:alfa:1", "bravo")
        assert ids(daemon.get("/feed.atom").text) == ["urn:alfa:1"]
        split = site.run("split", "urn:bravo:1")
        assert (split.returncode, split.stderr) == (0, "")
        assert "urn:bravo:1 is a story of its own now" in split.stdout
        daemon.feed("<id>urn:bravo:1</id>")
        assert "done=true" in daemon.log("event=order", "verb=split").lower()
        refused = site.run("split", "urn:bravo:1")
        assert refused.returncode == 2
        assert "there is nothing to split" in refused.stderr
        assert site.run("join", "urn:bravo:1", "urn:alfa:1").returncode == 0
        daemon.feed("<id>urn:alfa:1</id>", without="<id>urn:bravo:1</id>")
        assert list((site.data / "orders").iterdir()) == []
        assert daemon.stop() == 0
    with site.daemon() as again:
        assert ids(again.get("/feed.atom").text) == ["urn:alfa:1"]  # decided for good
        assert site.run("split", "urn:bravo:1").returncode == 0


def test_a_store_whose_owner_takes_no_orders_is_busy(site: Site) -> None:
    site.run("poll")
    with ownership(site.data):
        refused = site.run("split", "urn:bravo:1")
    assert refused.returncode == 75
    assert "takes no orders now; try again later" in refused.stderr
    assert list((site.data / "orders").iterdir()) == []


def test_a_spool_that_cannot_be_read_is_complained_of_once(site: Site) -> None:
    def complaints() -> list[str]:
        return [line for line in daemon.lines if "event=order" in line and "level=error" in line]

    with site.daemon() as daemon:
        daemon.feed("urn:alfa:1")
        spool = site.data / "orders"
        assert spool.stat().st_mode & 0o777 == 0o700  # made by the daemon, whoever orders first
        spool.rmdir()
        spool.write_text("")
        daemon.log("event=order", "Not a directory")
        refused = site.run("split", "urn:bravo:1")  # takes longer than several looks
        assert refused.returncode == 75
        assert "File exists" in refused.stderr
        assert len(complaints()) == 1
        spool.unlink()
        assert site.run("split", "urn:bravo:1").returncode == 0
        spool.rmdir()
        spool.write_text("")
        daemon.eventually(lambda: len(complaints()) == 2, "another complaint, for it worked meanwhile")


def test_what_cannot_be_answered_is_published_all_the_same(site: Site) -> None:
    with site.daemon() as daemon:
        daemon.feed("urn:alfa:1", "bravo")
        (site.data / "orders" / "1.answer.tmp").mkdir()  # where the answer would be written
        until = (datetime.now(UTC) + timedelta(minutes=1)).isoformat()
        order = site.data / "orders" / "1.tmp"
        order.write_text(json.dumps({"verb": "split", "names": ["urn:bravo:1"], "until": until}))
        order.rename(order.with_suffix(".order"))
        daemon.feed("<id>urn:bravo:1</id>")


def test_a_daemon_that_stands_still_loses_the_order_to_its_giver(site: Site) -> None:
    with site.daemon() as daemon:
        daemon.feed("urn:alfa:1")
        refused = _while_stopped(daemon, site)
        assert refused == 75
        assert site.run("split", "urn:bravo:1").returncode == 0  # it was not done behind our back


def _while_stopped(daemon: Running, site: Site) -> int:
    os.kill(daemon.process.pid, signal.SIGSTOP)
    try:
        return site.run("split", "urn:bravo:1").returncode
    finally:
        os.kill(daemon.process.pid, signal.SIGCONT)


def test_a_flood_is_said_in_status_and_released_by_the_running_daemon(site: Site, publisher: Server) -> None:
    items = "".join(f"<item><guid>urn:carol:{n}</guid><title>Old {n}</title></item>" for n in range(30))
    publisher.answer("/carol", Answer(body=f"<rss version='2.0'><channel>{items}</channel></rss>".encode()))
    site.sources.write_text(
        site.sources.read_text() + f'[[source]]\nid = "carol"\nurl = "{publisher.url("/carol")}"\n'
    )
    with site.daemon() as daemon:
        daemon.feed("urn:carol:19", without="urn:carol:20<")
        status = site.run("status").stdout
        assert "10 entries that seem old came at once and are held back: `aggregator release carol`" in status
        assert json.loads(site.run("--json", "explain", "urn:carol:25").stdout)[0]["not shown"] == (
            "held back as part of a flood; `aggregator release carol` shows it"
        )
        assert site.run("release", "carol").stdout == (
            "10 entries of carol are shown from now on, at their own dates\n"
        )
        daemon.feed("<id>urn:carol:29</id>")
        assert site.run("release", "nobody").returncode == 2
