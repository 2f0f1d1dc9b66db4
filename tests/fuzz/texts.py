"""Texts within documents: dates, addresses, HTML; and what people write to search."""

from datetime import timedelta
from functools import cache
from html import escape
from zoneinfo import ZoneInfo

from aggregator.dates import MAX_YEAR, MIN_YEAR, is_date, learn, read_date
from aggregator.errors import QueryError
from aggregator.html import lift_posted, lines, plain_text, sanitise, xml_safe
from aggregator.model import Placement, Plan, Query
from aggregator.search import parse_query
from aggregator.store import Store, open_store
from aggregator.urls import LINK_SCHEMES, absolute, canonical, folded_key, host, is_homepage, strict_key
from tests.fuzz.scratch import scratch
from tests.html.oracle import active
from tests.things import NOON, entry, source, update

BASE = "https://news.example/dir/page?x=1"


def text_of(data: bytes) -> str:
    """Every byte string is a text; what is no UTF-8 becomes lone surrogates, as escapes in JSON may be."""
    return data.decode("utf-8", "surrogateescape")


def check_date(data: bytes) -> None:
    """The first line is read, the others are the dates beside it; the last may be a format of strptime."""
    text, *others = text_of(data).split("\n")
    habit = learn([text, *others], "ja")
    for reading in (
        read_date(text),
        read_date(text, habit=habit),
        read_date(text, timezone=ZoneInfo("Europe/Berlin"), formats=others[-1:]),
    ):
        if reading.at is None:
            assert reading.problem, "no date and no reason"
        else:
            assert MIN_YEAR <= reading.at.year <= MAX_YEAR
            assert reading.at.utcoffset() == timedelta()
    is_date(text, "en")


def check_address(data: bytes) -> None:
    """The first line is the address, the second the base."""
    text, _, base = text_of(data).partition("\n")
    for below in (None, BASE, base):
        found = absolute(below, text)
        if found is not None:
            assert found.isascii(), found
            assert found.partition(":")[0] in LINK_SCHEMES | {"ftp", "magnet"}, found
            assert {absolute(None, found), absolute(BASE, found), absolute(base, found)} == {found}, found
            assert host(found) == host(canonical(found)), found
    shown = canonical(text)
    assert canonical(shown) == shown
    assert strict_key(shown) == strict_key(text)
    assert folded_key(shown) == folded_key(text)
    assert folded_key(strict_key(text)) == folded_key(text)
    is_homepage(text)


def check_html(data: bytes) -> None:
    """What is shown of HTML is safe for whoever reads it, and stands still."""
    html = text_of(data)
    for base in (None, BASE):
        safe = sanitise(html, base=base)
        refuse_active(safe)
        assert sanitise(safe) == safe
        assert sanitise(safe, base=BASE) == safe
        _, rest = lift_posted(safe)
        refuse_active(sanitise(rest))
    plain = plain_text(html)
    assert xml_safe(plain) == plain
    refuse_active(escape(plain))
    list(lines(html))


def refuse_active(html: str) -> None:
    assert active(html) == [], html


def check_query(data: bytes) -> None:
    """A query is refused in our own words, or finds the same on every engine."""
    try:
        query = parse_query(text_of(data))
    except QueryError:
        return
    told = [_found(store, query) for store in _stores()]
    assert told[0] == told[1], told


def _found(store: Store, query: Query) -> list[str] | str:
    try:
        return [story.story_id for story in store.latest(9, query=query)]
    except QueryError as exc:
        return str(exc)


_ENTRIES = (
    entry("1", title="Harbour bridge closes", content_text="The bridge in Tarnmouth will close on Monday."),
    entry("2", title="Ólive harvest (small)", url="https://alfa.example/news/2", categories=("farms",)),
    entry("3", title='東京の天気 a* "b c"', content_text="OR AND NOT -x: NEAR(y, 2) ^z", published_at=None),
)


@cache
def _stores() -> tuple[Store, Store]:
    stores = (open_store("sqlite", scratch("query")), open_store("memory", scratch("query")))
    placements = tuple(
        Placement(entry=one, entry_id=one.guid, story_id=one.guid, rule="new") for one in _ENTRIES
    )
    for store in stores:
        store.configure([source("alfa", title="Alfa Radio", tags=("politics",))], now=NOON)
        store.apply(update(plan=Plan(placements=placements)))
        while store.index(9):
            pass
    return stores
