"""Date texts: read rightly, or not at all."""

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from aggregator.dates import MAX_DATE_LENGTH, read_date
from aggregator.dates.advice import format_for
from aggregator.dates.days import Order

MINSK = ZoneInfo("Europe/Minsk")
BERLIN = ZoneInfo("Europe/Berlin")


def utc(text: str, **options: object) -> str | None:
    at = read_date(text, **options).at  # type: ignore[arg-type]
    return None if at is None else at.isoformat().replace("+00:00", "Z")


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
        ("14 Nov 2023 11:33 (MSK)", "2023-11-14T08:33:00Z"),
        ("14 ноября 2023, 11:33 (МСК)", "2023-11-14T08:33:00Z"),
        ("14 Nov 2023 11:33 America/Los_Angeles", "2023-11-14T19:33:00Z"),
        ("14 Nov 2023 11:33 Pacific Standard Time", "2023-11-14T19:33:00Z"),
        ("2023-11-14T11:33:00+01:00[Europe/Berlin]", "2023-11-14T10:33:00Z"),
        ("14 Nov 2023 11:33 UTC+03:00", "2023-11-14T08:33:00Z"),
        ("14 Nov 2023 11:33 +3", "2023-11-14T08:33:00Z"),
        ("14 Nov 2023 11:33 + 0300", "2023-11-14T08:33:00Z"),
        ("14 Nov 2023 11:33 --0300", "2023-11-14T14:33:00Z"),  # one feed doubles the sign
        ("2023-11-14T11:33:00+00:0", "2023-11-14T11:33:00Z"),  # cut short
        ("2023-11-14+03:00", "2023-11-13T21:00:00Z"),  # XML Schema has days with a zone
        ("14 Jul 2023 11:33 ET", "2023-07-14T15:33:00Z"),  # whichever applies in July
        ("14 Nov 2023 11:33 ET", "2023-11-14T16:33:00Z"),
        # Unix time
        ("1700000000", "2023-11-14T22:13:20Z"),
        ("1700000000123", "2023-11-14T22:13:20.123000Z"),
        ("1700000000.5", "2023-11-14T22:13:20Z"),
        ("1700000000123456", "2023-11-14T22:13:20.123456Z"),
        ("/Date(1700000000000+0300)/", "2023-11-14T22:13:20Z"),
        # comments: RFC 822 §3.4.3
        ("Fri (a comment), 11 Feb 2000 (one (in another)) 10:00:00 GMT", "2000-02-11T10:00:00Z"),
        # a date printed as a whole before the time
        ("2006-01-02 00:00:00.0 15:04:05.0 -0700", "2006-01-02T22:04:05Z"),
    ],
)
def test_with_zone(text: str, expected: str) -> None:
    reading = read_date(text, timezone=MINSK)  # which the text overrules
    assert (reading.at, reading.problem) == (datetime.fromisoformat(expected), None)
    assert reading.at is not None
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
        ("2023-11-14-11:33:00", "2023-11-14T11:33:00"),
        ("2023:11:14 11:33:00", "2023-11-14T11:33:00"),  # EXIF
        ("14/Nov/2023:11:33:00", "2023-11-14T11:33:00"),  # server logs
        ("20231114 11:33", "2023-11-14T11:33:00"),
        ("2023-W46-2", "2023-11-14T00:00:00"),
        ("2023W462T113300", "2023-11-14T11:33:00"),
        ("2023-318", "2023-11-14T00:00:00"),
        ("2023-012-31T10:14", "2023-12-31T10:14:00"),
        ("06/1/2 15:04", "2006-01-02T15:04:00"),  # a year has two digits or four
        ("2006-01-02T15:04:05:00", "2006-01-02T15:04:05"),
        ("Mon, 02 Jan 2006 15:04:05 00", "2006-01-02T15:04:05"),
        ("2023-11-14", "2023-11-14T00:00:00"),
        ("2023-11", "2023-11-01T00:00:00"),  # W3C-DTF, dc:date
        ("2023", "2023-01-01T00:00:00"),
        ("25/12/2023 10:00", "2023-12-25T10:00:00"),  # 25 is no month
        ("12/25/2023 10:00 PM", "2023-12-25T22:00:00"),
        ("05-05-2023", "2023-05-05T00:00:00"),  # either way the same
        ("Fri, 14 Nov 2023 3:04:05 PM", "2023-11-14T15:04:05"),
        ("November 14, 2023 3PM", "2023-11-14T15:00:00"),
        ("12:30 AM 14 Nov 2023", "2023-11-14T00:30:00"),
        ("Published: November 14, 2023", "2023-11-14T00:00:00"),
        ("Mon, 03/04/2023 11:33", "2023-04-03T11:33:00"),  # 3 April 2023 is a Monday
        ("Sat, 03/04/2023 11:33", "2023-03-04T11:33:00"),  # and 4 March a Saturday
        ("lundi 03/04/2023 11:33", "2023-04-03T11:33:00"),
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
        ("6 يناير، 2015، الساعة 05:16 مساءً", "2015-01-06T17:16:00"),
        ("Le mardi 14 novembre 2023 à 14 h 30 min", "2023-11-14T14:30:00"),
        ("Dienstag, den 14. November 2023, 11.33 Uhr", "2023-11-14T11:33:00"),
        ("14.11.2023 11.33", "2023-11-14T11:33:00"),
        ("2023 m. lapkričio 14 d. 11:33", "2023-11-14T11:33:00"),
        ("2023. gada 14. novembris 11:33", "2023-11-14T11:33:00"),
        ("周二, 14 11月 2023 11:33:00", "2023-11-14T11:33:00"),  # WordPress, RFC 822 translated
        ("2023年11月14日下午3:05", "2023-11-14T15:05:00"),
        ("２０２３年１１月１４日", "2023-11-14T00:00:00"),
        ("令和5年11月14日 11:33", "2023-11-14T11:33:00"),
        ("民國112年11月14日", "2023-11-14T00:00:00"),
        ("2023. 11. 14. 오후 3:05", "2023-11-14T15:05:00"),
        ("Thứ Năm, ngày 8 tháng 1 năm 2015", "2015-01-08T00:00:00"),
        ("Th 5, 8 thg 1, 2015 15:08", "2015-01-08T15:08:00"),
        ("14 พฤศจิกายน พ.ศ. 2566", "2023-11-14T00:00:00"),  # Thailand counts from the Buddha
        ("14 พ.ย. 2023 11:33", "2023-11-14T11:33:00"),
        ("19 בנובמבר 2013 בשעה 19:21", "2013-11-19T19:21:00"),
        ("wtorek, 14 listopada 2023", "2023-11-14T00:00:00"),
        ("utorak, 14. listopada 2023.", "2023-10-14T00:00:00"),  # October in Croatia
    ],
)
def test_without_zone(text: str, wall: str) -> None:
    """The source's zone is used, and it is nothing to report; without one UTC is, and it is."""
    placed = read_date(text, timezone=timezone(timedelta(hours=3)))
    there = datetime.fromisoformat(wall + "+00:00") - timedelta(hours=3)
    assert (placed.at, placed.problem) == (there, None)
    assumed = read_date(text)
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
        "14.11.23",
        "031231",
        "-0312",  # ISO 8601 until 2000; but an offset too
        "-03-12",  # likewise; but what is left of a date without its year, too
        "03335",
        "2023111411",  # an hour in 2023, or seconds in 2034
        "2023-11-14-05:00",  # a zone, or a time after a dash
        "14 Nov 2023 -05:00",
        "Fri, 03/04/2023 11:33",  # no reading is a Friday
        "14 listopada 2023",  # November in Poland, October in Croatia
        "14 Nov 2023 11:33 (Tashkent)",
        "14 Nov 2023 11:33 AMT",  # Armenia, Amazon
        "2 sat 2023",  # a Saturday without month, if it were not September in Hausa
        "Sat, 2 2023 11:33",
        "10:00 - 12:00 14 Nov 2023",
        "14-16 Nov 2023",
        "2023-13-01",
        "2023-366",
        "2023-W54-1",
        "Thu, 01 Jan 1970 00:00:00 GMT",  # what software writes that has no date
        "1970-01-01",
        "Thu, 01 Jan 1970 00:00:01 GMT",
        "Wed, 31 Dec 1969 19:00:00 -0500",
        "1970-01-01T03:00:00+03:00",
        "0",
        "0000000000",
        "0001-01-01T00:00:00Z",
        "-0001-11-30T00:00:00+00:00",
        "0000-00-00 00:00:00",
        "9999-12-31T24:00:00",
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
        "1 Jan 2023" + " " * MAX_DATE_LENGTH + "GMT",
        "x" * (MAX_DATE_LENGTH + 1),
    ],
)
def test_never_guessed(text: str) -> None:
    reading = read_date(text)
    assert reading.at is None
    assert reading.problem


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
    assert read_date("14.11.2023", formats=["%d.%m.%Y"]).problem == (
        'date "14.11.2023" carries no zone; read as UTC'
    )


@pytest.mark.parametrize(
    ("text", "zone", "expected", "assumed"),
    [
        # the zone of the source decides which of the meanings it is
        ("14 Nov 2023 11:33 IST", "Asia/Kolkata", "2023-11-14T06:03:00Z", None),
        ("14 Nov 2023 11:33 IST", "Asia/Jerusalem", "2023-11-14T09:33:00Z", None),
        ("14 Jul 2023 11:33 IST", "Europe/Dublin", "2023-07-14T10:33:00Z", None),
        ("14 Nov 2023 11:33 CST", "Asia/Shanghai", "2023-11-14T03:33:00Z", None),
        ("14 Nov 2023 11:33 CST", "America/Chicago", "2023-11-14T17:33:00Z", None),
        ("14 Jul 2023 11:33 BST", "Asia/Dhaka", "2023-07-14T05:33:00Z", None),
        ("14 Jul 2023 11:33 BST", "Europe/London", "2023-07-14T10:33:00Z", None),
        ("14 Nov 2023 11:33 AMT", "Asia/Yerevan", "2023-11-14T07:33:00Z", None),
        ("14 Nov 2023 11:33 PST", "Asia/Manila", "2023-11-14T03:33:00Z", None),
        ("Tue, 14 Nov 2023 11:33:00 PST", "Asia/Manila", "2023-11-14T03:33:00Z", None),
        ("14 Nov 2023 11:33 PST", None, "2023-11-14T19:33:00Z", None),
        # else the commonest is assumed, and said
        ("14 Nov 2023 11:33 IST", "Europe/Minsk", "2023-11-14T06:03:00Z", "IST"),
        ("14 Nov 2023 11:33 IST", None, "2023-11-14T06:03:00Z", "IST"),
        ("14 Nov 2023 11:33 CST", None, "2023-11-14T17:33:00Z", "CST"),
        ("14 Jul 2023 11:33 BST", None, "2023-07-14T10:33:00Z", "BST"),
        # "local time" is no zone
        ("14 Nov 2023 11:33 LT", "Europe/Minsk", "2023-11-14T08:33:00Z", None),
    ],
)
def test_zone_names_that_countries_share(
    text: str, zone: str | None, expected: str, assumed: str | None
) -> None:
    reading = read_date(text, timezone=None if zone is None else ZoneInfo(zone))
    assert reading.at == datetime.fromisoformat(expected)
    if assumed is None:
        assert reading.problem is None
    else:
        assert f"names the zone {assumed}, which has several meanings; read as UTC" in str(reading.problem)


def test_a_zone_name_without_a_commonest_meaning_asks_for_the_zone() -> None:
    reading = read_date("14 Nov 2023 11:33 AMT")
    assert reading.at is None
    assert reading.problem == (
        'date "14 Nov 2023 11:33 AMT" names the zone AMT, which has several meanings: set timezone of the source'
    )


@pytest.mark.parametrize(
    ("text", "order", "expected"),
    [
        ("03/04/2023 3:05 PM", Order.DAY_FIRST, "2023-04-03T15:05:00Z"),
        ("03/04/2023 3:05 PM", Order.MONTH_FIRST, "2023-03-04T15:05:00Z"),
        ("3-4-2023, 15:05:01", Order.DAY_FIRST, "2023-04-03T15:05:01Z"),
        ("15:05 03/04/23", Order.DAY_FIRST, "2023-04-03T15:05:00Z"),
        ("03.04.23", Order.YEAR_FIRST, "2003-04-23T00:00:00Z"),
        ("100% 03/04/2023", Order.DAY_FIRST, "2023-04-03T00:00:00Z"),
    ],
)
def test_the_formats_that_a_problem_proposes_work(text: str, order: Order, expected: str) -> None:
    proposed = format_for(text, order)
    assert proposed is not None
    assert utc(text, formats=[proposed]) == expected


def test_an_undecidable_date_says_what_to_configure() -> None:
    assert read_date("03/04/2023 11:33").problem == (
        'date "03/04/2023 11:33" may be 2023-04-03 or 2023-03-04:'
        ' set date_formats of the source to "%d/%m/%Y %H:%M" or "%m/%d/%Y %H:%M"'
    )
    assert read_date("3/11/13").problem == (
        'date "3/11/13" may be 2013-11-03 or 2013-03-11:'
        ' set date_formats of the source to "%d/%m/%y" or "%m/%d/%y"'
    )
    assert read_date("14 listopada 2023").problem == (
        'date "14 listopada 2023" may be 2023-10-14 or 2023-11-14: the feed does not say its language'
    )


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
