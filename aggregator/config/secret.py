"""Secrets: read from files and from the environment, never written in the configuration itself."""

import codecs
import stat
from collections.abc import Mapping
from pathlib import Path

from aggregator.config.checks import check_header_value
from aggregator.config.documents import shown
from aggregator.config.problems import Place, Problems, quoted

SECRET_LENGTH = 8_000  # bytes: what a request header can carry


def from_file(path: Path, place: Place, problems: Problems) -> str | None:
    """Return the secret in a file, without white space around it; None when there is none to be had.

    `place` is where the file is named. A file that everybody may read is a warning: containers
    mount secrets that way.
    """
    content = _content(path, place, problems)
    return (
        None if content is None else _usable(content, f"the secret in {quoted(shown(path))}", place, problems)
    )


def lines_of_file(path: Path, place: Place, problems: Problems) -> tuple[str, ...]:
    """Return the tokens in a file, one a line; () when there is none to be had. Lines with # are comments."""
    content = _content(path, place, problems)
    if content is None:
        return ()
    name = quoted(shown(path))
    lines = [line.strip() for line in content.removeprefix(codecs.BOM_UTF8).splitlines()]
    written = {number: line for number, line in enumerate(lines, 1) if line and not line.startswith(b"#")}
    if not written:
        problems.error(place, f"{name} has no token in it: write one a line")
    tokens = [
        _token(line, f"the token in line {n} of {name}", place, problems) for n, line in written.items()
    ]
    return tuple(token for token in tokens if token is not None)


def _token(line: bytes, name: str, place: Place, problems: Problems) -> str | None:
    text = _usable(line, name, place, problems)
    try:
        return text and check_header_value(text)
    except ValueError as exc:
        problems.error(place, f"{name} {exc}")
        return None


def _content(path: Path, place: Place, problems: Problems) -> bytes | None:
    name = quoted(shown(path))
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):  # opening a pipe would wait for somebody to write to it
            problems.error(place, f"{name} is no regular file")
            return None
        with path.open("rb") as file:
            content = file.read(SECRET_LENGTH + 1)
    except FileNotFoundError:
        problems.error(place, f"there is no file {name}: write the secret into it and run chmod 600 on it")
        return None
    except OSError as exc:
        problems.error(place, f"{name} cannot be read: {exc.strerror}")
        return None
    if mode & stat.S_IROTH:
        problems.warning(place, f"everybody may read {name}: run chmod 600 on it")
    return content


def from_environment(
    variable: str, environ: Mapping[str, str], place: Place, problems: Problems
) -> str | None:
    """Return the secret in an environment variable; None when there is none to be had."""
    value = environ.get(variable)
    if value is None:
        problems.error(place, f"the environment variable {quoted(variable)} is not set")
        return None
    return _usable(
        value.encode(errors="surrogateescape"), f"the secret in {quoted(variable)}", place, problems
    )


def _usable(content: bytes, name: str, place: Place, problems: Problems) -> str | None:
    try:
        text = content.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        problems.error(place, f"{name} is not UTF-8 text")
        return None
    complaint = None
    if not text:
        complaint = "is empty"
    elif len(content) > SECRET_LENGTH:
        complaint = f"is longer than {SECRET_LENGTH} bytes"
    elif not text.isprintable():
        complaint = "must be a single line"
    if complaint:
        problems.error(place, f"{name} {complaint}")
        return None
    return text
