"""How a document writes its dates, learned from all of them, and what decides between readings."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from aggregator.dates.days import Days, Order, Reading
from aggregator.dates.names import ENGLISH
from aggregator.dates.quick import read_quick
from aggregator.dates.shapes import read
from aggregator.dates.spelling import MAX_DATE_LENGTH, plain


@dataclass(frozen=True, slots=True)
class Habit:
    """What the dates of one document have in common.

    `orders`: in which all its days of numbers make sense; None: it has none; empty: they contradict
    each other. `languages`: in which all its dates in words make sense; empty: it has none. `lasting`: names of
    orders to remember of its source; empty: nothing is known, or documents contradict each other.
    """

    language: str | None = None  # that the document says it is in
    orders: frozenset[Order] | None = None
    languages: frozenset[str] = frozenset()
    lasting: tuple[str, ...] = ()

    def of(self, language: str | None) -> "Habit":
        """Return it for a text in a language of its own, if it says one."""
        return self if not language or language == self.language else replace(self, language=language)


def learn(texts: Iterable[str], language: str | None = None, before: Collection[str] = ()) -> Habit:
    """Return what the dates of a document tell about each other, and its source's dates `before` (`Habit.lasting`).

    One day that only makes sense day first (14/03/2023) makes the document day first, as long as
    none only makes sense month first. Nothing is taken from the order of entries or from today.
    """
    orders: frozenset[Order] | None = None
    languages: frozenset[str] | None = None
    for days in _told(texts, language):
        readings = _of_weekday(days.readings, days)
        found = frozenset(reading.order for reading in readings if reading.order is not None)
        if found:
            orders = found if orders is None else orders & found
        spoken = frozenset[str]().union(*(reading.languages for reading in readings))
        if spoken:
            languages = spoken if languages is None else languages & spoken
    remembered = frozenset(order for order in Order if order.value in before)
    told = remembered if orders is None else orders
    # A source that writes dates in another order now is believed once it has done so again.
    lasting = told & remembered if remembered else told
    if lasting:
        orders = lasting
    names = tuple(sorted(order.value for order in lasting))
    return Habit(language, orders, languages or frozenset(), names)


def _told(texts: Iterable[str], language: str | None) -> Iterator[Days]:
    for text in texts:
        if len(text) <= MAX_DATE_LENGTH and read_quick(text) is None:
            written = read(plain(text), language)
            if written is not None:
                yield written.days


def decided(days: Days, habit: Habit) -> Sequence[Reading]:
    """Return the readings that are left when all that may decide has; one, unless nobody can tell.

    What the text itself says decides first, then the order and the language of the other dates,
    then what dots stand for.
    """
    left = _of_itself(days, habit.language)
    left = _kept(left, [one for one in left if one.languages & habit.languages])
    if habit.orders is not None:
        left = _kept(left, [one for one in left if one.order in habit.orders])
    if days.usual is not None and (habit.orders is None or days.usual in habit.orders):
        left = _kept(left, [one for one in left if one.order == days.usual])
    return left if _several(left) else left[:1]


def leans(days: Days, habit: Habit) -> bool:
    """Whether other dates of the document may decide what this one means."""
    return _several(_of_itself(days, habit.language))


def _of_itself(days: Days, language: str | None) -> Sequence[Reading]:
    """The readings that the text allows: of its weekday, in English (RFC 822 has no other), in the feed's language."""
    left = _of_weekday(days.readings, days)
    for one_language in (ENGLISH, language):
        left = _kept(left, [one for one in left if one_language in one.languages])
    return left


def _several(readings: Sequence[Reading]) -> bool:
    return len({one.day for one in readings}) > 1


def _of_weekday(readings: Sequence[Reading], days: Days) -> Sequence[Reading]:
    """The readings on a day that the text names; all if there is none: weekdays are often wrong."""
    return _kept(readings, [one for one in readings if one.day.weekday() in days.weekdays])


def _kept(all_: Sequence[Reading], some: Sequence[Reading]) -> Sequence[Reading]:
    return some or all_
