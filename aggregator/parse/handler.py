"""feedparser's strict handler with two of its costs taken off; what it makes of a document stays the same.

- It parses each date, in a dozen ways in turn, and `dates` decides what a date means: here it notes None.
- It asks for the type and base of the text it is in several times an element, of a dict that guesses at names in
  Python; here that is a plain one. It copies them deeply with every text, which are strings.

Written against feedparser 6.0.14, `namespaces/_base.py` and `mixin.py`.
"""

from collections.abc import Mapping
from operator import attrgetter
from typing import Any

from feedparser.api import StrictFeedParser


class Details(dict[str, Any]):
    """What feedparser says about a text: strings, numbers, None."""

    def __deepcopy__(self, memo: object) -> "Details":
        return Details(self)


class Handler(StrictFeedParser):  # type: ignore[misc]  # feedparser has no types
    """A handler of feedparser's own making becomes one by `adopt`, for feedparser lets nobody make it."""

    def _set_details(self, said: Mapping[str, Any]) -> None:
        self._details = Details(said)

    contentparams = property(attrgetter("_details"), _set_details)

    def _end_published(self) -> None:
        self.pop("published")
        self._save("published_parsed", None, overwrite=True)

    _end_issued = _end_pubdate = _end_published

    def _end_updated(self) -> None:
        self.pop("updated")
        self._save("updated_parsed", None, overwrite=True)

    _end_modified = _end_lastbuilddate = _end_updated

    def _end_created(self) -> None:
        self.pop("created")
        self._save("created_parsed", None, overwrite=True)

    def _end_expirationdate(self) -> None:
        self.pop("expired")
        self._save("expired_parsed", None, overwrite=True)


def adopt(handler: Any) -> None:
    """Make feedparser's handler one of ours."""
    if type(handler) is StrictFeedParser:
        details = vars(handler).pop("contentparams")
        handler.__class__ = Handler
        handler.contentparams = details
