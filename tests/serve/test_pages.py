"""Pages over HTTP: what people see, and what hostile sources must not make them see."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urljoin

import pytest
from lxml import html

from aggregator.model import Publication, Source, SourceState, State, Wish
from tests.serve.conftest import AT, World, merged_entry, merged_feed, provenance, publication_of, status_of

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
PAGES = ["/", "/feeds/politics", "/status", "/nope", "/some/where/else"]
HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>'


async def page(world: World, path: str) -> html.HtmlElement:
    response = await world.client.get(path, headers=BROWSER)
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    return html.document_fromstring(response.content)


@pytest.mark.parametrize("path", PAGES)
async def test_every_page_announces_the_feeds(world: World, path: str) -> None:
    """PROTOCOL E21: relative to the page, so that any proxy and prefix will do; and they lead somewhere."""
    found = (await page(world, path)).xpath("//head/link[@rel='alternate']")
    base = f"http://127.0.0.1:{world.port}{path}"
    announced = {link.get("type"): urljoin(base, link.get("href")) for link in reversed(found)}
    assert set(announced) == {"application/atom+xml", "application/rss+xml", "application/feed+json"}
    for content_type, address in announced.items():
        response = await world.client.get(address)
        assert response.status_code == 200
        assert response.headers["content-type"].startswith(content_type)
    own = "/feeds/politics.atom" if path == "/feeds/politics" else "/feed.atom"
    assert announced["application/atom+xml"].endswith(own)


@pytest.mark.parametrize("path", PAGES)
async def test_no_page_runs_anything(world: World, path: str) -> None:
    response = await world.client.get(path, headers=BROWSER)
    policy = response.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'; img-src 'self';")
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["referrer-policy"] == "no-referrer"
    assert not html.document_fromstring(response.content).xpath(
        "//script | //style | //@style | //@*[starts-with(name(), 'on')]"
    )


@pytest.mark.parametrize("path", PAGES)
async def test_every_link_of_our_own_is_relative_and_leads_somewhere(world: World, path: str) -> None:
    links = (await page(world, path)).xpath("//@href")
    ours = [link for link in links if not link.startswith(("https://", "#"))]
    assert len(ours) > 8
    for link in ours:
        assert link.startswith(("./", "../"))
        address = urljoin(f"http://127.0.0.1:{world.port}{path}", link)
        assert (await world.client.get(address)).status_code == 200


async def test_river_shows_a_story(world: World) -> None:
    [article] = (await page(world, "/")).xpath("//article")
    [title] = article.xpath(".//h2/a")
    assert (title.text, title.get("href")) == ("Snow falls", "https://alfa.example.org/story")
    sources = {link.text: link.get("href") for link in article.xpath(".//span[@class='sources']/a")}
    assert sources == {"Alfa": "https://alfa.example.org/story", "Beta": "https://beta.example.org/story"}
    [time] = article.xpath(".//time")
    assert (time.text, time.get("datetime")) == ("14 Nov 2023, 08:33 UTC", "2023-11-14T08:33:00Z")
    assert article.xpath("string(p[@class='words'])") == "First words. Second words."


async def test_page_of_another_feed(world: World) -> None:
    politics = await page(world, "/feeds/politics")
    assert politics.xpath("string(//h1)") == "Politics"
    assert politics.xpath("//article/h2/a/text()") == ["Votes fall"]
    assert politics.xpath("//nav/a[@aria-current]/text()") == ["Politics"]


async def test_hostile_texts_stay_texts(world: World) -> None:
    source = replace(
        provenance("alfa"), title=HOSTILE, entry_url="javascript:alert(1)", home_url="data:text/html,x"
    )
    entry = merged_entry(
        HOSTILE,
        url="javascript:alert(1)",
        language=HOSTILE,
        source=source,
        others=(),
        summary="<p>&lt;script&gt;</p>",
    )
    world.publication = publication_of(merged_feed("feed", entry, title=HOSTILE))
    world.settings = replace(world.settings, title=HOSTILE)
    broken = SourceState(source_id="x", state=State.FAILING, last_error=HOSTILE, next_reason=HOSTILE)
    world.status = status_of(
        (Source(id="x", url="javascript:alert(1)", title=HOSTILE), broken), error=HOSTILE
    )
    river, status = await page(world, "/"), await page(world, "/status")
    assert river.xpath("string(//article/h2)") == HOSTILE
    assert river.xpath("string(//p[@class='words'])") == "<script>"
    assert status.xpath("string(//pre)") == HOSTILE
    for shown in (river, status):
        assert not shown.xpath("//script | //img")
        assert not [link for link in shown.xpath("//@href") if link.startswith(("javascript:", "data:"))]


@pytest.mark.parametrize(
    ("language", "direction"),
    [("ar", "rtl"), ("he-IL", "rtl"), ("be", "auto"), (None, "auto"), ("art", "auto")],  # art is no Arabic
)
async def test_language_and_direction(world: World, language: str | None, direction: str) -> None:
    world.publication = publication_of(merged_feed("feed", merged_entry("Title", language=language)))
    [article] = (await page(world, "/")).xpath("//article")
    assert article.get("lang") == language
    assert article.xpath("h2/@dir") == [direction]


async def test_source_told_twice_is_named_once(world: World) -> None:
    entry = merged_entry("Twice", others=(provenance("beta"), provenance("alfa"), provenance("beta")))
    world.publication = publication_of(merged_feed("feed", entry))
    assert (await page(world, "/")).xpath("//span[@class='sources']/a/text()") == ["Alfa", "Beta"]


async def test_page_of_a_long_feed_is_bounded_and_says_so(world: World) -> None:
    entries = [merged_entry(f"Entry {number}") for number in range(100)]
    world.publication = publication_of(merged_feed("feed", *entries))
    river = await page(world, "/")
    assert river.xpath("//article/h2/a/text()") == [f"Entry {number}" for number in range(60)]
    assert "The 60 latest of 100 entries" in river.xpath("string(//footer)")


@pytest.mark.parametrize("publication", [Publication(), publication_of(merged_feed("feed"))])
async def test_nothing_to_show(world: World, publication: Publication) -> None:
    world.publication = publication
    river = await page(world, "/")
    assert "Nothing has been published here yet" in river.xpath("string(//main)")
    assert len(river.xpath("//head/link[@rel='alternate']")) == 3


async def test_status_page_tells_what_is_wrong(world: World) -> None:
    world.status = replace(world.status, configuration_error="sources.toml:3:1: error: unknown key 'ulr'")
    status = await page(world, "/status")
    [alarm] = status.xpath("//*[@role='alert']")
    assert "sources.toml:3:1: error: unknown key 'ulr'" in alarm.xpath("string()")
    [row] = status.xpath("//tbody/tr")
    for fact in (
        "Alfa <Radio>",
        "failing",
        "3 failures in a row",
        "503 Service Unavailable & nothing else",
        "Retry-After",
    ):
        assert fact in row.xpath("string()")
    assert row.xpath(".//time/@datetime") == ["2023-11-14T08:33:00Z", "2023-11-14T10:33:00Z"]


async def test_status_page_without_an_error_raises_no_alarm(world: World) -> None:
    assert not (await page(world, "/status")).xpath("//*[@role='alert']")


async def test_status_says_where_a_source_has_moved_and_which_line_to_edit(world: World) -> None:
    source = Source(id="alfa", url="https://alfa.example.org/rss", where="config/sources.toml:7")
    wishes = (Wish(reason="interval", wait=timedelta(hours=1)), Wish(reason="ttl", wait=timedelta(hours=2)))
    moved = SourceState(
        source_id="alfa", state=State.MOVED, moved_to="https://new.example.org/rss", wishes=wishes
    )
    world.status = status_of((source, moved))
    (row,) = (await page(world, "/status")).xpath("//tbody/tr")
    assert "moved for good to https://new.example.org/rss" in row.xpath("string()")
    assert "config/sources.toml:7" in row.xpath("string()")
    (told,) = (await world.client.get("/status.json")).json()["sources"]
    assert (told["moved_to"], told["edit"]) == ("https://new.example.org/rss", "config/sources.toml:7")
    assert told["wishes"] == {"interval": 3600, "ttl": 7200}


async def test_status_json_says_the_same(world: World) -> None:
    fresh = Source(id="new", url="https://new.example.org/"), SourceState(source_id="new")
    world.status = status_of(*world.status.sources, fresh, error="line\nline")
    response = await world.client.get("/status.json")
    assert response.headers["content-type"] == "application/json"
    assert response.headers["cache-control"] == "no-store"
    told = response.json()
    assert (told["started_at"], told["configuration_error"]) == ("2023-11-14T08:33:00Z", "line\nline")
    assert told["sources"][0] == {
        "id": "alfa",
        "title": "Alfa <Radio>",
        "url": "https://alfa.example.org/rss",
        "state": "failing",
        "last_status": 503,
        "last_poll_at": None,
        "last_success_at": "2023-11-14T08:33:00Z",
        "next_poll_at": "2023-11-14T10:33:00Z",
        "next_reason": "Retry-After",
        "wishes": {},
        "interval": None,
        "moved_to": None,
        "edit": None,
        "failures": 3,
        "last_error": "503 Service Unavailable & nothing else",
        "problems": [],
    }
    assert told["sources"][1]["state"] == "new"
    assert told["sources"][1]["last_success_at"] is None


@pytest.mark.parametrize(("name", "content_type"), [("style.css", "text/css"), ("icon.svg", "image/svg+xml")])
async def test_static_files_may_be_kept_for_ever_by_their_version(
    world: World, name: str, content_type: str
) -> None:
    [address] = [link for link in (await page(world, "/")).xpath("//@href") if name in link]
    response = await world.client.get(f"/{address}")
    assert response.headers["content-type"].startswith(content_type)
    assert "immutable" in response.headers["cache-control"]
    assert response.headers["etag"].strip('"') == address.partition("?v=")[2]


async def test_pages_change_their_tag_with_what_they_show(world: World) -> None:
    before = (await world.client.get("/")).headers["etag"]
    assert (await world.client.get("/")).headers["etag"] == before
    world.publication = publication_of(
        merged_feed("feed", merged_entry("Snow falls", published_at=AT.replace(day=15)))
    )
    assert (await world.client.get("/")).headers["etag"] != before


async def test_a_story_names_the_others_of_its_event_and_only_where_there_are_some(world: World) -> None:
    stories = [
        merged_entry("Tram approved", id="tag:x,2026:1", group="tag:x,2026:1"),
        merged_entry(HOSTILE, id="tag:x,2026:2", group="tag:x,2026:1", url="javascript:alert(1)"),
        merged_entry("Museum opens", id="tag:x,2026:3", group="tag:x,2026:3"),
        merged_entry("Groups are off", id="tag:x,2026:4"),
        merged_entry("These too", id="tag:x,2026:5"),
    ]
    world.publication = publication_of(merged_feed("feed", *stories))
    articles = (await page(world, "/")).xpath("//article")
    related = [
        [one.text_content().split("\n")[0] for one in article.xpath(".//ul[@class='related']/li")]
        for article in articles
    ]
    assert related == [[f"{HOSTILE} Alfa"], ["Tram approved Alfa"], [], [], []]
    assert articles[0].xpath(".//ul//a") == []  # nothing that would run
    assert articles[1].xpath(".//ul//a/@href") == ["https://alfa.example.org/story"]


async def test_of_a_great_event_a_story_names_the_latest_few(world: World) -> None:
    stories = [merged_entry(f"Take {n}", id=f"tag:x,2026:{n}", group="tag:x,2026:0") for n in range(9)]
    world.publication = publication_of(merged_feed("feed", *stories))
    first = (await page(world, "/")).xpath("//article")[0]
    assert [one.text for one in first.xpath(".//ul[@class='related']/li/a")] == [
        f"Take {n}" for n in range(1, 6)
    ]


@pytest.mark.parametrize("odd", ["/feeds%2Fpolitics", "http://news.example.org/feeds%2fpolitics"])
async def test_an_address_written_oddly_spoils_no_links_of_others(world: World, odd: str) -> None:
    """What one reader's address makes of relative links is not what the next reader is given."""
    for path in (odd, "/feeds/politics", odd):
        request = f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAccept-Encoding: identity\r\n\r\n"
        reader, writer = await asyncio.open_connection("127.0.0.1", world.port)
        writer.write(request.encode())
        found = html.document_fromstring((await reader.read()).partition(b"\r\n\r\n")[2])
        writer.close()
        style = str(found.xpath("string(//link[@rel='stylesheet']/@href)"))
        base = f"http://127.0.0.1:{world.port}/{path.partition('.org/')[2] or path[1:]}"
        assert (await world.client.get(urljoin(base, style))).status_code == 200, path
