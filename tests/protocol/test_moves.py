"""P18 and P20: when a source has moved, and when it only seems so."""

from aggregator.model import Source
from tests.fetch.server import Answer, Server, redirect
from tests.protocol.documents import CAPTCHA, MOVING, feed, sent, tagged, versioned
from tests.protocol.watching import HOSTS
from tests.world import World

OVER_HTTP = 5  # sightings before a permanent redirect is remembered
PERMANENT = (301, 308)
NOTHING = (None, None)
NO_FEEDS = {
    "captcha": Answer(body=CAPTCHA),
    "empty": Answer(),
    "404": Answer(status=404),
    "500": Answer(status=500),
    "204": Answer(status=204),
    "304": Answer(status=304),
    "json": Answer(body=b'{"moved": true}'),
}


async def test_p20_what_is_no_feed_is_not_adopted(world: World, publisher: Server) -> None:
    """The domain is sold, and everything at it leads to the new owner's front page."""
    names = [f"{status}-{kind}" for status in PERMANENT for kind in NO_FEEDS]
    for name in names:
        status, _, kind = name.partition("-")
        publisher.answer(f"/{name}", feed(name), redirect(f"/sold/{name}", int(status)))
        publisher.answer(f"/sold/{name}", NO_FEEDS[kind])
    world.configure(*(Source(id=name, url=publisher.url(f"/{name}")) for name in names))

    async def polls(count: int) -> None:
        for _ in range(count):
            await world.poll()
            world.wait(days=2)

    def asked(prefix: str) -> set[int]:
        return {len(publisher.asked(prefix + name)) for name in names}

    await polls(2 * OVER_HTTP)
    assert (asked("/"), asked("/sold/")) == ({2 * OVER_HTTP}, {2 * OVER_HTTP - 1})
    for name in names:  # they do become feeds: only now is anything seen there at all
        publisher.answer(f"/sold/{name}", feed(name, f"more of {name}"))
    await polls(OVER_HTTP + 2)
    assert asked("/") == {3 * OVER_HTTP}
    assert len((await world.feed()).entries) == 2 * len(names)


async def test_p20_an_address_that_ceases_to_be_a_feed_is_given_up(world: World, publisher: Server) -> None:
    publisher.answer("/a", redirect("/new", 301))
    publisher.answer("/new", feed("1", headers=tagged('"new"')))
    world.configure(Source(id="a", url=publisher.url("/a")))
    for _ in range(OVER_HTTP + 1):
        await world.poll()
        world.wait(days=2)
    assert len(publisher.asked("/a")) == OVER_HTTP
    publisher.answer("/a", feed("1", "2"))
    publisher.answer("/new", Answer(body=CAPTCHA))
    for _ in range(4):
        await world.poll()
        world.wait(days=2)
    assert len(publisher.asked("/a")) == OVER_HTTP + 1
    assert sent(publisher.asked("/a")[-1]) == NOTHING  # the other address's validators mean nothing here
    assert {entry.title for entry in (await world.feed()).entries} == {"News 1", "News 2"}


async def test_p18_ids_do_not_change(world: World, publisher: Server) -> None:
    publisher.answer("/a", MOVING, redirect(publisher.url("/z", HOSTS[1]), 301))
    publisher.answer("/z", MOVING)
    world.configure(Source(id="a", url=publisher.url("/a")))
    shown = []
    for _ in range(OVER_HTTP + 3):
        await world.poll()
        world.wait(days=1)
        shown.append({entry.title: entry.id for entry in (await world.feed()).entries})
    assert len(publisher.asked("/a")) == OVER_HTTP + 1
    assert shown == [shown[0]] * len(shown)
    assert len(shown[0]) == 3


async def test_p18_the_operators_word_wins(world: World, publisher: Server) -> None:
    publisher.answer("/a", redirect("/new", 301))
    publisher.answer("/new", versioned)
    publisher.answer("/chosen", feed("chosen"))
    world.configure(Source(id="a", url=publisher.url("/a")))
    for _ in range(OVER_HTTP):
        await world.poll()
        world.wait(days=1)
    world.configure(Source(id="a", url=publisher.url("/new")))  # written down where it has moved to
    await world.poll()
    assert sent(publisher.asked("/new")[-1]) == ('"1"', None)
    world.configure(Source(id="a", url=publisher.url("/chosen")))
    await world.poll()
    assert sent(publisher.asked("/chosen")[0]) == NOTHING
    assert len(publisher.asked("/new")) == OVER_HTTP + 1
