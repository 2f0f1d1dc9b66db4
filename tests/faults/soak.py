"""The real daemon at full speed for long: what it uses does not grow, and nothing is lost or told twice.

    python -m tests.faults.soak --minutes 65

A thousand sources that are always due tell news, edit, withdraw and fail (`agency`, in a process of its own), the
configuration is edited all the while, also badly, and subscribers read feeds, tags and searches. Looked at from
outside every ten seconds. What limits the speed is the CPU, or else `STARTS_A_SECOND` of the schedule. Retention lets
go of entries each hour, so that the store grows for an hour and what is in memory must not.
Exit 1 when a goal of issue 7 is missed.
"""

import argparse
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import httpx
from lxml import etree

from benchmarks.publisher import addresses
from tests.faults.agency import COMING, FLAKY, KINDS, WATCHED, hosts_of
from tests.faults.measures import Sample, Trend, between, quantile, sample
from tests.running import ROOT, Running, Site

LOOK = 10.0  # seconds between two looks at the daemon
READ = 1.0  # seconds between two subscribers
READ_ALL = 2.0  # seconds between two looks at the feeds that watched sources are in: 500 and 200 entries
EDIT = 60.0  # seconds between two edits of the configuration
SAY = 60.0  # seconds between two lines
WARM_UP = 600.0  # seconds until caches and pools are full, or else a quarter of the run
BAD_EDIT, NEW_LIMITS = 5, 3  # every so many edits are no TOML, and change more than sources
TO_THE_END = 120.0  # seconds for what was told to be emitted when nothing new is told
ANSWER = 30.0  # seconds for any answer, on a machine with much else to do
LINES = 2000  # of the log that are kept
SETTINGS = """
interval = "1s"
max_interval = "10s"
timeout = "{timeout}s"
max_bytes = "2MiB"
[retention]
keep_per_source = 40
[[feed]]
name = "even"
tags = ["even"]
[[feed]]
name = "watched"
tags = ["watched"]
limit = 200
[[feed]]
name = "found"
query = "title:bala* OR title:dore*"
"""
BROKEN = "[[source]]\nurl = 1\n"
TITLE = re.compile(r"(\d+)x(\d+)$")
PATHS = (
    "/feed.atom",
    "/feed.rss",
    "/feed.json?limit=50",
    "/feeds/even.atom",
    "/feeds/found.json",
    "/tags/odd.atom",
    "/tags/even.rss",
    "/sources/s0.atom",
    "/sources/s14.json",
    "/search.atom?q=title:cem*",
    "/search?q=fil*+OR+text:gun*",
    "/",
    "/status",
    "/status.json",
    "/health.atom",
    "/opml",
    "/readyz",
)
ATOM = "{http://www.w3.org/2005/Atom}"


class Watched(Running):
    """A daemon whose log is counted by kind of trouble; only the last lines are kept."""

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self.trouble: Counter[str] = Counter()
        self._client.timeout = httpx.Timeout(ANSWER)

    def _read(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as stderr:
            for line in stderr:
                self.lines.append(line)
                del self.lines[:-LINES]
                if "level=info" not in line:
                    self.trouble[_kind(line)] += 1


def _kind(line: str) -> str:
    """Return what kind of trouble a log line tells: without figures and names."""
    event = re.search(r'event=("[^"]*"|\S+)', line)
    said = re.search(r'(?:error|result|warning)=("[^"]*"|\S+)', line)
    words = f"{event[1] if event else line.strip()[:60]}: {said[1] if said else ''}"
    return re.sub(r"[0-9a-f]{8,}|\d+", "N", words)[:110]


class Sources:
    """The configuration as it is edited: sources come and go, change their tags, and have new addresses."""

    def __init__(self, site: Site, port: int, count: int, seed: str) -> None:
        self._site, self._port, self._count = site, port, count
        self._random = random.Random(seed)
        self._hosts = addresses(hosts_of(count))
        self._address: Counter[int] = Counter()
        self.edits = 0
        self.write()

    def write(self) -> None:
        """Put down a good configuration that differs from the last one."""
        self._site.sources.write_text("".join(self._table(number) for number in range(self._count)))

    def edit(self) -> None:
        """Change it as an operator would, now and then with a mistake."""
        self.edits += 1
        if self.edits % BAD_EDIT == 0:
            self._site.sources.write_text(BROKEN)
            return
        if self.edits % NEW_LIMITS == 0:  # another fetcher takes over
            text = self._site.config.read_text()
            before, after = ("3s", "4s") if 'timeout = "3s"' in text else ("4s", "3s")
            self._site.config.write_text(text.replace(f'timeout = "{before}"', f'timeout = "{after}"'))
        for number in range(self._count):
            if number % KINDS in FLAKY and self._random.random() < 0.3:
                self._address[number] += 1
        self.write()

    def _table(self, number: int) -> str:
        if number % KINDS in COMING and self._random.random() < 0.5:
            return ""
        host = self._hosts[number % len(self._hosts)]
        tags = ["odd" if number % 2 else "even", f"turn-{self._random.randrange(3)}"]
        tags += ["watched"] * (number % KINDS in WATCHED)
        return (
            f'[[source]]\nid = "s{number}"\ntags = {json.dumps(tags)}\n'
            f'url = "http://{host}:{self._port}/{number}?v={self._address[number]}"\n'
        )


class Readers:
    """Subscribers, who send back the validators that they have been given."""

    def __init__(self, daemon: Running, seed: str) -> None:
        self.titles: dict[str, str] = {}  # of what watched sources tell, with the id
        self.wrongs: list[str] = []
        self.answers: Counter[str] = Counter()
        self._daemon = daemon
        self._random = random.Random(seed)
        self._tags: dict[str, str] = {}

    def read(self) -> None:
        """Read something."""
        path = self._random.choice(PATHS)
        headers = [("Accept-Encoding", self._random.choice(("gzip", "identity")))]
        if tag := self._tags.get(path):
            headers.append(("If-None-Match", tag))
            if self._random.random() < 0.5:
                headers.append(("A-IM", "feed"))
        answer = self._daemon.get(path, headers)
        self.answers[str(answer.status_code)] += 1
        if answer.status_code >= 400:
            self.answers[f"{path}: {answer.status_code}"] += 1
        if answer.status_code == 200 and "etag" in answer.headers:
            self._tags[path] = answer.headers["etag"]

    def read_all(self) -> None:
        """Read what all are in, and what the watched ones are in, and note what is shown."""
        for path in ("/feed.atom", "/feeds/watched.atom"):
            self._read_one(path)

    def _read_one(self, path: str) -> None:
        feed = etree.fromstring(self._daemon.get(path).content)
        shown = [
            (one.findtext(f"{ATOM}title") or "", one.findtext(f"{ATOM}id") or "")
            for one in feed.iter(f"{ATOM}entry")
        ]
        self._twice(path, [title for title, _ in shown])
        self._twice(path, [name for _, name in shown])
        for title, name in shown:
            told = TITLE.search(title)
            if told is None or int(told[1]) % KINDS not in WATCHED:
                continue
            if self.titles.setdefault(told[0], name) != name:
                self.wrongs.append(f"{told[0]} has had two ids")

    def _twice(self, path: str, names: list[str]) -> None:
        twice = [name for name, count in Counter(names).items() if count > 1]
        if twice:
            self.wrongs.append(f"twice in {path}: {twice[:3]}")

    def missing(self, told: Mapping[str, int]) -> set[str]:
        """Return what watched sources have told and no look at a feed has shown."""
        names = {f"{number}x{item}" for number, items in told.items() for item in range(items)}
        return names - self.titles.keys()

    def doubled(self) -> list[str]:
        names = Counter(self.titles.values())
        return [title for title, name in self.titles.items() if names[name] > 1]


@dataclass
class Soak:
    """One run, and what came of it."""

    site: Site
    agency: int  # its port
    sources: Sources
    daemon: Watched
    readers: Readers
    wrongs: list[str] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)

    def go(self, seconds: float, *, say: bool) -> None:
        """Look, read and edit for so long."""
        began = time.monotonic()
        todo = {
            self.readers.read: READ,
            self.readers.read_all: READ_ALL,
            self.sources.edit: min(EDIT, seconds / 6),
        }
        due = defaultdict(lambda: began, {self.sources.edit: began + todo[self.sources.edit]})
        last = 0  # sample that was told
        look_every, looked, said = min(LOOK, seconds / 30), float("-inf"), began
        while (at := time.monotonic()) < began + seconds:
            for what, every in todo.items():
                if at >= due[what]:
                    self._try(what)
                    due[what] = at + every
            if at >= looked + look_every:
                looked = at
                self._try(lambda: self.samples.append(self._look(time.monotonic() - began)))
                if say and at >= said + SAY:
                    lag = between(self.samples[last].lag, self.samples[-1].lag)
                    late = f"99 of 100 times late by {quantile(lag, 0.99):g} s or less"
                    print(f"{self.samples[-1]}; {late}", flush=True)  # noqa: T201
                    said, last = at, len(self.samples) - 1
            assert self.daemon.process.poll() is None, "".join(self.daemon.lines[-50:])
            time.sleep(0.05)

    def _try(self, what: Callable[[], None]) -> None:
        """Ask the daemon something; that it does not answer is wrong, and no reason to stop the run."""
        try:
            what()
        except httpx.TransportError as exc:
            self.wrongs.append(f"no answer: {type(exc).__name__} {exc}")

    def _look(self, at: float) -> Sample:
        return sample(self.daemon.process.pid, self.daemon.get("/metrics").text, at)

    def end(self) -> None:
        """Let nothing new be told: in the end all of it has been emitted once."""
        self.sources.write()  # good again, whatever it was
        told: dict[str, int] = self._ask("_freeze")
        before: list[int] = self._ask("_polls")
        deadline = time.monotonic() + TO_THE_END
        missing = self.readers.missing(told)
        while time.monotonic() < deadline and not (self._polled_since(before) and not missing):
            self._try(self.readers.read_all)
            missing = self.readers.missing(told)
            time.sleep(READ)
        if missing:
            self.wrongs.append(f"never seen in a feed: {sorted(missing)[:10]} and {len(missing)} in all")
        self.wrongs += self.readers.wrongs[:10]
        if doubled := self.readers.doubled():
            self.wrongs.append(f"one id for several: {doubled[:10]}")

    def _polled_since(self, before: Sequence[int]) -> bool:
        return all(
            now >= was + 2
            for number, (was, now) in enumerate(zip(before, self._ask("_polls"), strict=True))
            if number % KINDS in WATCHED
        )

    def _ask(self, what: str) -> Any:
        with urlopen(f"http://127.0.0.1:{self.agency}/{what}") as answer:
            return json.loads(answer.read())

    def judge(self) -> Trend:
        """Stop, and look at what is left."""
        if (code := self.daemon.stop()) != 0:
            self.wrongs.append(f"the daemon ended with {code}: {''.join(self.daemon.lines[-20:])}")
        checked = self.site.run("db", "check")
        if checked.returncode:
            self.wrongs.append(f"db check: {checked.stdout}{checked.stderr}")
        self.wrongs += [kind for kind in self.daemon.trouble if kind.startswith("bug")]
        warm = min(WARM_UP, self.samples[-1].at / 4)
        return Trend([one for one in self.samples if one.at >= warm])

    def lines(self) -> Iterator[str]:
        yield f"edits of the configuration: {self.sources.edits}"
        yield f"answers to subscribers: {dict(self.readers.answers.most_common(20))}"
        yield f"watched sources: {len(self.readers.titles)} entries seen"
        yield "log, without level=info:"
        yield from (f"  {count} × {kind}" for kind, count in self.daemon.trouble.most_common(40))


@contextmanager
def publishing(sources: int, seed: str) -> Iterator[int]:
    """Run the agency and give its port."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.agency", str(sources), seed],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.communicate(timeout=10)


def run(directory: Path, *, seconds: float, sources: int, seed: str, say: bool = False) -> tuple[Soak, Trend]:
    """Run it all; return what came of it."""
    with publishing(sources, seed) as port:
        site = Site(directory, settings=SETTINGS.replace("{timeout}", "3"))
        edited = Sources(site, port, sources, seed)
        with Watched(site) as daemon:
            soak = Soak(site, port, edited, daemon, Readers(daemon, seed))
            soak.go(seconds, say=say)
            soak.end()
            return soak, soak.judge()


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--sources", type=int, default=1000)
    parser.add_argument("--seed", default=str(time.time_ns()))
    parser.add_argument("--directory", type=Path, help="where the store lies; a temporary one by default")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what it started ends, too
    print(f"seed {arguments.seed}", flush=True)  # noqa: T201
    with tempfile.TemporaryDirectory() as temporary:
        soak, trend = run(
            arguments.directory or Path(temporary) / "site",
            seconds=60 * arguments.minutes,
            sources=arguments.sources,
            seed=arguments.seed,
            say=True,
        )
    wrongs = [*soak.wrongs, *trend.wrongs()]
    print(*trend.lines(), *soak.lines(), *(f"WRONG: {wrong}" for wrong in wrongs), sep="\n")  # noqa: T201
    return 1 if wrongs else 0


if __name__ == "__main__":
    sys.exit(main())
