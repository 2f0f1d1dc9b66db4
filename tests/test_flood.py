"""What is old does not come to the top: held back, said so, and released at its own dates (FEATURES G4)."""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from aggregator import reading
from aggregator.dedup.flood import BATCH_MOST, UNDATED_SHOWN
from aggregator.model import Answer as Done
from aggregator.model import Order, PollResult
from aggregator.pipeline import carry_out
from tests.fetch.server import Answer, Server
from tests.things import NOON, source
from tests.world import World, world

DAY = timedelta(days=1)


@pytest.fixture(params=["sqlite", "memory"])
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    async with world(request.param, tmp_path) as made:
        yield made


def item(n: int, at: datetime | None = None, prefix: str = "n") -> str:
    date = "" if at is None else f"<pubDate>{at:%a, %d %b %Y %H:%M:%S} GMT</pubDate>"
    return f"<item><guid>{prefix}{n}</guid><title>{prefix} number {n}</title>{date}</item>"


class Feed:
    """A source on loopback whose document is what it is told."""

    def __init__(self, place: World, publisher: Server) -> None:
        self.place, self.publisher = place, publisher
        place.configure(source("alfa", url=publisher.url("/alfa")))

    async def bring(self, items: Iterable[str]) -> PollResult:
        body = f'<rss version="2.0"><channel><title>A</title>{"".join(items)}</channel></rss>'
        self.publisher.answer("/alfa", Answer(body=body.encode()))
        return (await self.place.poll("alfa"))["alfa"]

    async def shown(self) -> list[str]:
        return [entry.title for entry in (await self.place.feed()).entries]

    def release(self) -> Done:
        order = Order(verb="release", names=("alfa",))
        return carry_out(order, self.place.store, now=self.place.now)

    @property
    def held(self) -> int:
        return self.place.store.state("alfa").held


@pytest.fixture
def feed(place: World, publisher: Server) -> Feed:
    return Feed(place, publisher)


def usual(last: int, at: datetime, size: int = 30) -> Sequence[str]:
    """The document of a source that publishes one entry a day."""
    return [item(last - n, at - n * DAY) for n in range(size)]


async def test_of_a_first_document_without_dates_the_newest_are_shown(feed: Feed) -> None:
    result = await feed.bring(item(n) for n in range(500))
    assert (result.new, result.held) == (UNDATED_SHOWN, 500 - UNDATED_SHOWN)
    assert await feed.shown() == [f"n number {n}" for n in range(UNDATED_SHOWN)]
    (remark, *_) = feed.place.store.state("alfa").remarks
    assert remark.startswith(
        "480 entries that seem old came at once and are held back: `aggregator release alfa`"
    )


async def test_of_a_first_document_with_dates_all_are_shown_at_these(feed: Feed) -> None:
    result = await feed.bring(usual(500, NOON, 500))
    assert (result.new, result.held) == (500, 0)
    assert (await feed.shown())[0] == "n number 500"


async def test_an_impossible_date_is_none(feed: Feed) -> None:
    await feed.bring(item(n, NOON + 400 * DAY) for n in range(50))
    assert feed.held == 50 - UNDATED_SHOWN


async def test_a_source_that_calls_everything_new_is_held_as_a_whole(feed: Feed) -> None:
    await feed.bring(usual(100, NOON))
    feed.place.wait(days=1)
    before = await feed.shown()
    result = await feed.bring(item(n, feed.place.now, "re-issued") for n in range(30))
    assert (result.new, result.held) == (0, 30)
    assert await feed.shown() == before
    feed.place.wait(days=1)
    same = [item(n, feed.place.now - DAY, "re-issued") for n in range(30)]
    later = await feed.bring([item(99, feed.place.now, "really new"), *same])
    assert (later.new, later.held, feed.held) == (1, 0, 30)  # it goes on
    assert (await feed.shown())[0] == "really new number 99"


async def test_what_was_held_comes_out_at_its_own_dates_when_released(feed: Feed) -> None:
    await feed.bring(usual(100, NOON))
    feed.place.wait(days=1)
    seen = feed.place.now
    old = [item(n, NOON - 200 * DAY, "old") for n in range(25)]
    await feed.bring([*old, *(item(n, None, "undated") for n in range(5))])
    assert feed.held == 30
    feed.place.wait(days=5)
    await feed.bring([item(101, feed.place.now, "newest")])
    answer = feed.release()
    assert answer == Done(done=True, text="30 entries of alfa are shown from now on, at their own dates")
    entries = (await feed.place.feed()).entries
    assert [entry.title.split()[0] for entry in entries[:7]] == ["newest", *["undated"] * 5, "n"]
    assert entries[1].published == f"{seen:%Y-%m-%dT%H:%M:%SZ}"  # when first seen, not when released
    assert {entry.title.split()[0] for entry in entries[-25:]} == {"old"}
    assert feed.held == 0
    assert feed.release() == Done(done=False, text="nothing of alfa is held back")


async def test_a_single_back_dated_post_and_a_busy_day_come_out(feed: Feed) -> None:
    await feed.bring(usual(100, NOON))
    feed.place.wait(days=1)
    result = await feed.bring([item(1, NOON - 90 * DAY, "back-dated"), *usual(100, NOON)])
    assert (result.new, result.held) == (1, 0)
    feed.place.wait(days=1)
    busy = [item(n, feed.place.now, "election") for n in range(BATCH_MOST)]
    assert (await feed.bring(busy)).new == BATCH_MOST


async def test_news_after_a_long_silence_of_ours_is_what_the_rhythm_explains(feed: Feed) -> None:
    await feed.bring(usual(100, NOON))
    feed.place.wait(days=30)
    result = await feed.bring(usual(130, feed.place.now))
    assert (result.new, result.held) == (30, 0)


async def test_what_is_held_of_one_source_is_shown_when_another_tells_it(
    feed: Feed, publisher: Server
) -> None:
    text = "The harbour bridge in Tarnmouth will close to all traffic on Monday for nine weeks of repairs, it said."
    told = (
        f"<item><guid>{{}}</guid><title>Harbour bridge closes</title><description>{text}</description></item>"
    )
    await feed.bring([*(item(n) for n in range(UNDATED_SHOWN)), told.format("a")])
    assert "Harbour bridge closes" not in await feed.shown()
    body = f'<rss version="2.0"><channel><title>B</title>{told.format("b")}</channel></rss>'
    publisher.answer("/bravo", Answer(body=body.encode()))
    feed.place.configure(
        source("alfa", url=publisher.url("/alfa")), source("bravo", url=publisher.url("/bravo"))
    )
    await feed.place.poll("bravo")
    assert "Harbour bridge closes" in await feed.shown()


async def test_held_entries_survive_a_restart(tmp_path: Path, publisher: Server) -> None:
    async with world("sqlite", tmp_path) as first:
        await Feed(first, publisher).bring(item(n) for n in range(30))
    async with world("sqlite", tmp_path) as second:
        again = Feed(second, publisher)
        assert again.held == 30 - UNDATED_SHOWN
        assert len(await again.shown()) == UNDATED_SHOWN
        assert again.release().done
        assert len(await again.shown()) == 30


async def test_after_the_operator_changed_how_it_is_read_a_source_is_a_new_one(
    feed: Feed, publisher: Server
) -> None:
    await feed.bring(usual(100, NOON, 2))
    feed.place.wait(days=1)
    feed.place.configure(source("alfa", url=publisher.url("/alfa"), max_entries=400))
    result = await feed.bring(usual(100, NOON, 400))
    assert (result.new, result.held) == (398, 0)


def page(n: int, host: str, guid: str, at: datetime | None, text: str = "") -> str:
    date = "" if at is None else f"<pubDate>{at:%a, %d %b %Y %H:%M:%S} GMT</pubDate>"
    return (
        f"<item><guid isPermaLink='false'>{guid}{n}</guid><link>{host}/news/{n}</link><title>Story number {n}</title>"
        f"{date}<description>{text}</description></item>"
    )


@pytest.mark.parametrize(
    ("host", "dated_again", "why"),
    [
        ("https://old.example", False, "https"),
        ("https://www.old.example", False, "www"),
        ("https://new.example", False, "another host"),
        ("https://new.example", True, "another host, and today's date on everything"),
    ],
)
async def test_a_source_that_re_issues_everything_tells_nothing_new(
    feed: Feed, host: str, dated_again: bool, why: str
) -> None:
    dates = [NOON - n * 10 * DAY for n in range(30)]
    await feed.bring(page(n, "http://old.example", "g", at, f"text {n}") for n, at in enumerate(dates))
    before = await feed.shown()
    feed.place.wait(days=40)
    again = [feed.place.now] * 30 if dated_again else dates
    result = await feed.bring(page(n, host, "h", at, f"text {n}") for n, at in enumerate(again))
    assert (result.new, result.held, result.duplicate) == (0, 0, 30), why
    assert await feed.shown() == before
    assert feed.place.store.totals().stories == 30


async def test_what_only_looks_re_issued_is_new(feed: Feed) -> None:
    """Another text and another date under a title and an address that recur: a briefing of every week."""
    await feed.bring(page(n, "http://a.example", "g", NOON, "old words") for n in range(4))
    feed.place.wait(days=7)
    result = await feed.bring(
        page(n, "http://a.example", "h", feed.place.now, "other news of today") for n in range(4)
    )
    assert (result.new, result.duplicate) == (4, 0)


async def test_items_left_out_as_known_are_no_upheaval(feed: Feed) -> None:
    known = [page(n, "http://a.example", "g", NOON, f"text {n}") for n in range(30)]
    await feed.bring(known)
    feed.place.wait(days=40)
    again = [page(n, "http://a.example", "h", feed.place.now, f"text {n}") for n in range(4)]
    result = await feed.bring([*again, *known])
    assert (result.new, result.duplicate) == (4, 0)


async def test_a_burst_beside_items_left_out_as_known_is_no_flood(feed: Feed) -> None:
    known = usual(100, NOON, 60)
    await feed.bring(known)
    feed.place.wait(days=1)
    burst = [item(n, feed.place.now, "election") for n in range(BATCH_MOST + 5)]
    result = await feed.bring([*burst, *known])
    assert (result.new, result.held) == (BATCH_MOST + 5, 0)


async def until_nothing_waits(feed: Feed, items: Sequence[str]) -> list[PollResult]:
    """Poll the same document until all of it has been read."""
    results = [await feed.bring(items)]
    while any("left for the next polls" in one for one in feed.place.store.state("alfa").problems):
        feed.place.wait(hours=1)
        results.append((await feed.place.poll("alfa"))["alfa"])
        assert len(results) <= 50
    return results


@pytest.fixture(params=[None, 15], ids=["taken apart whole", "taken apart in part"])
def taken_apart(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """How much of a large document has room in memory: all of it, or about twice what one poll reads."""
    if request.param is not None:
        monkeypatch.setattr(reading, "TAKEN_APART_MOST", request.param)


in_part = pytest.mark.usefixtures("taken_apart")


@in_part
async def test_a_large_document_is_read_in_several_polls_and_says_so(feed: Feed, publisher: Server) -> None:
    feed.place.configure(source("alfa", url=publisher.url("/alfa"), max_new=100))
    items = [item(n, NOON - n * DAY) for n in range(250)]
    result = await feed.bring(items)
    assert (result.new, result.held) == (100, 0)
    (problem,) = feed.place.store.state("alfa").problems
    assert problem == "250 new entries at once: 150 are left for the next polls ([poll] max_new_entries)"
    results = await until_nothing_waits(feed, items)
    assert sum(one.new for one in results) == 150
    assert sorted(await feed.shown()) == sorted(f"n number {n}" for n in range(250))
    feed.place.wait(hours=1)
    assert (await feed.place.poll("alfa"))["alfa"].new == 0


# Items that cannot be known again by their bytes, as others of the document decide what becomes of them.
UNKNOWABLE: Mapping[str, Callable[[int], str]] = {
    "dates that lean on others": lambda n: (
        f"<item><guid>n{n}</guid><title>n number {n}</title><pubDate>0{n % 9 + 1}/02/2026 12:00</pubDate></item>"
    ),
    "a guid that many share": lambda n: (
        f"<item><guid>n{n // 10}</guid><link>https://alfa.example/{n}</link><title>n number {n}</title></item>"
    ),
    "every third with a guid that others share": lambda n: (
        item(n, NOON - n * DAY)
        if n % 3
        else f"<item><guid>s{n // 30}</guid><link>https://alfa.example/{n}</link><title>n number {n}</title></item>"
    ),
    "markup that is broken": lambda n: (
        f"<item><guid>n{n}</guid><title>n number {n}</title><broken><&></item>"
        if n % 10
        else f"<item><guid>n{n}</guid><title>n number {n}</title>"
    ),
    "one date among good ones": lambda n: (
        item(n, NOON - n * DAY)
        if n
        else "<item><guid>n0</guid><title>n number 0</title><pubDate>01/02/2026</pubDate></item>"
    ),
}


@in_part
@pytest.mark.parametrize("make", UNKNOWABLE.values(), ids=UNKNOWABLE.keys())
async def test_a_large_document_is_read_to_its_end_whatever_its_items_are(
    feed: Feed, publisher: Server, make: Callable[[int], str]
) -> None:
    feed.place.configure(source("alfa", url=publisher.url("/alfa"), max_new=100))
    results = await until_nothing_waits(feed, [make(n) for n in range(450)])
    assert len(results) == 5
    assert sum(one.new + one.held + one.duplicate for one in results) == 450
    assert feed.place.store.totals().entries == 450


# Items of which each poll sees one with a guid, a link or a title that it would share with others.
SHARED: Mapping[str, Callable[[int], str]] = {
    "guid": lambda n: (
        f"<item><guid>n{n % 10}</guid><link>https://alfa.example/{n}</link><title>n number {n}</title></item>"
    ),
    "link": lambda n: f"<item><link>https://alfa.example/{n % 10}</link><title>n number {n}</title></item>",
    "link and title": lambda n: (
        f"<item><link>https://alfa.example/{n % 10}</link><title>of all</title>"
        f"<description>Number {n} has words of its own: {hex(n * 7919)}</description></item>"
    ),
    "text": lambda n: (
        f"<item><title>of all</title><description>{n % 10}</description><category>{n}</category></item>"
    ),
}


@in_part
@pytest.mark.parametrize("make", SHARED.values(), ids=SHARED.keys())
async def test_what_shares_its_guid_with_what_another_poll_reads_is_an_entry_of_its_own(
    feed: Feed, publisher: Server, make: Callable[[int], str]
) -> None:
    """Else each would be taken for a change of the one before."""
    feed.place.configure(source("alfa", url=publisher.url("/alfa"), max_new=10))
    results = await until_nothing_waits(feed, [make(n) for n in range(40)])
    assert sum(one.changed for one in results) == 0
    assert feed.place.store.totals().entries == 40
    feed.place.wait(hours=1)
    feed.place.configure(source("alfa", url=publisher.url("/alfa"), max_new=100))
    assert (await feed.bring([make(n) for n in range(41)])).changed == 0
    assert feed.place.store.totals().entries == 41


@in_part
async def test_a_large_document_that_is_another_at_each_poll_is_first_only_once(
    feed: Feed, publisher: Server
) -> None:
    """Else it would be a way around the guard: dated now, all of each would be shown."""
    feed.place.configure(source("alfa", url=publisher.url("/alfa"), max_new=30))
    results = []
    for n in range(4):
        results.append(await feed.bring(item(m, NOON - m * DAY, f"day{n} ") for m in range(100)))
        feed.place.wait(hours=1)
    assert [(one.new, one.held) for one in results] == [(30, 0), (0, 30), (0, 30), (0, 30)]


@in_part
async def test_all_dates_of_a_large_document_are_read_anew(feed: Feed, publisher: Server) -> None:
    alfa = source("alfa", url=publisher.url("/alfa"), max_new=10)
    feed.place.configure(alfa)
    items = [
        f"<item><guid>n{n}</guid><title>n number {n}</title><pubDate>2026-02-03 04:05</pubDate></item>"
        for n in range(30)
    ]
    await until_nothing_waits(feed, items)
    feed.place.wait(hours=1)
    feed.place.configure(replace(alfa, timezone="America/New_York"))
    await until_nothing_waits(feed, items)
    shown = (await feed.place.feed()).entries
    assert (len(shown), {one.published for one in shown}) == (30, {"2026-02-03T09:05:00Z"})


@in_part
async def test_what_comes_while_a_large_document_is_read_is_read_too(feed: Feed, publisher: Server) -> None:
    """Of items that cannot be known again, those that are new stand before the place where reading goes on."""
    make = UNKNOWABLE["dates that lean on others"]
    feed.place.configure(source("alfa", url=publisher.url("/alfa"), max_new=100))
    await feed.bring(make(n) for n in range(250))
    feed.place.wait(hours=1)
    results = await until_nothing_waits(feed, [make(n) for n in (*range(900, 910), *range(250))])
    assert len(results) <= 5
    assert feed.place.store.totals().entries == 260
    feed.place.wait(hours=1)
    again = (await feed.place.poll("alfa"))["alfa"]
    assert (again.new, again.held) == (0, 0)


@in_part
@pytest.mark.parametrize("end", ["", "<!-- <item></item> -->"], ids=["plain", "read as a whole, in between"])
async def test_an_older_document_is_read_to_its_end(feed: Feed, publisher: Server, end: str) -> None:
    """What one poll reads at once is bounded, and what it leaves nobody else would read."""
    feed.place.configure(source("alfa", url=publisher.url("/alfa"), max_new=100))
    shared = UNKNOWABLE["a guid that many share"]
    older = "".join(shared(n) if n < 20 else item(n, NOON - n * DAY, "old") for n in range(450)) + end
    publisher.answer("/old", Answer(body=f"<rss><channel>{older}</channel></rss>".encode()))
    link = '<a:link xmlns:a="http://www.w3.org/2005/Atom" rel="prev-archive" href="/old"/>'
    await feed.bring([link, item(1, NOON)])
    result = await feed.place.pipeline.read_archives("alfa")
    assert result is not None
    assert (result.new, feed.place.store.totals().entries) == (450, 451)
    assert len(publisher.asked("/old")) == 1
    assert feed.place.store.state("alfa").archive_url is None


@in_part
async def test_what_is_left_of_a_first_document_without_dates_is_held(feed: Feed, publisher: Server) -> None:
    feed.place.configure(source("alfa", url=publisher.url("/alfa"), max_new=100))
    results = await until_nothing_waits(feed, [item(n) for n in range(250)])
    assert len(results) == 3
    assert len(await feed.shown()) <= 3 * UNDATED_SHOWN
    assert feed.held + len(await feed.shown()) == 250


@in_part
async def test_a_hijacked_domain_is_held_poll_after_poll_and_its_neighbour_stays(
    feed: Feed, publisher: Server
) -> None:
    """As many new ids as one poll reads, others each time, all dated now."""
    place = feed.place
    publisher.answer("/bravo", Answer(body=f"<rss><channel>{item(1, NOON, 'b')}</channel></rss>".encode()))
    sources = (
        source("alfa", url=publisher.url("/alfa"), max_new=100),
        source("bravo", url=publisher.url("/bravo")),
    )
    place.configure(*sources)
    await place.poll("bravo")
    await feed.bring(usual(30, NOON))
    for poll in range(3):
        place.wait(hours=1)
        result = await feed.bring(item(n, place.now, f"evil{poll}x") for n in range(300))
        assert (result.new, result.held) == (0, 100)
    place.wait(hours=1)
    assert (await place.poll("alfa"))["alfa"].held == 100  # the rest of the last document
    shown = await feed.shown()
    assert "b number 1" in shown
    assert not [title for title in shown if title.startswith("evil")]
    remarks = place.store.state("alfa").remarks
    assert remarks[0].startswith("400 entries that seem old came at once and are held back")
    assert "left for the next polls" in remarks[1]
