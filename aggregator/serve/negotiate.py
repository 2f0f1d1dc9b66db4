"""Which content coding to answer with (RFC 9110 §12.5.3). Pure."""

import re
from functools import lru_cache
from typing import Final

IDENTITY: Final = "identity"
GZIP: Final = "gzip"
ZSTD: Final = "zstd"  # RFC 8878
PREFERRED: Final = (ZSTD, GZIP)  # of equal weight the smaller first
KEPT: Final = 100  # fields read lately: readers send a few different ones
_ALIASES: Final = {"x-gzip": GZIP}  # RFC 9110 §8.4.1.3
_UNLISTED: Final = 0.0001  # of identity when nothing is said of it: acceptable, but anything listed is better
_ITEM: Final = re.compile(
    r"\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*(?:;\s*[qQ]\s*=\s*(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)\s*)?"
)


@lru_cache(KEPT)
def choose_coding(accept_encoding: str | None) -> str | None:
    """Return "zstd", "gzip", "identity", or None when the client accepts none of them.

    `accept_encoding` is the whole field, its lines joined by commas; None when it was not sent, which
    allows any coding, of which plain bytes are the one that every client can read. An empty field asks
    for identity. Items that are not well-formed say nothing. A `*` means gzip: whoever writes it may never have
    heard of zstd.
    """
    if accept_encoding is None:
        return IDENTITY
    asked = _weights(accept_encoding)
    anything = asked.get("*")
    weights = {ZSTD: asked.get(ZSTD, 0.0), GZIP: asked.get(GZIP, anything or 0.0)}
    identity = asked.get(IDENTITY, _UNLISTED if anything is None else anything)
    best = max(PREFERRED, key=weights.__getitem__)  # the first of equals
    if weights[best] > 0 and weights[best] >= identity:
        return best
    return IDENTITY if identity > 0 else None


def _weights(field: str) -> dict[str, float]:
    weights: dict[str, float] = {}
    for item in field.split(","):
        if found := _ITEM.fullmatch(item):
            coding = found[1].lower()
            weights.setdefault(_ALIASES.get(coding, coding), float(found[2] or 1))
    return weights
