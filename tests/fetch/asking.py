"""Fetchers and sources for tests."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Network, IPv6Network

from aggregator.fetch import Fetcher, HostGate
from aggregator.model import Access, Source, Validators

LOOPBACK = IPv4Network("127.0.0.0/8")
FEED = b"<?xml version='1.0'?><rss version='2.0'><channel/></rss>"
NONE = Validators()


def source(
    url: str,
    *,
    access: Access = Access(),  # noqa: B008 - frozen
    timeout: timedelta | None = None,
    max_bytes: int | None = None,
) -> Source:
    return Source(id="s", url=url, access=access, timeout=timeout, max_bytes=max_bytes)


def make_fetcher(
    *,
    allow: Sequence[IPv4Network | IPv6Network] = (LOOPBACK,),
    gate: HostGate | None = None,
    timeout: timedelta = timedelta(seconds=10),
    max_bytes: int = 100_000,
) -> Fetcher:
    """Return a fetcher without a gap between requests: tests of the gap bring their own gate."""
    return Fetcher(
        user_agent=lambda source_id: f"aggregator/test (+https://example.org; feed-id={source_id})",
        timeout=timeout,
        max_bytes=max_bytes,
        allow_addresses=allow,
        gate=gate or HostGate(timedelta()),
        clock=lambda: datetime.now(UTC),
    )
