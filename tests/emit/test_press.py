"""Entries and documents are rendered once until they change, and look as if made anew."""

from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree

from aggregator.emit import Press, atom_page, emit
from aggregator.model import ArchivePage, MergedEntry, Removal
from tests.emit.shown import AT, NAMES, carried, feed, shown

CASES = Path(__file__).parents[1] / "data" / "emit"
FH = "{http://purl.org/syndication/history/1.0}"


def entries(count: int) -> list[MergedEntry]:
    """Some with elements of other namespaces, some without."""
    return [
        shown(id=f"urn:isbn:{number}", **({"extras": carried()} if number % 3 == 0 else {}))
        for number in range(count)
    ]


def test_what_was_kept_looks_as_if_made_anew() -> None:
    press, (first, second, third, fourth) = Press(), entries(4)
    for said in (
        feed(second, third),
        feed(first, second, third),
        feed(first, replace(second, title="Changed"), fourth),
        feed(third, first, path="feeds/politics"),
        feed(third, first, path="feeds/politics", public_url="https://other.example"),
        feed(),
    ):
        assert press.emit(said) == emit(said)


def test_a_feed_that_has_not_changed_is_the_same_document() -> None:
    press, two = Press(), entries(2)
    made = press.emit(feed(*two))
    again = press.emit(feed(*(replace(entry) for entry in two)))
    assert all(one is other for one, other in zip(made, again, strict=True))
    press.keep([])
    assert press.emit(feed(*two))[0] is not made[0]


@pytest.mark.parametrize("number", [0, 1])
def test_an_archived_entry_stands_alone(number: int) -> None:
    entry = entries(2)[number]
    alone = etree.fromstring(
        b'<feed xmlns="http://www.w3.org/2005/Atom">'
        + Press().archived(entry, "https://news.example/")
        + b"</feed>"
    )
    in_feed = etree.fromstring(emit(feed(entry))[0].body)
    one, other = (
        etree.tostring(root.findall("a:entry", NAMES)[0], method="c14n", exclusive=True)
        for root in (alone, in_feed)
    )
    assert one == other
    assert (b"media:" in one) is (number == 0)


def page() -> bytes:
    press = Press()
    around = ArchivePage(
        path="archive/feed/3/2.atom",
        public_url="https://news.example",
        feed_id="https://news.example/feed.atom",
        title="Новости <1> & more",
        updated_at=AT,
        previous="archive/feed/2/100.atom",
    )
    return atom_page(around, [press.archived(entry, "https://news.example/") for entry in entries(2)]).body


def test_e19_a_page_is_as_it_always_was() -> None:
    """Pages are promised never to change: neither may this case."""
    assert page() == (CASES / "page.atom").read_bytes()


def test_e20_tombstones_are_as_they_always_were() -> None:
    removals = (
        Removal(story_id="urn:isbn:1?a&b", removed_at=AT, story_now="tag:news.example,2026:<1>"),
        Removal(story_id="urn:isbn:2", removed_at=AT),
    )
    said = feed(shown(), removals=removals, archive_url="https://news.example/archive/feed/0/1.atom")
    body = emit(said)[0].body
    assert body == (CASES / "tombstones.atom").read_bytes()
    assert [one.body for one in emit(said)[1:]] == [one.body for one in emit(feed(shown()))[1:]]
