"""Whether two entries that share words are one article (DEDUP.md, step 3).

A table of reasons to join, the strongest first, and a table of reasons against, any of which wins: hiding
an article is worse than showing it twice. The figures were set with `benchmarks/dedup.py` on 9,265 items of
an agency archive and 68 pages about two events, seen whole and cut to 200 and 400 characters.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

from aggregator.dedup.likeness import Likeness, likeness
from aggregator.dedup.said import HEADLINE_WORDS, Said
from aggregator.dedup.subject import have_kicker, is_rewritten, is_shared
from aggregator.dedup.swaps import Swap, begins_otherwise, swaps, values
from aggregator.dedup.verdict import Verdict
from aggregator.dedup.words import numbers

# Sizes are shingles of the shorter text, in words.
TINY = 12  # so short a text says little: only an equal title makes it one
TINIEST = 5
TEASER = 12  # 14 words of a first sentence are no accident …
GOES_ON = 1.5  # … where the other text goes on, so many times as long; else they may be a stub: …
STUB = 14
SHORT = 40  # one word exchanged in so short a text is another item: horoscopes, vacancies
FORM = 100  # a form filled in anew may be as long as this: a day exchanged is another item
LONG = 200  # longer texts are edited: there other figures are a later version
COMPARED = 400  # words: comparing word by word costs their square where an adversary repeats a few
ONE_SHIFT = timedelta(hours=12)  # within it agencies correct and extend; a day later the table is a new one
NEXT_DAY = timedelta(hours=20)
REWRITING = timedelta(
    hours=4
)  # an item that its own agency sends again under its title; later it is the next item

CORRECTED_FIGURES = 0.1  # of an agency's own figures: one mistyped among ten
REWRITTEN_FIGURES = 0.05  # numbers exchanged for each word of text: a figure made more precise

_DIGEST = re.compile(
    r"\b(?:news in brief|in brief|briefs?|briefing|digest|round-?up|headlines|top stories|the latest|newsletter"
    r"|what (?:you need )?to know|week in review|newswrap|kurz notiert|kurznachrichten|meldungen|überblick"
    r"|en bref|breves|resumen)\b"
    r"|дайджест|коротко о|новости (?:дня|часа)|итоги (?:дня|недели)|главное за"
    r"|简讯|快讯|要闻|早报|晚报|汇总|摘要|速览|新闻速递"
)
CORRECTIONS = """
    corrected correction corrects rpt repeat refile refiled update updated
    korrektur korrigiert berichtigung исправлено исправленная уточнение уточнено
"""
_CORRECTION = frozenset(CORRECTIONS.split())


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two entries side by side: the one with the longer text is `longer`."""

    shorter: Said
    longer: Said
    like: Likeness
    apart: timedelta  # between their publication
    one_source: bool

    @cached_property
    def swapped(self) -> list[Swap]:
        """The words exchanged in the text; the last word of a teaser may be cut in two."""
        words, longer = self.shorter.words[:COMPARED], self.longer.words[:COMPARED]
        if len(words) <= TINY or words[-1] == longer[-1]:
            return swaps(words, longer)
        is_cut = len(words) < len(longer) or longer[-1].startswith(words[-1])
        return swaps(words[:-1] if is_cut else words, longer)

    @cached_property
    def swapped_in_title(self) -> list[Swap]:
        return swaps(self.shorter.title, self.longer.title)

    @property
    def is_headline_soon_again(self) -> bool:
        """Where titles agree: they are long enough to tell an article, and the two are of one shift."""
        soon = REWRITING if self.one_source else ONE_SHIFT
        return (
            self.apart < soon and min(len(self.shorter.headline), len(self.longer.headline)) > HEADLINE_WORDS
        )

    @property
    def is_correction(self) -> bool:
        """Its publisher says so in the title."""
        return (
            not _CORRECTION.isdisjoint({*self.shorter.title, *self.longer.title}) and self.like.words >= 0.8
        )


@dataclass(frozen=True, slots=True)
class Reason:
    """`name` is what a decision keeps; `says` is whether it holds of two entries."""

    name: str
    says: Callable[[Pair], bool]


# Reasons to join. Each needs the beginnings to agree, for a digest contains articles too.
def _equal_titles(pair: Pair) -> bool:
    """Recurring titles ("Offerings filed with the SEC") agree in .61 of a teaser; rewritten leads in .5.

    Two publishers that share a whole headline on one day share the article, under whatever caption; one that sends it
    again within hours has rewritten it.
    """
    like = pair.like
    shared_headline = pair.is_headline_soon_again and like.title >= (0.9 if pair.one_source else 0.95)
    return like.title >= 0.9 and (
        like.lead >= 0.65
        or (like.text >= 0.6 and like.size >= SHORT)
        or (like.lead >= 0.5 and like.size >= 1.5 * SHORT)
        or (like.lead >= 0.5 and like.size >= 20 and shared_headline)
    )


def _related_titles(pair: Pair) -> bool:
    """The shorter the text, the more of it must agree."""
    like = pair.like
    if like.words < 0.34:
        return False
    return (
        (like.lead >= 0.6 and like.size >= 30 and like.text >= 0.5)
        or (like.lead >= 0.75 and like.size >= 20)
        or (like.lead >= 0.7 and like.size >= 20 and like.words >= 0.5)
        or (like.text >= 0.75 and like.size >= 25 and like.lead >= 0.5)
        or (like.lead >= 0.55 and like.size >= 25 and like.words >= 0.8 and pair.is_headline_soon_again)
    )


def _same_text(pair: Pair) -> bool:
    """Under any title: pages rename what an agency sends."""
    return pair.like.lead >= 0.75 and pair.like.text >= 0.7 and pair.like.size >= 25


def _copied_teaser(pair: Pair) -> bool:
    """A first sentence word for word is no accident, unless one source says it of other things.

    So short a text that is all that both say may be what they say of every article: a paywall's.
    """
    like = pair.like
    goes_on = like.longer >= GOES_ON * like.size
    enough = like.words >= 0.5 or (like.size >= (TEASER if goes_on else STUB) and not pair.one_source)
    return like.text >= 0.95 and like.lead >= 0.95 and enough


def _same_body(pair: Pair) -> bool:
    """A copy under captions or another first paragraph; a digest is longer than what it quotes."""
    like = pair.like
    return like.size >= FORM and like.text >= 0.8 and like.reach >= 0.9 and like.size >= 0.5 * like.longer


def _tiny(pair: Pair) -> bool:
    return pair.like.title >= 0.95 and pair.like.lead >= 0.6


REASONS = (
    Reason("equal titles", _equal_titles),
    Reason("related titles", _related_titles),
    Reason("same text", _same_text),
    Reason("copied teaser", _copied_teaser),
    Reason("same body", _same_body),
)
TINY_REASONS = (Reason("tiny", _tiny),)


def is_digest(text: Said) -> bool:
    """Whether a title announces several stories in one entry."""
    return _DIGEST.search(text.title_text) is not None


# Reasons against.
def _digest(pair: Pair) -> bool:
    return is_digest(pair.shorter) != is_digest(pair.longer)


def _other_number_in_title(pair: Pair) -> bool:
    """Part 1 and part 2, 2:1 and 0:0; a number that only one title has must be said by the other's text."""
    if pair.like.title < 0.5 or pair.is_correction:
        return False
    if any(swap.is_number or swap.is_half for swap in pair.swapped_in_title):
        return True
    if pair.like.size >= FORM and pair.like.text >= 0.9:
        return False
    return any(
        not values(swap.first) <= values(pair.longer.words)
        or not values(swap.second) <= values(pair.shorter.words)
        for swap in pair.swapped_in_title
        if not swap.is_exchange and values(numbers((*swap.first, *swap.second)))
    )


def _other_figures(pair: Pair) -> bool:
    """Prices, scores, earnings: unless a few of many were corrected within one shift."""
    like = pair.like
    if like.size >= LONG and pair.apart < NEXT_DAY:
        return False
    exchanged = sum(swap.is_number for swap in pair.swapped)
    if not exchanged or pair.is_correction:
        return False
    if pair.apart >= ONE_SHIFT:
        return True
    told = len(numbers(pair.shorter.words))
    corrected = pair.one_source and like.title >= 0.95 and exchanged <= CORRECTED_FIGURES * told
    rewritten = like.title >= 0.5 and like.size >= 1.5 * SHORT and exchanged <= REWRITTEN_FIGURES * like.size
    extended = like.size >= FORM and like.text >= 0.9
    return not (corrected or rewritten or extended)


def _other_day(pair: Pair) -> bool:
    return pair.like.size < FORM and any(swap.is_day for swap in pair.swapped)


def _other_name(pair: Pair) -> bool:
    """Title and text exchange the same words: a sign of the zodiac, a trade, a commodity."""
    if pair.like.size >= LONG:
        return False
    ours = set(pair.shorter.title) - set(pair.longer.title)
    theirs = set(pair.longer.title) - set(pair.shorter.title)
    return any(
        not ours.isdisjoint(swap.first) and not theirs.isdisjoint(swap.second) and not swap.is_spelling
        for swap in pair.swapped
    )


def _other_sense(pair: Pair) -> bool:
    """Guilty, and not guilty."""
    return (
        pair.like.size < LONG
        and any(swap.is_negation for swap in pair.swapped_in_title)
        and any(swap.is_negation for swap in pair.swapped)
    )


def _other_subject(pair: Pair) -> bool:
    """What is said under two headlines and has nothing of either: a paywall, notes of a show."""
    first, second = pair.shorter, pair.longer
    is_doubtful = pair.like.words < 0.34 or (pair.like.title < 0.9 and have_kicker(first, second))
    return is_doubtful and pair.like.size < LONG and not is_shared(first, second)


def _other_title(pair: Pair) -> bool:
    """One source says the very same under another headline: a form, an episode, the state of a service.

    A headline that was only rewritten is told by the text. Without headlines it is the first words that tell.
    """
    like = pair.like
    if not pair.one_source or like.size >= LONG or like.title >= 0.95 or pair.is_correction:
        return False
    if not pair.shorter.title or not pair.longer.title:
        return begins_otherwise(pair.shorter.words, pair.longer.words)
    exchanged = any(swap.is_exchange and not swap.is_spelling for swap in pair.swapped_in_title)
    return (
        like.text >= 0.95
        and like.size >= 0.95 * like.longer
        and (exchanged or like.title < 0.5)
        and not is_rewritten(pair.shorter, pair.longer)
    )


def _other_recording(pair: Pair) -> bool:
    """Episodes of one show share their notes; elsewhere one recording has other file names."""
    ours, theirs = pair.shorter.recordings, pair.longer.recordings
    return pair.one_source and bool(ours) and bool(theirs) and ours.isdisjoint(theirs)


def _other_word(pair: Pair) -> bool:
    """One word exchanged, and in a longer text nothing else: an editor who is at it leaves more traces."""
    if not any(swap.is_word for swap in pair.swapped):
        return False
    only = len(pair.shorter.words) == len(pair.longer.words) and all(
        swap.is_exchange for swap in pair.swapped
    )
    return pair.like.size < SHORT or (only and pair.like.size < LONG and not pair.is_correction)


VETOES = (
    Reason("digest", _digest),
    Reason("other number in the title", _other_number_in_title),
    Reason("other figures", _other_figures),
    Reason("other day", _other_day),
    Reason("other name", _other_name),
    Reason("other word", _other_word),
    Reason("other sense", _other_sense),
    Reason("other subject", _other_subject),
    Reason("other title", _other_title),
    Reason("other recording", _other_recording),
)


def near(first: Said, second: Said, *, apart: timedelta, one_source: bool) -> Verdict:
    """Return whether two entries are one article, and by which rule; the order of the two makes no difference."""
    pair = _pair(first, second, apart, one_source)
    size = pair.like.size
    reasons = () if size < TINIEST else TINY_REASONS if size < TINY else REASONS
    reason = next((reason.name for reason in reasons if reason.says(pair)), None)
    veto = None if reason is None else _veto(pair)
    return Verdict(rule=reason if veto is None else None, veto=veto, scores=pair.like.scores())


def against(first: Said, second: Said, *, apart: timedelta, one_source: bool) -> str | None:
    """Return what speaks against two entries being one article, whatever speaks for it."""
    return _veto(_pair(first, second, apart, one_source))


def _pair(first: Said, second: Said, apart: timedelta, one_source: bool) -> Pair:
    shorter, longer = sorted((first, second), key=lambda one: (len(one.words), one.words, one.title))
    return Pair(
        shorter=shorter, longer=longer, like=likeness(first, second), apart=apart, one_source=one_source
    )


def _veto(pair: Pair) -> str | None:
    return next((veto.name for veto in VETOES if veto.says(pair)), None)
