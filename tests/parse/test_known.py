"""Leaving out what is known changes nothing but the cost: the traps one by one, then documents spoiled at random."""

import json
import os
import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aggregator.model import Reading, Rule
from aggregator.parse.known import cut
from tests.parse.identical import URL, compare, compare_beginning, left_out, reading, successors
from tests.things import source

ROOT = Path(__file__).resolve().parents[2]
CASES = sorted((ROOT / "tests" / "data" / "known").glob("*.xml"))
LARGE = 8_000  # bytes; what is larger is read in fewer ways, unless one is searching
CORPUS = next((path for up in ROOT.parents[:2] if (path := up / "shared" / "corpus").is_dir()), None)


TEXT = "<description>d</description>"


def item(n: object, more: str = "") -> str:
    return f"<item><title>T{n}</title><link>https://alfa.example/{n}</link><guid>g{n}</guid>{more}</item>"


def rss(*items: str, head: str = "<title>Alfa</title>") -> bytes:
    return f'<rss version="2.0"><channel>{head}{"".join(items)}</channel></rss>'.encode()


def good(body: bytes, **more: object) -> Reading:
    found = reading(body, **more)  # type: ignore[arg-type]
    assert isinstance(found, Reading)
    return found


def expected(path: Path) -> int:
    found = re.search(rb"Left out: ([0-9]+)", path.read_bytes())
    assert found, f"{path} does not say what is to be left out"
    return int(found[1])


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_trap_changes_nothing_and_costs_no_more_than_it_must(path: Path) -> None:
    body = path.read_bytes()
    assert left_out(body, body) == expected(path)
    assert expected(path) > 0 or isinstance(found := reading(body), str) or not found.known
    for before, after in successors(body):
        left_out(before, after)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-8-sig", "cp1251", "koi8-r", "latin-1"])
def test_items_are_known_in_any_encoding(encoding: str) -> None:
    text = rss(item(1, "<description>Привет</description>"), item(2)).decode()
    declared = encoding.removesuffix("-sig")
    body = f'<?xml version="1.0" encoding="{declared}"?>{text}'.encode(encoding, errors="xmlcharrefreplace")
    assert left_out(body, body) == 2


def test_an_item_is_read_as_the_whole_document_is_encoded() -> None:
    """One byte that is no UTF-8 makes all of it windows-1252, also for what comes with it."""
    before = rss(item(1), item(2))
    after = rss(item(1), item(2), item(3, "<description>\xa9</description>")).replace(b"\xc2\xa9", b"\xa9")
    assert left_out(before, after) == 2


@pytest.mark.parametrize(
    ("before", "after", "unread"),
    [
        (rss(item(2)), rss(item(1), item(2)), 1),
        (rss(item(1), item(2)), rss(item(1), item(2).replace("T2", "T3")), 1),
        (rss(item(1)), rss(item(1), item(1).replace("/1<", "/x<")), 0),
        (rss(item(1), item(2)), rss(item(1), item(2), head="<title>Beta</title>"), 2),
        (rss(item(1)), rss(item(1), head="<title>A</title><language>de</language>"), 0),
        (rss(item(1)), rss(item(1)).replace(b"<rss ", b'<rss xml:base="https://b.example/" '), 0),
        (rss(item(1)), rss(item(1)).replace(b"<rss ", b'<rss xmlns:a="urn:a" '), 0),
        (
            rss(item(1, TEXT)),
            rss(item(1, TEXT)).replace(b'rss version="2.0"', b"feed").replace(b"/rss", b"/feed"),
            0,
        ),
        (
            rss(item(1, "<m:y/>"), head="<x/>").replace(b"rss v", b'rss xmlns:m="urn:m" v'),
            rss(item(1, "<m:y/>"), head='<x xmlns:m="urn:m"/>'),
            0,
        ),
        (
            rss(item("1 https://alfa.example/1")),
            rss(item("1 https://alfa.example/1"), item(1), item(1).replace("T1", "T2")),
            0,
        ),
        (rss(item(1)), rss("<!-- ", item(1), " -->", item(2)), 0),
        (rss(item(1)), rss("<x><![CDATA[ ", item(1), " ]]></x>", item(2)), 0),
        (rss(item(1), item(2)), rss(item(1), item(2), "<b>"), 0),
        (rss(item(1), item(2)), rss(item(1), item(2), "&nbsp;"), 2),  # mended
        (
            rss(item(2)),
            rss(item(1, "<description><![CDATA[a&#0;b]]></description>"), item(2)),
            1,
        ),  # well-formed, too
        (rss(item(1), item(2)), rss(item(1), item(2), "<language>de</language>"), 0),
    ],
)
def test_what_is_left_out_of_the_next_document(before: bytes, after: bytes, unread: int) -> None:
    assert left_out(before, after) == unread


def test_positions_are_those_in_the_whole_document() -> None:
    known = good(rss(item(1), item(3))).known
    found = good(rss(item(1), item(2), item(3), item(4)), known=known)
    assert [(entry.guid, entry.position) for entry in found.entries] == [("g2", 1), ("g4", 3)]


def test_what_to_remember_is_complete_after_leaving_out() -> None:
    body = rss(item(1), item(2), item(3))
    whole = good(body)
    assert set(good(body, known=whole.known).known) == set(whole.known)
    assert set(good(body, known=whole.known[:1]).known) == set(whole.known)


def test_an_item_beyond_the_limit_is_read_when_it_comes_within() -> None:
    two = source(max_entries=2)
    known = good(rss(item(1), item(2), item(3)), of=two).known
    assert [entry.guid for entry in good(rss(item(2), item(3)), known=known, of=two).entries] == ["g3"]


def test_other_settings_and_another_address_read_all_again() -> None:
    body = rss(item(1), item(2))
    known = good(body).known
    drop = source(rules=(Rule(action="drop", patterns=(("title", "T1"),)),))
    assert [entry.guid for entry in good(body, known=known, of=drop).entries] == ["g2"]
    assert len(good(body, known=known, of=source(timezone="Europe/Minsk")).entries) == 2
    assert len(good(body, known=known, url=f"{URL}/2").entries) == 2


def test_what_a_rule_dropped_is_known_too() -> None:
    drop = source(rules=(Rule(action="drop", patterns=(("title", "T1"),)),))
    body = rss(item(1), item(2))
    assert len(good(body, of=drop).known) == 2


def test_problems_of_known_items_are_still_told() -> None:
    body = rss(item(1, "<pubDate>whenever</pubDate>"))
    whole = good(body)
    assert good(body, known=whole.known).problems == whole.entries[0].problems != ()


def test_a_broken_document_tells_its_defect_at_the_right_place() -> None:
    body = rss(*(item(n) for n in range(9)))
    broken = body.replace(b"</channel>", b"<b></channel>")
    assert good(broken, known=good(body).known).problems == good(broken).problems != ()


def test_items_of_a_json_feed_are_known_too() -> None:
    items = [{"id": n, "title": f"T{n}", "content_text": "x"} for n in range(4)]
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": "J"}
    before = json.dumps(feed | {"items": items[1:]}).encode()
    after = json.dumps(feed | {"items": items}, indent=1).encode()
    assert left_out(before, after) == 3
    assert left_out(before, json.dumps(feed | {"items": items, "language": "de"}).encode()) == 0
    assert left_out(after, after.replace(b"1.1", b"1")) == 0
    assert [entry.position for entry in good(after, known=good(before).known).entries] == [0]


@example(b"<rss/><item\f></item>")
@example(b"<item\f/><item/>")
@given(st.binary(max_size=200) | st.text("<>/ item:entry", max_size=200).map(str.encode))
def test_what_is_cut_is_nothing_lost(document: bytes) -> None:
    head, pieces = cut(document)
    assert head + b"".join(piece.body + piece.gap for piece in pieces) == document


# --- documents spoiled at random

SNIPPETS = """\
<!--|-->|<![CDATA[|]]>|<?x ?>|<?|?>|<|>|&|&nbsp;|"|'|</|/>|<item>|</item>|<item/>|<entry>|</entry>|
<entry/>|<x:item xmlns:x="http://purl.org/rss/1.0/"/>|<x:entry xmlns:x="http://www.w3.org/2005/Atom">|
</x:entry>| xml:base="https://b.example/d/"| xml:lang="de"| xmlns="http://www.w3.org/2005/Atom"|
 xmlns="http://www.w3.org/1999/xhtml"| xmlns:dc="http://search.yahoo.com/mrss/"| xmlns:media="urn:m"|
 xmlns=""| type="html"| type="xhtml"| mode="base64"|<language>fr</language>|<dc:language>it</dc:language>|
<feed xml:lang="it"/>|<rss version="0.92"/>|<title>t</title>|</title>|
<image><url>u</url><title>i</title></image>|<image>|</image>|<textinput><name>n</name></textinput>|
<textInput>|</textInput>|<source url="s">S</source>|<source>|</source>|<author><name>N</name></author>|
<author>|</author>|<contributor>|
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><summary>s</summary></div></content>|
<content>|</content>|<content type="html"><div>d</div></content>|<summary>s</summary>|</summary>|
<description>d</description>|<link>l</link>|</link>|
<svg xmlns="http://www.w3.org/2000/svg"><title>v</title></svg>|</svg>|</channel>|<channel>|</feed>|
<channel href="h" lastmod="1"/>|<guid>g1</guid>|<guid isPermaLink="false">g2</guid>|
<category>c</category>|<pubDate>x</pubDate>|<!DOCTYPE rss>|<?aggregator here?>|<ttl>1</ttl>|
<at:deleted-entry xmlns:at="http://purl.org/atompub/tombstones/1.0"/>|
<media:group xmlns:media="http://search.yahoo.com/mrss/">|</media:group>|<foo>|</foo>|<foo a="b">|
<where/>|<expirationDate>x</expirationDate>|<body xmlns="http://www.w3.org/1999/xhtml">b</body>|
<itunes:owner xmlns:itunes="http://www.itunes.com/DTDs/PodCast-1.0.dtd"><itunes:name>o</itunes:name></itunes:owner>""".replace(
    "|\n", "|"
).split("|")
BASES = [path.read_bytes() for path in CASES]


@st.composite
def spoiled(draw: st.DrawFn, body: bytes) -> bytes:
    """A document with something put in, taken out or turned, mostly where tags begin and end."""
    for _ in range(draw(st.integers(0, 3))):
        edges = [found.start() for found in re.finditer(rb"[<>]", body)]
        at = draw(st.sampled_from(edges or [0]) | st.integers(0, len(body))) + draw(st.integers(0, 1))
        match draw(st.sampled_from("iiiiiiidft")):
            case "i":
                body = body[:at] + draw(st.sampled_from(SNIPPETS)).encode() + body[at:]
            case "d":
                body = body[:at] + body[at + draw(st.integers(1, 30)) :]
            case "f":
                body = body[:at] + bytes([draw(st.integers(0, 255))]) + body[at + 1 :]
            case _:
                body = body[:at]
    return body


@st.composite
def moved(draw: st.DrawFn, body: bytes) -> bytes:
    """A document with its items in another order, some left out and some repeated."""
    head, found = cut(body)
    pieces = tuple(found)
    if not pieces or draw(st.booleans()):
        return body
    picked = [piece.body for piece in draw(st.lists(st.sampled_from(pieces), max_size=len(pieces) + 1))]
    return head + pieces[0].gap.join(picked) + pieces[-1].gap


@given(st.data())
def test_documents_spoiled_at_random_are_read_the_same(data: st.DataObject) -> None:
    before = data.draw(spoiled(data.draw(st.sampled_from(BASES))))
    after = data.draw(spoiled(data.draw(moved(before))))
    left_out(before, after)
    left_out(after, before)


@example(CASES[0].read_bytes(), 0)
@given(st.sampled_from(BASES).flatmap(spoiled), st.integers(0, 3))
def test_the_beginning_of_documents_spoiled_at_random_is_read_the_same(document: bytes, most: int) -> None:
    compare_beginning(document, most)


def test_of_the_items_after_those_wanted_none_is_read() -> None:
    document = rss(*(item(n) for n in range(10)))
    assert compare_beginning(document, 3) == 7
    assert (
        compare_beginning(document.replace(b"T3", b"<![CDATA[<item>]]>"), 3) == 0
    )  # where it was cut is none
    assert compare_beginning(b"<!DOCTYPE rss>" + document, 3) == 0  # entities belong to the whole


# --- what others wrote


def corpus() -> list[str]:
    if CORPUS is None:
        return []
    rows = [json.loads(line) for line in (CORPUS / "INDEX.jsonl").read_text(encoding="utf-8").splitlines()]
    others = {"notice", "dates", "planet-ini", "jsonl", "html", "sanitiser-case", "opml"}
    return [row["path"] for row in rows if row["format"] not in others]


@pytest.mark.skipif(CORPUS is None, reason="the corpus is not here")
@pytest.mark.parametrize("path", corpus() or ["none"])
def test_the_corpus_is_read_the_same(path: str) -> None:
    assert CORPUS is not None
    body = (CORPUS / path).read_bytes()
    whole = reading(body)
    if isinstance(whole, str) or not whole.known:
        return
    compare(whole, whole.known[::2], body)
    compare(whole, whole.known[1:], body)
    compare_beginning(body, len(whole.entries) // 2)
    if len(body) < LARGE or os.environ.get("HYPOTHESIS_PROFILE") == "search":
        for before, after in successors(body):
            left_out(before, after)
