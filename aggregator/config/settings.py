"""What the configuration means, ready to be used. Frozen; spans are `timedelta`, sizes bytes."""

from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import TypeAlias

from aggregator.model import Output, Sorting, Source

Network: TypeAlias = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    listen: str  # "host:port", "[ipv6]:port", "unix:/absolute/path", or "" for no server
    token: str | None = field(repr=False)
    token_file: Path | None
    rate_limit: tuple[int, timedelta] | None  # requests per client address and span
    trusted_proxies: tuple[Network, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    interval: timedelta
    min_interval: timedelta
    max_interval: timedelta
    concurrency: int
    host_gap: timedelta
    timeout: timedelta
    max_bytes: int
    allow_addresses: tuple[Network, ...]
    retry_after_scope: str  # "host" or "url"
    feed_hints: bool
    delta: bool
    max_new_entries: int
    archives: int  # documents


@dataclass(frozen=True, slots=True, kw_only=True)
class Dedup:
    window: timedelta
    near_duplicates: bool
    groups: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    keep: timedelta
    keep_per_source: int
    tombstones: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    after: timedelta  # how long a change lasts before it is told
    webhook: str | None = field(repr=False)  # an address that may be a secret
    command: tuple[str, ...]  # () = none
    mail_to: str
    mail_from: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """All that the operator decided. The merged feed of everything is not among `outputs`."""

    path: Path  # the main file
    files: tuple[Path, ...]  # every file read, the main one first
    title: str
    public_url: str  # without a trailing slash
    data_dir: Path  # absolute; need not exist yet
    contact: str | None
    limit: int  # entries in the merged feed
    sorting: Sorting  # of the merged feed
    per_source: int | None  # entries of one source in the merged feed at most
    server: Server
    poll: Poll
    dedup: Dedup
    retention: Retention
    health: Health
    store_url: str = field(repr=False)  # may carry a password
    backups: int  # made by night and kept; 0 = none
    sources: tuple[Source, ...]  # in the order of the files
    outputs: tuple[Output, ...]
    warnings: tuple[str, ...] = ()  # lines: `file:line:column: warning: …`
