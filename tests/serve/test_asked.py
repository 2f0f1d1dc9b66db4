from datetime import UTC, datetime

import pytest

from aggregator.model import Asked
from aggregator.serve.asked import ENTRIES_MOST, FIELDS_MOST, AskedWrongly, read_query

MORNING = datetime(2023, 11, 14, 8, 33, tzinfo=UTC)


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        (b"", Asked()),
        (b"token=secret&utm_source=x", Asked()),
        (b"limit=10", Asked(limit=10)),
        (b"limit=1&limit=20", Asked(limit=20)),
        (b"since=2023-11-14T08:33:00Z", Asked(since=MORNING)),
        (b"since=2023-11-14T11:33:00+03:00", Asked(since=MORNING)),  # a plus sign that nobody encoded
        (b"since=2023-11-14T11%3A33%3A00%2B03%3A00&limit=3", Asked(since=MORNING, limit=3)),
        (b"since=2023-11-14", Asked(since=datetime(2023, 11, 14, tzinfo=UTC))),
        (b"q=%D0%9E%D0%94%D0%9A%D0%91+OR+CSTO", Asked(words="ОДКБ OR CSTO")),
    ],
)
def test_what_is_asked(query: bytes, asked: Asked) -> None:
    assert read_query(query) == asked


@pytest.mark.parametrize(
    ("query", "says"),
    [
        (b"limit=0", f"1 to {ENTRIES_MOST}"),
        (b"limit=-1", f"1 to {ENTRIES_MOST}"),
        (b"limit=1e3", f"1 to {ENTRIES_MOST}"),
        (b"limit=" + b"9" * 6_000, f"1 to {ENTRIES_MOST}"),
        ("limit=١".encode(), "percent-encoded"),
        (b"limit=%D9%A1", f"1 to {ENTRIES_MOST}"),
        (b"since=yesterday", "since must be a date"),
        (b"since=2023-11-14T08:33:00", "since must be a date"),  # of no zone: nobody's instant
        (b"since=0001-01-01T00:00:00%2B10:00", "calendar"),
        (b"q=%ff", "percent-encoded"),
        (b"&".join([b"a=1"] * (FIELDS_MOST + 1)), f"at most {FIELDS_MOST}"),
    ],
)
def test_what_cannot_be_read_is_told(query: bytes, says: str) -> None:
    with pytest.raises(AskedWrongly, match=says):
        read_query(query)
