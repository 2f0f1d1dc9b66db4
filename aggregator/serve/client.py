"""Who is asking: the address of a client, behind proxies too. Pure."""

import re
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final, TypeAlias

from aggregator.serve.settings import Network

Address: TypeAlias = IPv4Address | IPv6Address

IPV6_PREFIX: Final = 64  # bits that one subscriber holds: addresses below are his to change at will
MAX_FORWARDED: Final = 1_000  # characters of a Forwarded or X-Forwarded-For that are worth reading
KEPT: Final = 1_000  # addresses read lately
_ELEMENT: Final = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*")+')
_PAIR: Final = re.compile(r'(?:[^;"]|"(?:[^"\\]|\\.)*")+')
_NODE: Final = re.compile(
    r"\[(?P<six>[0-9A-Fa-f:.]+)\](?::\w+)?|(?P<four>[0-9.]+)(?::\w+)?|(?P<bare>[0-9A-Fa-f:.]+)"
)


def client_address(
    peer: str | None, *, forwarded: str | None, x_forwarded_for: str | None, trusted: Sequence[Network]
) -> Address | None:
    """Return the address of the client, None if nobody trustworthy tells it.

    `peer` is the other end of the connection; None on a Unix socket, which only a proxy on this machine
    can reach. The fields (RFC 7239 §4; X-Forwarded-For) are believed from right to left as long as the
    one who wrote them is trusted. A proxy that writes one of them passes the other through from the
    client, so where both are sent and disagree, neither counts.
    """
    nearest = parse_address(peer) if peer is not None else None
    if nearest is None and peer is not None:
        return None
    told: set[Address | None] = set()
    if forwarded is not None:
        told.add(_walk(nearest, _forwarded_for(forwarded), trusted))
    if x_forwarded_for is not None:
        told.add(_walk(nearest, _listed_for(x_forwarded_for), trusted))
    return told.pop() if len(told) == 1 else nearest


@lru_cache(KEPT)
def bucket_of(address: Address | None) -> str:
    """Name what shares one allowance: an IPv4 address, an IPv6 network of one subscriber, or the unknown."""
    if address is None:
        return "unknown"
    if isinstance(address, IPv6Address):
        return str(ip_network((address, IPV6_PREFIX), strict=False))
    return str(address)


def is_trusted(address: Address, trusted: Sequence[Network]) -> bool:
    return any(address in network for network in trusted)


@lru_cache(KEPT)
def parse_address(text: str) -> Address | None:
    """Read an address as a socket or a proxy writes it; IPv4 in IPv6 (RFC 4291 §2.5.5.2) is IPv4."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _walk(nearest: Address | None, hops: list[str], trusted: Sequence[Network]) -> Address | None:
    """Follow the hops, last one first, while the address reached is trusted to name the one before."""
    for hop in reversed(hops):
        if nearest is not None and not is_trusted(nearest, trusted):
            break
        before = _node(hop)
        if before is None:  # "unknown", "_hidden" (RFC 7239 §6) or nonsense
            break
        nearest = before
    return nearest


def _listed_for(field: str) -> list[str]:
    return field.split(",") if len(field) <= MAX_FORWARDED else []


def _forwarded_for(field: str) -> list[str]:
    """List the `for` of every element, "" where it has none, so that no hop is skipped."""
    if len(field) > MAX_FORWARDED:
        return []
    return [_for_parameter(element) for element in _ELEMENT.findall(field)]


def _for_parameter(element: str) -> str:
    for pair in _PAIR.findall(element):
        name, _, value = pair.partition("=")
        if name.strip().lower() == "for":
            return str(value).strip().strip('"')
    return ""


def _node(text: str) -> Address | None:
    found = _NODE.fullmatch(text.strip())
    return parse_address(found["six"] or found["four"] or found["bare"]) if found else None
