"""How much a source may be expected to bring, as its state before a poll tells."""

from datetime import datetime, timedelta

from aggregator.cadence import entries_a_day
from aggregator.dedup.flood import Flow
from aggregator.model import Reading, Source, SourceState

DAY = timedelta(days=1)


def flow_of(
    source: Source, reading: Reading, before: SourceState, *, is_archive: bool, now: datetime
) -> Flow:
    """Return what the flood guard weighs. After the operator changed how a source is read, it is a new one.

    Its rhythm counts as of the last visit: that we were away was no silence of the source.
    """
    last = before.last_success_at
    expected = 0.0 if last is None else (entries_a_day(before.rhythm, now=last) or 0.0) * ((now - last) / DAY)
    return Flow(
        is_first=is_archive or last is None or before.reading != source.reading,
        size=len(reading.entries) + reading.skipped,
        expected=expected,
    )
