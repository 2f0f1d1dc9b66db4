"""Whether two entries that share a mark tell the same story.

Sharing an address is not enough: link-blogs comment on one article, feeds use one link for
everything, a page is told anew every year. Hiding an article is worse than showing it twice, so
every doubt is a no.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from aggregator.dedup.marks import FOLDED, TEXT, URL
from aggregator.dedup.near import NEXT_DAY, SHORT, against
from aggregator.dedup.said import TITLE_TOKENS, said
from aggregator.dedup.subject import is_shared
from aggregator.dedup.verdict import Verdict
from aggregator.dedup.words import containment, length, numbers, overlap, tokens
from aggregator.model import Entry, StoredEntry
from aggregator.urls import folded_key, is_homepage, is_uuid, strict_key

COMPARED_TOKENS = 400  # of each text
SAME_URL_CONTAINMENT = 0.5  # a figure corrected, a tail added, the lead rewritten
SAME_TEXT_CONTAINMENT = 0.8
RELATED_TITLES = 0.34  # below it the text that is shared must be about one of them, for a stub is not
HEADLINE_LEAST = 4  # words: less is the name of a column
OTHER_ISSUE = "other issue"
TITLE_OVERLAP = 0.6  # where one side has no text: a title cut short


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """How far apart two entries may be published and still be one story."""

    url: timedelta = timedelta(hours=72)  # [dedup] window
    text: timedelta = timedelta(days=14)
    near: timedelta | None = timedelta(hours=72)  # [dedup] window; None: [dedup] near_duplicates is off
    group: timedelta | None = None  # [dedup] window; None: [dedup] groups is off


def agrees(kind: str, new: Entry, seen_at: datetime, other: StoredEntry, window: Window) -> Verdict:
    """Return whether `new`, seen at `seen_at`, tells what `other` tells; `kind` is the mark they share."""
    if kind not in {URL, FOLDED, TEXT}:
        raise ValueError(f"no such kind of mark: {kind}")
    if not is_within(window.text if kind == TEXT else window.url, new, seen_at, other):
        return Verdict(
            rule=kind if _is_undated(new, other.entry) and is_same_item(new, other.entry) else None
        )
    if kind == TEXT and is_other_issue(new, seen_at, other):
        return Verdict(veto=OTHER_ISSUE)
    verdict = _same_text(new, other.entry) if kind == TEXT else _same_page(new, other.entry)
    if verdict.rule is None or kind != TEXT:
        return replace(verdict, rule=kind if verdict.rule else None)
    veto = against(
        said(new),
        said(other.entry),
        apart=apart(new, seen_at, other),
        one_source=new.source_id == other.entry.source_id,
    )
    return replace(verdict, rule=kind if veto is None else None, veto=veto)


def is_item_again(new: Entry, seen_at: datetime, other: StoredEntry, window: Window) -> bool:
    """Return whether `new` is the very item that `other` is, in another source and with nothing against it."""
    if not is_same_item(new, other.entry):
        return False
    return _is_undated(new, other.entry) or is_within(window.url, new, seen_at, other)


def is_same_item(new: Entry, other: Entry) -> bool:
    """Return whether the two say the same under one guid that is nobody else's: a source that is called otherwise."""
    if (new.guid, new.title, new.content_text) != (other.guid, other.title, other.content_text):
        return False
    if new.url is not None and other.url is not None:
        return strict_key(new.url) == strict_key(other.url) and not is_homepage(new.url)
    return new.url == other.url and _is_unique(new)


def _is_unique(entry: Entry) -> bool:
    """Whether a guid is one that no two publishers give: a URI that names no site, or a UUID."""
    return not is_homepage(entry.guid) if entry.uri is not None else is_uuid(entry.guid)


def _is_undated(new: Entry, other: Entry) -> bool:
    """Whether neither has a date, so that the time between says nothing but when we asked."""
    return new.published_at is None and other.published_at is None


def is_within(window: timedelta, new: Entry, seen_at: datetime, other: StoredEntry) -> bool:
    """Return whether the two were published so close to each other that they may be one story."""
    if (
        new.published_at is None
        and other.entry.published_at is None
        and new.source_id == other.entry.source_id
    ):
        return True  # a source without dates re-issues an old entry: there is nothing to compare
    return apart(new, seen_at, other) <= window


def is_other_issue(new: Entry, seen_at: datetime, other: StoredEntry) -> bool:
    """Return whether one source told the two on different days at different places: the crossword of the day.

    What has a headline, or a longer text, an agency sends again.
    """
    told = other.entry
    if (
        length(tokens(new.title, TITLE_TOKENS)) >= HEADLINE_LEAST
        or len(tokens(new.content_text, SHORT)) >= SHORT
    ):
        return False
    if new.source_id != told.source_id or new.published_at is None or told.published_at is None:
        return False
    if apart(new, seen_at, other) < NEXT_DAY or not new.url or not told.url:
        return False
    return folded_key(new.url) != folded_key(told.url)


def apart(new: Entry, seen_at: datetime, other: StoredEntry) -> timedelta:
    """Return the time between the publications of the two."""
    return abs(told_at(new, seen_at) - told_at(other.entry, other.first_seen_at))


def told_at(entry: Entry, seen_at: datetime) -> datetime:
    """Publication, or first seen where there is none or it lies in the future."""
    return min(entry.published_at or seen_at, seen_at)


def _same_text(a: Entry, b: Entry) -> Verdict:
    text = containment(tokens(a.content_text, COMPARED_TOKENS), tokens(b.content_text, COMPARED_TOKENS))
    return _verdict(text >= SAME_TEXT_CONTAINMENT, text=text)


def _same_page(a: Entry, b: Entry) -> Verdict:
    title, longer_title = sorted((tokens(a.title, TITLE_TOKENS), tokens(b.title, TITLE_TOKENS)), key=len)
    text, longer_text = sorted(
        (tokens(a.content_text, COMPARED_TOKENS), tokens(b.content_text, COMPARED_TOKENS)), key=len
    )
    words = overlap(title, longer_title)
    if title and not set(numbers(title)) <= set(numbers(longer_title)):
        return _verdict(False, words=words)  # Episode 41 and Episode 42 share a page and their show notes
    if text:
        shared = containment(text, longer_text)
        agree = shared >= SAME_URL_CONTAINMENT and (words >= RELATED_TITLES or is_shared(said(a), said(b)))
        return _verdict(agree, text=shared, words=words)
    if title:
        return _verdict(words >= TITLE_OVERLAP, words=words)
    return _verdict(not (a.title or a.content_text) or not (b.title or b.content_text))


def _verdict(agree: bool, **scores: float) -> Verdict:
    rounded = tuple((name, round(score, 3)) for name, score in scores.items())
    return Verdict(rule="agree" if agree else None, scores=rounded)
