"""What reading a document costs, beside stock feedparser: python -m benchmarks.parse [DIRECTORY]

Every feed below DIRECTORY (`../shared/corpus` where it is) is read in this process, several times over, the ways taking
turns so that a busy machine is unfair to none; the best turn of each document counts. CPU time, ms per document:

- stock: `feedparser.parse(body)`, which resolves links and sanitises but knows nothing of guids or dates in UTC
- unsanitised: the same with its sanitiser and its resolving of links switched off
- parse: `aggregator.parse.parse`, the same through our driver
- parse one: that when all items but the first are known
- cold: `reading.read`: parsed, made absolute, sanitised, dated, digested
- one new: `reading.read` when all items but the first are known
- same: `reading.read` when all are known (the daemon compares the body first and does not come here)

Two idle cores, Python 3.11, feedparser 6.0.14, one run of three; trust the ratios:

|                            | stock | unsanitised | parse | parse one | cold | one new | same |
|----------------------------|-------|-------------|-------|-----------|------|---------|------|
| the corpus, 174 documents  |  17.6 |        10.7 |   7.0 |       1.7 | 10.0 |     2.3 |  1.3 |
| - not well-formed, 9       |   7.9 |         4.6 |   7.0 |       6.5 |  9.1 |     8.7 |  8.3 |
| - well-formed, 165         |  17.8 |        10.8 |   6.8 |       1.4 | 10.2 |     2.0 |  0.9 |
| - of these >= 10 entries   |  40.7 |        24.5 |  16.6 |       2.0 | 22.7 |     3.0 |  1.2 |

So in feeds of ten or more entries, parsing costs two fifths of stock feedparser (a third on a day of a faster machine),
with one new entry a 21st; the whole reading costs half, with one new entry a 14th (a 16th in the two other runs).
"""

import io
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import feedparser
import feedparser.api

from aggregator.errors import ParseError
from aggregator.model import Reading, Response, Source
from aggregator.parse import parse
from aggregator.reading import read

ROOT = Path(__file__).resolve().parents[1]
TURNS = 3
SMALLEST = 3_000  # bytes; less is a test of something, not a feed
SOURCE = Source(id="benchmark", url="https://benchmark.example/rss")
HEADERS = {"content-type": "application/xml"}


@dataclass(frozen=True, slots=True)
class Document:
    """A feed and what is known of it."""

    response: Response
    reading: Reading

    @property
    def but_one(self) -> set[str]:
        """The digests of all items but the first."""
        return {item.digest for item in self.reading.known[1:]}

    @property
    def body(self) -> io.BytesIO:
        return io.BytesIO(self.response.body)


WAYS: dict[str, Callable[[Document], object]] = {
    "stock": lambda one: feedparser.parse(one.body, response_headers=HEADERS),
    "unsanitised": lambda one: feedparser.parse(
        one.body, response_headers=HEADERS, sanitize_html=False, resolve_relative_uris=False
    ),
    "parse": lambda one: parse(one.response),
    "parse one": lambda one: parse(one.response, known=one.but_one, settings=SOURCE.reading),
    "cold": lambda one: read(SOURCE, one.response),
    "one new": lambda one: read(SOURCE, one.response, one.reading.known[1:]),
    "same": lambda one: read(SOURCE, one.response, one.reading.known),
}
STOCK = {"stock", "unsanitised"}


def documents(directory: Path) -> Iterator[Document]:
    """Yield every XML feed with entries below a directory."""
    for path in sorted(directory.rglob("*")):
        body = path.read_bytes() if path.is_file() else b""
        if len(body) < SMALLEST or not body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
            continue
        response = Response(status=200, url=SOURCE.url, headers=HEADERS, body=body)
        try:
            reading = read(SOURCE, response)
        except ParseError:
            continue
        if reading.entries:
            yield Document(response, reading)


def cost(way: str, one: Document) -> float:
    """Return the CPU seconds of reading one document one way."""
    drivers = feedparser.api.PREFERRED_XML_PARSERS
    ours = drivers[:]
    if way in STOCK:
        drivers.clear()
    try:
        started = time.process_time()
        WAYS[way](one)
        return time.process_time() - started
    finally:
        drivers[:] = ours


def measure(found: list[Document]) -> dict[str, float]:
    """Return the CPU seconds of reading all of them, the best of some turns each."""
    total = dict.fromkeys(WAYS, 0.0)
    for one in found:
        turns = [{way: cost(way, one) for way in WAYS} for _ in range(TURNS)]
        for way in WAYS:
            total[way] += min(turn[way] for turn in turns)
    return total


def report(name: str, found: list[Document]) -> None:
    """Print one table."""
    if not found:
        return
    entries = sum(len(one.reading.entries) for one in found)
    size = sum(len(one.response.body) for one in found)
    print(f"\n{name}: {len(found)} documents, {size / 1e6:.1f} MB, {entries} entries")
    total = measure(found)
    for way, seconds in total.items():
        print(
            f"  {way:12} {1000 * seconds / len(found):8.2f} ms   {total['stock'] / seconds:6.1f} times stock"
        )


def main() -> None:
    """Measure the directory named, else the corpus."""
    corpora = [up / "shared" / "corpus" for up in ROOT.parents[:2]]
    directory = Path(sys.argv[1]) if len(sys.argv) > 1 else next((c for c in corpora if c.is_dir()), None)
    if directory is None:
        sys.exit("name a directory with feeds")
    warnings.simplefilter("ignore")
    found = list(documents(directory))
    known = [one for one in found if one.reading.known]
    report("all", found)
    report(
        "read as a whole every time (not well-formed, mostly)",
        [one for one in found if not one.reading.known],
    )
    report("well-formed", known)
    report("well-formed, ten entries or more", [one for one in known if len(one.reading.entries) >= 10])


if __name__ == "__main__":
    main()
