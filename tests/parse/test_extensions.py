"""What entries carry besides their text: every vocabulary, however its names are written."""

import pytest

from aggregator.model import (
    NO_EXTRAS,
    Chapter,
    Episode,
    Extras,
    Link,
    Media,
    Origin,
    Participant,
    Person,
    Place,
    Reply,
    Response,
    Thread,
    Transcript,
)
from aggregator.parse import extensions, parse
from aggregator.parse.extensions.media import MOST_MEDIA
from aggregator.parse.extensions.podcast import duration

NAMES = {
    "atom": "http://www.w3.org/2005/Atom",
    "cc": "http://web.resource.org/cc/",
    "creativeCommons": "http://backend.userland.com/creativeCommonsRssModule",
    "dc": "http://purl.org/dc/elements/1.1/",
    "geo": "http://www.w3.org/2003/01/geo/wgs84_pos#",
    "georss": "http://www.georss.org/georss",
    "gml": "http://www.opengis.net/gml",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "media": "http://search.yahoo.com/mrss/",
    "podcast": "https://podcastindex.org/namespace/1.0",
    "psc": "http://podlove.org/simple-chapters",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "slash": "http://purl.org/rss/1.0/modules/slash/",
    "thr": "http://purl.org/syndication/thread/1.0",
    "wfw": "http://wellformedweb.org/CommentAPI/",
}
DECLARED = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NAMES.items())
A = "https://a.example"


def rss(*items: str, declared: str = DECLARED) -> str:
    body = "".join(f"<item><title>One</title>{item}</item>" for item in items)
    return f'<rss version="2.0" {declared}><channel><title>T</title>{body}</channel></rss>'


def atom(entry: str) -> str:
    return (
        f'<feed xmlns="{NAMES["atom"]}" {DECLARED}><id>urn:x:f</id><title>T</title>'
        f"<entry><id>urn:x:1</id><title>One</title>{entry}</entry></feed>"
    )


def carried(document: str) -> tuple[Extras, ...]:
    response = Response(status=200, url=f"{A}/rss", body=document.encode())
    return tuple(entry.extras for entry in parse(response).entries)


CASES = [
    (
        f'<media:content url="{A}/1.mp4" type="video/mp4" medium="video" fileSize="9" duration="61.5" width="640"'
        ' height="360"><media:title>M</media:title><media:credit>Ann</media:credit>'
        f'<media:description>D</media:description><media:thumbnail url="{A}/t.jpg"/></media:content>',
        Extras(
            media=(
                Media(url=f"{A}/1.mp4", type="video/mp4", medium="video", length=9, duration=61, width=640,
                      height=360, title="M", description="D", credit="Ann", thumbnail=f"{A}/t.jpg"),
            ),
            thumbnail=f"{A}/t.jpg",
        ),
        "a media object in full",
    ),
    (
        f'<media:group><media:content url="{A}/1"/><media:content url="{A}/2"><media:title>two</media:title>'
        f'</media:content><media:content url="{A}/1"/><media:title>both</media:title></media:group>',
        Extras(media=(Media(url=f"{A}/1", title="both"), Media(url=f"{A}/2", title="two"))),
        "renditions in a group share what is said of it; each address once",
    ),
    (f'<media:thumbnail url="{A}/1"/><media:thumbnail url="{A}/2"/>', Extras(thumbnail=f"{A}/1"),
     "thumbnails stand by importance"),
    (f"<media:thumbnail>{A}/1</media:thumbnail>", Extras(thumbnail=f"{A}/1"), "an address written as text"),
    ('<media:content><media:player url="https://a.example/play"/></media:content>', NO_EXTRAS, "a player is a page"),
    (
        "<itunes:duration>1:02:03</itunes:duration><itunes:season>2</itunes:season><itunes:episode>7</itunes:episode>"
        "<itunes:episodeType>Trailer</itunes:episodeType><itunes:explicit>clean</itunes:explicit>"
        f'<itunes:image href="{A}/i.jpg"/>',
        Extras(episode=Episode(duration=3723, season=2, number=7, kind="trailer", explicit=False,
                               image=f"{A}/i.jpg")),
        "an episode as Apple has it",
    ),
    (
        f'<podcast:season>3</podcast:season><podcast:episode>4.5</podcast:episode><podcast:chapters url="{A}/c.json"'
        f' type="application/json+chapters"/><podcast:transcript url="{A}/1.vtt" type="text/vtt" language="be"'
        f' rel="captions"/><podcast:transcript url="{A}/1.html" type="text/html"/>'
        f'<podcast:person role="Host" href="{A}/ann" img="{A}/ann.jpg">Ann</podcast:person>'
        "<podcast:person>Bob</podcast:person>",
        Extras(
            episode=Episode(
                season=3,
                number=4,
                chapters_url=f"{A}/c.json",
                chapters_type="application/json+chapters",
                transcripts=(
                    Transcript(url=f"{A}/1.vtt", type="text/vtt", language="be", rel="captions"),
                    Transcript(url=f"{A}/1.html", type="text/html"),
                ),
                people=(Participant(name="Ann", role="Host", url=f"{A}/ann", image=f"{A}/ann.jpg"),
                        Participant(name="Bob")),
            )
        ),
        "Podcasting 2.0",
    ),
    (
        f'<podcast:alternateEnclosure type="audio/opus" length="5" title="Small"><podcast:source uri="{A}/1.opus"/>'
        f'<podcast:source uri="ipfs://x"/></podcast:alternateEnclosure>',
        Extras(media=(Media(url=f"{A}/1.opus", type="audio/opus", length=5, title="Small"),)),
        "another encoding of the episode",
    ),
    (
        f'<psc:chapters><psc:chapter start="0" title="Begin"/><psc:chapter start="1:02.5" title="Next" href="{A}/n"/>'
        '<psc:chapter start="x" title="no time"/></psc:chapters>',
        Extras(episode=Episode(chapters=(Chapter(start=0, title="Begin"),
                                         Chapter(start=62.5, title="Next", url=f"{A}/n")))),
        "chapters in the feed itself",
    ),
    (
        f"<comments>{A}/1#comments</comments><wfw:commentRss>{A}/1/feed</wfw:commentRss>"
        "<slash:comments>12</slash:comments>",
        Extras(thread=Thread(comments=12, comments_url=f"{A}/1#comments", comments_feed=f"{A}/1/feed")),
        "comments as WordPress has them",
    ),
    ("<georss:point> 45.256, -71.92 </georss:point><georss:featureName>There</georss:featureName>",
     Extras(place=Place(latitude=45.256, longitude=-71.92, name="There")), "GeoRSS"),
    ("<georss:where><gml:Point><gml:pos>45.256 -71.92</gml:pos></gml:Point></georss:where>",
     Extras(place=Place(latitude=45.256, longitude=-71.92)), "GeoRSS by way of GML"),
    ("<geo:Point><geo:lat>45.256</geo:lat><geo:long>-71.92</geo:long></geo:Point>",
     Extras(place=Place(latitude=45.256, longitude=-71.92)), "Basic Geo"),
    ("<georss:point>95 0</georss:point>", NO_EXTRAS, "nowhere on earth"),
    ('<georss:where><gml:Point srsName="EPSG:32611"><gml:pos>5 5</gml:pos></gml:Point></georss:where>', NO_EXTRAS,
     "in other units"),
    (f'<source url="{A}/other">Other</source>', Extras(origin=Origin(title="Other", feed_url=f"{A}/other")),
     "copied from elsewhere"),
    (
        f"<dc:rights>© A</dc:rights><dc:contributor>Ann</dc:contributor><creativeCommons:license>{A}/by"
        f'</creativeCommons:license><cc:license rdf:resource="{A}/sa"/>',
        Extras(rights="© A", contributors=(Person(name="Ann"),), licences=(f"{A}/by", f"{A}/sa")),
        "rights and licences",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("item", "extras", "why"), CASES, ids=[case[2] for case in CASES])
def test_what_an_item_of_rss_carries(item: str, extras: Extras, why: str) -> None:
    assert carried(rss(item)) == (extras,), why


def test_what_an_entry_of_atom_carries() -> None:
    entry = f"""<link href="{A}/1"/><link rel="alternate" hreflang="be" type="text/html" href="{A}/be/1"/>
        <link rel="related" href="{A}/about" title="About"/><link rel="license" href="{A}/by"/>
        <link rel="replies" type="application/atom+xml" href="{A}/1.atom" thr:count="3"/>
        <link rel="http://www.iana.org/assignments/relation/replies" type="text/html" href="{A}/1#c"/>
        <thr:in-reply-to ref="urn:x:0" href="{A}/0"/><rights type="html">&lt;b&gt;©&lt;/b&gt;</rights>
        <contributor><name>Ann</name><uri>{A}/ann</uri><email>ann@a.example</email></contributor>
        <source><id>urn:x:s</id><title>S</title><link rel="self" href="{A}/s"/><link href="{A}/sh"/></source>"""
    assert carried(atom(entry)) == (
        Extras(
            thread=Thread(
                answers=(Reply(ref="urn:x:0", url=f"{A}/0"),),
                comments=3,
                comments_url=f"{A}/1#c",
                comments_feed=f"{A}/1.atom",
            ),
            origin=Origin(id="urn:x:s", title="<p>S</p>", feed_url=f"{A}/s", home_url=f"{A}/sh"),
            rights="<b>©</b>",
            licences=(f"{A}/by",),
            contributors=(Person(name="<p>Ann</p>", email="ann@a.example", url=f"{A}/ann"),),
            links=(
                Link(rel="alternate", url=f"{A}/be/1", type="text/html", language="be"),
                Link(rel="related", url=f"{A}/about", title="About"),
            ),
        ),
    )


@pytest.mark.parametrize(
    ("declared", "prefix", "why"),
    [
        (f'xmlns:m="{NAMES["media"]}"', "m", "another prefix"),
        ('xmlns:media="http://search.yahoo.com/mrss"', "media", "without the slash"),
        ('xmlns:media="https://Search.Yahoo.com/mrss/"', "media", "over https, in capitals"),
        ("", "media", "never declared"),
    ],
)
def test_how_a_namespace_is_written_does_not_matter(declared: str, prefix: str, why: str) -> None:
    item = f'<{prefix}:thumbnail url="{A}/1"/><{prefix}:content url="{A}/2"/>'
    found = carried(rss(item, declared=declared))
    assert found == (Extras(media=(Media(url=f"{A}/2"),), thumbnail=f"{A}/1"),), why


def test_addresses_are_relative_to_the_xml_base_around_them() -> None:
    assert carried(rss('<media:thumbnail xml:base="https://b.example/x/" url="1"/>'))[0].thumbnail == (
        "https://b.example/x/1"
    )


def test_every_entry_has_its_own() -> None:
    found = carried(rss(f'<media:thumbnail url="{A}/1"/>', "", f'<media:thumbnail url="{A}/3"/>'))
    assert [extras.thumbnail for extras in found] == [f"{A}/1", None, f"{A}/3"]


def test_in_a_broken_document_what_is_whole_keeps_its_own() -> None:
    items = (f'<guid>{n}</guid><media:thumbnail url="{A}/{n}"/></b>' for n in range(3))
    assert [extras.thumbnail for extras in carried(rss(*items))] == [f"{A}/{n}" for n in range(3)]


def test_where_the_parsers_disagree_on_the_entries_only_the_same_ids_count() -> None:
    document = rss(f'<guid>a</guid><media:thumbnail url="{A}/1"/>', "<guid>b</guid>").encode()
    assert [one.thumbnail for one in extensions.look(document, ["b", "x", "a"])] == [None, None, f"{A}/1"]


def test_what_is_endless_is_bounded() -> None:
    many = "".join(f'<media:content url="{A}/{n}"/>' for n in range(500))
    assert len(carried(rss(many))[0].media) == MOST_MEDIA


def test_a_plain_entry_is_not_looked_at_twice() -> None:
    plain = ["title", "title_detail", "id", "link", "links", "guidislink", "summary", "published"]
    assert not extensions.is_worth_a_look(plain, ["alternate", "enclosure"])
    assert extensions.is_worth_a_look([*plain, "media_content"], ["alternate"])
    assert extensions.is_worth_a_look(plain, ["alternate", "related"])
    assert extensions.is_worth_a_look(plain, ["alternate", "alternate"])


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("61", 61),
        ("1:01", 61),
        ("01:01:01", 3661),
        (" 90.6 ", 91),
        ("0", None),
        ("1:2:3:4", None),
        ("-5", None),
        ("٣", None),
        ("9" * 30, None),
        ("", None),
        (None, None),
    ],
)
def test_durations(said: str | None, seconds: int | None) -> None:
    assert duration(said) == seconds
