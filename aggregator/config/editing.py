"""Following, unfollowing and pausing sources: files are edited in place, all else in them byte for byte."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from os.path import realpath
from pathlib import Path
from tempfile import mkstemp

import tomlkit
from tomlkit.items import AoT, Table

from aggregator.config.checks import check_source_url
from aggregator.config.documents import Stamp, is_pattern, matches, shown
from aggregator.config.identity import id_of, same_address
from aggregator.config.loading import Survey, survey
from aggregator.config.problems import quoted
from aggregator.config.settings import Configuration
from aggregator.config.sources import Written
from aggregator.config.watching import watch_stamp
from aggregator.errors import ConfigError

BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSource:
    """A feed to be followed. Without an `id` it gets one from its host name, written down with it."""

    url: str
    title: str | None = None
    tags: tuple[str, ...] = ()
    id: str | None = None


def add_sources(config: Path, new: Sequence[NewSource], *, environ: Mapping[str, str] = os.environ) -> Path:
    """Append [[source]] tables to the sources file, and return that file.

    It is the first file that the main file includes by name, else the main file itself. Addresses
    that are sources already are left out. Raises `ConfigError`, with nothing written, when the
    configuration is wrong before or would be after.
    """
    seen = watch_stamp(config, environ=environ)
    before = survey(config, environ, overlay={})
    file = _sources_file(before)
    content = _read(file)
    tables = list(_wanted(new, before.configuration))
    if tables:
        edit = _Edit(before, environ, seen)
        edit.replace(file, content + _appendix(content, tables))
    return Path(shown(file))


def remove_source(
    configuration: Configuration, source_id: str, *, environ: Mapping[str, str] = os.environ
) -> Path:
    """Cut the table of a source out of its file, and return that file.

    Comments above the table stay. Raises `ConfigError`, with nothing written, when there is no such
    source, a feed still names it, or another source would get another id.
    """
    seen = watch_stamp(configuration.path, environ=environ)
    before = survey(configuration.path, environ, overlay={})
    written = _written(before, source_id)
    extents = written.document.positions.extents(written.path)
    if not extents:
        raise ConfigError(f"{written.place}: error: this source is no [[source]] table: remove it by hand")
    content = _read(written.document.path)
    edit = _Edit(before, environ, seen)
    edit.replace(written.document.path, _without(content, extents))
    return Path(shown(written.document.path))


def pause_source(
    configuration: Configuration, source_id: str, *, paused: bool, environ: Mapping[str, str] = os.environ
) -> Path:
    """Write `paused = true` into the table of a source, or take it out, and return its file.

    Raises `ConfigError`, with nothing written, when there is no such source or it is no [[source]] table.
    """
    seen = watch_stamp(configuration.path, environ=environ)
    before = survey(configuration.path, environ, overlay={})
    written = _written(before, source_id)
    if written.table.paused != paused:
        extents = written.document.positions.extents(written.path)
        if not extents:
            raise ConfigError(
                f"{written.place}: error: this source is no [[source]] table: write paused by hand"
            )
        span = written.document.positions.span((*written.path, "paused"))
        content = _with_pause(_read(written.document.path), extents[0][0], span, paused=paused)
        _Edit(before, environ, seen).replace(written.document.path, content)
    return Path(shown(written.document.path))


def _with_pause(content: bytes, header: int, span: tuple[int, int] | None, *, paused: bool) -> bytes:
    """Set the key whose value is at `span`, or add it below the `header`; a line with nothing else on it goes."""
    mark = BOM if content.startswith(BOM) else b""
    text = content.removeprefix(BOM)
    if span is None:
        below = text.index(b"\n", header) + 1
        newline = b"\r\n" if text[:below].endswith(b"\r\n") else b"\n"
        return mark + text[:below] + b"paused = true" + newline + text[below:]
    start, end = text.rfind(b"\n", 0, span[0]) + 1, text.find(b"\n", span[1]) + 1 or len(text)
    if not paused and not text[span[1] : end].strip():
        return mark + text[:start] + text[end:]
    return mark + text[: span[0]] + (b"true" if paused else b"false") + text[span[1] :]


def _written(before: Survey, source_id: str) -> Written:
    """Return where a source is written; raises `ConfigError` when there is none."""
    ids = [source.id for source in before.configuration.sources]
    if source_id not in ids:
        raise ConfigError(
            f"{shown(before.configuration.path)}: error: there is no source {quoted(source_id)}"
        )
    return before.written[ids.index(source_id)]


def _sources_file(before: Survey) -> Path:
    read = [document.path for document in before.documents]
    named = (
        path
        for include in before.includes
        if not is_pattern(include)
        for path in matches(include, before.configuration.path.parent)
    )
    return next((path for path in named if path in read), before.configuration.path)


def _wanted(new: Iterable[NewSource], configuration: Configuration) -> Iterable[NewSource]:
    """Yield those that are no sources yet, each with an id."""
    taken = {source.id for source in configuration.sources}
    addresses = {same_address(source.url) for source in configuration.sources}
    for one in new:
        try:
            address = same_address(check_source_url(one.url))
        except ValueError as exc:
            raise ConfigError(f"{shown(configuration.path)}: error: this cannot be a source: {exc}") from exc
        if address in addresses:
            continue
        name = one.id or id_of(one.url, taken)
        taken.add(name)
        addresses.add(address)
        yield NewSource(id=name, url=one.url, title=one.title, tags=one.tags)


def _appendix(content: bytes, new: Iterable[NewSource]) -> bytes:
    """Return the text of new tables as it continues `content`, in its own line ends."""
    tables = AoT([_table(one) for one in new])
    document = tomlkit.document()
    document.append("source", tables)
    newline = b"\r\n" if b"\r\n" in content else b"\n"
    text = tomlkit.dumps(document).strip("\n").encode().replace(b"\n", newline)
    gap = newline if content.endswith(b"\n") else newline * 2
    return (gap if content else b"") + text + newline


def _table(one: NewSource) -> Table:
    table = tomlkit.table()
    table.add("id", one.id)
    table.add("url", one.url)
    if one.title is not None:
        table.add("title", one.title)
    if one.tags:
        table.add("tags", list(one.tags))
    return table


def _without(content: bytes, extents: Iterable[tuple[int, int]]) -> bytes:
    """Cut the extents out of `content`, and the blank lines that would be left doubled."""
    mark = BOM if content.startswith(BOM) else b""
    rest = content.removeprefix(BOM)
    for start, end in sorted(extents, reverse=True):
        before, after = rest[:start], rest[end:]
        if not before.strip() or before.endswith((b"\n\n", b"\n\r\n")):
            after = _without_blank_lines(after)
        if not after.strip() and before.strip():
            after = b""
            before = before.rstrip(b"\r\n") + (b"\r\n" if before.endswith(b"\r\n") else b"\n")
        rest = before + after
    return mark + rest


def _without_blank_lines(text: bytes) -> bytes:
    while text.startswith((b"\n", b"\r\n")):
        text = text.partition(b"\n")[2]
    return text


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as exc:
        raise ConfigError(f"{shown(file)}: error: cannot be read: {exc.strerror}") from exc


@dataclass(frozen=True, slots=True)
class _Edit:
    """Puts new content in the place of a file, if the whole configuration is then still right."""

    before: Survey
    environ: Mapping[str, str]
    seen: Stamp  # of all files, from before anything was read

    def replace(self, file: Path, content: bytes) -> None:
        path = self.before.configuration.path
        try:
            after = survey(path, self.environ, overlay={file: content})
        except ConfigError as exc:
            raise ConfigError(f"{shown(file)}: error: left as it is, for with this change:\n{exc}") from exc
        self._refuse_renaming(after)
        if watch_stamp(path, environ=self.environ) != self.seen:
            raise ConfigError(f"{shown(file)}: error: the configuration changed meanwhile: try again")
        try:
            _write(Path(realpath(file)), content)
        except OSError as exc:
            raise ConfigError(f"{shown(file)}: error: cannot be written: {exc.strerror}") from exc

    def _refuse_renaming(self, after: Survey) -> None:
        """An id made from a host name may come to mean another source: then it must be written down."""
        ids = {same_address(source.url): source.id for source in after.configuration.sources}
        for source, written in zip(self.before.configuration.sources, self.before.written, strict=True):
            if ids.get(same_address(source.url), source.id) != source.id:
                raise ConfigError(
                    f"{written.place}: error: this source would get another id: "
                    f"first add id = {quoted(source.id)} to it"
                )


def _write(file: Path, content: bytes) -> None:
    """Replace a file as a whole; whoever looks sees the old or the new content, also after a crash."""
    old = file.stat()
    handle, name = mkstemp(dir=file.parent, prefix=f".{file.name}.", suffix=".new")
    new = Path(name)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content)
            os.fchmod(out.fileno(), old.st_mode & 0o7777)
            if os.geteuid() == 0:  # or else a daemon of another user could not read it any more
                os.fchown(out.fileno(), old.st_uid, old.st_gid)
            out.flush()
            os.fsync(out.fileno())
        new.replace(file)
    except BaseException:
        new.unlink(missing_ok=True)
        raise
    directory = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
