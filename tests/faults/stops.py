"""Told to stop, at any moment and in the middle of anything, the daemon is gone in time and has lost nothing.

    python -m tests.faults.stops --rounds 200

A real daemon under load reads a newsroom, publishers that hang and drip, and archives without an end; it serves
subscribers that take nothing, makes backups from its first moment on, and some of its workers stand still. Again and
again it is told to stop: by SIGTERM, by SIGINT, twice, in a storm of SIGHUP.
"""

import argparse
import asyncio
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.kills import LIFE, Life, life
from tests.fetch.server import Answer, Asked, Server
from tests.protocol.looking import source
from tests.protocol.markup import rss
from tests.running import Running

WITHIN = 10.0  # seconds (INTERFACE)
BUSY = 3  # processes that want all of the processor
SUBSCRIBERS = 5  # that ask for the feed and take none of it
STORM = 30  # of SIGHUP
PEACE = 30.0  # seconds in which what a daemon has started must be gone, too
READY_WITHIN = 120.0  # seconds, on a machine with much else to do
HUNG, DRIPS, ARCHIVES = HAZARDOUS = ("127.0.4.1", "127.0.4.2", "127.0.4.3")  # hosts
PAGES = 1000  # of the archive
# Backups are made by night; here at once, and one after the other. Who does not end says what it is at.
START = """
import faulthandler, os, signal
faulthandler.register(signal.SIGUSR1)
for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, lambda *_: os._exit(0))
signal.signal(signal.SIGHUP, signal.SIG_IGN)
from datetime import timedelta
from aggregator import upkeep
from aggregator.__main__ import main
upkeep.FIRST_LOOK = upkeep.LOOK = timedelta(seconds=0.5)
main()
"""


def hazards(server: Server, seed: str) -> str:
    """Let publishers answer who keep a daemon busy for ever, and return their tables."""

    def archive(asked: Asked) -> Answer:
        number = int(asked.path.rpartition("/")[2])
        words = random.Random(f"{seed} {number}")
        title = " ".join("".join(words.choices("abcdefghijklmnoprstuvz", k=7)) for _ in range(6))
        before = server.url(f"/archive/{number + 1}", ARCHIVES)
        link = f'<a:link xmlns:a="http://www.w3.org/2005/Atom" rel="prev-archive" href="{before}"/>'
        return Answer(
            body=rss(f"<item><guid>archive-{number}</guid><title>{title}</title></item>", head=link)
        )

    server.answer("/hung", Answer(delay=3600))
    server.answer("/drips", Answer(script=_drip))
    for n in range(PAGES):
        server.answer(f"/archive/{n}", archive)
    return (
        source("hung", server.url("/hung", HUNG))
        + source("drips", server.url("/drips", DRIPS))
        + source("archive", server.url("/archive/0", ARCHIVES))
    )


async def _drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\n\r\n<rss>")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.2)


@dataclass
class Stopped(Life):
    """One store under daemons that are told to stop again and again."""

    waits: list[float] = field(default_factory=list)  # seconds until each was gone

    def stop(self) -> None:
        """Start a daemon, tell it to stop, and see that it does."""
        shutil.rmtree(self.site.data / "backups", ignore_errors=True)  # so that one is due
        daemon = Running(self.site)
        daemon.program = ("-c", START)
        with ExitStack() as stack:
            stack.enter_context(daemon.started())
            _listens(daemon.process.pid)
            self._wait(daemon)
            if self.random.random() < 0.5:
                self._let_it_work(daemon, stack)
            family = [daemon.process.pid, *descendants(daemon.process.pid)]
            way = self.random.choice((self._once, self._by_hand, self._twice, self._in_a_storm))
            if self.random.random() < 0.3:
                _stand_still(family[1:])
            began = time.monotonic()
            way(daemon)
            try:
                code = daemon.process.wait(WITHIN)
            except subprocess.TimeoutExpired as exc:
                raise AssertionError(f"{way.__name__}: still there:\n{_told(daemon)}") from exc
            self.waits.append(time.monotonic() - began)
            self.kills[way.__name__.strip("_")] += 1
        said = "".join(daemon.lines)  # what stood still may begin on work of one that is gone, and miss it
        _see_gone(family[1:])
        assert code == 0, f"{way.__name__}: {code}\n{said}"
        assert "Traceback" not in said, said

    def _let_it_work(self, daemon: Running, stack: ExitStack) -> None:
        """Wait until it serves, ask for much of it, and let it work for a while."""
        deadline = time.monotonic() + READY_WITHIN
        while not any("event=ready" in line for line in daemon.lines):
            assert time.monotonic() < deadline, f"not ready:\n{_told(daemon)}"
            time.sleep(0.01)
        for _ in range(SUBSCRIBERS):
            stack.enter_context(self._subscriber())
        time.sleep(self.random.uniform(0, 3))

    @contextmanager
    def _subscriber(self) -> Iterator[None]:
        with socket.socket() as asking:
            asking.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
            asking.connect(("127.0.0.1", self.site.port))
            asking.sendall(b"GET /feed.atom HTTP/1.1\r\nHost: localhost\r\n\r\n" * 8)
            yield

    def _once(self, daemon: Running) -> None:
        daemon.process.send_signal(signal.SIGTERM)

    def _by_hand(self, daemon: Running) -> None:
        daemon.process.send_signal(signal.SIGINT)

    def _twice(self, daemon: Running) -> None:
        for number in self.random.sample([signal.SIGTERM, signal.SIGTERM, signal.SIGINT], 2):
            daemon.process.send_signal(number)
            with suppress(subprocess.TimeoutExpired):
                daemon.process.wait(self.random.uniform(0, 1))

    def _in_a_storm(self, daemon: Running) -> None:
        at = self.random.randrange(STORM)
        for n in range(STORM):
            daemon.process.send_signal(signal.SIGTERM if n == at else signal.SIGHUP)
            with suppress(subprocess.TimeoutExpired):
                daemon.process.wait(self.random.uniform(0, 0.05))


def _told(daemon: Running) -> str:
    """Return what it has logged, and what it is at now."""
    daemon.process.send_signal(signal.SIGUSR1)
    time.sleep(1)
    return "".join(daemon.lines)


def _listens(pid: int) -> None:
    """Wait until it takes notice of signals: before, Python itself is being loaded."""
    deadline = time.monotonic() + READY_WITHIN
    while time.monotonic() < deadline:
        status = Path(f"/proc/{pid}/status").read_text()
        caught = next(line.split()[1] for line in status.splitlines() if line.startswith("SigCgt"))
        if int(caught, 16) >> (signal.SIGTERM - 1) & 1:
            return
        time.sleep(0.005)
    raise AssertionError("it takes no notice of SIGTERM")


def descendants(pid: int) -> list[int]:
    """Return the processes that a process has started, and those that these have."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended
            fields = stat.read_text().rpartition(")")[2].split()
            children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found = children.get(pid, [])
    return [*found, *(below for child in found for below in descendants(child))]


def _stand_still(family: list[int]) -> None:
    """Let what it has started, workers above all, do nothing any more."""
    for pid in family:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)


def _see_gone(family: list[int]) -> None:
    """See that nobody is left once they may move again; who is, is ended."""
    for pid in family:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)

    def left() -> list[int]:
        return [pid for pid in family if _is_alive(pid)]

    deadline = time.monotonic() + PEACE
    while left() and time.monotonic() < deadline:
        time.sleep(0.02)
    orphans = left()
    for pid in orphans:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    assert not orphans, f"left behind: {len(orphans)} of {len(family)}"


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except OSError:
        return False


@contextmanager
def busy(count: int) -> Iterator[None]:
    """Let so many processes want all of the processor."""
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def run(rounds: int, directory: Path, seed: str, *, say: bool = False) -> tuple[Counter[str], float]:
    """Stop so many times; return how often in which way, and the longest wait."""
    ways: Counter[str] = Counter()
    longest = 0.0
    for first in range(0, rounds, LIFE):
        place = directory / f"life-{first}"
        with life(place, f"{seed} {first}", Stopped, others=hazards, hosts=HAZARDOUS) as one:
            with busy(BUSY):
                for _ in range(min(LIFE, rounds - first)):
                    one.stop()
                    one.check()
                    if say:
                        print(f"{one.waits[-1]:.1f}", end=" ", flush=True)  # noqa: T201
            one.end()
        ways += one.kills
        longest = max(longest, *one.waits)
        if say:
            print(f"{ways.total()} stops {dict(ways)}, the longest {longest:.1f} s", flush=True)  # noqa: T201
        shutil.rmtree(place)
    return ways, longest


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", default=str(time.time_ns()))
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that its daemon ends, too
    print(f"seed {arguments.seed}", flush=True)  # noqa: T201
    with tempfile.TemporaryDirectory() as temporary:
        run(arguments.rounds, Path(temporary), arguments.seed, say=True)


if __name__ == "__main__":
    main()
