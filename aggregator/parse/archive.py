"""Where the entries before those of a document are (RFC 5005)."""

from collections.abc import Iterable

from aggregator.urls import absolute

_REGISTERED = "http://www.iana.org/assignments/relation/"  # RFC 4287 §4.2.7.2: what a short name stands for
# Archived feeds (§4) before paged ones (§3): pages shift, archives never.
_RELATIONS = ("prev-archive", "next")


def archive_url(base: str, links: Iterable[tuple[str, str]]) -> str | None:
    """Return the address of the next older document among the (rel, href) of a feed, or None.

    Only what can be fetched counts, so that an unusable prev-archive does not hide a usable next.
    """
    found: dict[str, str] = {}
    for rel, href in links:
        relation = rel.strip().lower().removeprefix(_REGISTERED)
        if relation in _RELATIONS and relation not in found:
            address = absolute(base, href)
            if address and address.startswith(("http://", "https://")):
                found[relation] = address
    return next((found[relation] for relation in _RELATIONS if relation in found), None)
