"""How the C library gives memory to threads."""

import ctypes
from typing import Final

M_ARENA_MAX: Final = -8  # mallopt(3)
ARENAS: Final = 1


def share_one_arena() -> None:
    """Let all threads have their memory from one place, where the C library is glibc; before the first of them.

    glibc gives each thread an arena of its own, and what one has freed no other can use: documents that are made now
    by one thread, now by another, held 100 MB for nothing. Threads of Python seldom wait for one another there.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_ARENA_MAX, ARENAS)
