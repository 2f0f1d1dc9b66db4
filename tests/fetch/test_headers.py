"""What response headers say."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.fetch.headers import (
    LONGEST_SPAN,
    cache_control,
    fresh_for,
    http_date,
    read_headers,
    retry_after,
    validators,
)

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


def span(seconds: int) -> timedelta:
    return timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("text", "wait"),
    [
        ("120", span(120)),
        ("0", span(0)),
        (" 7 ", span(7)),
        ("1.5", span(2)),  # no RFC allows it; rounded up, never down
        ("99999999999999999999", LONGEST_SPAN),
        ("9" * 399, LONGEST_SPAN),
        ("9" * 5000, LONGEST_SPAN),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("1e9", None),
        ("٣", None),  # a digit, but no ASCII one
        ("Sun, 01 Mar 2026 12:01:00 GMT", span(60)),  # the three formats of RFC 9110 §5.6.7
        ("Sunday, 01-Mar-26 12:01:00 GMT", span(60)),
        ("Sun Mar  1 12:01:00 2026", span(60)),
        ("Sun, 01 Mar 2026 11:00:00 GMT", span(0)),  # past
        ("Sun, 06 Nov 1994 08:49:37 GMT", span(0)),
        ("Fri, 31 Dec 9999 23:59:59 GMT", LONGEST_SPAN),
        ("Sun, 01 Mar 2026 13:01:00 +0100", span(60)),  # what no RFC allows is understood where it can be
        ("Sun, 01 Mar 2026 07:01:00 EST", span(60)),
        ("2026-03-01T13:01:00+01:00", span(60)),
        ("10, 7200", span(7200)),  # two fields: the longer wait
        ("7200, soon", span(7200)),
        ("Sun, 30 Feb 2026 12:01:00 GMT", None),
        ("Sun, 01 Foo 2026 12:01:00 GMT", None),
        ("Sun, 01 Mar 2026 25:01:00 GMT", None),
    ],
)
def test_p13_p14_retry_after(text: str, wait: timedelta | None) -> None:
    assert retry_after({"retry-after": text}, NOW) == wait


def test_of_two_fields_the_longer_wait_counts() -> None:
    headers = read_headers([(b"Retry-After", b"10"), (b"retry-after", b"7200")])
    assert retry_after(headers, NOW) == span(7200)


def test_no_retry_after() -> None:
    assert retry_after({}, NOW) is None


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("Sunday, 06-Nov-94 08:49:37 GMT", datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)),
        ("Tuesday, 01-Mar-76 00:00:00 GMT", datetime(2076, 3, 1, tzinfo=UTC)),  # 50 years ahead: still future
        ("Tuesday, 01-Mar-77 00:00:00 GMT", datetime(1977, 3, 1, tzinfo=UTC)),  # more: past
        ("Sun Nov  6 08:49:37 1994", datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)),
        ("Sat, 31 Dec 2016 23:59:60 GMT", datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)),  # leap second
        ("06 Nov 1994 08:49:37 +0000", datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)),
        ("1994-11-06T08:49:37Z", None),
        ("Sun, 06 Nov 1994 08:49:37 +0300", None),
        ("Sun, 06 Nov 0000 08:49:37 GMT", None),
    ],
)
def test_http_dates(text: str, moment: datetime | None) -> None:
    assert http_date(text, NOW) == moment


@given(st.integers(min_value=-2_000_000_000, max_value=250_000_000_000))  # from 1906 to 9892
def test_every_date_reads_back(seconds: int) -> None:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    assert http_date(format_datetime(moment, usegmt=True), NOW) == moment
    assert http_date(moment.strftime("%a %b %e %H:%M:%S %Y"), NOW) == moment


HOUR_AHEAD = "Sun, 01 Mar 2026 13:00:00 GMT"
DATE = "Sun, 01 Mar 2026 12:30:00 GMT"  # the publisher's clock is ahead of ours


@pytest.mark.parametrize(
    ("headers", "left"),
    [
        ({}, None),
        ({"cache-control": "public"}, None),
        ({"cache-control": "max-age=600"}, span(600)),
        ({"cache-control": "max-age=600", "age": "100"}, span(500)),
        ({"cache-control": "max-age=600", "age": "1000"}, span(0)),
        ({"cache-control": "max-age=600", "age": "old"}, span(600)),
        ({"cache-control": "max-age=600", "age": "-100"}, span(600)),  # never longer than the lifetime
        ({"cache-control": 'Public, MAX-AGE="600"'}, span(600)),
        ({"cache-control": "max-age=600, max-age=5"}, span(600)),  # RFC 9111 §4.2.1: the first
        ({"cache-control": "s-maxage=600"}, None),  # for shared caches
        ({"cache-control": "x-max-age=600"}, None),
        ({"cache-control": 'ext="max-age=600", max-age=5'}, span(5)),
        ({"cache-control": "max-age=-1"}, span(0)),
        ({"cache-control": "max-age=soon"}, span(0)),
        ({"cache-control": "max-age"}, span(0)),
        ({"cache-control": "max-age=" + "9" * 300}, LONGEST_SPAN),
        ({"cache-control": "no-cache, max-age=600"}, span(0)),
        ({"cache-control": "no-store", "expires": HOUR_AHEAD}, span(0)),
        ({"expires": HOUR_AHEAD, "date": DATE}, span(1800)),
        ({"expires": HOUR_AHEAD}, span(3600)),
        ({"expires": HOUR_AHEAD, "date": "today"}, span(3600)),
        ({"expires": HOUR_AHEAD, "date": DATE, "age": "300"}, span(1500)),
        ({"expires": "0"}, span(0)),
        ({"expires": ""}, span(0)),
        ({"expires": "never"}, span(0)),
        ({"expires": DATE, "date": HOUR_AHEAD}, span(0)),
        ({"expires": "0", "cache-control": "max-age=60"}, span(60)),
        ({"expires": HOUR_AHEAD, "cache-control": "max-age=60"}, span(60)),
        ({"expires": HOUR_AHEAD, "cache-control": "max-age=soon"}, span(0)),
    ],
)
def test_p11_p12_freshness(headers: dict[str, str], left: timedelta | None) -> None:
    assert fresh_for(headers, NOW) == left


@given(st.text(), st.text(), st.text())
def test_nothing_in_a_header_crashes_or_goes_below_zero(first: str, second: str, third: str) -> None:
    headers = {"cache-control": first, "expires": second, "age": third, "retry-after": second, "date": third}
    for left in (fresh_for(headers, NOW), retry_after(headers, NOW)):
        assert left is None or timedelta() <= left <= LONGEST_SPAN


def test_directives() -> None:
    text = 'private="set-cookie, x", max-age = 5 ,, must-revalidate, q="a\\"b'
    assert cache_control(text) == {
        "private": "set-cookie, x",
        "max-age": "5",
        "must-revalidate": "",
        "q": "",
        "a\\": "",
        "b": "",
    }


def test_headers_are_joined_but_those_that_stand_alone() -> None:
    raw = [
        (b"Cache-Control", b"public"),
        (b"cache-control", b"max-age=5"),
        (b"ETag", b'"1"'),
        (b"ETag", b'"2"'),
        (b"X-Name", "Жук".encode()),
        (b"X-Old", b"caf\xe9"),
    ]
    assert read_headers(raw) == {
        "cache-control": "public, max-age=5",
        "etag": '"1"',
        "x-name": "Жук",
        "x-old": "café",
    }


def test_p10_cookies_are_not_even_read() -> None:
    assert read_headers([(b"Set-Cookie", b"a=b")]) == {}


def test_validators_that_cannot_be_sent_back_are_dropped() -> None:
    headers = read_headers([(b"ETag", b'"caf\xe9"'), (b"Last-Modified", b"yesterday")])
    assert validators(headers).etag is None
    assert validators(headers).last_modified == "yesterday"


def test_an_empty_validator_is_none() -> None:
    assert validators({"etag": ""}).etag is None
