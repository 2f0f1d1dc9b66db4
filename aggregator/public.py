"""The `public/` directory, and its neighbour for feeds that ask for a token: each document replaced as a whole."""

import os
import tempfile
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from aggregator.errors import PublishError
from aggregator.model import Document, Published

MODE = 0o644  # whoever serves them must be able to read them
PRIVATE = "private"  # the neighbour
PRIVATE_MODE = 0o600


def write(documents: Iterable[Document], directory: Path, *, mode: int = MODE) -> dict[str, Published]:
    """Write what changed and remove feeds that are no more; by path, with when its bytes last changed.

    A document with the same bytes keeps its file and so its time: Last-Modified survives a restart.
    """
    try:
        published = {
            document.path: _write(document, directory / document.path, mode) for document in documents
        }
        for stray in [*directory.glob(".new-*"), *(directory / "feeds").glob("*.*")]:
            if stray.relative_to(directory).as_posix() not in published and stray.is_file():
                stray.unlink()
    except OSError as exc:
        raise PublishError(
            f"{exc.filename or directory}: {exc.strerror}; the feeds cannot be published"
        ) from exc
    return published


def _write(document: Document, path: Path, mode: int) -> Published:
    if not path.exists() or path.read_bytes() != document.body:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(document.body)
            Path(temporary).chmod(mode)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    modified_at = datetime.fromtimestamp(int(path.stat().st_mtime), UTC)
    return Published(document=document, modified_at=modified_at)
