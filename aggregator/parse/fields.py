"""What feedparser keeps what it has read in, without its guesses in Python where there is nothing to guess."""

from typing import Any

from feedparser.util import FeedParserDict

# What entries are asked for most; none of them is in `FeedParserDict.keymap` or looked at by its `__getitem__`.
_NAMES = (
    "author author_detail authors content guidislink id language link links published published_parsed source summary"
    " summary_detail tags title title_detail"
)
_OWN_NAMES = frozenset(_NAMES.split())


class Details(dict[str, Any]):
    """What feedparser says about a text: strings, numbers, None."""

    def __deepcopy__(self, memo: object) -> "Details":
        return Details(self)


class Fields(FeedParserDict):  # type: ignore[misc]  # feedparser has no types
    """What feedparser has read of an entry: a name that stands for no other one is looked up as it is."""

    def __contains__(self, key: object) -> bool:
        return dict.__contains__(self, key) if key in _OWN_NAMES else super().__contains__(key)

    def get(self, key: str, default: Any = None) -> Any:
        return dict.get(self, key, default) if key in _OWN_NAMES else super().get(key, default)

    def __getitem__(self, key: str) -> Any:
        return dict.__getitem__(self, key) if key in _OWN_NAMES else super().__getitem__(key)

    def __setitem__(self, key: str, value: Any) -> None:
        if key in _OWN_NAMES:
            dict.__setitem__(self, key, value)
        else:
            super().__setitem__(key, value)

    def setdefault(self, key: str, default: Any = None) -> Any:
        return dict.setdefault(self, key, default) if key in _OWN_NAMES else super().setdefault(key, default)
