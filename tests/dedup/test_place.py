"""Which story an entry belongs to: identity, addresses, exact text, and what becomes of ids."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.dedup import Window
from aggregator.model import Entry, Plan
from tests.dedup.desk import Desk
from tests.things import NOON, entry

HOUR = timedelta(hours=1)
BODY = (
    "The harbour bridge in Tarnmouth will close to all traffic on Monday for nine weeks of repairs, the county said. "
    "Engineers found cracks in 14 of the 220 steel hangers during a routine inspection in the spring."
)
OTHER = (
    "Olive growers in the southern hills of Valdora expect the smallest harvest in two decades after a dry spring. "
    "The growers' union said on Thursday that prices would rise."
)
PAGE = "https://paper.example/news/bridge"


def said(source_id: str, guid: str = "1", **more: Any) -> Entry:
    facts = {"title": "Harbour bridge closes for nine weeks", "content_text": BODY, "url": PAGE}
    return entry(guid, source_id, **facts | more)


SAME = [
    ({}, "the same page"),
    ({"url": f"{PAGE}?utm_source=rss&utm_medium=feed"}, "tracking parameters"),
    ({"url": "http://www.paper.example/news/bridge/"}, "http, www, trailing slash"),
    ({"url": "https://elsewhere.example/copy"}, "another address, the same words"),
    ({"title": "Harbour bridge closes", "content_text": ""}, "a title cut short, no text"),
    ({"content_text": BODY.replace("14 of", "15 of")}, "a figure corrected at the same address"),
    ({"published_at": NOON + 70 * HOUR}, "told again within the window"),
    ({"content_text": BODY[:120]}, "truncated"),
    ({"published_at": None}, "without a date"),
    ({"url": "https://elsewhere.example/x", "title": ""}, "an empty title, word for word the same text"),
]
OTHERS = [
    ({"title": "Olive growers warn", "content_text": OTHER}, "a link-blog's own words on one page"),
    ({"title": "Olives", "content_text": ""}, "another title, no text"),
    ({"title": "Harbour bridge closes for 9 weeks", "content_text": ""}, "another number in the title"),
    ({"published_at": NOON - 8760 * HOUR}, "the same page a year ago"),
    ({"url": "https://elsewhere.example/copy", "title": "News in brief"}, "a digest that quotes it"),
    (
        {"url": "https://elsewhere.example/x", "content_text": BODY.replace("14 of", "15 of")},
        "agency figures differ",
    ),
    ({"url": "https://elsewhere.example/x", "content_text": ""}, "only the title is equal"),
]


@pytest.mark.parametrize(("change", "why"), SAME, ids=[why for _, why in SAME])
def test_one_story_from_two_sources(change: dict[str, Any], why: str) -> None:
    desk = Desk("alfa", "bravo")
    desk.take(said("alfa"))
    desk.store.settle()
    desk.take(said("bravo", **change))
    assert list(desk.stories().values()) == [["alfa", "bravo"]], why


@pytest.mark.parametrize(("change", "why"), OTHERS, ids=[why for _, why in OTHERS])
def test_two_stories(change: dict[str, Any], why: str) -> None:
    desk = Desk("alfa", "bravo")
    desk.take(said("alfa"))
    desk.take(said("bravo", **change))
    assert sorted(desk.stories().values()) == [["alfa"], ["bravo"]], why


def test_equal_guids_of_two_sources_hide_nothing() -> None:
    desk = Desk("alfa", "bravo")
    for name in ("alfa", "bravo"):
        desk.take(*(said(name, str(n), url=None, title=f"{name} {n}", content_text="") for n in range(6)))
    assert len(desk.stories()) == 12


def test_the_same_document_again_changes_nothing() -> None:
    desk = Desk("alfa")
    document = [said("alfa", str(n), url=f"{PAGE}{n}", title=f"T{n}", content_text="") for n in range(3)]
    desk.take(*document)
    assert desk.take(*document, at=NOON + HOUR) == Plan()


def test_an_edited_entry_is_revised_in_place() -> None:
    desk = Desk("alfa")
    desk.take(said("alfa"))
    plan = desk.take(said("alfa", title="Harbour bridge: corrected"), at=NOON + HOUR)
    assert [revision.entry.title for revision in plan.revisions] == ["Harbour bridge: corrected"]
    assert len(desk.stories()) == 1


def test_a_rewritten_date_alone_changes_nothing_until_the_operator_changes_the_reading() -> None:
    desk = Desk("alfa")
    desk.take(said("alfa"))
    later = said("alfa", published_at=NOON + HOUR)
    assert desk.take(later) == Plan()
    assert len(desk.take(later, redate=True).revisions) == 1


def test_a_feed_that_migrates_its_guids_tells_nothing_new() -> None:
    desk = Desk("alfa")
    old = [
        said("alfa", f"?p={n}", url=f"{PAGE}/{n}", title=f"Title {n}", content_text=f"{BODY} {n}")
        for n in range(5)
    ]
    desk.take(*old)
    desk.take(*(replace(one, guid=one.url or "") for one in old), at=NOON + HOUR)
    assert len(desk.stories()) == 5


def test_a_ticker_address_stops_meaning_anything() -> None:
    desk = Desk("alfa", "bravo")
    texts = ["one two three", "four five six", "seven eight nine", "ten eleven twelve", "thirteen fourteen"]
    for n, text in enumerate(texts):
        desk.take(said("alfa", str(n), title=f"T {text}", content_text=text))
    desk.take(said("bravo", title=f"T {texts[0]}", content_text=texts[0]))
    assert len(desk.stories()) == 6


def test_a_homepage_link_means_nothing() -> None:
    desk = Desk("alfa", "bravo")
    desk.take(said("alfa", url="https://alfa.example/", content_text=""))
    desk.take(said("bravo", url="https://alfa.example/", content_text=""))
    assert len(desk.stories()) == 2


def test_an_entry_that_is_two_stories_joins_them_and_the_old_id_resolves() -> None:
    desk = Desk("alfa", "bravo", "carol")
    desk.take(said("alfa", "urn:x:a", uri="urn:x:a", url=PAGE, content_text=""))
    desk.take(said("bravo", "urn:x:b", uri="urn:x:b", url="https://copy.example/1"))
    desk.store.settle()
    assert len(desk.stories()) == 2
    plan = desk.take(said("carol", "urn:x:c", uri="urn:x:c"))
    assert [(join.loser, join.winner) for join in plan.joins] == [("urn:x:b", "urn:x:a")]
    assert desk.stories() == {"urn:x:a": ["alfa", "bravo", "carol"]}
    assert desk.store.resolve("urn:x:b") == "urn:x:a"


def test_ids_that_are_uris_are_kept_and_others_become_tags() -> None:
    desk = Desk("alfa")
    plan = desk.take(
        said("alfa", "urn:x:1", uri="urn:x:1", url=None, title="a", content_text=""),
        said("alfa", "17", url=None, title="b", content_text=""),
    )
    assert {placement.entry.guid: placement.entry_id for placement in plan.placements} == {
        "urn:x:1": "urn:x:1",
        "17": "tag:news.example,2026:alfa/17",
    }


def test_nobody_can_take_our_tags_in_advance() -> None:
    desk = Desk("alfa", "mallory")
    stolen = "tag:news.example,2026:alfa/17"
    desk.take(said("mallory", stolen, uri=stolen, url=None, title="mine", content_text=""))
    desk.store.settle()
    plan = desk.take(said("alfa", "17", url=None, title="b", content_text=""))
    assert plan.placements[0].entry_id == stolen
    assert len(desk.stories()) == 2


CLAIMS = [
    said("alfa", "urn:x:1", uri="urn:x:1", url=None, title="a", content_text="", published_at=NOON - HOUR),
    said(
        "bravo", "urn:x:1", uri="urn:x:1", url=None, title="b", content_text="", published_at=NOON - 2 * HOUR
    ),
]
TOLD = [
    said(name, f"urn:{name}:1", uri=f"urn:{name}:1", published_at=NOON - n * HOUR)
    for n, name in enumerate("abc")
]


@given(st.permutations(CLAIMS))
def test_who_gets_a_contested_id_does_not_depend_on_who_answers_first(order: list[Entry]) -> None:
    desk = Desk("alfa", "bravo")
    for one in order:
        desk.take(one)
    assert desk.stories() == {"urn:x:1": ["bravo"], "tag:news.example,2026:alfa/urn:x:1": ["alfa"]}


@given(st.permutations(TOLD))
def test_who_founds_a_story_does_not_depend_on_who_answers_first(order: list[Entry]) -> None:
    desk = Desk("a", "b", "c")
    for one in order:
        desk.take(one)
    ((story_id, sources),) = desk.stories().items()
    assert (story_id, sources[0], sorted(sources)) == ("urn:c:1", "c", ["a", "b", "c"])


def test_a_published_id_stays_when_an_earlier_teller_comes_late() -> None:
    desk = Desk("alfa", "bravo")
    desk.take(said("alfa", "urn:x:1", uri="urn:x:1"))
    desk.store.settle()
    desk.take(said("bravo", "urn:x:1", uri="urn:x:1", published_at=NOON - HOUR))
    assert desk.stories() == {"urn:x:1": ["alfa", "bravo"]}


VERSIONS = [
    ({"content_text": BODY.replace("14 of", "15 of")}, True, "a figure corrected"),
    ({"content_text": BODY.replace("Engineers found", "Divers have found")}, True, "other words"),
    ({"content_text": BODY}, False, "the same"),
    ({"content_text": BODY[:120]}, False, "truncated"),
    ({"content_text": ""}, False, "no text"),
]


@pytest.mark.parametrize("window", [Window(), Window(near=None)], ids=["near duplicates", "none"])
@pytest.mark.parametrize("source_id", ["alfa", "bravo"])
@pytest.mark.parametrize(("change", "later", "why"), VERSIONS, ids=[why for *_, why in VERSIONS])
def test_a_later_text_of_one_page_is_a_version(
    change: dict[str, Any], later: bool, why: str, source_id: str, window: Window
) -> None:
    """Whether or not entries that only resemble are looked for."""
    desk = Desk("alfa", "bravo", window=window)
    desk.take(said("alfa"))
    desk.store.settle()
    plan = desk.take(said(source_id, "2", **change), at=NOON + HOUR)
    assert len(desk.stories()) == 1
    assert [placement.is_version for placement in plan.placements] == [later]
