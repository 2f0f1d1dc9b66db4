"""The composition root: which parts run, how they start, follow the configuration, and stop.

`meaning` says what a configuration means to each of them, `engine` holds those that poll and publish, also for one-shot
commands, and `daemon` is `aggregator run`.
"""

from aggregator.daemon.arenas import share_one_arena
from aggregator.daemon.daemon import Daemon
from aggregator.daemon.engine import PUBLIC, Engine
from aggregator.daemon.meaning import plant

__all__ = ["PUBLIC", "Daemon", "Engine", "plant", "share_one_arena"]
