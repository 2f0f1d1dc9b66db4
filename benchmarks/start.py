"""The start of the real daemon with thousands of sources that are all due at once.

    python -m benchmarks.start [--sources 10000] [--hosts 1000]

The publisher notes every request; exit 1 when a host was asked twice at once or sooner than the gap
after the last time, a source not exactly once, or the daemon complained. With CPython 3.11 on two shared
cores: ready after 1.5 s, all 10,000 asked in 79 s (208 to 245 in the busiest second), never two at once of
one host, and 1.001 s or more between them; 69 s of CPU, 340 descriptors, 270 MiB (the workers' shared pages
counted each time). Reading, storing and publishing what is new is nearly all of it; asking is 5 s.

The entries are one form filled in anew, more alike than those of any real feeds: what deciding costs at worst.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from time import monotonic, sleep

from benchmarks.processes import Watch
from benchmarks.publisher import Asked, Publisher, origins

GAP = 1.0  # seconds
DELAY = 0.05  # seconds an answer takes: requests that overlap are seen to
PATIENCE = 900.0  # seconds for all sources to be polled
LINGER = 5.0  # seconds in which nobody should be asked a second time
STOP_TIME = 30.0  # seconds for the daemon to stop
ROOT = Path(__file__).resolve().parents[1]

SETTINGS = f"""
[aggregator]
title = "Start"
include = ["sources.toml"]
[server]
listen = ""
[poll]
allow_addresses = ["127.0.0.0/8"]
host_gap = "{GAP:g}s"
"""


def write_configuration(directory: Path, urls: Iterable[str]) -> None:
    (directory / "config").mkdir()
    (directory / "config" / "aggregator.toml").write_text(SETTINGS, encoding="utf-8")
    (directory / "config" / "sources.toml").write_text(
        "".join(f'[[source]]\nid = "source-{n}"\nurl = "{url}"\n' for n, url in enumerate(urls)),
        encoding="utf-8",
    )


def run(directory: Path, publisher: Publisher, sources: int) -> tuple[Watch, int]:
    """Run the daemon until every source has been asked, and a little longer; return what it took and its complaints."""
    log = directory / "log"
    with log.open("w") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "aggregator", "run"],
            cwd=directory,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stderr=stderr,
        )
        started = monotonic()
        with Watch(process.pid) as watch:
            while "event=ready" not in log.read_text() and process.poll() is None:
                sleep(0.05)
            print(f"ready after {monotonic() - started:.1f} s, {watch.cpu:.1f} s of CPU")
            while publisher.count() < sources and process.poll() is None and monotonic() - started < PATIENCE:
                sleep(0.5)
            sleep(LINGER)
        process.send_signal(signal.SIGTERM)
        process.wait(STOP_TIME)
    trouble = [line for line in log.read_text().splitlines() if "level=info" not in line]
    print(*trouble[:5], f"{len(trouble)} lines of trouble in the log", sep="\n")
    return watch, len(trouble)


def judge(requests: Sequence[Asked], sources: int, trouble: int) -> list[str]:
    """Return what was wrong, and say what was seen."""
    hosts: dict[str, list[Asked]] = defaultdict(list)
    for asked in sorted(requests, key=lambda one: one.start):
        hosts[asked.host].append(asked)
    gaps = [after.start - before.end for visits in hosts.values() for before, after in pairwise(visits)]
    first = min(asked.start for asked in requests)
    last = max(asked.end for asked in requests)
    seconds = Counter(int(asked.start - first) for asked in requests)
    visits = Counter((asked.host, asked.path) for asked in requests)
    print(
        f"{len(requests)} requests to {len(visits)} sources on {len(hosts)} hosts in {last - first:.1f} s",
        f"connections: {len({asked.connection for asked in requests})}",
        f"busiest second: {max(seconds.values())} requests",
        f"in flight at once: {at_once(requests)} in all, "
        f"{max(at_once(visits) for visits in hosts.values())} to one host",
        f"least rest of a host between two requests: {min(gaps, default=float('inf')):.3f} s",
        f"requests to a source: {min(visits.values())} to {max(visits.values())}",
        sep="\n",
    )
    wrongs = {
        "a host was asked twice at once or too soon": min(gaps, default=GAP) < GAP,
        "a source was not asked": len(visits) != sources,
        "a source was asked twice": max(visits.values()) > 1,
        "the log has warnings or errors": trouble > 0,
    }
    return [wrong for wrong, holds in wrongs.items() if holds]


def at_once(requests: Iterable[Asked]) -> int:
    """Return how many of these were under way at the same moment."""
    moments = sorted(moment for asked in requests for moment in ((asked.start, 1), (asked.end, -1)))
    most = now = 0
    for _, step in moments:
        now += step
        most = max(most, now)
    return most


def main(sources: int, hosts: int) -> int:
    with tempfile.TemporaryDirectory() as directory, Publisher(hosts=hosts, delay=DELAY) as publisher:
        names = origins(hosts, publisher.port)
        urls = [f"{names[n % hosts]}/feed-{n}.xml" for n in range(sources)]
        write_configuration(Path(directory), urls)
        watch, trouble = run(Path(directory), publisher, sources)
    wrongs = judge(publisher.requests, sources, trouble)
    print(
        f"daemon: {watch.cpu:.1f} s of CPU, {watch.own_cpu:.1f} of them in its main process, "
        f"{watch.cpu / sources * 1000:.1f} ms a source; "
        f"peaks of {watch.memory / 2**20:.0f} MiB resident with workers and {watch.descriptors} descriptors"
    )
    print(*(f"WRONG: {wrong}" for wrong in wrongs), sep="\n")
    return 1 if wrongs else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sources", type=int, default=10_000)
    parser.add_argument("--hosts", type=int, default=1000)
    options = parser.parse_args()
    sys.exit(main(options.sources, options.hosts))
