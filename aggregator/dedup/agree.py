"""Whether two entries that share a mark tell the same story.

Sharing an address is not enough: link-blogs comment on one article, feeds use one link for
everything, a page is told anew every year. Hiding an article is worse than showing it twice, so
every doubt is a no.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from aggregator.dedup.marks import FOLDED, TEXT, TITLE_TOKENS, URL
from aggregator.dedup.words import containment, numbers, overlap, tokens
from aggregator.model import Entry, StoredEntry

COMPARED_TOKENS = 400  # of each text
SAME_URL_CONTAINMENT = 0.5  # a figure corrected, a tail added, the lead rewritten
SAME_TEXT_CONTAINMENT = 0.8
TITLE_OVERLAP = 0.6  # where one side has no text: a title cut short
NUMBERS_BELOW = 200  # tokens: in a short text another number is another item


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """How far apart two entries may be published and still be one story."""

    url: timedelta = timedelta(hours=72)  # [dedup] window
    text: timedelta = timedelta(days=14)


def agrees(kind: str, new: Entry, seen_at: datetime, other: StoredEntry, window: Window) -> bool:
    """Return whether `new`, seen at `seen_at`, tells what `other` tells; `kind` is the mark they share."""
    if not _near(new, seen_at, other, window.text if kind == TEXT else window.url):
        return False
    if kind == TEXT:
        return _same_text(new, other.entry)
    if kind in (URL, FOLDED):
        return _same_page(new, other.entry)
    raise ValueError(f"no such kind of mark: {kind}")


def _near(new: Entry, seen_at: datetime, other: StoredEntry, window: timedelta) -> bool:
    if (
        new.published_at is None
        and other.entry.published_at is None
        and new.source_id == other.entry.source_id
    ):
        return True  # a source without dates re-issues an old entry: there is nothing to compare
    return abs(told_at(new, seen_at) - told_at(other.entry, other.first_seen_at)) <= window


def told_at(entry: Entry, seen_at: datetime) -> datetime:
    """Publication, or first seen where there is none or it lies in the future."""
    return min(entry.published_at or seen_at, seen_at)


def _same_text(a: Entry, b: Entry) -> bool:
    first, second = tokens(a.content_text, COMPARED_TOKENS), tokens(b.content_text, COMPARED_TOKENS)
    if containment(first, second) < SAME_TEXT_CONTAINMENT:
        return False
    shorter, longer = sorted((first, second), key=len)
    if len(shorter) >= NUMBERS_BELOW:
        return True
    return set(numbers(shorter)) <= set(numbers(longer))


def _same_page(a: Entry, b: Entry) -> bool:
    title, longer_title = sorted((tokens(a.title, TITLE_TOKENS), tokens(b.title, TITLE_TOKENS)), key=len)
    text, longer_text = sorted(
        (tokens(a.content_text, COMPARED_TOKENS), tokens(b.content_text, COMPARED_TOKENS)), key=len
    )
    if title and not set(numbers(title)) <= set(numbers(longer_title)):
        return False  # Episode 41 and Episode 42 share a page and their show notes
    if text:
        return containment(text, longer_text) >= SAME_URL_CONTAINMENT
    if title:
        return overlap(title, longer_title) >= TITLE_OVERLAP
    return not (a.title or a.content_text) or not (b.title or b.content_text)
