"""Which articles tell one event, and that it changes nothing else: on every engine, as polls bring them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.dedup import Window
from aggregator.dedup.events import one_event, topics
from aggregator.dedup.said import said
from aggregator.model import Entry
from aggregator.store import Store, open_store
from tests.dedup.desk import Desk
from tests.things import NOON, entry

DAY = timedelta(days=1)
GROUPS = Window(group=timedelta(hours=72))

# Each two articles of their own about one event.
EVENTS = {
    "en": (
        (
            "Northport council approves new tram line after long debate",
            "Councillors in Northport voted on Tuesday night to build a tram line to the harbour. The vote came after"
            " a debate of six hours in which residents complained about the cost of the line.",
        ),
        (
            "Tram line to Northport harbour approved by council",
            "After years of argument the port city will get its tram. The council of Northport approved the line to"
            " the harbour with a narrow majority, despite the protest of residents.",
        ),
    ),
    "ru": (
        (
            "В Заречье совет одобрил строительство новой трамвайной линии",
            "Депутаты Заречья поздно вечером одобрили строительство трамвайной линии до порта. Жители города жалуются"
            " на стоимость проекта.",
        ),
        (
            "Строительство трамвайной линии в Заречье: совет проголосовал за",
            "После долгих споров депутаты Заречья одобрили строительство линии, которая свяжет порт с вокзалом."
            " Жители города опасаются расходов.",
        ),
    ),
    "de": (
        (
            "Stadtrat von Nordhafen stimmt für neue Straßenbahn zum Hafen",
            "Nach sechsstündiger Debatte hat der Stadtrat von Nordhafen die Straßenbahn zum Hafen beschlossen. Anwohner"
            " kritisieren die Kosten.",
        ),
        (
            "Straßenbahn zum Hafen: Stadtrat von Nordhafen stimmt zu",
            "Die Straßenbahn kommt: Der Stadtrat in Nordhafen beschloss sie gegen den Widerstand der Anwohner, die"
            " hohe Kosten fürchten.",
        ),
    ),
    "zh": (
        ("北港市议会批准新建有轨电车线路", "北港市议会周二晚间批准修建通往港口的有轨电车线路，居民对费用表示不满。"),
        ("北港市新建有轨电车线路获市议会批准", "经过六小时辩论，市议会批准了通往港口的有轨电车线路，居民担心费用。"),
    ),
}  # fmt: skip
(FIRST_TITLE, FIRST_TEXT), (OTHER_TITLE, OTHER_TEXT) = EVENTS["en"]

OTHERS = {
    "another score": ("Northport beat Easton 2:1 in cup final", "Northport beat Easton 0:0 in cup final"),
    "another number": ("Tram 14 derailed in Northport harbour", "In Northport harbour near tram stop 9 derailed car"),
    "another name": ("Harbour board raises fares on Norla ferry", "Harbour board raises fares on Sudla ferry"),
    "another day": (
        "Monday: heavy storm hits Northport harbour",
        "Heavy storm hits Northport harbour on Friday",
    ),
    "a digest": ("The latest: Northport council approves tram line", "Northport council approves new tram line"),
    "one town": ("Northport council approves new tram line", "Northport museum opens exhibition of old maps"),
}  # fmt: skip


@pytest.fixture(params=["sqlite", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    opened = open_store(request.param, tmp_path)
    yield opened
    opened.close()


def article(source_id: str, title: str, text: str = "", guid: str = "1") -> Entry:
    return entry(guid, source_id, title=title, content_text=text, url=f"https://{source_id}.example/{guid}")


def desk_of(store: Store, window: Window = GROUPS) -> Desk:
    return Desk("alfa", "bravo", "charlie", store=store, window=window)


def groups(desk: Desk) -> dict[str, str]:
    """The group of every story, by the source of its founder."""
    stories = desk.store.latest(100)
    return {story.entries[0].entry.source_id: story.group_id or story.story_id for story in stories}


@pytest.mark.parametrize("language", EVENTS)
def test_two_articles_of_one_event_share_a_group_and_are_two_stories(store: Store, language: str) -> None:
    desk = desk_of(store)
    one, other = EVENTS[language]
    desk.take(article("alfa", *one))
    desk.take(article("bravo", *other))
    assert len(desk.stories()) == 2
    assert len({*groups(desk).values()}) == 1


@pytest.mark.parametrize("language", EVENTS)
def test_the_order_of_two_makes_no_difference(language: str) -> None:
    first, second = (said(article("alfa", *one)) for one in EVENTS[language])
    assert one_event(first, second) == one_event(second, first)


@pytest.mark.parametrize("name", OTHERS)
def test_another_event_is_another_group(store: Store, name: str) -> None:
    desk = desk_of(store)
    one, other = OTHERS[name]
    for source_id, title in (("alfa", one), ("bravo", other)):
        desk.take(article(source_id, title, FIRST_TEXT if source_id == "alfa" else OTHER_TEXT))
    assert len({*groups(desk).values()}) == 2


@pytest.mark.parametrize(
    ("name", "veto"),
    [
        ("another score", "other numbers"),
        ("another number", "other numbers"),
        ("another name", "other word"),
        ("another day", "other day"),
        ("a digest", "digest"),
    ],
)
def test_what_speaks_against_one_event(name: str, veto: str) -> None:
    """All else would have them be one."""
    one, other = OTHERS[name]
    verdict = one_event(said(article("alfa", one, FIRST_TEXT)), said(article("bravo", other, FIRST_TEXT)))
    assert (verdict.rule, verdict.veto) == (None, veto)


def test_titles_alone_must_agree_in_more() -> None:
    def judged(one: str, other: str) -> bool:
        return one_event(said(article("alfa", one)), said(article("bravo", other))).rule is not None

    assert judged(
        "Northport council approves tram line to harbour", "Council approves Northport tram to the harbour"
    )
    assert not judged("Northport council approves tram", "Northport council rejects plans for tram in summer")


def test_one_source_is_never_grouped_with_itself(store: Store) -> None:
    """Its forms filled in anew have titles that differ as those of an event do."""
    desk = desk_of(store)
    desk.take(article("alfa", FIRST_TITLE, FIRST_TEXT))
    desk.take(article("alfa", OTHER_TITLE, OTHER_TEXT, guid="2"))
    assert [story.group_id for story in store.latest(9)] == [None, None]


def test_events_long_apart_are_two(store: Store) -> None:
    desk = desk_of(store)
    desk.take(article("alfa", FIRST_TITLE, FIRST_TEXT))
    late = replace(article("bravo", OTHER_TITLE, OTHER_TEXT), published_at=NOON + 4 * DAY)
    desk.take(late, at=NOON + 4 * DAY)
    assert len({*groups(desk).values()}) == 2


def test_only_the_first_of_a_group_is_compared(store: Store) -> None:
    """No chain from one event to the next: what resembles the second of a group only is not of it."""
    desk = desk_of(store)
    desk.take(article("alfa", FIRST_TITLE, FIRST_TEXT))
    desk.take(article("bravo", f"{OTHER_TITLE} as tunnel opens", OTHER_TEXT))
    third = article(
        "charlie",
        "Council of Easton opens tunnel to harbour after tram",
        "The tunnel to the harbour opens, the council of Easton said; a tram will follow. " * 2,
    )
    second = article("bravo", f"{OTHER_TITLE} as tunnel opens", OTHER_TEXT)
    assert one_event(said(second), said(third)).scores[0][1] >= 3
    desk.take(third)
    found = groups(desk)
    assert found["alfa"] == found["bravo"] != found["charlie"]


def test_a_plan_says_how_the_group_was_judged(store: Store) -> None:
    desk = desk_of(store)
    desk.take(article("alfa", FIRST_TITLE, FIRST_TEXT))
    (placed,) = desk.take(article("bravo", OTHER_TITLE, OTHER_TEXT)).placements
    assert placed.grouping is not None
    assert placed.grouping.first_id == "tag:news.example,2026:alfa/1"
    assert dict(placed.grouping.scores)["shared"] == 5
    assert placed.topics == ()  # nobody is compared with it
    dossier = store.dossier("tag:news.example,2026:bravo/1")
    assert dossier.grouping == placed.grouping
    assert dossier.related == ("tag:news.example,2026:alfa/1",)


def test_a_copy_belongs_to_its_story_whose_group_stays(store: Store) -> None:
    desk = desk_of(store)
    desk.take(article("alfa", FIRST_TITLE, FIRST_TEXT))
    desk.take(article("bravo", OTHER_TITLE, OTHER_TEXT))
    (copy,) = desk.take(article("charlie", OTHER_TITLE, OTHER_TEXT)).placements
    assert (copy.grouping, copy.story_id) == (None, "tag:news.example,2026:bravo/1")
    assert len(desk.stories()) == 2


def test_when_groups_are_off_nothing_is_looked_for_or_kept(store: Store) -> None:
    desk = desk_of(store, Window())
    for source_id, one in zip(("alfa", "bravo"), EVENTS["en"], strict=True):
        (placed,) = desk.take(article(source_id, *one)).placements
        assert (placed.topics, placed.grouping) == ((), None)
    assert [story.group_id for story in store.latest(9)] == [None, None]


def test_groups_do_without_near_duplicates(store: Store) -> None:
    desk = desk_of(store, Window(near=None, group=3 * DAY))
    for source_id, one in zip(("alfa", "bravo"), EVENTS["en"], strict=True):
        desk.take(article(source_id, *one))
    assert len({*groups(desk).values()}) == 1


def test_a_title_that_tells_too_little_is_not_looked_for() -> None:
    for title in ("Home", "Morning briefing: Northport council approves tram", "Council meets"):
        assert topics(said(article("alfa", title))) == ()
