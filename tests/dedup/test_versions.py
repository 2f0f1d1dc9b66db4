"""Edits as polls meet them: what a reader is shown, and what is kept; on every store engine."""

from collections.abc import Callable, Sequence

import pytest

from aggregator.model import Order, Output, Source
from aggregator.pipeline.overruling import carry_out
from tests.fetch.server import Answer, Server
from tests.protocol.markup import atom
from tests.test_pipeline import DATE, TEXT, item, rss
from tests.world import World


@pytest.fixture
def alfa(world: World, publisher: Server) -> Source:
    source = Source(id="alfa", url=publisher.url("/alfa"))
    world.configure(source)
    return source


def told(text: str, **more: str) -> str:
    return item("1", **{"title": "Council's budget", "date": DATE, "text": text} | more)


async def visits(world: World, publisher: Server, *documents: bytes) -> list[bytes]:
    """Poll once an hour; return the feed as it was after each poll."""
    publisher.answer("/alfa", *(Answer(body=document) for document in documents))
    published = []
    for _ in documents:
        await world.poll()
        await world.feed()
        published.append((world.directory / "feed.atom").read_bytes())
        world.wait(hours=1)
    return published


def kept(world: World) -> list[tuple[str, bool]]:
    (story,) = world.store.latest(9)
    versions = world.store.revisions(story.story_id)
    return [(version.entry.content, version.is_shown) for version in versions]


async def test_e07_trivial_edits_change_no_byte_and_are_kept(
    world: World, publisher: Server, alfa: Source
) -> None:
    texts = (f"{TEXT} 12 comments", f"{TEXT} 13 comments", f"{TEXT}  14 comments", f"{TEXT} 14 comments")
    documents = [
        *(rss(told(text)) for text in texts),
        rss(told(texts[0], title="Council’s budget", link="")),
        rss(told(texts[0]), item("2", date="Sun, 01 Mar 2026 09:00:00 GMT")),
    ]
    *same, more = await visits(world, publisher, *documents)
    assert len(set(same)) == 1
    assert more.count(b"<entry") == 2
    assert b"12 comments" in more
    versions = world.store.revisions(
        next(s.story_id for s in world.store.latest(9) if s.entries[0].entry.guid == "1")
    )
    assert [version.is_shown for version in versions] == [True, False, False, False]


async def test_e07_a_real_edit_is_shown_once_with_all_that_is_new(
    world: World, publisher: Server, alfa: Source
) -> None:
    real = TEXT.replace("harbour", "port")
    documents = [
        rss(told(f"{TEXT} 12 comments")),
        rss(told(f"{TEXT} 13 comments")),
        rss(told(f"{real} 14 comments")),
        rss(told(f"{real} 15 comments")),
    ]
    first, same, edited, again = await visits(world, publisher, *documents)
    assert first == same != edited == again
    assert b"14 comments" in edited
    assert b"<updated>2026-03-01T14:00:00Z</updated>" in edited
    assert kept(world) == [
        (f"{TEXT} 12 comments", True),
        (f"{TEXT} 13 comments", False),
        (f"{real} 14 comments", True),
        (f"{real} 15 comments", False),
    ]


async def test_trivial_edits_do_not_add_up_to_another_text(
    world: World, publisher: Server, alfa: Source
) -> None:
    """What is compared is what is shown, never the edit before."""
    texts = ("He told “us” a - b", 'He told "us" a – b', "He told us a – b", "He told US a – b")
    published = await visits(world, publisher, *(rss(told(text)) for text in texts))
    assert published[0] == published[1]
    assert len(set(published)) == 3


async def test_an_edit_that_is_taken_back_is_two(world: World, publisher: Server, alfa: Source) -> None:
    other = TEXT.replace("harbour", "port")
    published = await visits(world, publisher, *(rss(told(text)) for text in (TEXT, other, TEXT)))
    assert len(set(published)) == 3
    assert kept(world) == [(TEXT, True), (other, True), (TEXT, True)]


async def test_a_footer_that_changes_in_every_entry_edits_none(
    world: World, publisher: Server, alfa: Source
) -> None:
    def document(footer: str, *more: int) -> bytes:
        words = ("budget", "school", "harbour", "tram", "museum", "bridge", "library", "stadium")
        return rss(
            *(
                item(
                    str(n),
                    title=f"News of the {words[n]}",
                    text=f"The {words[n]} opens at {n}.&lt;p&gt;{footer}&lt;/p&gt;",
                )
                for n in (*range(7), *more)
            )
        )

    first, second = await visits(
        world,
        publisher,
        document("Subscribe to our podcast about the sea and the wind"),
        document("Come to our summer festival in the park this week"),
    )
    assert first == second
    assert b"podcast" in second


# --- which entry of a story is shown

WHOLE = f"{TEXT} The mayor thanked everyone, and the opposition announced a petition against the new harbour fees."
LATER = WHOLE.replace("a long debate", "a short debate").replace("announced", "dropped")


async def test_the_whole_text_takes_the_place_of_a_teaser_and_the_next_is_shown_when_it_goes(
    world: World, publisher: Server
) -> None:
    for name, text in (("alfa", f"{TEXT[:60]}…"), ("bravo", WHOLE), ("charlie", TEXT)):
        told_by = told(text, link="https://p.example/a")
        publisher.answer(f"/{name}", Answer(body=rss(told_by, title=name.title())))
    alfa, bravo, charlie = (
        Source(id=name, url=publisher.url(f"/{name}")) for name in ("alfa", "bravo", "charlie")
    )
    world.configure(alfa)
    await world.poll()
    (teaser,) = (await world.feed()).entries
    world.wait(hours=1)
    world.configure(alfa, bravo)
    await world.poll("bravo")
    (whole,) = (await world.feed()).entries
    assert (whole.id, whole.published) == (teaser.id, teaser.published)
    assert (teaser.updated, whole.updated) == ("2026-03-01T10:00:00Z", "2026-03-01T13:00:00Z")
    assert "petition" in whole.summary + whole.get("content", [{"value": ""}])[0]["value"]
    assert (whole.source.title, [link.title for link in whole.links if link.rel == "via"]) == (
        "Bravo",
        ["Alfa"],
    )
    world.wait(hours=1)
    world.configure(alfa, bravo, charlie)
    await world.poll("charlie")
    (more,) = (await world.feed()).entries
    assert (more.updated, more.source.title) == (whole.updated, "Bravo")
    world.configure(charlie)
    (left,) = (await world.feed()).entries
    assert (left.id, left.published, left.source.title) == (teaser.id, teaser.published, "Charlie")
    assert left.updated > whole.updated


async def test_a_later_version_under_another_guid_is_shown_once(
    world: World, publisher: Server, alfa: Source
) -> None:
    first = told(WHOLE, link="https://p.example/a")
    later = item(
        "2",
        title="Council's budget",
        text=LATER,
        link="https://p.example/a",
        date="Sun, 01 Mar 2026 12:30:00 GMT",
    )
    before, after, again = await visits(world, publisher, rss(first), rss(first, later), rss(later, first))
    assert (before.count(b"<entry"), after.count(b"<entry")) == (1, 1)
    assert b"dropped" in after
    assert b"announced" not in after
    assert b"<published>2026-03-01T10:00:00Z</published>" in after
    assert b"<updated>2026-03-01T13:00:00Z</updated>" in after
    assert after == again
    assert before.split(b"<id>")[2].split(b"</id>")[0] == after.split(b"<id>")[2].split(b"</id>")[0]
    (story,) = world.store.latest(9)
    assert [len(world.store.revisions(stored.entry_id)) for stored in story.entries] == [1, 1]


async def test_the_newest_version_is_shown_whoever_answered_first(world: World, publisher: Server) -> None:
    early = told(WHOLE, link="https://p.example/a")
    late = told(LATER, link="https://p.example/a", date="Sun, 01 Mar 2026 11:30:00 GMT")
    for name, document in (("alfa", late), ("bravo", early)):
        publisher.answer(f"/{name}", Answer(body=rss(document)))
    world.configure(*(Source(id=name, url=publisher.url(f"/{name}")) for name in ("alfa", "bravo")))
    await world.poll("alfa", "bravo")  # the later text comes first
    (entry,) = (await world.feed()).entries
    assert (entry.published, "dropped" in entry.summary) == ("2026-03-01T10:00:00Z", True)
    (story,) = world.store.latest(9)
    assert [(one.entry.source_id, one.is_version) for one in story.entries] == [
        ("bravo", False),
        ("alfa", True),
    ]


# --- `updated` never goes back


def page(text: str) -> str:
    return item("urn:news:1", title="Council's budget", text=text, date=DATE, link="https://p.example/a")


BURIED = '<at:deleted-entry ref="urn:news:1" when="2026-03-01T13:30:00Z"/>'


def leaves_by_tombstone(world: World, publisher: Server, sources: Sequence[Source]) -> None:
    publisher.answer("/bravo", Answer(body=atom(BURIED, title="Bravo")))


def leaves_by_an_edit(world: World, publisher: Server, sources: Sequence[Source]) -> None:
    publisher.answer("/bravo", Answer(body=rss(page(TEXT[:70]), title="Bravo")))


def leaves_with_its_source(world: World, publisher: Server, sources: Sequence[Source]) -> None:
    world.configure(sources[0])


def leaves_by_split(world: World, publisher: Server, sources: Sequence[Source]) -> None:
    (story,) = world.store.latest(9)
    (bravo,) = (one.entry_id for one in story.entries if one.entry.source_id == "bravo")
    assert carry_out(Order(verb="split", names=(bravo,)), world.store, now=world.now).done


@pytest.mark.parametrize(
    "leave", [leaves_by_tombstone, leaves_by_an_edit, leaves_with_its_source, leaves_by_split]
)
async def test_updated_moves_on_when_a_text_is_shown_again(
    world: World, publisher: Server, leave: Callable[[World, Server, Sequence[Source]], None]
) -> None:
    """Whoever had taken over what is shown leaves it again, in whatever way; the feed of alfa alone never changes."""
    for name, text in (("alfa", f"{TEXT[:60]}…"), ("bravo", WHOLE)):
        publisher.answer(f"/{name}", Answer(body=rss(page(text), title=name.title())))
    sources = [Source(id=name, url=publisher.url(f"/{name}")) for name in ("alfa", "bravo")]
    own = Output(name="feeds/own", title="Own", sources=("alfa",), limit=9)
    world.configure(*sources, outputs=[own])
    await world.poll("alfa")
    before = (await world.feed()).entries
    world.wait(hours=1)
    await world.poll("bravo")
    (whole,) = (await world.feed()).entries
    assert "petition" in whole.summary
    world.wait(hours=1)
    leave(world, publisher, sources)
    for source_id in world.pipeline.plant.sources:
        await world.poll(source_id)
    (again,) = [one for one in (await world.feed()).entries if one.id == whole.id]
    assert (again.id, again.published) == (whole.id, whole.published)
    assert "petition" not in again.summary
    assert [one.updated for one in (*before, whole, again)] == [
        "2026-03-01T10:00:00Z",
        "2026-03-01T13:00:00Z",
        "2026-03-01T14:00:00Z",
    ]
    published = (world.directory / "feed.atom").read_bytes()
    world.wait(hours=1)
    await world.feed()
    assert (world.directory / "feed.atom").read_bytes() == published
    if leave is not leaves_with_its_source:  # which took that feed with it
        (alone,) = (await world.feed("feeds/own.atom")).entries
        assert alone.updated == "2026-03-01T10:00:00Z"
