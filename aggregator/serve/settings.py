"""What the operator may decide about serving."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network
from typing import Self, TypeAlias

from aggregator.emit import FORMATS

Network: TypeAlias = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeSettings:
    """In force from one request to the next: the daemon swaps it as a whole at a reload."""

    title: str
    public_url: str  # base of self links, without a trailing slash
    token: str | None = field(default=None, repr=False)  # what feeds and pages ask for; None = nothing
    feed_tokens: tuple[tuple[str, tuple[str, ...]], ...] = field(
        default=(), repr=False
    )  # by path of the feed; () asks for none
    rate_limit: tuple[int, timedelta] | None = None  # so many requests per client address and span
    trusted_proxies: tuple[Network, ...] = ()  # whose Forwarded and X-Forwarded-For are believed
    max_age: timedelta = timedelta(minutes=5)  # how long a cache may answer for us

    def after(self, before: Self) -> Self:
        """Return these settings as they follow others.

        Feeds that have left go on asking for what they asked: until the next publication they are still there.
        """
        names = {name for name, _ in self.feed_tokens}
        left = tuple(one for one in before.feed_tokens if one[0] not in names)
        return replace(self, feed_tokens=self.feed_tokens + left)

    def tokens(self, path: str) -> tuple[str, ...]:
        """Return the tokens that open a path; () when it is open. The server's own opens everything."""
        path = path.lstrip("/")
        matches = [(len(name), tokens) for name, tokens in self.feed_tokens if _is_of(path, name)]
        own = max(matches)[1] if matches else ()  # "feeds/a.atom" may be the page of a feed called so
        return own if self.token is None else (self.token, *own)


def _is_of(path: str, name: str) -> bool:
    """Whether a path is the page of a feed, one of its formats, or one of its archives."""
    path = path.removeprefix("archive/")
    is_format = path.startswith(f"{name}.") and path[len(name) + 1 :] in FORMATS
    return is_format or path == name or path.startswith(f"{name}/")
