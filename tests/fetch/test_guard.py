"""Addresses that may not be dialled, however they are spelled (PROTOCOL P21)."""

import socket
from ipaddress import IPv4Network, IPv6Network, ip_address

import pytest

from aggregator.fetch.guard import AddressError, AddressGuard, literal

LOOPBACK_2 = IPv4Network("127.0.0.2/32")


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("127.0.0.1", "loopback"),
        ("127.255.255.254", "loopback"),
        ("0.0.0.0", "unspecified"),
        ("0.1.2.3", "private"),  # "this network"
        ("10.0.0.1", "private"),
        ("172.16.0.1", "private"),
        ("192.168.1.1", "private"),
        ("100.64.0.1", "not public"),  # carrier-grade NAT
        ("169.254.169.254", "link-local"),  # cloud metadata
        ("192.0.2.1", "private"),  # documentation
        ("198.18.0.1", "private"),  # benchmarks
        ("192.88.99.1", "reserved"),  # 6to4 relays
        ("224.0.0.1", "multicast"),
        ("239.255.255.250", "multicast"),
        ("240.0.0.1", "private"),
        ("255.255.255.255", "private"),
        ("::", "unspecified"),
        ("::1", "loopback"),
        ("fe80::1", "link-local"),
        ("fc00::1", "private"),
        ("fec0::1", "site-local"),
        ("ff02::1", "multicast"),
        ("2001:db8::1", "private"),
        ("100::1", "private"),  # discard
        ("3fff::1", "reserved"),
        ("4000::1", "reserved"),  # never assigned
        ("::127.0.0.1", "reserved"),  # IPv4-compatible
        ("64:ff9b:1::1", None),  # local NAT64: "private" or "reserved", by version of Python
        ("2001::1", "private"),  # Teredo
        ("::ffff:127.0.0.1", "loopback"),  # IPv4-mapped
        ("::ffff:169.254.169.254", "link-local"),
        ("64:ff9b::127.0.0.1", "loopback"),  # NAT64
        ("64:ff9b::a00:1", "private"),
        ("2002:7f00:1::", "loopback"),  # 6to4
        ("2002:a00:1::1", "private"),
    ],
)
def test_p21_special_addresses_are_refused(address: str, kind: str | None) -> None:
    with pytest.raises(AddressError, match=r"is .*: allow it in \[poll\] allow_addresses") as caught:
        AddressGuard([]).check(ip_address(address))
    assert kind is None or f" is {kind}:" in str(caught.value)


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"],
)
def test_public_addresses_are_dialled(address: str) -> None:
    AddressGuard([]).check(ip_address(address))


@pytest.mark.parametrize("address", ["127.0.0.2", "::ffff:127.0.0.2", "64:ff9b::7f00:2"])
def test_an_allowed_address_is_allowed_in_every_form(address: str) -> None:
    AddressGuard([LOOPBACK_2]).check(ip_address(address))


@pytest.mark.parametrize("address", ["127.0.0.1", "::ffff:127.0.0.1", "::1", "10.0.0.1"])
def test_allowing_one_address_allows_no_other(address: str) -> None:
    with pytest.raises(AddressError):
        AddressGuard([LOOPBACK_2, IPv6Network("fc00::/7")]).check(ip_address(address))


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("[::1]", "::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("2130706433", "127.0.0.1"),  # one integer
        ("0x7f000001", "127.0.0.1"),
        ("0X7F.1", "127.0.0.1"),
        ("0177.0.0.1", "127.0.0.1"),  # octal
        ("017700000001", "127.0.0.1"),
        ("127.1", "127.0.0.1"),
        ("10.1", "10.0.0.1"),
        ("127.0.0.1.", "127.0.0.1"),
        ("example.org", None),
        ("abc.de", None),  # all hexadecimal digits
        ("dead.beef", None),
        ("1.2.3.4.5", None),
        ("", None),
    ],
)
def test_spellings_of_an_address(host: str, address: str | None) -> None:
    assert literal(host) == (None if address is None else ip_address(address))


def test_the_guard_acts_on_the_address_dialled() -> None:
    guard = AddressGuard([LOOPBACK_2])
    guard.dial((socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("127.0.0.2", 80))).close()
    with pytest.raises(AddressError):
        guard.dial((socket.AF_INET6, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("fe80::1%2", 80, 0, 2)))
