"""`doctor` finds what is wrong and says what to do, without a daemon and with one."""

import json
import socket
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.fetch.server import Answer, Server
from tests.running import Site

FEED = b"""<rss version="2.0"><channel><title>A</title><item><guid>1</guid><title>T</title></item></channel></rss>"""


@pytest.fixture
def site(tmp_path: Path, publisher: Server) -> Site:
    publisher.answer("/alfa", Answer(body=FEED))
    url = publisher.url("/alfa", "localhost")
    return Site(tmp_path, sources=f'[[source]]\nid = "alfa"\nurl = "{url}"\n')


def examined(site: Site) -> tuple[int, dict[str, dict[str, object]]]:
    """The exit code, and what is said of each thing, the last of several."""
    ended = site.run("--json", "doctor")
    assert ended.stderr == ""
    return ended.returncode, {row["what"]: row for row in json.loads(ended.stdout)}


def test_all_is_well_before_the_first_poll_and_after_it(site: Site) -> None:
    code, found = examined(site)
    assert code == 0, found
    assert list(found) == [
        "configuration",
        "disk",
        "store",
        "workers",
        "clock",
        "names",
        "daemon",
        "port",
        "sources",
    ]
    assert "localhost resolved" in str(found["names"]["says"])
    assert not (site.data / "aggregator.lock").exists()  # it has changed nothing
    site.run("poll")
    code, found = examined(site)
    assert code == 0, found
    assert str(found["store"]["says"]).startswith("whole: 1 entries, 1 stories")
    text = site.run("doctor").stdout
    assert f"ok  port: 127.0.0.1:{site.port} is free\n" in text


def test_a_running_daemon_is_asked(site: Site) -> None:
    with site.daemon() as daemon:
        daemon.feed("<title>T</title>")
        code, found = examined(site)
    assert (code, found["daemon"]["says"]) == (0, f"127.0.0.1:{site.port}: ready")
    assert "port" not in found


def test_a_wrong_configuration_is_told_line_by_line(site: Site) -> None:
    site.sources.write_text("[[source]]\nurll = 1\n")
    ended = site.run("doctor")
    assert ended.returncode == 1
    assert "BAD configuration: config/sources.toml:2:1: error: unknown key 'urll'" in ended.stdout


def test_sources_that_are_not_well_are_named_with_advice(site: Site, publisher: Server) -> None:
    publisher.answer("/alfa", Answer(status=404))
    site.run("poll")
    code, found = examined(site)
    assert code == 1
    assert found["source alfa"]["says"] == "failing: HTTP 404 Not Found"
    assert "look for its new address" in str(found["source alfa"]["todo"])
    assert found["sources"]["says"] == "0 of 1 are well"


def test_a_port_that_is_taken(site: Site) -> None:
    with socket.create_server(("127.0.0.1", site.port)):
        code, found = examined(site)
    assert code == 1
    assert "listen" in str(found["port"]["todo"])


def test_a_broken_store_and_a_clock_that_was_set_back(site: Site) -> None:
    site.run("poll")
    file = site.data / "aggregator.sqlite"
    with closing(sqlite3.connect(file)) as store, store:
        store.execute("UPDATE sources SET last_poll_at = '2090-01-01T00:00:00Z'")
    code, found = examined(site)
    assert code == 1
    assert "set back" in str(found["clock"]["todo"])
    with closing(sqlite3.connect(file)) as store:
        store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(file.read_bytes())
    content[8192:-4096] = b"\xa5" * (len(content) - 4096 - 8192)
    file.write_bytes(content)
    code, found = examined(site)
    assert code == 1
    assert "backup" in str(found["store"]["todo"])


def test_names_that_do_not_resolve_and_a_mail_command_that_is_not_there(site: Site) -> None:
    site.sources.write_text('[[source]]\nurl = "https://no-such-host.invalid/rss"\n')
    site.config.write_text(site.config.read_text() + '[health]\ncommand = ["no-such-mailer"]\n')
    code, found = examined(site)
    assert code == 1
    assert "did not resolve" in str(found["names"]["says"])
    assert "no-such-mailer" in str(found["messages"]["says"])
