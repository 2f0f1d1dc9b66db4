"""One poll and one publication, step by step: the only place that knows the order of things and reads the clock.

`polling` visits a source, `keeping` decides about its entries, `outcome` about its state, `archives` reads
older documents, `publishing` makes the feeds, `filing` their archives, `indexing` lets searches find what is stored;
`plant` is what they are given, `report` what they say; `overruling` does what the operator decides.
"""

from aggregator.pipeline.overruling import carry_out, named, take_orders
from aggregator.pipeline.pipeline import Pipeline
from aggregator.pipeline.plant import Clock, Fetch, Plant, Read, now

__all__ = ["Clock", "Fetch", "Pipeline", "Plant", "Read", "carry_out", "named", "now", "take_orders"]
