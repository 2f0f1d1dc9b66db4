"""Which permanent redirects are remembered, and when they are forgotten (PROTOCOL P17 to P20)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from aggregator.addresses import after_failure, after_success, asked_at, edited
from aggregator.model import FormerUrl, Response, SourceState, State, Validators
from tests.things import NOON

OLD, NEW, OTHER = "https://old.example/rss", "https://new.example/rss", "https://other.example/rss"


def state(**more: Any) -> SourceState:
    return SourceState(source_id="s", **{"url": OLD} | more)


def answer(permanent_url: str | None = NEW, *, safely: bool = True) -> Response:
    return Response(
        status=200, url=permanent_url or OLD, permanent_url=permanent_url, permanent_safely=safely
    )


def seen(known: SourceState, *answers: Response) -> SourceState:
    for one in answers:
        known = after_success(known, one, now=NOON)
    return known


@pytest.mark.parametrize(("safely", "sightings"), [(True, 3), (False, 5)])
def test_p18_a_permanent_redirect_is_remembered_after_so_many_sightings(safely: bool, sightings: int) -> None:
    answers = [answer(safely=safely)] * sightings
    before = seen(state(), *answers[1:])
    assert (asked_at(before), before.moving_to, before.moving_seen) == (OLD, NEW, sightings - 1)
    after = seen(before, answers[0])
    assert (asked_at(after), after.moving_to, after.moving_seen) == (NEW, None, 0)
    assert after.former_urls == (FormerUrl(url=OLD, until=NOON),)
    assert after.url == OLD  # the configuration is the operator's


@pytest.mark.parametrize("other", [answer(None), answer(OTHER)], ids=["none", "another"])
def test_p18_sightings_must_agree_and_follow_each_other(other: Response) -> None:
    assert asked_at(seen(state(), answer(), answer(), other, answer(), answer())) == OLD


def test_p18_one_forgeable_answer_among_them_needs_all_five() -> None:
    assert asked_at(seen(state(), answer(), answer(), answer(safely=False))) == OLD


def test_p18_it_may_move_on_and_back() -> None:
    moved = seen(state(), *[answer()] * 3, *[answer(OTHER)] * 3)
    assert (asked_at(moved), [former.url for former in moved.former_urls]) == (OTHER, [OLD, NEW])
    back = seen(moved, *[answer(OLD)] * 3)
    assert (back.moved_to, asked_at(back)) == (None, OLD)


def test_a_redirect_to_where_it_is_asked_already_is_none() -> None:
    assert seen(state(moved_to=NEW), answer()) == state(moved_to=NEW)


def test_a_remembered_address_that_fails_is_given_up_for_the_configured_one() -> None:
    moved = state(moved_to=NEW, validators=Validators(etag='"1"'), body_digest="d", failures=2)
    assert after_failure(moved, None, now=NOON) == moved
    given_up = after_failure(replace(moved, failures=3), None, now=NOON)
    assert (asked_at(given_up), given_up.validators, given_up.body_digest) == (OLD, Validators(), None)
    assert given_up.former_urls == (FormerUrl(url=NEW, until=NOON),)


def test_a_remembered_address_that_is_gone_is_given_up_at_once() -> None:
    gone = Response(status=410, url=NEW)
    assert asked_at(after_failure(state(moved_to=NEW, failures=1), gone, now=NOON)) == OLD
    assert after_failure(state(failures=9), gone, now=NOON) == state(failures=9)  # never moved


def test_the_operator_writes_down_where_it_has_moved() -> None:
    """Nothing is asked anew: it is the address that we have been asking (PROTOCOL P9)."""
    known = state(moved_to=NEW, validators=Validators(etag='"1"'), state=State.MOVED, next_poll_at=NOON)
    later = NOON + timedelta(hours=1)
    written = edited(known, NEW, now=later)
    assert written == replace(known, url=NEW, moved_to=None, state=State.OK, since=later)


def test_the_operator_gives_another_address() -> None:
    known = state(
        moved_to=NEW,
        validators=Validators(etag='"1"'),
        body_digest="d",
        failures=4,
        last_error="x",
        ended=True,
        state=State.GONE,
    )
    later = NOON + timedelta(hours=1)
    other = edited(known, OTHER, now=later)
    assert (other.url, asked_at(other), other.validators, other.body_digest) == (
        OTHER,
        OTHER,
        Validators(),
        None,
    )
    assert (other.failures, other.last_error, other.ended, other.state) == (0, None, False, State.NEW)
    assert other.next_poll_at == later
    assert [former.url for former in other.former_urls] == [NEW]


def test_the_history_is_bounded() -> None:
    known = state()
    for n in range(100):
        known = edited(known, f"https://{n}.example/", now=NOON)
    assert len(known.former_urls) == 20
