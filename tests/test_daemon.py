"""The daemon from outside: a process, its files, its log, and HTTP."""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from pathlib import Path

import pytest

from aggregator.config import load
from aggregator.daemon import plant
from tests.fetch.server import Answer, Server
from tests.running import PATIENCE, ROOT, Site, eventually

FEED = """<rss version="2.0"><channel><title>{0}</title>
<item><guid>{0}-1</guid><title>News of {0}</title></item></channel></rss>"""


def source(name: str, url: str) -> str:
    return f'[[source]]\nid = "{name}"\nurl = "{url}"\n'


def serve(publisher: Server, *names: str) -> str:
    """Serve a feed for each name and return their [[source]] tables."""
    for name in names:
        publisher.answer(f"/{name}", Answer(body=FEED.format(name).encode()))
    return "\n".join(source(name, publisher.url(f"/{name}")) for name in names)


def test_it_serves_what_it_polled_stops_when_told_and_comes_back_the_same(
    tmp_path: Path, publisher: Server
) -> None:
    site = Site(tmp_path, sources=serve(publisher, "alfa"))
    with site.daemon() as daemon:
        daemon.feed("News of alfa")
        before = daemon.get("/feed.atom")
        assert daemon.get("/healthz").status_code == 200
        assert daemon.get("/feed.atom", [("If-None-Match", before.headers["etag"])]).status_code == 304
        assert "event=poll source=alfa status=200 new=1" in daemon.log("event=poll")
        assert daemon.stop() == 0
    assert not any("Traceback" in line for line in daemon.lines)
    with site.daemon() as again:
        after = again.get("/feed.atom")
        assert after.content == before.content
        told = [parsedate_to_datetime(answer.headers["last-modified"]) for answer in (before, after)]
        # Two publications within a second: the later has the date of the next one, and no answer is dated ahead.
        assert timedelta(0) <= told[1] - told[0] <= timedelta(seconds=1)
        assert again.stop(signal.SIGINT) == 0
    assert len(publisher.asked("/alfa")) == 1  # not due yet: a restart sends nothing


def test_it_follows_the_sources_file(tmp_path: Path, publisher: Server) -> None:
    site = Site(tmp_path, sources=serve(publisher, "alfa"))
    good = site.sources.read_text() + serve(publisher, "bravo")
    with site.daemon() as daemon:
        daemon.feed("News of alfa")
        site.sources.write_text(good)
        daemon.feed("News of alfa", "News of bravo")
        site.sources.write_text(good + '\n[[source]]\nurl = "https://c.example/"\nintervall = "5m"\n')
        line = daemon.log("event=reload", "error", "sources.toml:")
        assert "config/sources.toml:10:1: error: " in line
        assert "did you mean 'interval'?" in line
        assert "News of bravo" in daemon.get("/feed.atom").text
        assert "sources.toml:10:1" in daemon.get("/status").text
        site.sources.write_text(serve(publisher, "bravo", "delta"))
        daemon.feed("News of bravo", "News of delta", without="News of alfa")
        assert "sources.toml:10:1" not in daemon.get("/status").text


def test_a_shorter_interval_takes_effect_at_once(tmp_path: Path, publisher: Server) -> None:
    site = Site(tmp_path, sources=serve(publisher, "alfa"))
    with site.daemon() as daemon:
        daemon.feed("News of alfa")
        site.sources.write_text(site.sources.read_text() + 'interval = "1s"\n')
        eventually(lambda: len(publisher.asked("/alfa")) > 2, "polls a second apart")


@pytest.mark.parametrize("edit", ["sources", "settings"])
def test_a_shorter_interval_counts_too_when_it_was_edited_while_nobody_ran(
    tmp_path: Path, publisher: Server, edit: str
) -> None:
    """Whoever started it may have killed it between the edit and its reload."""
    site = Site(tmp_path, sources=serve(publisher, "alfa", "bravo"))
    with site.daemon().started() as daemon:
        daemon.log("event=ready")
        daemon.feed("News of alfa", "News of bravo")
        daemon.process.kill()
    if edit == "sources":
        site.sources.write_text(site.sources.read_text().replace('/alfa"', '/alfa"\ninterval = "1s"'))
    else:
        site.config.write_text(site.config.read_text().replace("[poll]", '[poll]\ninterval = "1s"'))
    with site.daemon():
        eventually(lambda: len(publisher.asked("/alfa")) > 1, "alfa is polled again")
        if edit == "settings":
            eventually(lambda: len(publisher.asked("/bravo")) > 1, "bravo is polled again")
    if edit == "sources":
        assert len(publisher.asked("/bravo")) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_told_to_stop_while_it_is_still_loading(tmp_path: Path, number: signal.Signals) -> None:
    """From the first moment that Python runs our code a signal means a clean end."""
    site = Site(tmp_path)
    script = (
        "import builtins, os, sys\nsys.argv[1:] = ['run']\nreal = builtins.__import__\n"
        "def slow(name, *rest):\n"
        f"    if name == 'aggregator.cli': os.kill(os.getpid(), {int(number)})\n"
        "    return real(name, *rest)\n"
        "import aggregator.__main__ as entry\nbuiltins.__import__ = slow\nentry.main()\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script],
        cwd=site.directory,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")


def test_sighup_reloads(tmp_path: Path, publisher: Server) -> None:
    site = Site(tmp_path, sources=serve(publisher, "alfa"))
    with site.daemon() as daemon:
        os.kill(daemon.process.pid, signal.SIGHUP)
        assert "sources=1" in daemon.log("event=reload", "result=ok")


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks at Linux's /proc")
def test_many_reloads_leave_nothing_behind(tmp_path: Path, publisher: Server) -> None:
    publisher.answer("/a", Answer(body=FEED.format("a").encode()))
    named = source("a", publisher.url("/a", "localhost")) + 'interval = "1s"\n'  # a name to look up
    site = Site(tmp_path, sources=named)

    def reloads() -> int:
        return sum("event=reload result=ok" in line for line in daemon.lines)

    def polls() -> int:
        return len(publisher.asked("/a"))

    def more(count: Callable[[], int], than: int) -> bool:
        return count() > than

    def threads() -> int:
        return len(list(Path(f"/proc/{daemon.process.pid}/task").iterdir()))

    with site.daemon() as daemon:
        daemon.feed("News of a")
        before, written = threads(), site.config.read_text()
        for seconds in range(10, 22):
            seen, polled = reloads(), polls()
            site.config.write_text(f'{written}timeout = "{seconds}s"\n')
            daemon.process.send_signal(signal.SIGHUP)
            eventually(partial(more, reloads, seen), "another reload")
            eventually(partial(more, polls, polled), "a poll by the new fetcher")
        eventually(lambda: threads() <= before + 4, f"threads go; there were {before}")


def test_it_moves_to_another_port_or_stays_where_it_is(tmp_path: Path, publisher: Server) -> None:
    site, other = Site(tmp_path, sources=serve(publisher, "alfa")), Site(tmp_path / "other")
    with site.daemon() as daemon, other.daemon() as second:
        text = site.config.read_text()
        site.config.write_text(text.replace(str(site.port), str(other.port)))
        assert "in use by another process" in daemon.log("event=reload", "error")
        assert daemon.get("/healthz").status_code == 200
        assert second.stop() == 0
        site.config.write_text(text.replace(str(site.port), str(other.port)) + "\n")
        daemon.log("event=reload", "result=ok")
        assert eventually(lambda: second.get("/healthz").status_code == 200, "it answers on the other port")


def test_a_second_daemon_and_a_poll_are_refused(tmp_path: Path, publisher: Server) -> None:
    site = Site(tmp_path, sources=serve(publisher, "alfa"))
    with site.daemon() as daemon:
        for command in ("run", "poll"):
            refused = site.run(command)
            assert refused.returncode == 75
            assert f"process {daemon.process.pid}" in refused.stderr
            assert "Traceback" not in refused.stderr
        assert site.run("list").returncode == 0  # looking is always possible


def test_a_taken_port_is_one_clear_line(tmp_path: Path) -> None:
    site, other = Site(tmp_path / "a"), Site(tmp_path / "b")
    other.config.write_text(other.config.read_text().replace(str(other.port), str(site.port)))
    with site.daemon():
        refused = other.run("-q", "run")
    assert refused.returncode == 75
    assert refused.stderr.strip().count("\n") == 0
    assert f"127.0.0.1:{site.port} is in use by another process" in refused.stderr


def test_why_it_does_not_start_is_in_the_exit_code_where_nobody_reads_it(tmp_path: Path) -> None:
    site, other = Site(tmp_path / "a"), Site(tmp_path / "b")
    other.config.write_text(other.config.read_text().replace(str(other.port), str(site.port)))
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "aggregator", "run"]
    environ = os.environ | {"PYTHONPATH": str(ROOT)}
    with site.daemon(), os.fdopen(writer, "w") as stderr:
        ended = subprocess.run(
            command, cwd=other.directory, env=environ, stderr=stderr, timeout=PATIENCE, check=False
        )
    assert ended.returncode == 75


def test_an_unreadable_store_is_one_clear_line(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.data.mkdir()
    (site.data / "aggregator.sqlite").write_bytes(b"this is not a database, " * 100)
    for command in ("run", "poll", "status"):
        refused = site.run("-q", command)
        assert refused.returncode == 1, command
        assert refused.stderr.strip().count("\n") == 0
        assert "aggregator.sqlite: file is not a database" in refused.stderr


def test_slow_and_broken_sources_hold_up_nobody(tmp_path: Path, publisher: Server) -> None:
    publisher.answer("/slow", Answer(delay=60))
    publisher.answer("/garbage", Answer(body=b"\x00\xff" * 1000))
    bad = source("slow", publisher.url("/slow", "127.0.0.2")) + source("garbage", publisher.url("/garbage"))
    site = Site(tmp_path, sources=bad + source("refused", "http://127.0.0.3:9/") + serve(publisher, "alfa"))
    with site.daemon() as daemon:
        daemon.feed("News of alfa")
        daemon.log("source=garbage", "error=")
        daemon.log("source=refused", "connection refused")
        assert daemon.stop() == 0  # with a poll still in flight


FEW_DESCRIPTORS = """
import resource, runpy
resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))
runpy.run_module("aggregator", run_name="__main__", alter_sys=True)
"""


def test_idle_connections_take_nothing_that_polls_need(tmp_path: Path, publisher: Server) -> None:
    daemon = Site(tmp_path, sources=serve(publisher, "alfa") + 'interval = "1s"\n').daemon()
    daemon.program = ("-c", FEW_DESCRIPTORS)
    with daemon, ExitStack() as crowd:
        daemon.feed("News of alfa")
        for _ in range(500):
            crowd.enter_context(socket.create_connection(("127.0.0.1", daemon.site.port), timeout=PATIENCE))
        asked, said = len(publisher.asked("/alfa")), len(daemon.lines)
        daemon.eventually(lambda: len(publisher.asked("/alfa")) >= asked + 4, "four polls")
        assert len([line for line in daemon.lines[said:] if "event=poll" not in line]) <= 1
        crowd.close()
        assert daemon.eventually(lambda: daemon.get("/feed.atom").status_code == 200, "room for a reader")


def test_feeds_that_cannot_be_written_stop_nobody(tmp_path: Path, publisher: Server) -> None:
    site = Site(tmp_path, sources=serve(publisher, "alfa"))
    with site.daemon() as daemon:
        daemon.feed("News of alfa")
        public, away = site.data / "public", site.data / "away"
        public.rename(away)
        public.write_text("in the way")
        site.sources.write_text(serve(publisher, "alfa", "bravo"))
        daemon.log("event=publish", "cannot be published", "retry=")
        assert "News of alfa" in daemon.get("/feed.atom").text
        public.unlink()
        daemon.feed("News of bravo")
        assert (public / "feed.atom").exists()


def test_the_views_for_scripts(tmp_path: Path, publisher: Server) -> None:
    site = Site(tmp_path, sources=serve(publisher, "alfa") + source("bad", publisher.url("/missing")))
    assert site.run("poll").returncode == 1
    with sqlite3.connect(site.data / "aggregator.sqlite") as connection:
        connection.row_factory = sqlite3.Row
        (entry,) = connection.execute("SELECT * FROM entries_view").fetchall()
        states = {row["id"]: dict(row) for row in connection.execute("SELECT * FROM sources_view")}
    connection.close()
    assert tuple(entry.keys()) == (
        "source_id", "entry_id", "guid", "url", "title", "published_at", "updated_at", "first_seen_at", "story_id",
        "content_text",
    )  # fmt: skip
    assert entry["story_id"] == entry["entry_id"] == "tag:127.0.0.1,2026:alfa/alfa-1"
    assert set(states["bad"]) == {
        "id", "url", "title", "state", "last_status", "last_success_at", "next_poll_at", "failures", "last_error",
    }  # fmt: skip
    assert (states["alfa"]["state"], states["alfa"]["last_error"]) == ("ok", None)
    assert (states["bad"]["state"], states["bad"]["last_status"], states["bad"]["failures"]) == (
        "failing",
        404,
        1,
    )


@pytest.mark.parametrize(
    "command",
    [
        "run",
        "poll",
        "check",
        "list",
        "status",
        "export",
        "import",
        "add",
        "remove",
        "split",
        "join",
        "release",
        "show",
        "explain",
    ],
)
def test_every_command_has_help(tmp_path: Path, command: str) -> None:
    shown = Site(tmp_path).run(command, "--help")
    assert shown.returncode == 0
    assert "Usage:" in shown.stdout


@pytest.mark.parametrize(("said", "near"), [("true", timedelta(hours=9)), ("false", None)])
def test_near_duplicates_are_switched_on_and_off_by_the_configuration(
    tmp_path: Path, said: str, near: timedelta | None
) -> None:
    file = tmp_path / "aggregator.toml"
    file.write_text(f'[aggregator]\ntitle = "T"\n[dedup]\nwindow = "9h"\nnear_duplicates = {said}\n')
    window = plant(load(file, environ={})).window
    assert (window.near, window.url) == (near, timedelta(hours=9))


@pytest.mark.parametrize(("said", "group"), [("", None), ("groups = true", timedelta(hours=9))])
def test_groups_are_off_unless_asked_for(tmp_path: Path, said: str, group: timedelta | None) -> None:
    file = tmp_path / "aggregator.toml"
    file.write_text(f'[aggregator]\ntitle = "T"\n[dedup]\nwindow = "9h"\n{said}\n')
    assert plant(load(file, environ={})).window.group == group
