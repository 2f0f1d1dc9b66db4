"""Entries as bytes: rendered once, and put into every document that shows them.

A document is its head, then entries, then its end; of an entry only the declarations of namespaces depend on what
stands around it. So an entry is kept without them, with the prefixes that it uses.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from lxml import etree


@dataclass(frozen=True, slots=True)
class Piece:
    """An element without the declarations of `prefixes`, which are all of the prefixes it uses but the format's own."""

    body: bytes
    prefixes: frozenset[str]


def cut(root: etree._Element, namespaces: Mapping[str, str]) -> Piece:
    """Return what `root` contains."""
    etree.cleanup_namespaces(root, top_nsmap=dict(namespaces))
    text: bytes = etree.tostring(root, encoding="utf-8")
    start, end = text.index(b">") + 1, text.rindex(b"</")
    return Piece(text[start:end], frozenset(namespaces.keys() & root.nsmap.keys()))


def joined(
    root: etree._Element,
    pieces: Collection[Piece],
    namespaces: Mapping[str, str],
    *,
    end: bytes,
    always: Collection[str] = (),
) -> bytes:
    """Return the document `root` with `pieces` in it, before the last `end`.

    It declares the prefixes that are used in it, and those that are `always` declared.
    """
    used = frozenset(always).union(*(piece.prefixes for piece in pieces))
    etree.cleanup_namespaces(
        root, top_nsmap=dict(namespaces), keep_ns_prefixes=[prefix for prefix in namespaces if prefix in used]
    )
    text: bytes = etree.tostring(root, encoding="utf-8", xml_declaration=True)
    at = text.rindex(end)
    return b"".join((text[:at], *(piece.body for piece in pieces), text[at:]))


def alone(piece: Piece, namespaces: Mapping[str, str]) -> bytes:
    """Return an element that declares for itself the prefixes it uses, fit for any document of its format."""
    declared = "".join(f' xmlns:{one}="{namespaces[one]}"' for one in sorted(piece.prefixes))
    name = len(piece.body) - len(piece.body.lstrip(b"<abcdefghijklmnopqrstuvwxyz"))
    return piece.body[:name] + declared.encode() + piece.body[name:]
