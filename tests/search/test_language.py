"""What people write, what it means, and what they are told when it cannot be read."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.errors import QueryError
from aggregator.model import AllOf, AnyOf, Field, Not, Phrase, Query, Since
from aggregator.search import parse_query
from aggregator.search.language import DEPTH_MOST, LENGTH_MOST, TERMS_MOST, WORDS_MOST


def word(*words: str, **more: Any) -> Phrase:
    return Phrase(words=words, **more)


A, B, C = word("a"), word("b"), word("c")
NEW_YEAR = Since(day=date(2026, 1, 1))


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("CSTO", word("csto")),
        ("a b", AllOf((A, B))),
        ("a AND b", AllOf((A, B))),
        ("a OR b", AnyOf((A, B))),
        ("a OR b c", AnyOf((A, AllOf((B, C))))),
        ("(a OR b) c", AllOf((AnyOf((A, B)), C))),
        ("a -b", AllOf((A, Not(B)))),
        ("a NOT b", AllOf((A, Not(B)))),
        ("a AND NOT b", AllOf((A, Not(B)))),
        ("-(a b) c", AllOf((Not(AllOf((A, B))), C))),
        ("a b a (b)", AllOf((A, B))),
        ("a OR a", A),
        ("NOT NOT a", A),
        ("-a", Not(A)),
        ('"a b" c', AllOf((word("a", "b"), C))),
        ("“a b”", word("a", "b")),
        ("„a b“", word("a", "b")),
        ("«a b»", word("a", "b")),
        ("a or b and not c", AllOf((A, word("or"), B, word("and"), word("not"), C))),
        ('"OR"', word("or")),
        ("Armen*", word("armen", is_prefix=True)),
        ('"collective secur*"', word("collective", "secur")),
        ('"collective secur"*', word("collective", "secur", is_prefix=True)),
        ("title:a b", AllOf((word("a", field=Field.TITLE), B))),
        ("TITLE:a", word("a", field=Field.TITLE)),
        (
            'title:(a OR "b c")',
            AnyOf((word("a", field=Field.TITLE), word("b", "c", field=Field.TITLE))),
        ),
        ("-source:alfa-radio", Not(word("alfa", "radio", field=Field.SOURCE))),
        ("url:example.org/news", word("example", "org", "news", field=Field.URL)),
        ("tag:politics text:a author:b", None),
        ("after:2026-01-01", NEW_YEAR),
        ("before:2026-01-01", Not(NEW_YEAR)),
        ('after:"2026-01-01"', NEW_YEAR),
        ("COVID-19", word("covid", "19")),
        ("12:30", word("12", "30")),
        ("https://example.org/a", word("https", "example", "org", "a")),
        ("a & b", AllOf((A, B))),
        ("a OR & b", AnyOf((A, B))),
        ("a - b", AllOf((A, B))),
        ("中国", word("中国")),
        ("中", word("中", is_prefix=True)),
        ("中国人", word("中国", "国人")),
        ("中国*", word("中国")),
    ],
)
def test_what_is_meant(text: str, meant: Query | None) -> None:
    found = parse_query(text)
    assert meant is None or found == meant


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "nothing to search for: write a word"),
        ("& !", "nothing to search for"),
        ("()", "nothing to search for"),
        ("a AND", 'column 3: AND needs something after it; to search for the word, write "AND"'),
        ("a OR OR b", "column 3: OR needs something after it"),
        ("OR b", "column 1: OR needs something before it"),
        ("(a", "column 1: this ( is not closed: add a )"),
        ("a)", "column 2: there is no ( for this ): take it out"),
        ('a "b', "column 3: the quotation mark is not closed"),
        ("NOT", "column 1: NOT needs something after it"),
        ("titel:x", "column 1: unknown field titel: (did you mean title:)"),
        (
            "foo:x",
            "column 1: unknown field foo: (known are title, text, author, tag, source, url, after, before)",
        ),
        ("title: x", "column 1: title: needs a word right after it"),
        ("title:-x", "column 1: title: needs a word, a phrase or ( after it"),
        ("title:(a author:b)", "column 10: author: stands within title: already"),
        ('title:"!"', 'column 7: "!" has no letter or digit'),
        ("after:soon", "column 7: soon is no date: write year, month and day, as after:2026-01-31"),
        ("before:2026-02-30", "column 8: 2026-02-30 is no date"),
        ("after:(a)", "column 1: after: needs a date such as after:2026-01-31"),
        ("ab*", "column 1: ab*: write at least 3 characters before the *"),
        ("ко*", "column 1: ко*: write at least 3 characters"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(text: str, told: str) -> None:
    with pytest.raises(QueryError) as raised:
        parse_query(text)
    assert told in str(raised.value)


@pytest.mark.parametrize(
    "text",
    [
        "a" * (LENGTH_MOST + 1),
        "a " * (TERMS_MOST + 1),
        '"' + "a " * (WORDS_MOST + 1) + '"',
        "(" * (DEPTH_MOST + 1) + "a" + ")" * (DEPTH_MOST + 1),
        "-" * (DEPTH_MOST + 1) + "a",
    ],
)
def test_hostile_queries_are_bounded(text: str) -> None:
    with pytest.raises(QueryError):
        parse_query(text)


@given(st.text(max_size=60) | st.text('ab"*():- ANDORT“«中', max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parse_query(text)
    except QueryError as exc:
        assert str(exc)  # noqa: PT017
