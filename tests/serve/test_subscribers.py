"""Who is counted as a subscriber of our feeds, over HTTP: PROTOCOL P31."""

import pickle
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

import pytest

from aggregator.model import SubscriberCount
from aggregator.serve import Subscribers
from aggregator.serve.claim import MAX_CLAIMED
from aggregator.serve.subscribers import FORGOTTEN_AFTER, READERS_PER_ADDRESS, RETURN
from tests.serve.conftest import AT, World, serving

READER = "NetNewsWire (RSS Reader; https://netnewswire.com/)"
FEEDBIN = "Feedbin feed-id:1373711 - 142 subscribers"
INOREADER = "Mozilla/5.0 (compatible; inoreader.com; {} subscribers)"
MOMENT = timedelta(seconds=1)


@pytest.fixture
def world(world: World) -> World:
    """Behind a proxy, so that one machine can be many clients."""
    world.settings = replace(world.settings, trusted_proxies=(ip_network("127.0.0.0/8"),))
    return world


async def ask(
    world: World,
    *,
    path: str = "/feed.atom",
    address: str = "192.0.2.1",
    user_agent: str | bytes = READER,
    method: str = "GET",
    **fields: str,
) -> int:
    headers: dict[str, str | bytes] = {"X-Forwarded-For": address, "User-Agent": user_agent, **fields}
    response = await world.client.request(
        method, path, headers={name.encode(): _bytes(value) for name, value in headers.items()}
    )
    return response.status_code


def _bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode()


def count(world: World) -> int:
    return world.subscribers.count(world.now)


async def test_nobody_yet(world: World) -> None:
    assert count(world) == 0


async def test_three_readers(world: World) -> None:
    for address in ("192.0.2.1", "192.0.2.2", "2001:db8::1"):
        await ask(world, address=address)
    assert count(world) == 3


async def test_a_reader_that_asks_again_is_one(world: World) -> None:
    etag = (await world.client.get("/feed.atom")).headers["etag"]
    world.now += FORGOTTEN_AFTER + MOMENT  # the question for the tag is no longer counted
    assert [await ask(world, **{"If-None-Match": etag}) for _ in range(3)] == [304] * 3
    assert count(world) == 1


async def test_a_reader_of_several_feeds_is_one(world: World) -> None:
    for path in ("/feed.atom", "/feed.rss", "/feed.json", "/feeds/politics.atom"):
        await ask(world, path=path)
    assert count(world) == 1


async def test_head_counts(world: World) -> None:
    assert await ask(world, method="HEAD") == 200
    assert count(world) == 1


async def test_two_programs_at_one_address_are_two(world: World) -> None:
    for user_agent in (READER, "newsboat/2.36.0 (Linux x86_64)"):
        await ask(world, user_agent=user_agent)
    assert count(world) == 2


async def test_an_upgrade_makes_no_new_reader(world: World) -> None:
    for version in ("2.36.0", "2.37"):
        await ask(world, user_agent=f"newsboat/{version} (Linux x86_64)")
    assert count(world) == 1


async def test_a_reader_without_a_name_counts(world: World) -> None:
    await ask(world, user_agent="")
    assert count(world) == 1


@pytest.mark.parametrize(
    "path",
    ["/", "/feeds/politics", "/opml", "/opml.xml", "/status", "/status.json", "/healthz", "/health.atom"],
)
async def test_other_documents_do_not_count(world: World, path: str) -> None:
    assert await ask(world, path=path) == 200
    assert count(world) == 0


async def test_refused_requests_do_not_count(world: World) -> None:
    assert await ask(world, path="/feeds/nope.atom") == 404
    assert await ask(world, method="POST") == 405
    assert await ask(world, **{"Accept-Encoding": "identity;q=0, *;q=0"}) == 406
    world.settings = replace(world.settings, token="secret")
    assert await ask(world) == 401
    world.settings = replace(world.settings, token=None, rate_limit=(1, timedelta(hours=1)))
    assert await ask(world, path="/") == 200
    assert await ask(world) == 429
    assert count(world) == 0


# services


async def test_a_service_is_as_many_as_it_says(world: World) -> None:
    await ask(world, user_agent=FEEDBIN)
    await ask(world)
    assert count(world) == 143


async def test_the_servers_of_a_service_do_not_add_up(world: World) -> None:
    for address in ("192.0.2.1", "192.0.2.2"):
        await ask(world, user_agent=FEEDBIN, address=address)
    assert count(world) == 142


async def test_the_newest_word_of_a_service_counts(world: World) -> None:
    for said in (10, 30, 20):
        await ask(world, user_agent=INOREADER.format(said))
    assert count(world) == 20


async def test_of_several_feeds_of_a_service_the_largest_counts(world: World) -> None:
    """The same people may read several."""
    await ask(world, user_agent=INOREADER.format(10))
    await ask(world, user_agent=INOREADER.format(30), path="/feeds/politics.atom")
    await ask(world, user_agent=INOREADER.format(20), path="/feed.rss")
    assert count(world) == 30
    for feed_id in (1, 2):
        await ask(world, user_agent=f"Feedbin feed-id:{feed_id} - {feed_id} subscribers")
    assert count(world) == 32


async def test_a_service_that_names_its_feed_may_ask_at_several_addresses(world: World) -> None:
    await ask(world, user_agent="Feedbin feed-id:1 - 10 subscribers")
    await ask(world, user_agent="Feedbin feed-id:1 - 5 subscribers", path="/feed.rss")
    assert count(world) == 5


async def test_two_services_add_up(world: World) -> None:
    for user_agent in (FEEDBIN, INOREADER.format(8)):
        await ask(world, user_agent=user_agent)
    assert count(world) == 150


async def test_our_own_kind_is_told_apart_by_contact(world: World) -> None:
    for host in ("one.example", "two.example", "two.example"):
        await ask(world, user_agent=f"aggregator/0.1.0 (+https://{host}; 5 subscribers; feed-id=x)")
    assert count(world) == 10


async def test_a_service_without_people_is_nobody(world: World) -> None:
    await ask(world, user_agent=INOREADER.format(0))
    assert count(world) == 0


@pytest.mark.parametrize(
    ("user_agent", "counted"),
    [
        ("X (999999999999999999999 subscribers)", MAX_CLAIMED),
        ("X (-5 subscribers)", 1),
        ("X (٥ subscribers)", 1),
        (b"X (\xb2 subscribers)", 1),
        ("X (" + "9" * 10_000 + " subscribers)", 1),
        ("x" * 10_000, 1),
    ],
)
async def test_hostile_user_agents(world: World, user_agent: str | bytes, counted: int) -> None:
    assert await ask(world, user_agent=user_agent) == 200
    assert count(world) == counted


# addresses


async def test_a_proxy_nobody_trusts_is_one_reader(world: World) -> None:
    world.settings = replace(world.settings, trusted_proxies=())
    for address in ("192.0.2.1", "192.0.2.2"):
        await ask(world, address=address)
    assert count(world) == 1


async def test_privacy_addresses_of_one_network_are_one_reader(world: World) -> None:
    """RFC 8981: the lower half of an IPv6 address changes daily."""
    for address in ("2001:db8:0:1::a", "2001:db8:0:1:ffff::b"):
        await ask(world, address=address)
    assert count(world) == 1
    await ask(world, address="2001:db8:0:2::a")
    assert count(world) == 2


# memory


async def test_a_silent_reader_is_forgotten(world: World) -> None:
    await ask(world)
    await ask(world, user_agent=FEEDBIN)
    world.now += FORGOTTEN_AFTER
    await ask(world, address="192.0.2.2")
    assert count(world) == 144
    world.now += MOMENT
    assert count(world) == 1


async def test_a_reader_that_keeps_asking_is_not_forgotten(world: World) -> None:
    for _ in range(3):
        await ask(world)
        await ask(world, user_agent=FEEDBIN)
        world.now += FORGOTTEN_AFTER - MOMENT
    assert count(world) == 143


async def test_readers_seen_under_a_clock_that_was_wrong_are_forgotten(world: World) -> None:
    world.now += timedelta(days=3650)
    await ask(world)
    world.now = AT
    await ask(world, address="192.0.2.2")
    assert count(world) == 1


async def restart(world: World, stack: AsyncExitStack, subscribers: Subscribers) -> None:
    world.subscribers = subscribers
    await stack.enter_async_context(serving(world))


async def test_the_longest_silent_reader_goes_first(world: World) -> None:
    async with AsyncExitStack() as stack:
        await restart(world, stack, Subscribers(lambda: world.now, max_readers=3))
        for last in (1, 2, 3):
            await ask(world, address=f"192.0.2.{last}")
        world.now += MOMENT
        await ask(world, address="192.0.2.1")
        await ask(world, address="192.0.2.4")  # the second goes: the first was heard after it
        assert count(world) == 3
        world.now += FORGOTTEN_AFTER
        assert count(world) == 2


async def test_claims_are_bounded(world: World) -> None:
    async with AsyncExitStack() as stack:
        await restart(world, stack, Subscribers(lambda: world.now, max_claims=3))
        for name in "abcde":
            await ask(world, user_agent=f"{name} (10 subscribers)")
        assert count(world) == 30


async def test_one_client_of_many_names_is_few(world: World) -> None:
    for n in range(READERS_PER_ADDRESS * 3):
        await ask(world, user_agent="x" * n)
    assert READERS_PER_ADDRESS // 2 < count(world) <= READERS_PER_ADDRESS


async def test_no_address_is_kept(world: World) -> None:
    async with AsyncExitStack() as stack:
        await restart(world, stack, Subscribers(noon))
        await ask(world, address="198.51.100.77")
        await ask(world, address="198.51.100.77", user_agent=FEEDBIN)
    kept = pickle.dumps(world.subscribers)
    assert len(kept) > 100
    for trace in (b"198.51.100.77", ip_address("198.51.100.77").packed, b"feedbin"):
        assert trace not in kept.lower()


def noon() -> datetime:
    return AT


# restarts


async def test_after_a_restart_the_earlier_count_stands_until_readers_are_back(world: World) -> None:
    await ask(world, user_agent=FEEDBIN)
    world.now += timedelta(hours=1)
    earlier = world.subscribers.snapshot()
    assert earlier == SubscriberCount(count=142, at=world.now)
    async with AsyncExitStack() as stack:
        await restart(world, stack, Subscribers(lambda: world.now, earlier))
        assert count(world) == 142
        await ask(world)
        world.now += RETURN - MOMENT
        assert count(world) == 142  # a floor, not a summand
        world.now += MOMENT
        assert count(world) == 1
        assert world.subscribers.snapshot() == SubscriberCount(count=1, at=world.now)


async def test_after_a_restart_more_readers_than_before_count_at_once(world: World) -> None:
    async with AsyncExitStack() as stack:
        await restart(world, stack, Subscribers(lambda: world.now, SubscriberCount(count=100, at=AT)))
        await ask(world, user_agent=FEEDBIN)
        assert count(world) == 142
        assert world.subscribers.snapshot() == SubscriberCount(count=142, at=AT)


def test_a_count_does_not_live_for_ever_by_restarts() -> None:
    count, at = SubscriberCount(count=100, at=AT), AT
    said = []
    for _ in range(8):
        at += RETURN / 2
        subscribers = started(at, count)
        said.append(subscribers.count(at))
        count = subscribers.snapshot()
    assert said == [100] * 6 + [0] * 2


@pytest.mark.parametrize("ahead", [timedelta(days=3650), timedelta(days=-3650)])
def test_the_earlier_count_ends_when_a_clock_that_was_wrong_is_set_right(ahead: timedelta) -> None:
    assert started(AT + ahead, SubscriberCount(count=9, at=AT)).count(AT) == 0
    assert started(AT, SubscriberCount(count=9, at=AT + ahead)).count(AT) == 0


def started(at: datetime, earlier: SubscriberCount) -> Subscribers:
    return Subscribers(lambda: at, earlier)
