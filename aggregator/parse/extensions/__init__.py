"""What entries of an XML feed carry besides their text, read in a pass of its own.

feedparser keeps the last media:group and podcast:transcript of an entry only, loses which title belongs to
which media:content, and knows prefixes where it should know namespaces. So it tells whether there is anything
to look for, and plain documents pay nothing.

All that is read of an entry stands in the entry itself; of what is around it only namespaces and xml:base count.
"""

import re
from collections.abc import Iterable, Sequence

from lxml import etree

from aggregator.model import NO_EXTRAS, Extras
from aggregator.parse.extensions.elements import Said, is_entry
from aggregator.parse.extensions.links import contributors, licences, links, origin, rights, thread
from aggregator.parse.extensions.media import media, thumbnail
from aggregator.parse.extensions.places import place
from aggregator.parse.extensions.podcast import episode

# What feedparser makes of the elements that are read from its own result.
_PLAIN = frozenset(
    {
        *("title", "title_detail", "summary", "summary_detail", "content"),
        *("id", "guidislink", "link", "links", "tags", "authors", "author", "author_detail", "language"),
        *("published", "published_parsed", "updated", "updated_parsed", "created", "created_parsed"),
        *("expired", "expired_parsed"),
    }
)
_PLAIN_RELATIONS = frozenset({"enclosure", "self", "edit"})
_ABOUT = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"
_START = re.compile(rb"<(?:[\w.-]+:)?(?:item|entry)(?=[\s>])", re.IGNORECASE)
_END = re.compile(rb"</(?:[\w.-]+:)?(?:item|entry)\s*>", re.IGNORECASE)
_DECLARATION = re.compile(rb"xmlns(?::[\w.-]+)?\s*=\s*(?:\"[^\"<]*\"|'[^'<]*')")
_OF_MEDIA = frozenset({"media", "podcast"})
_OF_EPISODES = frozenset({"itunes", "podcast", "psc"})
_OF_PLACES = frozenset({"geo", "georss", "gml"})
_MOST_CHILDREN = 1000  # elements of one entry that are looked at


def is_worth_a_look(names: Iterable[str], relations: Sequence[str]) -> bool:
    """Whether an entry has more than feedparser tells whole, by the names it saw and its links' relations."""
    if not _PLAIN.issuperset(names):
        return True
    return relations.count("alternate") > 1 or not _PLAIN_RELATIONS.union({"alternate"}).issuperset(relations)


def look(document: bytes, ids: Sequence[str]) -> tuple[Extras, ...]:
    """Return what each entry of a UTF-8 document carries; never raises.

    `ids` are the entries as feedparser found them, and how many extras are returned. Where it saw other
    entries in a broken document than we do, each is read by itself, and only those of the same id get theirs.
    """
    found = list(_entries(document))
    if len(found) != len(ids):
        found = list(_pieces(document))
    if len(found) == len(ids):
        return tuple(map(_extras, found))
    known = {identity: _extras(one) for one in found if (identity := _identity(one))}
    return tuple(known.get(one, NO_EXTRAS) for one in ids)


def _pieces(document: bytes) -> Iterable[Said]:
    """Read the entries one by one: a stray end tag in one then costs the others nothing."""
    names, at = b"", 0
    while (start := _START.search(document, at)) and (end := _END.search(document, start.end())):
        if at == 0:
            names = b" ".join(dict.fromkeys(_DECLARATION.findall(document, 0, start.start())))
        at = end.end()
        yield from _entries(b"<channel %b>%b</channel>" % (names, document[start.start() : at]))


def _entries(document: bytes) -> Iterable[Said]:
    """Read a document as a tree: libxml2 is quadratic in an endless tag that it gets in pieces."""
    parser = etree.XMLParser(
        recover=True,
        resolve_entities="internal",  # type: ignore[arg-type]  # new in lxml 5, which the stubs do not know
        no_network=True,
        load_dtd=False,
        remove_comments=True,
    )
    try:
        root = etree.fromstring(document, parser)
    except etree.XMLSyntaxError:  # there is no element at all; the defect is told by the other pass
        return
    if root is None:
        return
    for element in root.iter("{*}item", "{*}entry", "{*}Item", "{*}Entry", "{*}ITEM", "{*}ENTRY"):
        if is_entry(element) and not any(map(is_entry, element.iterancestors())):
            yield Said.of(element, most=_MOST_CHILDREN)


def _identity(said: Said) -> str:
    """Return what an entry is recognised by, "" for nothing."""
    return said.text("guid", "atom:id", "id") or str(said.element.get(_ABOUT) or said.text("link") or "")


def _extras(said: Said) -> Extras:
    """Return what an entry carries."""
    prefixes = said.prefixes
    found = Extras(
        media=media(said) if prefixes & _OF_MEDIA else (),
        thumbnail=thumbnail(said) if "media" in prefixes else None,
        episode=episode(said) if prefixes & _OF_EPISODES else None,
        thread=thread(said),
        place=place(said) if prefixes & _OF_PLACES else None,
        origin=origin(said),
        rights=rights(said),
        licences=licences(said),
        contributors=contributors(said),
        links=links(said),
    )
    return NO_EXTRAS if found == NO_EXTRAS else found
