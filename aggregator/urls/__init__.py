"""Addresses: cleaned to be shown, folded into keys to be compared, turned into ids.

RFC 3986 §6.2 says what may be normalised, the WHATWG URL standard what browsers forgive (white
space around, line breaks inside, backslashes). Nothing here raises on any text.
"""

from aggregator.urls.address import LINK_SCHEMES, absolute, host, is_public_name, join
from aggregator.urls.ids import authority, health_uri, is_uri, is_uuid, tag_uri
from aggregator.urls.keys import canonical, folded_key, is_homepage, strict_key

__all__ = [
    "LINK_SCHEMES",
    "absolute",
    "authority",
    "canonical",
    "folded_key",
    "health_uri",
    "host",
    "is_homepage",
    "is_public_name",
    "is_uri",
    "is_uuid",
    "join",
    "strict_key",
    "tag_uri",
]
