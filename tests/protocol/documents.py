"""Small feeds for publishers to serve, and the headers they serve them with."""

from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime

from tests.fetch.server import Answer, Asked

Headers = Sequence[tuple[str, str]]
GONE = Answer(status=410)  # ends a source, and so a test that lets months pass
CAPTCHA = b"<!DOCTYPE html><html><head><title>Are you human?</title></head><body>Prove it.</body></html>"
# An entry each that is known by its guid, by its address, and by nothing but its text.
MOVING = Answer(
    body=b"""<rss version="2.0"><channel><title>Moving</title>
    <item><guid>moving-1</guid><title>By guid</title></item>
    <item><link>https://moving.example/2</link><title>By address</title></item>
    <item><title>By text</title><description>It has no name.</description></item></channel></rss>"""
)


def rss(*guids: str, title: str = "Told", text: str = "") -> bytes:
    """A feed with an entry for each guid."""
    items = "".join(
        f"<item><guid>{guid}</guid><title>News {guid}</title><description>{text}</description></item>"
        for guid in guids
    )
    return f'<rss version="2.0"><channel><title>{title}</title>{items}</channel></rss>'.encode()


def feed(*guids: str, headers: Headers = ()) -> Answer:
    """A 200 with such a feed."""
    return Answer(body=rss(*guids), headers=headers)


def tagged(etag: str | None = None, modified: str | None = None) -> Headers:
    """The validators of an answer."""
    said = (("ETag", etag), ("Last-Modified", modified))
    return [(name, value) for name, value in said if value is not None]


def sent(asked: Asked) -> tuple[str | None, str | None]:
    """The validators of a request: If-None-Match and If-Modified-Since."""
    return asked.header("if-none-match"), asked.header("if-modified-since")


def versioned(asked: Asked) -> Answer:
    """A feed for whoever has none; for the others it is unchanged."""
    return Answer(status=304) if asked.header("if-none-match") else feed(asked.path, headers=tagged('"1"'))


def http_date(at: datetime) -> str:
    """IMF-fixdate, as everybody should write it."""
    return format_datetime(at, usegmt=True)


def rfc850_date(at: datetime) -> str:
    return at.strftime("%A, %d-%b-%y %H:%M:%S GMT")


def asctime_date(at: datetime) -> str:
    return at.strftime("%a %b ") + f"{at.day:2d}" + at.strftime(" %H:%M:%S %Y")
