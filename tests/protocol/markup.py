"""Feeds to publish, as short as a test can have them."""

from html import escape


def item(guid: str, *, link: str = "", date: str = "", text: str = "") -> str:
    """Return an RSS item whose title is "Title GUID"."""
    parts = {"guid": guid, "title": f"Title {guid}", "link": link, "pubDate": date, "description": text}
    said = (f"<{name}>{escape(value)}</{name}>" for name, value in parts.items() if value)
    return f"<item>{''.join(said)}</item>"


def rss(*items: str, head: str = "", title: str = "Feed") -> bytes:
    """Return an RSS 2.0 document; `head` is further XML of its channel."""
    return (
        f'<rss version="2.0" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"><channel>'
        f"<title>{title}</title>{head}{''.join(items)}</channel></rss>"
    ).encode()


def entry(name: str, *, updated: str = "2026-02-01T00:00:00Z", text: str = "") -> str:
    """Return an Atom entry whose id is "urn:x:NAME" and title "Title NAME"."""
    return (
        f"<entry><id>urn:x:{name}</id><title>Title {name}</title><updated>{updated}</updated>"
        f"<summary>{escape(text or f'Summary of {name}')}</summary></entry>"
    )


def deleted(name: str, when: str) -> str:
    """Return the word that the entry of that name is deleted (RFC 6721 §3)."""
    return f'<at:deleted-entry ref="urn:x:{name}" when="{when}"/>'


def atom(*parts: str, head: str = "", title: str = "Feed") -> bytes:
    """Return an Atom document; `head` is further XML of its feed."""
    return (
        '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:at="http://purl.org/atompub/tombstones/1.0"'
        f' xmlns:fh="http://purl.org/syndication/history/1.0"><id>urn:x:feed:{title}</id><title>{title}</title>'
        f"<updated>2026-02-01T00:00:00Z</updated>{head}{''.join(parts)}</feed>"
    ).encode()
