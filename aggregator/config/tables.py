"""The tables of all files, each right in itself, with the environment's settings in their places."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import ValidationError

from aggregator.config import positions
from aggregator.config.documents import Document
from aggregator.config.environment import Overrides
from aggregator.config.problems import Place, Problems
from aggregator.config.schema import (
    LISTED,
    SECTIONS,
    AggregatorTable,
    DedupTable,
    HealthTable,
    PollTable,
    RetentionTable,
    ServerTable,
    StoreTable,
)
from aggregator.config.validation import unknown_table, validated, wrong_header
from aggregator.config.values import Table

T = TypeVar("T", bound=Table)


@dataclass(frozen=True, slots=True)
class Main:
    """The main file and the environment, which has the last word on [sections]."""

    document: Document
    overrides: Overrides

    def key(self, path: positions.Path) -> Place:
        return self._override(path) or self.document.key(path)

    def value(self, path: positions.Path) -> Place:
        return self._override(path) or self.document.value(path)

    def says(self, section: str, key: str) -> bool:
        """Return whether the operator set this key, here or in the environment."""
        return key in self.written(section)

    def written(self, section: str) -> dict[str, Any]:
        table = self.document.data.get(section, {})
        given = {key: one.value for (owner, key), one in self.overrides.items() if owner == section}
        return (table if isinstance(table, dict) else {}) | given

    def _override(self, path: positions.Path) -> Place | None:
        found = self.overrides.get((str(path[0]), str(path[1]))) if len(path) > 1 else None
        return None if found is None else Place(found.variable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Single:
    """The tables that stand once. Where the operator's are wrong, that is noted, and defaults stand in."""

    aggregator: AggregatorTable
    server: ServerTable
    poll: PollTable
    dedup: DedupTable
    retention: RetentionTable
    health: HealthTable
    store: StoreTable


def single(main: Main, problems: Problems) -> Single:
    """Return the [sections] of the main file."""

    def section(name: str, schema: type[T]) -> T:
        written = main.written(name)
        found = validated(schema, written, (name,), problems, key=main.key, value=main.value)
        return found if found is not None else _what_is_right(schema, written)

    return Single(
        aggregator=section("aggregator", AggregatorTable),
        server=section("server", ServerTable),
        poll=section("poll", PollTable),
        dedup=section("dedup", DedupTable),
        retention=section("retention", RetentionTable),
        health=section("health", HealthTable),
        store=section("store", StoreTable),
    )


def _what_is_right(schema: type[T], written: dict[str, Any]) -> T:
    """Keep the good keys of a bad table, so that the rest is judged by what the operator meant."""
    right = {}
    for key, value in written.items():
        try:
            schema.model_validate({key: value})
        except ValidationError:  # reported already
            continue
        right[key] = value
    return schema.model_validate(right)


def refuse_strangers(document: Document, problems: Problems, *, main: bool) -> None:
    """Note every table and key that may not stand at the top of this file."""
    for name, value in document.data.items():
        place = document.key((name,))
        if name in LISTED:
            if not isinstance(value, list):
                problems.error(place, wrong_header(name))
        elif name not in SECTIONS:
            problems.error(place, unknown_table(name, value))
        elif not main:
            problems.error(place, f"[{name}] may stand in the main file only: move it there")
        elif not isinstance(value, dict):
            problems.error(place, wrong_header(name))


def raw(document: Document, name: str) -> Sequence[Any]:
    """Return the [[name]] tables of a file as TOML has them."""
    tables = document.data.get(name, [])
    return tables if isinstance(tables, list) else []


def listed(
    document: Document, name: str, schema: type[T], problems: Problems
) -> Iterator[tuple[int, T | None]]:
    """Yield every [[name]] table of a file with its number; None for one that is wrong."""
    for index, data in enumerate(raw(document, name)):
        path = (name, index)
        yield index, validated(schema, data, path, problems, key=document.key, value=document.value)
