"""PROTOCOL E25: every real client shows the same ids and as many entries."""

import json
import mailbox
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import atoma
import fastfeedparser
import feedparser
import listparser
import pytest

from tests.fetch.server import Answer, Server
from tests.running import Running, Site

CLIENTS = Path(__file__).with_name("clients")
NODE = shutil.which("node")

# Ids of every kind publishers have, and what trips readers up.
ITEMS = (
    ("https://alfa.example/plain", "A permalink"),
    ("https://alfa.example/?a=1&amp;b=2#c", "With &amp;amp; and a fragment"),
    ("tag:alfa.example,2023:x", "A tag"),
    ("urn:uuid:60a76c80-d399-11d9-b93c-0003939e0af6", "A URN"),
    ("Статья № 7", "Ответ: снег выпал"),
    ("4711", "A number &lt;b&gt;that is bold&lt;/b&gt;"),
    ("with spaces  in it", "雪が降った"),
    ("'quotes' &quot;both&quot;", "مرحبا"),
)


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    items = "".join(
        f"<item><guid isPermaLink='false'>{guid}</guid><title>{title}</title>"
        f"<link>https://alfa.example/{n}</link><description>Text {n} &lt;p&gt;of it&lt;/p&gt;</description>"
        f"<enclosure url='https://alfa.example/{n}.mp3' type='audio/mpeg' length='{n}'/>"
        f"<pubDate>{n + 1:02} Nov 2023 08:00:00 GMT</pubDate></item>"
        for n, (guid, title) in enumerate(ITEMS)
    )
    document = f"<rss version='2.0'><channel><title>Alfa &amp; Söhne</title>{items}</channel></rss>"
    with Server() as publisher:
        publisher.answer("/alfa", Answer(body=document.encode()))
        source = f'[[source]]\nid = "alfa"\nurl = "{publisher.url("/alfa")}"\n'
        with Site(tmp_path_factory.mktemp("clients"), sources=source).daemon() as running:
            running.feed("A permalink")
            yield running


@pytest.fixture(scope="module")
def expected(daemon: Running) -> list[str]:
    ids = [item["id"] for item in daemon.get("/feed.json").json()["items"]]
    assert len(ids) == len(set(ids)) == len(ITEMS)
    return ids


def of_feedparser(body: bytes) -> list[str]:
    parsed = feedparser.parse(body)
    assert not parsed.bozo
    return [entry.id for entry in parsed.entries]


def of_atoma(body: bytes) -> list[str | None]:
    if b"<rss" in body:
        return [item.guid for item in atoma.parse_rss_bytes(body).items]
    if body.startswith(b"{"):
        return [item.id_ for item in atoma.parse_json_feed_bytes(body).items]
    return [entry.id_ for entry in atoma.parse_atom_bytes(body).entries]


def of_fastfeedparser(body: bytes) -> list[str]:
    return [entry.id for entry in fastfeedparser.parse(body).entries]


@pytest.mark.parametrize(
    ("read", "format_"),
    [(of_feedparser, format_) for format_ in ("atom", "rss")]
    + [(read, format_) for read in (of_atoma, of_fastfeedparser) for format_ in ("atom", "rss", "json")],
)
def test_python(
    daemon: Running, expected: list[str], format_: str, read: Callable[[bytes], list[str]]
) -> None:
    assert read(daemon.get(f"/feed.{format_}").content) == expected


def test_listparser(daemon: Running) -> None:
    parsed = listparser.parse(daemon.get("/opml").text)
    (source,) = parsed.feeds
    assert (source.title, source.url) == (
        "Alfa & Söhne",
        daemon.get("/status.json").json()["sources"][0]["url"],
    )


def run(command: Sequence[str | Path], *, home: Path, given: bytes = b"") -> bytes:
    """Run a client with a home of its own."""
    done = subprocess.run(
        command,
        input=given,
        env={"HOME": str(home), "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "NODE_PATH": str(CLIENTS)},
        capture_output=True,
        check=False,
        timeout=50,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


@pytest.mark.skipif(
    NODE is None or not (CLIENTS / "node_modules").exists(), reason="needs node, and npm install in clients/"
)
@pytest.mark.parametrize(
    ("library", "format_"),
    [
        (library, format_)
        for library in ("rss-parser", "feedsmith", "@rowanmanning/feed-parser")
        for format_ in ("atom", "rss")
    ]
    + [("feedsmith", "json")],
)
def test_javascript(daemon: Running, expected: list[str], library: str, format_: str, tmp_path: Path) -> None:
    body = daemon.get(f"/feed.{format_}").content
    assert NODE is not None
    assert json.loads(run([NODE, CLIENTS / "ids.mjs", library], home=tmp_path, given=body)) == expected


@pytest.mark.skipif(shutil.which("newsboat") is None, reason="newsboat is not installed")
@pytest.mark.parametrize("format_", ["atom", "rss"])
def test_newsboat(daemon: Running, expected: list[str], format_: str, tmp_path: Path) -> None:
    urls, config, cache = (tmp_path / name for name in ("urls", "config", "cache.db"))
    urls.write_text(f"http://127.0.0.1:{daemon.site.port}/feed.{format_}\n")
    config.write_text("")
    command: list[str | Path] = ["newsboat", "-u", urls, "-C", config, "-c", cache, "-x"]
    run([*command, "reload"], home=tmp_path)
    unread = run([*command, "print-unread"], home=tmp_path)
    assert unread.decode().split() == [str(len(expected)), "unread", "articles"]
    with sqlite3.connect(cache) as db:
        found = [guid for (guid,) in db.execute("SELECT guid FROM rss_item ORDER BY pubDate DESC")]
    assert found == expected


@pytest.mark.skipif(shutil.which("sfeed") is None, reason="sfeed is not installed")
@pytest.mark.parametrize("format_", ["atom", "rss"])
def test_sfeed(daemon: Running, expected: list[str], format_: str, tmp_path: Path) -> None:
    listed = run(["sfeed"], home=tmp_path, given=daemon.get(f"/feed.{format_}").content).decode()
    assert [line.split("\t")[5] for line in listed.splitlines()] == [
        " ".join(one.split()) for one in expected
    ]


@pytest.mark.skipif(shutil.which("r2e") is None, reason="rss2email is not installed")
@pytest.mark.parametrize("format_", ["atom", "rss"])
def test_rss2email(daemon: Running, expected: list[str], format_: str, tmp_path: Path) -> None:
    config, data = tmp_path / "rss2email.cfg", tmp_path / "rss2email.json"
    config.write_text(
        f"[DEFAULT]\nemail-protocol = maildir\nmaildir-path = {tmp_path}/mail\nmaildir-mailbox = in\n"
        "to = reader@example.org\nfrom = news@example.org\nforce-from = True\n"
    )
    mailbox.Maildir(tmp_path / "mail").add_folder("in")
    command: list[str | Path] = ["r2e", "-c", config, "-d", data]
    run([*command, "add", "ours", f"http://127.0.0.1:{daemon.site.port}/feed.{format_}"], home=tmp_path)
    run([*command, "run"], home=tmp_path)
    (feed,) = json.loads(data.read_text())["feeds"]
    assert sorted(feed["seen"]) == sorted(expected)
    sent = [
        path
        for path in (tmp_path / "mail").rglob("*")
        if path.is_file() and path.parent.name in {"new", "cur"}
    ]
    assert len(sent) == len(expected)
