"""Addresses: what is one address, what is shown, what is an id."""

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.urls import (
    absolute,
    authority,
    canonical,
    folded_key,
    host,
    is_homepage,
    is_public_name,
    is_uri,
    strict_key,
    tag_uri,
)
from aggregator.urls.address import parsed
from aggregator.urls.tracking import TRACKING_PARAMETERS, VARIANT_PARAMETERS

HERE = Path(__file__).resolve()
PAIRS = HERE.parent / "data" / "urls" / "url_pairs.jsonl"
SHARED = HERE.parents[2] / "shared" / "dedup"
PAGE = "https://news.example/2026/10/03/bridge-closes"

urlish = st.one_of(
    st.text(),
    st.text(alphabet="htps:/.?#&=%;@[]\\ \tamp25Ee3jsessionid1~ü⁄，", max_size=60).map(
        lambda t: "http://a" + t
    ),
    st.from_regex(r"https?://[a-z.]{1,8}(:[0-9]{0,6})?/[^ ]{0,40}"),
)


def pairs(path: Path) -> Iterator[tuple[str, str, str]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        yield row["a"], row["b"], row["same"]


def relation(a: str, b: str) -> str:
    if folded_key(a) != folded_key(b):
        return "no" if strict_key(a) != strict_key(b) else "broken: strict without folded"
    return "strict" if strict_key(a) == strict_key(b) else "folded"


def wrong(path: Path) -> list[tuple[str, str, str]]:
    allowed = {"strict": {"strict"}, "folded": {"strict", "folded"}, "no": {"no"}}
    return [(a, b, same) for a, b, same in pairs(path) if relation(a, b) not in allowed[same]]


def test_pairs() -> None:
    assert wrong(PAIRS) == []


def test_all_shared_pairs() -> None:
    path = SHARED / "url_pairs.jsonl"
    if not path.exists():
        pytest.skip("no shared corpus beside the repository")
    assert wrong(path) == []


def test_deny_list_is_the_shared_one() -> None:
    path = SHARED / "tracking_params.txt"
    if not path.exists():
        pytest.skip("no shared corpus beside the repository")
    listed = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    assert set(listed) == {*TRACKING_PARAMETERS.split(), *VARIANT_PARAMETERS.split()}


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("HTTP://News.Example:80/a/../b%7e?utm_source=x&b=2&a=1#part", "http://news.example/b~?b=2&a=1#part"),
        ("https://news.example//a//b", "https://news.example//a//b"),  # empty segments may matter to a server
        (f"{PAGE}#:~:text=cracks", PAGE),
        (f"{PAGE}#part:~:text=cracks", f"{PAGE}#part"),
        (f"{PAGE}#xtor=RSS-1", PAGE),  # tracking behind the fragment sign
        (f"{PAGE}#id=7", f"{PAGE}#id=7"),
        ("http://a.example\\@b.example/", "http://a.example/@b.example/"),  # as a browser goes
        ("https://faß.example/", "https://xn--fa-hia.example/"),  # IDNA 2008; 2003 made it fass
        ("https://i❤.example/", "https://xn--i-7iq.example/"),  # IDNA 2003 only
        ("http://[0:0::1]:8080/x", "http://[::1]:8080/x"),
        ("https://news.example/a b|c", "https://news.example/a%20b%7Cc"),
        ("https://news.example/100%", "https://news.example/100%25"),
        ("https://news.example/a?x[]=1", "https://news.example/a?x%5B%5D=1"),
        ("https://news.example/a/..;jsessionid=9A/b", "https://news.example/b"),  # dots laid bare
        # no http(s) address: as it came
        ("mailto:a@news.example", "mailto:a@news.example"),
        ("http://", "http://"),
        ("http://exa mple/", "http://exa mple/"),
        ("http://news.example:99999/", "http://news.example:99999/"),
        ("http://news.example:x/", "http://news.example:x/"),
        ("http://[::1/", "http://[::1/"),
        ("http://[fe80::1%25eth0]/", "http://[fe80::1%25eth0]/"),
        ("tag:news.example,2026:1", "tag:news.example,2026:1"),
        ("", ""),
        ("https://news.example/" + "a" * 9000, "https://news.example/" + "a" * 9000),
    ],
)
def test_canonical(url: str, shown: str) -> None:
    assert canonical(url) == shown


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("https://www.google.com/amp/s/news.example/story", "https://news.example/story"),
        ("https://news-example.cdn.ampproject.org/v/news.example/a?id=3", "http://news.example/a?id=3"),
        ("https://www.m.news.example/a", "https://news.example/a"),
        ("https://m.news.co.uk/a", "https://news.co.uk/a"),
    ],
)
def test_variants_fold(a: str, b: str) -> None:
    assert folded_key(a) == folded_key(b)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("https://amp.co.uk/a", "https://m.co.uk/a"),  # two registered domains
        ("https://www.google.evil.example/amp/s/news.example/story", "https://news.example/story"),
        ("https://news.example/a?amp=12", "https://news.example/a"),  # amperes
        ("https://news.example/amp/", "https://news.example/b"),
    ],
)
def test_neighbours_stay_apart(a: str, b: str) -> None:
    assert folded_key(a) != folded_key(b)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://news.example", True),
        ("https://news.example/?utm_source=rss#top", True),
        ("https://news.example/?p=12", False),
        ("https://news.example/#!/story/1", False),
        ("https://news.example/a", False),
        ("mailto:a@news.example", False),
        ("/", False),
    ],
)
def test_is_homepage(url: str, expected: bool) -> None:
    assert is_homepage(url) is expected


def test_what_looks_normal_is_normal() -> None:
    octets = [f"%{octet:02X}" for octet in range(256)]
    for text in (
        *octets,
        *map(str.lower, octets),
        "a/../b",
        "a;jsessionid=1",
        "?",
        "?a",
        "#",
        "#a",
        "?a#",
        "é",
    ):
        for url in (f"http://news.example/{text}", f"{PAGE}?{text}&b", f"{PAGE}#{text}"):
            assert absolute(None, url) == str(parsed(url))
            assert canonical(url) == canonical(f" {url}")
            assert is_uri(canonical(url))


@pytest.mark.parametrize(
    ("base", "url", "expected"),
    [
        (PAGE, "img/a b.png", "https://news.example/2026/10/03/img/a%20b.png"),
        (PAGE, "//cdn.example/x.png", "https://cdn.example/x.png"),
        (PAGE, "../../x", "https://news.example/2026/x"),
        (PAGE, "#note-1", f"{PAGE}#note-1"),
        (PAGE, "?page=2", f"{PAGE}?page=2"),
        (PAGE, "http://other.example/?utm_source=x", "http://other.example/?utm_source=x"),  # a content link
        (PAGE, "mailto:red aktion@news.example", "mailto:red%20aktion@news.example"),
        (PAGE, "magnet:?xt=urn:btih:abc", "magnet:?xt=urn:btih:abc"),
        (None, "http://news.example", "http://news.example/"),
        (None, "a.html", None),
        (None, "//cdn.example/x.png", None),
        ("file:///srv/feeds/a.xml", "b.html", None),  # a local feed's folder is nobody else's business
        ("mailto:a@news.example", "b.html", None),
        ("http://[bad", "b.html", None),
        ("http://[bad", "http://news.example/\u00e9", "http://news.example/%C3%A9"),
        (PAGE, "", None),
        (PAGE, " \n", None),
        (PAGE, "http://[bad/", None),
        (PAGE, "http://exa mple/", None),
        (PAGE, "javascript:alert(1)", None),
        (PAGE, "java\nscript:alert(1)", None),
        (PAGE, "\x01JavaScript:alert(1)", None),
        (PAGE, "data:text/html,x", None),
        (PAGE, "vbscript:x", None),
        (PAGE, "blob:https://news.example/1", None),
        (PAGE, "x" * 9000, None),
        ("https://a.example/b;p", "x;?y", "https://a.example/x;?y"),  # RFC 3986 knows no parameters
        ("https://a.example/b;p", "x;", "https://a.example/x;"),
        ("https://a.example/b;p", ";", "https://a.example/;"),
        ("https://a.example/b;", "?y", "https://a.example/b;?y"),
        ("https://a.example/b", "https://b.example/\u00e9;#x", "https://b.example/%C3%A9;#x"),
    ],
)
def test_absolute(base: str | None, url: str, expected: str | None) -> None:
    assert absolute(base, url) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://news.example/?p=1", True),
        ("http://news.example/a%20b#c", True),
        ("urn:uuid:1225c695-cfb8-4ebb-aaaa-80da344efa6a", True),
        ("urn:isbn:0451450523", True),
        ("tag:news.example,2026-10-03:/a/1", True),
        ("tag:a@news.example,2026:x", True),
        ("info:doi/10.1000/1", True),
        ("news:1234@news.example", True),
        ("", False),
        ("1", False),
        ("story-7", False),
        ("7 at https://news.example", False),  # Drupal
        ("https://news.example/a b", False),
        ("https://news.example/ü", False),  # an IRI: validators are not of one mind
        ("https://news.example/%zz", False),
        ("https://news.example/#a#b", False),
        ("https://news.example/[1]", False),
        ("https:///a", False),
        ("http:news.example", False),
        ("https://news.example/a\n", False),
        ("urn:x", False),
        ("urn:uuid:1", False),
        ("urn:a:1", False),  # one-letter NID
        ("tag:News.Example,2026:1", False),  # RFC 4151 §2.1: lower case
        ("tag:news.example:1", False),
        ("myscheme:1", False),
        ("localhost:8080/x", False),
        ("javascript:alert(1)", False),
        ("ftp://", False),
    ],
)
def test_is_uri(text: str, expected: bool) -> None:
    assert is_uri(text) is expected


@pytest.mark.parametrize(
    ("public_url", "expected"),
    [
        ("https://News.Example:8443/feeds", "news.example"),
        ("https://новости.example", "xn--b1amnebsh.example"),
        ("http://127.0.0.1:8080", "127.0.0.1"),
        ("http://[::1]:8080", "localhost"),
        ("http://under_score.example", "localhost"),  # no DNS name in RFC 4151
        ("", "localhost"),
        ("news.example", "localhost"),
    ],
)
def test_authority(public_url: str, expected: str) -> None:
    assert authority(public_url) == expected


@pytest.mark.parametrize(
    ("guid", "shown"),
    [
        ("17", "17"),
        ("urn:x:1", "urn:x:1"),
        ("https://a.example/?p=1&q=(2)", "https://a.example/?p=1&q=(2)"),
        ("7 at ü/1", hashlib.sha256("7 at ü/1".encode()).hexdigest()),
        ("a%20b", hashlib.sha256(b"a%20b").hexdigest()),
    ],
)
def test_tag_uri_is_permanent_and_needs_no_quoting(guid: str, shown: str) -> None:
    assert tag_uri("news.example", "alfa", guid) == f"tag:news.example,2026:alfa/{shown}"


def test_tag_uri_of_a_long_guid_is_a_hash() -> None:
    short, long = tag_uri("a.example", "s", "x" * 200), tag_uri("a.example", "s", "x" * 201)
    assert short == "tag:a.example,2026:s/" + "x" * 200
    assert re.fullmatch(r"tag:a\.example,2026:s/[0-9a-f]{64}", long)
    assert long != tag_uri("a.example", "s", "x" * 202)


@given(st.text(), st.text())
def test_every_guid_makes_a_valid_uri(source_id: str, guid: str) -> None:
    assert is_uri(tag_uri("news.example", source_id, guid))


@given(st.text(max_size=20), st.text(max_size=20))
def test_every_guid_makes_its_own_uri(guid: str, other: str) -> None:
    assert (tag_uri("a.example", "s", guid) == tag_uri("a.example", "s", other)) == (guid == other)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://user:pw@News.Example:81/", "news.example"),
        ("http://[::1]/", "::1"),
        ("https://b%C3%BCcher.example/", "xn--bcher-kva.example"),
        (f"https://{'a.' * 200}example/", ""),  # longer than DNS has names
        ("nonsense", ""),
        ("", ""),
    ],
)
def test_host(url: str, expected: str) -> None:
    assert host(url) == expected


@given(urlish)
def test_canonical_twice_is_once(url: str) -> None:
    once = canonical(url)
    assert canonical(once) == once
    assert strict_key(once) == strict_key(url)
    assert folded_key(once) == folded_key(url)


@given(urlish, urlish)
def test_what_can_be_followed_is_a_valid_uri(base: str, url: str) -> None:
    found = absolute(base, url)
    if found is not None:
        assert re.fullmatch(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+", found)
        assert absolute(None, found) == found
        assert absolute(base, found) == found
        assert unquote(found).strip()
    assert is_homepage(url) in {True, False}
    assert is_uri(url) in {True, False}


@pytest.mark.parametrize(
    ("name", "public"),
    [
        ("feeds.example.org", True),
        ("127.0.0.1", False),
        ("::1", False),
        ("localhost", False),
        ("wiki.internal", False),
        ("printer.local", False),
        ("", False),
    ],
)
def test_public_names_are_what_a_hold_of_the_host_is_for(name: str, public: bool) -> None:
    assert is_public_name(name) == public
