"""The operator's orders, carried out: what a name means, what is decided, and that it is stored."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from aggregator import orders
from aggregator.dedup import overrule
from aggregator.errors import Conflict, Refused, StoreError
from aggregator.logs import log
from aggregator.model import Answer, Dossier, Filed, Order
from aggregator.pipeline.plant import Clock
from aggregator.store.protocol import Store

DECISIONS = 20  # how often an order may be overtaken by polls before it counts as a bug
NAMED_MOST = 10  # entries that an ambiguous name may mean, named in the refusal


def carry_out(order: Order, store: Store, *, now: datetime) -> Answer:
    """Do what is ordered; a refusal is an answer, too. Raises `StoreError` when the store fails."""
    for _ in range(DECISIONS):
        try:
            return Answer(done=True, text=_done(order, store, now))
        except Refused as exc:
            return Answer(done=False, text=str(exc))
        except Conflict:
            continue  # a poll was first: decide about what there is now
    raise RuntimeError(f"{DECISIONS} decisions to {order.verb} were each overtaken by a poll")


class Spool:
    """The orders that commands leave for whoever owns the store; trouble with them is said once, until it changes."""

    def __init__(self, data_dir: Path, *, clock: Clock) -> None:
        self._data_dir = data_dir
        self._clock = clock
        self._trouble = ""
        try:
            orders.prepare(data_dir)
        except OSError as exc:
            self._tell(exc)

    def take(self, store: Store) -> bool:
        """Carry out the orders that wait; return whether that changed anything.

        Raises `StoreError` when the store fails, having said so to whose order it was.
        """
        changed = False
        try:
            for ticket, order in orders.take(self._data_dir, now=self._clock()):
                answer = self._carried_out(ticket, order, store)
                changed |= answer.done
                orders.answer(ticket, answer)
        except OSError as exc:
            self._tell(exc)
        else:
            self._trouble = ""
        return changed

    def _carried_out(self, ticket: Path, order: Order, store: Store) -> Answer:
        try:
            answer = carry_out(order, store, now=self._clock())
        except StoreError as exc:
            try:
                orders.answer(ticket, Answer(done=False, text=str(exc)))
            except OSError as unanswered:  # the same disk is full
                self._tell(unanswered)
            raise
        log.info("order", verb=order.verb, names=" ".join(order.names), done=answer.done, answer=answer.text)
        return answer

    def _tell(self, exc: OSError) -> None:
        trouble = f"{exc.filename or self._data_dir}: {exc.strerror}"
        if trouble != self._trouble:
            log.error("order", error=trouble, result="no orders are taken until that is mended")
        self._trouble = trouble


def _done(order: Order, store: Store, now: datetime) -> str:
    match order.verb, order.names:
        case "split", (name,):
            return _split(store, name, now)
        case "join", (name, other):
            return _join(store, name, other, now)
        case "release", (source_id,):
            return _release(store, source_id)
    raise Refused(f"no such order: {order.verb} {' '.join(order.names)}")


def named(store: Store, name: str) -> tuple[Dossier, str]:
    """Return the story and the entry that `name` means; of several entries of one story the founder.

    Raises `Refused` when there is none, or when they are of several stories.
    """
    found = store.find(name)
    if not found:
        raise Refused(f"no entry {name}; give an entry_id, a story_id or the address of an entry")
    stories = {story.story_id: story for story in map(store.dossier, found)}
    if len(stories) > 1:
        raise _ambiguous(name, _filed(stories.values(), found))
    (story,) = stories.values()
    return story, found[0] if len(found) == 1 else story.story_id


def _filed(stories: Iterable[Dossier], entry_ids: Iterable[str]) -> list[Filed]:
    wanted = {*entry_ids}
    return [filed for story in stories for filed in story.entries if filed.stored.entry_id in wanted]


def _ambiguous(name: str, entries: Iterable[Filed]) -> Refused:
    lines = [
        f"  {filed.stored.entry_id}  ({filed.stored.entry.source_id}) {filed.stored.entry.title}"
        for filed in entries
    ]
    more = [f"  and {len(lines) - NAMED_MOST} more"] if len(lines) > NAMED_MOST else []
    return Refused("\n".join([f"{name} may mean", *lines[:NAMED_MOST], *more]))


def _split(store: Store, name: str, now: datetime) -> str:
    story, entry_id = named(store, name)
    if len(found := store.find(name)) > 1:
        raise _ambiguous(name, _filed([story], found))
    gone = overrule.leaving(story, entry_id)
    marked = store.candidates(overrule.lookup_of(gone)).marked
    plan = overrule.split(story, entry_id, marked, now=now)
    store.overrule(plan, at=now)
    (made,) = plan.splits
    if made.founder_id == entry_id:
        return f"{entry_id} is a story of its own now; {story.story_id} goes on without it"
    return f"{entry_id} keeps its id; what else was told under it is story {made.founder_id} now"


def _join(store: Store, name: str, other: str, now: datetime) -> str:
    (story, entry_id), (second, second_id) = named(store, name), named(store, other)
    plan = overrule.join(story, entry_id, second, second_id, now=now)
    store.overrule(plan, at=now)
    (made,) = plan.joins
    return f"{made.loser} is story {made.winner} now; the old id leads there"


def _release(store: Store, source_id: str) -> str:
    if source_id not in {state.source_id for state in store.states()}:
        raise Refused(f"no source {source_id}; `list` shows all")
    count = store.release(source_id)
    if not count:
        raise Refused(f"nothing of {source_id} is held back")
    return f"{count} entries of {source_id} are shown from now on, at their own dates"
