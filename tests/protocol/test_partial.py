"""Documents that are not the whole: deltas, ends, archives, deletions (PROTOCOL P28, P37, P39, P40)."""

import json
from collections.abc import Iterator

import pytest

from aggregator.model import Source
from tests.fetch.server import Answer, Server, packed
from tests.protocol.looking import asked, failed, polled_more, seen, source, status
from tests.protocol.markup import atom, deleted, entry, item, rss
from tests.protocol.watching import view
from tests.running import Running, Site
from tests.world import World

HOSTS = tuple(f"127.0.0.{number}" for number in range(1, 60))


def part(body: bytes, *, etag: str | None = None, modified: str | None = None, status: int = 226) -> Answer:
    """Return a 226 (RFC 3229 §10.4.1)."""
    said = (("ETag", etag), ("Last-Modified", modified))
    headers = [(name, value) for name, value in said if value is not None]
    return Answer(status=status, body=body, headers=[*headers, *([("IM", "feed")] if status == 226 else [])])


def whole(body: bytes, *, etag: str | None = None, modified: str | None = None) -> Answer:
    return part(body, etag=etag, modified=modified, status=200)


def json_feed(*items: object, **said: object) -> bytes:
    return json.dumps(
        {"version": "https://jsonfeed.org/version/1.1", "title": "J", "items": items} | said
    ).encode()


def post(number: object, name: str) -> dict[str, object]:
    return {"id": number, "title": f"Title {name}", "content_text": f"Text of {name}"}


UNCHANGED = Answer(status=304)
DELTA = {"delta": "true"}

# name: (keys of its table, answers one after the other, the last one for ever)
SOURCES: dict[str, tuple[dict[str, str], list[Answer]]] = {
    "clock": ({}, [Answer(body=rss(item("clock")))]),
    # P28
    "delta": (
        DELTA,
        [
            whole(rss(item("delta-1"), item("delta-2")), etag='"1"', modified="then"),
            part(rss(item("delta-3")), etag='"2"'),
            part(rss(item("delta-4")), etag='"3"'),
            UNCHANGED,
        ],
    ),
    "delta-by-date": (
        DELTA,
        [
            whole(rss(item("by-date-1")), modified="then"),
            part(rss(item("by-date-2")), modified="now"),
            UNCHANGED,
        ],
    ),
    "delta-without": (DELTA, [whole(rss(item(f"without-{n}"))) for n in range(3)]),
    "delta-off": (
        {},
        [whole(rss(item("off-1")), etag='"1"'), part(rss(item("off-2")), etag='"2"'), UNCHANGED],
    ),
    "delta-forgets": (
        DELTA,
        [
            whole(rss(item("forgets-1")), etag='"1"'),
            part(rss(item("forgets-2"))),
            whole(rss(item("forgets-3"))),
        ],
    ),
    "delta-of-nothing": (
        DELTA,
        [whole(rss(item("nothing-1")), etag='"1"'), part(rss(), etag='"2"'), UNCHANGED],
    ),
    "delta-revises": (
        DELTA,
        [
            whole(atom(entry("revised", text="old words")), etag='"1"'),
            part(atom(entry("revised", updated="2026-02-02T00:00:00Z", text="new words")), etag='"2"'),
            UNCHANGED,
        ],
    ),
    "delta-and-whole": (
        DELTA,
        [
            whole(rss(item("again-1")), etag='"1"'),
            part(rss(item("again-2")), etag='"2"'),
            whole(rss(item("again-1")), etag='"1"'),
            whole(rss(item("again-3")), etag='"3"'),
        ],
    ),
    "delta-of-rubbish": (
        DELTA,
        [whole(rss(item("rubbish-1")), etag='"1"'), part(b"<html>no", etag='"2"'), UNCHANGED],
    ),
    "delta-cut-off": (
        DELTA,
        [
            whole(rss(item("cut-1")), etag='"1"'),
            part(packed(rss(item("cut-2")))[:-9], etag='"2"'),
            UNCHANGED,
        ],
    ),
    "delta-deletes": (
        DELTA,
        [
            whole(atom(entry("undone"), entry("kept")), etag='"1"'),
            part(atom(deleted("undone", "2026-02-02T00:00:00Z")), etag='"2"'),
            UNCHANGED,
        ],
    ),
    # P37
    "json-ended": ({}, [Answer(body=json_feed(post("1", "ended"), expired=True))]),
    "json-ends": (
        {},
        [Answer(body=json_feed(post("1", "ends"))), Answer(body=json_feed(post("1", "ends"), expired=True))],
    ),
    "json-lives": ({}, [Answer(body=json_feed(post("1", "lives"), expired=False))]),
    "json-says": ({}, [Answer(body=json_feed(post("1", "says"), expired="true"))]),
    "json-numbers": (
        {},
        [
            Answer(
                body=json_feed(title="N").replace(
                    b'"items": []',
                    b'"items": [{"id": 7, "title": "Title seven"}, {"id": 2.50, "title": "Title half"},'
                    b' {"id": 1e3, "title": "Title thousand"}, {"id": 0, "title": "Title nought"},'
                    b' {"id": 12345678901234567890123, "title": "Title large"}, {"id": -1, "title": "Title below"}]',
                )
            )
        ],
    ),
    "json-nameless": (
        {},
        [
            Answer(
                body=json_feed(
                    {"title": "Title absent", "url": "https://e.example/absent"},
                    post(None, "null"),
                    post("", "empty"),
                    post(True, "true"),
                    post([1], "listed"),
                    post({"a": 1}, "object"),
                    "no object",
                    post("1", "named"),
                )
            )
        ],
    ),
    "json-all-nameless": ({}, [Answer(body=json_feed(post(None, "none-1"), post("", "none-2")))]),
    # P40
    "deletes": (
        {},
        [
            Answer(
                body=atom(entry("deleted"), entry("newer", updated="2026-02-03T00:00:00Z"), entry("vague"))
            ),
            Answer(
                body=atom(
                    deleted("deleted", "2026-02-02T00:00:00Z"),
                    deleted("newer", "2026-02-02T00:00:00Z"),
                    '<at:deleted-entry ref="urn:x:vague" when="yesterday"/>',
                    '<at:deleted-entry ref="urn:x:vague"/>',
                    '<at:deleted-entry when="2026-02-02T00:00:00Z"/>',
                    deleted("VAGUE", "2026-02-02T00:00:00Z"),
                    entry("deletes-done"),
                )
            ),
        ],
    ),
    "victim": ({}, [Answer(body=atom(entry("envied")))]),
    "envious": (
        {},
        [
            Answer(body=atom(entry("envious-1"))),
            Answer(body=atom(deleted("envied", "2030-01-01T00:00:00Z"), entry("envious-done"))),
        ],
    ),
    "first-of-two": ({}, [Answer(body=atom(entry("shared", text="by the first")))]),
    "second-of-two": (
        {},
        [
            Answer(body=atom(entry("shared", text="by the second"))),
            Answer(body=atom(deleted("shared", "2026-02-02T00:00:00Z"), entry("second-done"))),
        ],
    ),
    "both-in-one": (
        {},
        [
            Answer(
                body=atom(
                    entry("both-old"),
                    deleted("both-old", "2026-02-02T00:00:00Z"),
                    entry("both-new", updated="2026-02-03T00:00:00Z"),
                    deleted("both-new", "2026-02-02T00:00:00Z"),
                    entry("both-done"),
                )
            )
        ],
    ),
    "revives": (
        {},
        [
            Answer(body=atom(entry("revived", text="first words"))),
            Answer(body=atom(deleted("revived", "2026-02-02T00:00:00Z"), entry("revives-deleted"))),
            Answer(body=atom(entry("revived", text="first words"), entry("revives-stale"))),
            Answer(body=atom(entry("revived", updated="2026-02-03T00:00:00Z", text="last words"))),
        ],
    ),
    "in-rss": (
        {},
        [
            Answer(body=rss(item("urn:x:in-rss"))),
            Answer(
                body=rss(
                    '<at:deleted-entry xmlns:at="http://purl.org/atompub/tombstones/1.0" ref="urn:x:in-rss"'
                    ' when="2030-01-01T00:00:00Z"/>',
                    item("in-rss-done"),
                )
            ),
        ],
    ),
    "of-another-name": (
        {},
        [
            Answer(body=atom(entry("other-name"))),
            Answer(
                body=atom(
                    '<x:deleted-entry xmlns:x="urn:x:not-tombstones" ref="urn:x:other-name"'
                    ' when="2030-01-01T00:00:00Z"/>',
                    f"<entry><id>urn:x:nested</id><title>Title nested</title><updated>2026-02-01T00:00:00Z</updated>"
                    f"<content type='html'>x</content>{deleted('other-name', '2030-01-01T00:00:00Z')}</entry>",
                    entry("other-name-done"),
                )
            ),
        ],
    ),
}


@pytest.fixture(scope="module")
def publisher() -> Iterator[Server]:
    with Server(hosts=HOSTS) as server:
        yield server


@pytest.fixture(scope="module")
def site(publisher: Server, tmp_path_factory: pytest.TempPathFactory) -> Site:
    tables = ""
    for (name, (keys, answers)), host in zip(SOURCES.items(), HOSTS, strict=False):
        publisher.answer(f"/{name}", *answers)
        tables += source(name, publisher.url(f"/{name}", host), **keys)
    return Site(tmp_path_factory.mktemp("partial"), sources=tables)


@pytest.fixture(scope="module")
def daemon(site: Site) -> Iterator[Running]:
    with site.daemon() as running:
        yield running


# --- P28


def conditions(publisher: Server, name: str, times: int) -> list[tuple[str | None, str | None, str | None]]:
    """Return If-None-Match, If-Modified-Since and A-IM of the first requests."""
    names = ("if-none-match", "if-modified-since", "a-im")
    return [
        (request.header(names[0]), request.header(names[1]), request.header(names[2]))
        for request in asked(publisher, f"/{name}", times)[:times]
    ]


def test_p28_a_delta_is_asked_for_with_a_validator_and_merged(daemon: Running, publisher: Server) -> None:
    daemon.feed(*(f"Title delta-{n}</title>" for n in (1, 2, 3, 4)))
    assert conditions(publisher, "delta", 4) == [
        (None, None, None),
        ('"1"', "then", "feed"),
        ('"2"', None, "feed"),  # validators are a set
        ('"3"', None, "feed"),
    ]
    facts = seen(daemon, "delta", lambda facts: facts["last_status"] == 304, "delta is unchanged")
    assert (facts["state"], facts["last_error"]) == ("ok", None)


def test_p28_a_date_is_a_validator_too(daemon: Running, publisher: Server) -> None:
    daemon.feed("Title by-date-1", "Title by-date-2")
    assert conditions(publisher, "delta-by-date", 3) == [
        (None, None, None),
        (None, "then", "feed"),
        (None, "now", "feed"),
    ]


def test_p28_without_a_validator_nothing_is_asked_for(daemon: Running, publisher: Server) -> None:
    assert conditions(publisher, "delta-without", 3) == [(None, None, None)] * 3


def test_p28_nor_unless_switched_on_but_a_226_is_understood(daemon: Running, publisher: Server) -> None:
    daemon.feed("Title off-1", "Title off-2")
    assert conditions(publisher, "delta-off", 3) == [
        (None, None, None),
        ('"1"', None, None),
        ('"2"', None, None),
    ]


def test_p28_a_226_without_validators_clears_them(daemon: Running, publisher: Server) -> None:
    daemon.feed("Title forgets-1", "Title forgets-2", "Title forgets-3")
    assert conditions(publisher, "delta-forgets", 3) == [
        (None, None, None),
        ('"1"', None, "feed"),
        (None, None, None),
    ]


def test_p28_a_226_may_be_empty(daemon: Running, publisher: Server) -> None:
    assert conditions(publisher, "delta-of-nothing", 3)[2] == ('"2"', None, "feed")
    assert status(daemon)["delta-of-nothing"]["last_error"] is None
    daemon.feed("Title nothing-1")


def test_p28_a_226_revises(daemon: Running) -> None:
    assert daemon.feed("new words", without="old words").count("Title revised</title>") == 1


def test_p28_the_whole_after_a_part_is_the_whole(daemon: Running, publisher: Server) -> None:
    daemon.feed("Title again-1", "Title again-2", "Title again-3")
    assert [one[0] for one in conditions(publisher, "delta-and-whole", 4)] == [None, '"1"', '"2"', '"1"']


@pytest.mark.parametrize(("name", "title"), [("delta-of-rubbish", "rubbish-1"), ("delta-cut-off", "cut-1")])
def test_p28_a_226_that_cannot_be_read_is_an_error(
    daemon: Running, publisher: Server, name: str, title: str
) -> None:
    daemon.log("event=poll", f"source={name} ", "error=")
    assert conditions(publisher, name, 3)[1:] == [('"1"', None, "feed")] * 2
    daemon.feed(f"Title {title}")


def test_p28_a_226_may_delete(daemon: Running) -> None:
    daemon.feed("Title kept", without="Title undone")


# --- P37


@pytest.mark.parametrize(("name", "times"), [("json-ended", 1), ("json-ends", 2)])
def test_p37_expired_stops_polling(daemon: Running, publisher: Server, name: str, times: int) -> None:
    facts = seen(
        daemon, name, lambda facts: facts["next_poll_at"] is None and facts["last_poll_at"], "it ends"
    )
    assert facts["state"] == "gone"
    assert facts["last_error"] is None
    assert facts["next_reason"] == "the feed says that it has ended"
    polled_more(publisher, "/clock")
    assert len(publisher.asked(f"/{name}")) == times
    daemon.feed(f"Title {name.removeprefix('json-')}<")


@pytest.mark.parametrize("name", ["json-lives", "json-says"])
def test_p37_only_true_is_true(daemon: Running, publisher: Server, name: str) -> None:
    asked(publisher, f"/{name}", 2)
    assert status(daemon)[name]["state"] == "ok"


def test_p37_numbers_are_ids_as_they_are_written(daemon: Running, site: Site) -> None:
    daemon.feed("Title seven", "Title large")
    found = dict(view(site, "SELECT title, guid FROM entries_view WHERE source_id = 'json-numbers'"))
    assert found == {
        "Title seven": "7",
        "Title half": "2.50",
        "Title thousand": "1e3",
        "Title nought": "0",
        "Title large": "12345678901234567890123",
        "Title below": "-1",
    }


def test_p37_items_without_an_id_are_dropped_with_a_problem(daemon: Running, site: Site) -> None:
    daemon.feed("Title named")
    assert view(site, "SELECT title FROM entries_view WHERE source_id = 'json-nameless'") == [
        ("Title named",)
    ]
    facts = status(daemon)["json-nameless"]
    assert (facts["state"], facts["last_error"]) == ("ok", None)
    assert "item 1 has no id: dropped" in facts["problems"]


def test_p37_a_feed_without_any_id_fails(daemon: Running) -> None:
    assert failed(daemon, "json-all-nameless") == "none of the 2 items of the JSON Feed has an id"


# --- P40


def test_p40_a_deleted_entry_is_shown_no_more(daemon: Running) -> None:
    shown = daemon.feed("Title deletes-done", without="Title deleted<")
    assert "Title newer" in shown  # written after the deletion
    assert "Title vague" in shown  # there is no telling when, or which
    assert "at:deleted-entry without a readable when" in " ".join(status(daemon)["deletes"]["problems"])


def test_p40_nobody_deletes_what_another_source_told(daemon: Running) -> None:
    daemon.feed("Title envious-done", "Title envied")


def test_p40_nor_what_another_source_tells_under_the_same_id(daemon: Running) -> None:
    daemon.feed("Title second-done", "by the first", without="by the second")


def test_p40_in_one_document_the_later_counts(daemon: Running) -> None:
    daemon.feed("Title both-done", "Title both-new", without="Title both-old")


def test_p40_a_later_version_comes_back(daemon: Running, publisher: Server) -> None:
    daemon.feed("Title revives-stale", "last words")
    asked(publisher, "/revives", 4)


def test_p40_only_atom_has_tombstones_and_only_of_its_own_name(daemon: Running) -> None:
    daemon.feed("Title in-rss-done", "Title urn:x:in-rss", "Title other-name-done", "Title other-name<")


async def test_p40_a_stale_version_does_not_come_back(world: World, publisher: Server) -> None:
    alfa = Source(id="alfa", url=publisher.url("/story"))
    old, again = entry("one", text="words"), entry("one", text="other words")
    publisher.answer(
        "/story",
        *(
            Answer(body=atom(*parts))
            for parts in (
                (old,),
                (deleted("one", "2026-02-02T00:00:00Z"),),
                (old,),
                (again,),
                (old, entry("two")),
            )
        ),
    )
    world.configure(alfa)
    shown = []
    for _ in range(5):
        await world.poll()
        shown.append([one.title for one in (await world.feed()).entries])
        world.wait(hours=1)
    assert shown == [["Title one"], [], [], [], ["Title two"]]


async def test_p40_a_story_lives_on_with_those_who_still_tell_it(world: World, publisher: Server) -> None:
    link, text = '<link href="https://e.example/one"/>', "The council adopted the budget after a long debate."
    told = {
        name: entry(name, text=text).replace("Title", "One").replace(name + "</title>", "</title>")
        for name in "ab"
    }
    both = {name: xml.replace("<summary>", f"{link}<summary>") for name, xml in told.items()}
    publisher.answer(
        "/a", Answer(body=atom(both["a"])), Answer(body=atom(deleted("a", "2026-02-02T00:00:00Z")))
    )
    publisher.answer("/b", Answer(body=atom(both["b"])))
    world.configure(*(Source(id=name, url=publisher.url(f"/{name}")) for name in "ab"))
    await world.poll()
    (before,) = (await world.feed()).entries
    world.wait(hours=1)
    await world.poll()
    (after,) = (await world.feed()).entries
    assert after.id == before.id
    assert {one.rel for one in before.links} >= {"via"}
    assert "via" not in {one.rel for one in after.links}
