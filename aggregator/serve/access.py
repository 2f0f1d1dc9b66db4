"""Who may read: one token, in the address or in the Authorization field. Pure."""

import hmac
from urllib.parse import parse_qs

MAX_FIELDS = 20  # parameters of a query that are looked at


def is_authorised(token: str | None, *, query: bytes, authorization: str | None) -> bool:
    """Say whether a request shows `token`, as `?token=` or as a bearer (RFC 6750 §2.1, §2.3).

    Everything shown is compared in full and in constant time. None asks for nothing.
    """
    if token is None:
        return True
    shown = [*tokens_in(query)]
    scheme, _, credentials = (authorization or "").partition(" ")
    if scheme.lower() == "bearer":
        shown.append(credentials.strip())
    matches = [hmac.compare_digest(one.encode(), token.encode()) for one in shown]
    return any(matches)


def tokens_in(query: bytes) -> list[str]:
    """List what the query string gives as `token`; nothing if it has more fields than anybody needs."""
    try:
        return parse_qs(query.decode("latin-1"), max_num_fields=MAX_FIELDS).get("token", [])
    except ValueError:
        return []
