"""What the operator may decide about serving."""

from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network
from typing import TypeAlias

Network: TypeAlias = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeSettings:
    """In force from one request to the next: the daemon swaps it as a whole at a reload."""

    title: str
    public_url: str  # base of self links, without a trailing slash
    token: str | None = field(default=None, repr=False)  # what feeds and pages ask for; None = nothing
    rate_limit: tuple[int, timedelta] | None = None  # so many requests per client address and span
    trusted_proxies: tuple[Network, ...] = ()  # whose Forwarded and X-Forwarded-For are believed
    max_age: timedelta = timedelta(minutes=5)  # how long a cache may answer for us
