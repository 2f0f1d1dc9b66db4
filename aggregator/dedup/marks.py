"""What may identify a story: canonical URLs and exact text (DEDUP.md, steps 1 and 2)."""

import hashlib
from collections.abc import Sequence

from aggregator.dedup.boilerplate import boilerplate
from aggregator.dedup.events import topics
from aggregator.dedup.identity import names
from aggregator.dedup.said import said, title_words
from aggregator.dedup.sample import sample
from aggregator.dedup.words import tokens
from aggregator.model import Entry, Lookup, Mark, Tombstone
from aggregator.urls import folded_key, is_homepage, strict_key

URL = "url"
FOLDED = "folded"
TEXT = "text"

TEXT_TOKENS = 25  # that an exact-text mark covers
TEXT_TOKENS_LEAST = 12  # a shorter text says too little
PLACES = 4  # a mark that carried more stories than this is a ticker or a live blog, and says nothing


def marks(entry: Entry) -> tuple[Mark, ...]:
    """Return the marks of an entry, the most telling first; () when nothing may identify it."""
    found = []
    if entry.url and not is_homepage(entry.url):
        found.append(Mark(kind=URL, value=strict_key(entry.url)))
        found.append(Mark(kind=FOLDED, value=folded_key(entry.url)))
    title = title_words(entry.title)
    text = tokens(entry.content_text, TEXT_TOKENS)
    if title and len(text) >= TEXT_TOKENS_LEAST:
        said = " ".join(title) + "\n" + " ".join(text)
        found.append(Mark(kind=TEXT, value=hashlib.sha256(said.encode()).hexdigest()[:32]))
    return tuple(found)


def lookup(
    source_id: str,
    entries: Sequence[Entry],
    tombstones: Sequence[Tombstone] = (),
    *,
    skipped: int = 0,
    near: bool = True,
    groups: bool = False,
) -> Lookup:
    """Return what must be known of `entries` and `tombstones`, all of one source, before they can be placed.

    `skipped` more were known and left out when the document was read. Without `near` no entry is looked for
    that only resembles one of these; with `groups` those are that tell the same event.
    """
    repeated = (boilerplate(entries) or frozenset()) if near else frozenset()
    guids = [*(name for entry in entries for name in names(entry)), *(tomb.guid for tomb in tombstones)]
    return Lookup(
        source_id=source_id,
        guids=tuple(dict.fromkeys(guids)),
        uris=tuple(dict.fromkeys(entry.uri for entry in entries if entry.uri)),
        marks=tuple(dict.fromkeys(mark for entry in entries for mark in marks(entry))),
        samples={entry.guid: sample(said(entry, repeated)) for entry in entries} if near else {},
        topics={entry.guid: topics(said(entry, repeated)) for entry in entries} if groups else {},
        titles=tuple(dict.fromkeys(entry.title for entry in entries if entry.title)),
        skipped=skipped,
    )
