"""Archives of our feeds (PROTOCOL E19): every story once, in pages that never change; on every store engine."""

import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from lxml import etree

from aggregator import parse
from aggregator.model import Absence, Document, Output, Response, Rule, Sorting
from aggregator.store.protocol import PAGE_ENTRIES, SWEEP_STORIES
from tests.archives import NAMES, URL, Newsroom, ids, link, numbered, story

# ARCHIVE_WALK=50000 walks a large store, prints what it costs, and takes minutes (pytest -n0 -s).
WALKED = int(os.environ.get("ARCHIVE_WALK", "1500"))
DAY = timedelta(days=1)


@pytest.fixture(params=["sqlite", "memory"])
def room(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Newsroom]:
    made = Newsroom(request.param, tmp_path)
    yield made
    made.store.close()


def politics(*sources: str, limit: int = 5) -> Output:
    return Output(name="feeds/politics", title="Politics", sources=sources, limit=limit)


@pytest.mark.timeout(900)
def test_e19_a_walk_meets_every_story_once_and_old_pages_never_change(tmp_path: Path) -> None:
    room = Newsroom("sqlite", tmp_path, limit=500)
    room.outputs = (politics("alfa", limit=50),)
    further = WALKED // 5
    began = time.perf_counter()
    room.tell_many(range(WALKED))
    stored = time.perf_counter()
    room.publish_all()
    filed = time.perf_counter()
    met, pages = room.walk()
    assert sorted(numbered(met)) == list(range(WALKED))
    print(f"\n{WALKED} entries: stored {stored - began:.1f} s, filed twice {filed - stored:.1f} s,")  # noqa: T201 - seen with -s
    print(f"walked {len(pages)} pages in {time.perf_counter() - filed:.1f} s")  # noqa: T201 - seen with -s
    room.tell_many(range(WALKED, WALKED + further), "bravo")
    room.publish_all()
    room.restart()
    room.title = "Another title"
    room.publish_all()
    met, later = room.walk()
    assert sorted(numbered(met)) == list(range(WALKED + further))
    whole = {address: body for address, body in pages.items() if f"/{PAGE_ENTRIES}-" in address}
    assert len(whole) == (WALKED - 500) // PAGE_ENTRIES
    assert {address: later[address] for address in whole} == whole
    assert {address: bytes_of(room, address) for address in pages} == pages  # partial ones, too
    print(f"{len(pages)} pages equal after {further} more entries, a restart and another title")  # noqa: T201 - seen with -s
    assert sorted(numbered(room.walk("feeds/politics")[0])) == list(range(WALKED))
    room.store.close()


def bytes_of(room: Newsroom, address: str) -> bytes:
    found = room.page(address)
    assert isinstance(found, Document)
    return found.body


def test_e19_a_page_says_what_it_is(room: Newsroom) -> None:
    room.tell_many(range(10 + PAGE_ENTRIES + 7))
    room.publish()
    current = room.read()
    newest = link(current, "prev-archive")
    assert newest == f"{URL}/archive/{room.path('feed/1/7')}"
    whole = f"{URL}/archive/{room.path('feed/0/100')}"
    page = etree.fromstring(bytes_of(room, newest))
    assert page.find("fh:archive", NAMES) is not None
    assert current.find("fh:archive", NAMES) is None
    assert page.findtext("a:id", namespaces=NAMES) == f"{URL}/feed.atom"
    assert page.findtext("a:title", namespaces=NAMES) == "Everything"
    assert {one.get("rel"): one.get("href") for one in page.findall("a:link", NAMES)} == {
        "self": newest,
        "current": f"{URL}/feed.atom",
        "alternate": f"{URL}/",
        "prev-archive": whole,
    }
    assert numbered(ids(page)) == list(range(106, 99, -1))
    assert page.findtext("a:updated", namespaces=NAMES) == page.findtext(
        "a:entry/a:updated", namespaces=NAMES
    )
    first = etree.fromstring(bytes_of(room, whole))
    assert link(first, "prev-archive") is None


def test_an_entry_is_archived_as_it_was_shown(room: Newsroom) -> None:
    room.limit = 1
    room.tell(story(1, title="А&Б", content="<p>Text <b>1</b></p>"))
    room.publish()
    (shown,) = room.read().findall("a:entry", NAMES)
    room.tell(story(2))
    room.publish()
    (address,) = room.walk()[1]
    (archived,) = etree.fromstring(bytes_of(room, address)).findall("a:entry", NAMES)
    same = [etree.tostring(one, method="c14n", exclusive=True) for one in (archived, shown)]
    assert same[0] == same[1]


def test_our_own_reader_walks_it(room: Newsroom) -> None:
    room.tell_many(range(30))
    room.publish()
    body = (room.public / "feed.atom").read_bytes()
    parsed = parse.parse(Response(status=200, url=f"{URL}/feed.atom", body=body))
    assert parsed.archive_url == f"{URL}/archive/{room.path('feed/0/20')}"


@pytest.mark.parametrize(
    "address",
    [
        "feed/0/8-{digits}.atom",  # more than there are
        "feed/0/6-{digits}.atom",
        "feed/0/0-{digits}.atom",
        "feed/1/1-{digits}.atom",
        "feed/00/7-{digits}.atom",
        "feed/0/101-{digits}.atom",
        "feed/0/7-{digits}.rss",
        "feeds/other/0/7-{digits}.atom",
        "../feed/0/7-{digits}.atom",
        "feed/0/7-{digits}.atom/",
        "feed/0/7-{digits}0.atom",
        "feed/0/7-{digits}/.atom",
        "feed/0/7-000000000000.atom",
        "feed/0/7-.atom",
        "feed/0/7.atom",
        "",
    ],
)
def test_no_other_address_is_a_page(room: Newsroom, address: str) -> None:
    room.tell_many(range(17))
    room.publish()
    path = room.path("feed/0/7")
    digits = path.removeprefix("feed/0/7-").removesuffix(".atom")
    assert isinstance(room.page(path), Document)
    assert room.page(address.format(digits=digits)) is Absence.NEVER


def test_e19_whatever_becomes_of_stories_each_is_met_once(room: Newsroom) -> None:
    room.outputs = (politics("alfa"),)
    told = [story(number) for number in range(40)]
    room.tell(*told)
    room.publish()
    _, pages = room.walk()
    room.join(told[3], told[4])  # both archived
    room.join(told[5], told[39])  # archived, shown
    room.join(told[38], told[6])  # shown, archived
    room.revise(told[7], title="Revised")
    room.revise(told[37], published_at=told[0].entry.published_at)  # falls out of the feed by its date
    room.revise(told[8], published_at=told[39].entry.published_at)  # archived, and new by its date
    room.withdraw(told[9], told[36])
    room.tell_many(range(40, 43), "bravo")
    room.publish()
    room.split(told[39], told[5])  # what was joined, archived before
    room.store.prune(before=room.now - DAY, keep_per_source=20, texts_before=room.now - DAY)
    room.publish_all()
    # In the small feed 37 was still shown when retention let its text go.
    for name, gone in (("feed", {38, 36}), ("feeds/politics", {36, 37, 38, 40, 41, 42})):
        assert sorted(numbered(room.walk(name)[0])) == sorted(set(range(43)) - gone)
    assert {address: bytes_of(room, address) for address in pages} == pages


def test_a_story_of_two_sources_is_archived_in_the_feeds_of_each(room: Newsroom) -> None:
    """A source that joins a story brings it into its own feeds, however old the story is."""
    room.outputs = (politics("bravo", limit=2),)
    room.tell_many(range(20))
    room.publish()
    assert room.walk("feeds/politics")[0] == []
    first = story(0)
    other = story(100, "bravo")
    room.tell(replace(other, story_id=first.story_id))
    room.publish()
    assert room.shown("feeds/politics") == [first.story_id]
    room.tell(story(101, "bravo"), story(102, "bravo"))
    room.publish()
    assert room.shown("feeds/politics") == [story(n, "bravo").story_id for n in (102, 101)]
    assert numbered(room.walk("feeds/politics")[0]) == [102, 101, 0]
    assert sorted(numbered(room.walk()[0])) == [*range(20), 101, 102]


def test_a_raised_limit_fills_up_with_new_stories(room: Newsroom) -> None:
    room.tell_many(range(20))
    room.publish()
    room.limit = 12
    room.publish()
    assert numbered(room.shown()) == list(range(19, 9, -1))
    room.tell_many(range(20, 25))
    room.publish()
    assert numbered(room.shown()) == list(range(24, 12, -1))
    room.limit = 3
    room.publish()
    assert numbered(room.shown()) == [24, 23, 22]
    assert sorted(numbered(room.walk()[0])) == list(range(25))


def test_a_new_feed_over_a_large_store_is_full_at_once_and_filed_in_steps(room: Newsroom) -> None:
    count = 2 * SWEEP_STORIES + 300
    room.tell_many(range(count))
    room.publish_all()
    room.outputs = (politics("alfa"),)
    room.publish()
    assert numbered(room.shown("feeds/politics")) == list(range(count - 1, count - 6, -1))
    assert len(room.walk("feeds/politics")[0]) < count
    room.tell_many(range(count, count + 3))
    room.publish_all()
    assert sorted(numbered(room.walk("feeds/politics")[0])) == list(range(count + 3))


def test_sources_come_and_go(room: Newsroom) -> None:
    room.outputs = (politics("alfa"),)
    room.tell_many(range(20))
    room.tell_many(range(20, 40), "bravo")
    room.publish()
    room.outputs = (politics("alfa", "bravo"),)
    room.publish_all()
    met = room.walk("feeds/politics")[0]
    assert numbered(met)[:5] == [39, 38, 37, 36, 35]
    assert sorted(numbered(met)) == list(range(40))
    room.sources = ("alfa",)
    room.configure()
    room.publish_all()
    assert room.shown() == []  # what alfa tells is archived: it is not shown twice
    assert sorted(numbered(room.walk()[0])) == list(range(30))  # archives do not change
    room.sources = ("alfa", "bravo")
    room.configure()
    room.publish_all()
    assert numbered(room.shown()) == list(range(39, 29, -1))
    assert sorted(numbered(room.walk()[0])) == list(range(40))


def test_a_feed_that_left_and_came_back_goes_on(room: Newsroom) -> None:
    room.outputs = (politics("alfa"),)
    room.tell_many(range(20))
    room.publish()
    newest = room.path("feeds/politics/0/15")
    room.outputs = ()
    room.publish()
    assert isinstance(room.page(newest), Document)  # whoever knows it may still read it
    room.tell_many(range(20, 30))
    room.publish()
    room.outputs = (politics("alfa"),)
    room.publish_all()
    assert sorted(numbered(room.walk("feeds/politics")[0])) == list(range(30))


def test_what_is_not_settled_when_feeds_are_made_is_shown_next_time(room: Newsroom) -> None:
    room.publish()
    room.tell(story(1))
    assert room.store.enrol(room.plant.outputs) == frozenset()
    room.publish()
    assert numbered(room.shown()) == [1]


def test_e19_pages_are_dropped_with_what_retention_lets_go(room: Newsroom) -> None:
    room.tell_many(range(10 + 2 * PAGE_ENTRIES + 5))
    room.publish()
    dropped = [room.path(page) for page in ("feed/0/100", "feed/1/100", "feed/2/5")]
    room.now += 40 * DAY
    room.tell_many(range(1000, 1000 + PAGE_ENTRIES))
    room.publish()
    room.store.prune(before=room.now - 30 * DAY, keep_per_source=10**6, texts_before=room.now - DAY)
    room.publish()
    assert [room.page(path) for path in dropped[:2]] == [Absence.DROPPED, Absence.DROPPED]
    assert isinstance(room.page(dropped[2]), Document)
    # Page 2 began then and was finished today.
    whole = room.path("feed/2/100")
    assert len(bytes_of(room, whole)) > 1000
    assert not (room.public / "archive/feed/1").exists()
    assert (room.public / "archive" / whole).exists()
    met, _ = room.walk()
    assert len(met) == len(set(met)) == 10 + 5 + PAGE_ENTRIES - 10 + 10
    # The representative is forgotten, and somebody else tells the story again: it is not shown twice.
    again = story(2000, "bravo")
    room.tell(replace(again, story_id=story(0).story_id))
    room.publish()
    assert story(0).story_id not in room.shown()


def test_bytes_that_another_feed_still_has_stay(room: Newsroom) -> None:
    room.limit = 1
    room.tell_many(range(PAGE_ENTRIES + 1))
    room.publish()
    path = room.path("feed/0/100")
    room.now += 40 * DAY
    room.outputs = (politics("alfa", limit=1),)
    room.publish_all()
    room.store.prune(before=room.now - 30 * DAY, keep_per_source=10**6, texts_before=room.now - DAY)
    assert room.page(path) is Absence.DROPPED
    assert len(ids(etree.fromstring(bytes_of(room, room.path("feeds/politics/0/100"))))) == PAGE_ENTRIES


def test_pages_lie_in_public_for_other_web_servers(room: Newsroom) -> None:
    room.outputs = (politics("alfa"),)
    room.tell_many(range(10 + PAGE_ENTRIES + 7))
    room.publish()

    def lying() -> list[str]:
        return sorted(str(path.relative_to(room.public)) for path in room.public.glob("archive/**/*.*"))

    whole = [f"archive/{room.path(page)}" for page in ("feed/0/100", "feeds/politics/0/100")]
    parts = [f"archive/{room.path(page)}" for page in ("feed/1/7", "feeds/politics/1/12")]
    assert lying() == sorted([*whole, *parts])
    written = {path: (room.public / path).stat().st_ino for path in whole}
    for path in lying():
        assert (room.public / path).read_bytes() == bytes_of(room, path.removeprefix("archive/"))
    room.tell_many([1000])
    room.publish()
    room.restart()
    room.tell_many([1001])
    room.publish()  # the address before the newest may have been told a moment ago, by this process
    before = room.path("feed/1/9")
    room.tell_many([1002])
    room.publish()
    now = [f"archive/{path}" for path in (room.path("feed/1/10"), before)]
    assert [path for path in lying() if path.startswith("archive/feed/1/")] == now
    assert {path: (room.public / path).stat().st_ino for path in whole} == written
    room.public_url = "https://other.example"
    room.publish()
    assert f"https://other.example/{whole[0]}".encode() in (room.public / whole[0]).read_bytes()


def test_pages_are_written_again_when_the_directory_was_emptied(room: Newsroom) -> None:
    room.tell_many(range(10 + PAGE_ENTRIES + 7))
    room.publish()
    file = room.public / "archive" / room.path("feed/0/100")
    file.unlink()
    room.restart()
    room.publish()
    assert file.exists()


def test_e19_outputs_with_rules_caps_and_another_order_lose_nothing(room: Newsroom) -> None:
    """What the rules refuse is in neither; what a cap leaves out is in the archive."""
    drop = Rule(action="drop", patterns=(("title", "Title 1[0-9]$"),))
    ruled = replace(politics("alfa"), rules=(drop,))
    capped = Output(name="feeds/capped", title="Capped", limit=4, per_source=1, sorting=Sorting.SEEN)
    room.outputs = (ruled, capped)
    room.tell_many(range(30))
    room.publish_all()
    room.now += DAY
    room.tell_many(range(30, 32), "bravo")
    room.publish_all()
    wanted = [*range(10), *range(20, 30)]
    assert sorted(numbered(room.walk("feeds/politics")[0])) == wanted
    assert numbered(room.shown("feeds/capped")) == [31, 29]
    assert sorted(numbered(room.walk("feeds/capped")[0])) == list(range(32))
    room.outputs = (politics("alfa"), capped)
    room.publish_all()
    assert sorted(numbered(room.walk("feeds/politics")[0])) == list(range(30))


def test_pages_of_a_feed_with_a_token_of_its_own_lie_in_no_public_file(room: Newsroom) -> None:
    room.outputs = (replace(politics("alfa"), tokens=("secret",)),)
    room.tell_many(range(30))
    room.publish()
    assert isinstance(room.page(room.path("feeds/politics/0/25")), Document)
    assert not (room.public / "archive/feeds").exists()


def test_the_archive_of_a_feed_that_asks_for_a_token(room: Newsroom) -> None:
    """Its pages are no files, and leave with it: whoever knows their addresses has no token to show any more."""
    room.outputs = (politics("alfa"),)
    room.tell_many(range(250))
    room.publish_all()
    files = room.public / "archive" / "feeds" / "politics"
    pages = room.walk("feeds/politics")[1]
    assert len([*files.rglob("*.atom")]) == len(pages) == 3
    closed = replace(room.outputs[0], tokens=("secret",))
    room.outputs = (closed,)
    room.publish_all()
    assert not files.exists()
    assert {address: bytes_of(room, address) for address in pages} == pages
    room.outputs = (replace(closed, name="feeds/renamed"),)
    room.publish_all()
    room.restart()
    room.publish_all()
    assert {room.page(address) for address in pages} == {Absence.NEVER}
    room.outputs = (politics("alfa"),)  # open again, as before
    room.publish_all()
    assert {address: bytes_of(room, address) for address in pages} == pages
    assert len([*files.rglob("*.atom")]) == 3


def test_files_of_a_feed_that_left_go_with_their_pages(room: Newsroom) -> None:
    room.outputs = (politics("alfa"),)
    room.tell_many(range(250))
    room.publish_all()
    room.outputs = ()
    room.publish_all()
    files = room.public / "archive" / "feeds" / "politics"
    assert (files / "0").exists()
    room.store.prune(before=room.now + DAY, keep_per_source=10**6, texts_before=room.now - DAY)
    room.publish_all()
    assert {one.name for one in files.iterdir()} == {"2"}


def test_an_address_that_was_told_names_nothing_else_after_a_backup_is_restored(tmp_path: Path) -> None:
    """What is filed after it makes pages of the same numbers with other entries: they have other addresses."""
    room = Newsroom("sqlite", tmp_path)
    room.tell_many(range(10 + 2 * PAGE_ENTRIES - 20))
    room.publish_all()
    _, common = room.walk()
    room.store.close()
    shutil.copy(tmp_path / "aggregator.sqlite", tmp_path / "backup")
    room.restart()
    room.tell_many(range(500, 700))
    room.publish_all()
    _, lost = room.walk()
    room.store.close()
    shutil.copy(tmp_path / "backup", tmp_path / "aggregator.sqlite")
    room.restart()
    assert {address: bytes_of(room, address) for address in common} == common
    room.now += DAY
    room.tell_many(range(550, 900), "bravo")
    room.publish_all()
    met, pages = room.walk()
    assert len(met) == len(set(met)) == 190 + 350
    told = common | lost
    assert {address: body for address, body in pages.items() if told.get(address, body) != body} == {}
    served = {address: room.page(address) for address in told}
    again = {address: page.body for address, page in served.items() if isinstance(page, Document)}
    assert again == {address: told[address] for address in again}
    assert common.items() <= again.items()
    # Whoever was on the way to a whole page finds its file.
    for address, body in pages.items() | (lost.items() - again.items()):
        path = room.public / address.removeprefix(f"{URL}/")
        assert path.exists() or len(ids(etree.fromstring(body))) != PAGE_ENTRIES
        assert not path.exists() or path.read_bytes() == body


def test_pages_from_before_addresses_named_their_entries_keep_theirs(tmp_path: Path) -> None:
    """A store of an earlier version: whatever it has told stays, and what comes now leads to it."""
    room = Newsroom("sqlite", tmp_path)
    room.tell_many(range(10 + PAGE_ENTRIES + 7))
    room.publish_all()
    room.store.close()
    with closing(sqlite3.connect(tmp_path / "aggregator.sqlite")) as connection, connection:
        connection.execute("DELETE FROM notes WHERE name IN ('plain archives', 'archive files')")
    shutil.rmtree(room.public)
    room.restart()
    plain = [f"{URL}/archive/feed/0/100.atom", f"{URL}/archive/feed/1/7.atom"]
    told = {address: bytes_of(room, address) for address in plain}  # before anything is published
    assert bytes_of(room, "feed/1/6.atom") not in told.values()  # the newest page, some time ago
    room.publish_all()
    assert room.walk()[1] == told
    room.tell_many(range(1000, 1000 + PAGE_ENTRIES))
    room.publish_all()
    room.restart()
    met, pages = room.walk()
    assert len(met) == len(set(met)) == 217
    assert [address in told for address in pages] == [False, False, True]
    assert {address: bytes_of(room, address) for address in told} == told
    assert b"archive/feed/0/100.atom" in pages[[*pages][1]]
    for number in (8, 100):
        assert room.page(f"feed/1/{number}.atom") is Absence.NEVER
    assert room.page("feed/2/7.atom") is Absence.NEVER
    room.store.close()
