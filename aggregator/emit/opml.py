"""OPML 2.0: the list of sources, for people and for other readers to import."""

from collections.abc import Sequence

from lxml import etree

from aggregator.emit.legal import line, web_address
from aggregator.model import Document, FeedHead, Source

CONTENT_TYPE = "text/x-opml; charset=utf-8"
PATH = "opml.xml"


def emit_opml(title: str, sources: Sequence[tuple[Source, FeedHead]]) -> Document:
    """Return the subscription list, in the order of the configuration.

    Without owner and dates: it changes only when a source, or what it says of itself, does.
    """
    root = etree.Element("opml", version="2.0")
    head = etree.SubElement(root, "head")
    etree.SubElement(head, "title").text = line(title)
    body = etree.SubElement(root, "body")
    for source, said in sources:
        outline = etree.SubElement(body, "outline", _attributes(source, said))
        outline.tail = "\n"
    if not sources:
        etree.SubElement(
            body, "outline", text=line(title)
        )  # OPML 2.0: "contains one or more outline elements"
    document: bytes = etree.tostring(root, encoding="utf-8", xml_declaration=True)
    return Document(path=PATH, body=document, content_type=CONTENT_TYPE)


def _attributes(source: Source, said: FeedHead) -> dict[str, str]:
    name = line(source.title or said.title or "") or source.id
    attributes = {"type": "rss", "text": name, "title": name, "xmlUrl": line(source.url)}
    home_url = web_address(said.home_url)
    if home_url:
        attributes["htmlUrl"] = home_url
    if source.tags:
        attributes["category"] = ",".join(line(tag) for tag in source.tags)
    return attributes
