"""No active content in anything we emit, whatever a source sends (PROTOCOL E22)."""

import json
from collections.abc import Sequence
from html import escape
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.emit import emit
from aggregator.errors import ParseError
from aggregator.html import plain_text, sanitise
from aggregator.html.allowed import TAGS
from aggregator.model import Document, Entry, MergedEntry, ParsedFeed, Response, Source
from aggregator.normalise import normalise
from aggregator.parse import parse
from tests.emit.shown import feed, shown
from tests.html.corpora import HOSTILE, bleach, shared
from tests.html.markup import markup
from tests.html.oracle import ELEMENTS, active, html_in

BASE = "https://news.example/dir/page"


def published(parsed: ParsedFeed) -> tuple[Document, ...]:
    """What the world gets of a feed, in every format."""
    entries = normalise(Source(id="alfa", url="https://alfa.example/rss"), parsed)
    return emit(feed(*(_shown(entry) for entry in entries)))


def _shown(entry: Entry) -> MergedEntry:
    facts = ("url", "title", "authors", "summary", "content", "language", "categories", "enclosures")
    return shown(id=f"urn:x:{entry.position}", **{name: getattr(entry, name) for name in facts})


def found_in(documents: Sequence[Document]) -> list[str]:
    """Judge all HTML, once where documents have it in common."""
    places = {html: one.path for one in documents for html in html_in(one)}
    return [f"{path}: {sentence}" for html, path in places.items() for sentence in active(html)]


def as_json_feed(cases: Sequence[str]) -> bytes:
    items = [
        {"id": str(n), "content_html": case, "title": case, "summary": case, "tags": [case], "url": case[:99]}
        for n, case in enumerate(cases)
    ]
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "x", "items": items}).encode()


def as_rss(cases: Sequence[str]) -> bytes:
    items = "".join(
        f"<item><guid>{n}</guid><title>{text}</title><description>{text}</description>"
        f"<author>{text}</author><category>{text}</category></item>"
        for n, text in enumerate(escape(case.encode(errors="ignore").decode()) for case in cases)
    )
    return f"<rss version='2.0'><channel><title>x</title>{items}</channel></rss>".encode()


@pytest.mark.parametrize("html", HOSTILE)
@pytest.mark.parametrize("base", [None, BASE, "javascript:alert(1)", "data:text/html,x"])
def test_nothing_active_is_left(html: str, base: str | None) -> None:
    safe = sanitise(html, base=base)
    assert active(safe) == []
    assert sanitise(safe) == safe
    assert sanitise(safe, base=BASE) == safe
    assert active(escape(plain_text(html))) == []


@pytest.mark.parametrize("body", [as_json_feed(HOSTILE), as_rss(HOSTILE)], ids=["json", "rss"])
def test_e22_nothing_active_is_published_in_any_format(body: bytes) -> None:
    documents = published(parse(Response(status=200, url="https://alfa.example/rss", body=body)))
    assert [one.path for one in documents] == ["feed.atom", "feed.rss", "feed.json"]
    assert all(len(list(html_in(one))) >= len(HOSTILE) // 2 for one in documents)
    assert found_in(documents) == []


def test_the_oracle_finds_what_has_not_been_through_the_sanitiser() -> None:
    raw = Document(path="feed.json", body=as_json_feed(HOSTILE), content_type="application/feed+json")
    assert len([html for html in html_in(raw) if active(html)]) > len(HOSTILE) * 0.7
    for html in (
        "<script>",
        "<p onclick=x>",
        "<p id=x>",
        "<p style=x>",
        "<a href=javascript:x>",
        "<img src=data:x>",
    ):
        assert active(html), html
    assert active("<p>a</p><math><mi>x</mi></math>") == []


def test_the_allow_list_has_no_element_that_the_oracle_does_not_know() -> None:
    assert {name.rpartition("}")[2] for name in ELEMENTS} == TAGS


def test_the_hostile_cases_of_bleach() -> None:
    cases = bleach(shared("bleach/tests/data"))
    assert len(cases) == 20
    assert found_in(published(parse(Response(status=200, url=BASE, body=as_json_feed(cases))))) == []


FEEDS = ("atom", "atom-entry", "atom0.3", "cdf-or-rss-fragment", "html", "jsonfeed", "rdf", "other")


@pytest.mark.timeout(300)
def test_every_feed_of_the_corpora_is_published_without_anything_active() -> None:
    folder = shared("")
    judged = 0
    for line in (folder / "INDEX.jsonl").read_text(encoding="utf-8").splitlines():
        said = json.loads(line)
        if said["format"].startswith(FEEDS) or said["format"].startswith("rss"):
            judged += judge(folder / said["path"])
    assert judged > 800


def judge(path: Path) -> int:
    """Judge one file; 0 for what is no feed."""
    try:
        parsed = parse(Response(status=200, url="https://alfa.example/rss", body=path.read_bytes()[:200_000]))
    except ParseError:
        return 0
    documents = published(parsed)
    assert found_in(documents) == [], path
    return 1


# --- whatever comes


@given(markup, st.sampled_from([None, BASE]))
def test_safe_and_stable_whatever_comes(html: str, base: str | None) -> None:
    safe = sanitise(html, base=base)
    assert active(safe) == []
    assert sanitise(safe) == safe
    assert sanitise(safe, base=BASE) == safe


@given(st.lists(st.sampled_from(HOSTILE), min_size=2, max_size=4), st.integers(0, 60))
def test_hostile_pieces_together_are_as_safe(pieces: list[str], cut: int) -> None:
    safe = sanitise("".join(pieces)[cut:], base=BASE)
    assert active(safe) == []
    assert sanitise(safe) == safe
