"""What the query of an address asks of a feed. Pure."""

from datetime import UTC, date, datetime, time
from typing import Final
from urllib.parse import parse_qs

from aggregator.model import Asked

FIELDS_MOST: Final = 20  # of a query that are looked at
ENTRIES_MOST: Final = 1_000  # that may be asked for at once


class AskedWrongly(ValueError):
    """Says what is wrong with a query, for whoever asked."""


def read_query(query: bytes) -> Asked:
    """Read `limit` (1 to `ENTRIES_MOST`), `since` (a date, or a date and time of RFC 3339) and `q`.

    What else stands there is not ours and says nothing. Raises `AskedWrongly`.
    """
    try:
        fields = parse_qs(query.decode("ascii"), max_num_fields=FIELDS_MOST, errors="strict")
    except ValueError as exc:
        raise AskedWrongly(
            f"The query of this address is not percent-encoded UTF-8 of at most {FIELDS_MOST} fields."
        ) from exc
    said = {name: values[-1].strip() for name, values in fields.items()}
    return Asked(
        limit=_limit(said["limit"]) if "limit" in said else None,
        since=_since(said["since"]) if "since" in said else None,
        words=said.get("q", ""),
    )


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= ENTRIES_MOST and len(text) < 9):
        raise AskedWrongly(f"limit must be a number from 1 to {ENTRIES_MOST}.")
    return int(text)


def _since(text: str) -> datetime:
    try:
        if len(text) == len("2023-11-14"):
            return datetime.combine(date.fromisoformat(text), time(), UTC)
        at = datetime.fromisoformat(text.replace(" ", "+"))  # a plus sign that nobody encoded
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise AskedWrongly('since must be a date like "2023-11-14" or "2023-11-14T08:33:00Z".')
    try:
        return at.astimezone(UTC).replace(microsecond=0)
    except OverflowError as exc:
        raise AskedWrongly("since is beyond the calendar.") from exc
