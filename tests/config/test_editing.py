"""Following and unfollowing: the files are edited in place, everything else stays byte for byte."""

import stat
from pathlib import Path

import pytest

from aggregator.config import NewSource, add_sources, load, pause_source, remove_source
from aggregator.errors import ConfigError

MAIN = '[aggregator]\ninclude = ["s.toml", "d/*.toml"]\n'
SOURCES = """# mine
[[source]]  # the first
id = "a"
url = "https://a.example/"   # kept as it is

# about b
[[source]]
url = "https://b.example/"
tags = [
  "x",  # why
]

# the end
"""


@pytest.fixture
def main(tmp_path: Path) -> Path:
    (tmp_path / "s.toml").write_text(SOURCES)
    (tmp_path / "a.toml").write_text(MAIN)
    return tmp_path / "a.toml"


def test_add_appends_to_the_sources_file(main: Path) -> None:
    file = main.parent / "s.toml"
    file.chmod(0o640)
    new = [
        NewSource(url="https://c.example/feed", title='Say "C"', tags=("x", "y")),
        NewSource(url="HTTPS://A.example"),
        NewSource(url="https://c.example/feed"),
    ]
    add_sources(main, new, environ={})
    text = file.read_text()
    assert text.startswith(SOURCES)
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    added = load(main, environ={}).sources[2:]
    assert [(one.id, one.url, one.title, one.tags) for one in added] == [
        ("c.example", "https://c.example/feed", 'Say "C"', ("x", "y"))
    ]


def test_add_without_a_sources_file_appends_to_the_main_one(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_text("[aggregator]\ninclude = []")
    add_sources(file, [NewSource(url="https://c.example/")], environ={})
    assert [source.id for source in load(file, environ={}).sources] == ["c.example"]


@pytest.mark.parametrize(
    "url", ["nonsense", "https://u:p@c.example/", "ftp://c.example/", "file:///etc/passwd"]
)
def test_add_refuses_what_would_be_wrong_and_writes_nothing(main: Path, url: str) -> None:
    with pytest.raises(ConfigError):
        add_sources(main, [NewSource(url="https://good.example/"), NewSource(url=url)], environ={})
    assert (main.parent / "s.toml").read_text() == SOURCES
    assert sorted(path.name for path in main.parent.iterdir()) == ["a.toml", "s.toml"]


def test_remove_takes_the_table_and_nothing_else(main: Path) -> None:
    remove_source(load(main, environ={}), "a", environ={})
    text = (main.parent / "s.toml").read_text()
    assert text == SOURCES.replace(
        '[[source]]  # the first\nid = "a"\nurl = "https://a.example/"   # kept as it is\n', ""
    )
    assert [source.id for source in load(main, environ={}).sources] == ["b.example"]


def test_remove_in_another_file_and_through_a_link(main: Path) -> None:
    (main.parent / "d").mkdir()
    real = main.parent / "real.toml"
    real.write_text('[[source]]\nurl = "https://d.example/"\n')
    (main.parent / "d" / "d.toml").symlink_to(real)
    remove_source(load(main, environ={}), "d.example", environ={})
    assert (main.parent / "d" / "d.toml").is_symlink()
    assert real.read_text() == ""


def test_remove_of_a_source_that_a_feed_names_is_refused(main: Path) -> None:
    main.write_text(MAIN + '[[feed]]\nname = "f"\nsources = ["a"]\n')
    with pytest.raises(ConfigError, match="there is no source 'a'"):
        remove_source(load(main, environ={}), "a", environ={})
    assert (main.parent / "s.toml").read_text() == SOURCES


def test_what_was_added_can_be_removed(main: Path) -> None:
    add_sources(main, [NewSource(url=f"https://{n}.example/") for n in "xyz"], environ={})
    for name in ("y.example", "x.example", "z.example"):
        remove_source(load(main, environ={}), name, environ={})
    assert (main.parent / "s.toml").read_text().rstrip() == SOURCES.rstrip()


def test_pause_adds_a_line_and_resume_takes_it_out_again(main: Path) -> None:
    file = main.parent / "s.toml"
    for source_id, header in (("a", "[[source]]  # the first\n"), ("b.example", "# about b\n[[source]]\n")):
        pause_source(load(main, environ={}), source_id, paused=True, environ={})
        assert file.read_text() == SOURCES.replace(header, f"{header}paused = true\n")
        assert [one.id for one in load(main, environ={}).sources if one.paused] == [source_id]
        pause_source(load(main, environ={}), source_id, paused=True, environ={})  # it is
        pause_source(load(main, environ={}), source_id, paused=False, environ={})
        assert file.read_text() == SOURCES


@pytest.mark.parametrize(
    ("before", "paused", "after"),
    [
        ("paused = true  # until May\n", False, "paused = false  # until May\n"),
        ("paused = false  # until May\n", True, "paused = true  # until May\n"),
        ("paused =   true", False, ""),
        ("paused = false\r\ntitle = 'x'\r\n", True, "paused = true\r\ntitle = 'x'\r\n"),
        ("title = 'x'\r\n", True, "title = 'x'\r\n"),
        ("[source.auth]\nusername = 'u'\npassword_env = 'P'\n", True, None),
    ],
)
def test_a_key_that_is_there_is_changed_in_its_place(
    tmp_path: Path, before: str, paused: bool, after: str | None
) -> None:
    file, environ = tmp_path / "a.toml", {"P": "secret"}
    ends = "\r\n" if "\r" in before else "\n"
    head = f"\ufeff[[source]]{ends}url = 'https://a.example/'{ends}"
    file.write_bytes((head + before).encode())
    pause_source(load(file, environ=environ), "a.example", paused=paused, environ=environ)
    assert load(file, environ=environ).sources[0].paused is paused
    if after is not None and "paused" in before:
        assert file.read_bytes().decode() == head + after
    elif paused:
        added = head.replace(f"[[source]]{ends}", f"[[source]]{ends}paused = true{ends}")
        assert file.read_bytes().decode() == added + before


def test_pause_of_what_is_no_table_or_no_source_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_text("source = [{ url = 'https://a.example/' }]\n")
    with pytest.raises(ConfigError, match="write paused by hand"):
        pause_source(load(file, environ={}), "a.example", paused=True, environ={})
    with pytest.raises(ConfigError, match="there is no source 'b'"):
        pause_source(load(file, environ={}), "b", paused=True, environ={})
