"""What response headers say, as pure functions: validators, Retry-After, freshness."""

import math
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from aggregator.dates.quick import read_quick
from aggregator.model import Validators

# Far beyond any sensible wish, far from overflowing: policy (cadence) cuts further and says so.
LONGEST_SPAN = timedelta(days=3650)
# Only one of each makes sense (RFC 9110 §5.3): the first counts, where others are joined.
SINGLE = frozenset(
    {"age", "content-length", "content-type", "date", "etag", "expires", "last-modified", "location"}
)
VALIDATORS = frozenset({"etag", "last-modified"})
UNSENDABLE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")  # RFC 9110 §5.5; aiohttp refuses to send them
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

_TIME = r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})"
_DATE_FORMS = (
    # IMF-fixdate and RFC 850: Sun, 06 Nov 1994 08:49:37 GMT; Sunday, 06-Nov-94 08:49:37 GMT
    re.compile(
        r"(?:[a-z]{3,9},?\s+)?(?P<day>[0-9]{1,2})[ -](?P<month>[a-z]{3})[ -](?P<year>[0-9]{4}|[0-9]{2})\s+"
        + _TIME
        + r"\s*(?:GMT|UTC|Z|[+-]0000)?",
        re.IGNORECASE,
    ),
    # asctime: Sun Nov  6 08:49:37 1994
    re.compile(
        r"[a-z]{3}\s+(?P<month>[a-z]{3})\s+(?P<day>[0-9]{1,2})\s+" + _TIME + r"\s+(?P<year>[0-9]{4})",
        re.IGNORECASE,
    ),
)
_SECONDS = re.compile(r"(?=[0-9])0*(?P<whole>[0-9]*)(?:\.[0-9]*)?")
_LONG_NUMBER = 12  # digits: more are longer than `LONGEST_SPAN`, and Python converts only so many
_DIRECTIVE = re.compile(r'([^\s,;="]+)\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,;"]*)))?')


def read_headers(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return headers as text by lower-case name.

    Cookies are left out: nobody may keep them. So are validators that are not UTF-8 or hold a control
    character (no ETag may: RFC 9110 §8.8.3): they could not be sent back as they came.
    """
    headers: dict[str, str] = {}
    for raw_name, raw_value in raw:
        name = raw_name.decode("latin-1").lower()
        try:
            value = raw_value.decode()
        except UnicodeDecodeError:
            if name in VALIDATORS:
                continue
            value = raw_value.decode("latin-1")
        if name == "set-cookie" or (name in SINGLE and name in headers):
            continue
        if name in VALIDATORS and UNSENDABLE.search(value):
            continue
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def validators(headers: Mapping[str, str]) -> Validators:
    """Return what came, byte for byte; an empty header is none."""
    return Validators(
        etag=headers.get("etag") or None,
        last_modified=headers.get("last-modified") or None,
    )


def retry_after(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """Return the wait from `now` that Retry-After asks for (RFC 9110 §10.2.3), None if it says nothing.

    Of several, which no RFC allows, the longest. So with dates in other zones, or as RFC 3339 writes them.
    """
    text = headers.get("retry-after", "")
    waits = (_wait(one.strip(), now) for one in (text, *text.split(",")))
    return max((wait for wait in waits if wait is not None), default=None)


def _wait(text: str, now: datetime) -> timedelta | None:
    seconds = _seconds(text)
    if seconds is not None:
        return seconds
    moment = http_date(text, now) or read_quick(text)
    return None if moment is None else _bounded(moment - now)


def fresh_for(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """Return how long the response stays fresh (RFC 9111 §4.2), None if it does not say.

    We are a private cache: s-maxage is not for us. What is there but unreadable means stale.
    """
    directives = cache_control(headers.get("cache-control", ""))
    if "no-store" in directives or "no-cache" in directives:
        return timedelta()
    if "max-age" in directives:
        lifetime = _seconds(directives["max-age"]) or timedelta()
    elif "expires" in headers:
        lifetime = _expires_in(headers, now)
    else:
        return None
    age = _seconds(headers.get("age", "").strip()) or timedelta()
    return _bounded(lifetime - age)


def cache_control(text: str) -> dict[str, str]:
    """Return the directives of a Cache-Control header; of repeated ones the first (RFC 9111 §4.2.1)."""
    directives: dict[str, str] = {}
    for match in _DIRECTIVE.finditer(text):
        name, quoted, token = match.groups()
        directives.setdefault(name.lower(), (quoted if quoted is not None else token) or "")
    return directives


def http_date(text: str, now: datetime) -> datetime | None:
    """Return the moment an HTTP-date in any of the three formats names (RFC 9110 §5.6.7), None if none."""
    for form in _DATE_FORMS:
        if match := form.fullmatch(text.strip()):
            break
    else:
        return None
    if match["month"].lower() not in MONTHS:
        return None
    try:
        return datetime(
            _year(match["year"], now),
            MONTHS.index(match["month"].lower()) + 1,
            int(match["day"]),
            int(match["hour"]),
            int(match["minute"]),
            min(int(match["second"]), 59),  # a leap second
            tzinfo=UTC,
        )
    except ValueError:
        return None


def _year(digits: str, now: datetime) -> int:
    if len(digits) == 4:
        return int(digits)
    year = now.year // 100 * 100 + int(digits)
    return year - 100 if year > now.year + 50 else year  # RFC 9110 §5.6.7


def _expires_in(headers: Mapping[str, str], now: datetime) -> timedelta:
    expires = http_date(headers["expires"], now)
    if expires is None:
        return timedelta()  # RFC 9111 §5.3: "0" and the like mean the past
    return expires - (http_date(headers.get("date", ""), now) or now)


def _seconds(text: str) -> timedelta | None:
    match = _SECONDS.fullmatch(text)
    if match is None:
        return None
    if len(match["whole"]) > _LONG_NUMBER:
        return LONGEST_SPAN
    return min(timedelta(seconds=math.ceil(float(text))), LONGEST_SPAN)


def _bounded(span: timedelta) -> timedelta:
    return max(timedelta(), min(span, LONGEST_SPAN))
