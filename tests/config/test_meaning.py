"""What is meant where little is said: addresses, directories, ids, files."""

from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.config import Configuration, load

SOURCE = '[[source]]\nurl = "https://example.org/rss"\n'
ENVIRON = {"HOME": "/home/me"}


def loaded(directory: Path, text: str = "", environ: dict[str, str] | None = None) -> Configuration:
    """Write the main file and load it."""
    directory.mkdir(parents=True, exist_ok=True)
    file = directory / "a.toml"
    file.write_text(text)
    return load(file, environ=ENVIRON | (environ or {}))


@pytest.mark.parametrize(
    ("listen", "expected"),
    [
        ("127.0.0.1:9000", "http://127.0.0.1:9000"),
        ("0.0.0.0:9000", "http://localhost:9000"),  # nobody can browse to 0.0.0.0
        ("[::]:9000", "http://localhost:9000"),
        ("[::1]:9000", "http://[::1]:9000"),
        ("news.example:80", "http://news.example"),  # the scheme's own port
        ("unix:/run/a.sock", "http://localhost"),
        ("", "http://localhost"),
    ],
)
def test_public_url_is_made_from_listen(tmp_path: Path, listen: str, expected: str) -> None:
    assert loaded(tmp_path, f'[server]\nlisten = "{listen}"').public_url == expected


@pytest.mark.parametrize(
    ("directory", "existing", "environ", "expected"),
    [
        ("config", "", {"STATE_DIRECTORY": "/var/lib/a:/var/lib/b"}, "/var/lib/a"),  # systemd's list
        ("config", "", {}, "{tmp}/data"),  # a checkout
        ("etc", "data", {}, "{tmp}/data"),  # it is there already
        ("etc", "", {}, "/home/me/.local/state/aggregator"),
        ("etc", "", {"XDG_STATE_HOME": "/s"}, "/s/aggregator"),
        ("etc", "", {"XDG_STATE_HOME": "s"}, "/home/me/.local/state/aggregator"),  # XDG: ignore relative
    ],
)
def test_the_data_directory_has_three_defaults(
    tmp_path: Path, directory: str, existing: str, environ: dict[str, str], expected: str
) -> None:
    (tmp_path / existing).mkdir(exist_ok=True)
    found = loaded(tmp_path / directory, environ=environ)
    assert str(found.data_dir) == expected.format(tmp=tmp_path)


def test_paths_are_relative_to_their_file_and_know_home(tmp_path: Path) -> None:
    found = loaded(tmp_path, '[aggregator]\ndata_dir = "../d"\n[server]\nlisten = "unix:run/http.sock"')
    assert found.data_dir == tmp_path.parent / "d"
    assert found.server.listen == f"unix:{tmp_path}/run/http.sock"
    assert loaded(tmp_path, '[aggregator]\ndata_dir = "~/news"').data_dir == Path("/home/me/news")


def test_bounds_move_an_interval_nobody_wrote(tmp_path: Path) -> None:
    assert loaded(tmp_path, '[poll]\nmin_interval = "1h"').poll.interval == timedelta(hours=1)
    assert loaded(tmp_path, '[poll]\nmax_interval = "10m"').poll.interval == timedelta(minutes=10)


@pytest.mark.parametrize(
    ("mode", "warned"),
    [(0o600, False), (0o640, False), (0o644, True)],  # containers mount secrets for everybody
)
def test_a_secret_that_everybody_may_read_is_a_warning(tmp_path: Path, mode: int, warned: bool) -> None:
    (tmp_path / "token").write_text("s3cret\n")
    (tmp_path / "token").chmod(mode)
    found = loaded(tmp_path, SOURCE + 'auth = { bearer_file = "token" }')
    assert found.sources[0].access.bearer == "s3cret"
    assert ["run chmod 600" in warning for warning in found.warnings] == [True] * warned


def test_an_interval_outside_the_bounds_is_a_warning_with_its_place(tmp_path: Path) -> None:
    found = loaded(tmp_path, SOURCE + 'interval = "1s"')
    (warning,) = found.warnings
    assert warning.startswith(f"{tmp_path}/a.toml:3:12: warning: interval in [[source]]: '1s' is kept")


def test_includes_are_read_once_in_order_and_patterns_may_match_nothing(tmp_path: Path) -> None:
    (tmp_path / "b.toml").write_text('[[source]]\nurl = "https://b.example/"')
    (tmp_path / "0.toml").write_text('[[source]]\nurl = "https://c.example/"')
    found = loaded(tmp_path, '[aggregator]\ninclude = ["b.toml", "none/*.toml", "*.toml"]')
    assert [file.name for file in found.files] == ["a.toml", "b.toml", "0.toml"]
    assert [source.id for source in found.sources] == ["b.example", "c.example"]


def test_without_include_the_usual_files_are_read_if_they_are_there(tmp_path: Path) -> None:
    assert loaded(tmp_path).files == (tmp_path / "a.toml",)
    (tmp_path / "sources.toml").write_text(SOURCE)
    assert loaded(tmp_path).files == (tmp_path / "a.toml", tmp_path / "sources.toml")


@pytest.mark.parametrize(
    ("urls", "expected"),
    [
        (["https://www.Example.org/a"], ["example.org"]),
        # the first has the host alone; what follows is named by its path, in whatever order
        (["https://e.org/", "https://e.org/a.rss", "https://e.org/b?x=1"], ["e.org", "e.org-a-rss", "e.org-b-x-1"]),
        (["https://e.org/", "https://e.org/b?x=1", "https://e.org/a.rss"], ["e.org", "e.org-b-x-1", "e.org-a-rss"]),
        (["https://e.org/a", "http://e.org/a", "http://e.org:81/a"], ["e.org", "e.org-a", "e.org-a-2"]),
        (["https://пример.бел/"], ["xn--e1afmkfd.xn--90ais"]),
        (["http://[::1]:8080/feed"], ["1"]),
        (["file:feeds/My%20Feed.xml"], ["my-feed"]),
    ],
)  # fmt: skip
def test_ids_are_made_from_addresses(tmp_path: Path, urls: list[str], expected: list[str]) -> None:
    text = "".join(f'[[source]]\nurl = "{url}"\n' for url in urls)
    assert [source.id for source in loaded(tmp_path, text).sources] == expected


def test_a_written_id_is_never_given_to_another(tmp_path: Path) -> None:
    text = SOURCE + '[[source]]\nid = "example.org"\nurl = "https://other.example/"'
    assert [source.id for source in loaded(tmp_path, text).sources] == ["example.org-rss", "example.org"]


def test_a_file_source_may_lie_below_data_dir_but_not_be_linked_out_of_it(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    text = f'[aggregator]\ndata_dir = "../d"\n[[source]]\nurl = "file:{tmp_path}/d/a%20b.xml"'
    assert loaded(tmp_path / "c", text).sources[0].url == f"file://{tmp_path}/d/a%20b.xml"
    (tmp_path / "d" / "a b.xml").symlink_to("/etc/hostname")
    with pytest.raises(Exception, match="hostname' may not be read"):
        loaded(tmp_path / "c", text)


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_bytes(b'\xef\xbb\xbf[aggregator]\r\ntitle = "T"\r\n')
    assert load(file, environ=ENVIRON).title == "T"


@pytest.mark.timeout(20)  # looking every place up from the top took 41 s
def test_ten_thousand_sources_load(tmp_path: Path) -> None:
    text = "".join(f'[[source]]\nurl = "https://s{n}.example/feed"\ntags = ["t"]\n' for n in range(10_000))
    found = loaded(tmp_path, text)
    assert found.sources[-1].where == f"{tmp_path}/a.toml:29998"
