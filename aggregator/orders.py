"""Orders to the daemon that owns the store: a spool in its data directory, one file an order.

    <ticket>.order    written by a command, whole from the start (atomic rename)
    <ticket>.taken    the daemon is at it: the command can no longer take it back
    <ticket>.answer   what came of it, until the command has read it

Whoever may write to the directory may give orders: it is readable by its owner only, and root, whose orders belong to
that owner. A socket was not chosen: its
path may be too long for the system, and it says nothing of an order whose command has gone.
"""

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

from aggregator.errors import Busy, Refused
from aggregator.model import Answer, Order

FOLDER = "orders"
ORDER, TAKEN, ANSWER = ".order", ".taken", ".answer"
WAIT = timedelta(seconds=10)  # for the daemon to take an order: it looks twice a second
GRACE = timedelta(seconds=20)  # for the answer to an order that was taken
LOOK = timedelta(milliseconds=50)  # between two looks for an answer
STALE = timedelta(hours=1)  # what nobody has come back for by then was left by a process that died
MOST_AT_ONCE = 100  # orders taken in one look
MAX_BYTES = 64 * 1024  # of an order; ids and addresses are shorter


def prepare(data_dir: Path) -> Path:
    """Return the spool, made if missing; what root makes is given to whom `data_dir` belongs to. Raises `OSError`."""
    folder = data_dir / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    owner = data_dir.stat()
    if os.geteuid() == 0 and folder.stat().st_uid == 0 != owner.st_uid:
        os.chown(folder, owner.st_uid, owner.st_gid, follow_symlinks=False)
    return folder


# the command's side


def ask(data_dir: Path, order: Order, *, now: Callable[[], datetime], wait: timedelta = WAIT) -> Answer:
    """Give an order to the daemon and return its answer; raises `Busy` when none comes in time.

    An order that is not taken in time is taken back, and will not be carried out.
    """
    said = {"verb": order.verb, "names": order.names, "until": (now() + wait).isoformat()}
    try:
        ticket = prepare(data_dir) / uuid4().hex
        _write(ticket.with_suffix(ORDER), said)
    except OSError as exc:
        raise Busy(
            f"{exc.filename or data_dir / FOLDER}: {exc.strerror}; orders can be given by the owner of"
            f" {data_dir / FOLDER} and by root"
        ) from exc
    answer = _await(ticket, wait)
    if answer is None and not _taken_back(ticket):
        answer = _await(ticket, GRACE)
        if answer is None:
            raise Busy(
                f"{data_dir} belongs to a process that took the order and has not answered; see `show`"
            )
    if answer is None:
        raise Busy(f"{data_dir} belongs to another process, which takes no orders now; try again later")
    return answer


def _taken_back(ticket: Path) -> bool:
    try:
        ticket.with_suffix(ORDER).unlink()
    except FileNotFoundError:
        return False
    return True


def _await(ticket: Path, wait: timedelta) -> Answer | None:
    path, end = ticket.with_suffix(ANSWER), time.monotonic() + wait.total_seconds()
    while True:
        try:
            said = json.loads(path.read_bytes())
        except FileNotFoundError:
            if time.monotonic() >= end:
                return None
            time.sleep(LOOK.total_seconds())
            continue
        path.unlink()
        return Answer(done=said["done"], text=said["text"])


# the daemon's side


def take(data_dir: Path, *, now: datetime) -> Iterator[tuple[Path, Order]]:
    """Take the orders that wait, the oldest first, each with the ticket to `answer` it with.

    What cannot be read is answered; what its command has given up is dropped.
    """
    for path in _waiting(data_dir):
        ticket = path.with_suffix("")
        try:
            taken = path.rename(ticket.with_suffix(TAKEN))
        except FileNotFoundError:
            continue  # its command has just taken it back
        try:
            order, until = _read(taken)
        except Refused as exc:
            answer(ticket, Answer(done=False, text=str(exc)))
            continue
        if until < now:
            taken.unlink()
        else:
            yield ticket, order


def answer(ticket: Path, said: Answer) -> None:
    """Say what came of an order."""
    _write(ticket.with_suffix(ANSWER), {"done": said.done, "text": said.text})
    ticket.with_suffix(TAKEN).unlink(missing_ok=True)


def clear(data_dir: Path, *, now: datetime) -> None:
    """Remove what processes that died have left: orders taken without an answer, and answers nobody read."""
    for path in (data_dir / FOLDER).glob("*"):
        try:
            if path.lstat().st_mtime < (now - STALE).timestamp():
                path.unlink()
        except OSError:
            continue  # read meanwhile, or nothing that we have left: a directory


def _waiting(data_dir: Path) -> list[Path]:
    try:
        with os.scandir(data_dir / FOLDER) as entries:
            found = [(entry.stat(follow_symlinks=False).st_mtime_ns, Path(entry.path)) for entry in entries]
    except FileNotFoundError:  # nobody has given an order yet, or one was just taken back: look again
        return []
    return [path for _, path in sorted(found) if path.suffix == ORDER][:MOST_AT_ONCE]


def _read(path: Path) -> tuple[Order, datetime]:
    try:
        with path.open("rb") as file:
            text = file.read(MAX_BYTES + 1)
    except OSError as exc:
        raise Refused(f"{path.name} cannot be read: {exc.strerror}") from exc
    try:
        said = json.loads(text)
        names = tuple(said["names"])
        until = datetime.fromisoformat(said["until"])
        verb = said["verb"]
    except (ValueError, KeyError, TypeError, RecursionError) as exc:
        raise Refused(f"{path.name} is no order: {exc}") from exc
    if not all(isinstance(one, str) for one in (verb, *names)) or until.tzinfo is None:
        raise Refused(f"{path.name} is no order")
    return Order(verb=verb, names=names), until


def _write(path: Path, said: Mapping[str, object]) -> None:
    """Let a file appear whole, for the owner of its directory."""
    unfinished = path.with_name(f"{path.name}.tmp")
    handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        if os.geteuid() == 0:
            owner = path.parent.stat()
            os.fchown(handle, owner.st_uid, owner.st_gid)
        json.dump(said, file, ensure_ascii=False)
    unfinished.rename(path)
