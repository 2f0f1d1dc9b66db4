"""What a source says in entry after entry: footers, calls to subscribe, paywall stubs, recurring titles.

Learnt from its own document, which lists its last entries side by side. Nothing that a publisher writes
needs a rule of ours, in any language.
"""

from collections import Counter
from collections.abc import Sequence

from aggregator.dedup.said import read, title_hash, title_words
from aggregator.model import Entry

LEARN_FROM = 6  # entries: of fewer nobody can tell what is usual
ENTRIES = 50  # the newest of a document
REPEATED = 3  # entries that say it: twice may be a story told twice
REPEATED_SHARE = 0.1  # of the entries: in a long document a story may be told three times
LEARNT_MOST = 1000  # hashes kept of a source


def boilerplate(entries: Sequence[Entry]) -> frozenset[int] | None:
    """Return hashes of what `entries` of one document repeat; None when they are too few to tell.

    Entries of one title count once: a story told again is no boilerplate.
    """
    newest = sorted(entries, key=lambda entry: entry.position)[:ENTRIES]
    if len(newest) < LEARN_FROM:
        return None
    texts: dict[tuple[str, ...], set[int]] = {}
    titles: Counter[int] = Counter()
    for entry in newest:
        title = title_words(entry.title)
        titles[title_hash(title)] += 1
        texts.setdefault(title, set()).update(read(entry.content_text)[1])
    said: Counter[int] = Counter()
    for text in texts.values():
        said.update(text)
    least = max(REPEATED, round(len(newest) * REPEATED_SHARE))
    common = Counter({one: count for one, count in said.items() if count >= least}).most_common(LEARNT_MOST)
    return frozenset(one for one, _ in common) | {
        title for title, count in titles.items() if count >= REPEATED
    }
