"""What an entry is connected with: threads (RFC 4685, slash, wfw), its origin, rights, and further links."""

from collections.abc import Iterator

from aggregator.model import Link, Origin, Person, Reply, Thread
from aggregator.parse.extensions.elements import Element, Said, attribute, number, text, url

MOST_ANSWERS = 10
MOST_LINKS = 20
MOST_LICENCES = 5
MOST_CONTRIBUTORS = 20
_REGISTERED = "http://www.iana.org/assignments/relation/"  # RFC 4287 §4.2.7.2: what a short name stands for
_RESOURCE = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}resource"
_XHTML = "application/xhtml+xml"
_COUNT = "{http://purl.org/syndication/thread/1.0}count"
_LINK = "atom:link"

# Children of which these things are told: most entries have none of them, and are asked about each.
_OF_THREADS = frozenset(
    {_LINK, "thr:in-reply-to", "thr:total", "slash:comments", "comments", "wfw:commentrss"}
)
_RIGHTS = ("atom:rights", "atom:copyright", "dc:rights", "dcterms:rights", "media:copyright", "rights")
_LICENCES = ("creativecommons:license", "cc:license", "dcterms:license", "media:license")
_OF_LICENCES = frozenset({_LINK, "media:group", *_LICENCES})
_OF_CONTRIBUTORS = frozenset({"atom:contributor", "dc:contributor"})
_OF_LINKS = frozenset({_LINK, "atom:content"})


def thread(said: Said) -> Thread | None:
    """Return what an entry answers and where it is answered, or None."""
    if not said.has(_OF_THREADS):
        return None
    replies = [link for link in said.all(_LINK) if relation(link) == "replies"]
    pages = [link for link in replies if not _is_feed(link)]
    feeds = [link for link in replies if _is_feed(link)]
    counts = (number(link.get(_COUNT)) for link in replies)
    comments = number(said.text("thr:total", "slash:comments"))
    found = Thread(
        answers=tuple(_answers(said)),
        comments=comments if comments is not None else next((n for n in counts if n is not None), None),
        comments_url=_address(said, "comments") or next(map(_href, pages), None),
        comments_feed=_address(said, "wfw:commentrss") or next(map(_href, feeds), None),
    )
    return found if found != Thread() else None


def origin(said: Said) -> Origin | None:
    """Return the feed an entry says it was copied from, or None."""
    source = said.first("atom:source", "source")
    if source is None:
        return None
    inner = Said.of(source)
    links = list(inner.all("atom:link"))
    found = Origin(
        id=inner.text("atom:id"),
        title=inner.markup("atom:title") or (text(source) if not inner.children else None) or None,
        feed_url=url(source, attribute(source, "url"))
        or next((_href(link) for link in links if relation(link) == "self"), None),
        home_url=next((_href(link) for link in links if relation(link) == "alternate"), None),
    )
    return found if found != Origin() else None


def rights(said: Said) -> str | None:
    return said.text(*_RIGHTS)


def licences(said: Said) -> tuple[str, ...]:
    """Return the addresses of licences, each once (RFC 4946; the Creative Commons modules)."""
    if not said.has(_OF_LICENCES):
        return ()
    found = [_href(link) for link in said.all(_LINK) if relation(link) == "license"]
    groups = [one for group in said.all("media:group") for one in Said.of(group).all("media:license")]
    for element in (*said.all(*_LICENCES), *groups):
        address = element.get(_RESOURCE) or attribute(element, "href") or text(element)
        found.append(url(element, str(address)))
    return tuple(dict.fromkeys(filter(None, found)))[:MOST_LICENCES]


def contributors(said: Said) -> tuple[Person, ...]:
    if not said.has(_OF_CONTRIBUTORS):
        return ()
    people = [*map(_person, said.all("atom:contributor"))]
    people += [Person(name=text(element)) for element in said.all("dc:contributor") if text(element)]
    return tuple(dict.fromkeys(one for one in people if one != Person()))[:MOST_CONTRIBUTORS]


def links(said: Said) -> tuple[Link, ...]:
    """Return the links to what is related, to where it was found, and to other forms of the entry."""
    return tuple(_links(said))[:MOST_LINKS] if said.has(_OF_LINKS) else ()


def relation(link: Element) -> str:
    """Return what a link is for; without a word it is the entry itself (RFC 4287 §4.2.7.2)."""
    return (attribute(link, "rel") or "alternate").lower().removeprefix(_REGISTERED)


def _links(said: Said) -> Iterator[Link]:
    for content in said.all("atom:content"):  # what stands elsewhere (RFC 4287 §4.1.3.2)
        if address := url(content, attribute(content, "src")):
            yield Link(rel="alternate", url=address, type=attribute(content, "type"))
    alternates = int(said.first("link") is not None)  # RSS has a <link> besides
    for link in said.all(_LINK):
        rel, address = relation(link), _href(link)
        alternates += rel == "alternate"
        # The first alternate is the entry's own link.
        if address and (rel in {"related", "via"} or (rel == "alternate" and alternates > 1)):
            yield Link(
                rel=rel,
                url=address,
                type=attribute(link, "type"),
                title=attribute(link, "title"),
                language=attribute(link, "hreflang"),
            )


def _answers(said: Said) -> Iterator[Reply]:
    for count, element in enumerate(said.all("thr:in-reply-to")):
        ref = attribute(element, "ref")
        address = url(element, attribute(element, "href")) or None
        if (ref or address) and count < MOST_ANSWERS:
            yield Reply(ref=ref or address or "", url=address)


def _is_feed(link: Element) -> bool:
    media_type = (attribute(link, "type") or "").lower()
    return media_type != _XHTML and media_type.endswith(("+xml", "/xml", "feed+json"))


def _href(link: Element) -> str:
    return url(link, attribute(link, "href"))


def _address(said: Said, name: str) -> str | None:
    element = said.first(name)
    return None if element is None else url(element, text(element)) or None


def _person(element: Element) -> Person:
    inner = Said.of(element)
    return Person(
        name=inner.markup("atom:name"),
        email=inner.text("atom:email"),
        url=url(element, inner.text("atom:uri", "atom:url")) or None,
    )
