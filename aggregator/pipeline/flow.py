"""How much a source may be expected to bring, as its state before a poll tells."""

import re
from datetime import datetime, timedelta

from aggregator.cadence import entries_a_day
from aggregator.dedup.flood import Flow
from aggregator.model import Passed, Reading, Source, SourceState

DAY = timedelta(days=1)
# Of a document that had more new entries than one poll reads, `SourceState.reading` says besides how it was read
# that more is to come, and after which entry. So the next poll asks for all of it, with no validators, and goes on
# where this one ended.
FIRST, MORE = " (its first document)", " (a flood)"
REDATED = " (its first document, dates anew)"  # since how its dates are read was changed, too
_READ = re.compile(r" (\d+) read,(?: up to \w+,)? (\d+) come(?:, (\d+) stay, up to (\w*))?\Z")


def read_with(source: Source, reading: Reading, before: SourceState) -> str:
    """Return what to note as `SourceState.reading`."""
    if not reading.beyond:
        return source.reading
    passed = reading.passed
    upto = ""
    if passed is not None:
        upto = f" {passed.count} read, {passed.come} come, {passed.stays} stay, up to {passed.last}"
    kind = MORE if not _is_first(source, reading, before) else REDATED if redates(source, before) else FIRST
    return source.reading + kind + upto


def redates(source: Source, before: SourceState) -> bool:
    """Whether known entries get the dates read now: the operator has changed how, and not all was read since."""
    return not (before.reading or "").startswith(source.dating) or _said(before) == source.reading + REDATED


def passed(source: Source, state: SourceState) -> Passed | None:
    """Return how far earlier polls have read the document; None when it is to be read from its beginning."""
    told = _READ.search(state.reading or "")
    if told is None or _said(state) not in {source.reading + kind for kind in (FIRST, REDATED, MORE)}:
        return None
    return Passed(int(told[1]), int(told[2]), int(told[3] or 0), told[4] or "")


def _said(state: SourceState) -> str:
    """Return how a document was read, without how far."""
    return _READ.sub("", state.reading or "")


def _is_first(source: Source, reading: Reading, before: SourceState) -> bool:
    """A large first document is one as long as it is the same: with other entries at each poll it would never end."""
    if before.last_success_at is None:
        return True
    return _said(before) not in {source.reading, source.reading + MORE} and not reading.is_another


def flow_of(
    source: Source, reading: Reading, before: SourceState, *, is_archive: bool, now: datetime
) -> Flow:
    """Return what the flood guard weighs. After the operator changed how a source is read, it is a new one.

    Its rhythm counts as of the last visit: that we were away was no silence of the source.
    """
    last = before.last_success_at
    expected = 0.0 if last is None else (entries_a_day(before.rhythm, now=last) or 0.0) * ((now - last) / DAY)
    goes_on = _said(before) == source.reading + MORE  # then what was read of it is known only since
    return Flow(
        is_first=is_archive or _is_first(source, reading, before),
        size=len(reading.entries) + (0 if goes_on else reading.skipped),
        expected=expected,
    )
