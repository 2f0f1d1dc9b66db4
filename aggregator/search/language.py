"""What people write into a search box or a `[[feed]]`, read into a `Query`.

    CSTO Armenia              both words, in any order: in title, text, author or categories
    "collective security"     these words one after the other
    CSTO OR Armenia           one of them; AND binds tighter than OR
    CSTO -Belarus             not with that word; also CSTO NOT Belarus
    (CSTO OR ODKB) Armenia    parentheses
    Armen*                    words that begin so
    title:CSTO                in the title; also text: author: tag: source: url:
    title:(CSTO OR Armenia)   one of them in the title
    after:2026-01-01          shown on that day (UTC) or later; before: earlier than that day

AND, OR and NOT are operators in capitals only. `tag:` asks for a tag of the source or a category of the entry,
`source:` for words of the source's id or title, `url:` for parts of the entry's address.
"""

import difflib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain

from aggregator.errors import QueryError
from aggregator.model import AllOf, AnyOf, Field, Not, Phrase, Query, Since
from aggregator.search.folding import is_unspaced, sought

LENGTH_MOST = 1000  # characters of a query
TERMS_MOST = 32  # words, phrases and dates in it
WORDS_MOST = 64  # words in all of its phrases
DEPTH_MOST = 20  # parentheses within parentheses, and NOTs of them
TIME_MOST = timedelta(seconds=10)  # for a search that somebody waits for
PREFIX_LEAST = 3  # characters before a *: what begins with fewer is nearly everything

_OPEN, _CLOSE = '"“„”«»', '"“”«»'
_SCANNER = re.compile(
    rf"""
    (?P<space>\s+) | (?P<open>\() | (?P<close>\)) | (?P<minus>-(?=[^\s)])) | (?P<operator>(?:AND|OR|NOT)(?![^\s()]))
    | (?P<field>[^\W\d_]+):(?=[^\s)])(?!//) | (?P<phrase>[{_OPEN}][^{_CLOSE}]*[{_CLOSE}]\*?) | (?P<unclosed>[{_OPEN}])
    | (?P<word>[^\s(){_OPEN}]+)
    """,
    re.VERBOSE,
)
_DATES = {"after": True, "before": False}
_FIELDS: dict[str, Field] = {field.value: field for field in Field}


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    column: int  # in characters, 1 is the first


def parse_query(text: str) -> Query:
    """Return what `text` asks for; raises `QueryError` with the column and what to do."""
    if len(text) > LENGTH_MOST:
        raise QueryError(
            f"the query has {len(text)} characters, {LENGTH_MOST} are allowed: leave something out"
        )
    reader = _Reader(_scan(text))
    found = reader.alternatives(None, 0)
    if reader.next is not None:
        raise _error(reader.next.column, "there is no ( for this ): take it out")
    if found is None:
        raise QueryError("nothing to search for: write a word")
    return found


def _scan(text: str) -> list[_Token]:
    tokens, terms = [], 0
    for match in _SCANNER.finditer(text):
        kind, column = str(match.lastgroup), match.start() + 1
        if kind == "unclosed":
            raise _error(column, 'the quotation mark is not closed: add another " after the phrase')
        if kind == "space":
            continue
        terms += kind in {"phrase", "word"}
        if terms > TERMS_MOST:
            raise _error(column, f"more than {TERMS_MOST} words and phrases: leave some out")
        tokens.append(_Token(kind, match.group("field") or match.group(), column))
    return tokens


def _error(column: int, text: str) -> QueryError:
    return QueryError(f"column {column}: {text}")


class _Reader:
    """Recursive descent; what holds no word at all, such as a lone &, is None and left out."""

    def __init__(self, tokens: Sequence[_Token]) -> None:
        self._tokens = [*tokens, None]
        self._at = 0
        self._words = 0

    @property
    def next(self) -> _Token | None:
        return self._tokens[self._at]

    def _take(self) -> _Token:
        token = self._tokens[self._at]
        assert token is not None
        self._at += 1
        return token

    def _is(self, kind: str, text: str | None = None) -> bool:
        token = self.next
        return token is not None and token.kind == kind and text in {None, token.text}

    def alternatives(self, field: str | None, depth: int) -> Query | None:
        """Parts with OR between them."""
        return self._series("OR", lambda: self._conjunction(field, depth), AnyOf)

    def _conjunction(self, field: str | None, depth: int) -> Query | None:
        """Parts with AND or nothing between them."""
        return self._series("AND", lambda: self._part(field, depth), AllOf)

    def _series(
        self, operator: str, part: Callable[[], Query | None], whole: type[AllOf | AnyOf]
    ) -> Query | None:
        parts = [part()]
        while self._goes_on(operator):
            if self._is("operator", operator):
                took = self._take()
                self._refuse_missing(took)
            parts.append(part())
        said = (_parts_of(one, whole) for one in parts if one is not None)
        once = tuple(dict.fromkeys(chain.from_iterable(said)))
        if len(once) < 2:
            return once[0] if once else None
        return whole(once)

    def _goes_on(self, operator: str) -> bool:
        if self.next is None or self._is("close"):
            return False
        return self._is("operator", operator) or (operator == "AND" and not self._is("operator", "OR"))

    def _refuse_missing(self, took: _Token) -> None:
        if (
            self.next is None
            or self._is("close")
            or self._is("operator", "AND")
            or self._is("operator", "OR")
        ):
            raise _error(
                took.column,
                f'{took.text} needs something after it; to search for the word, write "{took.text}"',
            )

    def _part(self, field: str | None, depth: int) -> Query | None:
        token = self.next
        if token is None or token.kind == "close":
            return None
        if token.kind == "operator" and token.text != "NOT":
            raise _error(
                token.column,
                f'{token.text} needs something before it; to search for the word, write "{token.text}"',
            )
        self._take()
        if token.kind in {"minus", "operator"}:
            return self._negation(token, field, depth)
        if token.kind == "open":
            return self._group(token, field, depth)
        if token.kind == "field":
            return self._fielded(token, field, depth)
        return self._phrase(token, field)

    def _negation(self, token: _Token, field: str | None, depth: int) -> Query | None:
        if token.kind == "operator":
            self._refuse_missing(token)
        _refuse_depth(token, depth)
        part = self._part(field, depth + 1)
        return None if part is None else part.part if isinstance(part, Not) else Not(part)

    def _group(self, token: _Token, field: str | None, depth: int) -> Query | None:
        _refuse_depth(token, depth)
        inner = self.alternatives(field, depth + 1)
        if self.next is None:
            raise _error(token.column, "this ( is not closed: add a )")
        self._take()
        return inner

    def _fielded(self, token: _Token, outer: str | None, depth: int) -> Query | None:
        name = token.text.casefold()
        if name not in _FIELDS and name not in _DATES:
            near = difflib.get_close_matches(name, [*_FIELDS, *_DATES], n=1)
            advice = f"did you mean {near[0]}:" if near else f"known are {', '.join([*_FIELDS, *_DATES])}"
            raise _error(
                token.column,
                f'unknown field {token.text}: ({advice}); to search for these words, put them in "…"',
            )
        if outer is not None:
            raise _error(token.column, f"{name}: stands within {outer}: already: take one of them out")
        if name in _DATES and not (self._is("word") or self._is("phrase")):
            raise _error(token.column, f"{name}: needs a date such as {name}:2026-01-31")
        if self.next is not None and self.next.kind not in {"word", "phrase", "open"}:
            raise _error(token.column, f"{name}: needs a word, a phrase or ( after it")
        if not self._is("open"):
            return self._phrase(self._take(), name)
        return self._group(self._take(), name, depth)

    def _phrase(self, token: _Token, field: str | None) -> Query | None:
        text, is_quoted = token.text, token.kind == "phrase"
        if field in _DATES:
            return _date(token, field)
        if token.kind == "word" and text.endswith(":") and text[:-1].casefold() in {*_FIELDS, *_DATES}:
            raise _error(
                token.column,
                f'{text} needs a word right after it; to search for the word, write "{text[:-1]}"',
            )
        words, goes_on = sought(text)
        if not words:
            if is_quoted or field is not None:
                raise _error(token.column, f"{text} has no letter or digit: write a word")
            return None
        self._words += len(words)
        if self._words > WORDS_MOST:
            raise _error(token.column, f"more than {WORDS_MOST} words: leave some out")
        is_prefix = text.endswith("*") and not is_unspaced(words[-1])
        if is_prefix and len(words[-1]) < PREFIX_LEAST:
            raise _error(token.column, f"{text}: write at least {PREFIX_LEAST} characters before the *")
        return Phrase(words=words, field=_FIELDS[field] if field else None, is_prefix=is_prefix or goes_on)


def _parts_of(query: Query, whole: type[AllOf | AnyOf]) -> tuple[Query, ...]:
    """Return the parts of what needs no parentheses within `whole`, else the query itself."""
    return query.parts if isinstance(query, whole) else (query,)


def _refuse_depth(token: _Token, depth: int) -> None:
    if depth >= DEPTH_MOST:
        raise _error(
            token.column, f"more than {DEPTH_MOST} parentheses or NOTs within each other: write it flatter"
        )


def _date(token: _Token, field: str) -> Query:
    text = token.text.strip(_OPEN)
    try:
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            raise ValueError
        day = date.fromisoformat(text)
    except ValueError:
        raise _error(
            token.column, f"{text} is no date: write year, month and day, as {field}:2026-01-31"
        ) from None
    return Since(day=day) if _DATES[field] else Not(Since(day=day))
