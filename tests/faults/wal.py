"""Whether a process stands in the middle of a commit, by what SQLite has written (its format: sqlite.org/walformat).

A commit writes its pages into the log, waits until they are on the disk, and then counts them in the index beside
it: pages in the log that the index does not count are of a commit under way.
"""

import struct
from pathlib import Path

HEADER = struct.Struct(">8I")  # of the log: magic, version, page size, checkpoint number, salts, checksum
FRAME = struct.Struct(
    ">6I"
)  # before each page: its number, size of the database after a commit, salts, checksum
INDEX = struct.Struct("=10I")  # …, pages in the log, size of the database, checksum, salts
PAGE_SIZE, SALTS, FRAME_SALTS = 2, slice(4, 6), slice(2, 4)
INDEX_PAGES, INDEX_SALTS = 4, 32


def is_committing(log: Path) -> bool:
    """Tell whether the log has pages that the index does not count yet."""
    index = log.with_name(log.name.removesuffix("-wal") + "-shm")
    try:
        with log.open("rb") as file, index.open("rb") as counted:
            head, said = file.read(HEADER.size), counted.read(INDEX.size)
            if len(head) < HEADER.size or len(said) < INDEX.size:
                return False
            header = HEADER.unpack(head)
            if said[INDEX_SALTS : INDEX_SALTS + 8] != head[16:24]:  # the log is being begun anew
                return False
            file.seek(HEADER.size + INDEX.unpack(said)[INDEX_PAGES] * (FRAME.size + header[PAGE_SIZE]))
            following = file.read(FRAME.size)
    except FileNotFoundError:
        return False
    return len(following) == FRAME.size and FRAME.unpack(following)[FRAME_SALTS] == header[SALTS]


def trace(log: Path) -> tuple[int, int]:
    """Return what changes whenever the log is written."""
    try:
        facts = log.stat()
    except FileNotFoundError:
        return 0, 0
    return facts.st_size, facts.st_mtime_ns
