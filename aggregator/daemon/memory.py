"""How memory is given to threads, and how often it is looked through for what nobody uses any more."""

import ctypes
import gc
from typing import Final

M_ARENA_MAX: Final = -8  # mallopt(3)
ARENAS: Final = 1
THRESHOLDS: Final = (2000, 10, 500)  # gc.set_threshold; (700, 10, 10) by default


def share_one_arena() -> None:
    """Let all threads have their memory from one place, where the C library is glibc; before the first of them.

    glibc gives each thread an arena of its own, and what one has freed no other can use: documents that are made now
    by one thread, now by another, held 100 MB for nothing. Threads of Python seldom wait for one another there.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_ARENA_MAX, ARENAS)


def collect_seldom() -> None:
    """Look through old objects seldom, and no more through those that are there now; for when all has been started.

    Nothing else runs meanwhile: with 1,000 sources that was 0.1 s every six seconds. Nearly all that becomes garbage
    is young, and most of it is freed without being looked for.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
