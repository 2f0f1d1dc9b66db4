"""The page of a story, at an address made of its id."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.fetch.server import Answer, Server
from tests.running import Running, Site

TEXT = "Snow fell on the hills above the town this morning, and the schools of three villages stayed closed."
ITEM = """<item><guid>{guid}</guid><title>{title}</title><link>{link}</link>
<pubDate>{day:02} Nov 2023 08:00:00 GMT</pubDate>
<description>&lt;p&gt;{text}&lt;/p&gt;&lt;img src="https://{name}.example/a.jpg" alt="Hills"&gt;
&lt;script&gt;x&lt;/script&gt;</description>
<author>anna@alfa.example (Anna)</author><category>Weather</category>
<enclosure url="https://{name}.example/some%20snow.mp3" type="audio/mpeg" length="1"/></item>"""


def document(name: str, *items: str) -> bytes:
    return (
        f"<rss version='2.0'><channel><title>{name.title()}</title>{''.join(items)}</channel></rss>".encode()
    )


def item(name: str, number: int, title: str, text: str = TEXT) -> str:
    link = f"https://{name}.example/{number}"
    return ITEM.format(guid=link, title=title, link=link, day=number, text=text, name=name)


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Running]:
    with Server() as publisher:
        other = "A harbour was opened in the south, and the first ship came in before noon with a load of oranges."
        publisher.answer("/alfa", Answer(body=document("alfa", item("alfa", 1, "Snow falls"))))
        publisher.answer(
            "/bravo",
            Answer(
                body=document("bravo", item("bravo", 1, "Snow falls"), item("bravo", 2, "A harbour", other))
            ),
        )
        sources = "".join(
            f'[[source]]\nid = "{name}"\nurl = "{publisher.url(f"/{name}")}"\n' for name in ("alfa", "bravo")
        )
        with Site(tmp_path / "stories", sources=sources).daemon() as running:
            running.feed("Snow falls", "A harbour")
            running.feed("https://alfa.example/1", "https://bravo.example/1")
            yield running


def page_of(story_id: str) -> str:
    return f"/stories/{quote(story_id, safe='')}"


def stories(daemon: Running) -> dict[str, str]:
    """Ids by title."""
    return {item["title"]: item["id"] for item in daemon.get("/feed.json").json()["items"]}


def test_it_shows_all_there_is(daemon: Running) -> None:
    page = daemon.get(page_of(stories(daemon)["Snow falls"]))
    assert page.status_code == 200
    for words in (TEXT, "Anna", "Weather", "1 Nov 2023, 08:00 UTC", "some snow.mp3"):
        assert words in page.text
    for link in ("https://alfa.example/1", "https://bravo.example/1", "../sources/alfa", "../sources/bravo"):
        assert f'href="{link}"' in page.text
    assert (
        '<img src="https://alfa.example/a.jpg"' in page.text
        or '<img src="https://bravo.example/a.jpg"' in page.text
    )
    assert "<script" not in page.text
    assert "img-src http: https:" in page.headers["content-security-policy"]
    assert "img-src 'self'" in daemon.get("/").headers["content-security-policy"]


def test_the_river_leads_there(daemon: Running) -> None:
    story_id = stories(daemon)["A harbour"]
    assert f'href=".{page_of(story_id)}"' in daemon.get("/").text


@pytest.mark.parametrize(
    "path", ["/stories/", "/stories/nothing", "/stories/https%3A%2F%2Fnobody.example%2F.json"]
)
def test_there_is_no_such_story(daemon: Running, path: str) -> None:
    assert daemon.get(path).status_code == 404


def test_one_that_was_joined_is_found_under_its_new_id(daemon: Running) -> None:
    before = stories(daemon)
    done = daemon.site.run("join", before["Snow falls"], before["A harbour"])
    assert done.returncode == 0, done.stderr
    daemon.feed("Snow falls", without="<title>A harbour</title>")
    (left,) = stories(daemon).values()
    (gone,) = set(before.values()) - {left}
    moved = daemon.get(page_of(gone))
    assert (moved.status_code, moved.headers["location"]) == (301, f"..{page_of(left)}")
    assert daemon.get(page_of(left)).status_code == 200
