"""Whether two articles tell one event (`[dedup] groups`).

Nothing is hidden by it, so the titles decide, and the beginnings confirm: two publishers that write about
one event name the same people, places and things in both.
"""

from collections.abc import Callable, Iterable
from itertools import combinations

from aggregator.dedup.near import is_digest
from aggregator.dedup.said import Said, title_hash
from aggregator.dedup.swaps import days, is_grammar, ratio, swaps, values
from aggregator.dedup.verdict import Verdict
from aggregator.dedup.words import FIRST_UNSPACED, numbers

EVENT = "event"

STEM = (
    5  # letters of a word that are compared: the rest is grammar, in Russian and German more than in English
)
LETTERS_LEAST = 4  # shorter words tell little
LEAD_WORDS = 80  # of a text, where an event is named

# Two titles share so many telling words at least, and each is said so far by title and beginning of the other.
SHARED_LEAST = 3
SAID = 0.5
SAID_WELL = 0.75  # one of the two: a title may be wordy, not both
# So much of the shorter beginning is in the other. "Sets higher dividend" is three words, and .3 of what follows.
LEADS = 0.2
LEADS_OF_FEW = 0.5  # where titles share no more than `SHARED_LEAST` words
FORM = 0.6  # titles so far alike, word by word, are one title or one form

# The index: pairs of telling words, for single ones are in too many titles.
WORDS_MOST = 9  # of a title: 36 pairs
PAIRS_LEAST = SHARED_LEAST * (SHARED_LEAST - 1) // 2  # that titles share which share `SHARED_LEAST` words
FREQUENT = 64  # stories: what more of them share is the topic of the day
CANDIDATES_MOST = 10  # stories, those that share most


def telling(words: Iterable[str]) -> frozenset[str]:
    """Return the stems of the words that say what a text is about; of unspaced scripts, pairs of characters."""
    found = set()
    before = ""
    for word in words:
        is_character = len(word) == 1 and word >= FIRST_UNSPACED
        if is_character and before:
            found.add(before + word)
        elif word[0].isdigit():
            found.add(word)
        elif len(word) >= LETTERS_LEAST and not is_grammar(word):
            found.add(word[:STEM])
        before = word if is_character else ""
    return frozenset(found)


def topics(text: Said) -> tuple[int, ...]:
    """Return the hashes by which stories of one event find each other; () of a title that tells too little."""
    if not text.is_telling or is_digest(text):
        return ()
    words = sorted(telling(text.headline), key=lambda word: (title_hash([word]), word))[:WORDS_MOST]
    if len(words) < SHARED_LEAST:
        return ()
    return tuple(sorted({title_hash(sorted(pair)) for pair in combinations(words, 2)}))


def one_event(first: Said, second: Said) -> Verdict:
    """Return whether two articles tell one event; the order of the two makes no difference."""
    ours, theirs = telling(first.headline), telling(second.headline)
    our_lead, their_lead = (telling(one.words[:LEAD_WORDS]) for one in (first, second))
    shared = len(ours & theirs)
    told = sorted((_share(ours, theirs | their_lead), _share(theirs, ours | our_lead)))
    leads = _share(*sorted((our_lead, their_lead), key=len))
    scores = (
        ("shared", float(shared)),
        ("told", round(told[0], 3)),
        ("told well", round(told[1], 3)),
        ("leads", round(leads, 3)),
    )
    if our_lead and their_lead:
        agree = told[0] >= SAID and leads >= (LEADS if shared > SHARED_LEAST else LEADS_OF_FEW)
    else:
        agree = told[0] >= SAID_WELL and shared > SHARED_LEAST  # the titles are all there is
    if shared < SHARED_LEAST or told[1] < SAID_WELL or not agree:
        return Verdict(scores=scores)
    veto = next((name for name, holds in _VETOES if holds(first, second)), None)
    return Verdict(rule=EVENT if veto is None else None, veto=veto, scores=scores)


def _share(part: frozenset[str], whole: frozenset[str]) -> float:
    return len(part & whole) / len(part) if part else 0.0


def _digest(first: Said, second: Said) -> bool:
    """ "The Latest" tells many events."""
    return is_digest(first) or is_digest(second)


def _other_numbers(first: Said, second: Said) -> bool:
    """2:1 and 0:0, part 1 and part 2: each title has a number that the other article does not say."""

    def unsaid(one: Said, other: Said) -> bool:
        said = values((*other.title, *other.words[:LEAD_WORDS]))
        return not values(numbers(one.headline)) <= said

    return unsaid(first, second) and unsaid(second, first)


def _other_day(first: Said, second: Said) -> bool:
    ours, theirs = days(first.headline), days(second.headline)
    return bool(ours and theirs) and ours.isdisjoint(theirs)


def _other_word(first: Said, second: Said) -> bool:
    """Titles of one form that differ in a name or a number: earnings, earthquakes, episodes."""
    if ratio(first.headline, second.headline) < FORM:
        return False
    return any(swap.is_word or swap.is_number for swap in swaps(first.headline, second.headline))


_VETOES: tuple[tuple[str, Callable[[Said, Said], bool]], ...] = (
    ("digest", _digest),
    ("other numbers", _other_numbers),
    ("other day", _other_day),
    ("other word", _other_word),
)
