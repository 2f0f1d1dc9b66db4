"""Which source is which: ids for those that have none, and one spelling per address."""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from aggregator.config.checks import NAME_LENGTH, as_name

_PORTS = {"http": 80, "https": 443}
_SPELLING = re.compile(r"[^A-Za-z0-9]+")


def ids(sources: Sequence[tuple[str | None, str]]) -> list[str]:
    """Return an id for each (configured id, URL), the configured one wherever there is one.

    The first source of a host is called after the host, without www; those that follow it, after
    host and path, so that their ids do not depend on their order. Only what is still alike gets a
    number. Ids written down are taken first: adding one never renames another source.
    """
    taken = {configured for configured, _ in sources if configured is not None}
    found = []
    for configured, url in sources:
        name = configured if configured is not None else id_of(url, taken)
        taken.add(name)
        found.append(name)
    return found


def id_of(url: str, taken: set[str]) -> str:
    """Return an id for `url` that is not yet `taken`."""
    parts = urlsplit(url)
    if parts.scheme.lower() == "file":
        host = as_name(PurePosixPath(unquote(parts.path)).stem) or "file"
        path = ""
    else:
        host = as_name(_ascii(parts.hostname or "").removeprefix("www.")) or "source"
        path = _SPELLING.sub("-", f"{parts.path}-{parts.query}".lower()).strip("-")
    longer = f"{host}-{path}"[:NAME_LENGTH].strip("-._") if path else host
    for name in (host, longer):
        if name not in taken:
            return name
    number = 2
    while (name := f"{longer[: NAME_LENGTH - 8]}-{number}") in taken:
        number += 1
    return name


def same_address(url: str) -> str:
    """Return what the spellings of one address share: case of scheme and host, default port, fragment."""
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    port = f":{parts.port}" if parts.port not in {None, _PORTS.get(scheme)} else ""
    query = f"?{parts.query}" if parts.query else ""
    return f"{scheme}://{_ascii(parts.hostname or '')}{port}{parts.path or '/'}{query}"


def _ascii(host: str) -> str:
    try:
        return host.encode("idna").decode() if not host.isascii() else host
    except UnicodeError:  # refused where the URL is checked
        return host
