"""Following and unfollowing sources: the files are edited in place, all else in them byte for byte."""

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os.path import realpath
from pathlib import Path

import tomlkit

from aggregator.config.documents import is_pattern, matches, shown
from aggregator.config.identity import id_of, same_address
from aggregator.config.loading import Survey, survey
from aggregator.config.settings import Configuration
from aggregator.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSource:
    """A feed to be followed. Without an `id` it gets one from its host name, written down with it."""

    url: str
    title: str | None = None
    tags: tuple[str, ...] = ()
    id: str | None = None


def add_sources(config: Path, new: Sequence[NewSource], *, environ: Mapping[str, str] | None = None) -> Path:
    """Append [[source]] tables to the sources file, and return that file.

    It is the first file that the main file includes by name, else the main file itself. Addresses
    that are sources already are left out. Raises `ConfigError`, with nothing written, when the
    configuration is wrong before or after.
    """
    environ = os.environ if environ is None else environ
    before = survey(config, environ, overlay={})
    file = _sources_file(before)
    content = file.read_bytes()
    if tables := _tables(new, before.configuration):
        gap = (
            b"" if not content or content.endswith(b"\n\n") else b"\n" if content.endswith(b"\n") else b"\n\n"
        )
        _replace(file, content, content + gap + b"\n".join(tables), before, environ)
    return Path(shown(file))


def remove_source(
    configuration: Configuration, source_id: str, *, environ: Mapping[str, str] | None = None
) -> Path:
    """Cut the table of a source out of its file, and return that file.

    Comments above the table stay. Raises `ConfigError`, with nothing written, when there is no such
    source, or when the configuration would be wrong without it: a feed still names it.
    """
    environ = os.environ if environ is None else environ
    before = survey(configuration.path, environ, overlay={})
    ids = [source.id for source in before.configuration.sources]
    if source_id not in ids:
        raise ConfigError(f"{shown(configuration.path)}: error: there is no source {source_id!r}")
    written = before.written[ids.index(source_id)]
    file = written.document.path
    extents = written.document.positions.extents(written.path)
    if not extents:
        raise ConfigError(
            f"{written.place}: error: this source is no [[source]] table of its own: remove it by hand"
        )
    content = file.read_bytes()
    _replace(file, content, _without(content, extents), before, environ)
    return Path(shown(file))


def _sources_file(before: Survey) -> Path:
    """Return the first file included by name, else the main one."""
    main = before.documents[0]
    include = main.data.get("aggregator", {}).get("include", ())
    known = {document.path for document in before.documents}
    for name in include:
        if not is_pattern(name) and (file := matches(name, main.path.parent)[0]) in known:
            return file
    default = main.path.parent / "sources.toml"
    return default if not include and default in known else main.path


def _tables(new: Sequence[NewSource], configuration: Configuration) -> list[bytes]:
    """Return the text of a table for each source that is not followed yet."""
    taken = {source.id for source in configuration.sources}
    followed = {same_address(source.url) for source in configuration.sources}
    tables = []
    for one in new:
        if same_address(one.url) in followed:
            continue
        followed.add(same_address(one.url))
        name = one.id or id_of(one.url, taken)
        taken.add(name)
        table = tomlkit.table()
        table["id"] = name
        table["url"] = one.url
        if one.title:
            table["title"] = one.title
        if one.tags:
            table["tags"] = list(one.tags)
        tables.append(b"[[source]]\n" + table.as_string().encode())
    return tables


def _without(content: bytes, extents: Sequence[tuple[int, int]]) -> bytes:
    """Cut byte ranges out, each with one of the blank lines around it."""
    for start, end in reversed(extents):
        before, after = content[:start], content[end:]
        at_gap = not before or before.endswith(b"\n\n")
        content = before + (after.removeprefix(b"\n") if at_gap else after)
    return content


def _replace(file: Path, old: bytes, new: bytes, before: Survey, environ: Mapping[str, str]) -> None:
    """Put new content in a file's place as a whole, once the configuration is good with it.

    The file keeps its mode, and a link to it stays a link. Raises `ConfigError` when somebody else
    wrote to it meanwhile.
    """
    survey(before.configuration.path, environ, overlay={file: new})
    target = Path(realpath(file))
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}-")
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(new)
            out.flush()
            os.fsync(out.fileno())
        Path(temporary).chmod(target.stat().st_mode & 0o7777)
        if target.read_bytes() != old:
            raise ConfigError(f"{shown(file)}: error: somebody else edits this file: try again")
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
