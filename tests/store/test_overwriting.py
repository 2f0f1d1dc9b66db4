"""A backup takes the place of an earlier backup, and of nothing else."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from aggregator.errors import Refused
from aggregator.store import Store, back_up, backup_target, open_store

NAME = "aggregator.sqlite"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = open_store("sqlite", tmp_path / "data")
    yield made
    made.close()


@pytest.fixture
def place(tmp_path: Path, store: Store) -> Path:  # the files of an open store are there
    """A directory full of what a backup must not replace."""
    data = tmp_path / "data"
    for name, leads_to in (("link", data / NAME), ("other link", "text"), ("circle", "circle")):
        (tmp_path / name).symlink_to(leads_to)
    (tmp_path / "twin").hardlink_to(data / NAME)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "text").write_text("precious")
    (tmp_path / "empty").write_text("")
    (tmp_path / "header").write_bytes(b"SQLite format 3\0\x10\x00\x01\x01" + b"\0" * 80)
    with closing(sqlite3.connect(tmp_path / "foreign")) as connection, connection:
        connection.execute("CREATE TABLE entries (key)")
    open_store("sqlite", tmp_path / "theirs").close()
    return tmp_path


@pytest.mark.parametrize(
    ("name", "why"),
    [
        (f"data/{NAME}", "is the store itself"),
        (f"data/../data/{NAME}", "is the store itself"),
        ("link", "is the store itself"),
        ("twin", "is the store itself"),
        (f"data/{NAME}-wal", "belongs to the store"),
        (f"data/{NAME}-shm", "belongs to the store"),
        (f"data/{NAME}-journal", "belongs to the store"),
        ("text", "is there already and is no backup"),
        ("other link", "is there already and is no backup"),
        ("empty", "is there already and is no backup"),
        ("header", "is there already and is no backup"),
        ("foreign", "is there already and is no backup"),
        (f"theirs/{NAME}", "is a store, no backup"),
        ("circle", "Too many levels of symbolic links"),
        ("text/a", "Not a directory"),
        ("a" * 9_000, "File name too long"),
        ("pipe", "is no regular file"),
        ("data", "is no regular file"),
        ("/dev/null", "is no regular file"),
    ],
)
def test_what_is_no_backup_stays(place: Path, name: str, why: str) -> None:
    with pytest.raises(Refused, match=why):
        backup_target(place / "data" / NAME, place / name)


def test_an_earlier_backup_is_replaced_also_by_a_link_to_it(place: Path) -> None:
    store = place / "data" / NAME
    (place / "latest").symlink_to("made")
    for _ in range(2):
        target = backup_target(store, place / "latest")
        assert target == place / "made"
        back_up(store, target)
    assert (place / "latest").is_symlink()
    assert backup_target(store, place / "made") == place / "made"
    assert not list(place.glob("made-*"))  # looking at it makes nothing
