from datetime import timedelta

import pytest

from aggregator.serve.limit import Bucket, Limiter, take

RATE = (2, timedelta(seconds=10))  # one token in five seconds


@pytest.mark.parametrize(
    ("bucket", "now", "left", "wait"),
    [
        (None, 0.0, 1.0, 0.0),  # full at first sight
        (Bucket(1.0, 0.0), 0.0, 0.0, 0.0),
        (Bucket(0.0, 0.0), 0.0, 0.0, 5.0),
        (Bucket(0.0, 0.0), 4.0, 0.8, 1.0),
        (Bucket(0.0, 0.0), 5.0, 0.0, 0.0),
        (Bucket(0.0, 0.0), 1000.0, 1.0, 0.0),  # never more than full
        (Bucket(90.0, 0.0), 0.0, 1.0, 0.0),  # filled under a more generous rate
        (Bucket(0.0, 9.0), 0.0, 0.0, 5.0),  # a clock that stepped back gives and takes nothing
    ],
)
def test_bucket(bucket: Bucket | None, now: float, left: float, wait: float) -> None:
    after, seconds = take(bucket, RATE, now=now)
    assert after.tokens == pytest.approx(left)
    assert seconds == pytest.approx(wait)


def test_clients_do_not_share() -> None:
    limiter = Limiter()
    assert [limiter.wait("a", RATE, now=0.0) for _ in range(3)] == [0.0, 0.0, 5.0]
    assert limiter.wait("b", RATE, now=0.0) == 0.0


def test_table_is_bounded_and_forgets_the_most_silent() -> None:
    limiter = Limiter(max_clients=2)
    for _ in range(3):
        limiter.wait("a", RATE, now=0.0)
    limiter.wait("b", RATE, now=0.0)
    limiter.wait("a", RATE, now=0.0)
    limiter.wait("c", RATE, now=0.0)  # b goes: a was heard after it
    assert len(limiter) == 2
    assert limiter.wait("a", RATE, now=0.0) > 0
