from datetime import UTC, datetime, timedelta, timezone

import pytest

from aggregator.serve.conditional import entity_tag, http_date, is_unchanged, names, parse_http_date

AT = datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)
TAG = '"abc"'


@pytest.mark.parametrize(
    ("if_none_match", "matches"),
    [
        ('"abc"', True),
        ('W/"abc"', True),  # RFC 9110 §8.8.3.2: weak comparison
        ('"x", "abc"', True),
        ('"x" , W/"abc","y"', True),
        ("*", True),  # §13.1.2: any representation
        (" * ", True),
        ('"x"', False),
        ('"ABC"', False),  # opaque
        ("abc", False),  # no entity tag without quotes
        ("", False),
        ('"*"', False),  # a tag, not the star
        ('"a,"abc","', False),  # commas may stand inside a tag: "a," abc ","
    ],
)
def test_if_none_match(if_none_match: str, matches: bool) -> None:
    assert names(if_none_match, TAG) is matches


@pytest.mark.parametrize(
    ("if_none_match", "if_modified_since", "unchanged"),
    [
        (None, None, False),
        (None, "Sun, 06 Nov 1994 08:49:37 GMT", True),
        (None, "Sun, 06 Nov 1994 08:49:36 GMT", False),
        (None, "Sun, 06 Nov 1994 08:49:38 GMT", True),
        (None, "yesterday", False),  # RFC 9110 §13.1.3: not a date, ignored
        ('"abc"', "Sun, 06 Nov 1994 08:49:36 GMT", True),  # §13.1.3: the tag decides alone
        ('"x"', "Sun, 06 Nov 1994 08:49:38 GMT", False),
        ("", "Sun, 06 Nov 1994 08:49:38 GMT", False),  # sent, though empty
    ],
)
def test_precedence(if_none_match: str | None, if_modified_since: str | None, unchanged: bool) -> None:
    got = is_unchanged(
        etag=TAG, modified_at=AT, if_none_match=if_none_match, if_modified_since=if_modified_since
    )
    assert got is unchanged


def test_no_date_to_compare() -> None:
    since = "Sun, 06 Nov 2094 08:49:37 GMT"
    assert not is_unchanged(etag=TAG, modified_at=None, if_none_match=None, if_modified_since=since)


@pytest.mark.parametrize(
    "text",
    [
        "Sun, 06 Nov 1994 08:49:37 GMT",  # IMF-fixdate
        "Sunday, 06-Nov-94 08:49:37 GMT",  # RFC 850
        "Sun Nov  6 08:49:37 1994",  # asctime
    ],
)
def test_three_forms_of_a_date(text: str) -> None:
    """RFC 9110 §5.6.7."""
    assert parse_http_date(text) == AT


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "Sun, 06 Nov 99999 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 +9999999",
        "Fri, 31 Dec 9999 23:59:59 -2300",
    ],
)
def test_no_date(text: str) -> None:
    assert parse_http_date(text) is None


def test_date_is_written_in_gmt() -> None:
    assert http_date(AT.astimezone(timezone(timedelta(hours=3)))) == "Sun, 06 Nov 1994 08:49:37 GMT"


def test_tag_depends_on_the_bytes_alone() -> None:
    assert entity_tag(b"one") == entity_tag(b"one") != entity_tag(b"two")
    assert names(entity_tag(b"one"), entity_tag(b"one"))
