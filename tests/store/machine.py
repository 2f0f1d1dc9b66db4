"""What is done to two engines side by side: every answer of one must be that of the other."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import strategies as st

from aggregator.dedup import Window, lookup, place
from aggregator.errors import Conflict
from aggregator.model import Candidates, Entry, Output, Plan, Sorting, Source, Tombstone
from aggregator.search import parse_query
from aggregator.store import Store, open_store
from tests.things import NOON, entry, source

T = TypeVar("T")
NAMES = "abcd"
MOST_LINES = 12  # of what is different
LONG = (
    "The harbour bridge in Tarnmouth will close to all traffic on Monday for nine weeks of repairs, the county said."
    " Engineers found cracks in the steel hangers during a routine inspection in the spring."
)
TEXTS = [
    "",
    LONG,
    f"By Jane Roe\nTARNMOUTH (Coast Wire) - {LONG} Read more",
    LONG[:150] + "…",
    LONG.replace("bridge", "tunnel"),
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen",
    "Short",
]
URLS = [None, *(f"https://p.example/n/{n}" for n in range(4))]
QUERIES = [
    parse_query(text)
    for text in ("bridge", "-tunnel", 'olive OR "nine weeks"', "source:a", "after:2026-02-28")
]
OUTPUTS = (
    Output(name="everything", title="Everything", limit=3),
    Output(name="some", title="Some", limit=2, sources=("a", "b"), sorting=Sorting.SEEN),
)

guids = st.sampled_from("1234")
said = st.fixed_dictionaries(
    {
        "guid": guids,
        "uri": st.sampled_from([None, None, "urn:x:1", "urn:x:2"]),
        "url": st.sampled_from(URLS),
        "title": st.sampled_from(["Harbour bridge closes in Tarnmouth", "Olive harvest is small", ""]),
        "content_text": st.sampled_from(TEXTS),
        "published_at": st.sampled_from(
            [None, *(NOON + timedelta(hours=n) for n in (-100, -3, -1, 0, 1, 500))]
        ),
        "position": st.integers(0, 3),
    }
)
batches = st.lists(said, max_size=4, unique_by=lambda one: one["guid"])
sources = st.sampled_from(NAMES)
some_sources = st.one_of(st.none(), st.lists(sources, unique=True, max_size=3))
# Most steps are short; some are as long as what is kept, and some go back, as clocks are set.
steps = st.sampled_from(
    [
        *(timedelta(seconds=n) for n in (0, 0.25, 1, 59, 600)),
        *(timedelta(hours=n) for n in (1, 5, 24, -1, -30)),
        *(timedelta(days=n) for n in (6, 8, 15)),
    ]
)


def configured(source_id: str, n: int = 0) -> Source:
    """A source at one of its addresses: alone on its host, beside others, or a file."""
    urls = (
        f"https://{source_id}.example/rss",
        f"https://shared.example/{source_id}",
        f"file:///feeds/{source_id}",
    )
    return source(source_id, url=urls[n], title=f"Source {source_id}" if n else None, tags=(f"tag {n}",))


def made(source_id: str, facts: dict[str, Any]) -> Entry:
    facts = dict(facts)
    one = entry(facts.pop("guid"), source_id, **facts)
    return replace(one, content=one.content_text, digest=repr((one.title, one.content_text, one.url)))


def difference(first: object, second: object) -> str:
    """Name every place at which what two engines said differs."""
    told = [dict(_leaves(one, "")) for one in (first, second)]
    places = [place for place in {**told[0], **told[1]} if told[0].get(place) != told[1].get(place)]
    lines = (f"{place}: sqlite {told[0].get(place)}, memory {told[1].get(place)}" for place in places)
    return "\n" + "\n".join([*lines][:MOST_LINES])


def _leaves(value: object, place: str) -> Iterator[tuple[str, str]]:
    if is_dataclass(value):
        for one in fields(value):
            yield from _leaves(getattr(value, one.name), f"{place}.{one.name}")
    elif isinstance(value, tuple | list):
        for n, part in enumerate(value):
            yield from _leaves(part, f"{place}[{n}]")
    elif isinstance(value, Mapping):
        for name, part in value.items():
            yield from _leaves(part, f"{place}[{name!r}]")
    else:
        yield place, repr(value)


class Engines:
    """One store of each kind."""

    def __init__(self, directory: Path) -> None:
        self.stores = [open_store(engine, directory) for engine in ("sqlite", "memory")]

    def ask(self, method: str, *asked: Any, **more: Any) -> Any:
        """Call a method of both; return what they agree about, errors included."""
        return self.agree(lambda store: getattr(store, method)(*asked, **more))

    def agree(self, question: Callable[[Store], T]) -> T:
        """Ask both the same; return what they agree about, errors included."""
        first, second = (_told(question, store) for store in self.stores)
        assert first == second, difference(first, second)
        if isinstance(first, Exception):
            raise type(first)(*first.args)
        return first

    def plans(
        self, source_id: str, batch: Sequence[dict[str, Any]], deleted: Sequence[str], now: datetime
    ) -> list[Plan]:
        """Decide about a document with what each engine knows; return the plan for each."""
        entries = [made(source_id, one) for one in batch]
        tombstones = [Tombstone(guid=guid, deleted_at=now) for guid in deleted]
        asked = lookup(source_id, entries, tombstones, groups=True)
        known = [store.candidates(asked) for store in self.stores]
        first, second = map(_comparable, known)
        assert first == second, difference(first, second)
        plans = [
            place(entries, one, authority="n.example", now=now, window=Window(), tombstones=tombstones)
            for one in known
        ]
        decided = [replace(plan, seen=None) for plan in plans]
        assert decided[0] == decided[1], difference(*decided)
        return plans

    def do(self, plans: Sequence[Plan], write: Callable[[Store, Plan], None]) -> bool:
        """Write to each engine its own plan; return whether they took it."""
        taken = []
        for store, plan in zip(self.stores, plans, strict=True):
            try:
                write(store, plan)
                taken.append(True)
            except Conflict:
                taken.append(False)
        assert taken[0] == taken[1], f"sqlite {taken[0]}, memory {taken[1]}"
        return taken[0]

    def close(self) -> None:
        for store in self.stores:
            store.close()


def _told(question: Callable[[Store], T], store: Store) -> T | Exception:
    try:
        return question(store)
    except (KeyError, Conflict) as exc:
        return type(exc)()


def _comparable(candidates: Candidates) -> tuple[object, ...]:
    """Without how much is stored, which each engine counts for itself."""
    return replace(candidates, seen=0), {place: [*found] for place, found in candidates.near.items()}
