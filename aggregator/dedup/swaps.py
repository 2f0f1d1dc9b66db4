"""What two texts that are nearly alike say differently: the words that stand in one another's place.

A copy adds and leaves out: bylines, footers, last paragraphs. A form filled in anew swaps: another
name, weekday, figure or commodity in the same sentence.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import takewhile

from aggregator.dedup.words import FIRST_UNSPACED, length

SWAPPED_MOST = 4  # words: a longer run in place of another is a passage rewritten
STEM_LEAST = 4  # letters that an inflected word keeps: "repair", "repairs"; not so "Iran", "Iraq"
STEM_SHARE = 0.6  # of the longer word: not so "Austria", "Australia"
ENDING_MOST = 3  # letters
MISSPELT_LEAST = 5  # letters: in a shorter word another letter makes another word
BEGINNING_LEAST = 4  # words, of both texts together
NAME_MOST = 2  # words
LETTERS_LEAST = 3  # shorter words ("a", "in") are grammar; not so single characters of Chinese

DAYS_AND_MONTHS = """
    monday tuesday wednesday thursday friday saturday sunday
    montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag
    понедельник вторник среда среду четверг пятница пятницу суббота субботу воскресенье
    понедельника вторника среды четверга пятницы субботы воскресенья
    lundi mardi mercredi jeudi vendredi samedi dimanche
    lunes martes miércoles jueves viernes sábado domingo
    january february march april may june july august september october november december
    januar februar märz april mai juni juli august september oktober november dezember
    января февраля марта апреля мая июня июля августа сентября октября ноября декабря
"""
# They name one day together with a weekday ("today", "Monday"), but two of them are two days.
RELATIVE_DAYS = """
    today tonight tomorrow yesterday heute morgen gestern сегодня завтра вчера hier demain aujourd hoy mañana ayer
"""
# Words that a sub-editor exchanges without changing what is said.
GRAMMAR = """
    which that who whom this these those its his her their she they has have had was were are been will
    would may might could can should said says told tells for from with and but the not over under
    der die das den dem des ein eine einen einem einer hat haben war waren ist sind wird werden wurde
    sagte sagt und oder mit von für auf bei nach
    который которая которое которые что как это его она они был была было были будет сказал сообщил
    заявил для при над под
"""
_DAYS = frozenset(DAYS_AND_MONTHS.split())
_RELATIVE_DAYS = frozenset(RELATIVE_DAYS.split())
_GRAMMAR = frozenset(GRAMMAR.split())
_VOWELS = re.compile("[aeiouäöüаеиоуыэюя]")
_DOUBLED = re.compile(r"(.)\1")
_COUNTED = (
    "one eins один одна 一 i first erste erster erstes ersten первый первая первое первой первого"
    " الأول الأولى premier première primera primero prima",
    "two zwei два две 二 两 ii second zweite zweiter zweites zweiten второй вторая второе второго"
    " الثاني الثانية deuxième segunda segundo seconda",
    "three drei три 三 iii third dritte dritter drittes dritten третий третья третье третьей третьего"
    " الثالث الثالثة troisième tercera tercero terza",
    "four vier четыре 四 iv fourth vierte vierter viertes vierten четвертый четвертая четвертой четвертого"
    " الرابع الرابعة quatrième cuarta cuarto quarta",
    "five fünf пять 五 v fifth fünfte fünfter fünftes fünften пятый пятая пятой пятого"
    " الخامس الخامسة cinquième quinta quinto",
    "six sechs шесть 六 vi sixth sechste шестой шестая السادس السادسة",
    "seven sieben семь 七 vii seventh siebte седьмой седьмая السابع السابعة",
    "eight acht восемь 八 viii eighth achte восьмой восьмая الثامن الثامنة",
    "nine neun девять 九 ix ninth neunte девятый девятая التاسع التاسعة",
    "ten zehn десять 十 x tenth zehnte десятый десятая العاشر العاشرة",
)
_NUMBER_WORDS = {word: str(n) for n, words in enumerate(_COUNTED, 1) for word in words.split()}
# The halves of what is told in two: "上", "下"; "前編", "後編".
_HALVES = frozenset("上中下前後后")
NEGATIONS = """
    not no never without nicht kein keine keinen nie ohne не нет ни без никогда 不 没 沒 未 無 无 非
    لا لم لن ليس غير ne pas jamais sans non nunca sin
"""
_NEGATIONS = frozenset(NEGATIONS.split())


@dataclass(frozen=True, slots=True)
class Swap:
    """A run of words in one text, and the run in its place in the other; either may be empty."""

    first: tuple[str, ...]
    second: tuple[str, ...]

    @property
    def is_exchange(self) -> bool:
        """Something stands in the place of something else."""
        return bool(self.first and self.second)

    @property
    def is_word(self) -> bool:
        """A word or a name of two stands in the place of another, and it is not grammar.

        Where words are not spaced each is several tokens, and there is no telling where it ends.
        """
        words = (*self.first, *self.second)
        if not self.is_exchange or self.is_spelling:
            return False
        if all(len(word) == 1 and word >= FIRST_UNSPACED for word in words):
            return True
        return len(self.first) == len(self.second) <= NAME_MOST and not any(map(is_grammar, words))

    @property
    def is_number(self) -> bool:
        """One number stands in the place of another, in figures or words."""
        first, second = values(self.first), values(self.second)
        return bool(first and second) and first != second

    @property
    def is_half(self) -> bool:
        """The first half stands in the place of the second, in a script that counts so."""
        return _differ(_HALVES, self)

    @property
    def is_negation(self) -> bool:
        """One says "not" where the other does not."""
        return _NEGATIONS.isdisjoint(self.first) != _NEGATIONS.isdisjoint(self.second)

    @property
    def is_day(self) -> bool:
        """One day or month stands in the place of another."""
        return _differ(_DAYS, self) or _differ(_RELATIVE_DAYS, self)

    @property
    def is_spelling(self) -> bool:
        """Both say the same word, inflected or written otherwise: "Iran" and "Iraq" are two."""
        first, second = sorted(("".join(self.first), "".join(self.second)), key=len)
        stem = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, second, strict=False)))
        if stem >= max(STEM_LEAST, STEM_SHARE * len(second)) and len(second) - stem <= ENDING_MOST:
            return True
        if first[:1] != second[:1] or len(second) < MISSPELT_LEAST:
            return False
        if _VOWELS.sub("", _DOUBLED.sub(r"\1", first)) == _VOWELS.sub("", _DOUBLED.sub(r"\1", second)):
            return True  # "dollars", "dlrs"
        return _is_misspelt(first[stem:], second[stem:])


def swaps(first: Sequence[str], second: Sequence[str]) -> list[Swap]:
    """Return the short runs of words that stand in one another's place, or in only one of the texts."""
    return [
        Swap(tuple(first[i:j]), tuple(second[k:n]))
        for tag, i, j, k, n in _matcher(first, second).get_opcodes()
        if tag != "equal" and length(first[i:j]) <= SWAPPED_MOST and length(second[k:n]) <= SWAPPED_MOST
    ]


def begins_otherwise(first: Sequence[str], second: Sequence[str]) -> bool:
    """Return whether the first words of two texts stand in one another's place, and not a byline before one."""
    for tag, i, j, k, n in _matcher(first, second).get_opcodes():
        return tag == "replace" and length(first[i:j]) + length(second[k:n]) >= BEGINNING_LEAST
    return False


def ratio(first: Sequence[str], second: Sequence[str]) -> float:
    """Return how far two titles are the same words in the same order, 0.0 to 1.0; the same both ways."""
    if not first or not second:
        return 0.0
    return _matcher(*sorted((first, second), key=lambda words: (len(words), words))).ratio()


def values(words: Iterable[str]) -> set[str]:
    """Return the numbers among `words`, those up to ten in words too."""
    return {_NUMBER_WORDS.get(word, word) for word in words if word in _NUMBER_WORDS or word[0].isdigit()}


def days(words: Iterable[str]) -> frozenset[str]:
    """Return the names of days and months among `words`."""
    return _DAYS.intersection(words)


def _matcher(first: Sequence[str], second: Sequence[str]) -> SequenceMatcher[str]:
    return SequenceMatcher(None, first, second, autojunk=False)


def _is_misspelt(first: str, second: str) -> bool:
    """Whether one letter is left out or exchanged within a word, or two have changed places."""
    if len(second) - len(first) > 1:
        return False
    if len(first) < len(second):
        return first == second[1:]
    return first[1:] == second[1:] or (first[1::-1] == second[:2] and first[2:] == second[2:])


def is_grammar(word: str) -> bool:
    """Whether a word says nothing of its own: a sub-editor exchanges it freely."""
    return word in _GRAMMAR or (word.isascii() and len(word) < LETTERS_LEAST and not word[0].isdigit())


def _differ(names: frozenset[str], swap: Swap) -> bool:
    first, second = names.intersection(swap.first), names.intersection(swap.second)
    return bool(first and second) and first != second
