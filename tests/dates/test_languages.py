"""Months and weekdays by name: every language of CLDR, and what feeds write besides."""

import re
import subprocess
import sys
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import pytest
from babel import Locale
from babel.dates import format_datetime, get_month_names
from hypothesis import given
from hypothesis import strategies as st

from aggregator.dates import Habit, primary, read_date
from aggregator.dates.names import FILLER_WORDS, MONTH_NAMES, NAMES_FILE, UNCLEAR_HALF, half_of_day
from aggregator.dates.spelling import spelled
from aggregator.dates.words import COMMON_LANGUAGES, MONTHS, WEEKDAYS
from aggregator.dates.zones import SHARED_ZONES, ZONES

ROOT = Path(__file__).resolve().parents[2]
# The only months that mean two things in the common languages: Croatian beside its northern neighbours.
SLAVIC = {"lip", "lis", "listopad", "listopada", "srp"}
PATTERNS = ["d MMMM y", "EEE, dd MMM y", "EEEE d MMMM y", "MMM d, y", "d. MMM. y", "y MMM d", "long", "full"]
CLOCKS = ["HH:mm:ss", "H:mm:ss", "HH:mm:ss.SSS"]
LANGUAGES = sorted(COMMON_LANGUAGES)


def test_the_file_of_names_is_what_babel_has() -> None:
    """When this fails after an update of Babel: `python -m tests.dates.cldr`.

    In a process of its own: what Babel 2.18 has loaded before changes what it says of Nynorsk.
    """
    code = "import sys; from tests.dates.cldr import table; sys.stdout.write(table())"
    made = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", code], cwd=ROOT, stdout=subprocess.PIPE, check=True
    )
    assert NAMES_FILE.read_text(encoding="utf-8") == made.stdout.decode()


def written(wall: datetime, language: str, pattern: str, clock: str) -> str:
    locale = Locale.parse(language)
    if pattern in locale.date_formats:
        pattern = locale.date_formats[pattern].pattern
    return format_datetime(wall, f"{pattern}, {clock}", tzinfo=None, locale=locale)


@given(
    st.datetimes(datetime(1971, 1, 1), datetime(2099, 12, 30)),  # noqa: DTZ001 - wall clocks
    st.sampled_from(LANGUAGES),
    st.sampled_from(PATTERNS),
    st.sampled_from(CLOCKS),
)
def test_every_date_is_read_in_every_common_language(
    wall: datetime, language: str, pattern: str, clock: str
) -> None:
    text = written(wall.replace(microsecond=0), language, pattern, clock)
    assert read_date(text, habit=Habit(language)).at == wall.replace(microsecond=0, tzinfo=UTC), text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_month_is_read_in_every_common_language_and_never_as_another(language: str) -> None:
    for month in range(1, 13):
        wall = datetime(2023, month, 14, 11, 33, 5)  # noqa: DTZ001 - a wall clock
        for pattern in PATTERNS:
            text = written(wall, language, pattern, CLOCKS[0])
            assert read_date(text, habit=Habit(language)).at == wall.replace(tzinfo=UTC), text
            alone = read_date(text)  # without a word on the language
            assert alone.at in {wall.replace(tzinfo=UTC), None}, text
            assert alone.at is not None or SLAVIC & set(re.split(r"[\W\d]+", text.casefold())), text


@pytest.mark.parametrize("language", LANGUAGES)
def test_twelve_hour_clocks_are_read_in_every_common_language_and_never_as_another(language: str) -> None:
    for hour in (0, 1, 11, 12, 13, 18, 23):
        wall = datetime(2023, 2, 14, hour, 5, 7)  # noqa: DTZ001 - a wall clock
        at = wall.replace(tzinfo=UTC)
        behind = written(wall, language, "d MMMM y", "h:mm:ss a")
        assert read_date(behind, habit=Habit(language)).at == at, behind
        # before the time, "at night" instead, or without a word on the language
        for clock in ("h:mm:ss a", "a h:mm:ss", "h:mm:ss B", "B h:mm:ss"):
            text = written(wall, language, "d MMMM y", clock)
            for said in (language, None, "en"):
                assert read_date(text, habit=Habit(said)).at in {at, None}, text


def test_names_are_read_in_any_case_and_without_accents_and_dots() -> None:
    for text in (
        "14 ДЕКАБРЯ 2023",
        "14 DÉC. 2023",
        "14 dec 2023",
        "14 Aralık 2023",
        "14 ARALIK 2023",
        "14 aralik 2023",
    ):
        assert read_date(text).at == datetime(2023, 12, 14, tzinfo=UTC), text


def test_no_month_means_two_but_in_croatian() -> None:
    double = set()
    for name, numbers in MONTH_NAMES.items():
        meant = {number for number, languages in numbers.items() if languages & COMMON_LANGUAGES}
        if len(meant) > 1:
            double.add(name)
    assert double == SLAVIC & MONTH_NAMES.keys()


@pytest.mark.parametrize(
    ("tag", "month"), [("pl", 11), ("pl-PL", 11), ("cs_CZ", 11), ("hr", 10), ("HR-hr", 10)]
)
def test_the_language_of_the_feed_decides_between_two_months(tag: str, month: int) -> None:
    assert read_date("14 lis 2023", habit=Habit(primary(tag))).at == datetime(2023, month, 14, tzinfo=UTC)


def test_a_weekday_of_one_language_decides_between_two_months() -> None:
    assert read_date("wtorek, 14 listopada 2023").at == datetime(2023, 11, 14, tzinfo=UTC)
    assert read_date("utorak, 14. listopada 2023").at == datetime(2023, 10, 14, tzinfo=UTC)


def test_a_rare_language_is_read_but_takes_no_word_from_a_common_one() -> None:
    tamazight = get_month_names("abbreviated", locale="zgh")[11]
    assert read_date(f"14 {tamazight} 2023").at == datetime(2023, 11, 14, tzinfo=UTC)
    assert read_date("14 out 2023").at == datetime(
        2023, 10, 14, tzinfo=UTC
    )  # Portuguese, not Morisyen's August


def test_english_is_read_in_a_feed_of_any_language() -> None:
    assert read_date("14 Jan 2023", habit=Habit("st")).at == datetime(
        2023, 1, 14, tzinfo=UTC
    )  # June in Sesotho


@pytest.mark.parametrize("table", [MONTHS, WEEKDAYS], ids=["months", "weekdays"])
def test_our_own_words_are_not_in_cldr_already(table: dict[str, dict[int, str]]) -> None:
    rows = {}
    for line in NAMES_FILE.read_text(encoding="utf-8").splitlines():
        language, months, weekdays, *_ = line.split("\t")
        rows[language] = (months if table is MONTHS else weekdays).split(";")
    first = 1 if table is MONTHS else 0
    for language, numbers in table.items():
        for number, names in numbers.items():
            known = set(rows[language][number - first].split("|"))
            assert not known & {spelled(name) for name in names.split()}, (language, number)


def test_no_month_is_a_zone_or_a_half_of_the_day_or_means_nothing() -> None:
    common = {
        name for name, numbers in MONTH_NAMES.items() if set().union(*numbers.values()) & COMMON_LANGUAGES
    }
    assert not common & (ZONES.keys() | SHARED_ZONES.keys() | FILLER_WORDS)
    assert {half_of_day(name, None) for name in common} <= {None, UNCLEAR_HALF}


@pytest.mark.parametrize(
    ("text", "language", "hour"),
    [
        ("2023. november 14. du. 3:05", "hu", 15),
        ("2023. november 14. de. 3:05", "hu", 3),
        ("2023. november 14. du. 3:05", None, None),  # Sunday in Romania
        ("2023. november 14. du. 3:05", "en", None),  # which many feeds say that are in another language
        ("14.11.2023 3:05 SA", "vi", 3),
        ("14.11.2023 3:05 CH", "vi", 15),
        ("14 nov. 2023 3:05 em", "sv", 15),
        ("15:05 em 14 de novembro de 2023", "pt", 15),  # "on"
        ("14 nov 2023 3:05 de la tarde", None, 15),
        ("14 Nov 2023 3:05 (PM)", None, 15),
        ("14 Nov 2023 3:05p", None, 15),
        ("14 Nov 2023 12:05a", None, 0),
        ("14 Nov 2023 3:05 p", None, None),
        ("AM 3:05 14.11.2023", None, 3),
        ("am 14. November 2023 um 3:05 Uhr", None, 3),  # German "on the"
        ("am Dienstag, 14.11.2023, 15:05", None, 15),
        ("14 Nov 2023 12.05 am", None, None),
        ("14 Nov 2023 3:05 xm", None, None),
    ],
)
def test_halves_of_the_day(text: str, language: str | None, hour: int | None) -> None:
    at = read_date(text, habit=Habit(language)).at
    assert (None if at is None else at.hour) == hour


def test_every_own_word_is_read() -> None:
    read = defaultdict(set)
    for numbers in MONTHS.values():
        for number, names in numbers.items():
            for name in names.split():
                read[number].add(read_date(f"14 {name} 2023").at)
    assert read == {number: {datetime(2023, number, 14, tzinfo=UTC)} for number in read}
