"""One owner per store, seen from outside: who has it, by whatever path, and what a crash leaves."""

import re
import signal
from pathlib import Path

import pytest

from tests.fetch.server import Server
from tests.running import Site
from tests.test_daemon import serve

OWNER = r"belongs to a running aggregator \(process {}, since \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d UTC\)"


def refused(site: Site, pid: int) -> None:
    """Whatever writes is refused, with the owner; whatever reads is not."""
    for command in ("run", "poll"):
        ended = site.run(command)
        assert ended.returncode == 75, ended.stderr
        assert re.search(OWNER.format(pid), ended.stderr)
        assert "Traceback" not in ended.stderr
    assert site.run("list").returncode == 0
    assert site.run("export", "feed").returncode == 0


def linked_directory(site: Site, other: Site) -> None:
    other.data.symlink_to(site.data)


def linked_file(site: Site, other: Site) -> None:
    other.data.mkdir()
    (other.data / "aggregator.sqlite").symlink_to(site.data / "aggregator.sqlite")


def named_absolutely(site: Site, other: Site) -> None:
    named(other, f"sqlite:///{site.data / 'aggregator.sqlite'}")


def named_relatively(site: Site, other: Site) -> None:
    named(other, f"sqlite:///../../{site.directory.name}/data/../data/aggregator.sqlite")


def named(site: Site, url: str) -> None:
    site.config.write_text(f'{site.config.read_text()}\n[store]\nurl = "{url}"\n')


@pytest.mark.parametrize("path", [linked_directory, linked_file, named_absolutely, named_relatively])
def test_one_store_by_two_paths_has_one_owner(tmp_path: Path, publisher: Server, path: object) -> None:
    site, other = Site(tmp_path / "a", sources=serve(publisher, "alfa")), Site(tmp_path / "b")
    assert callable(path)
    path(site, other)
    with site.daemon() as daemon:
        daemon.feed("News of alfa")
        ended = other.run("run")
        assert ended.returncode == 75, ended.stderr
        assert re.search(OWNER.format(daemon.process.pid), ended.stderr)


def test_two_stores_beside_each_other_have_two_owners(tmp_path: Path) -> None:
    sites = [Site(tmp_path / name) for name in "ab"]
    for site in sites:
        named(site, f"sqlite:///{tmp_path / site.directory.name}.sqlite")
    with sites[0].daemon(), sites[1].daemon():
        assert (tmp_path / "a.sqlite").exists()
        assert (tmp_path / "b.sqlite").exists()


@pytest.mark.timeout(180)  # a dozen commands, one after the other
def test_a_killed_owner_leaves_nothing_to_clear(tmp_path: Path, publisher: Server) -> None:
    site = Site(tmp_path, sources=serve(publisher, "alfa"))
    for _ in range(2):
        with site.daemon() as daemon:
            daemon.feed("News of alfa")  # its workers live
            refused(site, daemon.process.pid)
            daemon.process.send_signal(signal.SIGKILL)
            daemon.process.wait(10)
            assert site.run("poll").returncode == 0  # at once
