import pytest

from aggregator.serve.negotiate import choose_coding


@pytest.mark.parametrize(
    ("accept_encoding", "coding"),
    [
        (None, "identity"),  # RFC 9110 §12.5.3: anything goes, and plain bytes are safe
        ("", "identity"),  # empty: no coding at all
        ("gzip", "gzip"),
        ("GZIP", "gzip"),  # §8.4.1: names are case-insensitive
        ("x-gzip", "gzip"),  # §8.4.1.3
        ("gzip, deflate, br, zstd", "zstd"),  # browsers
        ("zstd", "zstd"),
        ("zstd;q=0, gzip", "gzip"),
        ("gzip;q=0.9, zstd;q=0.8", "gzip"),
        ("zstd;q=0.2, identity", "identity"),
        ("gzip;q=0, zstd, identity", "zstd"),
        ("br", "identity"),  # identity need not be listed
        ("gzip;q=0", "identity"),
        ("gzip; Q=0.000, identity", "identity"),
        ("gzip;q=0.5", "gzip"),  # listed beats unlisted
        ("gzip;q=0.5, identity", "identity"),
        ("gzip;q=0.5, identity;q=0.5", "gzip"),
        ("identity;q=0.2, gzip;q=0.3", "gzip"),
        ("*", "gzip"),
        ("*;q=0", None),
        ("gzip;q=0, *", "identity"),
        ("*;q=0, identity", "identity"),
        ("*;q=0, gzip;q=0.001", "gzip"),
        ("identity;q=0", None),  # gzip is not listed
        ("identity;q=0, gzip", "gzip"),
        ("gzip;q=0, identity;q=0", None),
        ("gzip;q=2", "identity"),  # §12.4.2: no weight above 1, so nothing was said of gzip
        ("gzip;q=, br;;, ,", "identity"),
    ],
)
def test_coding(accept_encoding: str | None, coding: str | None) -> None:
    assert choose_coding(accept_encoding) == coding
