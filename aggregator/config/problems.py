"""What is wrong with a configuration and where, collected so that one run tells all of it."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field

from aggregator.errors import ConfigError

QUOTED_LENGTH = 200  # characters of the operator's text that a message repeats
NEAR = 0.6  # difflib's ratio from which a name is offered


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something is written: a position in a file, a whole file, or an environment variable."""

    file: str
    line: int = 0  # 1 is the first; 0 = the whole file
    column: int = 0  # in characters, 1 is the first

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file

    @property
    def line_only(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(slots=True)
class Problems:
    """Collects errors and warnings; files are told in the order in which they were first named."""

    _files: dict[str, int] = field(default_factory=dict)
    _errors: list[tuple[Place, str]] = field(default_factory=list)
    _warnings: list[tuple[Place, str]] = field(default_factory=list)

    def name(self, file: str) -> None:
        """Give `file` its turn in the report."""
        self._files.setdefault(file, len(self._files))

    def error(self, place: Place, text: str) -> None:
        """Note what makes the configuration unusable."""
        self._errors.append((place, text))

    def warning(self, place: Place, text: str) -> None:
        """Note what the operator should mend but can wait."""
        self._warnings.append((place, text))

    def warnings(self) -> tuple[str, ...]:
        """Return the warnings as lines."""
        return self._lines(self._warnings, "warning")

    def raise_errors(self) -> None:
        """Raise `ConfigError` with a line for every error, if there is any."""
        if self._errors:
            raise ConfigError("\n".join(self._lines(self._errors, "error")))

    def _lines(self, noted: list[tuple[Place, str]], kind: str) -> tuple[str, ...]:
        def turn(one: tuple[Place, str]) -> tuple[int, int, int]:
            place = one[0]
            return self._files.get(place.file, len(self._files)), place.line, place.column

        lines = (f"{place}: {kind}: {text}" for place, text in sorted(noted, key=turn))
        return tuple(dict.fromkeys(lines))


def quoted(text: object) -> str:
    """Return the operator's own text for a message: on one line, and not too long."""
    shown = str(text)
    return repr(shown if len(shown) <= QUOTED_LENGTH else shown[: QUOTED_LENGTH - 1] + "…")


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known name that `word` was most likely meant to be, if any is like it."""
    by_fold = {name.casefold(): name for name in known}
    found = difflib.get_close_matches(word.casefold(), by_fold, n=1, cutoff=NEAR)
    return by_fold[found[0]] if found else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return " (did you mean …?)", or nothing when no known name is like `word`."""
    name = nearest(word, known)
    return "" if name is None else f" (did you mean {quoted(name)}?)"
