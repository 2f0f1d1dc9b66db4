"""One poll and one publication, step by step: the only place that knows the order of things and reads the clock.

`polling` visits a source, `keeping` decides about its entries, `outcome` about its state, `archives` reads
older documents, `publishing` makes the feeds, `filing` their archives, `indexing` lets searches find what is stored;
`plant` is what they are given, `report` what they say; `overruling` does what the operator decides,
`health` tells how the sources are.
"""

from aggregator.pipeline.health import COMMAND, WEBHOOK, Notices, Send
from aggregator.pipeline.overruling import Spool, carry_out, named
from aggregator.pipeline.pipeline import Pipeline
from aggregator.pipeline.plant import Clock, Fetch, Plant, Read, now

__all__ = [
    "COMMAND",
    "WEBHOOK",
    "Clock",
    "Fetch",
    "Notices",
    "Pipeline",
    "Plant",
    "Read",
    "Send",
    "Spool",
    "carry_out",
    "named",
    "now",
]
