"""Date texts: read rightly, or not at all."""

import json
from collections import defaultdict
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.dates import MAX_DATE_LENGTH, read_date
from aggregator.dates.words import FILLER_WORDS, MONTHS, WEEKDAYS, ZONES, numbered

HERE = Path(__file__).resolve()
OWN = HERE.parent / "data" / "dates" / "dates.jsonl"
SHARED = HERE.parents[2] / "shared" / "corpus" / "dates" / "dates.jsonl"
MINSK = ZoneInfo("Europe/Minsk")
BERLIN = ZoneInfo("Europe/Berlin")
# feedparser's Korean dates have no zone in the text; its sub-parser supplies it.
SEOUL_DATES = {"2004-05-25 오후 11:23:17", "2004년 05월 28일  01:31:15"}
LEAST_SHARE_READ = 0.93
FIRST, LAST = datetime(1970, 1, 2), datetime(2100, 12, 30)  # noqa: DTZ001 - any zone is put to them


def utc(text: str, **options: object) -> str | None:
    reading = read_date(text, **options)  # type: ignore[arg-type]
    return None if reading is None else reading.at.isoformat().replace("+00:00", "Z")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # RFC 3339 and cousins
        ("2023-11-14T11:33:00Z", "2023-11-14T11:33:00Z"),
        ("2023-11-14t11:33:00z", "2023-11-14T11:33:00Z"),
        ("2023-11-14 11:33:00 +0300", "2023-11-14T08:33:00Z"),
        ("2023-11-14T11:33+03", "2023-11-14T08:33:00Z"),
        ("2023-11-14T11:33:00.123456789+03:00", "2023-11-14T08:33:00.123456Z"),
        ("2023-11-14T11:33:00,5Z", "2023-11-14T11:33:00.500000Z"),
        ("20231114T113300Z", "2023-11-14T11:33:00Z"),
        ("2023-11-14T24:00:00Z", "2023-11-15T00:00:00Z"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"),  # a leap second
        # RFC 822 and cousins
        ("Tue, 14 Nov 2023 11:33:00 GMT", "2023-11-14T11:33:00Z"),
        ("Mon, 14 Nov 2023 11:33:00 GMT", "2023-11-14T11:33:00Z"),  # it was a Tuesday
        ("14 Nov 23 11:33 UT", "2023-11-14T11:33:00Z"),
        ("Thu,28 Jul 2022 4:35:5 GMT+9", "2022-07-27T19:35:05Z"),
        ("03 Apr 02 1500 GMT", "2002-04-03T15:00:00Z"),
        ("Sun, 06 Nov 94 08:49:37 GMT", "1994-11-06T08:49:37Z"),  # RFC 5322 §4.3: 94 is 1994
        ("January, 29 Jan 2021 16:42:00 +0000", "2021-01-29T16:42:00Z"),  # a month where the weekday goes
        ("Tue, 14 Nov 2023 11:33:00 +0530", "2023-11-14T06:03:00Z"),
        ("Tue, 14 Nov 2023 11:33:00 −0300", "2023-11-14T14:33:00Z"),  # a real minus sign
        ("Tue Nov 14 2023 11:33:00 GMT+0300 (Moscow Standard Time)", "2023-11-14T08:33:00Z"),
        ("Sun Jan  4 16:29:06 UTC 2004", "2004-01-04T16:29:06Z"),
        ("14-Nov-2023 11:33 UTC", "2023-11-14T11:33:00Z"),
        ("Friday, January 29, 2021 04:42 PM UTC", "2021-01-29T16:42:00Z"),
        ("November 14th, 2023 at 12:05 a.m. GMT", "2023-11-14T00:05:00Z"),
        # zones by name
        ("14 Nov 2023 11:33 EST", "2023-11-14T16:33:00Z"),
        ("14 Nov 2023 11:33 PDT", "2023-11-14T18:33:00Z"),
        ("14 Nov 2023 11:33 CET", "2023-11-14T10:33:00Z"),
        ("14 Jul 2023 11:33 EEST", "2023-07-14T08:33:00Z"),
        ("14 Nov 2023 11:33 MSK", "2023-11-14T08:33:00Z"),
        ("14 Nov 2023 11:33 JST", "2023-11-14T02:33:00Z"),
        ("14 Jul 2023 11:33 BST", "2023-07-14T10:33:00Z"),
        ("14 Jul 2023 11:33 ET", "2023-07-14T15:33:00Z"),  # whichever applies in July
        ("14 Nov 2023 11:33 ET", "2023-11-14T16:33:00Z"),
        # Unix time
        ("1700000000", "2023-11-14T22:13:20Z"),
        ("1700000000123", "2023-11-14T22:13:20.123000Z"),
        ("1700000000.5", "2023-11-14T22:13:20Z"),
    ],
)
def test_with_zone(text: str, expected: str) -> None:
    reading = read_date(text, timezone=MINSK)  # which the text overrules
    assert reading is not None
    assert (reading.at, reading.problem) == (datetime.fromisoformat(expected), None)
    assert reading.at.utcoffset() == timedelta()


@pytest.mark.parametrize(
    ("text", "wall"),
    [
        ("14.11.2023 11:33:00", "2023-11-14T11:33:00"),
        ("03.04.2023 11:33:00", "2023-04-03T11:33:00"),  # dotted is day first
        ("14.11.2023", "2023-11-14T00:00:00"),
        ("14. 11. 2023 11:33", "2023-11-14T11:33:00"),
        ("15:04 02.01.2006", "2006-01-02T15:04:00"),
        ("2023/11/14 11:33", "2023-11-14T11:33:00"),
        ("2023-11-14", "2023-11-14T00:00:00"),
        ("2023-11", "2023-11-01T00:00:00"),  # W3C-DTF, dc:date
        ("2023", "2023-01-01T00:00:00"),
        ("25/12/2023 10:00", "2023-12-25T10:00:00"),  # 25 is no month
        ("12/25/2023 10:00 PM", "2023-12-25T22:00:00"),
        ("05-05-2023", "2023-05-05T00:00:00"),  # either way the same
        ("Fri, 14 Nov 2023 3:04:05 PM", "2023-11-14T15:04:05"),
        # languages of the table: one abbreviated with weekday, one written out
        ("Do, 22 Dez 2016 11:33:00", "2016-12-22T11:33:00"),
        ("Dienstag, 14. März 2023 um 11:33 Uhr", "2023-03-14T11:33:00"),
        ("mer, 16 nov 2022 11:33:00", "2022-11-16T11:33:00"),
        ("mar, 14 nov 2023 11:33", "2023-11-14T11:33:00"),  # mardi, not March
        ("mardi 1er août 2023 à 14h30", "2023-08-01T14:30:00"),
        ("martes, 14 de noviembre de 2023, 3:05 p. m.", "2023-11-14T15:05:00"),
        ("gio, 5 ott 2023 11:33", "2023-10-05T11:33:00"),
        ("Seg, 24 Set 2018 19:42:40", "2018-09-24T19:42:40"),
        ("terça-feira, 14 de março de 2023 às 11:33", "2023-03-14T11:33:00"),
        ("di 14 mrt 2023 11:33", "2023-03-14T11:33:00"),
        ("wtorek, 14 października 2023 r., godz. 11:33", "2023-10-14T11:33:00"),
        ("14. listopadu 2023 11:33", "2023-11-14T11:33:00"),
        ("вторник, 14 ноября 2023 г., 11:33", "2023-11-14T11:33:00"),
        ("Вт, 14 НОЯ 2023 11:33:00", "2023-11-14T11:33:00"),
        ("14-го мая 2023 года, 11:33", "2023-05-14T11:33:00"),
        ("п’ятниця, 14 квітня 2023 р. о 11:33", "2023-04-14T11:33:00"),
        ("аўторак, 14 снежня 2023 11:33", "2023-12-14T11:33:00"),
        ("14 Kasım 2023 Salı 11:33", "2023-11-14T11:33:00"),
        ("Κυρ, 11 Ιούλ 2004 12:00:00", "2004-07-11T12:00:00"),
        ("14 Μαΐου 2023, 3:05 μ.μ.", "2023-05-14T15:05:00"),
        ("tisdag 14 maj 2023 kl. 11:33", "2023-05-14T11:33:00"),
        ("2023. november 14., kedd 11:33", "2023-11-14T11:33:00"),
        ("marţi, 14 noiembrie 2023, ora 11:33", "2023-11-14T11:33:00"),
        ("2023年11月14日(火) 11時33分05秒", "2023-11-14T11:33:05"),
        ("2023年11月14日 下午3:05", "2023-11-14T15:05:00"),
        ("2023년 11월 14일 화요일 오후 3:05", "2023-11-14T15:05:00"),
        ("الثلاثاء، ١٤ نوفمبر ٢٠٢٣ ١١:٣٣", "2023-11-14T11:33:00"),
        ("14 تشرين الثاني 2023 3:05 م", "2023-11-14T15:05:00"),
    ],
)
def test_without_zone(text: str, wall: str) -> None:
    """The source's zone is used, and it is nothing to report; without one UTC is, and it is."""
    placed = read_date(text, timezone=timezone(timedelta(hours=3)))
    assert placed is not None
    assert (placed.at.isoformat(), placed.problem) == (
        (datetime.fromisoformat(wall + "+00:00") - timedelta(hours=3)).isoformat(),
        None,
    )
    assumed = read_date(text)
    assert assumed is not None
    assert assumed.at == datetime.fromisoformat(wall + "+00:00")
    assert assumed.problem is not None
    assert assumed.problem.endswith("carries no zone; read as UTC")


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n",
        "yesterday",
        "3 hours ago",
        "03/04/2023 11:33",  # 3 April or 4 March
        "02-01-2006",
        "03/04/2023 11:33:00 EST",
        "03-12-31",  # which end is the year
        "06/1/2 15:04",
        "14.11.23",
        "031231",
        "14 Nov 11:33",  # no year
        "07-01T01:55:07-05:00",
        "November 2023",
        "31.02.2023",
        "14.13.2023",
        "30 Feb 2023",
        "2023-11-14T25:00:00Z",
        "2023-11-14T11:60:00Z",
        "2023-11-14T11:33:61Z",
        "2023-11-14T24:00:01Z",
        "2023-11-14T11:33:00+99:99",
        "2023-11-14T11:33:00+14:30",  # nobody is that far from UTC
        "Fri, 11 Mar 2016 01:15:00 +3000",
        "Sun, 16 Dec 2012 1:2:3:4 GMT",
        "Sun, 16 zzz 2012 11:47:32 GMT",
        "2013-01-28T11:30:00-06:00Textra",
        "14 Nov 2023 11:33 XYZ",  # a zone nobody knows
        "14 Nov 2023 13:33 AM",
        "14 Nov Dec 2023 11:33",
        "14 Nov 2023 to 16 Nov 2023",
        "Thu, 01 Jan 0100 00:00:01 +0100",
        "1 Jan 1969 00:00 GMT",
        "1 Jan 2101 00:00 GMT",
        "9999999999",  # seconds in 2286
        "123456789012",
        "²³",
        "1 Jan 2023" + " " * MAX_DATE_LENGTH + "GMT x",
        "x" * (MAX_DATE_LENGTH + 1),
    ],
)
def test_never_guessed(text: str) -> None:
    assert read_date(text, timezone=MINSK) is None


def test_formats_of_the_source_come_first() -> None:
    formats = ["%d/%m/%Y %H:%M", "%d.%m.%Y %H:%M:%S"]
    assert utc("14.11.2023 11:33:00", timezone=MINSK, formats=formats) == "2023-11-14T08:33:00Z"
    assert utc("03/04/2023 11:33", formats=formats) == "2023-04-03T11:33:00Z"
    assert utc("03.04.2023", formats=["%m.%d.%Y"]) == "2023-03-04T00:00:00Z"  # against our own reading
    assert utc("14 Nov 2023 11:33 GMT", formats=formats) == "2023-11-14T11:33:00Z"  # none matches


def test_a_format_decides_even_for_nothing() -> None:
    assert utc("14.11 2023", formats=["%d.%m %H%M"]) is None  # the year 1900, and not the shape's


def test_format_with_a_zone() -> None:
    assert (
        utc("14.11.2023 11:33 +0100", timezone=MINSK, formats=["%d.%m.%Y %H:%M %z"]) == "2023-11-14T10:33:00Z"
    )
    # strptime reads GMT for %Z and forgets it
    assert (
        utc("14.11.2023 11:33 GMT", timezone=MINSK, formats=["%d.%m.%Y %H:%M %Z"]) == "2023-11-14T11:33:00Z"
    )


@pytest.mark.parametrize("pattern", ["%", "%d %d", "%Q", ""])
def test_a_broken_format_matches_nothing(pattern: str) -> None:
    assert utc("2023-11-14T11:33:00Z", formats=[pattern]) == "2023-11-14T11:33:00Z"


def test_format_without_zone_is_reported() -> None:
    reading = read_date("14.11.2023", formats=["%d.%m.%Y"])
    assert reading is not None
    assert reading.problem == 'date "14.11.2023" carries no zone; read as UTC'


def test_zone_name_of_several_meanings() -> None:
    text = "14 Nov 2023 11:33 IST"  # India, Israel, Ireland
    assert utc(text, timezone=MINSK) == "2023-11-14T08:33:00Z"
    reading = read_date(text)
    assert reading is not None
    assert reading.at == datetime(2023, 11, 14, 11, 33, tzinfo=UTC)
    assert reading.problem == f'date "{text}" names the unclear zone IST; read as UTC'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2023-10-29 02:30", "2023-10-29T00:30:00Z"),  # twice: the earlier, summer time
        ("2023-03-26 02:30", "2023-03-26T01:30:00Z"),  # skipped: 03:30 summer time
        ("2023-03-26 01:59", "2023-03-26T00:59:00Z"),
        ("2023-03-26 03:00", "2023-03-26T01:00:00Z"),
    ],
)
def test_daylight_saving(text: str, expected: str) -> None:
    assert utc(text, timezone=BERLIN) == expected
    assert utc(text, timezone=BERLIN, formats=["%Y-%m-%d %H:%M"]) == expected


SEEN = datetime(2023, 11, 14, 11, 33, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "opinion", "counts"),
    [
        ("14 zzz 2023 11:33", SEEN, True),
        ("14 zzz 2023 23:33", SEEN + timedelta(hours=18), True),  # moved over midnight by a zone
        ("31 zzz 2023 23:33", datetime(2024, 1, 1, 4, tzinfo=UTC), True),  # and over new year
        ("14 zzz 2022 11:33", SEEN, False),
        ("14 zzz 23 11:33", SEEN, False),
        ("4 zzz 2023 11:33", SEEN, False),
        ("zzz 14.11.2023", SEEN, False),  # numbers only: the parser guesses their order
        ("14 zzz 2023 3:04:05 PM", SEEN, False),  # feedparser drops the half
        ("03/04/2023", datetime(2023, 4, 3, tzinfo=UTC), False),
        ("14 zzz 1699", datetime(1699, 11, 14, tzinfo=UTC), False),
    ],
)
def test_opinion(text: str, opinion: datetime, counts: bool) -> None:
    reading = read_date(text, opinion=opinion)
    if not counts:
        assert reading is None
        return
    assert reading is not None
    assert reading.at == opinion
    assert reading.problem == f'date "{text}" has a shape unknown to us; the feed parser read it'


def test_own_reading_beats_the_opinion() -> None:
    wrong = datetime(2023, 11, 1, 11, 33, tzinfo=UTC)  # what feedparser makes of it
    assert utc("2023/11/14 11:33", opinion=wrong) == "2023-11-14T11:33:00Z"


@pytest.mark.parametrize("table", [MONTHS, WEEKDAYS], ids=["months", "weekdays"])
def test_tables_have_whole_rows(table: dict[str, str]) -> None:
    columns = {len(row.split()) for row in table.values()}
    assert columns == {12 if table is MONTHS else 7}


def test_no_month_means_two() -> None:
    meanings = defaultdict(set)
    for form, number in numbered(MONTHS):
        meanings[form].add(number)
    assert {form for form, numbers in meanings.items() if len(numbers) > 1} == set()
    assert set(meanings).isdisjoint(FILLER_WORDS | ZONES.keys())


@pytest.mark.parametrize(
    ("form", "number"), [(form, n) for row in MONTHS.values() for form, n in numbered({"": row})]
)
def test_every_month_is_read(form: str, number: int) -> None:
    assert utc(f"14 {form.replace('_', ' ')} 2023") == f"2023-{number:02}-14T00:00:00Z"


def check_corpus(path: Path) -> float:
    """Return the share of asserted instants read; none of them may be read wrongly."""
    read = asserted = 0
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        text, kind = row["input"], row["kind"]
        reading = read_date(text, timezone=ZoneInfo("Asia/Seoul") if text in SEOUL_DATES else None)
        if kind == "ambiguous-day-month" or kind.startswith("must-be-none"):
            assert reading is None, text
        elif "expected_utc" in row:
            asserted += 1
            if reading is not None:
                read += 1
                expected = datetime.fromisoformat(row["expected_utc"]).replace(tzinfo=UTC)
                assert reading.at.replace(microsecond=0) == expected, text
    return read / asserted


def test_borrowed_dates() -> None:
    assert check_corpus(OWN) == 1


def test_shared_corpus() -> None:
    if not SHARED.exists():
        pytest.skip("no shared corpus beside the repository")
    assert check_corpus(SHARED) > LEAST_SHARE_READ


dateish = st.lists(
    st.one_of(
        st.integers(0, 99999).map(str),
        st.sampled_from(
            [
                "nov",
                "mar",
                "Tue,",
                "GMT",
                "PM",
                "T",
                "Z",
                "+0300",
                ":",
                "-",
                "/",
                ".",
                "年",
                "14:30",
                "(",
                ")",
            ]
        ),
        st.text(max_size=3),
    ),
    max_size=12,
)


@given(
    st.one_of(st.text(), dateish.map("".join), dateish.map(" ".join)), st.datetimes(timezones=st.just(UTC))
)
def test_no_text_raises(text: str, opinion: datetime) -> None:
    for reading in (read_date(text, opinion=opinion), read_date(text, timezone=BERLIN, formats=["%d %b %Y"])):
        if reading is not None:
            assert 1969 <= reading.at.year <= 2101
            assert reading.at.utcoffset() == timedelta()


@given(st.datetimes(FIRST, LAST), st.integers(-14 * 60, 14 * 60))
def test_standard_shapes_round_trip(wall: datetime, minutes: int) -> None:
    moment = wall.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    whole = moment.replace(microsecond=0)
    iso, rfc822 = read_date(moment.isoformat()), read_date(whole.strftime("%a, %d %b %Y %H:%M:%S %z"))
    assert iso is not None
    assert rfc822 is not None
    assert (iso.at, rfc822.at) == (moment, whole)
