"""What CLDR calls months, weekdays and halves of the day: rewrites `aggregator/dates/names.tsv`.

Run it when Babel brings a newer CLDR (`python -m tests.dates.cldr`); a test compares the two. It is
done here and not at run time because reading all languages takes a second, and their extract 15 ms.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

from babel import Locale, localedata
from babel.dates import tokenize_pattern

from aggregator.dates.names import NAMES_FILE
from aggregator.dates.spelling import spelled

Token = tuple[str, Any]  # of a pattern: ("chars", " de ") or ("field", ("M", 4))
_WIDTHS = ("wide", "abbreviated")  # the narrow ones are single letters
_MONTHS, _WEEKDAYS = range(1, 13), range(7)
_SHOWPIECES = re.compile("_(?:Dsrt|Shaw)")  # scripts in which nobody writes a feed
_NOT_OF_A_DAY = re.compile("[GQWw]")  # patterns with eras, quarters, weeks
_ROOT_DAYS = (
    "Mon",
    "Tue",
    "Wed",
    "Thu",
    "Fri",
    "Sat",
    "Sun",
)  # what a language without names of its own gets
_NO_TOKEN: Token = ("", "")
_LETTERS_AT_END, _LETTERS_AT_START = re.compile(r"[^\W\d]+\Z"), re.compile(r"[^\W\d]+")


def table() -> str:
    """Return the whole file: one line per language, territories and scripts taken together."""
    identifiers = sorted(
        (name for name in localedata.locale_identifiers() if not _SHOWPIECES.search(name)),
        key=lambda name: (_language(name), name),
    )
    lines = (_line(language, map(Locale.parse, group)) for language, group in groupby(identifiers, _language))
    return "".join(sorted(lines))


def _language(identifier: str) -> str:
    return identifier.partition("_")[0]


def _line(language: str, locales: Iterable[Locale]) -> str:
    """language, months, weekdays, before noon, after noon, words around dates; tabs between."""
    months: dict[int, set[str]] = {number: set() for number in _MONTHS}
    weekdays: dict[int, set[str]] = {number: set() for number in _WEEKDAYS}
    halves: dict[str, set[str]] = {"am": set(), "pm": set()}
    patterns: set[str] = set()
    for locale in locales:
        for number, form in _forms(locale.months):
            months[number].add(form)
        for number, form in _forms(locale.days):
            if form != _ROOT_DAYS[number] or language == "en":
                weekdays[number].add(form)
        for widths in locale.day_periods.values():
            for width in _WIDTHS:
                for half, forms in halves.items():
                    forms.add(widths.get(width, {}).get(half, ""))
        patterns.update(_patterns(locale))
    tokens: list[list[Token]] = [list(tokenize_pattern(pattern)) for pattern in sorted(patterns)]
    affixes = {found for one in tokens for found in _affixes(one)}
    for forms in months.values():
        forms |= {before + form + after for before, after in affixes for form in forms}
    around = {
        word for one in tokens for kind, value in one if kind == "chars" for word in spelled(value).split()
    }
    columns = [
        _cell(months.values()),
        _cell(weekdays.values()),
        *(_cell([forms]) for forms in halves.values()),
    ]
    return "\t".join([language, *columns, _cell([around])]) + "\n"


def _forms(contexts: Mapping[str, Mapping[str, Mapping[int, str]]]) -> Iterator[tuple[int, str]]:
    for widths in contexts.values():
        for width in _WIDTHS:
            yield from widths.get(width, {}).items()


def _cell(columns: Iterable[Iterable[str]]) -> str:
    """Forms as they are compared; those with a digit are left to the shapes ("11月", "tháng 11")."""
    return ";".join(
        "|".join(sorted({spelled(form) for form in forms if not re.search(r"\d", form)} - {""}))
        for forms in columns
    )


def _patterns(locale: Locale) -> Iterator[str]:
    yield from (one.pattern for one in locale.date_formats.values())
    for name, one in locale.datetime_skeletons.items():
        if not _NOT_OF_A_DAY.search(name):
            yield one.pattern
    yield from (re.sub(r"\{\d\}", " ", str(joined)) for joined in locale.datetime_formats.values())


def _affixes(tokens: list[Token]) -> Iterator[tuple[str, str]]:
    """Letters right at the month in dates: Hebrew "בנובמבר", Basque "azaroaren"."""
    for before, (kind, value), after in zip(
        [_NO_TOKEN, *tokens], tokens, [*tokens[1:], _NO_TOKEN], strict=False
    ):
        if kind == "field" and value[0] in "ML" and int(value[1]) >= 3:
            prefix = _LETTERS_AT_END.search(str(before[1])) if before[0] == "chars" else None
            suffix = _LETTERS_AT_START.match(str(after[1])) if after[0] == "chars" else None
            if prefix or suffix:
                yield prefix[0] if prefix else "", suffix[0] if suffix else ""


if __name__ == "__main__":
    NAMES_FILE.write_text(table(), encoding="utf-8")
