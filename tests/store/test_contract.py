"""What every store engine must do. A new engine is one line in `engine`."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from aggregator.errors import Conflict
from aggregator.model import (
    NO_EXTRAS,
    Claim,
    Emitted,
    Enclosure,
    Extras,
    FeedHead,
    FeedHints,
    FormerUrl,
    Hold,
    Join,
    KnownItem,
    Lookup,
    Mark,
    Person,
    Placement,
    Plan,
    PollUpdate,
    Refound,
    Rename,
    Revision,
    Rhythm,
    SourceState,
    State,
    Validators,
    Wish,
    Withdrawal,
)
from aggregator.store import Store, open_store
from aggregator.store.protocol import TRIVIAL_MOST, VERSIONS_MOST
from tests.emit.shown import carried
from tests.things import NOON, entry, source, update

URL = Mark(kind="url", value="https://alfa.example/1")
HOUR = timedelta(hours=1)


@pytest.fixture(params=["sqlite", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    opened = open_store(request.param, tmp_path)
    opened.configure([source("alfa"), source("bravo")], now=NOON)
    yield opened
    opened.close()


def claimed(
    store: Store, at: datetime = NOON, *, limit: int = 10, busy_hosts: Sequence[str] = ()
) -> list[str]:
    """The ids of the sources that are taken."""
    claims = store.claim_due(at, limit=limit, lease=HOUR, busy_hosts=busy_hosts)
    return [claim.source_id for claim in claims]


def founds(guid: str, source_id: str = "alfa", *marks: tuple[Mark, int], entry_id: str = "") -> Placement:
    entry_id = entry_id or f"{source_id}:{guid}"
    made = entry(guid, source_id)
    return Placement(entry=made, entry_id=entry_id, story_id=entry_id, rule="new", marks=marks)


def joins(guid: str, source_id: str, story_id: str, *marks: tuple[Mark, int]) -> Placement:
    return replace(founds(guid, source_id, *marks), story_id=story_id, rule="url")


def test_what_entries_carry_is_kept_until_they_are_forgotten(store: Store) -> None:
    carrying, plain = founds("1", "alfa", (URL, 0)), founds("2")
    carrying = replace(carrying, entry=replace(carrying.entry, extras=carried()))
    store.apply(update(plan=Plan(placements=(carrying, plain))))
    kept = {story.story_id: story.entries[0].entry.extras for story in store.latest(9)}
    assert kept == {"alfa:1": carried(), "alfa:2": NO_EXTRAS}
    revised = replace(carrying.entry, extras=Extras(rights="©"))
    store.apply(update(plan=Plan(revisions=(Revision(entry_id="alfa:1", entry=revised),))))
    assert {story.entries[0].entry.extras for story in store.latest(9)} == {Extras(rights="©"), NO_EXTRAS}
    assert store.prune(before=NOON + HOUR, keep_per_source=9, texts_before=NOON) == 2
    marked = store.candidates(Lookup(source_id="bravo", marks=(URL,))).marked[URL]
    assert [candidate.representative.entry.extras for candidate in marked] == [NO_EXTRAS]


def test_a_new_source_is_due_at_once_and_claimed_once(store: Store) -> None:
    assert claimed(store, NOON) == ["alfa", "bravo"]
    assert claimed(store, NOON) == []
    assert claimed(store, NOON + HOUR, limit=1) == ["alfa"]  # the lease ended


def test_a_host_with_many_sources_leaves_room_for_others(store: Store) -> None:
    many = [source(f"a{n}", url=f"https://many.example/{n}") for n in range(5)]
    files = [source(f"f{n}", url=f"file:///srv/{n}.xml") for n in range(2)]
    store.configure([*many, *files, source("z")], now=NOON)
    assert claimed(store, NOON, limit=3, busy_hosts=["z.example"]) == ["a0", "f0", "f1"]
    assert claimed(store, NOON, limit=9, busy_hosts=["many.example", ""]) == ["z"]
    assert claimed(store, NOON, limit=9) == ["a1"]


def test_a_source_is_claimed_with_the_host_that_will_be_asked(store: Store) -> None:
    store.apply(replace(update(), state=replace(store.state("alfa"), moved_to="https://new.example/rss")))
    claims = store.claim_due(NOON, limit=9, lease=HOUR, busy_hosts=["alfa.example"])
    assert claims == (
        Claim(source_id="alfa", host="new.example"),
        Claim(source_id="bravo", host="bravo.example"),
    )


def test_a_source_is_rescheduled_unless_it_was_polled_meanwhile(store: Store) -> None:
    store.apply(
        replace(update(), state=replace(store.state("alfa"), last_poll_at=NOON, next_poll_at=NOON + HOUR))
    )
    read = store.state("alfa")
    sooner = replace(read, next_poll_at=NOON + HOUR / 2, next_reason="interval", interval=HOUR / 2)
    store.reschedule([replace(sooner, validators=Validators(etag="other"))])
    assert store.state("alfa") == sooner
    store.apply(replace(update(), state=replace(read, last_poll_at=NOON + HOUR)))
    store.reschedule([sooner])
    assert store.state("alfa") == replace(read, last_poll_at=NOON + HOUR)


def test_a_host_on_hold_is_left_alone_by_all_its_sources(store: Store) -> None:
    store.configure(
        [source("alfa"), source("bravo"), source("alfa2", url="https://alfa.example/2")], now=NOON
    )
    store.apply(replace(update(), hold=Hold(host="alfa.example", until=NOON + 2 * HOUR)))
    assert store.holds(now=NOON) == {"alfa.example"}
    assert claimed(store) == ["bravo"]
    later = source("alfa3", url="https://alfa.example/3")
    store.configure([source("alfa"), later], now=NOON + HOUR)
    assert store.state("alfa3").next_poll_at == NOON + 2 * HOUR
    assert store.state("alfa3").next_reason == "host on hold"
    assert claimed(store, NOON + HOUR) == []
    assert store.holds(now=NOON + 2 * HOUR) == frozenset()
    assert claimed(store, NOON + 2 * HOUR) in (["alfa"], ["alfa3"])


def test_a_hold_made_while_the_clock_was_ahead_is_no_longer_from_now_than_it_was(store: Store) -> None:
    store.configure(
        [source("alfa"), source("alfa2", url="https://alfa.example/2"), source("bravo")], now=NOON
    )
    store.apply(replace(update(), hold=Hold(host="bravo.example", until=NOON + 2 * HOUR)))
    ahead = NOON + 24 * HOUR
    store.apply(replace(update(), at=ahead, hold=Hold(host="alfa.example", until=ahead + HOUR)))
    assert store.state("alfa2").next_poll_at == ahead + HOUR
    assert store.recount_holds(now=NOON) == 1
    assert store.holds(now=NOON) == {"alfa.example", "bravo.example"}
    assert store.holds(now=NOON + HOUR) == {"bravo.example"}
    assert store.state("alfa2").next_poll_at == NOON + HOUR
    assert store.recount_holds(now=NOON) == 0


def test_the_longer_of_two_holds_is_counted_from_when_it_was_made(store: Store) -> None:
    for at, hours in ((NOON, 30), (NOON + 24 * HOUR, 1), (NOON + 24 * HOUR, 9)):
        store.apply(replace(update(), at=at, hold=Hold(host="alfa.example", until=at + hours * HOUR)))
        assert store.recount_holds(now=NOON) == (hours == 9)
    assert store.holds(now=NOON + 8 * HOUR) == {"alfa.example"}
    assert store.holds(now=NOON + 9 * HOUR) == frozenset()


def test_a_shorter_hold_does_not_end_a_longer_one(store: Store) -> None:
    store.apply(replace(update(), hold=Hold(host="alfa.example", until=NOON + 2 * HOUR)))
    store.apply(replace(update(), hold=Hold(host="alfa.example", until=NOON + HOUR)))
    assert store.holds(now=NOON + HOUR) == {"alfa.example"}


def test_what_is_known_of_a_document_is_replaced_as_a_whole_or_left(store: Store) -> None:
    assert store.known_items("alfa") == ()
    items = (KnownItem(digest="a", guid="1"), KnownItem(digest="б", guid="2", problems=("one", "two")))
    store.apply(replace(update(), known=items))
    store.apply(update())
    assert (store.known_items("alfa"), store.known_items("bravo")) == (items, ())
    gone = Plan(withdrawals=(Withdrawal(entry_id="none", deleted_at=NOON),))
    with pytest.raises(Conflict):
        store.apply(replace(update(plan=gone), known=()))
    assert store.known_items("alfa") == items
    store.apply(replace(update(), known=items[:1]))
    assert store.known_items("alfa") == items[:1]


def test_notes_are_kept(store: Store) -> None:
    assert store.noted("subscribers") is None
    store.note("subscribers", "1")
    store.note("subscribers", "2")
    assert store.noted("subscribers") == "2"


def test_a_withdrawn_entry_is_shown_no_more_until_a_later_version_comes(store: Store) -> None:
    store.apply(update(plan=Plan(placements=(founds("1"), founds("2")))))
    store.settle()
    withdrawal = Withdrawal(entry_id="alfa:1", deleted_at=NOON + HOUR)
    store.apply(update(plan=Plan(withdrawals=(withdrawal,))))
    assert [story.story_id for story in store.latest(9)] == ["alfa:2"]
    assert store.candidates(Lookup(source_id="alfa", guids=("1",))).known["1"].withdrawn_at == NOON + HOUR
    store.apply(update(plan=Plan(revisions=(Revision(entry_id="alfa:1", entry=entry("1")),))))
    assert {story.story_id for story in store.latest(9)} == {"alfa:1", "alfa:2"}
    assert store.candidates(Lookup(source_id="alfa", guids=("1",))).known["1"].withdrawn_at is None


def test_a_story_is_told_on_by_others_when_its_founder_withdraws(store: Store) -> None:
    store.apply(update(plan=Plan(placements=(founds("1"),))))
    store.apply(update("bravo", Plan(placements=(joins("1", "bravo", "alfa:1"),))))
    store.apply(update(plan=Plan(withdrawals=(Withdrawal(entry_id="alfa:1", deleted_at=NOON),))))
    (story,) = store.latest(9)
    assert [(stored.entry.source_id, stored.story_id) for stored in story.entries] == [("bravo", "alfa:1")]


def test_what_is_not_there_cannot_be_withdrawn(store: Store) -> None:
    with pytest.raises(Conflict):
        store.apply(update(plan=Plan(withdrawals=(Withdrawal(entry_id="none", deleted_at=NOON),))))


def resembles(
    guid: str, sample: Sequence[int], source_id: str = "alfa", *, indexed: bool = True
) -> Placement:
    return replace(founds(guid, source_id), sample=tuple(sample), is_indexed=indexed)


def resembling(store: Store, sample: Sequence[int], source_id: str = "bravo", guid: str = "new") -> list[str]:
    """The stories that share some of `sample`, those that share most first."""
    found = store.candidates(Lookup(source_id=source_id, guids=(guid,), samples={guid: tuple(sample)}))
    return [story.story_id for story in found.near.get(tuple(sample), ())]


def test_stories_are_found_that_share_two_hashes_or_more(store: Store) -> None:
    store.apply(update(plan=Plan(placements=(resembles("1", [1, 2, 3]), resembles("2", [1, 2, 3, 4, 5])))))
    assert resembling(store, [3, 4, 5]) == ["alfa:2"]
    assert resembling(store, [1, 2, 3, 4]) == ["alfa:2", "alfa:1"]
    assert resembling(store, [1, 9]) == []
    assert resembling(store, [1, 2], "alfa", "1") == []  # it is known, and need not be placed


def test_what_is_not_indexed_is_not_found(store: Store) -> None:
    store.apply(update(plan=Plan(placements=(resembles("1", [1, 2], indexed=False),))))
    assert resembling(store, [1, 2]) == []


def test_a_hash_that_many_have_finds_nobody(store: Store) -> None:
    common = [resembles(str(n), [1, 2, 100 + n]) for n in range(64)]
    store.apply(update(plan=Plan(placements=tuple(common))))
    assert len(resembling(store, [1, 2])) == 30  # the most that are compared
    store.apply(update(plan=Plan(placements=(resembles("one more", [1, 2]),))))
    assert resembling(store, [1, 2]) == []
    assert resembling(store, [1, 100]) == []


def test_what_resembles_is_found_under_the_story_it_has_become(store: Store) -> None:
    store.apply(update(plan=Plan(placements=(resembles("1", [1, 2]), resembles("2", [3, 4])))))
    store.apply(update(plan=Plan(renames=(Rename(old_id="alfa:2", new_id="urn:x:2"),))))
    assert resembling(store, [3, 4]) == ["urn:x:2"]
    store.apply(update(plan=Plan(joins=(Join(loser="urn:x:2", winner="alfa:1"),))))
    assert resembling(store, [3, 4]) == ["alfa:1"]
    store.apply(
        update(
            "bravo",
            Plan(
                placements=(joins("3", "bravo", "alfa:1"),),
                refounds=(Refound(story_id="alfa:1", founder_id="bravo:3"),),
            ),
        )
    )
    assert resembling(store, [1, 2]) == ["bravo:3"]
    found = store.candidates(Lookup(source_id="bravo", samples={"new": (1, 2)})).near[1, 2]
    assert found[0].representative.entry_id == "bravo:3"


def test_an_entry_that_resembles_one_stored_meanwhile_is_decided_again(store: Store) -> None:
    before = store.candidates(Lookup(source_id="bravo"))
    store.apply(update(plan=Plan(placements=(resembles("1", [1, 2, 3]),))))
    plan = Plan(placements=(resembles("1", [2, 3, 4], "bravo"), founds("2", "bravo")), seen=before.seen)
    with pytest.raises(Conflict):
        store.apply(update("bravo", plan))
    assert store.totals().entries == 1
    assert resembling(store, [2, 3, 4]) == ["alfa:1"]  # and nothing of the plan was kept
    after = store.candidates(Lookup(source_id="bravo"))
    store.apply(update("bravo", replace(plan, seen=after.seen)))
    assert store.totals().entries == 3


def test_what_finds_nobody_overtakes_nobody(store: Store) -> None:
    common = [resembles(str(n), [1, 2, 3 + n]) for n in range(64)]
    store.apply(update(plan=Plan(placements=tuple(common))))
    before = store.candidates(Lookup(source_id="bravo"))
    store.apply(update(plan=Plan(placements=(resembles("one more", [1, 2]),))))
    plan = Plan(placements=(resembles("1", [1, 2], "bravo"),), seen=before.seen)
    store.apply(update("bravo", plan))
    assert store.totals().entries == 66


def test_entries_of_one_plan_do_not_conflict_with_each_other(store: Store) -> None:
    seen = store.candidates(Lookup(source_id="alfa")).seen
    plan = Plan(placements=(resembles("1", [1, 2]), resembles("2", [1, 2])), seen=seen)
    store.apply(update(plan=plan))
    assert resembling(store, [1, 2]) == ["alfa:1", "alfa:2"]


def test_resemblance_is_forgotten_by_the_week(store: Store) -> None:
    store.apply(update(plan=Plan(placements=(resembles("1", [1, 2]),))))
    for days, found in ((14, ["alfa:1"]), (22, [])):
        at = NOON + timedelta(days=days)
        store.prune(before=NOON - HOUR, keep_per_source=99, texts_before=at - timedelta(days=14))
        assert resembling(store, [1, 2]) == found


def test_a_week_takes_the_place_of_one_long_past(store: Store) -> None:
    """Nothing depends on `prune` being called in time, nor on a clock that never goes back."""
    for n, weeks in enumerate((0, 3, 6, 5)):
        plan = Plan(placements=(resembles(str(n), [1, 2]),))
        store.apply(replace(update(plan=plan), at=NOON + timedelta(weeks=weeks)))
    assert resembling(store, [1, 2]) == ["alfa:2", "alfa:3"]


def test_the_boilerplate_of_a_source_is_brought_with_what_resembles(store: Store) -> None:
    store.apply(update(plan=Plan(placements=(resembles("1", [1, 2]),), boilerplate=(7, 8))))
    own = store.candidates(Lookup(source_id="alfa"))
    assert own.boilerplate == {"alfa": frozenset({7, 8})}
    other = Lookup(source_id="bravo", samples={"new": (1, 2)})
    assert store.candidates(other).boilerplate == {"alfa": frozenset({7, 8})}
    store.apply(update(plan=Plan(placements=(founds("2"),), boilerplate=())))
    assert store.candidates(other).boilerplate.get("alfa", frozenset()) == frozenset()


def test_claims_of_a_dead_process_are_forgotten(store: Store) -> None:
    claimed(store, NOON)
    store.release_claims(["bravo", "nobody"])
    assert claimed(store, NOON) == ["bravo"]
    store.release_claims()
    assert claimed(store, NOON) == ["alfa", "bravo"]


def test_a_store_that_is_well_can_be_looked_at_and_recovered(store: Store) -> None:
    store.apply(update(plan=Plan(placements=(founds("1"),))))
    store.look()
    store.recover()
    assert store.totals().entries == 1


def test_a_poll_ends_its_claim_and_sets_the_next(store: Store) -> None:
    claimed(store, NOON)
    state = replace(store.state("alfa"), next_poll_at=NOON + HOUR, next_reason="interval")
    store.apply(replace(update(), state=state))
    assert claimed(store, NOON + HOUR - timedelta(seconds=1)) == []
    assert "alfa" in claimed(store, NOON + HOUR)


def test_never_again_is_never_due(store: Store) -> None:
    store.apply(replace(update(), state=replace(store.state("alfa"), next_poll_at=None, state=State.GONE)))
    assert claimed(store, NOON + 1000 * HOUR) == ["bravo"]


def test_the_state_of_a_source_comes_back_as_it_was_written(store: Store) -> None:
    written = SourceState(
        source_id="alfa",
        url="https://alfa.example/rss",
        head=FeedHead(
            id="urn:x:1", title="Альфа", authors=(Person(name="A", email="a@b.example"),), updated_at=NOON
        ),
        validators=Validators(etag='W/"a,b"', last_modified="yesterday"),
        body_digest="d",
        reading="r",
        failures=3,
        state=State.FAILING,
        last_status=503,
        last_error="HTTP 503",
        problems=("one", "two"),
        last_poll_at=NOON,
        last_success_at=NOON - HOUR,
        next_poll_at=NOON + HOUR,
        next_reason="back-off",
        wishes=(Wish(reason="interval", wait=HOUR), Wish(reason="ttl", wait=timedelta(minutes=5))),
        interval=timedelta(minutes=30),
        rhythm=Rhythm(since=NOON - HOUR, counted_at=NOON, hours=(0.5,) * 24),
        hints=FeedHints(ttl=HOUR, update_period=2 * HOUR, skip_hours=(1, 2), skip_days=(6,)),
        fresh_for=timedelta(seconds=90),
        ended=True,
        pushed_until=NOON + HOUR,
        moved_to="https://new.example/rss",
        moving_to="https://newer.example/rss",
        moving_seen=2,
        former_urls=(FormerUrl(url="https://old.example/rss", until=NOON),),
        archive_url="https://alfa.example/2025",
        archive_left=7,
        date_orders=("day first", "year first"),
    )
    store.apply(replace(update(), state=written))
    assert store.state("alfa") == written
    assert store.heads() == {"alfa": written.head, "bravo": FeedHead()}
    assert [state.source_id for state in store.states()] == ["alfa", "bravo"]


def test_a_changed_address_is_due_and_forgets_validators_and_failures(store: Store) -> None:
    failing = replace(
        store.state("alfa"),
        validators=Validators(etag='"1"'),
        body_digest="d",
        failures=4,
        state=State.FAILING,
        last_error="e",
        next_poll_at=None,
    )
    store.apply(replace(update(), state=failing))
    store.configure([source("alfa"), source("bravo")], now=NOON)
    assert store.state("alfa") == failing  # nothing changed
    store.configure([source("alfa", url="https://new.example/"), source("bravo")], now=NOON + HOUR)
    moved = store.state("alfa")
    assert (moved.validators, moved.body_digest, moved.failures) == (Validators(), None, 0)
    assert (moved.state, moved.last_error, moved.next_poll_at) == (State.NEW, None, NOON + HOUR)


def test_a_source_that_left_is_unknown_and_comes_back_as_it_was(store: Store) -> None:
    store.apply(update(plan=Plan(placements=(founds("1"),)), failures=2))
    store.configure([source("bravo")], now=NOON)
    with pytest.raises(KeyError):
        store.state("alfa")
    assert store.latest(10) == ()
    assert claimed(store, NOON) == ["bravo"]
    store.configure([source("alfa"), source("bravo")], now=NOON)
    assert store.state("alfa").failures == 2
    assert [story.story_id for story in store.latest(10)] == ["alfa:1"]


def test_a_source_that_left_once_claimed_is_due_when_it_comes_back(store: Store) -> None:
    """Whoever claimed it may have found it gone, and never polled it."""
    assert claimed(store, NOON) == ["alfa", "bravo"]
    store.configure([source("bravo")], now=NOON)
    store.configure([source("alfa"), source("bravo")], now=NOON)
    assert claimed(store, NOON) == ["alfa"]


def test_a_hold_makes_all_sources_of_the_host_wait_and_no_others(store: Store) -> None:
    twin = source("alfa-sport", url="https://alfa.example/sport")
    store.configure([source("alfa"), source("bravo"), twin], now=NOON)
    store.apply(replace(update(), hold=Hold(host="alfa.example", until=NOON + HOUR)))
    assert claimed(store, NOON + HOUR / 2) == ["bravo"]
    assert store.state("alfa-sport").next_reason == "host on hold"


def test_an_entry_comes_back_as_it_was_stored(store: Store) -> None:
    made = entry(
        "g",
        uri="urn:x:g",
        url="https://alfa.example/1",
        title="“Zwölf” Боксkämpfer 試合",
        authors=(Person(name="A", url="https://a.example/"),),
        summary="<p>s</p>",
        content="<p>c</p>",
        content_text="c",
        language="de",
        categories=("x", "y"),
        enclosures=(Enclosure(url="https://a.example/1.mp3", type="audio/mpeg", length=7),),
        updated_at=NOON + HOUR,
        position=3,
        problems=("p",),
    )
    placement = Placement(entry=made, entry_id="urn:x:g", story_id="urn:x:g", rule="new")
    store.apply(update(plan=Plan(placements=(placement,))))
    (story,) = store.latest(10)
    assert story.entries[0].entry == made
    assert (story.story_id, story.entries[0].entry_id) == ("urn:x:g", "urn:x:g")
    assert (story.entries[0].first_seen_at, story.entries[0].changed_at) == (NOON, None)


def test_candidates_are_known_entries_holders_and_marked_stories_in_order(store: Store) -> None:
    store.apply(update(plan=Plan(placements=(founds("1", "alfa", (URL, 0)), founds("2", "alfa", (URL, 1))))))
    found = store.candidates(
        Lookup(source_id="alfa", guids=("1", "9"), uris=("alfa:2", "urn:x:9"), marks=(URL,))
    )
    assert {guid: known.entry_id for guid, known in found.known.items()} == {"1": "alfa:1"}
    assert found.known["1"].digest == entry("1").digest
    assert list(found.holders) == ["alfa:2"]
    assert not found.holders["alfa:2"].settled
    assert [candidate.story_id for candidate in found.marked[URL]] == ["alfa:1", "alfa:2"]
    assert store.candidates(Lookup(source_id="bravo", guids=("1",))).known == {}


def test_entries_told_apart_are_known_by_the_guid_they_share(store: Store) -> None:
    told = [replace(founds(f"g {n}"), entry=entry(f"g {n}", said_guid="g")) for n in "ab"]
    strangers = [founds("g"), founds("h"), founds("g of another", "bravo")]
    store.apply(update(plan=Plan(placements=(*told, *strangers[:2]))))
    store.apply(update("bravo", plan=Plan(placements=(strangers[2],))))
    known = store.candidates(Lookup(source_id="alfa", guids=("g",))).known
    assert {guid: one.said_guid for guid, one in known.items()} == {"g": None, "g a": "g", "g b": "g"}
    assert {one.entry.said_guid for one in known.values() if one.entry} == {None, "g"}


def test_more_guids_than_a_statement_takes(store: Store) -> None:
    many = tuple(founds(str(n)) for n in range(1200))
    store.apply(update(plan=Plan(placements=many)))
    found = store.candidates(Lookup(source_id="alfa", guids=tuple(str(n) for n in range(1200))))
    assert len(found.known) == 1200
    assert store.totals().entries == 1200


@pytest.mark.parametrize(
    ("first", "second", "why"),
    [
        (founds("1"), founds("1"), "the same update again"),
        (founds("1", entry_id="urn:x:1"), founds("1", "bravo", entry_id="urn:x:1"), "the id was given away"),
        (founds("1", "alfa", (URL, 0)), founds("2", "bravo", (URL, 0)), "the place under a mark was taken"),
        (founds("1"), joins("2", "bravo", "alfa:9"), "the story was joined to another"),
    ],
)
def test_a_lost_race_is_a_conflict_and_writes_nothing(
    store: Store, first: Placement, second: Placement, why: str
) -> None:
    store.apply(update(plan=Plan(placements=(first,))))
    before = store.totals(), store.latest(10), store.states()
    with pytest.raises(Conflict):
        store.apply(update(failures=9, plan=Plan(placements=(founds("other", "bravo"), second))))
    assert (store.totals(), store.latest(10), store.states()) == before, why


def test_a_story_keeps_every_source_and_its_founder_first(store: Store) -> None:
    store.apply(update(plan=Plan(placements=(founds("1"),))))
    store.apply(update("bravo", plan=Plan(placements=(joins("2", "bravo", "alfa:1"),))))
    (story,) = store.latest(10)
    assert [stored.entry_id for stored in story.entries] == ["alfa:1", "bravo:2"]
    assert {stored.story_id for stored in story.entries} == {"alfa:1"}
    assert store.totals() == replace(store.totals(), entries=2, stories=1)


def test_a_feed_of_some_sources_has_their_stories_and_shows_their_entry(store: Store) -> None:
    store.apply(update(plan=Plan(placements=(founds("1"), founds("3")))))
    store.apply(update("bravo", plan=Plan(placements=(joins("2", "bravo", "alfa:1"),))))
    (story,) = store.latest(10, sources=["bravo"])
    assert [stored.entry_id for stored in story.entries] == ["bravo:2", "alfa:1"]
    assert story.story_id == "alfa:1"
    assert store.latest(10, sources=[]) == ()


def test_what_is_not_settled_can_be_left_out(store: Store) -> None:
    store.apply(update(plan=Plan(placements=(founds("1"),))))
    store.settle()
    store.apply(
        update("bravo", plan=Plan(placements=(founds("2", "bravo"),)))
    )  # a poll between settling and reading
    assert [story.story_id for story in store.latest(10, settled=True)] == ["alfa:1"]
    assert len(store.latest(10)) == 2


def test_the_newest_come_first_and_the_limit_cuts_after_sorting(store: Store) -> None:
    dated = [replace(founds(str(n)), entry=entry(str(n), published_at=NOON - n * HOUR)) for n in (3, 1, 2)]
    future = replace(founds("f"), entry=entry("f", published_at=NOON + 1000 * HOUR, position=9))
    store.apply(update(plan=Plan(placements=(*dated, future))))
    assert [story.story_id for story in store.latest(3)] == ["alfa:f", "alfa:1", "alfa:2"]
    assert store.latest(1)[0].entries[0].entry.published_at == NOON + 1000 * HOUR  # kept as published


def test_a_revision_changes_the_text_and_the_order_not_the_id(store: Store) -> None:
    store.apply(update(plan=Plan(placements=(founds("1"), founds("2")))))
    edited = entry("1", title="Edited", published_at=NOON + HOUR / 2)
    later = replace(update(plan=Plan(revisions=(Revision(entry_id="alfa:1", entry=edited),))), at=NOON + HOUR)
    store.apply(later)
    by_id = {story.story_id: story.entries[0] for story in store.latest(10)}
    assert by_id["alfa:1"].entry.title == "Edited"
    assert (by_id["alfa:1"].first_seen_at, by_id["alfa:1"].changed_at) == (NOON, NOON + HOUR)
    assert by_id["alfa:2"].changed_at is None


def test_joined_stories_are_one_and_the_old_id_still_leads_there(store: Store) -> None:
    other = Mark(kind="text", value="t")
    store.apply(
        update(plan=Plan(placements=(founds("1", "alfa", (URL, 0)), founds("2", "alfa", (other, 0)))))
    )
    store.settle()
    store.apply(update("bravo", plan=Plan(joins=(Join(loser="alfa:2", winner="alfa:1"),))))
    (story,) = store.latest(10)
    assert {stored.entry_id for stored in story.entries} == {"alfa:1", "alfa:2"}
    assert (store.resolve("alfa:2"), store.resolve("alfa:1"), store.resolve("alfa:3")) == (
        "alfa:1",
        "alfa:1",
        None,
    )
    found = store.candidates(Lookup(source_id="bravo", marks=(other,)))
    assert [candidate.story_id for candidate in found.marked[other]] == ["alfa:1"]
    store.apply(update("bravo", plan=Plan(placements=(founds("3", "bravo"),), joins=())))
    store.apply(update("bravo", plan=Plan(joins=(Join(loser="alfa:1", winner="bravo:3"),))))
    assert store.resolve("alfa:2") == "bravo:3"


def test_an_id_that_was_joined_before_anybody_saw_it_is_free_again(store: Store) -> None:
    shared = "urn:x:1"
    store.apply(update(plan=Plan(placements=(founds("1", entry_id=shared), founds("2")))))
    store.apply(update(plan=Plan(joins=(Join(loser=shared, winner="alfa:2"),))))
    renamed = Plan(
        renames=(Rename(old_id=shared, new_id="tag:x"),), placements=(founds("1", "bravo", entry_id=shared),)
    )
    store.apply(update("bravo", plan=renamed))
    assert store.resolve(shared) == shared
    store.settle()
    store.apply(update(plan=Plan(joins=(Join(loser=shared, winner="alfa:2"),))))
    assert store.resolve(shared) == "alfa:2"


def test_an_unpublished_story_may_get_an_earlier_founder(store: Store) -> None:
    store.apply(update(plan=Plan(placements=(founds("1", "alfa", (URL, 0)),))))
    plan = Plan(
        placements=(joins("2", "bravo", "alfa:1"),),
        refounds=(Refound(story_id="alfa:1", founder_id="bravo:2"),),
    )
    store.apply(update("bravo", plan=plan))
    (story,) = store.latest(10)
    assert story.story_id == "bravo:2"
    assert [stored.entry_id for stored in story.entries] == ["bravo:2", "alfa:1"]
    found = store.candidates(Lookup(source_id="alfa", marks=(URL,)))
    assert [candidate.story_id for candidate in found.marked[URL]] == ["bravo:2"]


def test_the_former_founder_may_be_the_later_text(store: Store) -> None:
    store.apply(update(plan=Plan(placements=(founds("1"),))))
    refound = Refound(story_id="alfa:1", founder_id="bravo:2", is_version=True)
    store.apply(update("bravo", Plan(placements=(joins("2", "bravo", "alfa:1"),), refounds=(refound,))))
    (story,) = store.latest(10)
    assert [(one.entry_id, one.is_version) for one in story.entries] == [("bravo:2", False), ("alfa:1", True)]


def test_an_unpublished_id_may_go_to_another_entry(store: Store) -> None:
    store.apply(update(plan=Plan(placements=(founds("1", entry_id="urn:x:1"),))))
    plan = Plan(
        renames=(Rename(old_id="urn:x:1", new_id="tag:x"),),
        placements=(founds("1", "bravo", entry_id="urn:x:1"),),
    )
    store.apply(update("bravo", plan=plan))
    assert {story.entries[0].entry.source_id: story.story_id for story in store.latest(10)} == {
        "alfa": "tag:x",
        "bravo": "urn:x:1",
    }


@pytest.mark.parametrize(
    "plan",
    [
        Plan(renames=(Rename(old_id="alfa:1", new_id="tag:x"),)),
        Plan(
            placements=(joins("2", "bravo", "alfa:1"),),
            refounds=(Refound(story_id="alfa:1", founder_id="bravo:2"),),
        ),
    ],
    ids=["rename", "refound"],
)
def test_a_published_id_is_final(store: Store, plan: Plan) -> None:
    store.apply(update(plan=Plan(placements=(founds("1"),))))
    store.settle()
    assert store.candidates(Lookup(source_id="bravo", uris=("alfa:1",))).holders["alfa:1"].settled
    with pytest.raises(Conflict):
        store.apply(update("bravo", plan=plan))
    assert [story.story_id for story in store.latest(10)] == ["alfa:1"]


def test_pruning_forgets_texts_but_not_identities(store: Store) -> None:
    text = Mark(kind="text", value="t")
    made = replace(
        founds("old", "alfa", (text, 0), (URL, 0)), entry=entry("old", content="<p>c</p>", content_text="c")
    )
    store.apply(update(plan=Plan(placements=(made,))))
    long_ago = NOON - HOUR
    assert store.prune(before=long_ago, keep_per_source=10, texts_before=long_ago) == 0
    later = NOON + HOUR
    assert store.prune(before=later, keep_per_source=10, texts_before=later) == 1
    assert store.latest(10) == ()
    found = store.candidates(Lookup(source_id="alfa", guids=("old",), marks=(text, URL)))
    assert found.known["old"].entry_id == "alfa:old"  # still carried by its source, it is not new again
    assert list(found.marked) == [URL]
    assert store.prune(before=later, keep_per_source=10, texts_before=later) == 0


def test_pruning_keeps_the_newest_of_each_source(store: Store) -> None:
    many = [
        replace(founds(str(n), source_id), entry=entry(str(n), source_id, published_at=NOON - n * HOUR))
        for n in range(5)
        for source_id in ("alfa", "bravo")
    ]
    store.apply(update(plan=Plan(placements=tuple(many))))
    assert store.prune(before=NOON - HOUR, keep_per_source=2, texts_before=NOON) == 6
    assert {story.story_id for story in store.latest(10)} == {"alfa:0", "alfa:1", "bravo:0", "bravo:1"}


def test_counts_go_by_date_else_by_first_sight(store: Store) -> None:
    old = replace(founds("old"), entry=entry("old", published_at=NOON - HOUR))
    undated = replace(founds("undated"), entry=entry("undated", published_at=None))
    store.apply(update(plan=Plan(placements=(old, undated, founds("new"), founds("1", "bravo")))))
    assert dict(store.counts(since=NOON)) == {"alfa": 2, "bravo": 1}


def test_of_many_threads_that_take_one_place_one_gets_it(store: Store) -> None:
    outcomes: list[str] = []
    start = threading.Barrier(8)

    def race(n: int) -> None:
        start.wait()
        try:
            store.apply(update(plan=Plan(placements=(founds(str(n), "alfa", (URL, 0)),))))
            outcomes.append("placed")
        except Conflict:
            outcomes.append("conflict")

    threads = [threading.Thread(target=race, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["conflict"] * 7 + ["placed"]
    assert store.totals().entries == 1


# --- versions


def says(text: str, at: datetime, *, trivial: bool = False) -> PollUpdate:
    revision = Revision(entry_id="alfa:1", entry=entry("1", content=text), is_trivial=trivial)
    return replace(update(plan=Plan(revisions=(revision,))), at=at)


def said(store: Store, entry_id: str = "alfa:1") -> list[tuple[str, timedelta, bool]]:
    """What was said, when in hours since noon, and whether it is or was shown."""
    return [
        (version.entry.content, version.seen_at - NOON, version.is_shown)
        for version in store.revisions(entry_id)
    ]


def test_every_version_is_kept_with_when_it_was_seen_and_its_digest(store: Store) -> None:
    store.apply(update(plan=Plan(placements=(founds("1"), founds("2")))))
    store.apply(says("a", NOON + HOUR))
    store.apply(says("b", NOON + 2 * HOUR))
    assert said(store) == [("", 0 * HOUR, True), ("a", HOUR, True), ("b", 2 * HOUR, True)]
    assert store.revisions("alfa:1")[1].entry == entry("1", content="a")
    assert said(store, "alfa:2") == [("", 0 * HOUR, True)]
    assert store.revisions("nobody") == ()


def test_a_trivial_revision_is_kept_and_changes_nothing_that_is_shown(store: Store) -> None:
    store.apply(update(plan=Plan(placements=(founds("1"),))))
    store.apply(says("a", NOON + HOUR))
    before = store.latest(9), store.candidates(Lookup(source_id="alfa", guids=("1",)))
    store.apply(says("a!", NOON + 2 * HOUR, trivial=True))
    assert (store.latest(9), store.candidates(Lookup(source_id="alfa", guids=("1",)))) == before
    store.apply(says("a!", NOON + 3 * HOUR, trivial=True))  # it is still there at the next poll
    assert said(store) == [("", 0 * HOUR, True), ("a", HOUR, True), ("a!", 2 * HOUR, False)]


def test_versions_are_bounded_and_trivial_ones_drive_no_others_out(store: Store) -> None:
    store.apply(update(plan=Plan(placements=(founds("1"),))))
    for n in range(VERSIONS_MOST + 5):
        store.apply(says(f"v{n}", NOON + n * HOUR))
    for n in range(VERSIONS_MOST + 5):
        store.apply(says(f"t{n}", NOON + (100 + n) * HOUR, trivial=True))
    kept = [text for text, _, _ in said(store)]
    assert kept[0] == "v4"
    assert kept[VERSIONS_MOST:] == [f"v{VERSIONS_MOST + 4}", *(f"t{n}" for n in range(22, 25))]
    assert len(kept) == VERSIONS_MOST + 1 + TRIVIAL_MOST


def test_versions_go_with_their_entry_or_when_they_are_old(store: Store) -> None:
    store.apply(update(plan=Plan(placements=(founds("1"),))))
    store.apply(says("a", NOON + HOUR))
    store.apply(says("b", NOON + 2 * HOUR))
    long_ago = NOON - HOUR
    store.prune(before=long_ago, keep_per_source=9, texts_before=long_ago, versions_before=NOON + HOUR)
    assert [text for text, _, _ in said(store)] == ["a", "b"]
    store.prune(before=NOON + HOUR, keep_per_source=9, texts_before=long_ago)
    assert store.revisions("alfa:1") == ()
    store.apply(says("c", NOON + 3 * HOUR))  # its source still carries it, and it stays pruned
    assert store.revisions("alfa:1") == ()


def test_versions_follow_an_entry_to_its_new_id_and_a_conflict_keeps_none(store: Store) -> None:
    store.apply(update(plan=Plan(placements=(founds("1"),))))
    store.apply(says("a", NOON + HOUR))
    missing = Revision(entry_id="nobody", entry=entry("9"), is_trivial=True)
    failing = says("b", NOON + HOUR)
    with pytest.raises(Conflict):
        store.apply(
            replace(failing, plan=replace(failing.plan, revisions=(*failing.plan.revisions, missing)))
        )
    assert len(said(store)) == 2
    store.apply(update(plan=Plan(renames=(Rename(old_id="alfa:1", new_id="tag:x"),))))
    assert [text for text, _, _ in said(store, "tag:x")] == ["", "a"]


def test_a_story_keeps_its_date_and_knows_its_versions_when_its_founder_leaves(store: Store) -> None:
    later = replace(
        joins("2", "bravo", "alfa:1"),
        entry=entry("2", "bravo", published_at=NOON + HOUR / 2),
        is_version=True,
    )
    store.apply(update(plan=Plan(placements=(founds("1"),))))
    store.apply(replace(update("bravo", plan=Plan(placements=(later,))), at=NOON + HOUR))
    (story,) = store.latest(9)
    assert [stored.is_version for stored in story.entries] == [False, True]
    store.configure([source("bravo")], now=NOON)
    (left,) = store.latest(9)
    assert [stored.entry_id for stored in left.entries] == ["bravo:2"]
    assert (left.story_id, left.shown_at, left.representative_id) == ("alfa:1", NOON, "alfa:1")
    store.configure([source("alfa"), source("bravo")], now=NOON)
    store.prune(before=NOON + HOUR / 2, keep_per_source=9, texts_before=NOON)
    assert store.latest(9) == (left,)
    assert (story.story_id, story.shown_at, story.representative_id) == ("alfa:1", NOON, "alfa:1")


def test_what_a_feed_last_said_is_kept_as_long_as_the_story(store: Store) -> None:
    first, later = (Emitted(told="alfa:1 d", updated_at=NOON + n * HOUR) for n in range(2))
    store.apply(update(plan=Plan(placements=(founds("1"), founds("2")))))
    store.keep_emitted("feed", {"alfa:1": first, "alfa:2": first})
    store.keep_emitted("feed", {"alfa:2": later})
    store.keep_emitted("feeds/own", {"alfa:1": later})
    assert store.emitted("feed", ["alfa:1", "alfa:2", "alfa:3"]) == {"alfa:1": first, "alfa:2": later}
    assert store.emitted("feeds/own", ["alfa:1", "alfa:2"]) == {"alfa:1": later}
    store.prune(before=NOON, keep_per_source=1, texts_before=NOON)
    assert len(store.emitted("feed", ["alfa:1", "alfa:2"])) == 1
    store.prune(before=NOON + HOUR, keep_per_source=1, texts_before=NOON)
    assert store.emitted("feed", ["alfa:1", "alfa:2"]) == {}


def test_of_what_is_equally_new_what_came_first_is_kept(store: Store) -> None:
    """Not what some index lists first; by their titles it would be another."""
    names = ["1", "3", "2"]
    store.apply(update(plan=Plan(placements=tuple(founds(name) for name in names))))
    store.prune(before=NOON - HOUR, keep_per_source=2, texts_before=NOON)
    assert {story.story_id for story in store.latest(9)} == {"alfa:1", "alfa:3"}
