"""Which addresses may be dialled: public ones, and those the operator allows."""

import errno
import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# Translators turn these into the IPv4 address in their last 32 bits (RFC 6052 §2.1). The local-use prefix
# of RFC 8215 is not here: it is not public, whatever it embeds.
NAT64 = IPv6Network("64:ff9b::/96")
# Global by Python's tables, or by those of some versions, but never a publisher's.
NEVER_PUBLIC: tuple[Network, ...] = (
    IPv4Network("192.88.99.0/24"),  # 6to4 relays (RFC 7526)
    IPv6Network("64:ff9b:1::/48"),  # local-use NAT64 (RFC 8215)
    IPv6Network("3fff::/20"),  # documentation (RFC 9637)
    IPv6Network("5f00::/16"),  # segment routing (RFC 9602)
)


class AddressError(PermissionError):
    """An address that may not be dialled; its text is a sentence for the operator."""

    def __init__(self, address: Address, kind: str) -> None:
        super().__init__(errno.EACCES, f"address {address} is {kind}: allow it in [poll] allow_addresses")

    def __str__(self) -> str:
        return str(self.strerror)


class AddressGuard:
    """Refuses addresses that are not public unless they lie in one of the networks of `allow`."""

    def __init__(self, allow: Sequence[Network]) -> None:
        self._allow = tuple(allow)

    def check(self, address: Address) -> None:
        """Raise AddressError unless `address`, and every IPv4 address it stands for, may be dialled."""
        meant = _meant(address)
        if self._allowed(address) or all(self._allowed(one) for one in meant):
            return
        for one in meant:
            if not self._allowed(one) and (kind := _kind(one)) is not None:
                raise AddressError(one, kind)

    def check_literal(self, host: str) -> None:
        """Raise AddressError if `host` spells a refused address, in any way a C library reads."""
        if (address := literal(host)) is not None:
            self.check(address)

    def dial(self, addr_info: tuple[Any, ...]) -> socket.socket:
        """Return a socket for an entry of getaddrinfo: what aiohttp calls just before it connects."""
        family, kind, protocol, _, where = addr_info
        self.check(ip_address(where[0].partition("%")[0]))
        return socket.socket(family, kind, protocol)

    def _allowed(self, address: Address) -> bool:
        return any(address in network for network in self._allow)


def literal(host: str) -> Address | None:
    """Return the address `host` spells: dotted, IPv6 with or without zone, or octal, hex and short forms."""
    try:
        return ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        pass  # not a canonical spelling
    if not host or not set(host.lower()) <= set("0123456789abcdefx."):
        return None
    try:
        return IPv4Address(socket.inet_aton(host.rstrip(".")))
    except OSError:
        return None  # a name like "abc.de"


def _meant(address: Address) -> tuple[Address, ...]:
    """Return the addresses a packet to `address` may end up at."""
    if isinstance(address, IPv4Address):
        return (address,)
    if address.ipv4_mapped is not None:
        return (address.ipv4_mapped,)
    if address in NAT64:
        return (IPv4Address(int(address) & 0xFFFFFFFF),)
    if address.sixtofour is not None:
        return (address.sixtofour, address)
    return (address,)


def _kind(address: Address) -> str | None:
    """Return what is special about an address, None if it is public."""
    kinds = (
        ("loopback", address.is_loopback),
        ("link-local", address.is_link_local),
        ("multicast", address.is_multicast),
        ("unspecified", address.is_unspecified),
        ("site-local", isinstance(address, IPv6Address) and address.is_site_local),
        ("private", address.is_private),
        ("reserved", address.is_reserved or any(address in network for network in NEVER_PUBLIC)),
        ("not public", not address.is_global),
    )
    return next((kind for kind, holds in kinds if holds), None)
