"""The files of a configuration: which they are, what is in them, and where in them."""

import errno
import glob
import re
import stat
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from os.path import abspath, exists, realpath
from pathlib import Path
from typing import Any, BinaryIO

from aggregator.config.positions import Path as KeyPath
from aggregator.config.positions import Positions
from aggregator.config.problems import Place, Problems, quoted

FILE_LIMIT = 64 << 20  # bytes
_MAGIC = re.compile(r"[*?\[]")
_AT = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)\Z")
_BOM = "\ufeff"

# What stands in place of a file's content while an edit is tried out; keys are absolute.
Overlay = Mapping[Path, bytes]


@dataclass(frozen=True, slots=True)
class Document:
    """A TOML file that was read."""

    path: Path  # absolute
    shown: str  # as messages name it
    data: dict[str, Any]
    positions: Positions

    def key(self, path: KeyPath) -> Place:
        """Return where the key at `path` stands, or what is around it."""
        return Place(self.shown, *self.positions.key(path))

    def value(self, path: KeyPath) -> Place:
        """Return where the value at `path` stands, or what is around it."""
        return Place(self.shown, *self.positions.value(path))


def shown(path: Path) -> str:
    """Return a path as messages name it: relative to the current directory if it is below."""
    whole = absolute(path)
    try:
        here = Path.cwd()
    except FileNotFoundError:  # it was removed
        return str(whole)
    return str(whole.relative_to(here)) if whole.is_relative_to(here) else str(whole)


def absolute(path: Path) -> Path:
    """Return a path from the root on, as it is where the current directory was removed."""
    try:
        return Path(abspath(path))
    except FileNotFoundError:
        return path


def located(text: str, base: Path, environ: Mapping[str, str]) -> Path:
    """Return the absolute path that `text`, written in a file in directory `base`, means."""
    home = environ.get("HOME")
    if home and text.startswith("~/"):
        return Path(home, text[2:])
    return Path(abspath(base / text))


def is_pattern(include: str) -> bool:
    """Return whether an include may match any number of files, none included."""
    return bool(_MAGIC.search(include))


def matches(include: str, base: Path) -> list[Path]:
    """Return the files an include means, those of a pattern in order of name. They need not exist."""
    if not is_pattern(include):
        return [Path(abspath(base / include))]
    found = glob.glob(include, root_dir=base, recursive=True)  # noqa: PTH207  # Path.glob refuses absolute patterns
    return [Path(abspath(base / name)) for name in sorted(found)]


def opened(path: Path) -> BinaryIO:
    """Open a file to read; OSError for a pipe, where that would wait for somebody to write to it, perhaps for ever."""
    if stat.S_ISFIFO(path.stat().st_mode):
        raise OSError(errno.ESPIPE, "it is a pipe, not a file")
    return path.open("rb")


def read_document(
    path: Path, problems: Problems, *, overlay: Overlay, asked: Place | None = None
) -> Document | None:
    """Read one file; None when it cannot be used, which is noted in `problems`.

    `asked` is where the file is named: a file that cannot be opened is reported there.
    """
    name = shown(path)
    problems.name(name)
    place = asked or Place(name)
    content = overlay.get(path)
    if content is None:
        try:
            with opened(path) as file:
                content = file.read(FILE_LIMIT + 1)
        except (OSError, ValueError) as exc:  # ValueError: a NUL in the path
            problems.error(place, _unreadable(name, exc, included=asked is not None))
            return None
    if len(content) > FILE_LIMIT:
        problems.error(place, f"{name} is larger than {FILE_LIMIT >> 20} MiB")
        return None
    try:
        text = content.decode()
    except UnicodeDecodeError as exc:
        line = content.count(b"\n", 0, exc.start) + 1
        column = len(content[content.rfind(b"\n", 0, exc.start) + 1 : exc.start].decode()) + 1
        problems.error(Place(name, line, column), "not UTF-8: save the file in that encoding")
        return None
    return _parsed(path, name, text.removeprefix(_BOM), problems)


def _parsed(path: Path, name: str, text: str, problems: Problems) -> Document | None:
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        found = _AT.search(str(exc))
        line, column = (found[1], found[2]) if found and found[1] else _end(text)
        problems.error(Place(name, int(line), int(column)), f"not TOML: {_AT.sub('', str(exc))}")
        return None
    except ValueError:  # of `int`: more digits than sys.set_int_max_str_digits allows
        problems.error(Place(name), "a number in it is too long")
        return None
    except RecursionError:
        problems.error(Place(name), "arrays or tables are nested too deeply")
        return None
    return Document(path=path, shown=name, data=data, positions=Positions(text))


def _end(text: str) -> tuple[int, int]:
    return text.count("\n") + 1, len(text) - (text.rfind("\n") + 1) + 1


def _unreadable(name: str, exc: OSError | ValueError, *, included: bool) -> str:
    if isinstance(exc, FileNotFoundError) and included:
        return f"there is no file {quoted(name)}: make it, or take it out of include"
    if isinstance(exc, FileNotFoundError):
        return "no such file: name another with -c FILE, or start from the sample config/aggregator.toml"
    if isinstance(exc, IsADirectoryError) or getattr(exc, "errno", None) == errno.EISDIR:
        return f"{quoted(name)} is a directory, not a TOML file"
    if isinstance(exc, PermissionError):
        return f"{quoted(name)} may not be read by this user: change its owner or mode"
    return f"{quoted(name)} cannot be read: {getattr(exc, 'strerror', None) or exc}"


def read_included(
    main: Document, includes: Sequence[str], problems: Problems, *, overlay: Overlay
) -> tuple[list[Document], bool]:
    """Read what the main file includes, every file once; say also whether all could be read.

    Patterns may match nothing, and so may the names that are included when `include` is absent.
    """
    explicit = "include" in main.data.get("aggregator", {})
    seen = {realpath(main.path)}
    documents: list[Document] = []
    complete = True
    for number, include in enumerate(includes):
        for path in matches(include, main.path.parent):
            optional = not explicit and not exists(path) and path not in overlay
            if optional or realpath(path) in seen:
                continue
            seen.add(realpath(path))
            asked = main.value(("aggregator", "include", number))
            document = read_document(path, problems, overlay=overlay, asked=asked)
            complete = complete and document is not None
            documents += [document] if document is not None else []
    return documents, complete


Stamp = tuple[tuple[str, int, int, int, int], ...]


def stamp(paths: Iterable[Path]) -> Stamp:
    """Return path, mtime_ns, ctime_ns (a mode or owner may change), size and inode of every file; -1 if unseen."""
    return tuple(_stamp(path) for path in paths)


def _stamp(path: Path) -> tuple[str, int, int, int, int]:
    try:
        found = path.stat()
    except (OSError, ValueError):
        return str(path), -1, -1, -1, -1
    return str(path), found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino
