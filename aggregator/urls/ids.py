"""Addresses as permanent ids (RFC 4287 §4.2.6): which may be emitted as they came, and our own."""

import hashlib
import re
from datetime import UTC, datetime

from aggregator.urls.address import DEFAULT_PORTS, host, is_normal, parsed, quoted

MAX_TAG_GUID_LENGTH = 200  # characters of a guid that a tag: URI shows; a longer one is hashed
TAG_YEAR = 2026  # RFC 4151: when the authority was ours; a constant, or every id would change

# Not http, and accepted as an entry's id; those of RFC 3986's relatives that feeds have used.
ID_SCHEMES = frozenset({"cid", "crid", "dav", "ftp", "info", "mid", "news", "nntp", "sip", "xmpp"})

_DNS_NAME = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*")
_CHARACTER = r"(?:[A-Za-z0-9._~:/?@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})"
_URI = re.compile(rf"{_CHARACTER}+(?:#{_CHARACTER}*)?")
_URN = re.compile(r"urn:[a-z0-9][a-z0-9-]{1,31}:(?:[a-z0-9()+,.:=@;$_!*'-]|%[0-9a-f]{2})+", re.IGNORECASE)
_UUID = re.compile(r"urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_TAG = re.compile(
    r"tag:(?:[a-z0-9._-]+@)?[a-z0-9.-]+,\d{4}(?:-\d{2}(?:-\d{2})?)?:"
    r"[A-Za-z0-9;/?:@&=+$._!~*'()%,-]*(?:#[A-Za-z0-9;/?:@&=+$._!~*'()%,-]*)?",
    re.ASCII,
)

# What RFC 4151 takes as it is. Percent-quoting the rest would be valid, but readers that normalise ids undo it.
_PLAIN = re.compile(r"[A-Za-z0-9._~:@/?!$&'()*+,;=-]+")


def is_uri(text: str) -> bool:
    """Whether an entry's id can be emitted as an atom:id as it came (RFC 4287 §4.2.6).

    Stricter than RFC 3986, as validators are: ASCII only, no brackets, http(s) with a host,
    well-formed urn:, urn:uuid: and tag: (RFC 4151), otherwise one of `ID_SCHEMES`.
    """
    if not _URI.fullmatch(text):
        return False
    scheme, colon, rest = text.partition(":")
    scheme = scheme.lower()
    if not colon or not rest:
        return False
    if scheme in DEFAULT_PORTS:
        return rest.startswith("//") and (is_normal(text) or parsed(text) is not None)
    if scheme == "urn":
        pattern = _UUID if text[:9].lower() == "urn:uuid:" else _URN
        return pattern.fullmatch(text) is not None
    if scheme == "tag":
        return _TAG.fullmatch(text) is not None
    return scheme in ID_SCHEMES and rest.strip("/") != ""


def is_uuid(text: str) -> bool:
    """Whether a text is a UUID as it is written without its URN (RFC 4122 §3)."""
    return _UUID.fullmatch(f"urn:uuid:{text}") is not None


def authority(public_url: str) -> str:
    """Return the DNS name that our tag: URIs are minted under; "localhost" when there is none."""
    name = host(public_url)
    return name if _DNS_NAME.fullmatch(name) else "localhost"


def tag_uri(authority: str, source_id: str, guid: str) -> str:
    """Mint an entry's permanent id (RFC 4151) from `authority()`, its source and its guid there.

    A guid that is long or has other characters than `_PLAIN` is hashed (SHA-256, hex).
    """
    specific = guid
    if len(guid) > MAX_TAG_GUID_LENGTH or not _PLAIN.fullmatch(guid):
        specific = hashlib.sha256(guid.encode(errors="surrogatepass")).hexdigest()
    return f"tag:{authority},{TAG_YEAR}:{quoted(source_id)}/{specific}"


def health_uri(authority: str, source_id: str, at: datetime) -> str:
    """Mint the id of a change of a source's health; no entry has such a one, as no id of a source has a colon."""
    return f"tag:{authority},{TAG_YEAR}:health:{quoted(source_id)}/{at.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}"
