"""Small file systems, for tests that fill them: they need the right to mount."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

import pytest

CHUNK = 64 * 1024


@contextmanager
def small_disk(directory: Path, *, size: str = "16m", inodes: int = 0) -> Iterator[Path]:
    """Mount a file system in memory at `directory`, made if missing; `inodes` 0 = as many as there is room for."""
    directory.mkdir(parents=True, exist_ok=True)
    options = f"size={size}" + (f",nr_inodes={inodes}" if inodes else "")
    _try("mount", "-t", "tmpfs", "-o", options, "tmpfs", str(directory))
    try:
        yield directory
    finally:
        subprocess.run(["umount", "-l", str(directory)], check=True, timeout=10)


class Drive:
    """An ext4 file system in a file: `fail` makes it read-only under whoever writes, as the kernel does after an error.

    Until it is mounted anew: SQLite's open files are of the old mount.
    """

    def __init__(self, image: Path, directory: Path, *, size: int = 64 << 20) -> None:
        self._image, self._directory = image, directory
        directory.mkdir(parents=True, exist_ok=True)
        with image.open("wb") as file:
            file.truncate(size)
        _try("mkfs.ext4", "-q", str(image))

    def __enter__(self) -> Self:
        _try("mount", "-o", "loop", str(self._image), str(self._directory))
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run(["umount", "-l", str(self._directory)], check=True, timeout=10)

    def fail(self) -> None:
        subprocess.run(["mount", "-o", "remount,abort", str(self._directory)], check=True, timeout=10)

    def mend(self) -> None:
        """Check it and mount it anew, as an operator would whose daemon has ended."""
        subprocess.run(["umount", str(self._directory)], check=True, timeout=10)
        checked = subprocess.run(["/sbin/e2fsck", "-p", str(self._image)], check=False, timeout=10)
        assert checked.returncode in {0, 1}  # good, or mended
        self.__enter__()


def _try(*command: str) -> None:
    """Run it, or skip the test where it is not installed or not allowed."""
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
    environ = os.environ | {"PATH": path}
    try:
        ended = subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=10)
    except FileNotFoundError:
        pytest.skip(f"there is no {command[0]} here")
    if ended.returncode:
        pytest.skip(f"we may not {command[0]}: {ended.stderr.strip()}")


def remount(directory: Path, option: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{option}", str(directory)], check=True, timeout=10)


def fill(directory: Path) -> Path:
    """Take all the space there is and return the file that has it."""
    path = directory / "ballast"
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    with suppress(OSError):
        while os.write(handle, b"\xff" * CHUNK):
            pass
    os.close(handle)
    return path


def take_inodes(directory: Path) -> list[Path]:
    """Make files until there can be no more, and return them."""
    made: list[Path] = []
    with suppress(OSError):
        while True:
            path = directory / f"ballast-{len(made)}"
            path.touch()
            made.append(path)
    return made
