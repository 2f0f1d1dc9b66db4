"""Settings from the environment: AGGREGATOR_SECTION__KEY takes the place of [section] key."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_origin

from aggregator.config.problems import Place, Problems, did_you_mean, quoted
from aggregator.config.schema import SECTIONS

PREFIX = "AGGREGATOR_"
SEPARATOR = "__"
_IN_FILE_ONLY = {("aggregator", "include")}  # the files are watched without the environment
_INTEGER = re.compile(r"\s*-?[0-9]{1,18}\s*")


@dataclass(frozen=True, slots=True)
class Override:
    """A setting from the environment. Relative paths in it are relative to the main file, as there."""

    variable: str
    value: object


Overrides = Mapping[tuple[str, str], Override]


def overrides(environ: Mapping[str, str], problems: Problems) -> Overrides:
    """Return the settings in `environ`, by section and key; unknown ones are noted in `problems`.

    Variables without a double underscore are not ours to judge.
    """
    found: dict[tuple[str, str], Override] = {}
    for variable, text in sorted(environ.items()):
        section, separator, key = variable.removeprefix(PREFIX).lower().partition(SEPARATOR)
        if not variable.startswith(PREFIX) or not separator:
            continue
        complaint = _complaint(section, key)
        if complaint is None:
            found[section, key] = Override(variable, _value(section, key, text))
        else:
            problems.error(Place(variable), complaint)
    return found


def _complaint(section: str, key: str) -> str | None:
    if section not in SECTIONS:
        return f"unknown section {quoted(section)}{did_you_mean(section, SECTIONS)}"
    fields = SECTIONS[section].model_fields
    if key not in fields:
        return f"unknown key {quoted(key)} in [{section}]{did_you_mean(key, fields)}"
    if (section, key) in _IN_FILE_ONLY:
        return f"{key} can be set in the main file only"
    return None


def _value(section: str, key: str, text: str) -> object:
    """Return `text` in the type of its key; what does not fit stays text, and is refused as such."""
    kind = SECTIONS[section].model_fields[key].annotation
    if kind is bool:
        return {"true": True, "false": False}.get(text.strip().lower(), text)
    if kind is int:
        return int(text) if _INTEGER.fullmatch(text) else text
    if get_origin(kind) is list:
        return [part.strip().strip("\"'") for part in text.strip().strip("[]").split(",") if part.strip()]
    return text
