"""Date strings that others collected: read as they mean, or refused for a reason that is told here."""

import json
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from aggregator.dates import read_date

HERE = Path(__file__).resolve()
OWN = HERE.parents[1] / "data" / "dates" / "dates.jsonl"
BESIDE = Path("shared", "corpus", "dates", "dates.jsonl")  # of the repository, or of the folder it is in
SHARED = next((up / BESIDE for up in HERE.parents[3:5] if (up / BESIDE).exists()), None)
# feedparser's Korean dates have no zone in the text; its sub-parser supplies it.
SEOUL_DATES = {"2004-05-25 오후 11:23:17", "2004년 05월 28일  01:31:15"}
REFUSED = {
    "03-12-31": "2003-12-31 in ISO 8601 until 2000, 3 December 2031 or 12 March 2031 elsewhere",
    "031231": "the same without hyphens",
    "-03-12": "a year and a month in ISO 8601 until 2000, or a day whose year is missing",
    "-0312": "likewise, or an offset whose time is missing",
    "03335": "a year and a day of it in ISO 8601 until 2000, or any number",
    "Thu, 01 Jan 0100 00:00:01 +0100": "the year 99",
}
LEAST_SHARE_READ = 0.97


def check(path: Path) -> tuple[float, set[str]]:
    """Return the share of dates that were read, and those that were not; none may be read wrongly."""
    read, unread = 0, set()
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        text, kind = row["input"], row["kind"]
        at = read_date(text, timezone=ZoneInfo("Asia/Seoul") if text in SEOUL_DATES else None).at
        if kind == "ambiguous-day-month" or kind.startswith("must-be-none"):
            assert at is None, text
        elif at is None:
            unread.add(text)
        else:
            read += 1
            if kind != "must-parse":
                expected = datetime.fromisoformat(row["expected_utc"]).replace(tzinfo=UTC)
                assert at.replace(microsecond=0) == expected, text
    return read / (read + len(unread)), unread


def test_borrowed_dates() -> None:
    _, unread = check(OWN)
    assert unread == REFUSED.keys()


def test_shared_corpus() -> None:
    if SHARED is None:
        pytest.skip("no shared corpus beside the repository")
    share, unread = check(SHARED)
    assert unread == REFUSED.keys()
    assert share >= LEAST_SHARE_READ


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Thu,28 Jul 2022 4:35:5 GMT+9", "2022-07-27T19:35:05Z"),
        ("Seg, 24 Set 2018 19:42:40 -0300", "2018-09-24T22:42:40Z"),
        ("07-01T01:55:07-05:00", None),  # the year is missing
        ("03 Apr 02 1500 GMT", "2002-04-03T15:00:00Z"),
        ("Do, 22 Dez 2016 11:33:00 +0100", "2016-12-22T10:33:00Z"),
        ("mer, 16 nov 2022 11:33:00 +0100", "2022-11-16T10:33:00Z"),
        ("22.11.2022 12:16:00", "2022-11-22T12:16:00Z"),
        ("Friday, January 29, 2021 04:42 PM", "2021-01-29T16:42:00Z"),
        ("January, 29 Jan 2021 16:42:00 GMT", "2021-01-29T16:42:00Z"),
        ("Tue, 14 Nov 2023 11:33:00", "2023-11-14T11:33:00Z"),
        ("14.11.2023 11:33:00", "2023-11-14T11:33:00Z"),
        ("2023/11/14 11:33", "2023-11-14T11:33:00Z"),  # feedparser: 1 November
        ("1518478934", "2018-02-12T23:42:14Z"),  # feedparser: 2015
        ("Tue, 14 Nov 2023 11:33:00 MSK", "2023-11-14T08:33:00Z"),  # feedparser: UTC, and so the next three
        ("Tue, 14 Nov 2023 11:33:00 CET", "2023-11-14T10:33:00Z"),
        ("Tue, 14 Jul 2023 11:33:00 CEST", "2023-07-14T09:33:00Z"),
        ("Tue, 14 Nov 2023 11:33:00 JST", "2023-11-14T02:33:00Z"),
        ("Sat, Dec 16 2023 02:02:33 PM", "2023-12-16T14:02:33Z"),  # feedparser: 02:02:33
        ("02-01-2006", None),  # feedparser: 2002-01-20
        ("Fri, 11 Mar 2016 01:15:00 +3000", None),  # feedparser: 9 March
    ],
)
def test_dates_of_real_feeds_that_feedparser_does_not_read_or_reads_wrongly(
    text: str, expected: str | None
) -> None:
    assert read_date(text).at == (None if expected is None else datetime.fromisoformat(expected))
