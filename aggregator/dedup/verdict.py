"""What came of comparing two entries."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`rule` says why they are one story; None when they are not, and `veto` then what spoke against it."""

    rule: str | None = None
    veto: str | None = None
    scores: tuple[tuple[str, float], ...] = ()
