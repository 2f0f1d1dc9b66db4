"""Commentaries that are no feed: "Posted: <date>", a title, paragraphs (FEATURES G13)."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio

from aggregator.errors import FetchError, ParseError
from aggregator.fetch import Fetcher
from aggregator.model import Entry, Kind, Reading, Response, Source, Validators
from aggregator.reading import read
from tests.fetch.asking import make_fetcher
from tests.running import ROOT
from tests.world import World

SAMPLES = ROOT / "data" / "samples"
POSTED = datetime(2023, 11, 14, 8, 33, tzinfo=UTC)
SEED = """Posted: 14.11.2023 11:33:00

Opinion: Difficult tasks

The first paragraph – with a dash.

“The second,” he said.
"""


def source(url: str = "https://alfa.example/commentary", kind: Kind = Kind.AUTO) -> Source:
    formats = ("%d.%m.%Y %H:%M:%S",)
    return Source(id="alfa", url=url, kind=kind, timezone="Europe/Minsk", date_formats=formats)


def reading(
    document: str | bytes,
    *,
    kind: Kind = Kind.AUTO,
    content_type: str = "text/plain",
    encoding: str = "utf-8",
) -> Reading:
    body = document.encode(encoding) if isinstance(document, str) else document
    one = source(kind=kind)
    return read(one, Response(status=200, url=one.url, headers={"content-type": content_type}, body=body))


def only(found: Reading) -> Entry:
    (entry,) = found.entries
    return entry


def facts(entry: Entry) -> tuple[str, datetime | None, str]:
    return entry.title, entry.published_at, entry.content


SEEN = (
    "Opinion: Difficult tasks",
    POSTED,
    "<p>The first paragraph – with a dash.</p><p>“The second,” he said.</p>",
)


@pytest.mark.parametrize(
    "document",
    [
        SEED,
        SEED.replace("\n", "\r\n"),
        SEED.replace("\n", "\r"),
        "\n\n" + SEED,
        "\ufeff" + SEED,
        SEED.replace("Posted: ", "posted:  "),
        SEED.replace("\n\nOpinion", "\nOpinion"),
    ],
    ids=["as given", "CRLF", "CR", "blank lines", "BOM", "spacing", "no blank line"],
)
def test_a_text(document: str) -> None:
    found = reading(document)
    assert facts(only(found)) == SEEN
    assert (only(found).problems, found.problems, found.format) == ((), (), "text")


@pytest.mark.parametrize(
    "encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "windows-1252"]
)
def test_a_text_in_another_encoding(encoding: str) -> None:
    assert facts(only(reading(SEED, encoding=encoding))) == SEEN


@pytest.mark.parametrize(
    ("encoding", "label"),
    [("utf-8", "iso-8859-1"), ("utf-8", "windows-1252"), ("windows-1252", "iso-8859-1"), ("utf-16", "utf-8")],
)
def test_a_text_whose_label_is_wrong(encoding: str, label: str) -> None:
    found = reading(SEED, encoding=encoding, content_type=f"text/plain; charset={label}")
    assert facts(only(found)) == SEEN


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_a_text_in_utf_16_without_a_mark_and_hardly_any_ascii(encoding: str) -> None:
    russian = "Опубликовано: 14.11.2023 11:33:00\n\nМнение\n\nТекст статьи.\n"
    assert facts(only(reading(russian, encoding=encoding))) == ("Мнение", POSTED, "<p>Текст статьи.</p>")


def test_a_page_in_the_encoding_it_declares() -> None:
    page = """<html><head><meta http-equiv=Content-Type content="text/html; charset=koi8-u"></head><body>
        <p>Posted: 14.11.2023 11:33:00</p><h1>Їжак</h1><p>Ґанок і їжа.</p></body></html>"""
    found = reading(page, encoding="koi8-u", content_type="text/html")
    assert facts(only(found)) == ("Їжак", POSTED, "<p>Ґанок і їжа.</p>")


def test_a_text_in_an_encoding_its_label_names() -> None:
    russian = "Опубликовано: 14.11.2023 11:33:00\n\nМнение\n\nТекст статьи.\n"
    found = reading(russian, encoding="windows-1251", content_type="text/plain; charset=windows-1251")
    assert facts(only(found)) == ("Мнение", POSTED, "<p>Текст статьи.</p>")


def test_a_text_in_an_encoding_nobody_names() -> None:
    russian = (
        "Опубликовано: 14.11.2023 11:33:00\n\nМнение\n\n" + "Белорусский народ решает трудные задачи. " * 5
    )
    assert only(reading(russian, encoding="windows-1251")).title == "Мнение"


def test_what_stands_in_it_is_text_and_no_markup() -> None:
    entry = only(reading("Posted: 14.11.2023 11:33:00\n\nA <b>\n\n<script>alert(1)</script> & more"))
    assert entry.title == "A <b>"
    assert entry.content == "<p>&lt;script&gt;alert(1)&lt;/script&gt; &amp; more</p>"


def test_a_growing_log_of_them() -> None:
    later = SEED.replace("14.11", "15.11").replace("Difficult", "Easy")
    both = reading(later + "\n" + SEED)
    assert [entry.title for entry in both.entries] == ["Opinion: Easy tasks", "Opinion: Difficult tasks"]
    assert both.entries[1].guid == only(reading(SEED)).guid  # it is the same entry as before


def test_another_commentary_at_the_same_address_is_another_entry() -> None:
    assert only(reading(SEED)).guid != only(reading(SEED.replace("11:33", "12:00"))).guid
    assert only(reading(SEED)).guid == only(reading(SEED.replace("first", "corrected"))).guid


PAGES = {
    "the seed as a page": "<p>Posted: 14.11.2023 11:33:00</p><h1>Opinion: Difficult tasks</h1>{}",
    "heading first": "<h1>Opinion: Difficult tasks</h1><div><b>Posted:</b> <time>14.11.2023 11:33:00</time></div>{}",
    "no heading": "<div>Posted: 14.11.2023 11:33:00</div><p>Opinion: Difficult tasks</p>{}",
    "in parts": "<main><header><span>Posted: 14.11.2023 11:33:00</span></header>"
    "<h2>Opinion: Difficult tasks</h2><div><div>{}</div></div></main><footer><p>About us</p></footer>",
}


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES.keys())
def test_a_page(page: str) -> None:
    head = "<!DOCTYPE html><html><head><title>Alfa</title><style>p {}</style></head><body>"
    nav = "<nav><a href='/'>Home</a></nav>"
    found = reading(
        head + nav + page.format(SEEN[2]) + "</body></html>", content_type="text/html", kind=Kind.TEXT
    )
    assert facts(only(found)) == SEEN
    assert only(found).url == "https://alfa.example/commentary"


def test_links_of_a_page_become_absolute() -> None:
    page = "<p>Posted: 14.11.2023 11:33:00</p><h1>T</h1><p><a href='/x'>x</a></p>"
    assert 'href="https://alfa.example/x"' in only(reading(page)).content


@pytest.mark.parametrize(
    "above",
    ["Opinion: Difficult tasks\n\n", "Opinion: Difficult tasks\n", "# Opinion: Difficult tasks\n\n",
     "Opinion: Difficult tasks\n======\n\n", "\n\n## Opinion: Difficult tasks ##\n"],
)  # fmt: skip
@pytest.mark.parametrize("line", ["Posted: 14.11.2023 11:33:00", "**Posted:** 14.11.2023 11:33:00"])
def test_a_heading_above_the_line(above: str, line: str) -> None:
    text = SEED.partition("Opinion: Difficult tasks\n\n")[2]
    assert facts(only(reading(f"{above}{line}\n\n{text}"))) == SEEN


@pytest.mark.parametrize("title", ["# {}", "{}\n====", "{}"])
def test_a_heading_of_markdown_below_the_line(title: str) -> None:
    text = SEED.replace("Opinion: Difficult tasks", title.format("Opinion: Difficult tasks"))
    assert facts(only(reading(text))) == SEEN


def test_the_language_of_the_label_decides_what_a_month_is() -> None:
    """14 listopada is in November in Polish, in October in Croatian."""
    entry = only(reading("Opublikowano: 14 listopada 2023, 11:33\n\nTytuł\n\nTekst"))
    assert (entry.published_at, entry.problems) == (POSTED, ())


def test_lines_without_a_colon_begin_no_entries_where_the_first_has_one() -> None:
    text = SEED + "\nPublished 15 November 2023\n\nmore of it\n"
    assert len(reading(text).entries) == 1
    log = text.replace("Posted: 14.11.2023 11:33:00", "Published 14 November 2023")
    assert len(reading(log).entries) == 2


ORDINARY = {
    "article": "<h1>Council adopts budget</h1><p>Published 14 November 2023</p><p>The council adopted it.</p>",
    "byline": "<h1>News</h1><p>Posted by Ann on Nov 14, 2023</p><p>Text</p>",
    "count": "<h1>Shop</h1><p>Published: 3 books and 2 records</p><p>Text</p>",
    "text": "Notes\n\nPublished: 3 books and 2 records\n\nText",
    "no colon": "Notes\n\nPublished 14 November 2023\n\nText",
    "two lines above": "Notes\n\nof mine\n\nPosted: 14.11.2023 11:33:00\n\nText",
    "nothing behind": "Notes\n\nPosted: 14.11.2023 11:33:00\n",
    "long line above": "word " * 100 + "\n\nPosted: 14.11.2023 11:33:00\n\nText",
}


@pytest.mark.parametrize("document", ORDINARY.values(), ids=ORDINARY.keys())
def test_an_ordinary_page_or_text_is_no_commentary_by_itself(document: str) -> None:
    with pytest.raises(ParseError, match="not a feed"):
        reading(document, content_type="text/html")


@pytest.mark.parametrize(
    "document",
    [
        "A text without a date",
        "Posted: yesterday\n\nTitle\n\nText",
        "Posted: 14.11.2023 11:33:00\n",
        "<!doctype html><html><body><h1>T</h1><p>Text</p></body></html>",
        "<!-- nothing -->",
        "x" * 100_000,
    ],
)
def test_no_match_is_a_failing_source(document: str) -> None:
    with pytest.raises(ParseError):
        reading(document, kind=Kind.TEXT)
    with pytest.raises(ParseError):
        reading(document)


def test_a_page_with_such_a_line_far_down_is_no_commentary_by_itself() -> None:
    """A blog in place of its feed is an error, not an entry (PROTOCOL P7)."""
    page = (
        "<!doctype html><html><body><h1>My blog</h1><p>Hello</p><p>World</p><p>Posted: 14.11.2023</p><p>x</p>"
    )
    with pytest.raises(ParseError, match="not a feed"):
        reading(page)
    assert only(reading(page, kind=Kind.TEXT)).title == "My blog"


def test_a_feed_is_never_a_text() -> None:
    sample = (SAMPLES / "alfa-radio.xml").read_bytes()
    assert reading(sample).format == "rss20"
    with pytest.raises(ParseError):
        reading(SEED, kind=Kind.FEED)


def test_the_same_result_as_from_a_feed() -> None:
    from_feed = only(reading((SAMPLES / "alfa-radio.xml").read_bytes()))
    text = "\n\n".join(["Posted: 14.11.2023 11:33:00", from_feed.title, *from_feed.content_text.split("\n")])
    entry = only(reading(text))
    assert (entry.title, entry.published_at, entry.content_text) == (
        from_feed.title,
        from_feed.published_at,
        from_feed.content_text,
    )


def test_a_date_that_cannot_be_read_is_a_problem_of_its_entry() -> None:
    entry = only(reading("Posted: 99.99.2023 11:33:00\n\nTitle\n\nText"))
    assert (entry.title, entry.published_at) == ("Title", None)
    assert "cannot be read" in entry.problems[0]


@pytest.mark.parametrize("nested", [100, 20_000])
def test_a_hostile_page_is_read_in_linear_time(nested: int) -> None:
    page = "<html><p>Posted: 14.11.2023 11:33:00</p>" + "<div>Posted: " * nested + "<p>x</p>" * nested
    assert only(reading(page, kind=Kind.TEXT)).published_at == POSTED


# --- folders


@pytest_asyncio.fixture
async def fetcher() -> AsyncIterator[Fetcher]:
    async with make_fetcher() as made:
        yield made


async def test_a_folder_of_files(fetcher: Fetcher, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(SEED)
    (tmp_path / "b.html").write_text("<p>Posted: 15.11.2023 11:33:00</p><h1>B</h1><p>Text</p>")
    (tmp_path / "notes.txt").write_text("not a commentary")
    (tmp_path / ".hidden.txt").write_text(SEED)
    (tmp_path / "inner").mkdir()
    (tmp_path / "link.txt").symlink_to(tmp_path / "a.txt")
    one = source(tmp_path.as_uri())
    response = await fetcher.fetch(one, Validators())
    found = read(one, response)
    assert [(entry.guid, entry.title, entry.url) for entry in found.entries] == [
        ("a.txt", "Opinion: Difficult tasks", None),
        ("b.html", "B", None),
    ]
    assert found.problems == ('notes.txt has no line "Posted: <date>" with text after it',)
    assert (await fetcher.fetch(one, Validators())).body == response.body


async def test_a_file_of_a_folder_that_grows_gives_what_is_new(world: World, tmp_path: Path) -> None:
    folder = tmp_path / "commentary"
    folder.mkdir()
    (folder / "log.txt").write_text(SEED)
    world.configure(source(folder.as_uri()))
    assert (await world.poll())["alfa"].new == 1
    for day in ("15.11", "16.11"):
        grown = SEED.replace("14.11", day).replace("Difficult", day) + "\n" + (folder / "log.txt").read_text()
        (folder / "log.txt").write_text(grown)
        world.wait(hours=2)
        result = (await world.poll())["alfa"]
        assert (result.new, result.changed) == (1, 0)


async def test_a_folder_without_a_commentary_is_a_failing_source(fetcher: Fetcher, tmp_path: Path) -> None:
    one = source(tmp_path.as_uri())
    with pytest.raises(ParseError, match="has no files"):
        read(one, await fetcher.fetch(one, Validators()))
    (tmp_path / "a.txt").write_text("nothing")
    with pytest.raises(ParseError, match=r"a\.txt has no line"):
        read(one, await fetcher.fetch(one, Validators()))


async def test_a_folder_larger_than_allowed_is_an_error(fetcher: Fetcher, tmp_path: Path) -> None:
    for n in range(11):
        (tmp_path / f"{n}.txt").write_text("x" * 10_000)
    with pytest.raises(FetchError, match="larger than"):
        await fetcher.fetch(source(tmp_path.as_uri()), Validators())


async def test_an_edited_file_is_a_revision_and_a_new_one_an_entry(world: World, tmp_path: Path) -> None:
    folder = tmp_path / "commentary"
    folder.mkdir()
    (folder / "a.txt").write_text(SEED)
    world.configure(source(folder.as_uri()))
    assert (await world.poll())["alfa"].new == 1
    assert (await world.poll())["alfa"].new == 0
    (folder / "a.txt").write_text(SEED.replace("first", "corrected"))
    (folder / "b.txt").write_text(SEED.replace("14.11", "15.11").replace("tasks", "days"))
    result = (await world.poll())["alfa"]
    assert (result.new, result.changed) == (1, 1)
    feed = await world.feed()
    assert [entry.published for entry in feed.entries] == ["2023-11-15T08:33:00Z", "2023-11-14T08:33:00Z"]
