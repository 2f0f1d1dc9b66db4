"""The composition root: which parts run, how they start, follow the configuration, and stop.

`meaning` says what a configuration means to each of them, `engine` holds those that poll and publish, also for one-shot
commands, and `daemon` is `aggregator run`.
"""

from aggregator.daemon.daemon import Daemon
from aggregator.daemon.descriptors import allow_descriptors
from aggregator.daemon.ending import leave
from aggregator.daemon.engine import PUBLIC, Engine
from aggregator.daemon.meaning import plant
from aggregator.daemon.memory import collect_seldom, share_one_arena

__all__ = [
    "PUBLIC",
    "Daemon",
    "Engine",
    "allow_descriptors",
    "collect_seldom",
    "leave",
    "plant",
    "share_one_arena",
]
