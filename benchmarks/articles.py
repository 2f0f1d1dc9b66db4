"""Made-up articles that are as different, and as alike, as those of real feeds; the same for every seed.

Words have the frequencies of a language, every article has a subject with words of its own. One entry in ten is a
copy of an article that another document has: under another title, with a byline, whole or cut to a teaser. One in
a hundred is a form filled in anew.
"""

import random
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from html import escape
from itertools import accumulate

VOCABULARY = 30_000  # words
SUBJECT = 40  # words of an article that are rare elsewhere
SENTENCES = (4, 25)
WORDS = (6, 22)  # of a sentence
COPIED = 0.1  # of the entries
FORMS = 0.01
REACH = 2000  # entries back from which copies are taken
SPREAD = timedelta(hours=48)  # of the dates
TEASERS = (200, 400, None)  # characters of a copy

_ONSETS = (*"bcdfghjklmnprstvwz", "br", "ch", "dr", "fl", "gr", "pl", "qu", "sh", "st", "tr")
_VOWELS = (*"aeiou", "ai", "ea", "ou")
_CODAS = ("", "", "n", "r", "s", "l", "t", "nd", "st")


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    title: str
    paragraphs: tuple[str, ...]
    published_at: datetime
    copy_of: int | None = None


class Articles:
    """Articles by number, none kept."""

    def __init__(self, until: datetime, seed: int = 1) -> None:
        chance = random.Random(seed)
        self._seed, self._until = seed, until
        found = {self._word(chance): None for _ in range(2 * VOCABULARY)}
        self._words = [*found][:VOCABULARY]
        self._weights = list(accumulate(1 / (n + 10) for n in range(len(self._words))))

    @staticmethod
    def _word(chance: random.Random) -> str:
        return "".join(
            chance.choice(_ONSETS) + chance.choice(_VOWELS) + chance.choice(_CODAS)
            for _ in range(chance.choice((1, 2, 2, 3, 3, 4)))
        )

    def article(self, number: int) -> Article:
        """Return an article, which may be a copy of one with a smaller number."""
        chance = random.Random(f"{self._seed} {number}")
        kind = chance.random()
        if number and kind < COPIED:
            other = chance.randrange(max(0, number - REACH), number)
            return self._copy(self.article(other), other, chance)
        if kind < COPIED + FORMS:
            return self._form(chance)
        subject = chance.choices(self._words, k=SUBJECT)
        sentences = [self._sentence(chance, subject) for _ in range(chance.randint(*SENTENCES))]
        return Article(
            title=self._sentence(chance, subject).rstrip("."),
            paragraphs=tuple(" ".join(sentences[n : n + 3]) for n in range(0, len(sentences), 3)),
            published_at=self._until - SPREAD * chance.random(),
        )

    def _sentence(self, chance: random.Random, subject: list[str]) -> str:
        words = chance.choices(self._words, cum_weights=self._weights, k=chance.randint(*WORDS))
        for n, word in enumerate(words):
            what = chance.random()
            if what < 0.12:
                words[n] = chance.choice(subject)
            elif what < 0.16:
                words[n] = str(chance.randint(2, 3000))
            elif what < 0.22:
                words[n] = word.capitalize()
        return " ".join(words).capitalize() + "."

    def _copy(self, told: Article, number: int, chance: random.Random) -> Article:
        most = chance.choice(TEASERS)
        paragraphs = told.paragraphs if most is None else (" ".join(told.paragraphs)[:most] + "…",)
        site = self._word(chance).capitalize()
        return replace(
            told,
            title=f"{told.title} | {site} News",
            paragraphs=(f"By {site} {self._word(chance).capitalize()}", *paragraphs),
            published_at=told.published_at + timedelta(minutes=chance.randint(5, 300)),
            copy_of=number,
        )

    def _form(self, chance: random.Random) -> Article:
        place = self._word(chance).capitalize()
        level, change = chance.randint(80, 900), chance.randint(-30, 30)
        return Article(
            title=f"Water level at {place}: {level} cm",
            paragraphs=(
                f"The gauge at {place} showed {level} cm this morning, {change} more than on the day before. "
                f"The level is measured at seven and published as soon as it has been checked.",
            ),
            published_at=self._until - SPREAD * chance.random(),
        )


def document(url: str, articles: dict[int, Article]) -> bytes:
    """Return an Atom feed of articles by number."""
    entries = "".join(
        f"<entry><id>{url}#{n}</id><title>{escape(one.title)}</title><link href='{url}/{n}'/>"
        f"<published>{one.published_at:%Y-%m-%dT%H:%M:%SZ}</published>"
        f"<updated>{one.published_at:%Y-%m-%dT%H:%M:%SZ}</updated><content type='html'>"
        + escape("".join(f"<p>{escape(paragraph)}</p>" for paragraph in one.paragraphs))
        + "</content></entry>"
        for n, one in articles.items()
    )
    return (
        f"<?xml version='1.0'?><feed xmlns='http://www.w3.org/2005/Atom'><id>{url}</id>"
        f"<title>{url}</title><updated>2026-11-25T12:00:00Z</updated>{entries}</feed>"
    ).encode()
