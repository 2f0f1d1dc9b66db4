"""The commands as a person or a script uses them; the daemon itself is in test_daemon."""

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from tests.fetch.server import Answer, Server
from tests.running import Site

FEED = b"""<rss version="2.0"><channel><title>Alfa</title><item><guid>1</guid><title>News of alfa</title>
<pubDate>Sun, 01 Mar 2026 10:00:00 GMT</pubDate></item></channel></rss>"""


@pytest.fixture
def site(tmp_path: Path, publisher: Server) -> Site:
    publisher.answer("/alfa", Answer(body=FEED))
    sources = f"""# mine
[[source]]
id = "alfa"
url = "{publisher.url("/alfa")}"
tags = ["x"]
[[source]]
id = "bad"
url = "{publisher.url("/missing")}"
[[feed]]
name = "some"
tags = ["x"]
"""
    return Site(tmp_path, sources=sources)


def test_a_clock_that_was_ahead_keeps_nobody_waiting(site: Site) -> None:
    """Whatever begins next counts the waits from now: the daemon, and `poll`."""
    site.run("poll", "alfa")
    with closing(sqlite3.connect(site.data / "aggregator.sqlite")) as store, store:
        for name in ("last_poll_at", "next_poll_at"):
            store.execute(
                f"UPDATE sources SET {name} = replace({name}, substr({name}, 1, 4), '2099') WHERE id = 'alfa'"
            )
    site.run("poll")
    (row,) = [row for row in json.loads(site.run("--json", "status").stdout) if row["id"] == "alfa"]
    assert row["next_poll"]
    assert not row["next_poll"].startswith("2099")


def test_check_says_good_or_every_mistake(site: Site) -> None:
    good = site.run("check")
    assert (good.returncode, good.stderr) == (0, "")
    assert good.stdout == "config/aggregator.toml: good: 2 sources and 2 feeds in 2 files\n"
    site.sources.write_text(
        site.sources.read_text() + '[[source]]\nurl = "https://a.example/"\nintervall = "5m"\n'
    )
    bad = site.run("check")
    assert (bad.returncode, bad.stdout) == (78, "")
    assert bad.stderr == (
        "config/sources.toml:14:1: error: unknown key 'intervall' in [[source]] (did you mean 'interval'?)\n"
    )
    for command in (
        ["run"],
        ["poll"],
        ["list"],
        ["status"],
        ["export", "opml"],
        ["add", "https://b.example/"],
    ):
        refused = site.run(*command)
        assert (refused.returncode, refused.stderr) == (78, bad.stderr), command


def test_check_takes_a_file_and_config_is_found_in_order(site: Site, tmp_path: Path) -> None:
    assert site.run("check", "config/aggregator.toml").returncode == 0
    missing = site.run("-c", "nowhere.toml", "check")
    assert missing.returncode == 78
    assert "nowhere.toml: error: no such file" in missing.stderr
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    other = Site(elsewhere / "site")
    (other.config).rename(elsewhere / "other.toml")
    (other.sources).rename(elsewhere / "sources.toml")
    assert (
        "other.toml: good"
        in other.run("check", environ={"AGGREGATOR_CONFIG": str(elsewhere / "other.toml")}).stdout
    )


def test_explain_tells_how_a_source_writes_dates(site: Site, publisher: Server) -> None:
    dated = FEED.replace(b"Sun, 01 Mar 2026 10:00:00 GMT", b"14/03/2025 10:00")
    publisher.answer("/alfa", Answer(body=dated))
    site.run("poll", "alfa")
    assert "days of numbers are day first" in site.run("explain", "alfa").stdout
    assert json.loads(site.run("--json", "explain", "alfa").stdout)[0]["date_orders"] == ["day first"]


def test_poll_polls_what_is_due_and_says_what_came(site: Site, publisher: Server) -> None:
    first = site.run("--json", "poll")
    assert first.returncode == 1
    rows = {row["source"]: row for row in json.loads(first.stdout)}
    assert (rows["alfa"]["status"], rows["alfa"]["new"], rows["alfa"]["error"]) == (200, 1, None)
    assert rows["bad"]["error"] == "HTTP 404 Not Found"
    assert b"News of alfa" in (site.data / "public" / "feed.atom").read_bytes()
    assert b"News of alfa" in (site.data / "public" / "feeds" / "some.rss").read_bytes()

    again = site.run("--json", "poll")
    assert (again.returncode, json.loads(again.stdout)) == (0, [])  # nothing is due
    named = site.run("--json", "poll", "alfa", "bad")
    assert [row["source"] for row in json.loads(named.stdout)] == ["alfa"]
    assert "bad waits until" in named.stderr  # it failed: only --force asks before its time
    forced = site.run("--json", "poll", "--force")
    assert forced.returncode == 1
    assert len(json.loads(forced.stdout)) == 2
    assert len(publisher.asked("/alfa")) == 3


def test_poll_of_an_unknown_source_is_a_usage_error(site: Site) -> None:
    refused = site.run("poll", "nobody")
    assert refused.returncode == 2
    assert "no source nobody" in refused.stderr


def test_list_and_status_before_and_after_a_poll(site: Site) -> None:
    before = {row["id"]: row for row in json.loads(site.run("--json", "status").stdout)}
    assert (before["alfa"]["state"], before["alfa"]["last_success"]) == ("new", "")
    assert not site.data.exists()  # looking makes nothing
    site.run("poll")
    listed = json.loads(site.run("--json", "list").stdout)
    assert [(row["id"], row["state"], row["title"]) for row in listed] == [
        ("alfa", "ok", "Alfa"),
        ("bad", "failing", None),
    ]
    after = {row["id"]: row for row in json.loads(site.run("--json", "status").stdout)}
    assert after["bad"]["advice"] == "the feed has gone or moved: look for its new address on the site"
    assert (after["bad"]["failures"], after["alfa"]["because"]) == (1, "interval")
    table = site.run("status").stdout
    assert table.splitlines()[0].split()[:4] == ["ID", "STATE", "LAST_SUCCESS", "NEXT_POLL"]
    assert "bad: HTTP 404 Not Found\n  the feed has gone" in table


def test_add_and_remove_edit_the_file(site: Site) -> None:
    before = site.sources.read_text()
    added = site.run("add", "https://b.example/rss", "https://b.example/rss")
    assert (added.returncode, added.stdout) == (0, "config/sources.toml: 1 added\n")
    assert site.sources.read_text().startswith(before)
    assert "followed already" in site.run("add", "https://b.example/rss").stderr
    removed = site.run("remove", "b.example")
    assert removed.stdout == "config/sources.toml: b.example removed\n"
    assert site.sources.read_text().rstrip() == before.rstrip()
    unknown = site.run("remove", "nobody")
    assert unknown.returncode == 2
    assert "no source nobody" in unknown.stderr
    assert site.run("add", "nonsense").returncode == 78
    assert site.sources.read_text().rstrip() == before.rstrip()


def test_edits_of_the_file_are_told_to_scripts(site: Site, tmp_path: Path) -> None:
    """`--json` prints one row a source, with what became of it, and nothing else."""
    b, c = "https://b.example/rss", "https://c.example/rss"
    added = site.run("--json", "add", b, "HTTPS://b.example/rss", c)
    assert (added.returncode, added.stderr) == (0, "")
    assert json.loads(added.stdout) == [
        {"url": b, "id": "b.example", "result": "added", "file": "config/sources.toml"},
        {"url": "HTTPS://b.example/rss", "id": "b.example", "result": "followed already", "file": None},
        {"url": c, "id": "c.example", "result": "added", "file": "config/sources.toml"},
    ]
    again = site.run("--json", "add", b)
    assert json.loads(again.stdout) == [
        {"url": b, "id": "b.example", "result": "followed already", "file": None}
    ]
    removed = site.run("--json", "remove", "b.example")
    assert json.loads(removed.stdout) == [
        {"url": b, "id": "b.example", "result": "removed", "file": "config/sources.toml"}
    ]
    (tmp_path / "urls").write_text(f"{b}\n{c}\n")
    imported = site.run("--json", "import", "opml", str(tmp_path / "urls"))
    assert [(row["url"], row["result"]) for row in json.loads(imported.stdout)] == [
        (b, "added"),
        (c, "followed already"),
    ]


def test_opml_goes_round(site: Site, tmp_path: Path) -> None:
    exported = site.run("export", "opml")
    assert exported.returncode == 0
    (tmp_path / "list.opml").write_text(exported.stdout)
    other = Site(tmp_path / "other")
    imported = other.run("import", "opml", str(tmp_path / "list.opml"))
    assert imported.returncode == 0
    assert "2 feeds, 0 followed already" in imported.stderr
    again = other.run("import", "opml", str(tmp_path / "list.opml"))
    assert "2 feeds, 2 followed already" in again.stderr
    rows = {row["url"]: row for row in json.loads(other.run("--json", "list").stdout)}
    assert rows.keys() == {row["url"] for row in json.loads(site.run("--json", "list").stdout)}
    assert {row["tags"] for row in rows.values()} == {"x", ""}


def test_export_feed_is_what_was_published(site: Site) -> None:
    early = site.run("export", "feed")
    assert early.returncode == 1
    assert "nothing has been published" in early.stderr
    site.run("poll")
    for arguments, name in (
        ([], "feed.atom"),
        (["--format", "json"], "feed.json"),
        (["--feed", "some", "--format", "rss"], "feeds/some.rss"),
    ):
        assert site.run("export", "feed", *arguments).stdout == (site.data / "public" / name).read_text()
    assert site.run("export", "feed", "--feed", "none").returncode == 2


def test_log_lines_are_logfmt_or_json_on_stderr(site: Site) -> None:
    logged = site.run("poll").stderr.splitlines()
    assert any(
        line.startswith("event=poll source=alfa status=200 new=1 changed=0 duplicate=0 ") for line in logged
    )
    as_json = site.run("--log-format", "json", "poll", "--force").stderr.splitlines()
    assert {json.loads(line)["source"] for line in as_json} == {"alfa", "bad"}
    assert site.run("-q", "poll", "alfa").stderr == ""


def test_usage_and_version() -> None:
    here = Path(__file__).parent
    from tests.running import aggregator

    assert aggregator("--version", cwd=here).stdout.startswith("aggregator, version ")
    assert aggregator("nonsense", cwd=here).returncode == 2
    shown = aggregator("--help", cwd=here)
    assert "Examples:" in shown.stdout


def test_diff_shows_what_changed_between_versions(site: Site, publisher: Server) -> None:
    early = site.run("diff", "tag:nobody")
    assert early.returncode == 2  # as of `show`, `explain` and `split`
    assert "no entry tag:nobody: nothing has been stored yet" in early.stderr
    documents = [
        FEED.replace(
            b"</item>", b"<link>https://alfa.example/ten</link><description>%b</description></item>" % text
        )
        for text in (b"Ten came. 2 comments", b"Ten came. 3 comments", b"Nine came. 3 comments")
    ]
    publisher.answer("/alfa", *(Answer(body=document) for document in documents))
    for _ in documents:
        site.run("poll", "--force", "alfa")
    feed = json.loads(site.run("export", "feed", "--format", "json").stdout)
    entry_id = feed["items"][0]["id"]

    trivial, real = json.loads(site.run("--json", "diff", entry_id).stdout)
    assert json.loads(site.run("--json", "diff", "https://alfa.example/ten").stdout) == [trivial, real]
    assert (trivial["trivial"], real["trivial"]) == (True, False)
    assert [line for line in trivial["diff"] if line[0] in "+-"][2:] == [
        "-Ten came. 2 comments",
        "+Ten came. 3 comments",
    ]
    assert [line for line in real["diff"] if line[0] in "+-"][2:] == [
        "-Ten came. 2 comments",
        "+Nine came. 3 comments",
    ]
    assert (real["title"], real["published"]) == ("News of alfa", "2026-03-01T10:00:00Z")
    shown = site.run("diff", entry_id).stdout
    assert f"versions of {entry_id}: 3, the first of 20" in shown
    assert "  trivial\n" in shown
    assert "\n+Nine came. 3 comments\n" in shown


@pytest.mark.parametrize(
    "arguments",
    [("add", "http://\udcff/"), ("search", "\udcff"), ("-c", "\udcff.toml", "check"), ("\udcff",)],
)
def test_an_argument_that_is_not_utf_8_is_refused(site: Site, arguments: Sequence[str]) -> None:
    refused = site.run(*arguments)
    assert refused.returncode == 2
    assert "is not UTF-8" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_subscription_list_without_an_end_is_read_to_a_bound(site: Site) -> None:
    refused = site.run("import", "opml", "/dev/zero")
    assert refused.returncode == 1
    assert "/dev/zero is larger than 64 MiB" in refused.stderr
