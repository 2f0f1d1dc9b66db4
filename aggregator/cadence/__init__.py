"""When to poll next: the whole politeness policy, pure.

`policy` weighs everybody's wishes; `rhythm` is our own, learnt from when the source publishes;
`skips` keeps out of the hours and days a feed asks to be left alone; `silence` knows who has ceased to publish.
"""

from aggregator.cadence.policy import (
    LONGEST_HINT,
    LONGEST_RETRY_AFTER,
    MAX_JITTER,
    NextPoll,
    Pace,
    next_poll,
    own_interval,
    recounted,
    repaced,
)
from aggregator.cadence.rhythm import entries_a_day, observe
from aggregator.cadence.silence import habit, is_stale
from aggregator.cadence.skips import POSTPONED, allowed_from

__all__ = [
    "LONGEST_HINT",
    "LONGEST_RETRY_AFTER",
    "MAX_JITTER",
    "POSTPONED",
    "NextPoll",
    "Pace",
    "allowed_from",
    "entries_a_day",
    "habit",
    "is_stale",
    "next_poll",
    "observe",
    "own_interval",
    "recounted",
    "repaced",
]
