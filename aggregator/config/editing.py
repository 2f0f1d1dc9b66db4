"""Following and unfollowing sources: the files are edited in place, all else in them byte for byte."""

import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from os.path import realpath
from pathlib import Path

import tomlkit

from aggregator.config import positions
from aggregator.config.documents import Document, Stamp, is_pattern, matches, shown, stamp
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


def add_sources(
    config: Path, new: Sequence[NewSource], *, environ: Mapping[str, str] | None = None
) -> Path:
    """Append [[source]] tables to the sources file, and return that file.

    It is the first file that the main file includes by name, else the main file itself. Addresses
    that are sources already are left out. Raises `ConfigError`, with nothing written, when the
    configuration is wrong before or after.
    """
    before = survey(config, _environ(environ), overlay={})
    file = _sources_file(before)
    seen = stamp([file])
    tables = _tables(new, before.configuration)
    content = file.read_bytes()
    if tables:
        _replace(file, content + _appended(content, tables), seen, before, _environ(environ))
    return Path(shown(file))


def remove_source(
    configuration: Configuration, source_id: str, *, environ: Mapping[str, str] | None = None
) -> Path:
    """Cut the table of a source out of its file, and return that file.

    Comments above the table stay. Raises `ConfigError`, with nothing written, when there is no such
    source, a feed still names it, or another source would change its id.
    """
    before = survey(configuration.path, _environ(environ), overlay={})
    ids = [source.id for source in before.configuration.sources]
    if source_id not in ids:
        raise ConfigError(f"{shown(configuration.path)}: error: there is no source {source_id!r}")
    written = before.written[ids.index(source_id)]
    file = written.document.path
    seen = stamp([file])
    content = file.read_bytes()
    extents = written.document.positions.extents(written.path)
    if not extents:
        raise ConfigError(f"{written.place}: error: this source is no [[source]] table of its own: remove it by hand")
    after = _replace(file, _without(content, extents), seen, before, _environ(environ), gone=source_id)
    del after
    return Path(shown(file))
