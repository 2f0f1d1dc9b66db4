"""Paths and values that no file system or parser takes: a line that says where, never a bare error."""

import os
from pathlib import Path

import pytest

from aggregator.config import load, watch_stamp
from aggregator.errors import ConfigError

LONG = "a" * 9_000
SOURCE = '[[source]]\nurl = "https://a.example/"\n'


@pytest.mark.parametrize(
    "text",
    [
        '# token_file = "~alice-who-is-not-here/secrets/token"\n',
        '[server]\ntoken_file = "~alice-who-is-not-here/token"\n',
        f'# password_file = "{LONG}"\n',
    ],
)
def test_files_that_nobody_has_are_watched_all_the_same(tmp_path: Path, text: str) -> None:
    file = tmp_path / "a.toml"
    file.write_text(text)
    assert watch_stamp(file, environ={}) == watch_stamp(file, environ={})


def test_a_file_in_the_home_directory_is_watched_where_it_is_read(tmp_path: Path) -> None:
    file, home = tmp_path / "a.toml", tmp_path / "home"
    home.mkdir()
    file.write_text('[server]\ntoken_file = "~/token"\n')
    (home / "token").write_text("one\n")
    environ = {"HOME": str(home)}
    assert load(file, environ=environ).server.token == "one"
    before = watch_stamp(file, environ=environ)
    (home / "token").write_text("another\n")
    assert watch_stamp(file, environ=environ) != before


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f'[aggregator]\ndata_dir = "{LONG}"\n', "a.toml:2:12: error: data_dir in [aggregator]: '"),
        ('[aggregator]\ndata_dir = "loop"\n', "a.toml:2:12: error: data_dir in [aggregator]: '"),
        ('[aggregator]\ndata_dir = "plain"\n', "a.toml:2:12: error: data_dir in [aggregator]: '"),
        ('[aggregator]\ndata_dir = "plain/x"\n', "a.toml:2:12: error: data_dir in [aggregator]: '"),
        (f'[aggregator]\ninclude = ["{LONG}"]\n', "a.toml:2:12: error: "),
        (f'[server]\ntoken_file = "{LONG}"\n', "a.toml:2:14: error: "),
        ('[server]\ntoken_file = "loop"\n', "a.toml:2:14: error: "),
        (f'{SOURCE}ca_file = "{LONG}"\n', "a.toml:3:11: error: ca_file in [[source]]: "),
        (f'{SOURCE}ca_file = "pipe"\n', "a.toml:3:11: error: ca_file in [[source]]: '"),
        (f"[aggregator]\nlimit = {'9' * 5_000}\n", "a.toml: error: a number in it is too long"),
        (f"a{'.b' * 3_000} = 1\n", "a.toml:1:1: error: unknown table [a]"),
        (f"[a{'.b' * 3_000}]\n", "a.toml:1:1: error: unknown table [a]"),
    ],
    ids=range(12),
)  # fmt: skip
def test_what_cannot_be_used_is_said_with_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("loop").symlink_to("loop")
    Path("plain").write_text("")
    os.mkfifo("pipe")
    file = Path("a.toml")
    file.write_text(text)
    with pytest.raises(ConfigError) as raised:
        load(file, environ={})
    assert str(raised.value).startswith(told)
    assert watch_stamp(file, environ={}) == watch_stamp(file, environ={})


def test_a_default_data_directory_that_cannot_be_is_said_too(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_text("")
    for name, value in (
        ("STATE_DIRECTORY", f"/{LONG}"),
        ("HOME", f"/{LONG}"),
        ("XDG_STATE_HOME", f"/{LONG}"),
    ):
        with pytest.raises(
            ConfigError, match=r"data_dir in .aggregator.: .* cannot be used: File name too long"
        ):
            load(file, environ={name: value})


def test_the_directory_it_was_started_in_may_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    file = tmp_path / "a.toml"
    file.write_text("[aggregator]\ndata_dir = 1\n")
    with pytest.raises(ConfigError, match=f"^{file}:2:12: error: "):
        load(file, environ={})
    watch_stamp(file, environ={})
