"""Whether an entry is a later text of its story or a copy of the one it has (DEDUP.md, step 5).

Of a version the newest is shown and the older kept; of copies the representative's is.
"""

from aggregator.dedup.said import Said
from aggregator.dedup.swaps import ratio, swaps

SAME_TITLE = 0.9
TAIL_LEAST = 4  # last words of the shorter text: when the longer has not all of them, it ends otherwise


def is_version(new: Said, old: Said, *, one_place: bool) -> bool:
    """Return whether `new` says something else than `old`; `one_place`: of one source or at one address.

    Elsewhere only an equal title makes a version: other publishers edit what they copy.
    """
    shorter, longer = sorted((new.words, old.words), key=len)
    if not shorter or longer[: len(shorter) - 1] == shorter[:-1]:
        return False  # the same, or a teaser whose last word may be cut
    if one_place:
        return True
    if ratio(new.title, old.title) < SAME_TITLE:
        return False
    return any(swap.is_number for swap in swaps(new.words, old.words)) or _other_tail(shorter, longer)


def _other_tail(shorter: tuple[str, ...], longer: tuple[str, ...]) -> bool:
    return len(shorter) >= TAIL_LEAST and not {*shorter[-TAIL_LEAST:]} <= {*longer}
