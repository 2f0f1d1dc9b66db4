from ipaddress import ip_network

import pytest

from aggregator.serve.client import bucket_of, client_address, parse_address

TRUSTED = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


@pytest.mark.parametrize(
    ("peer", "x_forwarded_for", "client"),
    [
        ("203.0.113.5", None, "203.0.113.5"),
        ("203.0.113.5", "198.51.100.7", "203.0.113.5"),  # anybody can write a header
        ("10.0.0.1", "198.51.100.7", "198.51.100.7"),
        (
            "10.0.0.1",
            "192.0.2.1, 198.51.100.7",
            "198.51.100.7",
        ),  # what the client itself wrote is on the left
        ("10.0.0.1", "198.51.100.7, 10.0.0.2", "198.51.100.7"),  # two proxies of ours
        ("10.0.0.1", "198.51.100.7:5123", "198.51.100.7"),
        ("10.0.0.1", "2001:db8::7", "2001:db8::7"),
        ("10.0.0.1", "[2001:db8::7]:5123", "2001:db8::7"),
        ("fd00::1", "198.51.100.7", "198.51.100.7"),
        ("::ffff:10.0.0.1", "198.51.100.7", "198.51.100.7"),  # a dual-stack socket
        ("10.0.0.1", "unknown", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.7, nonsense", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.7," * 500, "10.0.0.1"),  # too long to be honest
        (None, "198.51.100.7", "198.51.100.7"),  # a Unix socket
        (None, None, None),
    ],
)
def test_x_forwarded_for(peer: str | None, x_forwarded_for: str | None, client: str | None) -> None:
    got = client_address(peer, forwarded=None, x_forwarded_for=x_forwarded_for, trusted=TRUSTED)
    assert got == (parse_address(client) if client else None)


@pytest.mark.parametrize(
    ("forwarded", "client"),
    [
        ("for=198.51.100.7", "198.51.100.7"),
        ('For="198.51.100.7:80";proto=http;by=10.0.0.1', "198.51.100.7"),  # RFC 7239 §4: any order, any case
        ('by=10.0.0.1;for="[2001:db8::7]:4711"', "2001:db8::7"),
        ("for=192.0.2.1, for=198.51.100.7", "198.51.100.7"),
        ("for=198.51.100.7, for=10.0.0.9", "198.51.100.7"),
        ('for=198.51.100.7;host="x;for=192.0.2.1, for=192.0.2.2"', "198.51.100.7"),  # the Host of the client
        ("for=198.51.100.7, proto=https", "10.0.0.1"),  # a hop without a name is not skipped
        ('for="_hidden"', "10.0.0.1"),  # RFC 7239 §6.3
        ('for="', "10.0.0.1"),
    ],
)
def test_forwarded(forwarded: str, client: str) -> None:
    got = client_address("10.0.0.1", forwarded=forwarded, x_forwarded_for=None, trusted=TRUSTED)
    assert got == parse_address(client)


@pytest.mark.parametrize(
    ("forwarded", "x_forwarded_for", "client"),
    [
        ("for=198.51.100.7", "198.51.100.7", "198.51.100.7"),
        ("for=192.0.2.1", "198.51.100.7", "10.0.0.1"),  # one is the client's own invention
    ],
)
def test_both_fields(forwarded: str, x_forwarded_for: str, client: str) -> None:
    got = client_address("10.0.0.1", forwarded=forwarded, x_forwarded_for=x_forwarded_for, trusted=TRUSTED)
    assert got == parse_address(client)


@pytest.mark.parametrize(
    ("address", "bucket"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("fe80::1%eth0", "fe80::/64"),
    ],
)
def test_bucket(address: str, bucket: str) -> None:
    assert bucket_of(parse_address(address)) == bucket


def test_unknown_clients_share_a_bucket() -> None:
    assert bucket_of(None) == bucket_of(parse_address("nonsense"))
