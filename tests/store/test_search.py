"""What every store engine finds, and that it finds nothing that is not shown."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlite_utils import Database

from aggregator.errors import QueryError
from aggregator.model import (
    Entry,
    FeedHead,
    Join,
    Person,
    Placement,
    Plan,
    Refound,
    Revision,
    Sorting,
    Split,
    Withdrawal,
)
from aggregator.search import parse_query
from aggregator.store import Store, open_store
from aggregator.store.found import TOKENS_MOST
from aggregator.store.migrations import migrations
from tests.things import NOON, entry, source, update

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(params=["sqlite", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    opened = open_store(request.param, tmp_path)
    opened.configure(
        [source("alfa", title="Alfa Radio", tags=("politics", "by the sea")), source("bravo-news")], now=NOON
    )
    yield opened
    opened.close()


def placed(guid: str, source_id: str = "alfa", story: str | None = None, **more: Any) -> Placement:
    made = entry(guid, source_id, **more)
    return Placement(entry=made, entry_id=guid, story_id=story or guid, rule="new")


def put(store: Store, *placements: Placement, **more: Any) -> None:
    store.apply(update(placements[0].entry.source_id, Plan(placements=placements), **more))


def change(store: Store, **plan: Any) -> None:
    store.apply(update(plan=Plan(**plan)))


def index_all(store: Store) -> None:
    while store.index(3):
        pass
    assert store.unindexed() == 0


def find(store: Store, text: str, limit: int = 99, **more: Any) -> list[str]:
    index_all(store)
    return [story.story_id for story in store.latest(limit, query=parse_query(text), **more)]


def test_every_field_is_searched(store: Store) -> None:
    put(store, placed("1", title="CSTO summit"), placed("2", content_text="The CSTO met", title="x"))
    put(store, placed("3", "bravo-news", title="y", authors=(Person(name="Ann Csto"),)))
    put(store, placed("4", categories=("World", "csto"), title="z", url="https://a.example/csto/9"))
    assert sorted(find(store, "CSTO")) == ["1", "2", "3", "4"]
    assert find(store, "title:csto") == ["1"]
    assert find(store, "text:csto") == ["2"]
    assert find(store, "author:csto") == ["3"]
    assert find(store, 'author:"ann csto"') == ["3"]
    assert find(store, "tag:csto") == ["4"]
    assert find(store, "url:a.example/csto") == ["4"]
    assert find(store, '"World csto"') == []  # they are two categories
    assert find(store, "example") == []  # addresses are searched when asked for


def test_sources_are_found_by_id_title_and_tag_as_they_are_now(store: Store) -> None:
    put(store, placed("1"))
    put(store, placed("2", "bravo-news", categories=("Politics",)))
    assert find(store, "source:alfa") == find(store, 'source:"alfa radio"') == ["1"]
    assert find(store, "source:bravo-news") == find(store, "-source:radio") == ["2"]
    assert sorted(find(store, "tag:politics")) == ["1", "2"]
    assert find(store, 'tag:"by the sea"') == ["1"]
    assert find(store, "alfa") == find(store, "source:nobody") == []
    put(store, placed("3", "bravo-news"), head=FeedHead(title="Bravo’s Radio"))
    assert sorted(find(store, "source:radio")) == ["1", "2", "3"]
    store.configure([source("alfa"), source("bravo-news", tags=("sea",))], now=NOON)
    assert sorted(find(store, "tag:sea")) == ["2", "3"]


def test_the_newest_come_first_and_ties_stand_as_without_a_query(store: Store) -> None:
    for n in range(30):
        at = NOON - timedelta(seconds=20 * (n // 3))
        name = ("alfa", "bravo-news")[n % 2]
        put(store, placed(f"{n:02}", name, title="word", published_at=at, position=n % 5))
    everything = [story.story_id for story in store.latest(99)]
    assert find(store, "word") == everything
    for limit in (1, 7, 8, 20):
        assert find(store, "word", limit) == everything[:limit]
        told = [story.story_id for story in store.latest(limit, sources=["alfa"])]
        assert find(store, "word", limit, sources=["alfa"]) == told


def test_by_when_they_were_first_seen(store: Store) -> None:
    for n in range(9):
        made = placed(str(n), title=("word", "other")[n % 3 == 0], published_at=NOON - n * DAY)
        store.apply(replace(update(plan=Plan(placements=(made,))), at=NOON + (n * 4 % 9) * HOUR))
    seen = [story.story_id for story in store.latest(99, sorting=Sorting.SEEN)]
    assert find(store, "word", 3, sorting=Sorting.SEEN) == [one for one in seen if int(one) % 3][:3]


def test_days_are_those_shown_in_utc(store: Store) -> None:
    for n in range(5):
        put(store, placed(str(n), title="word", published_at=datetime(2026, 2, 1 + n, tzinfo=UTC)))
        put(
            store,
            placed(f"{n}b", title="word", published_at=datetime(2026, 2, 1 + n, 23, 59, 59, tzinfo=UTC)),
        )
    assert find(store, "word after:2026-02-05") == ["4b", "4"]
    assert find(store, "word before:2026-02-02") == ["0b", "0"]
    assert find(store, "after:2026-02-02 before:2026-02-03") == ["1b", "1"]
    assert find(store, "before:2026-02-02 OR (word after:2026-02-05)") == ["4b", "4", "0b", "0"]
    assert find(store, "-(after:2026-02-02 before:2026-02-05)") == ["4b", "4", "0b", "0"]
    assert find(store, "word -after:2026-02-02", 1) == ["0b"]
    assert find(store, "after:2026-02-02 before:2026-02-02") == []


def test_a_story_is_found_by_any_of_its_shown_entries(store: Store) -> None:
    put(store, placed("1", title="apple"))
    put(store, placed("2", "bravo-news", "1", title="pear"))
    assert find(store, "apple") == find(store, "pear") == ["1"]
    assert find(store, "apple pear") == []  # no entry says both
    assert find(store, "pear -source:alfa") == ["1"]
    assert find(store, "apple", sources=["bravo-news"]) == []
    (told,) = store.latest(9, query=parse_query("pear"), sources=["bravo-news"])
    assert [stored.entry_id for stored in told.entries] == ["2", "1"]
    assert store.latest(9, query=parse_query("apple"), settled=True) == ()
    store.settle()
    assert len(store.latest(9, query=parse_query("apple"), settled=True)) == 1


def test_revisions_withdrawals_floods_and_removed_sources_are_followed(store: Store) -> None:
    put(store, placed("1", title="apple"), replace(placed("2", title="apple"), is_held=True))
    assert find(store, "apple") == ["1"]
    change(store, revisions=(Revision(entry_id="1", entry=entry("1", title="pear")),))
    assert (find(store, "apple"), find(store, "pear")) == ([], ["1"])
    change(store, revisions=(Revision(entry_id="1", entry=entry("1", title="plum"), is_trivial=True),))
    assert (find(store, "plum"), find(store, "pear")) == ([], ["1"])
    change(store, withdrawals=(Withdrawal(entry_id="1", deleted_at=NOON),))
    assert store.latest(9, query=parse_query("pear")) == ()  # before the index knows
    assert find(store, "pear") == []
    change(store, revisions=(Revision(entry_id="1", entry=entry("1", title="pear")),))
    assert find(store, "pear") == ["1"]
    assert store.release("alfa") == 1
    assert find(store, "apple") == ["2"]
    store.configure([source("bravo-news")], now=NOON)
    assert find(store, "apple") == find(store, "pear OR source:alfa") == []
    store.configure([source("alfa"), source("bravo-news")], now=NOON)
    assert find(store, "apple") == ["2"]
    assert store.prune(before=NOON + HOUR, keep_per_source=9, texts_before=NOON) == 2
    assert find(store, "apple OR pear") == []


def test_stories_that_move_are_found_where_they_are(store: Store) -> None:
    early, late = NOON - 3 * DAY, NOON - DAY
    put(store, placed("1", title="apple", published_at=late), placed("2", title="pear", published_at=early))
    put(store, placed("3", title="plum", published_at=NOON - 2 * DAY))
    assert find(store, "apple OR plum OR pear") == ["1", "3", "2"]
    moved = Revision(entry_id="1", entry=entry("1", title="apple", published_at=NOON - 4 * DAY))
    change(store, revisions=(moved,))
    assert find(store, "apple OR plum OR pear") == ["3", "2", "1"]
    change(store, joins=(Join(loser="1", winner="3"),))
    assert find(store, "apple OR plum OR pear") == ["3", "2"]
    assert find(store, "apple after:2026-02-27") == ["3"]  # shown with the date of its story
    change(store, splits=(Split(story_id="3", founder_id="1", leaving=("1",), members=("3", "1")),))
    assert find(store, "apple OR plum OR pear") == ["3", "2", "1"]
    assert find(store, "apple after:2026-02-27") == []
    put(store, placed("5", "bravo-news", "3", title="kiwi"))
    assert find(store, "kiwi before:2026-02-28") == ["3"]
    later = entry("3", title="plum", published_at=NOON - DAY)
    change(store, revisions=(Revision(entry_id="3", entry=later),))
    assert find(store, "kiwi before:2026-02-28") == []  # all of a story moves with its date
    assert find(store, "pear OR kiwi") == ["3", "2"]
    put(store, placed("4", story="2", title="fig", published_at=NOON))
    change(store, refounds=(Refound(story_id="2", founder_id="4"),))
    assert find(store, "pear OR fig OR plum") == ["4", "3"]


def test_a_source_that_is_one_of_many(store: Store) -> None:
    """Of so many sources an index cannot be asked by name."""
    many = [
        source(f"s{n}", title="Many", tags=("odd",) if n % 2 else ("even",)) for n in range(TOKENS_MOST * 3)
    ]
    store.configure([source("alfa", title="One"), *many], now=NOON)
    for n in range(12):
        put(store, placed(str(n), f"s{n}", title="word", published_at=NOON - n * HOUR))
    put(store, placed("a", title="word", published_at=NOON - 5 * DAY))
    assert find(store, "word source:many", 3) == ["0", "1", "2"]
    assert find(store, "word -source:many", 3) == find(store, "word -tag:odd -tag:even") == ["a"]
    assert find(store, "word tag:odd") == ["1", "3", "5", "7", "9", "11"]
    assert find(store, "tag:odd OR source:one OR nowhere", 7) == ["1", "3", "5", "7", "9", "11", "a"]
    assert find(store, "word", sources=[one.id for one in many if "even" in one.tags])[:2] == ["0", "2"]
    assert find(store, "word source:many", sources=["alfa", "s3"]) == ["3"]


def test_a_search_that_takes_too_long_ends(tmp_path: Path) -> None:
    store = open_store("sqlite", tmp_path)
    names = [source(f"s{n}", title="Many") for n in range(TOKENS_MOST + 1)]
    store.configure([source("alfa"), *names], now=NOON)
    put(store, *(placed(str(n), title="word", published_at=NOON - n * HOUR) for n in range(3000)))
    while store.index(1000):
        pass
    with pytest.raises(QueryError, match="takes too long: add a word, or a date"):
        store.latest(9, query=parse_query("word source:many"), within=timedelta())
    assert store.latest(9, query=parse_query("word source:many")) == ()
    store.close()


class Lasting(tuple[str, ...]):
    """Ids of sources that keep whoever looks for their entries busy until it is told to go on."""

    __slots__ = ()
    busy, go_on = threading.Event(), threading.Event()

    def __iter__(self) -> Iterator[str]:
        self.busy.set()
        assert self.go_on.wait(20)
        return super().__iter__()


def test_a_publication_does_not_wait_for_a_search(tmp_path: Path) -> None:
    """What somebody asks for may take ten seconds; what nobody waits for has no such end."""
    store = open_store("sqlite", tmp_path)
    store.configure([source("alfa")], now=NOON)
    put(store, placed("1", title="word"))
    while store.index(1000):
        pass
    query, lasting = parse_query("word"), Lasting(["alfa"])
    with ThreadPoolExecutor(2) as threads:
        asked = threads.submit(store.latest, 9, sources=lasting, query=query, within=timedelta(minutes=1))
        try:
            assert lasting.busy.wait(20)
            published = threads.submit(store.latest, 9, query=query)
            assert len(published.result(timeout=20)) == 1
        finally:
            lasting.go_on.set()
        assert len(asked.result(timeout=20)) == 1
    store.close()


# the index itself


def test_entries_from_before_there_was_an_index_are_taken_in(tmp_path: Path) -> None:
    before = Database(tmp_path / "aggregator.sqlite")
    migrations.apply(before, stop_before="m0013_search")
    for n in range(5):
        before.execute(
            "INSERT INTO stories (key, story_id, representative, shown_at) VALUES (?, ?, ?, ?)",
            [n, f"s{n}", n, f"2026-01-0{n + 1}T00:00:00Z"],
        )
        before.execute(
            """
            INSERT INTO entries (key, entry_id, source_id, guid, story, rule, title, authors, summary, content,
                content_text, categories, enclosures, first_seen_at, position, digest, problems)
            VALUES (?, ?, 'alfa', ?, ?, 'new', 'Old word', '[]', '', '', '', '[]', '[]', '2026-01-01T00:00:00Z', 0,
                '', '[]')
            """,
            [n, f"s{n}", n, n],
        )
    before.conn.commit()
    before.close()
    store = open_store("sqlite", tmp_path)
    store.configure([source("alfa")], now=NOON)
    assert store.unindexed() == 5
    put(store, placed("new", title="New word"))
    assert store.index(2) == 2
    found = [story.story_id for story in store.latest(9, query=parse_query("word"))]
    assert found == ["new", "s4"]  # news do not wait for what is old
    assert find(store, "word") == ["new", "s4", "s3", "s2", "s1", "s0"]
    store.close()


def test_the_index_outlives_its_process_and_repeats_nothing(tmp_path: Path) -> None:
    store = open_store("sqlite", tmp_path)
    store.configure([source("alfa")], now=NOON)
    put(store, *(placed(str(n), title="word") for n in range(10)))
    assert store.index(4) == 4
    store.close()
    store = open_store("sqlite", tmp_path)
    store.configure([source("alfa")], now=NOON)
    assert store.unindexed() == 6
    assert len(find(store, "word")) == 10
    store.prune(before=NOON + HOUR, keep_per_source=9, texts_before=NOON)
    index_all(store)
    store.close()
    left = Database(tmp_path / "aggregator.sqlite")
    assert left.execute("SELECT count(*) FROM searchable").fetchone() == (0,)
    left.execute("INSERT INTO search_words (search_words) VALUES ('integrity-check')")
    left.execute("CREATE VIRTUAL TABLE words_left USING fts5vocab (search_words, 'row')")
    assert left.execute("SELECT term FROM words_left").fetchall() == []
    left.close()


def test_an_engine_for_looking_only_finds_the_same(tmp_path: Path) -> None:
    store = open_store("sqlite", tmp_path)
    store.configure([source("alfa")], now=NOON)
    put(store, placed("1", title="word"))
    index_all(store)
    looking = open_store("sqlite", tmp_path, read_only=True)
    assert find(looking, "word") == ["1"]
    put(store, placed("2", title="word"))
    assert looking.unindexed() == 1
    looking.close()
    store.close()


# any query over any entries, compared with somebody who reads every entry

WORDS = ("ant", "bee", "cat", "antelope", "муха", "Öre", "ore", "蜂蜜", "蜂鸟")
texts = st.lists(st.sampled_from(WORDS), max_size=4).map(" ".join)


@st.composite
def entries(draw: st.DrawFn) -> list[Placement]:
    made: list[Placement] = []
    for n in range(draw(st.integers(0, 8))):
        joins = draw(st.none() | st.integers(0, n - 1)) if n else None
        made.append(
            placed(
                str(n),
                draw(st.sampled_from(["alfa", "bravo-news"])),
                None if joins is None else made[joins].story_id,
                title=draw(texts),
                content_text=draw(texts),
                categories=tuple(draw(st.lists(texts.filter(bool), max_size=2))),
                authors=(Person(name=draw(texts)),),
                published_at=NOON - draw(st.integers(0, 6)) * DAY / 2,
            )
        )
    return made


@dataclass(frozen=True)
class Asked:
    """A query as written, and whether it finds an entry that is shown with a date."""

    text: str
    finds: Callable[[Entry, datetime], bool]


FIELDS: dict[str, Callable[[Entry], list[str]]] = {
    "title:": lambda one: [one.title],
    "text:": lambda one: [one.content_text],
    "author:": lambda one: [person.name or "" for person in one.authors],
    "tag:": lambda one: [*one.categories, *(["politics", "by the sea"] if one.source_id == "alfa" else [])],
}


def everywhere(one: Entry) -> list[str]:
    return [one.title, one.content_text, *(person.name or "" for person in one.authors), *one.categories]


def phrase(field: str, words: list[str], star: str) -> Asked:
    """Words without spaces between them are found in the midst of others."""
    said = " ".join(words)
    lead, tail = ("" if unspaced in "蜂蜜鸟" else " " for unspaced in (said[0], said[-1]))
    sought = f"{lead}{said}{'' if star else tail}".replace("Öre", "ore")

    def finds(one: Entry, shown_at: datetime) -> bool:
        return any(sought in f" {text} ".replace("Öre", "ore") for text in FIELDS.get(field, everywhere)(one))

    return Asked(f'{field}"{said}"{star}' if len(words) > 1 else f"{field}{said}{star}", finds)


def told_by(name: str) -> Asked:
    return Asked(f"source:{name}", lambda one, _: name in one.source_id)


def since(day: int) -> Asked:
    return Asked(f"after:2026-02-{day}", lambda _, at: at >= datetime(2026, 2, day, tzinfo=UTC))


def until(day: int) -> Asked:
    return Asked(f"before:2026-02-{day}", lambda _, at: at < datetime(2026, 2, day, tzinfo=UTC))


def both(a: Asked, b: Asked) -> Asked:
    return Asked(f"({a.text} {b.text})", lambda one, at: a.finds(one, at) and b.finds(one, at))


def either(a: Asked, b: Asked) -> Asked:
    return Asked(f"({a.text} OR {b.text})", lambda one, at: a.finds(one, at) or b.finds(one, at))


def without(a: Asked) -> Asked:
    return Asked(f"-{a.text}", lambda one, at: not a.finds(one, at))


def tagged(words: str) -> Asked:
    return phrase("tag:", words.split(), "")


days = st.integers(24, 28)
leaves = st.one_of(
    st.builds(
        phrase,
        st.sampled_from(["", "", "", *FIELDS]),
        st.lists(st.sampled_from([*WORDS, "蜂", "蜜", "鸟"]), min_size=1, max_size=2),
        st.sampled_from(["", "", "*"]),
    ),
    st.sampled_from(["alfa", "bravo", "none"]).map(told_by),
    st.sampled_from(["politics", "the sea"]).map(tagged),
    days.map(since),
    days.map(until),
)
queries = st.recursive(
    leaves,
    lambda inner: st.builds(both, inner, inner) | st.builds(either, inner, inner) | inner.map(without),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=entries(), asked=st.lists(queries, min_size=1, max_size=8))
@pytest.mark.parametrize("engine", ["sqlite", "memory"])
def test_any_query_finds_what_a_reader_would(
    engine: str, made: list[Placement], asked: list[Asked], tmp_path_factory: pytest.TempPathFactory
) -> None:
    store = open_store(engine, tmp_path_factory.mktemp("store"))
    store.configure(
        [source("alfa", title="Alfa Radio", tags=("politics", "by the sea")), source("bravo-news")], now=NOON
    )
    for one in made:
        put(store, one)
    dates = {one.entry_id: one.entry.published_at or NOON for one in made}
    for query in asked:
        expected = {one.story_id for one in made if query.finds(one.entry, dates[one.story_id])}
        assert {*find(store, query.text)} == expected, query.text
    store.close()
