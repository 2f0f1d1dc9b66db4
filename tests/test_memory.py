"""How memory is given to threads, and looked through for garbage: in processes of their own, for it is for good."""

import ctypes
import subprocess
import sys

import pytest

ALLOCATING = """
import ctypes, sys, threading
from aggregator.daemon import share_one_arena

share_one_arena()
libc = ctypes.CDLL(None)
libc.malloc.restype = libc.fdopen.restype = ctypes.c_void_p
libc.malloc_info.argtypes = [ctypes.c_int, ctypes.c_void_p]
threads = [threading.Thread(target=libc.malloc, args=(10000,)) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
libc.malloc_info(0, libc.fdopen(1, b"w"))
libc.fflush(None)
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_info"), reason="the C library is not glibc")
def test_all_threads_share_one_arena() -> None:
    """As the C library says itself (malloc_info(3))."""
    done = subprocess.run(
        [sys.executable, "-c", ALLOCATING], capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stdout.count("<heap nr=") == 1


COLLECTING = """
import gc, weakref
from aggregator.daemon import collect_seldom

class Knot:
    def __init__(self):
        self.itself = self

collect_seldom()
counts = [0, 0, 0]
gc.callbacks.append(lambda phase, info: counts.__setitem__(info["generation"], counts[info["generation"]] + 1))
kept = [[number] for number in range(300_000)]
knot = weakref.ref(Knot())
kept += [[number] for number in range(30_000)]
print(*counts, knot() is None)
"""


def test_old_objects_are_looked_through_seldom_and_young_ones_often() -> None:
    done = subprocess.run(
        [sys.executable, "-c", COLLECTING], capture_output=True, text=True, timeout=30, check=True
    )
    young, middling, old, is_gone = done.stdout.split()
    assert int(young) > int(middling) > 0
    assert (old, is_gone) == ("0", "True")
