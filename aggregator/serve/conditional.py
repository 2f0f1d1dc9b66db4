"""Entity tags and conditional requests (RFC 9110 §8.8, §13). Pure."""

import re
from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from hashlib import sha256
from typing import Final

_TAG: Final = re.compile(r'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')
_DIGEST_BYTES: Final = 18  # 144 bits: no two documents will ever share a tag


def entity_tag(body: bytes) -> str:
    """Return the strong entity tag of these very bytes, quotes included (RFC 9110 §8.8.3)."""
    return f'"{urlsafe_b64encode(sha256(body).digest()[:_DIGEST_BYTES]).decode()}"'


def is_unchanged(
    *, etag: str, modified_at: datetime | None, if_none_match: str | None, if_modified_since: str | None
) -> bool:
    """Say whether a GET or HEAD is answered by 304 (RFC 9110 §13.2.2).

    If-None-Match decides alone whenever it was sent; If-Modified-Since counts only without it. The
    fields are None when they were not sent. `modified_at` is in whole seconds.
    """
    if if_none_match is not None:
        return names(if_none_match, etag)
    if if_modified_since is None or modified_at is None:
        return False
    since = parse_http_date(if_modified_since)
    return since is not None and modified_at <= since


def names(if_none_match: str, etag: str) -> bool:
    """Say whether the field is `*` or lists `etag` by weak comparison (RFC 9110 §8.8.3.2, §13.1.2)."""
    if if_none_match.strip() in ("*", etag):
        return True
    return etag in tags_in(if_none_match)


def tags_in(if_none_match: str) -> list[str]:
    """List the entity tags of the field, weak ones as if they were strong."""
    return _TAG.findall(if_none_match)


def http_date(at: datetime) -> str:
    """Write an IMF-fixdate (RFC 9110 §5.6.7)."""
    return format_datetime(at.astimezone(UTC), usegmt=True)


def parse_http_date(text: str) -> datetime | None:
    """Read any of the three forms of RFC 9110 §5.6.7; None for anything that is no date (§13.1.3)."""
    try:
        at = parsedate_to_datetime(text)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
