"""A table as TOML has it -> a table of the schema, with every complaint at its place."""

from collections.abc import Callable, Mapping
from datetime import date, time
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from aggregator.config import positions
from aggregator.config.problems import Place, Problems, did_you_mean, quoted
from aggregator.config.schema import (
    KEY_TAG,
    LISTED,
    NESTED,
    SECTIONS,
)
from aggregator.config.values import REFERENCE_TAG, TEXT_TAG, ReferenceTable, Table

T = TypeVar("T", bound=Table)

# Where the key, and where the value at a path stands.
Locate = Callable[[positions.Path], Place]

# Keys people expect, and what to write instead.
ADVICE = {
    ("source", "password"): 'belongs into auth = { username = "…", password_file = "…" }',
    ("source", "username"): 'belongs into auth = { username = "…", password_file = "…" }',
    ("source.auth", "password"): "must not stand here: use password_file or password_env",
    ("source.auth", "bearer"): "must not stand here: use bearer_file or bearer_env",
    ("source", "enabled"): "is not known: put a # before every line of the table, or remove it",
}

_TAGS = {TEXT_TAG, REFERENCE_TAG, KEY_TAG}
_KINDS: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, "a boolean"),
    (int, "an integer"),
    (float, "a number"),
    (str, "a string"),
    (list, "an array"),
    (dict, "a table"),
    ((date, time), "a date or time"),
)
_BOUNDS = {"greater_than_equal": ("at least", "ge"), "less_than_equal": ("at most", "le")}
_EXPECTED = {
    "string_type": "a string",
    "int_type": "an integer",
    "bool_type": "true or false",
    "list_type": "an array",
    "dict_type": "a table",
    "model_type": "a table",
}


def validated(
    schema: type[T], data: Any, path: positions.Path, problems: Problems, *, key: Locate, value: Locate
) -> T | None:
    """Return `data`, found at `path`, as a `schema`; None when something in it is wrong."""
    try:
        return schema.model_validate(data)
    except ValidationError as exc:
        for error in exc.errors(include_url=False):
            at = path + tuple(part for part in error["loc"] if part not in _TAGS)
            locate = key if error["type"] == "extra_forbidden" else value
            place = key(at[:-1]) if error["type"] == "missing" else locate(at)
            problems.error(place, _sentence(error, at))
        return None


def unknown_table(name: str, value: object) -> str:
    """Say what is wrong with a key that stands outside every table we know."""
    known = [*SECTIONS, *LISTED]
    if isinstance(value, dict | list):
        header = f"[[{name}]]" if isinstance(value, list) else f"[{name}]"
        return f"unknown table {header}{did_you_mean(name, known)}"
    return f"unknown key {quoted(name)} outside any table{_belongs(name) or did_you_mean(name, known)}"


def wrong_header(name: str) -> str:
    """Say how the header of a known table is written."""
    return f"write [{name}], once" if name in SECTIONS else f"write [[{name}]], once for every {name}"


def _sentence(error: ErrorDetails, at: positions.Path) -> str:
    names = tuple(part for part in at if isinstance(part, str))
    inner = ".".join(names[:-1])
    if error["type"] == "extra_forbidden":
        if advice := ADVICE.get((inner, names[-1])):
            return f"unknown key {quoted(names[-1])} in {_label(names[:-1])}: it {advice}"
        offer = _belongs(names[-1]) or did_you_mean(names[-1], _keys(names[:-1]))
        return f"unknown key {quoted(names[-1])} in {_label(names[:-1])}{offer}"
    if error["type"] == "missing":
        return f"{_label(names[:-1])} needs {quoted(names[-1])}"
    subject = f"{names[-1]} in {_label(names[:-1])}" if len(names) > 1 else _label(names)
    return f"{subject}: {_complaint(error)}"


def _complaint(error: ErrorDetails) -> str:
    kind = error["type"]
    context: Mapping[str, Any] = error.get("ctx", {})
    if kind == "value_error":
        return str(context["error"])
    if kind in _EXPECTED:
        choice = 'a string, { env = "NAME" } or { file = "path" }'
        expected = choice if error["loc"][-1:] == (REFERENCE_TAG,) else _EXPECTED[kind]
        return f"must be {expected}, not {_kind(error['input'])}"
    if kind in _BOUNDS:
        words, key = _BOUNDS[kind]
        return f"must be {words} {context[key]}"
    if kind == "literal_error":
        return (
            f"must be {context['expected']}{did_you_mean(str(error['input']), _words(context['expected']))}"
        )
    return error["msg"]


def _words(expected: str) -> list[str]:
    return [word.strip("'") for word in expected.replace(",", " ").split() if word.startswith("'")]


def _kind(value: object) -> str:
    return next((name for kind, name in _KINDS if isinstance(value, kind)), "something else")


def _label(names: tuple[str, ...]) -> str:
    """Return how messages call the table with these names: [poll], [[source]], auth of [[source]]."""
    header = f"[[{names[0]}]]" if names[0] in LISTED else f"[{names[0]}]"
    return f"{'.'.join(names[1:])} of {header}" if len(names) > 1 else header


def _keys(names: tuple[str, ...]) -> list[str]:
    tables = SECTIONS | LISTED | NESTED
    return list(tables.get(".".join(names), ReferenceTable).model_fields)


def _belongs(key: str) -> str:
    """Return " (it belongs to …)" for a key that some table has."""
    for section, table in (SECTIONS | LISTED).items():
        if key in table.model_fields:
            return f" (it belongs to {_label((section,))})"
    return ""
