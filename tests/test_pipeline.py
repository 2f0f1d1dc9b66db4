"""What polls and publications do, seen in the store and in the feed; on every store engine."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.dedup import Window
from aggregator.errors import QueryError
from aggregator.model import Asked, Output, Source, State
from aggregator.search import parse_query
from tests.fetch.server import Answer, Server
from tests.world import World


def rss(*items: str, title: str = "Alfa") -> bytes:
    return f'<rss version="2.0"><channel><title>{title}</title>{"".join(items)}</channel></rss>'.encode()


def item(guid: str, *, title: str = "", link: str = "", text: str = "", date: str = "") -> str:
    parts = {
        "guid": guid,
        "title": title or f"Title {guid}",
        "link": link,
        "description": text,
        "pubDate": date,
    }
    return (
        "<item>" + "".join(f"<{name}>{value}</{name}>" for name, value in parts.items() if value) + "</item>"
    )


DATE = "Sun, 01 Mar 2026 10:00:00 GMT"
TEXT = "The council adopted the budget for the coming year after a long debate about schools, roads and the harbour."


@pytest.fixture
def alfa(world: World, publisher: Server) -> Source:
    source = Source(id="alfa", url=publisher.url("/alfa"))
    world.configure(source)
    return source


async def test_three_sources_carry_one_story(world: World, publisher: Server) -> None:
    links = [
        "https://p.example/a",
        "http://p.example/a?utm_source=x",
        "https://www.p.example/a/?utm_medium=y",
    ]
    for name, link in zip("abc", links, strict=True):
        publisher.answer(
            f"/{name}", Answer(body=rss(item(name * 3, title="One", link=link, text=TEXT, date=DATE)))
        )
    world.configure(
        *(Source(id=name, url=publisher.url(f"/{name}"), title=f"Source {name}") for name in "abc")
    )
    results = await asyncio.gather(*(world.pipeline.poll(name) for name in "abc"))
    assert sorted((result.new, result.duplicate) for result in results if result) == [(0, 1), (0, 1), (1, 0)]
    (entry,) = (await world.feed()).entries
    assert entry.source.title == "Source a"  # equally old: the first by id
    assert {link.title for link in entry.links if link.rel == "via"} == {"Source b", "Source c"}


async def test_validators_go_back_as_they_came_and_a_304_reads_nothing(
    world: World, publisher: Server, alfa: Source
) -> None:
    headers = [("ETag", 'W/"a,b"'), ("Last-Modified", "not even a date")]
    publisher.answer("/alfa", Answer(body=rss(item("1")), headers=headers), Answer(status=304))
    await world.poll()
    result = (await world.poll())["alfa"]
    first, second = publisher.asked("/alfa")
    assert (first.header("if-none-match"), first.header("if-modified-since")) == (None, None)
    assert (second.header("if-none-match"), second.header("if-modified-since")) == (
        'W/"a,b"',
        "not even a date",
    )
    assert (result.status, result.error, world.read) == (304, None, ["alfa"])
    assert world.store.state("alfa").validators.etag == 'W/"a,b"'


async def test_the_same_body_again_reads_nothing_and_changes_nothing(
    world: World, publisher: Server, alfa: Source
) -> None:
    publisher.answer("/alfa", Answer(body=rss(item("1"))))
    await world.poll()
    await world.feed()
    before = (world.directory / "feed.atom").read_bytes(), (world.directory / "feed.atom").stat().st_mtime_ns
    world.wait(hours=1)
    assert (await world.poll())["alfa"].new == 0
    await world.feed()
    assert world.read == ["alfa"]
    after = (world.directory / "feed.atom").read_bytes(), (world.directory / "feed.atom").stat().st_mtime_ns
    assert after == before


async def test_only_what_is_new_in_a_document_is_read(world: World, publisher: Server, alfa: Source) -> None:
    """A restart changes nothing of it: what is known is stored with the entries."""
    first, second = rss(item("1"), item("2")), rss(item("3"), item("1"), item("2"))
    edited = rss(item("3"), item("1"), item("2", title="Corrected"))
    publisher.answer("/alfa", *(Answer(body=body) for body in (first, second, edited, b"no feed", second)))
    for new, changed, items in ((2, 0, 2), (1, 0, 1), (0, 1, 1)):
        result = (await world.poll())["alfa"]
        assert (result.new, result.changed, world.items[-1]) == (new, changed, items)
    assert (await world.poll())["alfa"].error is not None  # what is known outlives a page that is no feed
    assert ((await world.poll())["alfa"].changed, world.items[-1]) == (1, 1)
    assert len((await world.feed()).entries) == 3


def dated(*dates: str) -> bytes:
    return rss(*(item(date, date=date) for date in dates))


async def test_the_order_of_dates_that_a_source_has_shown_is_kept(
    world: World, publisher: Server, alfa: Source
) -> None:
    """Also when its document lists no date that decides it any more."""
    documents = [
        dated("03/04/2025 10:00"),
        dated("04/04/2025 10:00", "14/03/2025 10:00"),
        dated("05/04/2025 10:00"),
    ]
    publisher.answer("/alfa", *(Answer(body=body) for body in documents))
    learnt = []
    for _ in documents:
        await world.poll()
        state = world.store.state("alfa")
        learnt.append((state.date_orders, "may be" in " ".join(state.problems)))
        world.wait(hours=1)
    both, first = ("day first", "month first"), ("day first",)
    assert learnt == [(both, True), (first, False), (first, False)]
    shown = {entry.title: entry.published for entry in (await world.feed()).entries}
    assert shown["Title 05/04/2025 10:00"] == "2025-04-05T10:00:00Z"


async def test_a_source_that_writes_dates_both_ways_decides_nothing_for_later(
    world: World, publisher: Server, alfa: Source
) -> None:
    documents = [
        dated("14/03/2025 10:00"),
        dated("03/15/2025 10:00", "04/03/2025 10:00"),  # another order: only this document is told by it
        dated("05/04/2025 10:00"),
        dated("03/15/2025 11:00"),
        dated("06/04/2025 10:00"),
        dated("03/15/2025 12:00", "15/03/2025 10:00"),
    ]
    publisher.answer("/alfa", *(Answer(body=body) for body in documents))
    learnt = []
    for _ in documents:
        await world.poll()
        learnt.append(world.store.state("alfa").date_orders)
        world.wait(hours=1)
    month = ("month first",)
    assert learnt == [("day first",), (), ("day first", "month first"), month, month, ()]
    shown = {entry.title: entry.published for entry in (await world.feed()).entries}
    assert shown["Title 04/03/2025 10:00"] == "2025-04-03T10:00:00Z"
    assert shown["Title 06/04/2025 10:00"] == "2025-06-04T10:00:00Z"
    undecided = "Title 05/04/2025 10:00"
    assert not shown[undecided].startswith(("2025-05-04", "2025-04-05"))


async def test_new_settings_read_the_same_document_again(
    world: World, publisher: Server, alfa: Source
) -> None:
    publisher.answer(
        "/alfa", Answer(body=rss(item("1", date="14.11.2023 11:33:00")), headers=[("ETag", '"1"')])
    )
    await world.poll()
    assert (await world.feed()).entries[0].published == "2023-11-14T11:33:00Z"
    assert "carries no zone" in " ".join(world.store.state("alfa").problems)
    world.configure(Source(id="alfa", url=alfa.url, timezone="Europe/Minsk"))
    world.wait(hours=1)
    assert (await world.poll())["alfa"].changed == 1
    assert publisher.asked("/alfa")[1].header("if-none-match") is None
    assert (await world.feed()).entries[0].published == "2023-11-14T08:33:00Z"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer(status=404), "HTTP 404 Not Found"),
        (Answer(status=503), "HTTP 503 Service Unavailable"),
        (Answer(body=b"<html><body>captcha</body></html>"), "is not a feed"),
        (Answer(body=b""), "the document is empty"),
        (Answer(body=b"{}"), "no JSON Feed"),
        (Answer(status=304), "HTTP 304 Not Modified"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_failure_is_kept_with_its_reason_and_harms_no_other(
    world: World, publisher: Server, answer: Answer, error: str
) -> None:
    publisher.answer("/bad", answer)
    publisher.answer("/good", Answer(body=rss(item("1"))))
    world.configure(
        Source(id="bad", url=publisher.url("/bad")), Source(id="good", url=publisher.url("/good"))
    )
    results = await world.poll()
    assert error in (results["bad"].error or "")
    assert results["good"].error is None
    state = world.store.state("bad")
    assert (state.state, state.failures) == (State.FAILING, 1)
    assert state.next_poll_at is not None
    assert state.next_poll_at > world.now
    assert len((await world.feed()).entries) == 1


async def test_a_failure_forgets_nothing_and_success_ends_it(
    world: World, publisher: Server, alfa: Source
) -> None:
    good = Answer(body=rss(item("1")), headers=[("ETag", '"1"')])
    publisher.answer("/alfa", good, Answer(status=500), Answer(body=b"captcha"), Answer(status=304))
    for failures in (0, 1, 2):
        await world.poll()
        assert world.store.state("alfa").failures == failures
        assert world.store.state("alfa").validators.etag == '"1"'
    await world.poll()
    assert publisher.asked("/alfa")[-1].header("if-none-match") == '"1"'
    assert (world.store.state("alfa").failures, world.store.state("alfa").last_error) == (0, None)
    assert len((await world.feed()).entries) == 1


async def test_gone_is_never_asked_again(world: World, publisher: Server, alfa: Source) -> None:
    publisher.answer("/alfa", Answer(status=410))
    await world.poll()
    assert (world.store.state("alfa").state, world.store.state("alfa").next_poll_at) == (State.GONE, None)


async def test_retry_after_of_an_address_counts_for_its_url_only(world: World, publisher: Server) -> None:
    publisher.answer("/a", Answer(status=429, headers=[("Retry-After", "7200")]))
    world.configure(Source(id="a", url=publisher.url("/a")), Source(id="b", url=publisher.url("/b")))
    await world.poll("a")
    assert world.store.state("a").next_reason == "Retry-After"
    due = world.store.claim_due(world.now + timedelta(hours=1), limit=9, lease=timedelta(hours=1))
    assert [claim.source_id for claim in due] == ["b"]


async def test_a_source_that_has_just_left_is_not_polled(
    world: World, publisher: Server, alfa: Source
) -> None:
    world.store.configure([], now=world.now)  # the first half of a reload
    assert await world.pipeline.poll("alfa") is None
    assert publisher.asked() == []


async def test_an_edit_keeps_id_and_published_and_moves_updated_once(
    world: World, publisher: Server, alfa: Source
) -> None:
    publisher.answer(
        "/alfa",
        Answer(body=rss(item("1", text="old", date=DATE))),
        Answer(body=rss(item("1", text="new", date="Sun, 01 Mar 2026 11:00:00 GMT"))),
        Answer(body=rss(item("1", text="new", date="Sun, 01 Mar 2026 11:30:00 GMT"))),
    )
    await world.poll()
    before = (await world.feed()).entries[0]
    world.wait(hours=1)
    await world.poll()
    after = (await world.feed()).entries[0]
    assert (after.id, after.title) == (before.id, before.title)
    assert (before.updated, after.updated) == ("2026-03-01T10:00:00Z", "2026-03-01T13:00:00Z")
    assert "new" in after.summary
    world.wait(hours=1)
    await world.poll()
    assert (await world.feed()).entries[0].updated == after.updated


async def test_a_dateless_entry_keeps_first_seen_and_a_future_one_does_not_stick(
    world: World, publisher: Server, alfa: Source
) -> None:
    items = [item("dateless"), item("future", date="Sun, 01 Mar 2037 10:00:00 GMT")]
    publisher.answer("/alfa", Answer(body=rss(*items)), Answer(body=rss(*items, item("3"))))
    await world.poll()
    world.wait(days=1)
    await world.poll()
    shown = {entry.title: entry.published for entry in (await world.feed()).entries}
    assert shown == {
        "Title dateless": "2026-03-01T12:00:00Z",
        "Title future": "2026-03-01T12:00:00Z",
        "Title 3": "2026-03-02T12:00:00Z",
    }


async def test_named_feeds_by_sources_and_strays_removed(world: World, publisher: Server) -> None:
    for name in "ab":
        publisher.answer(f"/{name}", Answer(body=rss(item(name))))
    sources = [Source(id=name, url=publisher.url(f"/{name}")) for name in "ab"]
    world.configure(*sources, outputs=[Output(name="feeds/b", title="B", sources=("b",), limit=10)])
    await world.poll()
    assert [entry.title for entry in (await world.feed("feeds/b.atom")).entries] == ["Title b"]
    assert len((await world.feed()).entries) == 2
    world.configure(*sources)
    await world.feed()
    assert list((world.directory / "feeds").iterdir()) == []


async def test_a_feed_is_what_its_query_finds_as_soon_as_it_is_stored(
    world: World, publisher: Server
) -> None:
    publisher.answer("/a", Answer(body=rss(item("1", title="CSTO meets"), item("2", title="Weather"))))
    publisher.answer("/b", Answer(body=rss(item("3", title="Yerevan", text="Armenia leaves the csto"))))
    sources = [Source(id=name, url=publisher.url(f"/{name}"), tags=(f"of {name}",)) for name in "ab"]
    outputs = (
        Output(name="feeds/csto", title="CSTO", query=parse_query("CSTO"), limit=9),
        Output(name="feeds/b", title="b", sources=("b",), query=parse_query("CSTO OR weather"), limit=9),
        Output(name="feeds/tag", title="tag", query=parse_query('-tag:"of a" OR title:weather'), limit=9),
    )
    world.configure(*sources, outputs=outputs)
    await world.poll()

    async def titles(name: str) -> list[str]:
        return sorted(entry.title for entry in (await world.feed(f"feeds/{name}.atom")).entries)

    assert await titles("csto") == ["CSTO meets", "Yerevan"]
    assert await titles("b") == ["Yerevan"]
    assert await titles("tag") == ["Weather", "Yerevan"]
    publisher.answer("/a", Answer(body=rss(item("1", title="They meet"), item("4", title="The CSTO again"))))
    await world.poll("a")
    assert await titles("csto") == ["The CSTO again", "Yerevan"]


async def test_what_a_search_finds_is_a_feed_on_demand(world: World, publisher: Server, alfa: Source) -> None:
    publisher.answer("/alfa", Answer(body=rss(item("1", title="CSTO meets"), item("2", title="Weather"))))
    await world.poll()
    await world.pipeline.publish()
    while await world.pipeline.index():
        pass
    found = await asyncio.to_thread(world.pipeline.feed_at, "search", Asked(words="csto -weather"))
    assert found is not None
    assert [entry.title for entry in found.entries] == ["CSTO meets"]
    assert found.self_url("atom").endswith("/search.atom?q=csto+-weather")
    with pytest.raises(QueryError, match="column 6: OR needs something after it"):
        await asyncio.to_thread(world.pipeline.feed_at, "search", Asked(words="csto OR"))


async def test_a_removed_source_leaves_the_feed_and_its_ids_return(world: World, publisher: Server) -> None:
    publisher.answer("/a", Answer(body=rss(item("1"))))
    source = Source(id="a", url=publisher.url("/a"))
    world.configure(source)
    await world.poll()
    before = (await world.feed()).entries[0].id
    world.configure()
    assert (await world.feed()).entries == []
    world.configure(source)
    assert [entry.id for entry in (await world.feed()).entries] == [before]


async def test_rules_drop_what_the_operator_does_not_want(world: World, publisher: Server) -> None:
    from aggregator.model import Rule

    publisher.answer("/a", Answer(body=rss(item("1", title="Horoscope: Aries"), item("2", title="News"))))
    rule = Rule(action="drop", patterns=(("title", "(?i)horoscope"),))
    world.configure(Source(id="a", url=publisher.url("/a"), rules=(rule,)))
    await world.poll()
    assert [entry.title for entry in (await world.feed()).entries] == ["News"]


async def test_a_rebuild_gives_the_same_ids_whoever_answers_first(publisher: Server, tmp_path: Path) -> None:
    from tests.world import world as make_world

    for name in "abc":
        text = item(f"urn:x:{name}", title="One", link="https://p.example/a", text=TEXT, date=DATE)
        publisher.answer(f"/{name}", Answer(body=rss(text, item("urn:x:same", title=f"Own {name}"))))
    documents = []
    for order in ("abc", "cba", "bca"):
        async with make_world("sqlite", tmp_path / order) as rebuilt:
            rebuilt.configure(*(Source(id=name, url=publisher.url(f"/{name}")) for name in "abc"))
            await rebuilt.poll(*order)
            await rebuilt.feed()
            documents.append((rebuilt.directory / "feed.atom").read_bytes())
    assert documents[0] == documents[1] == documents[2]
    assert documents[0].count(b"<entry") == 4


@pytest.mark.parametrize(("near", "stories"), [(timedelta(hours=72), 1), (None, 2)])
async def test_a_copy_at_another_publisher_is_one_story_unless_resemblance_is_switched_off(
    world: World, publisher: Server, near: timedelta | None, stories: int
) -> None:
    copy = f"By Jane Roe&lt;br&gt;TARNMOUTH (Coast Wire) - {TEXT} Read more"
    for name, title, text in (
        ("alfa", "Council adopts budget for next year", TEXT),
        ("bravo", "Town: budget is adopted", copy),
    ):
        told = item("1", title=title, link=f"https://{name}.example/1", text=text, date=DATE)
        publisher.answer(f"/{name}", Answer(body=rss(told)))
    sources = (Source(id=name, url=publisher.url(f"/{name}")) for name in ("alfa", "bravo"))
    world.configure(*sources, window=Window(near=near))
    results = await world.poll()
    assert (results["bravo"].new, results["bravo"].duplicate) == (stories - 1, 2 - stories)
    assert len((await world.feed()).entries) == stories


async def test_a_guid_repeated_now_and_then_mixes_up_nothing(
    world: World, publisher: Server, alfa: Source
) -> None:
    """FEATURES M8, M9: what else stands in the document does not decide who an entry is."""

    def told(name: str) -> str:
        return item(
            "dup", title=f"Story {name}", link=f"https://e.example/{name}", text=f"{name} {TEXT[::-1]} {name}"
        )

    a, b = told("A"), told("B").replace(TEXT[::-1], TEXT)
    documents = [rss(a), rss(b, a), rss(b), rss(a, b), rss(a)]
    publisher.answer("/alfa", *(Answer(body=document) for document in documents))
    await world.poll()
    first = (await world.feed()).entries[0]
    for _ in documents[1:]:
        world.wait(hours=1)
        await world.poll()
        shown = {entry.title: entry.id for entry in (await world.feed()).entries}
        assert shown.keys() == {"Story A", "Story B"}
        assert shown["Story A"] == first.id
    assert world.store.totals().entries == 2


async def test_many_polls_at_once_of_forms_filled_in_anew_all_come_through(
    world: World, publisher: Server
) -> None:
    """Each looks like the one stored a moment ago, so that every decision is overtaken by others."""
    names = [f"gauge-{n}" for n in range(60)]
    for name in names:
        text = f"The level measured this morning by {name} is published here as soon as it has been checked."
        publisher.answer(f"/{name}", Answer(body=rss(item(name, title=f"Level of {name}", text=text))))
    world.configure(*(Source(id=name, url=publisher.url(f"/{name}")) for name in names))
    results = await asyncio.gather(*(world.pipeline.poll(name) for name in names))
    assert {result.error for result in results if result} == {None}
    assert world.store.totals().entries == len(names)


@pytest.mark.parametrize(
    "order", ["A AB B AB", "A B AB A B", "AB A B BA", "A BA B A AB", "B AB A", "AB B AB A"]
)
async def test_a_guid_repeated_without_links_mixes_up_nothing(
    world: World, publisher: Server, alfa: Source, order: str
) -> None:
    """What tells two entries apart is what they say, when they say nothing of where they are."""
    told = {"A": item("dup", title="Story A", text="One."), "B": item("dup", title="Story B", text="Other.")}
    documents = [rss(*(told[name] for name in names)) for names in order.split()]
    publisher.answer("/alfa", *(Answer(body=document) for document in documents))
    ids: dict[str, str] = {}
    for names in order.split():
        await world.poll()
        shown = {entry.title: entry.id for entry in (await world.feed()).entries}
        assert shown.keys() >= {f"Story {name}" for name in names}
        if not order.startswith("A B"):  # where B takes the place of A: no second entry is known of yet
            assert {title: shown[title] for title in ids} == ids
            ids = shown
        world.wait(hours=1)
    assert shown.keys() == {"Story A", "Story B"}
    assert world.store.totals().entries == 2


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"title": "Old", "text": "The same text."}, {"title": "New", "text": "The same text."}),
        ({"title": "Same", "text": "The old text."}, {"title": "Same", "text": "The new text."}),
        (
            {"title": "Old", "text": "The old text.", "link": "https://e.example/1"},
            {"title": "New", "text": "The new text.", "link": "https://e.example/1"},
        ),
    ],
    ids=["title", "text", "all but the link"],
)
@pytest.mark.parametrize("beside", ["always", "before", "after"])
async def test_an_edit_of_an_entry_with_a_repeated_guid_is_an_edit(
    world: World,
    publisher: Server,
    alfa: Source,
    before: dict[str, str],
    after: dict[str, str],
    beside: str,
) -> None:
    other = item("dup", title="Other", text="What stands beside it.")
    documents = [
        [item("dup", **before), *([other] if beside != "after" else [])],
        [item("dup", **after), *([other] if beside != "before" else [])],
        [item("dup", **after), other],
    ]
    publisher.answer("/alfa", *(Answer(body=rss(*document)) for document in documents))
    for _ in documents:
        await world.poll()
        await world.feed()
        world.wait(hours=1)
    assert world.store.totals().entries == 2
    assert {entry.title for entry in (await world.feed()).entries} == {after["title"], "Other"}


async def test_a_third_entry_of_a_repeated_guid_alone_is_a_third(
    world: World, publisher: Server, alfa: Source
) -> None:
    told = {name: item("dup", title=f"Story {name}", text=f"{name} is it.") for name in "ABC"}
    documents = ["AB", "C", "B", "CA"]
    publisher.answer("/alfa", *(Answer(body=rss(*map(told.__getitem__, names))) for names in documents))
    for _ in documents:
        await world.poll()
        world.wait(hours=1)
    assert {entry.title for entry in (await world.feed()).entries} == {"Story A", "Story B", "Story C"}
    assert world.store.totals().entries == 3
