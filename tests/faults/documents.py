"""Documents that are bombs, lies or attacks on whoever reads them."""

import json
from collections.abc import Callable, Sequence
from html import escape
from itertools import count

from tests.faults.hostile import MEBIBYTE, Hostile
from tests.fetch.server import Answer, Asked, Say
from tests.protocol.markup import atom, entry, item

ATTACK = (
    '<script>alert("evil")</script><img src=x onerror=alert("evil")><a href="javascript:alert(1)">evil</a>'
    '<svg onload=alert(1)></svg><iframe srcdoc="&lt;script&gt;evil&lt;/script&gt;"></iframe>'
    '<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>"]]>--></title></textarea>'
)
ESCAPED = escape(ATTACK)
SCRIPT_URL = "javascript:alert('evil')"


def _document(body: bytes | str, kind: str = "application/xml") -> Answer:
    said = body.encode() if isinstance(body, str) else body
    return Answer(body=said, headers=[("Content-Type", kind)])


def _read(body: bytes | str, kind: str = "application/xml") -> Hostile:
    return Hostile(answer=_document(body, kind))


def _refused(body: bytes | str, error: str = "", kind: str = "application/xml") -> Hostile:
    return Hostile(answer=_document(body, kind), error=error)


def _channel(*items: str, head: str = "") -> str:
    return f'<rss version="2.0"><channel><title>Evil</title>{head}{"".join(items)}</channel></rss>'


def _laughs() -> str:
    entities = '<!ENTITY a0 "ha">' + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    return f"<?xml version='1.0'?><!DOCTYPE rss [{entities}]>" + _channel(
        "<item><guid>laughs</guid><title>&a9;</title></item>"
    )


def _quadratic() -> str:
    doctype = f"<!DOCTYPE rss [<!ENTITY a '{'a' * 50_000}'>]>"
    return doctype + _channel(f"<item><guid>quadratic</guid><title>{'&a;' * 20_000}</title></item>")


def _outside(entity: str) -> str:
    return f"<!DOCTYPE rss [{entity}]>" + _channel(
        "<item><guid>outside</guid><title>outside &evil;</title></item>"
    )


def _changing(make: Callable[[int], bytes]) -> Say:
    """Say something else each time."""
    number = count()

    def answer(asked: Asked) -> Answer:
        return Answer(body=make(next(number)))

    return answer


def _numbered(numbers: Sequence[int], prefix: str) -> bytes:
    return _channel(
        *(f"<item><guid>{prefix}{n}</guid><title>{prefix} {n}</title></item>" for n in numbers)
    ).encode()


XML = {
    "laughs": _read(_laughs()),
    "quadratic-entity": _read(_quadratic()),
    "entity-of-a-file": Hostile(answer=_document(_outside("<!ENTITY evil SYSTEM 'file:///etc/passwd'>"))),
    "entity-of-the-web": Hostile(
        answer=_document(_outside("<!ENTITY evil SYSTEM 'http://127.0.0.1:{port}/victim'>"))
    ),
    "entity-of-parameters": Hostile(
        answer=_document(_outside("<!ENTITY % e SYSTEM 'http://127.0.0.1:{port}/victim'> %e;"))
    ),
    "outer-doctype": Hostile(
        answer=_document(
            '<!DOCTYPE rss SYSTEM "http://127.0.0.1:{port}/victim">' + _channel(item("outer-doctype"))
        )
    ),
    "stylesheet": _read(
        '<?xml-stylesheet href="http://127.0.0.1:1/evil.xsl"?>' + _channel(item("stylesheet"))
    ),
    "included": _read(
        '<rss version="2.0" xmlns:xi="http://www.w3.org/2001/XInclude"><channel><title>Evil</title>'
        '<xi:include href="file:///etc/passwd" parse="text"/>' + item("included") + "</channel></rss>"
    ),
    "nested-elements": _refused("<a>" * 200_000),
    "nested-in-an-item": _read(_channel(f"<item><guid>nested</guid><title>n</title>{'<a>' * 100_000}")),
    "many-attributes": _read("<rss " + " ".join(f"a{n}='1'" for n in range(10_000)) + "><channel/></rss>"),
    "long-attribute": _read(f'<rss version="{"2" * (2 * MEBIBYTE - 100)}"/>'),
    "long-name": _refused(f"<{'a' * MEBIBYTE}/>"),
    "long-comment": _refused(f"<!--{'-' * MEBIBYTE}"),
    "long-cdata": _read(f"<rss><![CDATA[{']' * MEBIBYTE}"),
    "open-brackets": _refused("<" * MEBIBYTE),
    "open-doctype": _refused("<!DOCTYPE rss [" + "<!ENTITY x 'y'" * 50_000),
    "ampersands": _read(_channel(item("ampersands", text="&" * 300_000))),
    "characters-that-are-none": _read(
        _channel("<item><guid>none</guid><title>&#0;&#x110000;&#xD800;&#xFFFE;&#99999999999;x</title></item>")
    ),
}
NO_FEEDS = {
    "nothing": _refused(b""),
    "spaces": _refused(b" " * MEBIBYTE),
    "zeros": _refused(bytes(MEBIBYTE)),
    "noise": _refused(bytes(range(256)) * 4096),
    "page": _refused("<!DOCTYPE html><html><body>Please log in</body></html>", kind="text/html"),
    "picture": _refused(b"\x89PNG\r\n\x1a\n" + bytes(1000), kind="application/rss+xml"),
    "archive": _refused(b"PK\x03\x04" + bytes(1000)),
    "program": _refused(b"\x7fELF" + bytes(1000)),
}
ENCODINGS = {
    "utf-7": _read(b'<?xml version="1.0" encoding="utf-7"?>' + _channel(item("+ADw-script+AD4-")).encode()),
    "utf-16-said": _read(_channel(item("said")), "application/xml; charset=utf-16"),
    "no-such-charset": _read(_channel(item("charset")), "application/xml; charset=x-evil;charset=\x01"),
    "charset-of-64-kb": _read(f'<?xml version="1.0" encoding="{"x" * 60_000}"?>' + _channel(item("long"))),
    "overlong": _read(_channel(item("overlong")).encode().replace(b"overlong", b"\xc0\xbcscript\xc0\xbe")),
    "utf-32": _read(_channel(item("utf-32")).encode("utf-32")),
    "punycode-codec": _refused('<?xml version="1.0" encoding="punycode"?>' + "a" * 500_000),
    "idna-codec": _refused('<?xml version="1.0" encoding="idna"?>' + "a." * 500_000),
    "zip-codec": _refused('<?xml version="1.0" encoding="zip"?>' + "a" * 1000),
}
IDS = {
    "id-empty": _read(_channel(*(f"<item><guid/><title>empty {n}</title></item>" for n in range(10)))),
    "id-one-for-all": _read(
        _channel(*(f"<item><guid>same</guid><title>same {n}</title></item>" for n in range(10)))
    ),
    "id-of-1-mb": _read(_channel(f"<item><guid>{'i' * MEBIBYTE}</guid><title>long id</title></item>")),
    "id-of-control": _read(
        _channel("<item><guid>a&#10;b&#13;&#9;\u202e\u0000</guid><title>control</title></item>")
    ),
    "id-of-a-neighbour": _read(_channel(item("good-0", link="http://good.example/0", text="Hijacked"))),
    "id-each-poll": Hostile(
        answer=_changing(lambda poll: _numbered(range(poll * 30, poll * 30 + 30), "each"))
    ),
    "id-20000": Hostile(answer=Answer(body=_numbered(range(20_000), "many"))),
    "id-20000-each-poll": Hostile(
        answer=_changing(lambda poll: _numbered(range(poll * 20_000, poll * 20_000 + 20_000), "anew"))
    ),
}
_ABSURD = (
    "0000-00-00T00:00:00Z",
    "-0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999999999+99:99",
    "292277026596-12-04T15:30:08Z",
    "1970-01-01T00:00:00Z",
    "2100-01-01T00:00:00Z",
    "2016-12-31T23:59:60Z",
    "Thu, 31 Feb 2026 25:61:61 +9999",
    "9" * 5000,
    "now",
    "١٤٤٧/٠٥/٠١",
    "2026-01-01T00:00:00Z" * 1000,
)
LARGE = {
    "dates": _read(
        _channel(
            *(
                f"<item><guid>d{n}</guid><title>date {n}</title><pubDate>{escape(date)}</pubDate></item>"
                for n, date in enumerate(_ABSURD)
            )
        )
    ),
    "title-of-1-mb": _read(_channel(f"<item><guid>t</guid><title>{'title ' * 200_000}</title></item>")),
    "title-of-5-mb": _refused(
        _channel(f"<item><guid>t</guid><title>{'title ' * 900_000}</title></item>"), "larger than 2 MiB"
    ),
    "link-of-1-mb": _read(_channel(item("link", link="http://evil.example/" + "a" * MEBIBYTE))),
    "categories": _read(
        _channel(
            f"<item><guid>c</guid><title>c</title>{''.join(f'<category>c{n}</category>' for n in range(5_000))}</item>"
        )
    ),
    "enclosures": _read(
        _channel(
            "<item><guid>e</guid><title>e</title>"
            + "".join(
                f'<enclosure url="http://evil.example/{n}" length="{"9" * 50}"/>' for n in range(10_000)
            )
            + "</item>"
        )
    ),
    "authors": _read(
        _channel(
            "<item><guid>a</guid><title>a</title>"
            + "".join(f"<author>a{n}@evil.example</author>" for n in range(30_000))
            + "</item>"
        )
    ),
    "deep-html": _read(_channel(item("deep", text="<div>" * 100_000))),
    "wide-html": _read(_channel(item("wide", text="<b></b>" * 100_000))),
    "table-html": _read(_channel(item("table", text="<table><tr><td>" * 30_000))),
    "regex-html": _read(_channel(item("regex", text="<" * 100_000 + "a " * 100_000 + "='" * 50_000))),
    "one-word": _read(_channel(item("word", text="w" * 1_000_000))),
}
_FIELDS = (
    "title description author category comments guid pubDate link source dc:creator dc:subject itunes:author"
    " media:title media:credit content:encoded"
)
_NAMESPACES = (
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"'
    ' xmlns:media="http://search.yahoo.com/mrss/" xmlns:content="http://purl.org/rss/1.0/modules/content/"'
)
_JSON_FIELDS = (
    "id url external_url title content_html content_text summary image banner_image date_published language"
)
SCRIPTS = {
    "script-in-every-field": _read(
        f'<rss version="2.0" {_NAMESPACES}><channel><title>{ESCAPED}</title><link>{SCRIPT_URL}</link>'
        f"<description>{ESCAPED}</description><copyright>{ESCAPED}</copyright><language>{ESCAPED}</language><item>"
        + "".join(f"<{name}>{ESCAPED}</{name}>" for name in _FIELDS.split())
        + "</item></channel></rss>"
    ),
    "script-in-every-attribute": _read(
        f'<rss version="2.0" {_NAMESPACES}><channel><title>Evil</title><item><guid>attributes</guid><title>a</title>'
        f'<link>{SCRIPT_URL}</link><enclosure url="{SCRIPT_URL}" type="{ESCAPED}" length="{ESCAPED}"/>'
        f'<media:content url="{SCRIPT_URL}" type="{ESCAPED}"/><media:thumbnail url="{SCRIPT_URL}"/>'
        f'<source url="{SCRIPT_URL}">{ESCAPED}</source><category domain="{SCRIPT_URL}">{ESCAPED}</category>'
        f'<itunes:image href="{SCRIPT_URL}"/></item></channel></rss>'
    ),
    "script-in-atom": _read(
        atom(
            f'<entry><id>{ESCAPED}</id><title type="html">{ESCAPED}</title><updated>2026-01-01T00:00:00Z</updated>'
            f'<link href="{SCRIPT_URL}"/><link rel="enclosure" href="data:text/html,evil"/>'
            f'<author><name>{ESCAPED}</name><uri>{SCRIPT_URL}</uri></author><content type="xhtml">'
            f'<div xmlns="http://www.w3.org/1999/xhtml"><script>evil</script><a onclick="evil">x</a></div></content>'
            f'<summary type="image/svg+xml">{ESCAPED}</summary></entry>',
            head=f'<link rel="alternate" href="{SCRIPT_URL}"/><icon>{SCRIPT_URL}</icon>'
            f'<rights type="html">{ESCAPED}</rights>',
        )
    ),
    "script-as-base": _read(
        atom(entry("base", text='<a href="x">x</a>')).replace(
            b"<feed ", b'<feed xml:base="javascript:evil//" '
        )
    ),
    "script-in-json": _read(
        json.dumps(
            {
                "version": "https://jsonfeed.org/version/1.1",
                "title": ATTACK,
                "home_page_url": SCRIPT_URL,
                "icon": SCRIPT_URL,
                "authors": [{"name": ATTACK, "url": SCRIPT_URL, "avatar": SCRIPT_URL}],
                "items": [
                    dict.fromkeys(_JSON_FIELDS.split(), ATTACK)
                    | {"tags": [ATTACK], "attachments": [{"url": SCRIPT_URL, "mime_type": ATTACK}]},
                    {
                        "id": "urls",
                        "title": "u",
                        "url": SCRIPT_URL,
                        "image": SCRIPT_URL,
                        "content_text": ATTACK,
                    },
                ],
            }
        ),
        "application/feed+json",
    ),
    "direction": _read(_channel(item("direction", text="\u202e\u2066\u200b\ufeff" * 1000))),
    "end-of-cdata": _read(_channel("<item><guid>e</guid><title><![CDATA[]]]]><![CDATA[>]]></title></item>")),
}
_JSON = "application/feed+json"
JSON = {
    "json-nested": _refused("[" * 500_000, kind=_JSON),
    "json-nested-in-an-item": _refused(
        '{"version":"https://jsonfeed.org/version/1.1","title":"t","items":[{"id":' + '{"a":' * 100_000,
        kind=_JSON,
    ),
    "json-number": _read(
        f'{{"version":"https://jsonfeed.org/version/1.1","title":"t","items":[{{"id":{"9" * 5000},"title":"n"}}]}}',
        _JSON,
    ),
    "json-infinite": _read(
        '{"version":"https://jsonfeed.org/version/1.1","title":"t","items":[{"id":1e999,"title":NaN,"content_text":"x"}]}',
        _JSON,
    ),
    "json-surrogates": _read(
        '{"version":"https://jsonfeed.org/version/1.1","title":"\\ud800",'
        '"items":[{"id":"\\udfff","title":"\\ud800 x"}]}',
        _JSON,
    ),
    "json-of-other-types": _read(
        '{"version":"https://jsonfeed.org/version/1.1","title":[1],"items":[1,null,"x",[],{"id":{},"title":7,"tags":"x"},'
        '{"id":"fine","title":"fine","authors":{"name":1},"attachments":[null,{"url":[]}]}]}',
        _JSON,
    ),
    "json-items-no-list": _refused(
        '{"version":"https://jsonfeed.org/version/1.1","title":"t","items":{}}', kind=_JSON
    ),
}
_HISTORY = '<link rel="prev-archive" href="%s"/>'
HABITS = {
    "skips-every-hour": _read(
        _channel(
            item("hours"), head=f"<skipHours>{''.join(f'<hour>{n}</hour>' for n in range(24))}</skipHours>"
        )
    ),
    "ttl-of-a-century": _read(_channel(item("ttl"), head="<ttl>99999999999999999999</ttl>")),
    "archive-of-itself": _read(atom(entry("itself"), head=_HISTORY % "/archive-of-itself")),
    "archive-inside": _read(atom(entry("inside"), head=_HISTORY % "http://10.0.0.1/")),
    "archive-of-a-file": _read(atom(entry("file"), head=_HISTORY % "file:///etc/passwd")),
    "everything-deleted": _read(
        atom(*(f'<at:deleted-entry ref="urn:x:{n}" when="2026-01-01T00:00:00Z"/>' for n in range(10_000)))
    ),
}
DOCUMENTS = XML | NO_FEEDS | ENCODINGS | IDS | LARGE | SCRIPTS | JSON | HABITS
