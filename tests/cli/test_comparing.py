"""`diff` names whatever changed, not in the words alone."""

import json
from pathlib import Path

from tests.fetch.server import Answer, Server
from tests.running import Site

FEED = """<rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"
 xmlns:media="http://search.yahoo.com/mrss/" xmlns:slash="http://purl.org/rss/1.0/modules/slash/"
 xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel><title>Alfa</title><language>en</language><item><guid>urn:alfa:1</guid><title>Talk</title>
<category>Sea</category><dc:creator>Ann Roe</dc:creator>
<description>In short.</description>
<content:encoded>&lt;p&gt;Listen &lt;a href="https://a.example/page1"&gt;here&lt;/a&gt;.
 &lt;img src="https://a.example/still1.png" alt="Ann"&gt;&lt;/p&gt;</content:encoded>
<enclosure url="https://a.example/talk.mp3" type="audio/mpeg" length="1000"/>
<enclosure url="https://a.example/notes.pdf" type="application/pdf" length="10"/>
<itunes:duration>62</itunes:duration><itunes:episode>7</itunes:episode>
<media:content url="https://a.example/film1.webm" type="video/webm" medium="video"/>
<slash:comments>3</slash:comments></item></channel></rss>"""
EDITS = [
    ("Ann Roe", "Ann Doe"),
    ("<category>Sea</category>", ""),
    ('length="1000"', 'length="2000"'),
    ('<enclosure url="https://a.example/notes.pdf" type="application/pdf" length="10"/>', ""),
    ("film1.webm", "film2.webm"),
    (">7<", ">8<"),
    (">3<", ">4<"),
    ("In short.", "In brief."),
    ("page1", "page2"),
    ("still1.png", "still2.png"),
]
TOLD = """
author: name Ann Roe > author: name Ann Doe
category: Sea >
enclosure: url https://a.example/talk.mp3, type audio/mpeg, length 1000 > enclosure: url https://a.example/talk.mp3, type audio/mpeg, length 2000
enclosure: url https://a.example/notes.pdf, type application/pdf, length 10 >
media: url https://a.example/film1.webm, type video/webm, medium video > media: url https://a.example/film2.webm, type video/webm, medium video
episode number: 7 > episode number: 8
thread comments: 3 > thread comments: 4
summary: In short. > summary: In brief.
link in the text: https://a.example/page1 > link in the text: https://a.example/page2
picture or recording in the text: https://a.example/still1.png > picture or recording in the text: https://a.example/still2.png
"""  # noqa: E501 - one change a line


def test_diff_names_everything_that_changed(tmp_path: Path, publisher: Server) -> None:
    edited = FEED
    for old, new in EDITS:
        assert edited.count(old) == 1
        edited = edited.replace(old, new)
    publisher.answer("/alfa", Answer(body=FEED.encode()), Answer(body=edited.encode()))
    site = Site(tmp_path, sources=f'[[source]]\nid = "alfa"\nurl = "{publisher.url("/alfa")}"\n')
    for _ in range(2):
        assert site.run("poll", "--force").returncode == 0
    (change,) = json.loads(site.run("--json", "diff", "urn:alfa:1").stdout)
    told = [line.split(" >") for line in TOLD.strip().splitlines()]
    lines = [line for line in change["diff"] if line[0] in "+-"][2:]
    assert sorted(lines) == sorted(
        [f"-{old}" for old, _ in told] + [f"+{new.strip()}" for _, new in told if new]
    )
    assert [line for line in change["diff"] if "duration" in line][1:] == []  # as it was: once, as context
