"""Which directories a configuration means."""

import os
from collections.abc import Mapping
from os.path import abspath
from pathlib import Path

from aggregator.config.documents import located

NAME = "aggregator"  # of our directory below XDG ones
CONFIG_NAME = "config"  # of the directory in a checkout that holds the main file, beside data/
DATA_NAME = "data"


def data_dir(written: str, main: Path, environ: Mapping[str, str]) -> Path:
    """Return the data directory: what is `written`, else the first default that applies.

    $STATE_DIRECTORY is systemd's (a list separated by colons; the first is ours). data/ beside the
    directory of the main file is meant when that is called config, or when it is there already.
    """
    if written:
        return located(written, main.parent, environ)
    given = environ.get("STATE_DIRECTORY", "").partition(":")[0]
    if given:
        return Path(abspath(given))
    beside = main.parent.parent / DATA_NAME
    if main.parent.name == CONFIG_NAME or os.path.isdir(beside):  # noqa: PTH112  # never raises
        return beside
    home = environ.get("HOME") or os.path.expanduser("~")  # noqa: PTH111  # never raises
    state = environ.get("XDG_STATE_HOME", "")  # the specification wants relative paths ignored
    return (Path(state) if state.startswith("/") else Path(abspath(home)) / ".local" / "state") / NAME


def file_roots(main: Path, data: Path) -> tuple[Path, ...]:
    """Return the directories below which file: sources may lie.

    In a checkout data/ beside config/ is one even when the data live elsewhere: the samples are there.
    """
    roots = [main.parent, data]
    if main.parent.name == CONFIG_NAME:
        roots.append(main.parent.parent / DATA_NAME)
    return tuple(dict.fromkeys(roots))
