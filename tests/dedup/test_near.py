"""Near-duplicates: what must never be merged and what must be one, in four languages."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.dedup import Window
from aggregator.dedup.near import near
from aggregator.dedup.said import said
from aggregator.model import Enclosure, Entry
from tests.dedup.desk import Desk
from tests.things import NOON, entry

HOUR = timedelta(hours=1)


def told(source_id: str, title: str, text: str, guid: str = "1", **more: Any) -> Entry:
    facts: dict[str, Any] = {
        "url": f"https://{source_id}.example/{guid}",
        "published_at": NOON,
        "title": title,
        "content_text": text,
    }
    return entry(guid, source_id, **facts | more)


def are_one(first: Entry, second: Entry) -> bool:
    desk = Desk("alfa", "bravo")
    desk.take(first)
    desk.store.settle()
    desk.take(second, at=max(NOON, second.published_at or NOON))
    return len(desk.stories()) == 1


# Forms filled in anew: "{}" is what alone differs.
FORMS = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "data" / "dedup" / "forms.jsonl").read_text("utf-8").splitlines()
]


def of(kind: str) -> pytest.MarkDecorator:
    cases = [
        pytest.param(form["title"], form["text"], form["one"], form["other"], id=form["title"] + form["one"])
        for form in FORMS
        if form["kind"] == kind
    ]
    return pytest.mark.parametrize(("title", "text", "one", "other"), cases)


@of("word")
@pytest.mark.parametrize("hours", [0, 3, 24])
@pytest.mark.parametrize("source_id", ["alfa", "bravo"])
def test_a_form_filled_in_anew_is_another_entry(
    title: str, text: str, one: str, other: str, hours: int, source_id: str
) -> None:
    first = told("alfa", title.format(one), text.format(one))
    second = told(source_id, title.format(other), text.format(other), "2", published_at=NOON + hours * HOUR)
    assert not are_one(first, second)


def test_a_name_that_comes_late_in_a_form_counts_too() -> None:
    """The exact-text mark covers the first 25 words only."""
    text = " ".join(f"word{n}" for n in range(26)) + " said the lucky sign of the day is {} as ever."
    assert not are_one(
        told("alfa", "Horoscope", text.format("Aries")), told("bravo", "Horoscope", text.format("Taurus"))
    )


MORE = (
    "The office said that nothing else had changed since the last time, and that it would report again next week."
    " Readers may ask for a copy of the whole table at the counter in the old town hall."
)


def test_a_name_exchanged_in_title_and_text_is_another_entry_however_long() -> None:
    """Even where an editor has been at the rest."""
    text = f"Stocks of {{}} in the warehouses of the port were unchanged, the harbour office said. {MORE}"
    first = told("alfa", "Port stocks of cocoa unchanged", text.format("cocoa"))
    second = told("bravo", "Port stocks of coffee unchanged", text.format("coffee") + " It gave no figures.")
    assert not are_one(first, second)


def test_another_day_in_a_text_of_some_length_is_another_entry() -> None:
    text = f"Cloudy with light rain in the north on {{}}, brighter in the south. {MORE}"
    first = told("alfa", "Weather for the whole of the county", text.format("Monday"))
    second = told("bravo", "Weather for the whole of the county", text.format("Tuesday") + " Take care.")
    assert not are_one(first, second)
    today = told("bravo", "Weather for the whole of the county", text.format("today") + " Take care.")
    assert are_one(first, today)


@of("number")
def test_another_number_is_another_entry(title: str, text: str, one: str, other: str) -> None:
    first = told("alfa", title.format(one), text.format(one))
    second = told("bravo", title.format(other), text.format(other), published_at=NOON + 24 * HOUR)
    assert not are_one(first, second)


STORIES = {
    "en": (
        "Harbour bridge in Tarnmouth closes for nine weeks of repairs",
        "The harbour bridge in Tarnmouth will close to all traffic on Monday for nine weeks of repairs, the county"
        " said. Engineers found cracks in 14 of the 220 steel hangers during a routine inspection"
        " in the spring. Buses will"
        " take a detour through Eastgate, and a free ferry will carry pedestrians.",
    ),
    "de": (
        "Hafenbrücke in Tarnmünde wird neun Wochen lang gesperrt",
        "Die Hafenbrücke in Tarnmünde wird ab Montag neun Wochen lang für den gesamten Verkehr gesperrt, teilte der"
        " Landkreis mit. Fachleute hatten bei einer Prüfung im Frühjahr Risse in 14 der 220 Hänger"
        " entdeckt. Busse fahren eine"
        " Umleitung über Ostertor, eine Fähre bringt Fußgänger ans andere Ufer.",
    ),
    "ru": (
        "В Заречье на девять недель закроют мост через Лугань",
        "Мост через реку Лугань в Заречье с понедельника закроют для движения на девять недель,"
        " сообщила администрация"
        " округа. При плановом осмотре специалисты обнаружили трещины в 14 из 220 подвесок. Автобусы пойдут в объезд,"
        " а пешеходов бесплатно перевезёт паром.",
    ),
    "zh": (
        "塔恩口港大桥因维修将封闭九周",
        "县政府表示，塔恩口港大桥将从下周一起封闭九周进行维修，禁止一切车辆通行。工程师在春季例行检查中发现两百二十根吊杆"
        "中有十四根出现裂缝。公交车将绕行东门，行人可以免费乘坐渡轮过河。",
    ),
}
BYLINES = {
    "en": "By Jane Roe\nTARNMOUTH, Oct 3 (Coast Wire) - ",
    "de": "Von Max Muster, Hamburg. ",
    "ru": "ЗАРЕЧЬЕ, 3 окт — Агентство. ",
    "zh": "新华社塔恩口10月3日电（记者张三）",
}
FOOTERS = {
    "en": " The post Harbour bridge closes appeared first on Example Times.",
    "de": " Der Beitrag Hafenbrücke gesperrt erschien zuerst auf Beispiel.",
    "ru": " Читать далее на сайте",
    "zh": "\n阅读全文",
}


@pytest.mark.parametrize("language", STORIES)
def test_a_copy_under_another_byline_and_footer_is_one_story(language: str) -> None:
    title, text = STORIES[language]
    copy = told("bravo", title, BYLINES[language] + text + FOOTERS[language])
    assert are_one(told("alfa", title, text), copy)


@pytest.mark.parametrize("language", STORIES)
@pytest.mark.parametrize("share", [0.45, 0.7])
@pytest.mark.parametrize("teaser_first", [True, False])
def test_a_teaser_and_the_whole_article_are_one_story(
    language: str, share: float, teaser_first: bool
) -> None:
    title, text = STORIES[language]
    teaser = told("alfa", title, text[: int(len(text) * share)] + "…")
    whole = told("bravo", f"{title} | Daily Example", text)
    assert are_one(*((teaser, whole) if teaser_first else (whole, teaser)))


@pytest.mark.parametrize("language", STORIES)
def test_a_copy_under_another_title_is_one_story(language: str) -> None:
    title, text = STORIES[language]
    assert are_one(told("alfa", title, text), told("bravo", "Local: repairs until December — 本地", text))


def judged(first: Entry, second: Entry, *, hours: float = 1.0, one_source: bool = False) -> bool:
    """Whether the two resemble each other enough, whatever else they share."""
    return near(said(first), said(second), apart=hours * HOUR, one_source=one_source).rule is not None


SENTENCE = "Fourteen files found in the home of a surveyor describe a tunnel"  # twelve words, ten shingles
GOING_ON = " under the old harbour that was never entered on any map of the whole coast."


def test_a_first_sentence_is_a_copy_where_the_other_text_goes_on() -> None:
    """Under titles that share nothing; of a stub both have no more."""
    start = f"{SENTENCE} under the"
    whole = told("bravo", "Purchase order reprint", SENTENCE + GOING_ON)
    assert judged(told("alfa", "What the surveyor left", f"{start}…"), whole)
    assert not judged(
        told("alfa", "What the surveyor left", f"{start}…"), told("bravo", "Reprint", f"{start} old.")
    )
    assert not judged(told("alfa", "What the surveyor left", f"{start}…"), whole, one_source=True)


REWRITTEN = (
    "Industrial output in the county was six pct above the same month of last year after rising seven pct in autumn,"
    " figures of the statistics office show.",
    "The growth of industrial output in all of the county slowed to six pct above the same month after rising seven pct"
    " in autumn, figures of the statistics office show.",
)


def test_an_agency_that_sends_its_headline_again_within_hours_has_rewritten_the_item() -> None:
    first, second = (
        told("alfa", "County output growth slows in cold winter months", text) for text in REWRITTEN
    )
    assert judged(first, second, one_source=True, hours=1)
    assert not judged(first, second, one_source=True, hours=5)  # the next item of that name
    brief, again = (told("alfa", "County output growth", text) for text in REWRITTEN)
    assert not judged(brief, again, one_source=True, hours=1)


def test_titles_that_share_nearly_all_need_less_of_the_lead_within_a_shift() -> None:
    first = told("alfa", "County output growth slows in winter", REWRITTEN[0])
    second = told("alfa", "County industrial growth slows in winter", REWRITTEN[1])
    assert judged(first, second, hours=11)
    assert not judged(first, second, hours=13)
    assert not judged(first, told("bravo", "County growth in colder days", REWRITTEN[1]), hours=1)


@pytest.mark.parametrize(
    ("stamp", "other"),
    [
        ("Posted: 4:56 AM, June 02, 2018", "Posted: 3:51 AM, June 03, 2018"),
        ("Last updated 14:05", "Last updated 16:40"),
        ("Veröffentlicht am 3.10.2026, 14:05 Uhr", "Veröffentlicht am 4.10.2026, 9:30 Uhr"),
        ("Опубликовано 3 октября 2026, 14:05", "Опубликовано 4 октября 2026, 9:30"),
        ("发布时间：2026-10-03 14:05", "发布时间：2026-10-04 09:30"),
    ],
)
def test_when_a_page_was_put_up_makes_no_other_article(stamp: str, other: str) -> None:
    """Even in a teaser of which so little is left that its labels stay."""
    first, second = (
        f"Streaming news\n{one}\nFrom the desk of the wire\nThe streaming company reversed its"
        for one in (stamp, other)
    )
    title = "Streaming company reverses artist policy"
    assert judged(told("alfa", title, first), told("bravo", title, second))


def test_a_line_that_only_begins_like_a_stamp_is_text() -> None:
    first, second = (
        f"Posted {price} dollars a barrel\nThe company gave no reason for the change of its prices"
        for price in (14, 15)
    )
    assert not judged(
        told("alfa", "Company posts prices", first), told("bravo", "Company posts prices", second)
    )


@pytest.mark.parametrize("language", STORIES)
def test_ids_that_change_at_every_poll_tell_nothing_new(language: str) -> None:
    title, text = STORIES[language]
    desk = Desk("alfa")
    for n in range(5):
        desk.take(told("alfa", title, text, f"session-{n}", url=None), at=NOON + n * HOUR)
    assert len(desk.stories()) == 1


@pytest.mark.parametrize("language", [one for one in STORIES if one != "en"])
def test_a_translation_is_another_entry(language: str) -> None:
    assert not are_one(told("alfa", *STORIES["en"]), told("bravo", *STORIES[language]))


def test_episodes_of_one_show_that_share_their_notes_stay_apart() -> None:
    """Seen in a real feed: twenty words of notes under two titles."""
    notes = "Our show goes on! Sponsored by Example Petroleum! Comics against comics, an old film again, and much more!"
    first = told("alfa", "Our show: you can see the strings", notes)
    assert not are_one(first, told("alfa", "Our show: a low one (extended version)", notes, "2"))

    def episode(guid: str, file: str) -> Entry:
        recording = Enclosure(url=f"https://cdn.example/{file}?token={guid}", type="audio/mpeg", length=1)
        return told("alfa", "Our show talks about all kinds of things", notes, guid, enclosures=(recording,))

    assert not are_one(episode("1", "41.mp3"), episode("2", "42.mp3"))
    assert are_one(episode("1", "41.mp3"), episode("2", "41.mp3"))


def test_a_digest_is_not_the_article_it_quotes() -> None:
    title, text = STORIES["en"]
    digest = told("bravo", "News in brief", f"{text} {' '.join(f'word{n}' for n in range(60))}.")
    assert not are_one(told("alfa", title, text), digest)
    assert not are_one(digest, told("alfa", title, text))


def test_an_id_that_changes_hands_within_a_batch_mixes_up_no_texts() -> None:
    """The later told entry gives its id to the earlier one; they stay two texts."""
    title, text = STORIES["en"]
    desk = Desk("alfa", "bravo", "carol")
    desk.take(told("alfa", title, text, "urn:x:1", uri="urn:x:1", published_at=NOON - HOUR))
    desk.take(told("carol", STORIES["de"][0], BYLINES["de"] + STORIES["de"][1]))
    other = told("bravo", *STORIES["de"], "urn:x:1", uri="urn:x:1", published_at=NOON - 2 * HOUR)
    copy = told("bravo", title, BYLINES["en"] + text, "2")
    desk.take(other, copy)
    told_by = {story_id: sorted(sources) for story_id, sources in desk.stories().items()}
    assert told_by == {"tag:news.example,2026:alfa/urn:x:1": ["alfa", "bravo"], "urn:x:1": ["bravo", "carol"]}


def test_a_longer_window_is_needed_for_what_comes_later() -> None:
    title, text = STORIES["en"]
    early, late = told("alfa", title, text), told("bravo", title, text[:-9], published_at=NOON + 80 * HOUR)
    for window, stories in ((Window(text=HOUR), 2), (Window(text=HOUR, near=96 * HOUR), 1)):
        desk = Desk("alfa", "bravo", window=window)
        desk.take(early)
        desk.take(late, at=NOON + 80 * HOUR)
        assert len(desk.stories()) == stories


def test_resemblance_can_be_switched_off() -> None:
    title, text = STORIES["en"]
    desk = Desk("alfa", "bravo", window=Window(near=None))
    desk.take(told("alfa", title, text))
    plan = desk.take(told("bravo", f"{title} | Daily", BYLINES["en"] + text))
    assert len(desk.stories()) == 2
    assert (plan.seen, plan.placements[0].sample) == (None, ())


def test_a_decision_keeps_its_rule_and_what_it_was_judged_by() -> None:
    title, text = STORIES["en"]
    desk = Desk("alfa", "bravo")
    founded = desk.take(told("alfa", title, text)).placements[0]
    assert (founded.rule, founded.scores) == ("new", ())
    copied = desk.take(told("bravo", title, BYLINES["en"] + text)).placements[0]
    assert copied.rule == "equal titles"
    assert dict(copied.scores)["title"] == 1.0
    assert 0.9 < dict(copied.scores)["lead"] <= 1.0


# boilerplate, learnt from the document


def document(source_id: str, always: str, *, title: str = "Number {}") -> list[Entry]:
    words = ["ash", "birch", "cedar", "elm", "fir", "hazel", "larch", "maple"]
    texts = [f"{' '.join(f'{word}{n}{k}' for k in range(6))}. {always}" for n, word in enumerate(words)]
    return [
        told(source_id, title.format(word), text, word, position=n)
        for n, (word, text) in enumerate(zip(words, texts, strict=True))
    ]


STUB = (
    "This article is only for readers who support us with a subscription of any kind, so please log in or choose one"
    " of our offers to go on reading today and every day."
)


def test_what_a_source_says_in_every_entry_makes_nothing_one() -> None:
    """A paywall stub is longer than what is left of the article."""
    desk = Desk("alfa", "bravo")
    desk.take(*document("alfa", STUB))
    assert len(desk.stories()) == 8


def test_boilerplate_is_remembered_for_documents_with_one_entry() -> None:
    desk = Desk("alfa", "bravo")
    desk.take(*document("alfa", STUB))
    one = told("alfa", "A headline about the harbour bridge of the town", STUB, "later")
    other = told("alfa", "Another about the olives of the southern hills", STUB, "latest")
    desk.take(one)
    plan = desk.take(other)
    assert plan.placements[0].rule == "new"


def test_a_recurring_title_makes_nothing_one() -> None:
    """Two editions of one form that a title alone would join."""
    desk = Desk("alfa")
    editions = document("alfa", "", title="Morning briefing for the whole of the county")
    desk.take(*editions)
    assert len(desk.stories()) == 8


def test_a_story_told_three_times_in_a_document_is_no_boilerplate() -> None:
    title, text = STORIES["en"]
    desk = Desk("alfa", "bravo")
    again = [told("alfa", title, text, f"again{n}", url=None, position=9 + n) for n in range(3)]
    desk.take(*document("alfa", ""), *again)
    desk.take(told("bravo", title, BYLINES["en"] + text))
    assert ["alfa", "alfa", "alfa", "bravo"] in [sorted(sources) for sources in desk.stories().values()]


# the comparison itself

SAID = "the bridge will close on monday for 14 weeks of 2 repairs said"
WORDS = st.lists(st.sampled_from(SAID.split()), max_size=30)


@given(WORDS, WORDS, WORDS, WORDS, st.integers(0, 72), st.booleans())
def test_the_order_of_two_entries_makes_no_difference(
    title: list[str],
    text: list[str],
    other_title: list[str],
    other_text: list[str],
    hours: int,
    one_source: bool,
) -> None:
    first = said(told("alfa", " ".join(title), " ".join(text)))
    second = said(told("bravo", " ".join(other_title), " ".join(other_text)))
    apart = hours * HOUR
    assert near(first, second, apart=apart, one_source=one_source) == near(
        second, first, apart=apart, one_source=one_source
    )


@given(st.text(max_size=300), st.text(max_size=300))
def test_any_text_can_be_compared(one: str, other: str) -> None:
    verdict = near(said(told("a", one, other)), said(told("b", other, one)), apart=HOUR, one_source=False)
    assert all(score >= 0.0 for _, score in verdict.scores)
