"""Worker processes that are killed, by us or by others."""

import asyncio
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.errors import ParseError, WorkersUnavailable
from aggregator.model import Response, Source
from aggregator.reading import read
from aggregator.workers import MEMORY_LIMIT, Workers


@pytest.fixture
def workers() -> Iterator[Workers]:
    pool = Workers(1, time_limit=timedelta(seconds=2))
    yield pool
    pool.close()


async def test_a_document_that_takes_too_long_costs_its_own_poll_only(workers: Workers) -> None:
    with pytest.raises(ParseError, match="more than 2 s to read"):
        await workers.run(time.sleep, 60)
    assert await workers.run(abs, -1) == 1


async def test_a_worker_that_dies_costs_its_own_poll_only(workers: Workers) -> None:
    with pytest.raises(ParseError, match="died"):
        await workers.run(os._exit, 9)
    assert await workers.run(abs, -1) == 1


async def test_an_idle_worker_that_is_killed_is_replaced(workers: Workers) -> None:
    os.kill(await workers.run(os.getpid), signal.SIGKILL)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            assert await workers.run(abs, -1) == 1
        except ParseError:  # it was given to the dead one
            await asyncio.sleep(0)
        else:
            break
    assert await workers.run(abs, -2) == 2


def spin() -> None:
    while True:
        hash(0)


async def test_a_document_that_takes_too_much_cpu_costs_its_own_poll_only() -> None:
    pool = Workers(1, cpu_limit=timedelta(seconds=1))
    try:
        for _ in range(2):  # each call has its own second
            with pytest.raises(ParseError, match="more than 1 s of CPU"):
                await pool.run(spin)
        assert await pool.run(abs, -1) == 1
    finally:
        pool.close()


async def test_a_document_that_takes_too_much_memory_costs_its_own_poll_only(workers: Workers) -> None:
    with pytest.raises(ParseError, match="more than 200 MiB"):
        await workers.run(bytes, 300 << 20)
    assert await workers.run(abs, -1) == 1


def rss(items: str) -> bytes:
    return f'<rss version="2.0"><channel><title>t</title>{items}</channel></rss>'.encode()


ENTITIES = "".join(f"<!ENTITY {chr(98 + n)} '{10 * ('&' + chr(97 + n) + ';')}'>" for n in range(12))


def attributes(count: int) -> str:
    return " ".join(f"a{n}='1'" for n in range(count))


HOSTILE: dict[str, Callable[[], bytes]] = {  # made when needed: workers import this file, and are measured
    "a 40 kB author": lambda: rss(f"<item><title>x</title><author>{'a' * 40_000}@</author></item>"),
    "billion laughs": lambda: (
        f'<!DOCTYPE r [<!ENTITY a "lol">{ENTITIES}]>'.encode() + rss("<item><title>&m;</title></item>")
    ),
    "100,000 entries": lambda: rss(
        "".join(f"<item><title>t{n}</title><guid>{n}</guid></item>" for n in range(100_000))
    ),
    "a 50 MB title": lambda: rss(f"<item><title>{'a ' * 25_000_000}</title></item>"),
    "100,000 attributes": lambda: rss(f"<item><title {attributes(100_000)}>x</title></item>"),
    "10,000 levels": lambda: rss(
        f"<item><title>x</title><description>{'<div>' * 10_000}x{'</div>' * 10_000}</description></item>"
    ),
}


def peak() -> int:
    """The largest this process ever was, in MiB."""
    line = next(
        line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")
    )
    return int(line.split()[1]) >> 10


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE.keys())
async def test_a_hostile_document_is_read_or_refused_within_its_limits(make: Callable[[], bytes]) -> None:
    document = make()
    one = Source(id="s", url="https://s.example/")
    bad = Response(status=200, url=one.url, body=document)
    good = Response(status=200, url=one.url, body=rss("<item><title>good</title></item>"))
    pool = Workers(1, cpu_limit=timedelta(seconds=2))
    try:
        try:
            assert (await pool.run(read, one, bad)).entries
        except ParseError as exc:
            assert "more than" in str(exc)  # noqa: PT017 - either is right
        else:
            assert await pool.run(peak) < 200
        assert [entry.title for entry in (await pool.run(read, one, good)).entries] == ["good"]
    finally:
        pool.close()


def dated(n: int) -> str:
    return f"<item><title>t{n}</title><guid>{n}</guid><pubDate>Fri, 20 Nov 2026 0{n % 10}:00:00 GMT</pubDate></item>"


HUNDRED_THOUSAND: dict[str, Callable[[], bytes]] = {
    "rss": lambda: rss("".join(dated(n) for n in range(100_000))),
    "json": lambda: json.dumps(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "title": "t",
            "items": [{"id": f"{n}", "title": f"t{n}", "content_text": "x"} for n in range(100_000)],
        }
    ).encode(),
}


@pytest.mark.parametrize("make", HUNDRED_THOUSAND.values(), ids=HUNDRED_THOUSAND.keys())
async def test_of_a_hundred_thousand_entries_each_reading_takes_the_next(make: Callable[[], bytes]) -> None:
    one = Source(id="s", url="https://s.example/")
    document = Response(status=200, url=one.url, body=make())
    pool = Workers(1)
    try:
        first = await pool.run(read, one, document)
        second = await pool.run(read, one, document, first.known, (), first.passed)
    finally:
        pool.close()
    assert [entry.title for entry in first.entries] == [f"t{n}" for n in range(1000)]
    assert [entry.title for entry in second.entries] == [f"t{n}" for n in range(1000, 2000)]
    assert (first.beyond, second.beyond) == (99_000, 98_000)


async def test_a_document_that_has_no_room_is_told_so_however_the_parser_ends() -> None:
    """A parser in C may have no room even to say that it has none."""
    one = Source(id="s", url="https://s.example/")
    small = Response(status=200, url=one.url, body=rss(dated(1)))
    whole = b"<!DOCTYPE rss>" + rss("".join(dated(n) for n in range(100_000)))  # its items are not left out
    pool = Workers(1, cpu_limit=timedelta(minutes=1))
    try:
        for _ in range(3):
            assert (await pool.run(read, one, small)).entries
            with pytest.raises(ParseError, match="needs more than 200 MiB"):
                await pool.run(read, one, replace(small, body=whole))
    finally:
        pool.close()


async def test_errors_of_the_call_itself_come_back(workers: Workers) -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        await workers.run(int, "x")


def read_with(times: float, document: bytes) -> int:
    """Return how many entries a document has, read with that many times its size of memory."""
    fields = Path("/proc/self/statm").read_bytes().split()
    limit = int(fields[5]) * resource.getpagesize() + int(times * len(document))
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    url = "https://alfa.example/"
    source = Source(id="alfa", url=url, max_new=10_000)
    return len(read(source, Response(status=200, url=url, body=document)).entries)


async def test_a_large_feed_takes_a_few_times_its_size_of_memory() -> None:
    """Characters beyond Latin-1 take two bytes each as text, so that no copy is a small one."""
    text = "<![CDATA[<p>" + "An episode about schools, roads – and the harbour. " * 60 + "</p>]]>"
    items = "".join(
        f"<item><guid>{n}</guid><title>{n}</title><description>{text}</description>"
        f"<content:encoded>{text}</content:encoded><itunes:episode>{n}</itunes:episode></item>"
        for n in range(1200)
    )
    names = (
        'xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        'xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"'
    )
    document = rss(items).replace(b"<rss", f"<rss {names}".encode())
    pool = Workers(1)
    try:
        assert await pool.run(read_with, 7.5, document) == 1200
        with pytest.raises(ParseError, match="more than 200 MiB"):
            await pool.run(read_with, 2, document)
    finally:
        pool.close()


def hoard(size: int) -> int:
    """Leave in the worker what a large document leaves."""
    HOARDS.append(bytearray(size))
    return os.getpid()


HOARDS: list[bytearray] = []


async def test_what_a_document_leaves_in_a_worker_does_not_count_for_the_next() -> None:
    pool = Workers(2)
    try:
        for _ in range(2):
            pids = await asyncio.gather(*(pool.run(hoard, MEMORY_LIMIT // 2) for _ in range(3)))
            assert len(set(pids)) == 3  # each in a worker of its own
    finally:
        pool.close()


FIRST_CALL = """
import asyncio, sys, time
from aggregator.workers import Workers

async def main():
    ticks = [time.monotonic()]
    async def tick():
        while True:
            await asyncio.sleep(0.001)
            ticks.append(time.monotonic())
    ticking = asyncio.create_task(tick())
    pool = Workers(2)
    await pool.run(abs, -1)
    longest = max(after - before for before, after in zip(ticks, ticks[1:]))
    ticking.cancel()
    pool.close()
    sys.exit(longest > (ticks[-1] - ticks[0]) / 2)

asyncio.run(main())
"""


def test_the_event_loop_goes_on_while_workers_start() -> None:
    """It takes a second: in a process of its own, as other tests have left the server that forks workers."""
    done = subprocess.run([sys.executable, "-c", FIRST_CALL], timeout=50, check=False)
    assert done.returncode == 0


CLEANED = """
import asyncio, os, shutil, signal, sys, tempfile
from aggregator.workers import Workers

async def main():
    pool = Workers(1)
    try:
        for _ in range(3):
            worker = await pool.run(os.getpid)
            for name in os.listdir(tempfile.gettempdir()):
                shutil.rmtree(os.path.join(tempfile.gettempdir(), name))
            os.kill(worker, signal.SIGKILL)
            while await pool.run(os.getpid) == worker:
                pass
    finally:
        pool.close()

asyncio.run(main())
"""


def in_its_own_process(program: str, temporary: Path) -> subprocess.CompletedProcess[str]:
    """Run it to its end: which directory is for temporary files, a process decides once."""
    return subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"TMPDIR": str(temporary)},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )


def test_documents_are_read_after_the_temporary_directory_was_cleaned(tmp_path: Path) -> None:
    done = in_its_own_process(CLEANED, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("see that TMPDIR is a short path") == 1  # said once, not for each pool


LONG_PATH = """
import asyncio
from aggregator.workers import Workers

async def main():
    pool = Workers(2)
    try:
        assert await pool.run(abs, -1) == 1
    finally:
        pool.close()

asyncio.run(main())
"""


def test_documents_are_read_however_long_the_path_of_temporary_files_is(tmp_path: Path) -> None:
    """A socket's is at most 107 bytes (unix(7))."""
    long = tmp_path.joinpath(*["d" * 40] * 3)
    long.mkdir(parents=True)
    done = in_its_own_process(LONG_PATH, long)
    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def no_descriptors() -> Iterator[None]:
    """Nothing can be opened meanwhile, by any thread."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


async def test_that_no_worker_can_be_started_is_no_fault_of_the_document(workers: Workers) -> None:
    with no_descriptors():
        for _ in range(2):
            with pytest.raises(WorkersUnavailable, match=r"Too many open files; see that .*TMPDIR"):
                await workers.run(abs, -1)
        with pytest.raises(WorkersUnavailable):
            await workers.check()
    assert await workers.run(abs, -1) == 1
    await workers.check()


@pytest.mark.parametrize("has_thread", [True, False])
async def test_that_no_thread_can_be_started_is_none_either(
    workers: Workers, monkeypatch: pytest.MonkeyPatch, has_thread: bool
) -> None:
    """Neither for those of the pool, which is half started then, nor for the one that starts the pool."""

    def start(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    if has_thread:
        await asyncio.to_thread(int)
    with monkeypatch.context() as poor:
        poor.setattr(threading.Thread, "start", start)
        for _ in range(2):
            with pytest.raises(WorkersUnavailable, match="can't start new thread; see that"):
                await workers.run(abs, -1)
        with pytest.raises(WorkersUnavailable):
            await workers.check()
    assert await workers.run(abs, -1) == 1


class Deadly:
    """What ends a worker before it can say which call it has begun."""

    def __reduce__(self) -> tuple[object, ...]:
        return os._exit, (9,)


async def test_a_document_that_breaks_the_pool_is_blamed_itself(workers: Workers) -> None:
    with pytest.raises(ParseError, match="died: All workers expired"):
        await workers.run(abs, Deadly())
    assert await workers.run(abs, -1) == 1
