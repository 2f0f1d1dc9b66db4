"""file: sources. Which files may be read is decided by the configuration."""

import stat
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from aggregator.errors import FetchError
from aggregator.fetch.body import check_size


def read_local(url: str, max_bytes: int) -> bytes:
    """Return the content of the regular file behind a file: URL; FetchError names the path."""
    path = Path(url2pathname(urlsplit(url).path))
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):  # opening a pipe would wait for somebody to write to it
            raise FetchError(f"{path} is no regular file")
        with path.open("rb") as file:
            body = file.read(max_bytes + 1)
    except OSError as exc:
        raise FetchError(f"{path} cannot be read: {exc.strerror}") from exc
    except ValueError as exc:  # a NUL in the path
        raise FetchError(f"{url[:200]} names no file") from exc
    check_size(len(body), max_bytes)
    return body
