"""How many requests a second our server answers, beside nginx with the same file on the same machine.

    python -m benchmarks.serve [--entries 500] [--seconds 5] [--connections 32]

Needs nginx and wrk. One run each: 304 to a known tag, the whole feed in gzip, the whole feed plain; nginx
serves `public/` as deploy/nginx-files.conf has it, compressing by itself. Beside the rates stand the microseconds of
CPU that a server spends on a request, which tell more where wrk or somebody else keeps the machine busy (Linux).

One run on two loaded cores: 304 ours 15,183 (50 µs), nginx 29,820 (7 µs), 0.51x; in gzip 1,729 beside
21; plain 794 beside 319. With h11 and a task for each: 304 0.03x.
"""

import argparse
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, sleep
from urllib.request import Request, urlopen

from benchmarks.articles import Articles, document

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 60.0  # seconds for a server to answer
_NUMBER = re.compile(r"(\d+) requests in")
_RATE = re.compile(r"Requests/sec:\s*([0-9.]+)")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(command: Sequence[str], cwd: Path, url: str) -> Iterator[int]:
    """A server, from when it answers at `url` on; its process."""
    process = subprocess.Popen(
        command, cwd=cwd, env=os.environ | {"PYTHONPATH": str(ROOT)}, stderr=subprocess.DEVNULL
    )
    try:
        deadline = monotonic() + PATIENCE
        while True:
            try:
                with urlopen(url) as response:
                    if b"<entry" in response.read():
                        break
            except OSError:
                pass
            if monotonic() > deadline or process.poll() is not None:
                raise SystemExit(f"{command[0]} does not answer at {url}")
            sleep(0.1)
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE)


def cpu_seconds(pid: int) -> float:
    """Return what a process and its children have used; see proc_pid_stat(5)."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        if pid in (int(stat.parent.name), int(fields[1])):
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Speed:
    per_second: float
    cpu_each: float  # microseconds


def rate(url: str, headers: dict[str, str], given: argparse.Namespace, pid: int) -> Speed:
    """Return how fast wrk gets answers from the server that is process `pid`."""
    before = cpu_seconds(pid)
    fields = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    done = subprocess.run(
        ["wrk", "-t1", f"-c{given.connections}", f"-d{given.seconds}s", *fields, url],
        capture_output=True,
        text=True,
        check=True,
    )
    if "Non-2xx or 3xx" in done.stdout:
        raise SystemExit(f"refused:\n{done.stdout}")
    found, number = _RATE.search(done.stdout), _NUMBER.search(done.stdout)
    assert found is not None, done.stdout
    assert number is not None, done.stdout
    return Speed(float(found[1]), (cpu_seconds(pid) - before) / max(1, int(number[1])) * 1e6)


def measure(url: str, given: argparse.Namespace, pid: int) -> dict[str, Speed]:
    codings = {"gzip": {"Accept-Encoding": "gzip"}, "plain": {"Accept-Encoding": "identity"}}
    with urlopen(Request(url, headers=codings["plain"])) as response:
        known = codings["plain"] | {"If-None-Match": response.headers["ETag"]}
    cases = {"304": known, "200 in gzip": codings["gzip"], "200 plain": codings["plain"]}
    return {name: rate(url, headers, given, pid) for name, headers in cases.items()}


def prepare(directory: Path, entries: int, port: int) -> None:
    """Write a configuration with one local feed of made-up articles."""
    (directory / "config").mkdir()
    articles = Articles(datetime.now(UTC))
    told = {number: articles.article(number) for number in range(entries)}
    (directory / "config" / "feed.xml").write_bytes(document("http://127.0.0.1/local", told))
    (directory / "config" / "aggregator.toml").write_text(
        f'[aggregator]\nlimit = {entries}\n[server]\nlisten = "127.0.0.1:{port}"\nrate_limit = ""\n',
        encoding="utf-8",
    )
    (directory / "config" / "sources.toml").write_text(
        '[[source]]\nid = "local"\nurl = "file:feed.xml"\n', encoding="utf-8"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--entries", type=int, default=500)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--connections", type=int, default=32)
    given = parser.parse_args()
    nginx = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/bin")
    if nginx is None or shutil.which("wrk") is None:
        raise SystemExit("nginx and wrk are needed")
    ours, theirs = free_port(), free_port()
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        prepare(directory, given.entries, ours)
        url = f"http://127.0.0.1:{ours}/feed.atom"
        with running([sys.executable, "-m", "aggregator", "run"], directory, url) as pid:
            mine = measure(url, given, pid)
        sample = (ROOT / "deploy" / "nginx-files.conf").read_text(encoding="utf-8")
        for old, new in {
            "listen 80;": f"listen 127.0.0.1:{theirs};",
            "/var/lib/aggregator": f"{directory}/data",
        }.items():
            assert old in sample
            sample = sample.replace(old, new)
        (directory / "nginx.conf").write_text(
            f"daemon off; pid {directory}/pid; error_log stderr; worker_processes 1; events {{}}\n"
            f"http {{ access_log off; sendfile on; tcp_nopush on;\n{sample}\n}}\n",
            encoding="utf-8",
        )
        directory.chmod(0o755)  # nginx's workers have another user
        url = f"http://127.0.0.1:{theirs}/feed.atom"
        with running(
            [nginx, "-p", name, "-c", str(directory / "nginx.conf"), "-e", "stderr"], directory, url
        ) as pid:
            other = measure(url, given, pid)
        size = (directory / "data" / "public" / "feed.atom").stat().st_size
    print(f"feed.atom: {given.entries} entries, {size:,} bytes; requests/s, {given.connections} connections")
    for case, got in mine.items():
        nginx_s = other[case]
        print(
            f"  {case:<12} ours {got.per_second:>9,.0f} ({got.cpu_each:>6,.0f} µs)"
            f"   nginx {nginx_s.per_second:>9,.0f} ({nginx_s.cpu_each:>6,.0f} µs)"
            f"   {got.per_second / nginx_s.per_second:.2f}x"
        )


if __name__ == "__main__":
    main()
