"""The `public/` directory, and its neighbour for feeds that ask for a token: each document replaced as a whole.

Its bytes are on the disk before it takes its name, so that after a kill or a power cut there is the old one or the
new one. Directories are not synchronised: either of them is whole.
"""

import os
import shutil
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from aggregator.errors import PublishError
from aggregator.model import Document, Published

MODE = 0o644  # whoever serves them must be able to read them
UNFINISHED = ".new-"
PRIVATE = "private"  # the neighbour
PRIVATE_MODE = 0o600


def write(
    documents: Iterable[Document],
    directory: Path,
    *,
    before: Mapping[str, Published] | None = None,
    mode: int = MODE,
) -> dict[str, Published]:
    """Write what changed and remove feeds that are no more; by path, with when its bytes last changed.

    A document with the same bytes keeps its file and so its time: Last-Modified survives a restart. The file of one
    that was the same `before` is not read again, as long as its size and time are as they were.
    """
    with _publishing(directory):
        published = {
            document.path: _kept(document, directory, before or {})
            or _write(document, directory / document.path, mode)
            for document in documents
        }
        for stray in [*directory.glob(f"{UNFINISHED}*"), *(directory / "feeds").glob("*.*")]:
            if stray.relative_to(directory).as_posix() not in published and stray.is_file():
                stray.unlink()
    return published


def clear(directory: Path) -> None:
    """Remove what a process that was killed has left unfinished, in `directory` and its neighbour."""
    with _publishing(directory):
        for folder in (directory, directory.parent / PRIVATE):
            for stray in folder.rglob(f"{UNFINISHED}*"):
                stray.unlink()


def write_page(document: Document, directory: Path, *, keep: Collection[str], mode: int = MODE) -> None:
    """Write a page of an archive; of what lies beside it, only the paths in `keep` stay."""
    path = directory / document.path
    with _publishing(directory):
        _write(document, path, mode)
        for stray in path.parent.iterdir():
            if stray != path and stray.relative_to(directory).as_posix() not in keep:
                stray.unlink()


def drop_page(path: str, directory: Path) -> bool:
    """Remove the directory of a page; return whether it was there."""
    there = directory / path
    with _publishing(directory):
        if not there.is_dir():
            return False
        shutil.rmtree(there)
    return True


@contextmanager
def _publishing(directory: Path) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise PublishError(
            f"{exc.filename or directory}: {exc.strerror}; the feeds cannot be published"
        ) from exc


def _kept(document: Document, directory: Path, before: Mapping[str, Published]) -> Published | None:
    """Return a document's last publication, if it was the same and its file has not been touched since."""
    last = before.get(document.path)
    if last is None or last.document != document:
        return None
    try:
        found = (directory / document.path).stat()
    except FileNotFoundError:
        return None
    same = (found.st_size, int(found.st_mtime)) == (len(document.body), last.modified_at.timestamp())
    return last if same else None


def _write(document: Document, path: Path, mode: int) -> Published:
    """Give other bytes a later time than those before had: HTTP tells times apart by the second.

    So two changes within one, or a clock that was set back, are seen by whoever asks by date.
    """
    if not path.exists() or path.read_bytes() != document.body:
        before = int(path.stat().st_mtime) if path.exists() else 0
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=UNFINISHED)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(document.body)
                file.flush()
                if os.fstat(file.fileno()).st_mtime < before + 1:
                    os.utime(file.fileno(), (before + 1, before + 1))
                os.fdatasync(file.fileno())  # else a power cut may leave the new name with nothing in it
            Path(temporary).chmod(mode)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    modified_at = datetime.fromtimestamp(int(path.stat().st_mtime), UTC)
    return Published(document=document, modified_at=modified_at)
