"""Small file systems, for tests that fill them: they need the right to mount."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

CHUNK = 64 * 1024


@contextmanager
def small_disk(directory: Path, *, size: str = "16m", inodes: int = 0) -> Iterator[Path]:
    """Mount a file system in memory at `directory`, made if missing; `inodes` 0 = as many as there is room for."""
    directory.mkdir(parents=True, exist_ok=True)
    options = f"size={size}" + (f",nr_inodes={inodes}" if inodes else "")
    mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(directory)]
    try:
        mounted = subprocess.run(mount, capture_output=True, text=True, check=False, timeout=10)
    except FileNotFoundError:
        pytest.skip("there is no mount here")
    if mounted.returncode:
        pytest.skip(f"we may not mount: {mounted.stderr.strip()}")
    try:
        yield directory
    finally:
        subprocess.run(["umount", "-l", str(directory)], check=True, timeout=10)


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
