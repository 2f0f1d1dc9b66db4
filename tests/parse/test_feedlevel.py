"""What feeds say of polling, of their archives and of what they deleted."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import feedparser
import pytest

from aggregator.errors import ParseError
from aggregator.model import FeedHints, ParsedFeed, Response, Source, Tombstone
from aggregator.normalise import GUID_CHARS, normalise, normalise_tombstones
from aggregator.parse import feedlevel, parse
from aggregator.reading import read as read_whole

URL = "https://alfa.example/feeds/rss"
ATOM = 'xmlns="http://www.w3.org/2005/Atom"'
LINKS = 'xmlns:atom="http://www.w3.org/2005/Atom"'
PERIODS = 'xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"'
HISTORY = 'xmlns:fh="http://purl.org/syndication/history/1.0"'
STONES = 'xmlns:at="http://purl.org/atompub/tombstones/1.0"'
ITEM = "<item><title>One</title></item>"
AT = "2026-03-01T10:00:00Z"
AT_INSTANT = datetime(2026, 3, 1, 10, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def read(body: str | bytes) -> ParsedFeed:
    return parse(Response(status=200, url=URL, body=body.encode() if isinstance(body, str) else body))


def rss(channel: str, namespaces: str = f"{LINKS} {PERIODS} {HISTORY}") -> str:
    return f'<rss version="2.0" {namespaces}><channel><title>Alfa</title>{channel}</channel></rss>'


def atom(feed: str, attributes: str = "") -> str:
    return f"<feed {ATOM} {STONES} {HISTORY} {attributes}><title>Alfa</title>{feed}</feed>"


@pytest.mark.parametrize(
    ("channel", "hints", "why"),
    [
        ("<ttl>60</ttl>", FeedHints(ttl=HOUR), "minutes"),
        ("<ttl>\n 0090 </ttl>", FeedHints(ttl=90 * MINUTE), "white space and zeros in front"),
        ("<ttl><![CDATA[5]]></ttl>", FeedHints(ttl=5 * MINUTE), "CDATA"),
        ("<ttl>0</ttl>", FeedHints(), "always is no hint"),
        ("<ttl>-60</ttl>", FeedHints(), "negative"),
        (f"<ttl>{10**400}</ttl>", FeedHints(), "no timedelta is that long"),
        ("<ttl>sixty</ttl>", FeedHints(), "words"),
        ("<ttl>٦٠</ttl>", FeedHints(), "digits of another script: int() would read them"),
        ("<ttl>1e3</ttl>", FeedHints(), "not a number of RSS"),
        ("<ttl/>", FeedHints(), "empty"),
        ('<ttl unit="h">60</ttl>', FeedHints(), "an attribute: feedparser keeps it instead of the value"),
        ("<item><ttl>60</ttl></item>", FeedHints(), "of an item"),
        ("<sy:updatePeriod>\n hourly </sy:updatePeriod>", FeedHints(update_period=HOUR), "once by default"),
        ("<sy:updateFrequency>4</sy:updateFrequency>", FeedHints(update_period=6 * HOUR), "daily by default"),
        (
            "<sy:updatePeriod>Weekly</sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>",
            FeedHints(update_period=3.5 * DAY),
            "twice a week, in any case",
        ),
        ("<sy:updatePeriod>monthly</sy:updatePeriod>", FeedHints(update_period=30 * DAY), "a month"),
        ("<sy:updatePeriod>yearly</sy:updatePeriod>", FeedHints(update_period=365 * DAY), "a year"),
        (
            "<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>0</sy:updateFrequency>",
            FeedHints(update_period=DAY),
            "never is no frequency, and nothing is divided by it",
        ),
        (
            "<sy:updatePeriod>sometimes</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>",
            FeedHints(),
            "four times what?",
        ),
        ("<sy:updateFrequency>often</sy:updateFrequency>", FeedHints(), "no number, no period"),
        (
            "<skipHours><hour>0</hour><hour>23</hour><hour> 07 </hour><hour>7</hour></skipHours>",
            FeedHints(skip_hours=(0, 7, 23)),
            "RSS 2.0, in order and once",
        ),
        ("<skipHours><hour>24</hour></skipHours>", FeedHints(skip_hours=(0,)), "RSS 0.91: 24 is midnight"),
        (
            "<skipHours>"
            + "".join(
                f"<hour>{text}</hour>" for text in ("25", "-1", "", "noon", "5:00", 10**400, "<b>3</b>")
            )
            + "<hour>4</hour></skipHours>",
            FeedHints(skip_hours=(4,)),
            "garbage between",
        ),
        (
            f"<skipHours>{''.join(f'<hour>{n}</hour>' for n in range(24))}</skipHours>",
            FeedHints(skip_hours=tuple(range(24))),
            "never is kept as said",
        ),
        ("<skipHours>3</skipHours><hour>3</hour>", FeedHints(), "an hour outside, or none inside"),
        (
            "<skipHours><hour><![CDATA[3]]></hour><hour>1<!-- one -->1</hour></skipHours>",
            FeedHints(skip_hours=(3, 11)),
            "CDATA and a comment",
        ),
        (
            "<skipDays><day>SUNDAY</day><day>mon</day><day>Thurs.</day><day> Tue\n</day></skipDays>",
            FeedHints(skip_days=(0, 1, 3, 6)),
            "any case, short ones",
        ),
        (
            "<skipDays><day>Montag</day><day>T</day><day/><day>6</day></skipDays>",
            FeedHints(),
            "no English day",
        ),
        ("<SkipHours><Hour>3</Hour></SkipHours>", FeedHints(skip_hours=(3,)), "any case"),
        (f"{ITEM}<skipHours><hour>3</hour></skipHours>", FeedHints(skip_hours=(3,)), "behind the items"),
        (
            "<item><title>x</title><skipHours><hour>3</hour></skipHours></item>",
            FeedHints(),
            "of an item",
        ),
        (
            "<skipDays><day>Mon</day></skipDays><item><channel><skipDays><day>Tue</day></skipDays></channel></item>",
            FeedHints(skip_days=(0,)),
            "a channel within an item is none",
        ),
        (
            f"<skipHours><hour>3</hour></skipHours>{ITEM}<item><title>Two &nbsp; <b>x</title></item>",
            FeedHints(skip_hours=(3,)),
            "broken further down",
        ),
        (
            "<description>R&D &nbsp; <br></description><skipHours><hour>3</hour></skipHours>",
            FeedHints(skip_hours=(3,)),
            "broken further up",
        ),
    ],
)
def test_hints_of_rss(channel: str, hints: FeedHints, why: str) -> None:
    assert read(rss(channel)).hints == hints, why


@pytest.mark.parametrize(
    ("document", "hints", "why"),
    [
        (
            rss(
                "<skipHours><hour>3</hour></skipHours><ttl>5</ttl>",
                'xmlns="http://backend.userland.com/rss2"',
            ),
            FeedHints(ttl=5 * MINUTE, skip_hours=(3,)),
            "RSS inside a default namespace",
        ),
        (
            rss("<x:skipDays xmlns:x='urn:x'><x:day>Mon</x:day></x:skipDays>"),
            FeedHints(skip_days=(0,)),
            "behind a prefix",
        ),
        (
            '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" '
            'xmlns:z="http://purl.org/rss/1.0/modules/syndication/"><channel><title>R</title>'
            "<z:updatePeriod>hourly</z:updatePeriod><z:updateFrequency>2</z:updateFrequency></channel>"
            "<item><title>One</title></item></rdf:RDF>",
            FeedHints(update_period=30 * MINUTE),
            "RSS 1.0, with a prefix of its own",
        ),
        (
            f"<feed {ATOM} {PERIODS}><title>A</title><sy:updatePeriod>weekly</sy:updatePeriod></feed>",
            FeedHints(update_period=7 * DAY),
            "Atom",
        ),
        (
            ('<?xml version="1.0" encoding="utf-16"?>' + rss("<skipHours><hour>3</hour></skipHours>")).encode(
                "utf-16"
            ),
            FeedHints(skip_hours=(3,)),
            "UTF-16",
        ),
        (
            '<?xml version="1.0" encoding="utf-16"?>' + rss("<skipHours><hour>3</hour></skipHours>ü"),
            FeedHints(skip_hours=(3,)),
            "UTF-8 that calls itself UTF-16",
        ),
        (
            rss("<skipHours><hour>3</hour></skipHours><description>Über</description>").encode("latin-1"),
            FeedHints(skip_hours=(3,)),
            "Latin-1 that calls itself nothing",
        ),
        (
            b"\n\n" + rss("<skipHours><hour>3</hour></skipHours>\x01\x0c").encode(),
            FeedHints(skip_hours=(3,)),
            "blank lines before, control characters within",
        ),
        (
            f"<rss version='2.0'><channel><title>x</title>{ITEM}<skipHours><hour>3</hour><hour>2",
            FeedHints(skip_hours=(3,)),
            "cut: 2 may have been 21",
        ),
        (
            '<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" '
            '"http://my.netscape.com/publish/formats/rss-0.91.dtd">'
            + rss("<skipHours><hour>24</hour></skipHours>", ""),
            FeedHints(skip_hours=(0,)),
            "a document type, which nobody loads",
        ),
    ],
)
def test_hints_of_other_formats_and_encodings(document: str | bytes, hints: FeedHints, why: str) -> None:
    assert read(document).hints == hints, why


@pytest.mark.parametrize(
    ("document", "address", "why"),
    [
        (
            rss('<atom:link rel="prev-archive" href="https://a.example/1.xml"/>'),
            "https://a.example/1.xml",
            "RSS with Atom's link",
        ),
        (
            atom('<link rel="prev-archive" href="/1.xml"/>'),
            "https://alfa.example/1.xml",
            "against the document",
        ),
        (
            atom('<link rel="prev-archive" href="1.xml"/>', 'xml:base="https://b.example/old/"'),
            "https://b.example/old/1.xml",
            "against xml:base",
        ),
        (
            atom('<link rel="prev-archive" href="1.xml"/>', 'xml:base="/old/"'),
            "https://alfa.example/old/1.xml",
            "against an xml:base that is relative itself",
        ),
        (atom('<link rel="next" href="?page=2"/>'), f"{URL}?page=2", "a paged feed"),
        (
            atom('<link rel="next" href="/n"/><link rel="prev-archive" href="/p"/>'),
            "https://alfa.example/p",
            "archives do not shift",
        ),
        (
            atom('<link rel="next" href="/n"/><link rel="prev-archive" href="javascript:p()"/>'),
            "https://alfa.example/n",
            "what cannot be followed hides nothing",
        ),
        (
            atom('<link rel="http://www.iana.org/assignments/relation/prev-archive" href="/p"/>'),
            "https://alfa.example/p",
            "the long name (RFC 4287 §4.2.7.2)",
        ),
        (atom('<link rel="next" href="ftp://a.example/2"/>'), None, "http and https only"),
        (atom('<link rel="next"/><link rel="next" href=""/>'), None, "no address"),
        (atom('<link rel="next-archive" href="/n"/><link href="/"/>'), None, "the other direction"),
        (atom('<entry><id>urn:1</id><link rel="prev-archive" href="/p"/></entry>'), None, "of an entry"),
        (
            atom('<entry><id>urn:1</id><source><link rel="next" href="/p"/></source></entry>'),
            None,
            "of the feed that an entry came from",
        ),
        (rss('<item><title>x</title><atom:link rel="next" href="/p"/></item>'), None, "of an item"),
        (
            atom('<fh:complete/><link rel="next" href="/n"/>'),
            None,
            "a complete feed has no more (RFC 5005 §2)",
        ),
        (
            atom('<link rel="next" href="/n"/><entry><id>urn:1</id><fh:complete/></entry>'),
            "https://alfa.example/n",
            "an entry is not complete",
        ),
        (
            rss('<atom:link rel="next" href="/n"/><x:complete xmlns:x="urn:x">yes</x:complete>'),
            "https://alfa.example/n",
            "another module's word (a podcast that has ended)",
        ),
        (
            rss("<links><link rel='next'/></links><links href='/p' rel='next'/>"),
            None,
            "an element nobody knows",
        ),
    ],
)
def test_where_older_entries_are(document: str, address: str | None, why: str) -> None:
    assert read(document).archive_url == address, why


def stone(ref: str, when: str = AT) -> str:
    return f'<at:deleted-entry ref="{ref}" when="{when}"/>'


NO_REF = "1 at:deleted-entry without a usable ref: ignored"
NO_WHEN = "1 at:deleted-entry without a readable when: ignored"


@pytest.mark.parametrize(
    ("feed", "deleted", "problems", "why"),
    [
        (stone("urn:1"), {"urn:1": AT_INSTANT}, (), "RFC 6721 §3"),
        (
            '<at:deleted-entry ref="urn:1" when="2026-03-01T12:30:00+02:30"><at:comment>spam</at:comment>'
            "</at:deleted-entry>",
            {"urn:1": AT_INSTANT},
            (),
            "another zone, and why",
        ),
        (stone("urn:1") + stone("urn:2"), {"urn:1": AT_INSTANT, "urn:2": AT_INSTANT}, (), "several"),
        (
            stone("urn:1") + stone("urn:1", "2026-03-02T10:00:00Z") + stone("urn:1"),
            {"urn:1": AT_INSTANT + DAY},
            (),
            "the last word counts",
        ),
        (
            "<deleted-entry xmlns='http://purl.org/atompub/tombstones/1.0' ref='urn:1' when='2026-03-01T10:00:00Z'/>",
            {"urn:1": AT_INSTANT},
            (),
            "as default namespace",
        ),
        (f'<at:deleted-entry when="{AT}"/>', {}, (NO_REF,), "no ref"),
        (stone(" "), {}, (NO_REF,), "an empty ref"),
        (
            stone("http://[1").replace("ref", 'xml:base="https://b.example/" ref'),
            {},
            (NO_REF,),
            "feedparser leaves nothing of such an id",
        ),
        ('<at:deleted-entry ref="urn:1"/>', {}, (NO_WHEN,), "no when"),
        (stone("urn:1", "last week"), {}, (NO_WHEN,), "an unreadable when"),
        (stone("urn:1", "0000-00-00T00:00:00Z"), {}, (NO_WHEN,), "no day"),
        (stone("urn:1", "2026-03-01T10:00:00"), {}, (NO_WHEN,), "no zone: nothing is deleted on a guess"),
        (
            f"<entry><id>urn:2</id>{stone('urn:1')}</entry>",
            {},
            (),
            "an entry deletes nothing",
        ),
        (f"<x:deleted-entry xmlns:x='urn:x' ref='urn:1' when='{AT}'/>", {}, (), "another namespace"),
        (
            "".join(stone(f"urn:{n}") for n in range(feedlevel.MOST_DELETED + 2)),
            {f"urn:{n}": AT_INSTANT for n in range(feedlevel.MOST_DELETED)},
            ("2 at:deleted-entry after the first 1000: ignored",),
            "bounded",
        ),
    ],
)
def test_tombstones(feed: str, deleted: dict[str, datetime], problems: tuple[str, ...], why: str) -> None:
    found = read(atom(feed))
    assert {one.guid: one.deleted_at for one in found.tombstones} == deleted, why
    assert found.problems == problems, why


@pytest.mark.parametrize(
    ("id_", "base"),
    [
        ("urn:isbn:1", ""),
        (" tag:a.example,2026:1 ", ""),
        ("https://a.example/?a=1&amp;b=ü", ""),
        ("17", ""),
        ("17", 'xml:base="https://b.example/old/"'),
        ("../17", 'xml:base="/old/"'),
        ("https://b.example/x/../17", 'xml:base="https://b.example/old/"'),
        ("file:///feeds/17", ""),
        ("http://[17", ""),
        ("urn:" + "x" * GUID_CHARS, ""),
    ],
)
def test_a_tombstone_has_the_guid_of_the_entry_it_names(id_: str, base: str) -> None:
    parsed = read(atom(f"{stone(id_)}<entry><id>{id_}</id><title>One</title></entry>", base))
    (entry,) = normalise(Source(id="alfa", url=URL), parsed)
    assert [one.guid for one in normalise_tombstones(parsed)] == [entry.guid]


def test_a_tombstone_reaches_the_caller_of_the_worker_by_that_guid() -> None:
    long = "urn:" + "x" * GUID_CHARS
    body = atom(f"{stone(long)}<entry><id>{long}</id><title>One</title></entry>").encode()
    reading = read_whole(Source(id="alfa", url=URL), Response(status=200, url=URL, body=body))
    assert reading.tombstones == (Tombstone(guid=reading.entries[0].guid, deleted_at=AT_INSTANT),)


LAUGHS = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
BILLION = f'<!DOCTYPE rss [<!ENTITY e0 "3">{LAUGHS}]>'


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (BILLION + rss("<skipHours><hour>&e11;</hour></skipHours>"), "a billion laughs"),
        (
            f'<!DOCTYPE rss [<!ENTITY e "{"3" * 100_000}">]>'
            + rss(f"<skipHours><hour>{'&e;' * 100_000}</hour></skipHours>"),
            "quadratic laughs",
        ),
        (BILLION + atom(stone("&e11;")), "a billion laughs in an attribute"),
        (
            '<!DOCTYPE rss [<!ENTITY e SYSTEM "file:///dev/zero">]>'
            + rss("<skipHours><hour>3&e;</hour></skipHours>"),
            "an entity without end",
        ),
        (rss("<skipHours>" * 200_000), "deep"),
        (rss(f"<skipHours>{'<hour>3</hour>' * 200_000}</skipHours>"), "long"),
        (rss(f"<skipHours><hour>{'3' * 5_000_000}</hour></skipHours>"), "wide"),
        (atom(stone("urn:1") * 50_000), "many tombstones"),
        (rss(f"<skipHours><hour>{'</item>' * 200_000}"), "nothing but ends"),
        ("<" * 1_000_000, "nothing but beginnings"),
        ("", "nothing"),
    ],
)
def test_hostile_documents_cost_little(document: str, why: str) -> None:
    started = time.process_time()
    found = feedlevel.look(document.encode(), "utf-8")
    assert time.process_time() - started < 5, why
    assert found.skip_hours <= {3}, why
    assert len(found.deleted) <= feedlevel.MOST_DELETED, why


@pytest.mark.parametrize("encoding", ["", "no-such", "hex", "idna", "undefined", "utf-32", "utf-7"])
def test_no_encoding_is_too_odd(encoding: str) -> None:
    feedlevel.look(rss("<skipHours><hour>3</hour></skipHours>\xff").encode("latin-1"), encoding)


CORPUS = next(
    (
        corpus
        for up in (2, 3, 4)  # beside the checkout, or beside the folder of a work tree
        if (corpus := Path(__file__).resolve().parents[up] / "shared" / "corpus").is_dir()
    ),
    None,
)
SUFFIXES = {".xml", ".rss", ".atom", ".rdf"}


def test_the_pass_harms_no_document_of_the_corpus() -> None:
    if CORPUS is None:
        pytest.skip("no shared corpus beside the repository")
    looked_at = 0
    for path in sorted(CORPUS.rglob("*")):
        if path.suffix not in SUFFIXES:
            continue
        body = path.read_bytes()
        for encoding in ("utf-8", "utf-16"):
            feedlevel.look(body, encoding)
        if b"skip" not in body.lower():
            continue
        looked_at += 1
        try:
            entries = read(body).entries
        except ParseError:
            continue
        plain = feedparser.parse(body, sanitize_html=False, resolve_relative_uris=False)
        assert [entry.id for entry in entries] == [entry.get("id") for entry in plain.entries], path
    assert looked_at > 10
