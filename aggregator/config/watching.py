"""Noticing that a configuration was edited, cheaply enough to look twice a second."""

import tomllib
from functools import lru_cache
from os.path import abspath
from pathlib import Path

from aggregator.config.documents import FILE_LIMIT, Stamp, matches, stamp
from aggregator.config.schema import INCLUDED


def watch_stamp(path: Path) -> Stamp:
    """Return what tells one state of the configuration files from another; compare with ==.

    Covers the main file and all that its includes match now. Never raises: a missing or broken main
    file has a stamp too. Two equal stamps in a row mean that nobody is writing.
    """
    main = Path(abspath(path))
    own = stamp([main])
    included = (
        file for include in _includes(main, own) for file in matches(include, main.parent) if file != main
    )
    return own + stamp(dict.fromkeys(included))


@lru_cache(maxsize=8)
def _includes(main: Path, state: Stamp) -> tuple[str, ...]:
    """Return the includes of the main file in this `state`; none of one that cannot be read."""
    del state  # part of the key: another state is read anew
    try:
        with main.open("rb") as file:
            data = tomllib.loads(file.read(FILE_LIMIT).decode("utf-8-sig"))
    except (OSError, ValueError, RecursionError):  # ValueError: not UTF-8, not TOML
        return ()
    table = data.get("aggregator", {})
    includes = table.get("include", INCLUDED) if isinstance(table, dict) else ()
    usable = includes if isinstance(includes, list | tuple) else ()
    return tuple(one for one in usable if isinstance(one, str) and "\0" not in one)
