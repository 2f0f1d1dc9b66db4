"""From the files to a `Configuration`, or to every reason why there is none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from stat import S_ISDIR
from typing import Any

from aggregator.config.documents import Document, Overlay, absolute, read_document, read_included
from aggregator.config.environment import overrides
from aggregator.config.outputs import Names, WrittenFeed, outputs
from aggregator.config.places import data_dir, file_roots
from aggregator.config.problems import Problems, quoted
from aggregator.config.schema import FeedTable, SourceTable
from aggregator.config.sections import dedup, health, poll, public_url, retention, server, store_url
from aggregator.config.settings import Configuration
from aggregator.config.sources import Surroundings, Written, sources
from aggregator.config.tables import Main, Single, listed, raw, refuse_strangers, single
from aggregator.model import Sorting


def load(path: Path, *, environ: Mapping[str, str]) -> Configuration:
    """Read the configuration whose main file is `path`.

    Raises `ConfigError` with a line for every mistake in all files and in `environ`. Touches nothing
    but the files it names: no network, and no directory is made.
    """
    return survey(path, environ, overlay={}).configuration


@dataclass(frozen=True, slots=True)
class Survey:
    """A configuration and where its sources are written; both in the same order."""

    configuration: Configuration
    written: tuple[Written, ...]
    documents: tuple[Document, ...]
    includes: tuple[str, ...]
    single: Single
    feeds: tuple[WrittenFeed, ...]


def survey(path: Path, environ: Mapping[str, str], *, overlay: Overlay) -> Survey:
    """Read the configuration as `load` does, with the files in `overlay` taken from there."""
    problems = Problems()
    given = overrides(environ, problems)
    document = read_document(absolute(path), problems, overlay=overlay)
    if document is None:
        problems.raise_errors()
        raise AssertionError("a file that cannot be read is an error")
    main = Main(document, given)
    refuse_strangers(document, problems, main=True)
    tables = single(main, problems)
    includes = _includes(main, tables)
    included, complete = read_included(document, includes or (), problems, overlay=overlay)
    for other in included:
        refuse_strangers(other, problems, main=False)
    documents = (document, *included)
    found = _listed(documents, problems)
    others = found.others() if complete and includes is not None else None
    configuration = _configuration(main, tables, documents, found, others, environ, problems)
    problems.raise_errors()
    return Survey(
        configuration, tuple(found.sources), documents, tuple(includes or ()), tables, tuple(found.feeds)
    )


def _includes(main: Main, tables: Single) -> Sequence[str] | None:
    """Return what to include; None when what is written is no list of names."""
    wrong = main.says("aggregator", "include") and "include" not in tables.aggregator.model_fields_set
    return None if wrong else tables.aggregator.include


@dataclass(slots=True)
class _Listed:
    """The [[source]] and [[feed]] tables that are right in themselves, and the names in all of them."""

    sources: list[Written] = field(default_factory=list)
    feeds: list[WrittenFeed] = field(default_factory=list)
    wrong: list[Any] = field(default_factory=list)  # [[source]] tables with mistakes, as TOML has them

    def others(self) -> Names | None:
        """Return what feeds may name of wrong sources; None when one of these has no id to go by."""
        wrong = [table for table in self.wrong if isinstance(table, dict)]
        ids = [table.get("id") for table in wrong]
        if len(wrong) < len(self.wrong) or not all(isinstance(one, str) for one in ids):
            return None
        lists = [table.get("tags") for table in wrong]
        tags = {tag for one in lists if isinstance(one, list) for tag in one if isinstance(tag, str)}
        return Names(frozenset(map(str, ids)), frozenset(tags))


def _listed(documents: Sequence[Document], problems: Problems) -> _Listed:
    found = _Listed()
    for document in documents:
        tables = raw(document, "source")
        for index, source in listed(document, "source", SourceTable, problems):
            if source is None:
                found.wrong.append(tables[index])
            else:
                found.sources.append(Written(source, document, index))
        for index, feed in listed(document, "feed", FeedTable, problems):
            if feed is not None:
                found.feeds.append(WrittenFeed(feed, document, index))
    return found


def _complaint(data: Path) -> str | None:
    """Say why `data` can be no data directory; None for one that is or may be made."""
    try:
        return None if S_ISDIR(data.stat().st_mode) else "is no directory"
    except FileNotFoundError:
        return None
    except OSError as exc:
        return f"cannot be used: {exc.strerror}"


def _configuration(
    main: Main,
    tables: Single,
    documents: Sequence[Document],
    found: _Listed,
    others: Names | None,
    environ: Mapping[str, str],
    problems: Problems,
) -> Configuration:
    path = main.document.path
    data = data_dir(tables.aggregator.data_dir, path, environ)
    if complaint := _complaint(data):
        problems.error(
            main.value(("aggregator", "data_dir")), f"data_dir in [aggregator]: {quoted(data)} {complaint}"
        )
    pace = poll(tables.poll, main, problems)
    serving = server(tables.server, main, environ, problems)
    around = Surroundings(environ=environ, file_roots=file_roots(path, data), poll=pace)
    followed = sources(found.sources, around, problems)
    store = store_url(tables.store, main, problems)
    return Configuration(
        path=path,
        files=tuple(document.path for document in documents),
        title=tables.aggregator.title,
        public_url=public_url(tables.aggregator.public_url, serving.listen),
        data_dir=data,
        contact=tables.aggregator.contact or None,
        limit=tables.aggregator.limit,
        sorting=Sorting(tables.aggregator.order),
        per_source=tables.aggregator.per_source or None,
        server=serving,
        poll=pace,
        dedup=dedup(tables.dedup),
        retention=retention(tables.retention),
        health=health(tables.health, main, environ, problems),
        store_url=store,
        backups=tables.store.backups,
        sources=followed,
        outputs=outputs(found.feeds, followed, others, environ, problems),
        warnings=problems.warnings(),
    )
