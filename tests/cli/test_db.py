"""`db`: what an operator does to the store, with and without a daemon."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.fetch.server import Server
from tests.running import Site, eventually
from tests.test_daemon import serve


def test_while_a_daemon_runs_the_store_is_checked_and_backed_up(tmp_path: Path, publisher: Server) -> None:
    site = Site(tmp_path, sources=serve(publisher, "alfa"))
    with site.daemon() as daemon:
        daemon.feed("News of alfa")
        checked = site.run("db", "check")
        assert (checked.returncode, checked.stderr) == (0, "")
        assert all(line.startswith("ok    ") for line in checked.stdout.splitlines())
        assert "ok    every entry tells a story" in checked.stdout
        made = json.loads(site.run("--json", "db", "backup").stdout)[0]
        assert Path(made["file"]).parent == site.data / "backups"
        assert site.run("db", "backup", "elsewhere.sqlite").returncode == 0
        for command in ("prune", "vacuum", "migrate"):
            refused = site.run("db", command)
            assert refused.returncode == 75
            assert f"process {daemon.process.pid}, since " in refused.stderr
    assert site.run("db", "check", "elsewhere.sqlite").returncode == 0
    with closing(sqlite3.connect(tmp_path / "elsewhere.sqlite")) as connection:
        assert connection.execute("SELECT title FROM entries_view").fetchall() == [("News of alfa",)]


def test_a_backup_onto_the_store_or_another_file_is_refused(tmp_path: Path, publisher: Server) -> None:
    site = Site(tmp_path, sources=serve(publisher, "alfa"))
    with site.daemon() as daemon:
        daemon.feed("News of alfa")
        for path, why in (
            (site.data / "aggregator.sqlite", "is the store itself; name another file"),
            (site.config, "is there already and is no backup; name another file"),
        ):
            before = path.stat().st_ino
            refused = site.run("db", "backup", str(path))
            assert (refused.returncode, refused.stdout) == (2, "")
            assert why in refused.stderr
            assert path.stat().st_ino == before
        assert site.run("db", "backup", "a.sqlite").returncode == 0
        assert site.run("db", "backup", "a.sqlite").returncode == 0
        site.sources.write_text(serve(publisher, "alfa", "bravo"))
        daemon.feed("News of bravo")  # the store is written as before


def test_without_a_daemon(tmp_path: Path, publisher: Server) -> None:
    site = Site(tmp_path, sources=serve(publisher, "alfa"))
    for command in ("check", "backup", "prune", "vacuum"):
        nothing = site.run("db", command)
        assert nothing.returncode == 1
        assert "nothing has been stored yet" in nothing.stderr
    migrated = site.run("db", "migrate")
    assert "steps=m0001_first m0002_" in migrated.stdout
    assert "steps=none" in site.run("db", "migrate").stdout
    assert site.run("poll").returncode == 0
    site.config.write_text(f'{site.config.read_text()}\n[retention]\nkeep = "1s"\n')

    def pruned() -> int:
        count: int = json.loads(site.run("--json", "db", "prune").stdout)[0]["pruned"]
        return count

    assert eventually(pruned, "the entry is older than a second") == 1
    assert "News of alfa" not in (site.data / "public" / "feed.atom").read_text()
    assert json.loads(site.run("--json", "db", "vacuum").stdout)[0]["bytes"] > 0


def test_what_is_wrong_is_said_and_is_the_exit_code(tmp_path: Path, publisher: Server) -> None:
    site = Site(tmp_path, sources=serve(publisher, "alfa"))
    assert site.run("poll").returncode == 0
    with closing(sqlite3.connect(site.data / "aggregator.sqlite")) as connection, connection:
        connection.execute("DELETE FROM stories")
    checked = site.run("db", "check")
    assert checked.returncode == 1
    assert "WRONG every entry tells a story: not tag:" in checked.stdout
    rows = json.loads(site.run("--json", "db", "check").stdout)
    assert {row["what"] for row in rows if row["wrong"]} == {
        "rows lead to rows",
        "every entry tells a story",
    }
    refused = site.run("db", "backup")
    assert refused.returncode == 1
    assert "it is damaged" in refused.stderr
    assert list((site.data / "backups").iterdir()) == []
