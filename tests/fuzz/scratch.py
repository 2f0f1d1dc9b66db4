"""A folder of this process, gone with it."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

_kept: list[TemporaryDirectory[str]] = []


@cache
def scratch(name: str) -> Path:
    """Return a folder that is empty when a process first asks for it."""
    _kept.append(TemporaryDirectory(prefix="fuzz-"))
    folder = Path(_kept[-1].name, name)
    folder.mkdir()
    return folder
