"""Which shingles of a text stand in the index for it: enough to find it again, few enough to keep.

A teaser shares its beginning with the article, a copy under another lead shares the rest. So the
beginning is sampled densely, and of the rest the smallest hashes are taken: of two texts that agree
these are mostly the same.
"""

from aggregator.dedup.said import Said

DENSE = 32  # shingles from the start of which every second one is kept, by its last bit
REST_MOST = 16  # hashes of the remaining text: 32 an entry; with 8, copies under another lead were missed

# Which entries are worth comparing with one that has a given sample.
SHARED_LEAST = 2  # hashes: one may be an accident, or a phrase of the trade
FREQUENT = 64  # entries: what more of them share is a phrase, and says nothing
CANDIDATES_MOST = 30  # stories, those that share most


def sample(text: Said) -> tuple[int, ...]:
    """Return the hashes of `text` by which it can be found; equal texts have equal ones."""
    start = {one for one in text.shingles[:DENSE] if not one & 1}
    rest = sorted({*text.shingles[DENSE:]} - start)[:REST_MOST]
    return tuple(sorted(start | {*rest}))
