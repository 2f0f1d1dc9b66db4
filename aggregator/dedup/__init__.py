"""Which entries are the same story. Pure: the store brings candidates, this room decides.

The exact part of the cascade (DEDUP.md 0 to 2): identity within a source, canonical URLs, exact
text. A mark only makes a candidate (`marks`); `agree` decides on the two texts; `place` turns the
decisions about a batch into one plan.
"""

from aggregator.dedup.agree import Window, agrees
from aggregator.dedup.marks import lookup, marks
from aggregator.dedup.place import place

__all__ = ["Window", "agrees", "lookup", "marks", "place"]
