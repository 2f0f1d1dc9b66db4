"""Searching over HTTP: a feed of what is found, and a page with a form."""

from collections.abc import Iterator

import feedparser
import pytest

from tests.fetch.server import Answer, Server
from tests.running import Running, Site, eventually

TITLES = {
    "1": "CSTO meets in Minsk",
    "2": "Заседание ОДКБ прошло в Минске",
    "3": "欧亚经济联盟会议在明斯克举行",
    "4": "Snow & ice on the roads",
}


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    items = "".join(
        f"<item><guid>{guid}</guid><title>{title.replace('&', '&amp;')}</title></item>"
        for guid, title in TITLES.items()
    )
    with Server() as publisher:
        publisher.answer(
            "/alfa", Answer(body=f"<rss version='2.0'><channel>{items}</channel></rss>".encode())
        )
        source = f'[[source]]\nid = "alfa"\nurl = "{publisher.url("/alfa")}"\n'
        with Site(tmp_path_factory.mktemp("search"), sources=source).daemon() as running:
            running.feed("CSTO")
            eventually(lambda: found(running, "CSTO") or None, "it is indexed")
            yield running


def found(daemon: Running, words: str) -> list[str]:
    response = daemon._client.get("/search.atom", params={"q": words})
    assert response.status_code == 200
    return [entry.title for entry in feedparser.parse(response.content).entries]


@pytest.mark.parametrize(
    ("words", "guids"),
    [
        ("csto", "1"),
        ("ОДКБ OR CSTO", "12"),
        ("одкб минске", "2"),
        ("明斯克", "3"),
        ('"snow ice"', "4"),
        ("snow NOT ice", ""),
        ("source:alfa title:snow", "4"),
    ],
)
def test_what_is_found(daemon: Running, words: str, guids: str) -> None:
    expected = {TITLES[guid] for guid in guids}
    assert set(found(daemon, words)) == expected


@pytest.mark.parametrize("extension", ["atom", "rss", "json"])
def test_a_search_is_a_feed_to_subscribe_to(daemon: Running, extension: str) -> None:
    response = daemon.get(f"/search.{extension}?q=ОДКБ&limit=5")
    address = f"http://127.0.0.1:{daemon.site.port}/search.{extension}?q=%D0%9E%D0%94%D0%9A%D0%91&limit=5"
    assert response.headers["link"] == f'<{address}>; rel="self"'
    assert "Заседание" in response.text
    assert (
        daemon.get(
            f"/search.{extension}?q=ОДКБ&limit=5", [("If-None-Match", response.headers["etag"])]
        ).status_code
        == 304
    )


@pytest.mark.parametrize(("path", "says"), [("/search.atom?q=(snow", "column"), ("/search.json", "")])
def test_what_cannot_be_searched_for_is_told(daemon: Running, path: str, says: str) -> None:
    response = daemon.get(path)
    assert response.status_code == 400
    assert says in response.text


def test_the_page(daemon: Running) -> None:
    empty = daemon.get("/search")
    assert empty.status_code == 200
    assert '<form class="search"' in empty.text
    page = daemon.get("/search?q=snow")
    assert "Snow &amp; ice" in page.text
    assert 'href="./search.atom?q=snow"' in page.text
    assert "CSTO" not in page.text
    nothing = daemon.get("/search?q=volcano")
    assert "Nothing was found" in nothing.text
    wrong = daemon.get("/search?q=%22open")
    assert wrong.status_code == 400
    assert 'role="alert"' in wrong.text
    assert 'value="&#34;open"' in wrong.text
    assert '"<script>' not in daemon.get('/search?q="<script>').text
