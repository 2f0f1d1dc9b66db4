"""What a publication costs: ten feeds of 500 entries each, from a small store and from a large one.

Prints wall and CPU milliseconds of the first publication of a process, of one with nothing new, and of one with five
new entries (the median of several).
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any, cast

from aggregator.cadence import Pace
from aggregator.dedup import Window
from aggregator.model import Entry, Output, Placement, Plan, PollUpdate, Source, SourceState
from aggregator.pipeline import Fetch, Pipeline, Plant, Read
from aggregator.store import Store, open_store

SOURCES = 20
FEEDS = 10
LIMIT = 500
ROUNDS = 7
NEW = 5
BATCH = 10_000  # entries stored before anything is measured, at once
START = datetime(2026, 1, 1, tzinfo=UTC)
PARAGRAPH = (
    "<p>The council met on Monday and <a href='https://alfa.example/more'>said</a> what it had to say. "
)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.publish", description=__doc__)
    parser.add_argument("--entries", type=int, nargs="+", default=[5_000, 100_000], help="in the store")
    print("   entries  publication                wall ms   CPU ms")
    for entries in parser.parse_args(arguments).entries:
        with tempfile.TemporaryDirectory() as directory:
            asyncio.run(measure(entries, Path(directory)))
    return 0


async def measure(entries: int, directory: Path) -> None:
    sources = [Source(id=f"s{n}", url=f"https://s{n}.example/rss") for n in range(SOURCES)]
    store = open_store("sqlite", directory)
    store.configure(sources, now=START)
    numbers = iter(range(sys.maxsize))
    for start in range(0, entries, BATCH):
        add(store, min(BATCH, entries - start), numbers)
    store.settle()
    pipeline = make(store, sources, directory / "public")
    began = time.perf_counter(), time.process_time()
    await pipeline.publish()
    while await pipeline.file_older():
        pass
    report(entries, "all that is older filed", [since(began)])
    pipeline = make(store, sources, directory / "public")
    report(entries, "first of a process", [await timed(pipeline)])
    report(entries, "nothing new", [await timed(pipeline) for _ in range(ROUNDS)])
    spans = []
    for _ in range(ROUNDS):
        add(store, NEW, numbers)
        spans.append(await timed(pipeline))
    report(entries, f"{NEW} new entries", spans)
    store.close()


def make(store: Store, sources: list[Source], directory: Path) -> Pipeline:
    half = [tuple(one.id for one in sources if int(one.id[1:]) % 2 == n % 2) for n in range(FEEDS - 1)]
    outputs = (
        Output(name="feed", title="Everything", limit=LIMIT),
        *(Output(name=f"feeds/f{n}", title=f"F{n}", sources=half[n], limit=LIMIT) for n in range(FEEDS - 1)),
    )
    nothing = cast("Any", None)
    return Pipeline(
        plant=Plant(
            title="Everything",
            public_url="https://news.example",
            sources={source.id: source for source in sources},
            outputs=outputs,
            pace=Pace(),
            window=Window(),
        ),
        store=store,
        fetcher=cast("Fetch", nothing),
        read=cast("Read", nothing),
        directory=directory,
    )


def add(store: Store, count: int, numbers: Iterator[int]) -> None:
    placements: dict[str, list[Placement]] = {}
    for number in (next(numbers) for _ in range(count)):
        source_id = f"s{number % SOURCES}"
        placements.setdefault(source_id, []).append(placement(source_id, number))
    at = START + timedelta(days=365)
    for source_id, placed in placements.items():
        state = SourceState(source_id=source_id, url=f"https://{source_id}.example/rss", next_poll_at=at)
        store.apply(PollUpdate(state=state, plan=Plan(placements=tuple(placed)), at=at))


def placement(source_id: str, number: int) -> Placement:
    text = PARAGRAPH + f"{number}</p>"
    entry = Entry(
        source_id=source_id,
        guid=str(number),
        url=f"https://{source_id}.example/{number}",
        title=f"Title of the entry numbered {number}",
        summary=text,
        content=text * 12,
        content_text=text * 10,
        categories=("politics", "council"),
        published_at=START + timedelta(minutes=number),
        digest=str(number),
    )
    entry_id = f"tag:news.example,2026:{source_id}/{number}"
    return Placement(entry=entry, entry_id=entry_id, story_id=entry_id, rule="new")


async def timed(pipeline: Pipeline) -> tuple[float, float]:
    began = time.perf_counter(), time.process_time()
    await pipeline.publish()
    return since(began)


def since(began: tuple[float, float]) -> tuple[float, float]:
    """Return milliseconds of the wall and of the CPU."""
    return (time.perf_counter() - began[0]) * 1000, (time.process_time() - began[1]) * 1000


def report(entries: int, what: str, spans: list[tuple[float, float]]) -> None:
    wall, cpu = (median(column) for column in zip(*spans, strict=True))
    print(f"{entries:>10}  {what:<24} {wall:>8.0f} {cpu:>8.0f}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
