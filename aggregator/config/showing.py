"""The configuration as text: what is in force, and a sample with every key to begin with."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import tomlkit

from aggregator.config.loading import survey
from aggregator.config.reference import SchemaKey, schema_keys
from aggregator.config.schema import LISTED, SECTIONS

HIDDEN = "…"  # in place of what may be a secret
WIDTH = 110  # characters of a comment line

# What a sample says where there is no default.
_SAMPLES = {
    "id": '"alfa"',
    "url": '"https://example.org/rss"',
    "title": '"Alfa Radio"',
    "timezone": '"Europe/Minsk"',
    "interval": '"15m"',
    "name": '"politics"',
    "auth": '{ username = "me", password_file = "secrets/alfa" }',
    "proxy": '"http://proxy.example.org:3128"',
    "ca_file": '"ca.pem"',
    "timeout": '"30s"',
    "max_bytes": '"15MiB"',
    "max_entries": "1000",
    "query": '"title:election"',
}


def effective(path: Path, *, environ: Mapping[str, str]) -> str:
    """Return as TOML every setting as it is in force, whoever set it, and the sources and feeds as written.

    Passwords in addresses are left out. Raises `ConfigError` as `load` does.
    """
    found = survey(path, environ, overlay={})
    document = tomlkit.document()
    decided = {
        ("aggregator", "public_url"): found.configuration.public_url,
        ("aggregator", "data_dir"): str(found.configuration.data_dir),
    }
    for name in SECTIONS:
        section = tomlkit.table()
        for key, value in getattr(found.single, name).model_dump(exclude_none=True).items():
            section.add(key, _without_secrets(name, key, decided.get((name, key), value)))
        document.add(name, section)
    sources = tomlkit.aot()
    for source, written in zip(found.configuration.sources, found.written, strict=True):
        said = written.table.model_dump(exclude_unset=True, exclude_none=True)
        sources.append(tomlkit.item({"id": source.id} | said))
    if sources:
        document.add("source", sources)
    feeds = tomlkit.aot()
    for feed in found.feeds:
        feeds.append(tomlkit.item(feed.table.model_dump(exclude_unset=True, exclude_none=True)))
    if feeds:
        document.add("feed", feeds)
    return tomlkit.dumps(document)


def _without_secrets(section: str, key: str, value: Any) -> Any:
    if (section, key) == ("health", "webhook") and isinstance(value, str) and value:
        return f"{urlsplit(value).scheme}://{urlsplit(value).hostname}/{HIDDEN}"
    if (section, key) == ("store", "url"):
        head, at, tail = value.rpartition("@")
        return f"{head.partition('://')[0]}://{HIDDEN}@{tail}" if at else value
    return value


def sample() -> str:
    """Return a main file with every key, its default and what it means, all commented out."""
    text = "# The settings of the aggregator. Every key is here with its default: take the # away to change one.\n"
    for section in SECTIONS:
        text += f"\n[{section}]\n" + "".join(_lines(_keys(section)))
    return text


def sample_sources() -> str:
    """Return a file of sources to begin with, every key explained, all commented out."""
    text = "# What is followed, and feeds of some of it. Durations: 90s, 15m, 6h, 30d; sizes: 15MiB.\n"
    for name in LISTED:
        text += f"\n# [[{name}]]\n" + "".join(_lines(_keys(name)))
    return text


def _keys(section: str) -> Iterator[SchemaKey]:
    return (key for key in schema_keys() if key.section == section)


def _lines(keys: Iterable[SchemaKey]) -> Iterator[str]:
    for key in keys:
        yield from (f"# {line}\n" for line in _wrapped(key.description))
        yield f"# {key.key} = {key.default or _SAMPLES.get(key.key, '{}')}\n"


def _wrapped(text: str) -> Iterator[str]:
    line = ""
    for word in text.split():
        if line and len(line) + len(word) >= WIDTH:
            yield line
            line = word
        else:
            line = f"{line} {word}".strip()
    yield line
