"""What it costs to take in many entries by the real path: HTTP, workers, deduplication, the SQLite store, publishing.

    python -m benchmarks.ingest [--entries 100000] [--at-once 1] [--gather 1]

Every source is polled once, when all is new, and then again, when it is not modified. One poll after the other tells
what an entry costs; `--at-once 64`, as many as the daemon has in flight, how many come through. The feeds are
published every `--gather` seconds, the daemon's being one. CPU is that of the process and its workers, not of the
publisher; with one poll at once publications are told apart.
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import inf
from pathlib import Path
from time import perf_counter

from aggregator import logs
from aggregator.config import load
from aggregator.daemon import Engine
from aggregator.pipeline import Pipeline
from benchmarks.articles import Articles, document
from benchmarks.processes import Watch, cpu, family
from benchmarks.publisher import Publisher, origins

PER_DOCUMENT = 22  # entries, as many as feeds have on average
HOSTS = 1000
LOOK = 1.0  # seconds between two looks at our own memory, which cost CPU, too
PARTS = 10  # of the round with new entries: what an entry costs while the store grows
GATHER = 1.0  # seconds between two publications, as the daemon has it

SETTINGS = """
[aggregator]
title = "Ingest"
public_url = "https://news.example"
data_dir = "data"
include = ["sources.toml"]
[server]
listen = ""
[poll]
allow_addresses = ["127.0.0.0/8"]
host_gap = "0s"
"""


@dataclass(frozen=True, slots=True)
class Polled:
    """One poll: seconds of wall clock, and of CPU in all processes since the round began."""

    wall: float
    spent: float
    new: int
    duplicate: int
    error: str | None


def write_documents(directory: Path, entries: int) -> tuple[int, int]:
    """Write so many entries as documents; return how many documents and how many copies there are."""
    articles = Articles(datetime.now(UTC))
    count = copies = 0
    for start in range(0, entries, PER_DOCUMENT):
        numbers = range(start, min(start + PER_DOCUMENT, entries))
        made = {number: articles.article(number) for number in numbers}
        url = f"https://site-{count}.example/news"
        (directory / f"{count}.xml").write_bytes(document(url, made))
        copies += sum(one.copy_of is not None for one in made.values())
        count += 1
    return count, copies


def write_configuration(directory: Path, urls: Sequence[str]) -> Path:
    main_file = directory / "aggregator.toml"
    main_file.write_text(SETTINGS, encoding="utf-8")
    (directory / "sources.toml").write_text(
        "".join(f'[[source]]\nid = "source-{n}"\nurl = "{url}"\n' for n, url in enumerate(urls)),
        encoding="utf-8",
    )
    return main_file


class Rounds:
    """Polls all sources in rounds, publishes between polls, and measures."""

    def __init__(self, pipeline: Pipeline, publisher: Publisher, at_once: int, gather: float) -> None:
        self._pipeline, self._publisher, self._at_once = pipeline, publisher, at_once
        self._gather = gather  # seconds between two publications
        self._every = 0  # polls after which they are told
        self._published_at = perf_counter()
        self.publications: list[float] = []  # CPU seconds of each, where no poll goes on beside it

    def spent(self) -> float:
        """Return the CPU seconds of this process and its workers so far, publications left out if told apart."""
        used = sum(map(cpu, family(os.getpid(), but=self._publisher.pid)))
        return used - sum(self.publications)

    async def go(self, source_ids: Sequence[str], *, parts: int = 0) -> list[Polled]:
        """Poll these; with `parts`, say after each what an entry cost in it."""
        self._every = len(source_ids) // parts if parts else 0
        waiting, polled = iter(source_ids), list[Polled]()
        before = self.spent()
        await asyncio.gather(*(self._poll(waiting, polled, before) for _ in range(self._at_once)))
        return polled

    async def _poll(self, waiting: Iterator[str], polled: list[Polled], before: float) -> None:
        for source_id in waiting:
            started = perf_counter()
            result = await self._pipeline.poll(source_id, force=True)
            ended = perf_counter()
            assert result is not None
            polled.append(
                Polled(ended - started, self.spent() - before, result.new, result.duplicate, result.error)
            )
            if self._every and len(polled) % self._every == 0:
                tell_part(polled[-self._every :])
            if ended > self._published_at + self._gather:
                self._published_at = inf
                await self._publish()
                self._published_at = perf_counter()

    async def _publish(self) -> None:
        before = self.spent()
        await self._pipeline.publish()
        if self._at_once == 1:
            self.publications.append(self.spent() - before)


def tell_part(polled: Sequence[Polled]) -> None:
    """Say what an entry cost in some polls, one after the other."""
    entries = sum(one.new + one.duplicate for one in polled[1:])
    spent = (polled[-1].spent - polled[0].spent) * 1000 / max(entries, 1)
    wall = statistics.median(one.wall for one in polled) * 1000 / PER_DOCUMENT
    print(f"  CPU an entry {spent:.2f} ms, time {wall:.2f} ms", flush=True)


def tell_cold(polled: Sequence[Polled], seconds: float, copies: int) -> None:
    """Say what taking in new entries cost, on average and at worst."""
    entries = sum(one.new + one.duplicate for one in polled)
    duplicates = sum(one.duplicate for one in polled)
    each = [one.wall * 1000 / (one.new + one.duplicate) for one in polled if one.new + one.duplicate]
    spent = polled[-1].spent
    cuts = statistics.quantiles(each, n=100)
    print(
        f"cold: {entries} entries in {len(polled)} documents, {duplicates} told before ({copies} copies were made)",
        f"  {seconds:.0f} s, {entries / seconds:.0f} entries/s",
        f"  CPU {spent * 1000 / len(polled):.1f} ms a document, {spent * 1000 / entries:.2f} ms an entry",
        f"  time of a poll for each of its entries: p50 {cuts[49]:.2f} ms, p99 {cuts[98]:.2f} ms",
        sep="\n",
    )


async def measure(
    configuration: Path, publisher: Publisher, *, at_once: int, gather: float, copies: int
) -> int:
    """Run both rounds; return how many polls failed."""
    loaded = load(configuration, environ={})
    ids = [source.id for source in loaded.sources]
    async with Engine(loaded) as engine:
        rounds = Rounds(engine.pipeline, publisher, at_once, gather)
        await rounds.go(ids[:1])  # starts the workers
        started = perf_counter()
        cold = await rounds.go(ids[1:], parts=PARTS)
        tell_cold(cold, perf_counter() - started, copies)
        publications = rounds.publications
        if publications:
            mean = statistics.mean(publications) * 1000
            print(f"  {len(publications)} publications of {mean:.0f} ms of CPU, not counted")
        started = perf_counter()
        again = await rounds.go(ids)
        seconds = perf_counter() - started
        print(f"not modified: {seconds:.0f} s, CPU {again[-1].spent * 1000 / len(again):.2f} ms a document")
        entries = engine.store.totals().entries
    size = sum(file.stat().st_size for file in loaded.data_dir.glob("aggregator.sqlite*"))
    print(f"store: {entries} entries, {size / 2**20:.0f} MiB, {size / entries:.0f} bytes each")
    errors = [one.error for one in (*cold, *again) if one.error is not None]
    print(*errors[:3], f"{len(errors)} polls failed", sep="\n")
    return len(errors)


def main(entries: int, at_once: int, gather: float) -> int:
    logs.set_up(verbosity=-1)
    with tempfile.TemporaryDirectory() as directory:
        documents = Path(directory) / "documents"
        documents.mkdir()
        count, copies = write_documents(documents, entries)
        with Publisher(hosts=HOSTS, directory=documents) as publisher:
            names = origins(HOSTS, publisher.port)
            urls = [f"{names[n % HOSTS]}/{n}.xml" for n in range(count)]
            configuration = write_configuration(Path(directory), urls)
            with Watch(os.getpid(), but=publisher.pid, every=LOOK) as watch:
                failed = asyncio.run(
                    measure(configuration, publisher, at_once=at_once, gather=gather, copies=copies)
                )
    print(f"peaks: {watch.memory / 2**20:.0f} MiB resident with workers, {watch.descriptors} descriptors")
    return 1 if failed else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--at-once", type=int, default=1)
    parser.add_argument("--gather", type=float, default=GATHER)
    options = parser.parse_args()
    sys.exit(main(options.entries, options.at_once, options.gather))
