"""How late the event loop is: what everything that waits in it waits in vain."""

import asyncio
from datetime import timedelta

from aggregator import metrics

EVERY = timedelta(milliseconds=50)
MISSED_MOST = 1000  # looks that are made up for at once, after a machine or a process stood still


async def watch_lag() -> None:
    """Count it for ever.

    What is missed while the loop is busy would have been as late as the loop was busy: it is counted, too. Else a
    loop that works for a second, and then is idle for one, would be late once and in time twenty times.
    """
    clock, every = asyncio.get_running_loop().time, EVERY.total_seconds()
    while True:
        due = clock() + every
        await asyncio.sleep(every)
        late = max(clock() - due, 0)
        for missed in range(min(int(late / every), MISSED_MOST) + 1):
            metrics.count_lag(late - missed * every)
