"""Noticing that a configuration was edited, cheaply enough to look twice a second."""

import os
import re
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from aggregator.config.documents import FILE_LIMIT, Stamp, absolute, located, matches, opened, stamp
from aggregator.config.environment import overrides
from aggregator.config.problems import Problems
from aggregator.config.schema import INCLUDED

_NAMED = re.compile(r"""\b(?:\w+_)?file\s*=\s*(?:"([^"\\\n\0]+)"|'([^'\n\0]+)')""")


def watch_stamp(path: Path, *, environ: Mapping[str, str] = os.environ) -> Stamp:
    """Return what tells one state of the configuration files from another; compare with ==.

    Covers the main file, all that its includes match now, and the files of secrets
    that they or `environ` name. Never raises: a
    missing or broken main file has a stamp too. Two equal stamps in a row mean that nobody is writing.
    """
    main = absolute(path)
    own = stamp([main])
    included = dict.fromkeys(
        file for include in _includes(main, own) for file in matches(include, main.parent) if file != main
    )
    given = overrides(environ, Problems())
    named = [
        located(str(one.value), main.parent, environ)
        for (_, key), one in given.items()
        if key.endswith("_file")
    ]
    named += [
        located(name, file.parent, environ)
        for file in (main, *included)
        for name in _named(file, stamp([file]))
    ]
    return own + stamp(included) + stamp(dict.fromkeys(named))


@lru_cache(maxsize=256)
def _named(file: Path, state: Stamp) -> tuple[str, ...]:
    """Return the files that a file in this `state` names as holding secrets; some more do no harm."""
    del state  # part of the key: another state is read anew
    try:
        with opened(file) as named:
            text = named.read(FILE_LIMIT).decode("utf-8-sig")
    except (OSError, ValueError):
        return ()
    return tuple(basic or literal for basic, literal in _NAMED.findall(text))


@lru_cache(maxsize=8)
def _includes(main: Path, state: Stamp) -> tuple[str, ...]:
    """Return the includes of the main file in this `state`; none of one that cannot be read."""
    del state  # part of the key: another state is read anew
    try:
        with opened(main) as file:
            data = tomllib.loads(file.read(FILE_LIMIT).decode("utf-8-sig"))
    except (OSError, ValueError, RecursionError):  # ValueError: not UTF-8, not TOML
        return ()
    table = data.get("aggregator", {})
    includes = table.get("include", INCLUDED) if isinstance(table, dict) else ()
    usable = includes if isinstance(includes, list | tuple) else ()
    return tuple(one for one in usable if isinstance(one, str) and "\0" not in one)
