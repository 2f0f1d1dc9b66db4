"""What a process uses, looked at from outside: looking costs the process itself nothing."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

EVERY = 0.02  # seconds between two looks at another process
PAGE = 4096  # bytes


class Watch:
    """Peaks of process `pid` and its descendants, while in the `with`, without what `but` started."""

    def __init__(self, pid: int, *, but: int | None = None, every: float = EVERY) -> None:
        self.descriptors = 0  # of the process itself
        self.memory = 0  # bytes resident, with descendants; pages they share count several times
        self.cpu = 0.0  # seconds, with descendants
        self.own_cpu = 0.0  # seconds of the process itself
        self._pid, self._but, self._every = pid, but, every
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._done.wait(self._every):
            try:
                members = list(family(self._pid, but=self._but))
                descriptors = sum(1 for _ in Path(f"/proc/{self._pid}/fd").iterdir())
                self.descriptors = max(self.descriptors, descriptors)
                self.memory = max(self.memory, sum(map(_resident, members)))
                self.cpu = max(self.cpu, sum(map(cpu, members)))
                self.own_cpu = max(self.own_cpu, cpu(self._pid))
            except OSError:
                continue  # it ends just now


def family(pid: int, *, but: int | None = None) -> Iterator[int]:
    """Yield `pid` and all its descendants, without `but` and its own."""
    yield pid
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in map(int, (task / "children").read_text().split()):
            if child != but:
                yield from family(child, but=but)


def _resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE


def cpu(pid: int) -> float:
    """Return the CPU seconds of a process and of those of its children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
