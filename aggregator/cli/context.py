"""What every command knows: where the configuration is and how results are wanted."""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import click

from aggregator import logs
from aggregator.config import Configuration, load
from aggregator.errors import AggregatorError
from aggregator.store import Store, open_store, store_exists


@dataclass(frozen=True, slots=True)
class Context:
    """The global options."""

    config: Path
    as_json: bool
    verbosity: int
    json_logs: bool

    def load(self) -> Configuration:
        """Return the configuration; raises `ConfigError`."""
        return load(self.config, environ=os.environ)

    def set_up_logs(self) -> None:
        """Send log lines to stderr as the options want them."""
        logs.set_up(verbosity=self.verbosity, as_json=self.json_logs)

    def show(self, rows: Sequence[dict[str, object]], columns: Sequence[str]) -> None:
        """Print rows as JSON or as a table of `columns`."""
        if self.as_json:
            click.echo(json.dumps(rows, ensure_ascii=False, indent=2, default=str))
        else:
            click.echo(_table(rows, columns))


def time(at: datetime | None) -> str:
    """Return a time as people read it; "" for none."""
    return "" if at is None else at.strftime("%Y-%m-%d %H:%M:%S UTC")


def find_config(named: str | None) -> Path:
    """Return the named file, else config/aggregator.toml, $AGGREGATOR_CONFIG or the XDG one."""
    if named is not None:
        return Path(named)
    local = Path("config/aggregator.toml")
    if local.exists():
        return local
    if from_environment := os.environ.get("AGGREGATOR_CONFIG"):
        return Path(from_environment)
    xdg = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    personal = Path(os.path.expanduser(xdg), "aggregator", "aggregator.toml")  # noqa: PTH111  # never raises
    return personal if personal.exists() else local


def source_ids(context: click.Context, parameter: click.Parameter, begun: str) -> list[str]:  # noqa: ARG001
    """Return the ids of sources that begin so, for the shell; none while the configuration is wrong."""
    try:
        configuration = load(find_config(context.find_root().params.get("config")), environ=os.environ)
    except AggregatorError:
        return []
    return [source.id for source in configuration.sources if source.id.startswith(begun)]


@contextmanager
def reading_store(configuration: Configuration) -> Iterator[Store | None]:
    """The store, for looking only, also while a daemon runs; None before the first poll."""
    if not store_exists(configuration.store_url, configuration.data_dir):
        yield None
        return
    store = open_store(configuration.store_url, configuration.data_dir, read_only=True)
    try:
        yield store
    finally:
        store.close()


def _table(rows: Sequence[dict[str, object]], columns: Sequence[str]) -> str:
    cells = [[str("" if row[name] is None else row[name]) for name in columns] for row in rows]
    widths = [max(map(len, column)) for column in zip(columns, *cells, strict=True)]
    lines = ([name.upper() for name in columns], *cells)
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )
