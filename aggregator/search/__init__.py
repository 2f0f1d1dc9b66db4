"""Full-text search: the language of queries, what words texts have, and what finds what. Pure: indexes are the store's.

`language` reads what people write, `folding` makes words of any script, `searchable` says what an entry is found by and
decides whether a query finds it, `assuming` makes queries simpler.
"""

from aggregator.search.assuming import EVERYTHING, NOTHING, Period, assuming, leaves, periods
from aggregator.search.folding import words_of
from aggregator.search.language import TIME_MOST, parse_query
from aggregator.search.searchable import (
    BETWEEN,
    EntryWords,
    SourceNames,
    finds,
    names_of,
    resolved,
    searchable,
    searchable_entry,
)

__all__ = [
    "BETWEEN",
    "EVERYTHING",
    "NOTHING",
    "TIME_MOST",
    "EntryWords",
    "Period",
    "SourceNames",
    "assuming",
    "finds",
    "leaves",
    "names_of",
    "parse_query",
    "periods",
    "resolved",
    "searchable",
    "searchable_entry",
    "words_of",
]
