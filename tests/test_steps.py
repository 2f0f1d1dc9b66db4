"""Large documents are read in steps: all of it, once, and to an end, however much of it has room at once."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aggregator import reading
from aggregator.model import KnownItem, Passed, Response
from aggregator.reading import read
from tests.things import source

ALFA = source("alfa", url="https://alfa.example/rss")
NO_WINDOW = 10**9
STEPS_MOST = 100  # for documents of some forty items, of which each step reads at least three


def told(n: object, more: str = "") -> str:
    return f"<item><guid>{n}</guid><title>t{n}</title>{more}</item>"


def dated(n: int) -> str:
    return told(n, f"<pubDate>Fri, 20 Nov 2026 0{n % 10}:00:00 GMT</pubDate>")


KINDS: dict[str, Callable[[int], str]] = {
    "dated": dated,
    "leaning": lambda n: told(n, f"<pubDate>0{n % 9 + 1}/02/2026 12:00</pubDate>"),
    "shared": lambda n: (
        f"<item><guid>s{n % 3}</guid><link>https://a.example/{n}</link><title>t{n}</title></item>"
    ),
    "same": lambda n: told(f"same{n % 3}"),
    "empty": lambda _: "<item></item>",
    "of the feed": lambda n: f"<ttl>5</ttl>{dated(n)}",
    "nested": lambda n: f"<item><guid>{n}</guid><title>t{n}</title>{told(f'inner{n}')}</item>",
    "in a comment": lambda n: f"{dated(n)}<!-- <item></item> -->",
    "in CDATA": lambda n: told(n, "<description><![CDATA[<item>]]></description>"),
    "in capitals": lambda n: told(n, f"<ITEM><guid>X{n}</guid><title>tX{n}</title></ITEM>"),
}


def in_steps(body: bytes, room: int, max_new: int, max_entries: int | None) -> set[str]:
    """Read a document until nothing of it is left, and return the titles."""
    titles: set[str] = set()
    known: Sequence[KnownItem] = ()
    orders: Sequence[str] = ()
    passed: Passed | None = None
    of = replace(ALFA, max_new=max_new, max_entries=max_entries)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "TAKEN_APART_MOST", room)
        for _ in range(STEPS_MOST):
            found = read(of, Response(status=200, url=ALFA.url, body=body), known, orders, passed)
            titles |= {entry.title for entry in found.entries}
            known, orders, passed = found.known, found.date_orders, found.passed
            if not found.beyond:
                return titles
    raise AssertionError(f"{STEPS_MOST} steps, and {found.beyond} entries are left")


def rss(kinds: Sequence[str]) -> bytes:
    items = "".join(KINDS[kind](n) for n, kind in enumerate(kinds))
    return f'<rss version="2.0"><channel><title>Alfa</title>{items}</channel></rss>'.encode()


mostly_dated = st.just("dated") | st.just("dated") | st.just("dated") | st.sampled_from(sorted(KINDS))


@example(["shared", "dated", "dated", "shared", *["dated"] * 20, "in a comment"], 6, 3, None)
@example(["same", "nested", *["dated"] * 18, "same", "dated", "dated", "dated", "same"], 20, 3, None)
@example([*["empty"] * 10, *["dated"] * 20], 6, 3, None)
@example(["leaning", *["dated"] * 30], 6, 3, None)
@given(
    st.lists(mostly_dated, max_size=40), st.integers(3, 20), st.integers(3, 8), st.none() | st.integers(5, 40)
)
@settings(deadline=None)
def test_all_is_read_once_and_to_an_end(
    kinds: Sequence[str], room: int, max_new: int, max_entries: int | None
) -> None:
    body = rss(kinds)
    whole = in_steps(body, NO_WINDOW, len(kinds) + 50, max_entries)
    assert in_steps(body, NO_WINDOW, max_new, max_entries) == whole
    assert in_steps(body, room, max_new, max_entries) == whole
