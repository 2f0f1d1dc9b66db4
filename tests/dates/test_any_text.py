"""Whatever the text: no exception, no date outside of belief, no long wait."""

import time
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.dates import MAX_DATE_LENGTH, MAX_YEAR, MIN_YEAR, learn, read_date
from aggregator.dates.names import FILLER_WORDS, MONTH_NAMES, WEEKDAY_NAMES
from aggregator.dates.quick import read_quick
from aggregator.dates.shapes import read

BERLIN = ZoneInfo("Europe/Berlin")
FIRST, LAST = datetime(1970, 1, 2), datetime(2100, 12, 30)  # noqa: DTZ001 - any zone is put to them
HUGE = 100_000  # characters
ENOUGH = 0.5  # seconds of CPU for the worst text; it takes a few milliseconds

SIGNS = [
    "GMT",
    "PM",
    "T",
    "Z",
    "+0300",
    "-05:00",
    ":",
    "-",
    "/",
    ".",
    "年",
    "月",
    "14:30",
    "(",
    ")",
    "th",
    "W46",
]
WORDS = [
    *sorted(MONTH_NAMES)[::40],
    *sorted(WEEKDAY_NAMES)[::40],
    *sorted(FILLER_WORDS)[::4],
    "p. m.",
    "du",
    "de la tarde",
    "下午",
]
QUICK_ZONES = [
    "GMT",
    "UTC",
    "UT",
    "Z",
    "+0000",
    "-0800",
    "+0545",
    "EST",
    "EDT",
    "CDT",
    "MST",
    "MDT",
    "PST",
    "PDT",
]
pieces = st.lists(
    st.one_of(
        st.integers(0, 99999).map(str), st.sampled_from(SIGNS), st.sampled_from(WORDS), st.text(max_size=3)
    ),
    max_size=12,
)
texts = st.one_of(st.text(), pieces.map("".join), pieces.map(" ".join))


@given(texts, texts)
def test_no_text_raises_or_is_read_outside_of_belief(text: str, other: str) -> None:
    habit = learn([text, other], "ja")
    for reading in (
        read_date(text),
        read_date(text, timezone=BERLIN, formats=["%d %b %Y", text]),
        read_date(text, habit=habit),
    ):
        if reading.at is None:
            assert reading.problem
        else:
            assert MIN_YEAR <= reading.at.year <= MAX_YEAR
            assert reading.at.utcoffset() == timedelta()


@pytest.mark.parametrize(
    "text",
    [
        "1/:/2006 3:04:05 PM MST",
        "1/\U00010a40/2006",  # a digit that is no decimal one
        "፩ Nov 2006",
        "1 Nov \U00010a40\U00010a40",
        "14 Nov 99999999999999999999",
        "9999999",  # the 999th day of 9999
    ],
)
def test_what_only_looks_like_numbers_is_no_date(text: str) -> None:
    assert read_date(text).problem == f'date "{text}" cannot be read'


@given(texts)
def test_what_one_habit_reads_another_never_reads_as_a_third_day(text: str) -> None:
    """A habit chooses between what the text may mean; it adds nothing."""
    written = read(" ".join(text.split())[:MAX_DATE_LENGTH])
    reading = read_date(text, habit=learn(["14/03/2023"]))
    if written is not None and reading.at is not None and written.zone.zone is None:
        days = {one.day for one in written.days.readings}
        assert (reading.at.replace(tzinfo=None) - written.clock) in days


@given(st.datetimes(FIRST, LAST), st.integers(-14 * 60, 14 * 60))
def test_standard_shapes_round_trip(wall: datetime, minutes: int) -> None:
    moment = wall.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    whole = moment.replace(microsecond=0)
    assert read_date(moment.isoformat()).at == moment
    assert read_date(whole.strftime("%a, %d %b %Y %H:%M:%S %z")).at == whole


@given(st.datetimes(FIRST, LAST), st.sampled_from(QUICK_ZONES))
def test_the_quick_way_and_the_long_way_agree(wall: datetime, zone: str) -> None:
    for text in (f"{wall:%a, %d %b %Y %H:%M:%S} {zone}", f"{wall:%Y-%m-%dT%H:%M:%S}{zone[:3]}:{zone[3:]}"):
        quick, written = read_quick(text), read(text)
        if quick is not None:
            assert written is not None
            long = written.days.readings[0].day + written.clock
            assert long.replace(tzinfo=written.zone.zone).astimezone(UTC) == quick


@given(
    st.datetimes(FIRST, LAST),
    st.sampled_from([BERLIN, ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Asia/Kathmandu")]),
)
def test_a_time_without_zone_is_in_that_of_the_source(wall: datetime, zone: ZoneInfo) -> None:
    wall = wall.replace(microsecond=0)
    at = read_date(f"{wall:%d.%m.%Y %H:%M:%S}", timezone=zone).at
    assert at == wall.replace(tzinfo=zone).astimezone(UTC)


@pytest.mark.parametrize(
    "piece",
    [
        "1",
        "14 ",
        "a",
        "nov ",
        "(",
        "()",
        "p. ",
        "11:33 ",
        "1.",
        "+",
        " ",
        "-0",
        "é",
        "一",
        "1月",
        "ที",
        "\u0301",
        "mweri wa ",
    ],
)
@pytest.mark.parametrize("length", [MAX_DATE_LENGTH, HUGE])
def test_a_long_text_is_done_with_at_once(piece: str, length: int) -> None:
    text = (piece * length)[:length]
    started = time.process_time()
    for whole in (text, f"14 Nov 2023 {text}"[:length], f"{text[:-12]} 14 Nov 2023"):
        learn([whole])
        read_date(whole, formats=["%d.%m.%Y"])
    assert time.process_time() - started < ENOUGH
