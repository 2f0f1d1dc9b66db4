"""How alike two entries are, as numbers. What follows from them is decided in `near`."""

from dataclasses import dataclass

from aggregator.dedup.said import Said
from aggregator.dedup.swaps import ratio
from aggregator.dedup.words import overlap


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """Shares from 0.0 to 1.0; sizes in shingles, counted as words where those are not spaced.

    `text` is the share of the shorter text that the longer has. `lead` compares the first paragraphs
    with each other, `reach` one text's first paragraphs with the whole other text. `title` is how far
    titles are the same words in the same order, `words` the share of the shorter title's words.
    """

    size: float
    longer: float
    text: float
    lead: float
    reach: float
    title: float
    words: float

    def scores(self) -> tuple[tuple[str, float], ...]:
        """Return what a decision keeps to be explained by."""
        names = ("size", "text", "lead", "reach", "title", "words")
        return tuple((name, round(float(getattr(self, name)), 3)) for name in names)


def likeness(first: Said, second: Said) -> Likeness:
    """Compare two entries; the order of the two makes no difference."""
    one, other = set(first.shingles), set(second.shingles)
    lead, other_lead = set(first.lead), set(second.lead)
    scale = min(first.scale, second.scale)
    telling = (first.is_telling and second.is_telling) or first.title == second.title
    return Likeness(
        size=min(len(one), len(other)) / scale,
        longer=max(len(one), len(other)) / scale,
        text=_share(one, other),
        lead=_share(lead, other_lead),
        reach=max(_within(lead, other), _within(other_lead, one)),
        title=ratio(first.headline, second.headline) if telling else 0.0,
        words=overlap(first.title, second.title) if telling else 0.0,
    )


def _share(one: set[int], other: set[int]) -> float:
    smaller = min(len(one), len(other))
    return len(one & other) / smaller if smaller else 0.0


def _within(part: set[int], whole: set[int]) -> float:
    return len(part & whole) / len(part) if part else 0.0
