"""file: sources. Which files may be read is decided by the configuration."""

import io
import os
import stat
import tarfile
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from aggregator.errors import FetchError
from aggregator.fetch.body import check_size
from aggregator.model import FOLDER_TYPE

MAX_FILES = 10_000  # of a folder


def read_local(url: str, max_bytes: int) -> tuple[bytes, dict[str, str]]:
    """Return the content of the file behind a file: URL, and headers as a server would send them.

    Of a folder it is a tar of its regular files that are not hidden, by name. FetchError names the path.
    """
    path = Path(url2pathname(urlsplit(url).path))
    try:
        if path.is_dir():
            return _read_folder(path, max_bytes), {"content-type": FOLDER_TYPE}
        body = _read_file(path, max_bytes)
    except OSError as exc:
        raise FetchError(f"{path} cannot be read: {exc.strerror}") from exc
    except ValueError as exc:  # a NUL in the path
        raise FetchError(f"{url[:200]} names no file") from exc
    check_size(len(body), max_bytes)
    return body, {}


def _read_file(path: Path, max_bytes: int) -> bytes:
    if not stat.S_ISREG(path.stat().st_mode):  # opening a pipe would wait for somebody to write to it
        raise FetchError(f"{path} is no regular file")
    with path.open("rb") as file:
        return file.read(max_bytes + 1)


def _read_folder(path: Path, max_bytes: int) -> bytes:
    """Links are not followed: they may lead out of where files may be read."""
    with os.scandir(path) as found:
        names = sorted(
            one.name for one in found if one.is_file(follow_symlinks=False) and not one.name.startswith(".")
        )
    if len(names) > MAX_FILES:
        raise FetchError(f"{path} has more than {MAX_FILES} files")
    made, size = io.BytesIO(), 0
    with tarfile.open(fileobj=made, mode="w") as archive:
        for name in names:
            body = _read_file(path / name, max_bytes - size)
            size += len(body)
            check_size(size, max_bytes)
            member = tarfile.TarInfo(name)  # without times and owners: equal files give equal bytes
            member.size = len(body)
            archive.addfile(member, io.BytesIO(body))
    return made.getvalue()
