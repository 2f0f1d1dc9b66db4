"""Every mistake is a line that says where it is and what to do; all of them in one run."""

import os
from pathlib import Path

import pytest

from aggregator.config import load, watch_stamp
from aggregator.errors import ConfigError

SOURCE = '[[source]]\nurl = "https://a.example/"\n'


def mistakes(directory: Path, text: str | bytes, environ: dict[str, str] | None = None) -> list[str]:
    """Write one file, load it, and return the lines of the error without the directory."""
    file = directory / "a.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigError) as raised:
        load(file, environ=environ or {})
    return (
        str(raised.value)
        .replace(f"{os.path.relpath(directory)}/", "")
        .replace(f"{directory}/", "")
        .splitlines()
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[aggregatorr]\n", "a.toml:1:1: error: unknown table [aggregatorr] (did you mean 'aggregator'?)"),
        (
            "[aggregator]\ntitel = 'x'\n",
            "a.toml:2:1: error: unknown key 'titel' in [aggregator] (did you mean 'title'?)",
        ),
        (
            "[aggregator]\nlimit = 'x'\n",
            "a.toml:2:9: error: limit in [aggregator]: must be an integer, not a string",
        ),
        (
            f"{SOURCE}id = 'a'\n[[source]]\nid = 'a'\nurl = 'https://b.example/'\n",
            "a.toml:5:6: error: the id 'a' is taken",
        ),
        (f"{SOURCE}[[source]]\nurl = 'HTTPS://A.example:443'\n", "is a source already, at a.toml:1"),
        (
            "[poll]\ninterval = '0s'\n",
            "a.toml:2:12: error: interval in [poll]: '0s' must be longer than nothing",
        ),
        ("[poll]\ntimeout = 'soon'\n", "a.toml:2:11: error: timeout in [poll]: 'soon' is no duration"),
        ("[poll]\nmin_interval = -5\n", "a.toml:2:16: error: min_interval in [poll]: needs a unit"),
        (
            "[poll]\nmin_interval = '2h'\nmax_interval = '1h'\n",
            "min_interval '2h' in [poll] is longer than max_interval",
        ),
        (
            "[poll]\nmax_bytes = '15 apples'\n",
            "a.toml:2:13: error: max_bytes in [poll]: '15 apples' is no size",
        ),
        ("[poll]\nconcurrency = 0\n", "concurrency in [poll]: must be at least 1"),
        ("[poll]\nallow_addresses = ['300.0.0.0/8']\n", "'300.0.0.0/8' is no IP address or network"),
        (
            f"{SOURCE}timezone = 'Europe/Minks'\n",
            "unknown time zone 'Europe/Minks' (did you mean 'Europe/Minsk'?)",
        ),
        (
            f"{SOURCE}date_formats = ['%Q']\n",
            "a.toml:3:17: error: date_formats in [[source]]: '%Q' is no strptime format",
        ),
        (f"{SOURCE}rules = [{{ drop = {{ title = '(' }} }}]\n", "bad regular expression '('"),
        (
            f"{SOURCE}rules = [{{ drop = {{ titel = 'x' }} }}]\n",
            "unknown key 'titel' in rules.drop of [[source]]",
        ),
        (f"{SOURCE}max_interval = '3h'\n", "unknown key 'max_interval' in [[source]] (it belongs to [poll])"),
        ("interval = '3h'\n", "unknown key 'interval' outside any table (it belongs to [poll])"),
        ("[poll]\ninterval = 3\nmin_interval = '2h'\n", "interval in [poll]: needs a unit"),
        (f"{SOURCE}headers = {{ 'X b' = 'c' }}\n", "'X b' is no header name"),
        (f"{SOURCE}headers = {{ Host = 'c' }}\n", "the header 'Host' is set by the daemon itself"),
        (f"{SOURCE}headers = {{ A = 'c', a = 'd' }}\n", "the header 'A' is given twice"),
        (f"{SOURCE}headers = {{ A = 3 }}\n", "must be a string, { env"),
        (f"{SOURCE}headers = {{ Cookie = 'c' }}\n", "the header 'Cookie' is a secret"),
        (f"{SOURCE}proxy = 'http://me:pw@p.example:1'\n", "proxy in [[source]]: credentials are a secret"),
        (f"{SOURCE}auth = {{ username = 'me', password = 'x' }}\n", "use password_file or password_env"),
        (f"{SOURCE}date_formats = ['%d.%m. %H:%M']\n", "'%d.%m. %H:%M' has no year"),
        (f"{SOURCE}id = 'A b'\n", "'a-b' would do"),
        (f"{SOURCE}auth = {{ username = 'x', password_file = 'nope' }}\n", "there is no file 'nope'"),
        (f"{SOURCE}auth = {{ username = 'x', password_env = 'NOPE' }}\n", "variable 'NOPE' is not set"),
        ("[[source]]\nurl = 'ftp://a.example/'\n", "must begin with https://, http:// or file:"),
        ("[[source]]\nurl = 'https://u:p@a.example/'\n", "must not carry credentials"),
        ("[[source]]\nurl = 'file:///etc/passwd'\n", "'/etc/passwd' may not be read"),
        ("[[source]]\nid = 'a'\n", "a.toml:1:1: error: [[source]] needs 'url'"),
        ("[server]\nlisten = '127.0.0.1:99999'\n", "port 99999 is not between 0 and 65535"),
        (
            "[server]\nlisten = 'here'\n",
            "a.toml:2:10: error: listen in [server]: 'here' is no address to listen on",
        ),
        ("[server]\ntoken_file = 'nope'\n", "there is no file 'nope'"),
        ("[server]\nrate_limit = 'fast'\n", "'fast' is no rate"),
        ("[store]\nurl = 'mysql://x'\n", 'url in [store]: must be "sqlite" or'),
        ("[store]\nurl = 'postgresql://x/y'\n", "url in [store]: PostgreSQL is not supported yet"),
        ("[health]\nafter = 60\n", "after in [health]: needs a unit"),
        ("[health]\nwebhook = 'ftp://x/y'\n", "webhook in [health]: the webhook must be an http(s) address"),
        ("[health]\nwebhook = { env = 'NOPE' }\n", "the environment variable 'NOPE' is not set"),
        ("[health]\ncommand = ['sendmail', '-t']\n", 'say mail_to = "ops@example.org" too'),
        ("[health]\nmail_to = 'ops'\n", "mail_to in [health]: 'ops' is no address of mail"),
        ('[health]\nmail_to = "a@b.c\\nBcc: x@y.z"\n', "mail_to in [health]"),
        ("[[feed]]\nname = 'x'\nsources = ['nope']\n", "sources in [[feed]]: there is no source 'nope'"),
        (
            f"{SOURCE}tags = ['politics']\n[[feed]]\nname = 'x'\ntags = ['politcs']\n",
            "(did you mean 'politics'?)",
        ),
        (
            "[[feed]]\nname = 'x'\nquery = 'a AND'\n",
            "a.toml:3:9: error: query in [[feed]]: column 3: AND needs something after it",
        ),
        ("[[feed]]\nname = 'x'\nquery = ''\n", "query in [[feed]]: nothing to search for: write a word"),
        ("[[feed]]\nname = 'x'\n", "a feed needs tags, sources and/or a query"),
        ("[aggregator]\ninclude = ['nope.toml']\n", "a.toml:2:12: error: there is no file 'nope.toml'"),
        ("[aggregator\n", "a.toml:1:12: error: not TOML: "),
        ("[aggregator]\ntitle = 'x\n", ": error: not TOML: "),
        (b"[aggregator]\ntitle = '\xff'\n", "a.toml:2:10: error: not UTF-8"),
    ],
)
def test_one_mistake_is_one_line(tmp_path: Path, text: str | bytes, told: str) -> None:
    (line,) = mistakes(tmp_path, text)
    assert told in line
    assert ": error: " in line


def test_all_mistakes_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "b.toml").write_text(f"{SOURCE}intervall = '5m'\n[server]\nlisten = ':1'\n")
    lines = mistakes(tmp_path, "[aggregator]\ntitel = 'x'\ninclude = ['b.toml']\n[poll]\ninterval = 'x'\n")
    assert len(lines) == 4
    assert {line.partition(":")[0] for line in lines} == {"a.toml", "b.toml"}


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (
            "AGGREGATOR_POLL__INTERVAL",
            "AGGREGATOR_POLL__INTERVAL: error: interval in [poll]: 'x' is no duration",
        ),
        ("AGGREGATOR_POLL__INTERVALL", "did you mean"),
        ("AGGREGATOR_SERVR__LISTEN", "(did you mean 'server'?)"),
    ],
)
def test_mistakes_in_the_environment_name_the_variable(tmp_path: Path, name: str, told: str) -> None:
    (line,) = mistakes(tmp_path, "", {name: "x"})
    assert line.startswith(name)
    assert told in line


def test_a_missing_file_and_a_directory(tmp_path: Path) -> None:
    for path, told in ((tmp_path / "none.toml", "no such file"), (tmp_path, "is a directory")):
        with pytest.raises(ConfigError, match=told):
            load(path, environ={})


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    """Whoever opens it waits for somebody to write to it."""
    pipe = tmp_path / "aggregator.toml"
    os.mkfifo(pipe)
    with pytest.raises(ConfigError, match="it is a pipe, not a file"):
        load(pipe, environ={})
    assert watch_stamp(pipe) == watch_stamp(pipe)


def test_an_included_pipe_is_not_waited_for(tmp_path: Path) -> None:
    main = tmp_path / "aggregator.toml"
    main.write_text('[aggregator]\ninclude = ["more.toml"]\n')
    os.mkfifo(tmp_path / "more.toml")
    with pytest.raises(ConfigError, match=r"aggregator.toml:2:12: error: .*it is a pipe, not a file"):
        load(main, environ={})


def test_links_that_lead_in_a_circle(tmp_path: Path) -> None:
    for name, other in (("a", "b"), ("b", "a")):
        (tmp_path / name).symlink_to(tmp_path / other)
    with pytest.raises(ConfigError, match="Too many levels of symbolic links"):
        load(tmp_path / "a", environ={})


def test_a_file_without_an_end_is_read_to_a_bound() -> None:
    with pytest.raises(ConfigError, match="larger than 64 MiB"):
        load(Path("/dev/zero"), environ={})
