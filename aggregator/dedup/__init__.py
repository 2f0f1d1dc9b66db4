"""Which entries are the same story. Pure: the store brings candidates, this room decides.

A cascade: identity within a source, canonical URLs, exact text, near-duplicates. A mark or a sampled
shingle only makes a candidate (`marks`, `sample`); `agree` and `near` decide on the two texts; `place` turns
the decisions about a batch into one plan.
"""

from aggregator.dedup.agree import Window, agrees
from aggregator.dedup.marks import lookup, marks
from aggregator.dedup.place import place

__all__ = ["Window", "agrees", "lookup", "marks", "place"]
