"""What the operator wants dropped or kept, per source: `rules = [{ drop = { title = "…" } }]`.

`ACTIONS` and `FIELDS` are the whole vocabulary: a new rule is a line in one of them.
"""

import re
from collections.abc import Callable, Iterable, Sequence

from aggregator.model import Entry, Rule

# What an entry that matches (True) or does not (False) means for its staying.
ACTIONS: dict[str, Callable[[bool], bool]] = {
    "drop": lambda matches: not matches,
    "keep": lambda matches: matches,
}

# The texts a pattern is searched in; one match is enough.
FIELDS: dict[str, Callable[[Entry], Iterable[str]]] = {
    "title": lambda entry: (entry.title,),
    "content": lambda entry: (entry.content_text,),
    "url": lambda entry: (entry.url or "",),
    "author": lambda entry: (person.name or person.email or "" for person in entry.authors),
    "category": lambda entry: entry.categories,
}


def apply(rules: Sequence[Rule], entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """Return the entries that every rule lets stay, in order."""
    return tuple(entry for entry in entries if all(_stays(rule, entry) for rule in rules))


def _stays(rule: Rule, entry: Entry) -> bool:
    matches = all(
        any(re.search(pattern, text) for text in FIELDS[field](entry)) for field, pattern in rule.patterns
    )
    return ACTIONS[rule.action](matches)
