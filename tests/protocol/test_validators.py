"""P1 to P7, P10 and P35: what a request repeats of the answers before it, and what it never says."""

from collections.abc import Iterator, Sequence

import pytest

from aggregator.model import Source
from tests.fetch.server import Answer, Asked, Say, Server, packed
from tests.protocol.documents import CAPTCHA, feed, rss, sent, tagged
from tests.protocol.watching import EVERY_SECOND, Watch, view, watch
from tests.running import eventually
from tests.world import World

E1, L1 = '"one"', "Sun, 01 Mar 2026 10:00:00 GMT"
E2, L2 = 'W/"two"', "Sunday, 01-Mar-26 11:00:00 GMT"
E9, L9 = '"bait"', "Sun, 01 Mar 2099 10:00:00 GMT"
BOTH = tagged(E1, L1)
BAIT = tagged(E9, L9)
SAME = Answer(status=304)
NOTHING = (None, None)

PLAIN = frozenset({"host", "accept", "accept-encoding", "user-agent"})
CONDITIONAL = frozenset({"if-none-match", "if-modified-since"})

ETAGS = (
    '"plain"',
    'W/"weak"',
    'w/"weak in lower case"',
    'W/"a,b", "c"',
    "no-quotes",
    "W/no-quotes",
    '""',
    "*",
    '"half',
    '"a"b"',
    "'single'",
    '"back\\slash\\""',
    '"with  two spaces and\ta tab"',
    '"-gzip"',
    '"Grüße ✓"',
    '"' + "x" * 4000 + '"',
    "0",
)
DATES = (
    "Sun, 06 Nov 1994 08:49:37 GMT",
    "Sunday, 06-Nov-94 08:49:37 GMT",
    "Sun Nov  6 08:49:37 1994",
    "sun, 6 nov 1994 8:49:37 gmt",
    "Sun, 06 Nov 1994 08:49:37 +0200",
    "Mon, 06 Nov 1994 08:49:37 GMT",  # not the day of the week it was
    "1994-11-06T08:49:37Z",
    "Fri, 31 Feb 2026 25:61:61 GMT",
    "Tue, 19 Jan 2038 03:14:08 GMT",
    "0",
    "-1",
    "vorgestern, früh",
)
# 200s, and things like it, that are no feeds.
NO_FEEDS = {
    "html": Answer(body=CAPTCHA, headers=BAIT),
    "xhtml": Answer(
        body=b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title>Wait</title></head></html>',
        headers=[*BAIT, ("Content-Type", "application/rss+xml")],
    ),
    "autodiscovery": Answer(
        body=b'<html><head><link rel="alternate" type="application/rss+xml" href="/f"></head></html>',
        headers=BAIT,
    ),
    "empty": Answer(headers=BAIT),
    "text": Answer(body=b"Too many visitors.", headers=BAIT),
    "json": Answer(
        body=b'{"error": "forbidden"}', headers=[*BAIT, ("Content-Type", "application/feed+json")]
    ),
    "sitemap": Answer(
        body=b'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>http://a.example/</loc></url></urlset>',
        headers=BAIT,
    ),
    "binary": Answer(body=bytes(range(256)) * 4, headers=BAIT),
    "204": Answer(status=204, headers=BAIT),
    "206": Answer(status=206, body=rss("part"), headers=BAIT),
    "300": Answer(status=300, body=rss("choice"), headers=BAIT),
}
ERRORS = (400, 404, 408, 418, 429, 500, 502, 503, 504, 599)

BIG = rss(*(f"big-{number}" for number in range(400)), text="It is said in many words. " * 200)
PACKED = Answer(body=packed(BIG), headers=[("Content-Encoding", "gzip"), ("ETag", '"b"')])

QUERY = "/query?b=2&a=1&empty=&x=%7E%20+&x=again&u=%C3%BC;p"
COOKIES = [("Set-Cookie", "id=1; Path=/"), ("Set-Cookie2", "id=2"), ("Content-Location", "/elsewhere")]
WALL = Answer(status=302, headers=[("Location", "/behind?x#part"), *COOKIES])
SECRET = """auth = { username = "me", password_env = "P10_PASSWORD" }
headers = { "X-Api-Key" = "key" }
"""


def _answers() -> dict[str, Sequence[Say]]:
    """What every source of the daemon is told, in order; the last for ever."""
    told: dict[str, Sequence[Say]] = {
        "/p03-etag": [feed("1", headers=tagged(E1)), SAME],
        "/p03-date": [feed("1", headers=tagged(None, L1)), SAME],
        "/p03-both": [feed("1", headers=BOTH), SAME],
        "/p03-none": [feed("1")],
        "/p04-replaced": [feed("1", headers=BOTH), feed("2", headers=tagged(None, L2)), feed("3")],
        "/p04-same-body": [feed("1", headers=BOTH), feed("1")],
        "/p04-empty": [
            feed("1", headers=BOTH),
            feed("2", headers=tagged("", "")),
            feed("3", headers=tagged(E2)),
        ],
        "/p05": [
            feed("1", headers=BOTH),
            Answer(status=304, headers=tagged(E2, L2)),
            Answer(status=304, headers=tagged('"three"')),
            Answer(status=304, headers=tagged(None, L1)),
            SAME,
        ],
        "/p05-first-date": [
            feed("1", headers=tagged(E1)),
            Answer(status=304, headers=tagged(None, L2)),
            SAME,
        ],
        "/p05-uncalled-for": [feed("1"), Answer(status=304, headers=BAIT), feed("2")],
        "/p35-big": [Answer(body=BIG)],
        "/p35-packed": [Answer(body=BIG, headers=tagged('"a"')), PACKED, Answer(body=BIG)],
        f"{QUERY}#fragment": [feed("1", headers=[*BOTH, *COOKIES]), SAME],
        "/wall#top": [WALL],
        "/secret": [feed("1", headers=[*BOTH, *COOKIES])],
    }
    told |= {f"/p01-{number}": [feed("1", headers=tagged(etag)), SAME] for number, etag in enumerate(ETAGS)}
    told |= {
        f"/p02-{number}": [feed("1", headers=tagged(None, date)), SAME] for number, date in enumerate(DATES)
    }
    told |= {
        f"/p06-{status}": [feed("1", headers=BOTH), Answer(status=status, headers=BAIT), SAME]
        for status in ERRORS
    }
    told |= {f"/p07-first-{name}": [answer, feed("1", headers=BOTH)] for name, answer in NO_FEEDS.items()}
    told |= {
        f"/p07-then-{name}": [feed("1", headers=BOTH), answer, SAME] for name, answer in NO_FEEDS.items()
    }
    return told


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watch]:
    """A daemon that polls all of these every second."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("P10_PASSWORD", "secret")
        more = {"/secret": SECRET + EVERY_SECOND}
        with watch(tmp_path_factory.mktemp("validators"), _answers(), more=more) as running:
            running.publisher.answer("/behind", feed("2", headers=COOKIES))
            yield running


@pytest.mark.parametrize("number", range(len(ETAGS)), ids=ETAGS.__getitem__)
def test_p01_an_etag_goes_back_byte_for_byte(run: Watch, number: int) -> None:
    first, second, third, *_ = run.asked(f"/p01-{number}", 3)
    assert sent(first) == NOTHING
    assert sent(second) == sent(third) == (ETAGS[number], None)


@pytest.mark.parametrize("number", range(len(DATES)), ids=DATES.__getitem__)
def test_p02_a_last_modified_goes_back_byte_for_byte(run: Watch, number: int) -> None:
    first, second, third, *_ = run.asked(f"/p02-{number}", 3)
    assert sent(first) == NOTHING
    assert sent(second) == sent(third) == (None, DATES[number])


@pytest.mark.parametrize(
    ("path", "wanted"),
    [("etag", (E1, None)), ("date", (None, L1)), ("both", (E1, L1)), ("none", NOTHING)],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_p03_all_validators_known_are_sent(
    run: Watch, path: str, wanted: tuple[str | None, str | None]
) -> None:
    assert [sent(asked) for asked in run.asked(f"/p03-{path}", 3)[:3]] == [NOTHING, wanted, wanted]


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("replaced", [NOTHING, (E1, L1), (None, L2), NOTHING]),
        ("same-body", [NOTHING, (E1, L1), NOTHING, NOTHING]),
        ("empty", [NOTHING, (E1, L1), NOTHING, (E2, None)]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_p04_a_200_replaces_validators_as_a_set(
    run: Watch, path: str, wanted: list[tuple[str | None, str | None]]
) -> None:
    assert [sent(asked) for asked in run.asked(f"/p04-{path}", 4)[:4]] == wanted


def test_p05_a_304_may_bring_new_validators(run: Watch) -> None:
    said = [sent(asked) for asked in run.asked("/p05", 6)[:6]]
    # What a 304 does not mention stays as it was (RFC 9111 §3.2).
    assert said == [NOTHING, (E1, L1), (E2, L2), ('"three"', L2), ('"three"', L1), ('"three"', L1)]
    assert sent(run.asked("/p05-first-date", 3)[2]) == (E1, L2)


def test_p05_a_304_nobody_asked_for_is_a_failure(run: Watch) -> None:
    """Nothing was sent that could be unchanged: without this we would never see another entry of it."""
    first, second, third, *_ = run.asked("/p05-uncalled-for", 3)
    assert [sent(asked) for asked in (first, second, third)] == [NOTHING] * 3
    assert "304" in run.daemon.log("source=p05-uncalled-for", "error=")
    run.daemon.log("source=p05-uncalled-for", "status=200", "new=", "next=1s")
    assert third.at - second.at >= 2.0  # backed off


@pytest.mark.parametrize("status", ERRORS)
def test_p06_errors_leave_validators_alone(run: Watch, status: int) -> None:
    _, second, third, *_ = run.asked(f"/p06-{status}", 3)
    assert sent(second) == sent(third) == (E1, L1)


@pytest.mark.parametrize("status", [401, 403, 407, 451])
async def test_p06_locked_doors_leave_validators_alone(world: World, publisher: Server, status: int) -> None:
    publisher.answer("/a", feed("1", headers=BOTH), Answer(status=status, headers=BAIT), SAME)
    world.configure(Source(id="a", url=publisher.url("/a")))
    for _ in range(3):
        await world.poll()
        world.wait(days=2)
    assert [sent(asked) for asked in publisher.asked("/a")] == [NOTHING, (E1, L1), (E1, L1)]


@pytest.mark.parametrize("status", [400, 412, 431])
async def test_who_refuses_our_validators_twice_is_asked_without(
    world: World, publisher: Server, status: int
) -> None:
    """What it has told since would not be read as long as it refuses: back-off makes that days."""

    def answer(asked: Asked) -> Answer:
        said = len(publisher.asked("/a"))
        return Answer(status=status) if sent(asked) != NOTHING else feed(*map(str, range(said)), headers=BOTH)

    publisher.answer("/a", answer)
    world.configure(Source(id="a", url=publisher.url("/a")))
    for _ in range(4):
        await world.poll()
        world.wait(days=2)
    assert [sent(asked) for asked in publisher.asked("/a")] == [NOTHING, (E1, L1), (E1, L1), NOTHING]
    assert (world.store.state("a").failures, world.store.state("a").validators.etag) == (0, E1)


@pytest.mark.parametrize("name", NO_FEEDS)
def test_p07_what_is_no_feed_leaves_no_validators(run: Watch, name: str) -> None:
    first, second, third, *_ = run.asked(f"/p07-first-{name}", 3)
    assert [sent(asked) for asked in (first, second, third)] == [NOTHING, NOTHING, (E1, L1)]
    _, second, third, *_ = run.asked(f"/p07-then-{name}", 3)
    assert sent(second) == sent(third) == (E1, L1)
    assert view(run.site, "SELECT guid FROM entries_view WHERE source_id = ?", f"p07-then-{name}") == [("1",)]


@pytest.mark.parametrize(
    ("path", "target", "more"),
    [
        ("/query", QUERY, CONDITIONAL),
        ("/wall", "/wall", frozenset()),
        ("/behind", "/behind?x", frozenset()),
        ("/secret", "/secret", CONDITIONAL | {"authorization", "x-api-key"}),
        ("/p35-big", "/p35-big", frozenset()),
    ],
)
def test_p10_a_request_says_no_more_than_needed(
    run: Watch, path: str, target: str, more: frozenset[str]
) -> None:
    """No cookies, no Referer, no query of ours, no fragment, and nothing of another feed of the same host."""
    for asked in run.asked(path, 3):
        names = [name.lower() for name, _ in asked.headers]
        assert len(names) == len(set(names))
        assert PLAIN <= set(names) <= PLAIN | more
        assert (asked.method, asked.target) == ("GET", target)
        assert asked.header("host") == f"{asked.host}:{run.publisher.port}"


@pytest.mark.parametrize("source_id", ["p35-big", "p35-packed"])
def test_p35_the_same_body_again_costs_a_hash(run: Watch, source_id: str) -> None:
    """Nothing is parsed: not even where the validators or the coding are others each time."""
    first, *again = _milliseconds(run, source_id, polls=4)
    assert first > 5 * min(again)


def _milliseconds(run: Watch, source_id: str, *, polls: int) -> list[int]:
    """What the first polls of a source took, by the log; all but the first bring nothing."""

    def lines() -> list[str] | None:
        found = [line for line in run.daemon.lines if f"event=poll source={source_id} " in line]
        return found if len(found) >= polls else None

    found = eventually(lines, f"{polls} polls of {source_id}")
    assert all("status=200 new=0 changed=0 duplicate=0" in line for line in found[1:]), found
    return [int(line.partition("ms=")[2].split()[0]) for line in found]


async def test_p35_the_same_body_again_changes_nothing(world: World, publisher: Server) -> None:
    publisher.answer("/a", feed("1", headers=BOTH), feed("1", headers=BAIT), feed("1"))
    world.configure(Source(id="a", url=publisher.url("/a")))
    await world.poll()
    await world.feed()
    published = world.directory / "feed.atom"
    before = published.read_bytes(), published.stat().st_mtime_ns
    for _ in range(3):
        world.wait(days=1)
        await world.poll()
        await world.feed()
    assert (published.read_bytes(), published.stat().st_mtime_ns) == before
    assert world.read == ["a"]
    assert [sent(asked) for asked in publisher.asked("/a")] == [NOTHING, (E1, L1), (E9, L9), NOTHING]
