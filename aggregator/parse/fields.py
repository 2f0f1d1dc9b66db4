"""What feedparser keeps what it has read in, without its guesses in Python where there is nothing to guess."""

from typing import Any

from feedparser.util import FeedParserDict

# What `FeedParserDict` takes for another name, or looks at before it looks it up.
_GUESSED = frozenset(
    {*FeedParserDict.keymap, "category", "enclosures", "license", "updated", "updated_parsed"}
)


class Details(dict[str, Any]):
    """What feedparser says about a text: strings, numbers, None."""

    def __deepcopy__(self, memo: object) -> "Details":
        return Details(self)


class Fields(FeedParserDict):  # type: ignore[misc]  # feedparser has no types
    """What feedparser has read of an entry: a name that stands for no other one is looked up as it is."""

    __hash__ = object.__hash__  # that of the one it is, as feedparser's in Python

    def __contains__(self, key: object) -> bool:
        return super().__contains__(key) if key in _GUESSED else dict.__contains__(self, key)

    def get(self, key: str, default: Any = None) -> Any:
        return super().get(key, default) if key in _GUESSED else dict.get(self, key, default)

    def __getitem__(self, key: str) -> Any:
        return super().__getitem__(key) if key in _GUESSED else dict.__getitem__(self, key)

    def __setitem__(self, key: str, value: Any) -> None:
        if key in _GUESSED:
            super().__setitem__(key, value)
        else:
            dict.__setitem__(self, key, value)

    def setdefault(self, key: str, default: Any = None) -> Any:
        return super().setdefault(key, default) if key in _GUESSED else dict.setdefault(self, key, default)
