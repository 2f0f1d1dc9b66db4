"""Who may read: whoever shows a token, in the address or in the Authorization field. Pure."""

import hmac
from collections.abc import Collection
from urllib.parse import parse_qs

MAX_FIELDS = 20  # parameters of a query that are looked at


def is_authorised(tokens: Collection[str], *, query: bytes, authorization: str | None) -> bool:
    """Say whether a request shows one of `tokens`, as `?token=` or as a bearer (RFC 6750 §2.1, §2.3).

    Everything shown is compared with every token, in full and in constant time. No tokens ask for nothing.
    """
    if not tokens:
        return True
    shown = [*tokens_in(query)]
    scheme, _, credentials = (authorization or "").partition(" ")
    if scheme.lower() == "bearer":
        shown.append(credentials.strip())
    matches = [hmac.compare_digest(one.encode(), token.encode()) for one in shown for token in tokens]
    return any(matches)


def tokens_in(query: bytes) -> list[str]:
    """List what the query string gives as `token`; nothing if it has more fields than anybody needs."""
    try:
        return parse_qs(query.decode("latin-1"), max_num_fields=MAX_FIELDS).get("token", [])
    except ValueError:
        return []
