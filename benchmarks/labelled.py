"""Labelled sets for `benchmarks.dedup`, and how to make them from public collections that may not be kept here.

    python -m benchmarks.labelled reuters DIRECTORY OUT      reut2-*.sgm of loki86/ksr_zadanie1V2
    python -m benchmarks.labelled scraped FILE.csv OUT       data/*_articles.csv of asprout/ArticleComparisons
    python -m benchmarks.labelled toloka FILE.tsv OUT.jsonl  *_train_pool.tsv of IlyaGusev/tgcontest
    python -m benchmarks.labelled addresses FILE.tsv... OUT  labelled URL pairs of dialogue-evaluation

A pair is one JSON object a line: `id`, `lang`, `kind`, `same`, `hours` between `a` and `b`, each with `feed`, `guid`,
`url`, `title`, `content`, `type`. A collection is a directory with entries.jsonl (the same keys and `id`, `at`) and
labels.jsonl (`a`, `b`, `shared`: how much of the shorter text the longer has). There are no people's labels for
collections; the full texts label themselves: 0.8 or more of the shorter's 5-word shingles is one article, less than
0.3 is two, and in between nobody can tell.
"""

import csv
import html
import json
import re
import sys
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aggregator.html import plain_text
from aggregator.model import Entry

SAME, OTHER = 0.8, 0.3  # of the shorter text's shingles
SHINGLE = 5  # words
FREQUENT = 200  # entries that share a shingle: more of them say nothing, and cost the square
LEAST = 5  # shingles: a shorter text labels nothing
MOST_CSV = 10**9  # bytes in a field
HOURS = 3.0  # between two articles of a pool that tells no times

_WORD = re.compile(r"\w+")
_CONTROL = re.compile(r"&#\d+;|[\x00-\x08\x0b-\x1f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """A collection: its entries by id in the order of their dates, and what is known of pairs of them."""

    entries: dict[str, Entry]
    shared: dict[frozenset[str], float]  # of pairs that share anything


def as_entry(said: dict[str, Any], published_at: datetime) -> Entry:
    """Return an entry as `normalise` would make it."""
    text = said["content"]
    return Entry(
        source_id=said["feed"],
        guid=said["guid"],
        url=said["url"],
        title=said["title"],
        content=text,
        content_text=plain_text(text) if said["type"] == "html" else text,
        published_at=published_at,
        digest=f"{zlib.crc32(repr(said).encode()):x}",
    )


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def read_collection(directory: Path) -> Labelled:
    entries = {
        said["id"]: as_entry(said, datetime.fromisoformat(said["at"]))
        for said in read_lines(directory / "entries.jsonl")
    }
    shared = {
        frozenset((label["a"], label["b"])): label["shared"]
        for label in read_lines(directory / "labels.jsonl")
    }
    ordered = sorted(entries.items(), key=lambda pair: (pair[1].published_at, pair[0]))
    return Labelled(entries=dict(ordered), shared=shared)


def write_lines(path: Path, lines: Iterable[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")


def write_collection(directory: Path, entries: Sequence[dict[str, Any]]) -> None:
    write_lines(directory / "entries.jsonl", entries)
    write_lines(directory / "labels.jsonl", labels(entries))


def labels(entries: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield every pair that shares shingles, with how much of the shorter text the longer has."""
    texts = []
    for entry in entries:
        words = _WORD.findall(entry["content"].casefold())
        runs = (" ".join(words[i : i + SHINGLE]) for i in range(len(words) - SHINGLE + 1))
        texts.append({zlib.crc32(run.encode()) for run in runs})
    having = defaultdict(list)
    for n, text in enumerate(texts):
        for one in text:
            having[one].append(n)
    shared: Counter[tuple[int, int]] = Counter()
    for found in having.values():
        if len(found) <= FREQUENT:
            shared.update((i, j) for x, j in enumerate(found) for i in found[:x])
    for (i, j), count in shared.items():
        smaller = min(len(texts[i]), len(texts[j]))
        if smaller >= LEAST and count / smaller >= 0.1:
            yield {"a": entries[i]["id"], "b": entries[j]["id"], "shared": round(count / smaller, 3)}


def reuters(directory: Path) -> Iterator[dict[str, Any]]:
    """Yield the items of an agency archive that have a text."""
    for path in sorted(directory.glob("reut2-*.sgm")):
        text = path.read_text(encoding="latin-1")
        for number, item in re.findall(r'<REUTERS[^>]*NEWID="(\d+)">(.*?)</REUTERS>', text, re.DOTALL):
            parts = {
                name: found[1]
                for name in ("TITLE", "DATELINE", "BODY", "DATE")
                if (found := re.search(f"<{name}>(.*?)</{name}>", item, re.DOTALL))
            }
            if "TITLE" not in parts or "BODY" not in parts:
                continue
            body = _CONTROL.sub("", parts["BODY"]).strip()
            body = re.sub(r"\s*reuter\s*\Z", "", html.unescape(body), flags=re.IGNORECASE)
            lines = [" ".join(one.split()) for one in re.split(r"\n {3,}", body)]
            dateline = " ".join(html.unescape(parts.get("DATELINE", "")).split())
            at = datetime.strptime(parts["DATE"].strip().split(".")[0], "%d-%b-%Y %H:%M:%S").replace(
                tzinfo=UTC
            )
            yield _said(
                number, "agency", html.unescape(parts["TITLE"]), f"{dateline} " + "\n".join(lines), at
            )


def scraped(path: Path) -> Iterator[dict[str, Any]]:
    """Yield web pages about one event; their first line is the nearest thing to a title."""
    with path.open(encoding="utf-8", newline="") as file:
        for n, row in enumerate(csv.DictReader(file)):
            title, *lines = [part.strip() for part in row["text"].split("###") if part.strip()]
            at = datetime.fromisoformat(row["scrape_time"]).astimezone(UTC)
            yield _said(str(n), row["publisher"], title[:300], "\n".join(lines) or title, at)


def _said(id_: str, feed: str, title: str, content: str, at: datetime) -> dict[str, Any]:
    return {
        "id": id_,
        "at": at.isoformat(),
        "feed": feed,
        "guid": id_,
        "url": f"https://{feed}/{id_}",
        "title": " ".join(title.split()),
        "content": content.strip(),
        "type": "text",
    }


def toloka(path: Path) -> Iterator[dict[str, Any]]:
    """Yield pairs that people judged: "BAD" is another event. Of one event, merging is neither right nor wrong."""
    with path.open(encoding="utf-8", newline="") as file:
        for n, row in enumerate(csv.DictReader(file, delimiter="\t")):
            a, b = (
                _said(side, side, row[f"INPUT:{side}_title"], row[f"INPUT:{side}_text"], datetime.now(UTC))
                | {"url": row[f"INPUT:{side}_url"]}
                for side in ("first", "second")
            )
            event = "same event" if row["GOLDEN:quality"] == "OK" else "other event"
            same = None if event == "same event" else False
            yield {"id": f"{path.stem}-{n}", "kind": event, "same": same, "hours": HOURS, "a": a, "b": b}


def addresses(paths: Sequence[Path]) -> Iterator[dict[str, Any]]:
    """Yield distinct addresses: two that get one key are two articles taken for one."""
    found: dict[str, None] = {}
    for path in paths:
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter="\t"):
                found |= dict.fromkeys((row["first_url"], row["second_url"]))
    return ({"url": url} for url in found)


def main() -> None:
    csv.field_size_limit(MOST_CSV)
    kind, *names = sys.argv[1:]
    *sources, out = map(Path, names)
    collections: dict[str, Callable[[Path], Iterator[dict[str, Any]]]] = {
        "reuters": reuters,
        "scraped": scraped,
    }
    if kind in collections:
        write_collection(out, list(collections[kind](sources[0])))
    elif kind == "toloka":
        write_lines(out, toloka(sources[0]))
    else:
        write_lines(out, addresses(sources))


SPAN = timedelta(hours=72)  # within which an article that comes again should be found


if __name__ == "__main__":
    main()
