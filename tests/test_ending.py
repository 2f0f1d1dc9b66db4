"""What ends a process that does not end by itself."""

import os
import subprocess
import sys

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
