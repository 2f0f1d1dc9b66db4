"""One poll and one publication, step by step: the only place that knows the order of things and reads the clock.

`polling` visits a source, `publishing` makes the feeds; `plant` is what they are given, `report` what they say.
"""

from aggregator.pipeline.plant import Clock, Fetch, Plant, Read, now
from aggregator.pipeline.polling import Pipeline

__all__ = ["Clock", "Fetch", "Pipeline", "Plant", "Read", "now"]
