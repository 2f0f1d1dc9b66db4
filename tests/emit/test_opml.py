"""OPML 2.0: the list of sources."""

import pytest

from aggregator.emit import emit_opml
from aggregator.model import FeedHead, Source
from tests.emit.shown import xml


def outlines(*sources: Source, head: FeedHead | None = None) -> list[dict[str, str]]:
    listed = [(source, head or FeedHead()) for source in sources]
    root = xml(emit_opml("News", listed))
    assert (root.tag, root.get("version"), root.findtext("head/title")) == ("opml", "2.0", "News")
    return [dict(found.attrib) for found in root.findall("body/outline")]


def test_e05_what_another_reader_needs_to_subscribe() -> None:
    source = Source(id="alfa", url="https://alfa.example/rss?a=1&b=2", title="A & B", tags=("радио", "by"))
    assert outlines(source, head=FeedHead(title="Own", home_url="https://alfa.example/")) == [
        {
            "type": "rss",
            "text": "A & B",
            "title": "A & B",
            "xmlUrl": "https://alfa.example/rss?a=1&b=2",
            "htmlUrl": "https://alfa.example/",
            "category": "радио,by",
        }
    ]


def test_a_title_that_looks_like_markup_is_kept_whole() -> None:
    """Most readers take it for plain text, and whoever imports the list again must find the title it had."""
    head = FeedHead(title="The <blink> tag & more")
    (found,) = outlines(Source(id="alfa", url="https://alfa.example/"), head=head)
    assert found["text"] == found["title"] == "The <blink> tag & more"


@pytest.mark.parametrize(("own", "text"), [("Own", "Own"), (None, "alfa"), (" ", "alfa")])
def test_a_source_without_title(own: str | None, text: str) -> None:
    assert outlines(Source(id="alfa", url="https://alfa.example/"), head=FeedHead(title=own)) == [
        {"type": "rss", "text": text, "title": text, "xmlUrl": "https://alfa.example/"}
    ]


def test_the_order_is_the_configurations() -> None:
    sources = [Source(id=name, url=f"https://{name}.example/") for name in ("c", "a", "b")]
    assert [found["text"] for found in outlines(*sources)] == ["c", "a", "b"]


def test_a_list_without_sources_still_has_an_outline() -> None:
    """OPML 2.0: "a body contains one or more outline elements"; this one is an empty folder."""
    assert outlines() == [{"text": "News"}]
