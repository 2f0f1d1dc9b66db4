import pytest

from aggregator.serve.access import is_authorised


@pytest.mark.parametrize(
    ("query", "authorization", "allowed"),
    [
        (b"", None, False),
        (b"token=s%C3%A9same%26", None, True),
        (b"a=b&token=s%C3%A9same%26", None, True),
        (b"token=wrong", None, False),
        (b"token=", None, False),
        (b"token=s", None, False),  # a beginning is not enough
        (b"token=wrong&token=s%C3%A9same%26", None, True),
        (b"a&" * 1000 + b"token=s%C3%A9same%26", None, False),  # nobody needs a thousand parameters
        (b"", "Basic s\u00e9same&", False),
        (b"", "Bearer s\u00e9same&", True),
        (b"", "bearer  s\u00e9same& ", True),  # RFC 9110 §11.1: schemes are case-insensitive
        (b"token=\xff", "Bearer", False),
    ],
)
def test_token(query: bytes, authorization: str | None, allowed: bool) -> None:
    assert is_authorised(["other", "s\u00e9same&"], query=query, authorization=authorization) is allowed


def test_no_token_asks_for_nothing() -> None:
    assert is_authorised((), query=b"", authorization=None)
