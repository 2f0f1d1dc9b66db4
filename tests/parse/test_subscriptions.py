"""Lists that other programs keep, told apart by what is in them and read as far as they go."""

import json
from pathlib import Path

import pytest

from aggregator.parse.subscriptions import Subscription, read_subscriptions

SHARED = Path(__file__).resolve().parents[3] / "shared" / "corpus"
OPML = """<?xml version="1.0"?><opml version="2.0"><body>
<outline text="World News"><outline text="Asia"><outline type="rss" title="A" xmlUrl="https://a.example/rss"/></outline>
<outline type="rss" text="B" XMLURL=" https://b.example/?x=1&y=2 " category="/Tech/Linux,news"/></outline>
<outline text="a link" type="link" url="https://page.example/"/>
<outline type="rss" text="again" xmlUrl="https://a.example/rss"/>
<outline type="rss" text="local" xmlUrl="feeds/local.xml"/>
<outline type="rss" text="secret" xmlUrl="https://u:p@c.example/"/>
"""


def test_opml_that_is_not_well_formed() -> None:
    found, problems = read_subscriptions(OPML.encode())
    assert found == (
        Subscription(url="https://a.example/rss", title="A", tags=("World News", "Asia")),
        Subscription(url="https://b.example/?x=1&y=2", title="B", tags=("World News", "Tech/Linux", "news")),
    )
    assert "broken XML, read as far as it goes" in problems[0]
    assert "'feeds/local.xml': only http and https" in problems[1]
    assert "credentials" in problems[2]
    assert "u:p" not in "".join(problems)
    assert len(problems) == 3


def test_entities_are_neither_fetched_nor_multiplied(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cret")
    bomb = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "x"}">' for n in range(12))
    data = (
        f'<!DOCTYPE opml [<!ENTITY f SYSTEM "{(tmp_path / "secret").as_uri()}">{bomb}]>'
        '<opml><body><outline text="&f;&e11;" xmlUrl="https://a.example/"/></body></opml>'
    )
    found, _ = read_subscriptions(data.encode())
    assert all(len(one.title or "") < 1000 and "s3cret" not in (one.title or "") for one in found)


def test_planet() -> None:
    found, problems = read_subscriptions(
        b"[Planet]\nname = P\n[DEFAULT]\nx = 1\n[https://a.example/rss]\nname = A % B\n[feeds/local]\nname = L\n"
    )
    assert found == (Subscription(url="https://a.example/rss", title="A % B"),)
    assert problems == ("left out 'feeds/local': only http and https addresses can be followed",)


def test_newsboat() -> None:
    data = b'# c\nhttps://a.example/rss "tech" "~A title" "It s" !hidden\n"query:x:unread = \\"yes\\""\nexec:cmd\n'
    found, problems = read_subscriptions(data)
    assert found == (Subscription(url="https://a.example/rss", title="A title", tags=("tech", "It s")),)
    assert ["works in newsboat only" in problem for problem in problems] == [True, True]


def test_plain_lines() -> None:
    found, _ = read_subscriptions("\ufeffhttps://a.example/\r\n\r\nhttps://b.example/it's\r\n".encode())
    assert [one.url for one in found] == ["https://a.example/", "https://b.example/it's"]


@pytest.mark.parametrize("data", [b"", b"\0\xff", b"<", b"<opml/>", b"words only", b"[section\n", b"[a]\n[b"])
def test_nothing_in_it_is_told(data: bytes) -> None:
    found, problems = read_subscriptions(data)
    assert found == ()
    assert problems[-1] == "there is no feed in this list"


def test_lists_that_no_one_here_wrote() -> None:
    if not SHARED.exists():
        pytest.skip("the shared corpus is not beside this checkout")
    feeds = files = 0
    for line in (SHARED / "INDEX.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["format"] in {"opml", "planet-ini"}:
            files += 1
            feeds += len(read_subscriptions((SHARED / row["path"]).read_bytes())[0])
    assert (files, feeds >= 1500) == (89, True)


def test_an_outline_with_stray_quotes_is_found_but_not_one_in_a_comment() -> None:
    found, _ = read_subscriptions(
        b'<opml><body><outline text="the "best" one" xmlUrl="https://a.example/?x=1&amp;y=2"/>'
        b'<!-- <outline xmlUrl="https://b.example/"/> --><outline text="C" xmlUrl="https://c.example/"/></body>'
    )
    assert {one.url for one in found} == {"https://a.example/?x=1&y=2", "https://c.example/"}


@pytest.mark.timeout(
    10
)  # each took minutes when regular expressions looked for the end of it again and again
@pytest.mark.parametrize(
    "data",
    [
        b"<!DOCTYPE [" + b"[" * 200_000,
        b"<!DOCTYPE a [" + b"] " * 100_000,
        b"<opml>" + b"<!--" * 100_000 + b"&" * 100_000,
        b"<opml>" + b"<outline text='a'>" * 100_000,
        b"<outline xmlUrl='" * 100_000,
        b'"' + b"\\" * 100_000,
    ],
    ids=["doctype", "subset", "comments", "depth", "quotes", "escapes"],
)
def test_no_list_takes_for_ever(data: bytes) -> None:
    assert read_subscriptions(data)[0] == ()
