"""Workers that cannot be started: nothing is read, and no publisher is asked or blamed for it."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.test_full_disk import Growing
from tests.fetch.server import Server
from tests.running import ROOT, Site, eventually

NO_SEMAPHORES = """mount -t tmpfs -o ro none /dev/shm && exec "$@" """
APART = ("unshare", "-m", "sh", "-c", NO_SEMAPHORES, "sh", sys.executable, "-m", "aggregator")


@pytest.fixture
def growing(publisher: Server) -> Growing:
    return Growing(publisher)


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    directory = tmp_path / "temporary"
    directory.mkdir()
    return directory


@pytest.fixture
def site(tmp_path: Path, growing: Growing, temporary: Path) -> Site:
    return Site(tmp_path / "site", sources=growing.table, environ={"TMPDIR": str(temporary)})


def started_by(pid: int) -> list[int]:
    """Processes that it has started."""
    found = subprocess.run(
        ["pgrep", "-P", str(pid)], capture_output=True, text=True, timeout=10, check=False
    ).stdout.split()
    return [int(one) for one in found]


def test_a_temporary_directory_that_is_cleaned_stops_nothing(
    site: Site, growing: Growing, temporary: Path
) -> None:
    with site.daemon() as daemon:
        daemon.feed("Number 1<")
        for one in temporary.iterdir():
            shutil.rmtree(one)
        for server in started_by(daemon.process.pid):
            for worker in started_by(server):
                os.kill(worker, signal.SIGKILL)  # it would end after a thousand documents
        newest = growing.newest
        daemon.feed(f"Number {newest + 2}<")
        assert daemon.get("/readyz").status_code == 200
        assert "see that TMPDIR" in daemon.log("event=workers", "level=warning", "its own Python")
        assert not any("event=poll" in line and "level=warning" in line for line in daemon.lines)
        assert daemon.stop() == 0


@pytest.fixture
def apart() -> None:
    """Skip where nothing may be mounted."""
    tried = subprocess.run([*APART, "--version"], capture_output=True, timeout=20, cwd=ROOT, check=False)
    if tried.returncode:
        pytest.skip(f"mounting is not allowed here: {tried.stderr!r}")


@pytest.mark.usefixtures("apart")
def test_where_no_worker_starts_the_daemon_says_so_and_asks_nobody(site: Site, growing: Growing) -> None:
    daemon = site.daemon()
    daemon.program = ("-c", f"import os, sys; os.execvp('unshare', [*{APART!r}, *sys.argv[1:]])")
    with daemon:
        line = daemon.log("event=workers", "level=error", "polls pause")
        assert "no process can be started that reads documents" in line
        assert "/dev/shm can be written to" in line
        assert daemon.get("/readyz").text == "No document can be read.\n"
        assert daemon.get("/healthz").status_code == 200
        assert "no process can be started" in daemon.get("/status.json").json()["reading_error"]
        assert "No document can be read" in daemon.get("/status").text
        assert growing.asked == 1
        doctor = site.run("doctor")
        assert "BAD daemon: " in doctor.stdout
        assert "No document can be read." in doctor.stdout
        assert "BAD source" not in doctor.stdout
        subprocess.run(
            ["nsenter", "-t", str(daemon.process.pid), "-m", "mount", "-o", "remount,rw", "/dev/shm"],
            timeout=10,
            check=True,
        )
        daemon.feed("Number 1<")
        daemon.log("event=workers", "works again, polls go on")
        eventually(lambda: daemon.get("/readyz").status_code == 200 or None, "it is ready")
        assert daemon.stop() == 0


@pytest.mark.usefixtures("apart")
def test_doctor_and_poll_say_that_no_worker_starts(site: Site) -> None:
    for command, says in (
        ("doctor", "BAD workers: no process can be started that reads documents: "),
        ("poll", "aggregator: no process can be started that reads documents: "),
    ):
        ended = subprocess.run(
            [*APART, command],
            cwd=site.directory,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=50,
            check=False,
        )
        assert ended.returncode == 1
        assert says in ended.stdout + ended.stderr
        assert "Traceback" not in ended.stderr
