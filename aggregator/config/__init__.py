"""The configuration: TOML files and the environment -> `Configuration`, with `file:line:column` for every mistake.

`documents` reads the files, `tables` and `validation` hold them against `schema` one by one,
`sections`, `sources` and `outputs` make of them what the daemon works with, `loading` says the order.
`editing` writes sources back, all else byte for byte the same; `showing` prints it all; `watching` notices edits.
"""

from aggregator.config.editing import NewSource, add_sources, pause_source, remove_source
from aggregator.config.identity import same_address
from aggregator.config.loading import load
from aggregator.config.reference import SchemaKey, json_schema, schema_keys
from aggregator.config.settings import Configuration, Dedup, Health, Poll, Retention, Server
from aggregator.config.showing import effective, sample, sample_sources
from aggregator.config.watching import watch_stamp

__all__ = [
    "Configuration",
    "Dedup",
    "Health",
    "NewSource",
    "Poll",
    "Retention",
    "SchemaKey",
    "Server",
    "add_sources",
    "effective",
    "json_schema",
    "load",
    "pause_source",
    "remove_source",
    "same_address",
    "sample",
    "sample_sources",
    "schema_keys",
    "watch_stamp",
]
