"""Entries that a source tells again under other guids and addresses: a new generator, https, another host.

Looked for only when most of a document seems new, for it crosses the window of publication times that
elsewhere keeps what recurs apart. Title and place on the site must be the same, and the date or the text.
"""

from collections.abc import Iterable, Iterator

from aggregator.model import Candidate, Entry, Told
from aggregator.urls import folded_key

_Key = tuple[str, str, str]


class Reissued:
    """The entries a source has told, by what stays the same when everything else changes."""

    def __init__(self, told: Iterable[Told]) -> None:
        self._stories: dict[_Key, Candidate] = {}
        for one in told:  # the latest first: of what recurs, that is what is told again
            for key in _keys(one):
                self._stories.setdefault(key, one.story)

    def get(self, entry: Entry) -> Candidate | None:
        """Return the story of the entry that this one is, told again; None when there is none."""
        return next((self._stories[key] for key in _keys(entry) if key in self._stories), None)


def _keys(one: Entry | Told) -> Iterator[_Key]:
    place = _place(one.url)
    if not one.title or not place:
        return
    if one.published_at is not None:
        yield one.title, place, one.published_at.replace(microsecond=0).isoformat()
    if one.content_text:
        yield one.title, place, one.content_text


def _place(url: str | None) -> str:
    """Return where an address stands on its site, whatever the site is called; "" for none, and the homepage."""
    if not url:
        return ""
    return folded_key(url).partition("://")[2].partition("/")[2]
