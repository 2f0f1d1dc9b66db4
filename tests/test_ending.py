"""What ends a process that does not end by itself."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.running import ROOT

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
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    try:
        while True:
            os.write(writer, b" " * 4096)
    except BlockingIOError:
        os.set_blocking(writer, True)
    ended = subprocess.run([sys.executable, "-c", STUCK], cwd=ROOT, stderr=writer, timeout=60, check=False)
    assert ended.returncode == 0
    os.close(reader)
    os.close(writer)
