"""What the files and the environment come to."""

from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

from aggregator.config import load, watch_stamp
from aggregator.model import Rule

EVERYTHING = """
[aggregator]
title = "Regional news"
public_url = "https://news.example.org/"
data_dir = "state"
contact = "https://news.example.org/about"
include = ["more/*.toml", "other.toml"]
[server]
listen = "127.0.0.1:9000"
token_file = "token"
rate_limit = "10/m"
trusted_proxies = ["10.0.0.0/8"]
[poll]
interval = "90s"
min_interval = "1s"
max_interval = "6h"
concurrency = 3
host_gap = "0s"
timeout = "5s"
max_bytes = "1MiB"
allow_addresses = ["127.0.0.0/8", "::1"]
retry_after_scope = "url"
[dedup]
window = "24h"
near_duplicates = false
groups = true
[retention]
tombstones = "7d"
keep = "30d"
keep_per_source = 10
[health]
after = "2h"
webhook = { file = "token2" }
command = ["sendmail", "-t"]
mail_to = "Ops <ops@example.org>, me@example.org"
mail_from = "news@example.org"
[store]
url = "sqlite:///other.sqlite"
[[source]]
id = "alfa"
url = "https://example.org/rss"
title = "Alfa Radio"
timezone = "Europe/Minsk"
date_formats = ["%d.%m.%Y %H:%M:%S"]
interval = "15m"
tags = ["politics"]
rules = [{ drop = { title = "(?i)horoscope" } }]
auth = { username = "me", password_file = "token" }
headers = { "X-Api-Key" = { env = "ALFA_KEY" }, Plain = "yes" }
timeout = "7s"
max_bytes = "2MiB"
max_entries = 5
paused = true
[[feed]]
name = "politics"
title = "Politics"
tags = ["politics"]
limit = 7
"""


def test_everything_that_can_be_said(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "token").write_text("s3cret\n")
    (tmp_path / "token").chmod(0o600)
    (tmp_path / "token2").write_text("https://chat.example.org/t0ken\n")
    (tmp_path / "token2").chmod(0o600)
    (tmp_path / "more" / "b.toml").write_text('[[source]]\nurl = "https://www.b.example/x"\n')
    (tmp_path / "more" / "c.toml").write_text('[[source]]\nurl = "file:local.xml"\n')
    (tmp_path / "other.toml").write_text('[[feed]]\nname = "b"\nsources = ["b.example"]\n')
    file = tmp_path / "main.toml"
    file.write_text(EVERYTHING)
    got = load(file, environ={"ALFA_KEY": "k", "AGGREGATOR_POLL__CONCURRENCY": "9"})

    assert (got.title, got.public_url, got.contact) == (
        "Regional news", "https://news.example.org", "https://news.example.org/about",
    )  # fmt: skip
    assert (got.data_dir, got.limit, got.store_url) == (tmp_path / "state", 500, "sqlite:///other.sqlite")
    assert (got.server.listen, got.server.token) == ("127.0.0.1:9000", "s3cret")
    assert got.server.rate_limit == (10, timedelta(minutes=1))
    assert got.server.trusted_proxies == (ip_network("10.0.0.0/8"),)
    assert (got.poll.interval, got.poll.min_interval) == (timedelta(seconds=90), timedelta(seconds=1))
    assert (got.poll.max_interval, got.poll.host_gap) == (timedelta(hours=6), timedelta())
    assert (got.poll.concurrency, got.poll.timeout, got.poll.max_bytes) == (9, timedelta(seconds=5), 1 << 20)
    assert got.poll.allow_addresses == (ip_network("127.0.0.0/8"), ip_network("::1"))
    assert got.poll.retry_after_scope == "url"
    assert (got.dedup.window, got.dedup.near_duplicates, got.dedup.groups) == (
        timedelta(hours=24),
        False,
        True,
    )
    assert (got.retention.keep, got.retention.keep_per_source) == (timedelta(days=30), 10)
    assert got.retention.tombstones == timedelta(days=7)

    assert (got.health.after, got.health.webhook) == (timedelta(hours=2), "https://chat.example.org/t0ken")
    assert got.health.command == ("sendmail", "-t")
    assert (got.health.mail_to, got.health.mail_from) == (
        "Ops <ops@example.org>, me@example.org",
        "news@example.org",
    )
    assert "t0ken" not in repr(got)

    alfa, bravo, local = got.sources
    assert (alfa.paused, bravo.paused) == (True, False)
    assert (alfa.id, alfa.title, alfa.timezone) == ("alfa", "Alfa Radio", "Europe/Minsk")
    assert (alfa.interval, alfa.tags, alfa.max_entries) == (timedelta(minutes=15), ("politics",), 5)
    assert (alfa.timeout, alfa.max_bytes) == (timedelta(seconds=7), 2 << 20)
    assert alfa.rules == (Rule(action="drop", patterns=(("title", "(?i)horoscope"),)),)
    assert (alfa.access.username, alfa.access.password) == ("me", "s3cret")
    assert dict(alfa.access.headers) == {"X-Api-Key": "k", "Plain": "yes"}
    assert alfa.where.endswith("main.toml:39")
    assert (bravo.id, local.id, local.url) == (
        "b.example",
        "local",
        (tmp_path / "more" / "local.xml").as_uri(),
    )
    assert [(output.name, output.sources, output.limit) for output in got.outputs] == [
        ("politics", ("alfa",), 7),
        ("b", ("b.example",), 100),
    ]
    shown = repr(got)
    assert "s3cret" not in shown
    assert "'k'" not in shown


def test_nothing_said_is_the_defaults(tmp_path: Path) -> None:
    file = tmp_path / "config" / "a.toml"
    file.parent.mkdir()
    file.write_text("")
    got = load(file, environ={})
    assert (got.public_url, got.data_dir) == ("http://127.0.0.1:8080", tmp_path / "data")
    assert (got.poll.interval, got.poll.max_bytes, got.retention.keep) == (
        timedelta(minutes=30), 15 << 20, timedelta(days=365),
    )  # fmt: skip
    assert load(file, environ={"STATE_DIRECTORY": "/var/lib/x"}).data_dir == Path("/var/lib/x")


def test_tags_and_sources_of_a_feed_are_one_or_the_other(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    sources = "".join(
        f'[[source]]\nid = "{n}"\nurl = "https://{n}.example/"\ntags = ["t{n}"]\n' for n in "abc"
    )
    file.write_text(sources + '[[feed]]\nname = "x"\ntags = ["ta"]\nsources = ["c"]\n')
    assert load(file, environ={}).outputs[0].sources == ("a", "c")


def test_the_stamp_changes_with_every_file_that_counts_and_never_fails(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    stamps = [watch_stamp(file)]
    for path, text in [
        (file, '[aggregator]\ninclude = ["s/*.toml"]\n'),
        (tmp_path / "s" / "b.toml", ""),
        (tmp_path / "s" / "b.toml", "# edited"),
        (tmp_path / "s" / "c.toml", ""),
        (file, "[broken"),
    ]:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        assert watch_stamp(file) == watch_stamp(file)
        stamps.append(watch_stamp(file))
    assert len(set(map(repr, stamps))) == len(stamps)


def test_the_stamp_changes_with_a_file_that_the_environment_names(tmp_path: Path) -> None:
    file, token = tmp_path / "a.toml", tmp_path / "token"
    file.write_text("")
    token.write_text("one\n")
    for named in (str(token), "token"):  # relative to the main file, as when it is read
        environ = {"AGGREGATOR_SERVER__TOKEN_FILE": named, "AGGREGATOR_SERVER__TOKEN": "unknown"}
        before = watch_stamp(file, environ=environ)
        token.write_text(f"another, {named}\n")
        assert watch_stamp(file, environ=environ) != before


def test_the_stamp_changes_with_the_mode_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_text("")
    file.chmod(0o600)
    before = watch_stamp(file)
    file.chmod(0o644)
    assert watch_stamp(file) != before
