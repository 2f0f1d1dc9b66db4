"""What fuzzing begins with: our own cases, and the shared corpora where they are."""

import json
from collections.abc import Iterator
from pathlib import Path

from tests.corpus.place import CORPUS, ROOT

DATA = ROOT / "tests" / "data"
LENGTH_MOST = 20_000  # bytes of a document


def _files(*patterns: str) -> Iterator[bytes]:
    for pattern in patterns:
        for path in sorted(ROOT.glob(pattern)):
            if path.is_file():
                yield path.read_bytes()


def _lines(name: str, *fields: str) -> Iterator[bytes]:
    """Yield the texts of a file of JSON lines, or of some fields of them."""
    for line in (DATA / name).read_text(encoding="utf-8").splitlines():
        said = json.loads(line)
        for one in [said[field] for field in fields] if fields else [said]:
            yield one.encode("utf-8", "surrogatepass")


def _shared(*suffixes: str) -> Iterator[bytes]:
    if CORPUS is not None:
        for path in sorted(CORPUS.rglob("*")):
            if path.suffix in suffixes and path.is_file() and 0 < path.stat().st_size <= LENGTH_MOST:
                yield path.read_bytes()


def _written(text: str) -> Iterator[bytes]:
    """Yield pieces written side by side, with an empty line between."""
    yield from (piece.encode() for piece in text.strip("\n").split("\n\n"))


def feeds() -> Iterator[bytes]:
    yield from _files("tests/data/feeds/*.xml", "tests/data/known/*.xml", "tests/data/emit/*.*", "data/*.xml")
    yield from _shared(".xml", ".rss", ".atom", ".rdf")
    for encoding in ("utf-16", "utf-32", "windows-1251", "shift_jis"):
        head = f'<?xml version="1.0" encoding="{encoding}"?>'
        yield f"{head}<rss><channel><item><title>日本 x</title></item></channel></rss>".encode(
            encoding, "replace"
        )


def json_feeds() -> Iterator[bytes]:
    yield from _files("tests/data/feeds/*.json", "tests/data/emit/*.json")
    yield from _shared(".json")


def texts() -> Iterator[bytes]:
    yield from _written(TEXTS.replace("~", "\n\n"))
    yield from _files("data/*.txt", "data/*/*.txt", "tests/data/walk/*.txt")


def dates() -> Iterator[bytes]:
    yield from _lines("dates/dates.jsonl", "input")
    yield b"03/04/2023\n14/03/2023\n%d/%m/%Y"
    yield "2023年11月14日 下午2:30\n14 Nov 2023".encode()


def addresses() -> Iterator[bytes]:
    yield from _lines("urls/url_pairs.jsonl", "a", "b")
    yield from _written(ADDRESSES)


def html() -> Iterator[bytes]:
    yield from _lines("html/hostile.jsonl")
    yield from _lines("html/dompurify.jsonl")
    yield from _files("tests/data/html/*.test")
    yield from _shared(".test")


def subscriptions() -> Iterator[bytes]:
    yield from _files("tests/data/emit/*.opml")
    yield from _written(LISTS.replace("~", "\n\n"))
    yield from _shared(".opml", ".ini")


def configurations() -> Iterator[bytes]:
    for content in _files("config/*.toml"):
        yield content
        yield content.replace(b"\n# ", b"\n")
        yield from content.replace(b"\n# ", b"\n").split(b"\n\n")
    yield from _written(CONFIGURATIONS.replace("~", "\n\n"))


def queries() -> Iterator[bytes]:
    yield from (line.encode() for line in QUERIES.strip().splitlines())


def requests() -> Iterator[bytes]:
    yield from _written(REQUESTS)


def responses() -> Iterator[bytes]:
    yield from _written(RESPONSES)


def files(folder: Path) -> Iterator[bytes]:
    """Yield what is kept in a folder, in order of name; nothing where there is none."""
    if folder.is_dir():
        for path in sorted(folder.iterdir()):
            yield path.read_bytes()


TEXTS = """
Posted: Tue, 14 Nov 2023 08:33:00 +0000~Headline of it~First paragraph.~Posted: 13.11.2023 14:30 Uhr~Another

Posted: yesterday~Title <b>of</b> &amp; it~See https://alfa.example/1

Title before the date~Опубликовано: 14 ноября 2023~Text
"""
ADDRESSES = """
HTTP://user:pa%73s@WWW.Example.COM:80/a/./b/../c//d.html;jsessionid=1?b=2&utm_source=x&a=1&amp;c#:~:text=y

../x?y#z
https://alfa.example/a/b

http://[::1]:8080/%7Euser/?%20

https://www.google.com/amp/s/alfa.example/news/amp/?amp=1

https://alfa-example.cdn.ampproject.org/c/s/alfa.example/1.amp.html

https://пример.рф/путь?запрос=да#якорь

mailto:a@b.example?subject=x

java\tscript:alert(1)
"""
LISTS = """
# A list
https://alfa.example/rss
feed://bravo.example/atom "a tag" "~Title" hidden
"query:Unread:unread = \\"yes\\""

[Planet]
name = Planet~[https://alfa.example/rss]
name = Alfa
tags = a, b~[https://bravo.example/atom]
name: Bravo

<opml version="2.0"><body><outline text="Folder &eacute;"><outline text="A" type="rss" xmlUrl="https://alfa.example/rss"
 category="/a/b,c"/></outline><outline xmlUrl='feed:https://bravo.example/'/>
"""
CONFIGURATIONS = """
[aggregator]
title = "News"
limit = 50
[poll]
interval = "30m"~[[source]]
url = "https://alfa.example/rss"
id = "alfa"
tags = ["a", "b"]
interval = "1h"
timezone = "Europe/Berlin"
date_formats = ["%d.%m.%Y"]
[[source.rule]]
action = "drop"
title = "(?i)advert"~[[feed]]
name = "a"
tags = ["a"]
query = "x OR y"
[[feed.rule]]
action = "keep"
title = "x"

[server]
listen = "127.0.0.1:8080"
# environment
POLL__INTERVAL=1h
SERVER__LISTEN=[::1]:80
AGGREGATOR__LIMIT=9
"""
QUERIES = """
harbour bridge
"harbour bridge" -olive
title:(harbour OR olive) tag:politics after:2026-01-01 before:2027-01-01
source:"Alfa Radio" NOT (author:ann OR url:alfa.example)
harb* 東京 “bridge closes” «olive» text:"in tarn*"*
-(a b) OR (c AND NOT d)
"""
REQUESTS = """
/feed.atom
limit=10&since=2023-11-14T08:33:00Z&q=x%20y&token=abc
Bearer abc
Sun, 06 Nov 1994 08:49:37 GMT
W/"a", "b"
gzip;q=0.5, zstd, *;q=0
for="[2001:db8::1]:80";proto=https, for=127.0.0.1
Feedly/1.0 (+http://www.feedly.com/fetcher.html; 25 subscribers; feed-id=7)
feed, gzip

/stories/x/%2e%2e/
since=2023-11-14&limit=0001
10.0.0.1, 203.0.113.9
"""
RESPONSES = """
ETag: W/"abc"
Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT
Retry-After: 120
Cache-Control: max-age=3600, private="x", no-cache
Age: 12
Expires: Sunday, 06-Nov-94 08:49:37 GMT
Date: Sun Nov  6 08:49:37 1994

Retry-After: Fri, 31 Dec 9999 23:59:59 GMT
Set-Cookie: a=b
Expires: 0
"""
