"""The schema for others to read: editors, the documentation and its tests."""

import json
from dataclasses import dataclass
from typing import Any

from pydantic import create_model

from aggregator.config.schema import LISTED, NESTED, SECTIONS


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaKey:
    """A key as people write it. `default` is TOML text, "" where there is none."""

    section: str  # "poll", "source", "source.auth" …
    key: str
    default: str
    description: str


def schema_keys() -> tuple[SchemaKey, ...]:
    """Return every key there is, in the order of the schema."""
    return tuple(
        SchemaKey(
            section=section, key=name, default=_toml(field.default), description=field.description or ""
        )
        for section, table in (SECTIONS | LISTED | NESTED).items()
        for name, field in table.model_fields.items()
    )


def json_schema() -> str:
    """Return the JSON Schema of the main file, for editors."""
    single: dict[str, Any] = {name: (table, {}) for name, table in SECTIONS.items()}
    listed: dict[str, Any] = {name: (list[table], []) for name, table in LISTED.items()}  # type: ignore[valid-type]
    model = create_model("Configuration", **single, **listed)
    return json.dumps(model.model_json_schema(), ensure_ascii=False, indent=2)


def _toml(default: object) -> str:
    """Return a default as TOML; strings, numbers, booleans and lists are written as in JSON."""
    if isinstance(default, str | int | list):
        return json.dumps(default, ensure_ascii=False)
    return ""  # None and what must be given
