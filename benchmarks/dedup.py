"""How well one story is told once: by the real path, on any labelled set.

    python -m benchmarks.dedup --pairs FILE...         each pair in a store of its own
    python -m benchmarks.dedup --collection DIR...     all entries in one store [--cut all|200|400|mix] [--orders 3]
    python -m benchmarks.dedup --addresses FILE...     pairs of addresses, or distinct ones
    python -m benchmarks.dedup --index N               the index alone, with N entries stored

`benchmarks.labelled` says what the files look like and makes them from public collections. With `--wrong` every
wrong decision is shown. Entries are looked up, compared and stored as a poll does it; every story is published at
once, so that the first to arrive stays its representative.

Pair precision: of pairs in one story, how many are one article. Hiding precision: of entries that are not shown,
because another represents them, how many are one article with that one. Recall: how many of those that should.
Agreement: of pairs that are in one story in the order of dates or in another, how many are in both.
"""

import argparse
import random
import sqlite3
import statistics
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import accumulate, combinations
from pathlib import Path
from time import perf_counter, thread_time
from typing import Any

from sqlite_utils import Database

from aggregator.dedup import Window, lookup, place
from aggregator.dedup.said import said
from aggregator.dedup.sample import sample
from aggregator.model import Entry, Placement, PollUpdate, Source, SourceState
from aggregator.store import Store, open_store, samples
from aggregator.store.migrations import migrations
from aggregator.urls import folded_key, strict_key
from benchmarks.labelled import OTHER, SAME, SPAN, Labelled, as_entry, read_collection, read_lines

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DOCUMENT = 50  # entries a poll brings at most …
CUTS: dict[str, list[int | None]] = {"all": [None], "200": [200], "400": [400], "mix": [200, 400, None]}
POLLED = timedelta(hours=1)  # … that were published within so long
BATCH = 50_000  # entries written at once while the index is filled
PROBES = 2000  # entries looked up in the index and added, half of them one in a transaction
HASHES, HASH_BITS = 32, 63  # of an entry of more than 80 words (`dedup.sample`)
VOCABULARY = 50_000  # words of the texts made up for it, as often as in a language
TEXT = (80, 400)  # words


class Desk:
    """Takes in entries as polls do, and counts the CPU time of deciding about them."""

    def __init__(self, feeds: Iterable[str]) -> None:
        self.store: Store = open_store("memory", Path())
        self.store.configure([Source(id=one, url=f"https://{one}/") for one in set(feeds)], now=NOON)
        self.deciding = 0.0

    def take(self, entries: Sequence[Entry], now: datetime) -> None:
        feed = entries[0].source_id
        started = thread_time()
        asked = lookup(feed, entries)
        self.deciding += thread_time() - started
        candidates = self.store.candidates(asked)
        started = thread_time()
        plan = place(entries, candidates, authority="n.example", now=now, window=Window())
        self.deciding += thread_time() - started
        state = SourceState(source_id=feed, url=f"https://{feed}/")
        self.store.apply(PollUpdate(state=state, plan=plan, at=now))
        self.store.settle()

    def stories(self) -> list[list[tuple[str, str]]]:
        """Feed and guid of the entries of each story, its representative first."""
        return [
            [(stored.entry.source_id, stored.entry.guid) for stored in story.entries]
            for story in self.store.latest(10**9)
        ]


def share(part: int, whole: int) -> str:
    return f"{part / whole:.3f} ({part}/{whole})" if whole else f"- ({part}/{whole})"


# pairs


def is_joined(pair: dict[str, Any]) -> bool:
    a, b = (as_entry(pair[side], NOON + timedelta(hours=pair["hours"] * n)) for n, side in enumerate("ab"))
    desk = Desk([a.source_id, b.source_id])
    if pair["kind"] == "one_guid":  # one document: `normalise` tells its entries apart
        desk.take([replace(one, guid=f"{one.guid} {one.title}") for one in (a, b)], NOON)
    else:
        desk.take([a], NOON)
        desk.take([b], max(NOON, b.published_at or NOON))
    return len(desk.stories()) == 1


def judge_pairs(path: Path, *, show: bool) -> None:
    joined: dict[tuple[str, bool | None], list[bool]] = defaultdict(list)
    for said_ in read_lines(path):
        pair = said_ if "a" in said_ else _human(said_)
        found = is_joined(pair)
        joined[pair["kind"], pair["same"]].append(found)
        if show and pair["same"] is not None and pair["same"] != found:
            print("wrong:", pair["id"], "joined" if found else "not joined")
    print(f"== {path}")
    totals: Counter[tuple[bool | None, bool]] = Counter()
    for (kind, same), found_ in sorted(joined.items(), key=str):
        totals.update((same, one) for one in found_)
        word = {True: "same", False: "other", None: "either"}[same]
        print(f"{kind:24} {word:6} joined {share(sum(found_), len(found_))}")
    right, wrong, missed = totals[True, True], totals[False, True], totals[True, False]
    print(f"precision {share(right, right + wrong)}, recall {share(right, right + missed)}")


def _human(said_: dict[str, Any]) -> dict[str, Any]:
    """The form that names the articles only."""
    sides = {
        side: {
            "feed": f"feed-{side}",
            "guid": side,
            "url": said_[f"url_{side}"],
            "title": said_[f"title_{side}"],
            "content": "",
            "type": "text",
        }
        for side in "ab"
    }
    event = said_["same_event"]
    return sides | {
        "id": said_["url_a"],
        "kind": "same event" if event else "other event",
        "same": None if event else False,
        "hours": 3.0,
    }


# collections


@dataclass(frozen=True, slots=True)
class Found:
    """What one run made of a collection."""

    stories: list[list[str]]  # ids, the representative first
    seconds: float  # of looking up and placing

    def pairs(self) -> set[frozenset[str]]:
        return {frozenset(pair) for story in self.stories for pair in combinations(story, 2)}


def cut(entry: Entry, id_: str, how: str) -> Entry:
    """A feed shows the beginning only, and says so."""
    limits = CUTS[how]
    limit = limits[random.Random(id_).randrange(len(limits))]
    text = entry.content_text
    if limit is None or len(text) <= limit:
        return entry
    text = text[:limit].rsplit(" ", 1)[0] + "…"
    return replace(entry, content_text=text, content=text)


def run(entries: dict[str, Entry], order: int | None) -> Found:
    """Take all entries in, poll by poll, in the order of their dates or in another."""
    polls: list[list[Entry]] = []
    latest: dict[str, list[Entry]] = {}
    for entry in entries.values():
        poll = latest.get(entry.source_id)
        assert entry.published_at is not None
        first = poll[0].published_at if poll else None
        if poll is None or len(poll) == DOCUMENT or first is None or entry.published_at - first > POLLED:
            poll = latest[entry.source_id] = []
            polls.append(poll)
        poll.append(replace(entry, position=-len(poll)))
    end = max(entry.published_at for entry in entries.values() if entry.published_at)
    if order is not None:
        random.Random(order).shuffle(polls)
    desk = Desk(entry.source_id for entry in entries.values())
    for poll in polls:
        desk.take(poll, end)
    named = {(entry.source_id, entry.guid): id_ for id_, entry in entries.items()}
    return Found([[named[one] for one in story] for story in desk.stories()], desk.deciding)


def judge_collection(directory: Path, how: str, orders: int, *, show: bool) -> None:
    labelled = read_collection(directory)
    entries = {id_: cut(entry, id_, how) for id_, entry in labelled.entries.items()}
    found = run(entries, None)
    print(f"== {directory}, texts cut: {how}; {len(entries)} entries, {len(found.stories)} stories")
    _judge_pairs_of(labelled, found)
    _judge_hiding(labelled, found, entries, show=show)
    pairs = found.pairs()
    shuffled = [run(entries, order).pairs() for order in range(orders)]
    both, either = (
        sum(len(pairs & other) for other in shuffled),
        sum(len(pairs | other) for other in shuffled),
    )
    print(f"agreement with {orders} other orders", share(both, either))
    print(f"deciding {found.seconds / len(entries) * 1e6:.0f} µs an entry")


def _judge_pairs_of(labelled: Labelled, found: Found) -> None:
    pairs = found.pairs()
    right = sum(labelled.shared.get(pair, 0.0) >= SAME for pair in pairs)
    wrong = sum(labelled.shared.get(pair, 0.0) < OTHER for pair in pairs)
    wanted = {pair for pair in labelled.shared if is_wanted(labelled, pair)}
    print("pairs:  precision", share(right, right + wrong), "recall", share(len(pairs & wanted), len(wanted)))


def is_wanted(labelled: Labelled, pair: frozenset[str]) -> bool:
    """Whether two entries are one article, near enough in time to be found."""
    first, second = (labelled.entries[id_].published_at for id_ in pair)
    assert first is not None
    assert second is not None
    return labelled.shared[pair] >= SAME and abs(first - second) <= SPAN


def _judge_hiding(labelled: Labelled, found: Found, entries: dict[str, Entry], *, show: bool) -> None:
    shown_for = {id_: story[0] for story in found.stories for id_ in story[1:]}
    told: Counter[str] = Counter()
    for id_, shown in shown_for.items():
        shared = labelled.shared.get(frozenset((id_, shown)), 0.0)
        word = "right" if shared >= SAME else "wrong" if shared < OTHER else "unclear"
        told[word] += 1
        if show and word != "right":
            for one in (id_, shown):
                print(f"{word} {shared}", one, entries[one].title, "|", entries[one].content_text[:200])
    should = set()
    rank = {id_: n for n, id_ in enumerate(labelled.entries)}
    for pair in labelled.shared:
        if is_wanted(labelled, pair):
            should.add(max(pair, key=lambda id_: rank[id_]))
    hidden = should & shown_for.keys()
    print(
        "hiding: precision",
        share(told["right"], told["right"] + told["wrong"]),
        "recall",
        share(len(hidden), len(should)),
        f"unclear {told['unclear']}",
    )
    if show:
        for id_ in should - hidden:
            print("missed", id_, entries[id_].title, "|", entries[id_].content_text[:200])


# addresses


def judge_addresses(path: Path) -> None:
    lines = list(read_lines(path))
    print(f"== {path}")
    if "url" in lines[0]:
        for name, key in (("strict", strict_key), ("folded", folded_key)):
            made = Counter(key(line["url"]) for line in lines)
            print(f"{name}: {sum(made.values()) - len(made)} of {len(lines)} distinct addresses share a key")
            for one in [one for one, count in made.items() if count > 1][:10]:
                print("  ", [line["url"] for line in lines if key(line["url"]) == one])
        return
    right = 0
    for line in lines:
        a, b = line["a"], line["b"]
        strict, folded = strict_key(a) == strict_key(b), folded_key(a) == folded_key(b)
        want = {"strict": strict and folded, "folded": folded, "no": not (strict or folded)}
        right += want[line["same"]]
        if not want[line["same"]]:
            print("wrong:", line)
    print("right", share(right, len(lines)))


# the index alone


def measure_index(size: int) -> None:
    """Fill the index with hashes as texts have that share nothing; look up and add made-up texts."""
    chance = random.Random(1)

    def drawn(n: int) -> Placement:
        return indexed(n, sorted(chance.getrandbits(HASH_BITS) for _ in range(HASHES)))

    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "index.db"
        db = opened(path)
        migrations.apply(db)
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -2000000"):
            db.execute(f"PRAGMA {pragma}")  # filling is not what is measured
        for start in range(0, size, BATCH):
            with db.atomic():
                at = NOON - timedelta(days=14) * (1 - start / size)  # three weeks' tables
                add(db, [drawn(n) for n in range(start, min(start + BATCH, size))], at)
        db.close()
        print(f"== index of {size} entries, {HASHES} hashes each, {path.stat().st_size / 1e6:.0f} MB")
        db = opened(path)
        db.enable_wal()
        db.execute("PRAGMA synchronous = FULL")  # as the store has it
        new = made_up(size, PROBES, chance)
        measure_commit(db)
        for together in (1, DOCUMENT):
            measure_adding(db, new[::2] if together == 1 else new[1::2], together)
        db.close()


def measure_commit(db: Database) -> None:
    """What a transaction costs that writes next to nothing: the disk, and waiting for a processor."""
    took = []
    for n in range(PROBES // 10):
        started = perf_counter()
        with db.atomic():
            db.execute("INSERT OR REPLACE INTO notes (name, text) VALUES ('commit', ?)", [str(n)])
        took.append(perf_counter() - started)
    print(f"a transaction that writes a row: {in_words(took)}")


def measure_adding(db: Database, new: Sequence[Placement], together: int) -> None:
    """Look up and add entries, so many in one transaction; say what one of them takes."""
    looked, kept = [], []
    began = thread_time()
    for start in range(0, len(new), together):
        some = new[start : start + together]
        started = perf_counter()
        for one in some:
            samples.resembling(db, one.sample)
        looked.append((perf_counter() - started) / len(some))
        started = perf_counter()
        with db.atomic():
            add(db, some, NOON)
        kept.append((perf_counter() - started) / len(some))
    spent = (thread_time() - began) / len(new)
    print(f"{together} in a transaction: CPU of an entry {spent * 1e3:.2f} ms")
    both = [one + other for one, other in zip(looked, kept, strict=True)]
    for name, took in (("lookup", looked), ("insert", kept), ("both", both)):
        print(f"  {name}: {in_words(took)}")


def in_words(took: Sequence[float]) -> str:
    cuts = statistics.quantiles(took, n=100)
    return f"p50 {cuts[49] * 1e3:.2f} ms, p99 {cuts[98] * 1e3:.2f} ms"


def made_up(first: int, count: int, chance: random.Random) -> list[Placement]:
    """Return texts of words as frequent as in a language."""
    weights = list(accumulate(1 / (n + 10) for n in range(VOCABULARY)))
    words = [f"w{n}" for n in range(VOCABULARY)]
    texts = [chance.choices(words, cum_weights=weights, k=chance.randint(*TEXT)) for _ in range(count)]
    entries = [Entry(source_id="alfa", guid="", content_text=" ".join(text) + ".") for text in texts]
    return [indexed(first + n, sample(said(entry))) for n, entry in enumerate(entries)]


def indexed(n: int, hashes: Sequence[int]) -> Placement:
    entry = Entry(source_id="alfa", guid=str(n))
    return Placement(
        entry=entry, entry_id=str(n), story_id=str(n), rule="new", sample=tuple(hashes), is_indexed=True
    )


def opened(path: Path) -> Database:
    connection = sqlite3.connect(path)
    connection.row_factory = sqlite3.Row
    return Database(connection)


def add(db: Database, placements: Sequence[Placement], at: datetime) -> None:
    """Write the index rows of entries, and of the entries themselves no more than their keys."""
    db.conn.execute("INSERT OR IGNORE INTO stories (key, story_id, shown_at) VALUES (1, 's', '')")
    db.conn.executemany(
        """
        INSERT INTO entries (entry_id, source_id, guid, story, rule, title, authors, summary, content,
            content_text, categories, enclosures, first_seen_at, position, digest, problems)
        VALUES (?, 'alfa', ?, 1, 'new', '', '', '', '', '', '', '', '', 0, '', '')
        """,
        [(one.entry_id, one.entry_id) for one in placements],
    )
    samples.keep(db, placements, at)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name in ("pairs", "collection", "addresses"):
        parser.add_argument(f"--{name}", type=Path, nargs="+", default=[])
    parser.add_argument("--cut", nargs="+", default=["all"])
    parser.add_argument("--orders", type=int, default=3)
    parser.add_argument("--index", type=int)
    parser.add_argument("--wrong", action="store_true")
    asked = parser.parse_args()
    for path in asked.pairs:
        judge_pairs(path, show=asked.wrong)
    for path in asked.collection:
        for how in asked.cut:
            judge_collection(path, how, asked.orders, show=asked.wrong)
    for path in asked.addresses:
        judge_addresses(path)
    if asked.index:
        measure_index(asked.index)


if __name__ == "__main__":
    main()
