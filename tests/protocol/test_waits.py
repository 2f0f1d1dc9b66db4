"""P11 to P14: nobody is asked before the moment they named, on a clock that lets months pass."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from aggregator.model import Source
from tests.fetch.server import Answer, Asked, Say, Server
from tests.protocol.documents import (
    CAPTCHA,
    GONE,
    Headers,
    asctime_date,
    feed,
    http_date,
    rfc850_date,
    tagged,
)
from tests.things import NOON
from tests.world import World

INTERVAL = timedelta(minutes=10)
BACK_OFF = 2 * INTERVAL  # after the first failure
HOUR = timedelta(hours=1)
WEEK = timedelta(days=7)
MONTH = timedelta(days=31)
JITTER = 0.1  # share of a wait that may be added
MOMENT = timedelta(seconds=1)  # a date in a header has no fractions of it


def ok(*headers: tuple[str, str]) -> Answer:
    return feed("1", headers=headers)


def same(*headers: tuple[str, str]) -> Answer:
    return Answer(status=304, headers=headers)


def cache(text: str) -> tuple[str, str]:
    return "Cache-Control", text


def dated(make: Callable[[datetime], Headers], status: int = 200) -> Say:
    """An answer whose headers depend on the time at which it is given."""

    def answer(asked: Asked) -> Answer:
        headers = make(asked.when)
        return ok(*headers) if status == 200 else Answer(status=status, headers=headers)

    return answer


def expires(after: timedelta, *more: tuple[str, str]) -> Say:
    """Expires and Date by the publisher's clock, which is years slow."""

    def headers(at: datetime) -> Headers:
        at -= timedelta(days=2000)
        return [("Date", http_date(at)), ("Expires", http_date(at + after)), *more]

    return dated(headers)


def retry_at(after: timedelta, form: Callable[[datetime], str], status: int = 503) -> Say:
    return dated(lambda at: [("Retry-After", form(at + after))], status)


def busy(value: str, status: int = 503) -> Answer:
    return Answer(status=status, headers=[("Retry-After", value)])


Told = tuple[
    Sequence[Say], Sequence[timedelta]
]  # what a source is told, and how long it is left alone after each

FRESHNESS: Mapping[str, Told] = {
    "nothing": ([ok()], [INTERVAL]),
    "max-age": ([ok(cache("max-age=7200"))], [2 * HOUR]),
    "less-age": ([ok(cache("max-age=7200"), ("Age", "600"))], [2 * HOUR - INTERVAL]),
    "spelt": ([ok(cache('public , Max-Age="7200",must-revalidate'))], [2 * HOUR]),
    "two-lines": ([ok(cache("public"), cache("max-age=7200"))], [2 * HOUR]),
    "inside-a-string": ([ok(cache('ext="max-age=99999", max-age=7200'))], [2 * HOUR]),
    "shorter-than-ours": ([ok(cache("max-age=60"))], [INTERVAL]),
    "stale-already": ([ok(cache("max-age=60"), ("Age", "86400"))], [INTERVAL]),
    "shared-caches-only": ([ok(cache("s-maxage=7200"))], [INTERVAL]),
    "no-number": ([ok(cache("max-age=soon"))], [INTERVAL]),
    "negative": ([ok(cache("max-age=-7200"))], [INTERVAL]),
    "absurd": ([ok(cache(f"max-age={'9' * 30}"))], [WEEK]),
    "absurd-too": ([ok(cache(f"max-age={'9' * 5000}"))], [WEEK]),
    "bad-age": ([ok(cache("max-age=7200"), ("Age", "-1"))], [2 * HOUR]),
    "expires": ([expires(2 * HOUR)], [2 * HOUR]),
    "expires-late": ([expires(400 * WEEK)], [WEEK]),
    "expires-850": (
        [dated(lambda at: [("Date", rfc850_date(at)), ("Expires", rfc850_date(at + 2 * HOUR))])],
        [2 * HOUR],
    ),
    "expires-without-date": ([dated(lambda at: [("Expires", http_date(at + 2 * HOUR))])], [2 * HOUR]),
    "304": ([ok(*tagged("1")), same(cache("max-age=7200")), same()], [INTERVAL, 2 * HOUR, 2 * HOUR]),
    "304-silent": ([ok(*tagged("1"), cache("max-age=7200")), same(), same()], [2 * HOUR] * 3),
    "304-shorter": (
        [ok(*tagged("1"), cache("max-age=7200")), same(cache("max-age=0"))],
        [2 * HOUR, INTERVAL],
    ),
    "304-expires": (
        [ok(*tagged("1")), dated(lambda at: [("Expires", http_date(at + 2 * HOUR))], 304)],
        [INTERVAL, 2 * HOUR],
    ),
    "same-body": ([ok(cache("max-age=7200")), ok(cache("max-age=3600")), ok()], [2 * HOUR, HOUR, INTERVAL]),
    "error-page": ([Answer(status=404, headers=[cache("max-age=7200")])], [2 * HOUR]),
    "fault-page": ([Answer(status=500, headers=[cache("max-age=86400")])], [BACK_OFF]),
    "captcha": ([Answer(body=CAPTCHA, headers=[cache("max-age=7200")])], [2 * HOUR]),
}

STALE: Mapping[str, Told] = {
    value: ([ok(("Expires", value), ("Date", http_date(NOON)))], [INTERVAL])
    for value in (
        "0",
        "-1",
        "",
        "never",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "Fri, 31 Feb 2099 00:00:00 GMT",
        "Sun, 01 Mar 2026",
        "2099-01-01T00:00:00Z",
        "99999999999999999999",
    )
} | {
    "max-age wins over a later Expires": ([expires(48 * HOUR, cache("max-age=7200"))], [2 * HOUR]),
    "max-age wins over an Expires in the past": (
        [ok(cache("max-age=7200"), ("Expires", "0"))],
        [2 * HOUR],
    ),
    "max-age=0 wins over Expires": ([expires(48 * HOUR, cache("max-age=0"))], [INTERVAL]),
    "a bad Date is none": (
        [dated(lambda at: [("Date", "today"), ("Expires", http_date(at + 2 * HOUR))])],
        [2 * HOUR],
    ),
}

RETRY_AFTER: Mapping[str, Told] = {
    f"{status} {name}": ([busy(value, status)], [wait])
    for status in (429, 503)
    for name, value, wait in (
        ("hours", "7200", 2 * HOUR),
        ("padded", "  007200 ", 2 * HOUR),
        ("20 days", str(20 * 86400), timedelta(days=20)),
        ("31 days", str(31 * 86400), MONTH),
        ("32 days", str(32 * 86400), MONTH),
        ("absurd", "9" * 30, MONTH),
        ("absurd, too", "9" * 5000, MONTH),
        ("shorter than our back-off", "1", BACK_OFF),
        ("nought", "0", BACK_OFF),
        ("negative", "-7200", BACK_OFF),
        ("exponent", "1e9", BACK_OFF),
        ("infinite", "inf", BACK_OFF),
        ("hexadecimal", "0x7200", BACK_OFF),
        ("words", "in two hours", BACK_OFF),
        ("other digits", "٧٢٠٠", BACK_OFF),
        ("empty", "", BACK_OFF),
    )
} | {
    "twice": ([Answer(status=503, headers=[("Retry-After", "7200"), ("Retry-After", "60")])], [2 * HOUR]),
    "and good again": ([busy("7200"), ok(), ok()], [2 * HOUR, INTERVAL, INTERVAL]),
    "twice in a row": ([busy("7200"), busy("60")], [2 * HOUR, 2 * BACK_OFF]),
}

FORMS = {"IMF-fixdate": http_date, "RFC 850": rfc850_date, "asctime": asctime_date}
RETRY_DATES: Mapping[str, Told] = {
    f"{status} {name}": ([retry_at(2 * HOUR, form, status)], [2 * HOUR])
    for status in (429, 503)
    for name, form in FORMS.items()
} | {
    f"{name} {case}": ([retry_at(after, form)], [wait])
    for name, form in FORMS.items()
    for case, after, wait in (
        ("in the past", -2 * HOUR, BACK_OFF),
        ("in 20 days", timedelta(days=20), timedelta(days=20)),
        ("in 20 years", timedelta(days=7305), MONTH),
    )
}


async def _check(world: World, publisher: Server, cases: Mapping[str, Told]) -> None:
    """Follow a source for every case, for as long as it takes.

    A wait is never shorter than it should be, and longer by the jitter at most.
    """
    paths = {name: f"/{number}" for number, name in enumerate(cases)}
    for name, (told, _) in cases.items():
        publisher.answer(paths[name], *told, GONE)
    world.configure(
        *(Source(id=path[1:], url=publisher.url(path), interval=INTERVAL) for path in paths.values())
    )
    await world.run_due(NOON + timedelta(days=80))
    found = {name: _waits(publisher.asked(path)) for name, path in paths.items()}
    assert {name: len(waits) for name, waits in found.items()} == {
        name: len(wanted) for name, (_, wanted) in cases.items()
    }
    wrong = {
        f"{name}, {number}": f"{wait} instead of {least}"
        for name, (_, wanted) in cases.items()
        for number, (wait, least) in enumerate(zip(found[name], wanted, strict=True))
        if not least - MOMENT < wait <= least * (1 + JITTER) + MOMENT
    }
    assert wrong == {}


def _waits(asked: Sequence[Asked]) -> list[timedelta]:
    return [later.when - earlier.when for earlier, later in pairwise(asked)]


async def test_p11_freshness_left_is_a_minimum_wait(world: World, publisher: Server) -> None:
    await _check(world, publisher, FRESHNESS)


async def test_p12_unreadable_expires_means_stale(world: World, publisher: Server) -> None:
    await _check(world, publisher, STALE)


async def test_p13_retry_after_in_seconds(world: World, publisher: Server) -> None:
    await _check(world, publisher, RETRY_AFTER)


async def test_p14_retry_after_as_a_date(world: World, publisher: Server) -> None:
    await _check(world, publisher, RETRY_DATES)
