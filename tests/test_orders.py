"""The spool between a command and the daemon: each order is carried out once, or not at all and said so."""

import json
import os
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aggregator import orders
from aggregator.errors import Busy
from aggregator.model import Answer, Order
from tests.running import eventually

SPLIT = Order(verb="split", names=("urn:x:ü",))
SOON = timedelta(milliseconds=200)
SOMEBODY = 65_534  # a user who is not root


def now() -> datetime:
    return datetime.now(UTC)


def asking(data: Path, order: Order, wait: timedelta = timedelta(seconds=10)) -> Callable[[], Answer]:
    """Give an order from another thread; the result waits for the answer."""
    found: list[Answer] = []
    thread = threading.Thread(target=lambda: found.append(orders.ask(data, order, now=now, wait=wait)))
    thread.start()

    def answer() -> Answer:
        thread.join(20)
        return found[0]

    return answer


def taken(data: Path) -> list[tuple[Path, Order]]:
    return eventually(lambda: list(orders.take(data, now=now())), "an order comes")


def left(data: Path) -> list[str]:
    return sorted(path.suffix for path in (data / orders.FOLDER).iterdir())


def test_an_order_is_taken_once_answered_and_leaves_nothing(tmp_path: Path) -> None:
    answer = asking(tmp_path, SPLIT)
    ((ticket, order),) = taken(tmp_path)
    assert order == SPLIT
    assert list(orders.take(tmp_path, now=now())) == []
    said = Answer(done=False, text="no entry urn:x:ü\n  second line")
    orders.answer(ticket, said)
    assert answer() == said
    assert left(tmp_path) == []


def test_an_order_nobody_takes_is_taken_back(tmp_path: Path) -> None:
    with pytest.raises(Busy, match="takes no orders now"):
        orders.ask(tmp_path, SPLIT, now=now, wait=SOON)
    assert left(tmp_path) == []
    assert list(orders.take(tmp_path, now=now())) == []


def test_an_order_taken_at_the_last_moment_is_still_answered(tmp_path: Path) -> None:
    answer = asking(tmp_path, SPLIT, SOON)
    ((ticket, _),) = taken(tmp_path)
    time.sleep(2 * SOON.total_seconds())  # longer than the command waits for an order to be taken
    orders.answer(ticket, Answer(done=True, text="late"))
    assert answer().text == "late"


def test_an_order_whose_command_died_is_not_carried_out_later(tmp_path: Path) -> None:
    folder = tmp_path / orders.FOLDER
    folder.mkdir()
    said = {"verb": "split", "names": ["urn:x"], "until": (now() - timedelta(seconds=1)).isoformat()}
    (folder / "1.order").write_text(json.dumps(said))
    assert list(orders.take(tmp_path, now=now())) == []
    assert left(tmp_path) == []


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[]", "[" * 60_000, '{"verb": 1, "names": [], "until": "2026-01-01T00:00:00Z"}', "x" * 100_000, "\xff",
     '{"verb": "split", "names": [1], "until": "2026-01-01T00:00:00Z"}',
     '{"verb": "split", "names": ["a"], "until": "2026-01-01T00:00:00"}'],
)  # fmt: skip
def test_what_is_no_order_is_refused_and_holds_up_nothing(tmp_path: Path, text: str) -> None:
    folder = tmp_path / orders.FOLDER
    folder.mkdir()
    (folder / "0.order").write_text(text, encoding="latin-1")
    answer = asking(tmp_path, SPLIT)
    ((ticket, order),) = taken(tmp_path)
    assert order == SPLIT
    orders.answer(ticket, Answer(done=True, text="done"))
    assert answer().done
    assert "no order" in json.loads((folder / "0.answer").read_text())["text"]


def test_what_dead_processes_left_is_cleared_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / orders.FOLDER
    folder.mkdir()
    for name in ("1.taken", "2.answer", "3.order.tmp", "4.answer"):
        (folder / name).write_text("{}")
    long_ago = (now() - 2 * orders.STALE).timestamp()
    (folder / "0.kept").mkdir()  # somebody's
    for name in ("0.kept", "1.taken", "2.answer", "3.order.tmp"):
        os.utime(folder / name, (long_ago, long_ago))
    orders.clear(tmp_path, now=now())
    assert sorted(path.name for path in folder.iterdir()) == ["0.kept", "4.answer"]


def test_only_the_owner_may_give_orders(tmp_path: Path) -> None:
    with pytest.raises(Busy):
        orders.ask(tmp_path, SPLIT, now=now, wait=SOON)
    assert (tmp_path / orders.FOLDER).stat().st_mode & 0o077 == 0


def test_what_cannot_be_read_is_refused_and_does_not_stay(tmp_path: Path) -> None:
    folder = orders.prepare(tmp_path)
    (folder / "0.order").symlink_to("0.taken")  # which it is renamed to: a circle
    assert list(orders.take(tmp_path, now=now())) == []
    assert "cannot be read: Too many levels" in json.loads((folder / "0.answer").read_text())["text"]
    assert left(tmp_path) == [orders.ANSWER]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize("earlier", [None, 0, SOMEBODY], ids=["no spool", "root's spool", "a spool"])
def test_what_root_orders_belongs_to_the_owner_of_the_data_directory(
    tmp_path: Path, earlier: int | None
) -> None:
    """`sudo aggregator release …`: the daemon of another user must read it, under any umask."""
    os.chown(tmp_path, SOMEBODY, SOMEBODY)
    if earlier is not None:
        orders.prepare(tmp_path)
        os.chown(tmp_path / orders.FOLDER, earlier, earlier)
    before = os.umask(0o077)
    try:
        answer = asking(tmp_path, SPLIT)
        (file,) = eventually(lambda: list((tmp_path / orders.FOLDER).glob("*.order")), "an order comes")
    finally:
        os.umask(before)
    owners = [(path.stat().st_uid, path.stat().st_gid) for path in (file, file.parent)]
    assert owners == [(SOMEBODY, SOMEBODY)] * 2
    assert [oct(path.stat().st_mode & 0o777) for path in (file, file.parent)] == ["0o600", "0o700"]
    ((ticket, _),) = taken(tmp_path)
    orders.answer(ticket, Answer(done=True, text="done"))
    assert answer().done


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as another user")
def test_who_may_not_give_orders_is_told_so() -> None:
    with tempfile.TemporaryDirectory() as name:  # nobody else may enter tmp_path
        Path(name).chmod(0o755)
        orders.prepare(Path(name))
        os.seteuid(SOMEBODY)
        try:
            with pytest.raises(Busy, match="Permission denied; orders can be given by the owner"):
                orders.ask(Path(name), SPLIT, now=now, wait=SOON)
        finally:
            os.seteuid(0)


def test_looking_before_anybody_ordered_finds_nothing(tmp_path: Path) -> None:
    assert list(orders.take(tmp_path, now=now())) == []
    orders.clear(tmp_path, now=now())
    assert list(tmp_path.iterdir()) == []
