"""P17 to P19: which redirects are followed, and which are remembered."""

import json
import signal
import ssl
from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle, pairwise
from pathlib import Path

import pytest

from tests.fetch.server import Answer, Asked, Say, Server, redirect
from tests.protocol.documents import MOVING, sent, versioned
from tests.protocol.watching import EVERY_SECOND, HOSTS, Watch, table, view
from tests.running import Site, eventually

CERTIFICATE = Path(__file__).parents[1] / "data" / "fetch" / "loopback.pem"
OVER_HTTP, OVER_HTTPS = 5, 3  # sightings before a permanent redirect is remembered
TEMPORARY, PERMANENT = (302, 303, 307), (301, 308)
NOTHING = (None, None)


def _chain(name: str, *statuses: int) -> dict[str, list[Say]]:
    """Redirects from /name by /name-1, /name-2 … to a feed."""
    paths = [f"/{name}", *(f"/{name}-{number}" for number in range(1, len(statuses) + 1))]
    told: dict[str, list[Say]] = {
        path: [redirect(to, status)] for path, to, status in zip(paths, paths[1:], statuses, strict=False)
    }
    return told | {paths[-1]: [versioned]}


def _endless(asked: Asked) -> Answer:
    return redirect(f"{asked.target}{'' if '?' in asked.target else '?'}1")


def _told() -> Mapping[str, Sequence[Say]]:
    """What the publisher says over http. What is not the target of another is a source."""
    told: dict[str, Sequence[Say]] = {}
    for status in TEMPORARY:
        told |= _chain(f"p17-{status}", status)
    for status in PERMANENT:
        told |= _chain(f"p18-{status}", status)
    undecided = cycle([redirect("/x", 301), redirect("/y", 301)])
    told |= {
        "/p18-broken-off": [*[redirect("/z", 301)] * 4, MOVING, MOVING, redirect("/z", 301)],
        "/z": [MOVING],
        "/p18-undecided": [lambda _: next(undecided)],
        "/x": [versioned],
        "/y": [versioned],
        "/p18-twice": [redirect("/p18-twice-on", 301)],
        "/p18-twice-on": [*[versioned] * (OVER_HTTP + 1), redirect("/p18-twice-end#part", 308)],
        "/p18-twice-end": [versioned],
    }
    told |= _chain("p19-mixed", 301, 308, 302)
    told |= _chain("p19-detour", 302, 301)
    told |= _chain("p19-sandwich", 301, 307, 301)
    told |= _chain("p19-ten", *[301] * 10)
    told |= _chain("p19-eleven", *[301] * 11)
    told |= {
        "/p19-loop": [redirect("/p19-loop-1", 301)],
        "/p19-loop-1": [redirect("/p19-loop", 301)],
        "/p19-self": [redirect("/p19-self#again", 301)],
        "/p19-endless": [_endless],
    }
    return told


SOURCES = [
    *(f"p17-{status}" for status in TEMPORARY),
    *(f"p18-{status}" for status in PERMANENT),
    *("p18-broken-off", "p18-undecided", "p18-twice", "p19-mixed", "p19-detour", "p19-sandwich"),
    *("p19-ten", "p19-eleven", "p19-loop", "p19-self", "p19-endless"),
]


@pytest.fixture(scope="module")
def https() -> Iterator[Server]:
    """The publisher whose answers nobody can forge."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(CERTIFICATE)
    with Server(HOSTS[:2], tls=tls) as running:
        yield running


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, https: Server) -> Iterator[Watch]:
    """The third daemon over one store: the first was stopped, the second killed, while they polled."""
    with Server(HOSTS) as publisher:
        for path, said in _told().items():
            publisher.answer(path, *said)
        for path, said in (_chain("p18-safe", 301) | _chain("p18-upgrade", 301)).items():
            https.answer(path, *said)
        publisher.answer("/p18-upgrade", redirect(https.url("/p18-upgrade-1"), 301))
        trusting = f'ca_file = "{CERTIFICATE}"\n' + EVERY_SECOND
        tables = [
            table("p18-safe", https.url("/p18-safe"), trusting),
            table("p18-upgrade", publisher.url("/p18-upgrade"), trusting),
        ]
        for number, name in enumerate(SOURCES, start=1):
            tables.append(table(name, publisher.url(f"/{name}", HOSTS[number % len(HOSTS)])))
        site = Site(tmp_path_factory.mktemp("redirects"), sources="".join(tables))
        for number, path, polls in (
            (signal.SIGTERM, "/p18-301", 2),
            (signal.SIGKILL, "/p18-301-1", OVER_HTTP + 1),
        ):
            with site.daemon() as daemon:
                eventually(lambda: len(publisher.asked(path)) >= polls, f"{polls} polls of {path}")  # noqa: B023
                daemon.stop(number)
        with site.daemon() as daemon:
            yield Watch(publisher, site, daemon)


def _old(run: Watch, source_id: str) -> int:
    return len(run.publisher.asked(f"/{source_id}"))


@pytest.mark.parametrize("status", TEMPORARY)
def test_p17_a_temporary_redirect_is_never_remembered(run: Watch, status: int) -> None:
    source_id = f"p17-{status}"
    followed = len(run.asked(f"/{source_id}-1", OVER_HTTP + 3))
    assert _old(run, source_id) >= followed
    told = run.status(source_id)
    assert (told["state"], told["moved_to"], told["former_urls"]) == ("ok", None, [])


@pytest.mark.parametrize("status", PERMANENT)
def test_p18_a_permanent_redirect_is_remembered_after_five_sightings(run: Watch, status: int) -> None:
    source_id = f"p18-{status}"
    followed = run.asked(f"/{source_id}-1", OVER_HTTP + 4)
    assert OVER_HTTP <= _old(run, source_id) <= OVER_HTTP + 1  # a killed daemon may have to look again
    assert [sent(asked)[0] for asked in followed] == [None, *['"1"'] * (len(followed) - 1)]
    told = run.status(source_id)
    old = run.publisher.url(f"/{source_id}", followed[0].host)
    assert (told["state"], told["moved_to"], told["former_urls"]) == ("moved", f"{old}-1", [old])
    (facts,) = json.loads(run.site.run("--json", "explain", source_id).stdout)
    assert (facts["moved_to"], facts["edit"] is not None) == (f"{old}-1", True)
    explained = run.site.run("explain", source_id).stdout
    assert f'url = "{old}-1"' in explained
    assert old in explained
    assert view(run.site, "SELECT url, state FROM sources_view WHERE id = ?", source_id) == [(old, "moved")]


def test_p18_after_three_sightings_over_https(run: Watch, https: Server) -> None:
    eventually(lambda: len(https.asked("/p18-safe-1")) >= OVER_HTTPS + 4, "polls of the new address")
    assert OVER_HTTPS <= len(https.asked("/p18-safe")) <= OVER_HTTPS + 1
    assert run.status("p18-safe")["former_urls"] == [https.url("/p18-safe")]


def test_p18_to_https_it_takes_five(run: Watch, https: Server) -> None:
    """That the new address is a safe one does not make the old one's word for it any safer."""
    eventually(lambda: len(https.asked("/p18-upgrade-1")) >= OVER_HTTP + 3, "polls of the new address")
    assert OVER_HTTP <= _old(run, "p18-upgrade") <= OVER_HTTP + 1


def test_p18_sightings_count_in_a_row_and_ids_do_not_change(run: Watch) -> None:
    """Four redirects, the feed at its old place, and redirects again: five more are needed."""
    run.asked("/z", 4 + OVER_HTTP + 2)
    assert 6 + OVER_HTTP <= _old(run, "p18-broken-off") <= 7 + OVER_HTTP
    entries = "SELECT title FROM entries_view WHERE source_id = ? ORDER BY title"
    assert view(run.site, entries, "p18-broken-off") == [("By address",), ("By guid",), ("By text",)]


def test_p18_publishers_who_cannot_decide_are_asked_where_they_were(run: Watch) -> None:
    seen = len(run.asked("/p18-undecided", 2 * OVER_HTTP))
    told = run.status("p18-undecided")
    assert (told["moved_to"], told["former_urls"]) == (None, [])
    run.asked("/p18-undecided", seen + 1)


def test_p18_a_source_may_move_on(run: Watch) -> None:
    run.asked("/p18-twice-end", OVER_HTTP + 1)
    told = run.status("p18-twice")
    names = [url.rpartition("/")[2] for url in (*told["former_urls"], told["moved_to"])]
    assert names == ["p18-twice", "p18-twice-on", "p18-twice-end"]
    assert _old(run, "p18-twice") <= OVER_HTTP + 1


@pytest.mark.parametrize(
    ("source_id", "last", "remembered"),
    [
        ("p19-mixed", 3, "p19-mixed-2"),
        ("p19-detour", 2, None),
        ("p19-sandwich", 3, "p19-sandwich-1"),
        ("p19-ten", 10, "p19-ten-10"),
    ],
)
def test_p19_of_a_chain_the_permanent_prefix_is_remembered(
    run: Watch, source_id: str, last: int, remembered: str | None
) -> None:
    run.asked(f"/{source_id}-{last}", OVER_HTTP + 2)
    moved_to = run.status(source_id)["moved_to"]
    if remembered is None:
        assert moved_to is None
        assert _old(run, source_id) >= OVER_HTTP + 2
    else:
        assert moved_to == run.publisher.url(f"/{remembered}", run.publisher.asked(f"/{source_id}")[0].host)
        assert OVER_HTTP <= _old(run, source_id) <= OVER_HTTP + 1


@pytest.mark.parametrize(
    ("source_id", "hops", "error"),
    [
        ("p19-loop", 2, "redirects go round in a loop"),
        ("p19-self", 1, "redirects go round in a loop"),
        ("p19-eleven", 11, "more than 10 redirects"),
        ("p19-endless", 11, "more than 10 redirects"),
    ],
)
def test_p19_loops_and_long_chains_stop(run: Watch, source_id: str, hops: int, error: str) -> None:
    run.asked(f"/{source_id}", 2)
    run.daemon.log(f"source={source_id} ", error)
    told = run.status(source_id)
    assert (told["moved_to"], told["former_urls"]) == (None, [])
    assert error in told["last_error"]
    asked = [one for one in run.publisher.asked() if one.path.startswith(f"/{source_id}")]
    first = [number for number, one in enumerate(asked) if one.target == f"/{source_id}"]
    chains = [end - start for start, end in pairwise(first)]
    # A killed daemon may have left its last chain unfinished.
    assert max(chains) == hops
    assert sum(chain == hops for chain in chains) >= len(chains) - 2
