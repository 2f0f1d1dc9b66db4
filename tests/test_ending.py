"""What ends a process that does not end by itself."""

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests.fetch.server import Answer, Server
from tests.running import ROOT, Site, eventually

GROWN = (
    b'<rss version="2.0"><channel><title>G</title><item><guid>1</guid><title>T</title></item></channel></rss>'
)

STUCK = """
import threading
from datetime import timedelta
from aggregator import logs
from aggregator.daemon.ending import LastResort

logs.set_up(verbosity=0, as_json=False)
resort = LastResort(timedelta(seconds=0.2))
resort.start()
resort.start()

def waits_for_a_disk():
    threading.Event().wait()

threading.Thread(target=waits_for_a_disk, name="stuck").start()
waits_for_a_disk()
"""


def full_pipe() -> tuple[int, int]:
    """Both ends of a pipe that takes nothing more until somebody reads."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with suppress(BlockingIOError):
        while True:
            os.write(writer, b" " * 4096)
    os.set_blocking(writer, True)
    return reader, writer


def test_what_does_not_end_is_ended_and_named() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", STUCK], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 0
    (line,) = ended.stderr.splitlines()
    assert 'result="what had not ended was ended"' in line
    assert "stuck in " in line


FAILING = """
import asyncio, os, threading
from pathlib import Path
from aggregator import logs
from aggregator.daemon import Daemon
from aggregator.errors import Busy
from aggregator.pipeline import Pipeline

logs.set_up(verbosity=0, as_json=False)

async def fail(_):
    if "{waits}" == "a thread":
        threading.Thread(target=threading.Event().wait, name="stuck").start()
    raise {error}

{place} = fail
if "{waits}" == "the daemon":
    Daemon._leave_note = lambda _: threading.Event().wait()
asyncio.run(Daemon(Path("aggregator.toml"), environ=os.environ).run())
"""


@pytest.mark.parametrize(
    ("place", "error", "code", "waits"),
    [
        ("Pipeline.recount", "RuntimeError('why it ends')", 1, "a thread"),
        ("Daemon._open_server", "Busy('why it ends')", 75, "the daemon"),
        ("Daemon._follow", "RuntimeError('why it ends')", 1, "a thread"),
    ],
)
def test_a_daemon_that_fails_is_gone_in_time_as_one_that_failed(
    tmp_path: Path, place: str, error: str, code: int, waits: str
) -> None:
    """Else nobody would ever restart it, or would where a restart helps nothing."""
    (tmp_path / "aggregator.toml").write_text('[server]\nlisten = ""\n', encoding="utf-8")
    ended = subprocess.run(
        [sys.executable, "-c", FAILING.format(place=place, error=error, waits=waits)],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert ended.returncode == code
    (line,) = (line for line in ended.stderr.splitlines() if "had not ended" in line)
    assert 'error="why it ends"' in line


def test_it_is_ended_too_when_nobody_reads_what_it_says() -> None:
    reader, writer = full_pipe()
    ended = subprocess.run([sys.executable, "-c", STUCK], cwd=ROOT, stderr=writer, timeout=60, check=False)
    assert ended.returncode == 0
    os.close(reader)
    os.close(writer)


def test_a_log_that_nobody_reads_stops_nothing(tmp_path: Path, publisher: Server) -> None:
    """Its pipe is full before the first line; once it is read, all comes, in order, and says what was dropped."""
    publisher.answer("/grows", lambda _: Answer(body=GROWN))
    site = Site(
        tmp_path, sources=f'[[source]]\nid = "grows"\nurl = "{publisher.url("/grows")}"\ninterval = "1s"\n'
    )
    reader, writer = full_pipe()
    daemon = subprocess.Popen(
        [sys.executable, "-m", "aggregator", "run"],
        cwd=site.directory,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stderr=writer,
        stdout=None,
    )
    os.close(writer)
    try:
        eventually(lambda: len(publisher.asked("/grows")) >= 3 or None, "it polls")
        with os.fdopen(reader, "rb") as read:
            daemon.terminate()
            said = read.read().decode()
        assert daemon.wait(10) == 0
    finally:
        if daemon.poll() is None:
            daemon.kill()
            daemon.wait(10)
    events = [word for word in said.split() if word.startswith("event=")]
    assert events[0] == "event=start"
    assert events[-1] == "event=stopped"


def test_closed_streams_spoil_no_good_end(tmp_path: Path) -> None:
    site = Site(tmp_path)
    command = f"exec {sys.executable} -m aggregator run >&-"
    daemon = subprocess.Popen(
        ["sh", "-c", command],
        cwd=site.directory,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert daemon.stderr is not None
    with daemon.stderr as stderr:
        for line in stderr:
            if "event=ready" in line:
                daemon.terminate()
        assert daemon.wait(10) == 0


DROPPING = """
import sys
from aggregator import logs

logs.set_up()
logs.write_beside(most=5)
for number in range(20):
    logs.log.info("line", number=number)
print("said", flush=True)
sys.stdin.readline()
logs.flush()
"""


def test_lines_that_nobody_read_are_dropped_and_counted() -> None:
    reader, writer = full_pipe()
    saying = subprocess.Popen(
        [sys.executable, "-c", DROPPING],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=writer,
        text=True,
    )
    os.close(writer)
    assert saying.stdout is not None
    with saying.stdout:
        assert saying.stdout.readline() == "said\n"
    with os.fdopen(reader, "rb") as read:
        assert saying.stdin is not None
        saying.stdin.close()
        lines = read.read().decode().strip().splitlines()
    assert saying.wait(10) == 0
    assert [f"number={number} " in f"{line} " for number, line in enumerate(lines[:5])] == [True] * 5
    assert "dropped=15" in lines[5]
    assert len(lines) == 6
