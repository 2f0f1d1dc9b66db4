"""What an operator hears of a source's health from the real daemon: log, feed, webhook and mail, across restarts."""

import email
import email.policy
import json
import signal
import stat
import sys
from pathlib import Path

import feedparser
import pytest

from tests.fetch.server import Answer, Server
from tests.running import Running, Site, eventually

FEED = """<rss version="2.0"><channel><title>{0}</title>
<item><guid>{0}-1</guid><title>News of {0}</title></item></channel></rss>"""
BAD = Answer(status=500)


def good(name: str) -> Answer:
    return Answer(body=FEED.format(name).encode())


def source(publisher: Server, name: str, more: str = "") -> str:
    return f'[[source]]\nid = "{name}"\nurl = "{publisher.url(f"/{name}")}"\ninterval = "1s"\n{more}\n'


def site(tmp_path: Path, publisher: Server, health: str = "", *, after: str = "1s") -> Site:
    """Polls every second, and as soon after failures."""
    settings = f'max_interval = "1s"\n[health]\nafter = "{after}"\n{health}'
    return Site(tmp_path, settings=settings, sources=source(publisher, "alfa") + source(publisher, "bravo"))


def posts(publisher: Server) -> list[dict[str, object]]:
    """The events of every message that was posted to the hook, in order."""
    return [event for asked in publisher.asked("/hook") for event in json.loads(asked.body)["events"]]


def lines(daemon: Running, *words: str) -> list[str]:
    return [line for line in daemon.lines if all(word in line for word in words)]


def test_one_message_on_entering_and_one_on_leaving_by_every_way(tmp_path: Path, publisher: Server) -> None:
    publisher.answer("/alfa", BAD)
    publisher.answer("/bravo", good("bravo"))
    publisher.answer("/hook", Answer(status=204))
    box = tmp_path / "mail"
    box.mkdir()
    script = tmp_path / "send"
    script.write_text(f"#!/bin/sh\ntemp=$(mktemp)\ncat >$temp\nmv $temp {box}/$(date +%s%N)\n")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    here = site(
        tmp_path / "site",
        publisher,
        f'webhook = "{publisher.url("/hook")}"\ncommand = ["{script}", "-t"]\n'
        'mail_to = "ops@example.org"\nmail_from = "News <news@example.org>"\n',
    )
    with here.daemon() as daemon:
        line = daemon.log("event=health", "source=alfa")
        assert "state=failing" in line
        assert "HTTP 500" in line
        eventually(lambda: posts(publisher), "a post")
        eventually(lambda: list(box.iterdir()), "a mail")
        daemon.feed("alfa: failing", path="/health.atom")
        publisher.answer("/alfa", good("alfa"))
        assert "was=failing" in daemon.log("event=health", "state=ok")
        daemon.feed("ok again", path="/health.atom")
        eventually(lambda: len(posts(publisher)) == 2, "a second post")
        eventually(lambda: len(list(box.iterdir())) == 2, "a second mail")
        assert len(lines(daemon, "event=health")) == 2
        status = daemon.get("/status").text
        assert (
            'type="application/atom+xml" title="Source health – Test (Atom)" href="./health.atom"' in status
        )
        page = daemon.get("/health")
        assert (page.status_code, page.headers["location"]) == (301, "./status")
        assert "News of alfa" in daemon.feed("News of bravo")
        assert "failing" not in daemon.get("/feed.atom").text
        assert "failing" not in daemon.get("/feed.json").text
        for extension in ("rss", "json"):
            assert "failing" in daemon.get(f"/health.{extension}").text
        assert daemon.stop() == 0
    assert [(event["source"], event["was"], event["state"]) for event in posts(publisher)] == [
        ("alfa", "ok", "failing"),
        ("alfa", "failing", "ok"),
    ]
    [first, second] = [
        email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        for path in sorted(box.iterdir())
    ]
    assert first["subject"] == "[Test] alfa: failing"
    assert second["subject"] == "[Test] alfa: ok again (was failing)"
    assert (first["to"], first["from"]) == ("ops@example.org", "News <news@example.org>")
    assert "HTTP 500" in first.get_content()
    with here.daemon() as again:  # what was told is told
        publisher.answer("/bravo", BAD)
        assert "source=bravo" in again.log("event=health")
        eventually(lambda: len(posts(publisher)) == 3, "a third post")
        read = feedparser.parse(again.get("/health.atom").content)
        assert [entry.title for entry in read.entries] == [
            "bravo: failing",
            "alfa: ok again (was failing)",
            "alfa: failing",
        ]
        assert read.entries[-1].id == posts(publisher)[0]["id"]


def test_a_change_under_way_goes_on_after_a_restart(tmp_path: Path, publisher: Server) -> None:
    publisher.answer("/alfa", BAD)
    publisher.answer("/bravo", good("bravo"))
    here = site(tmp_path, publisher, after="6s")
    with here.daemon() as daemon:
        daemon.log("event=poll source=alfa", "error")
        daemon.stop(signal.SIGKILL)
    with here.daemon() as again:
        line = again.log("event=health", "source=alfa")
        assert len(lines(again, "event=health")) == 1
        since = line.partition("since=")[2].partition(" ")[0]
        assert since < lines(again, "event=start")[0].partition("timestamp=")[2]


def test_one_failed_poll_is_no_message(tmp_path: Path, publisher: Server) -> None:
    publisher.answer("/alfa", good("alfa"), BAD, good("alfa"))
    publisher.answer("/bravo", BAD)
    with site(tmp_path, publisher, after="2s").daemon() as daemon:
        daemon.log("event=health", "source=bravo")
        eventually(lambda: len(publisher.asked("/alfa")) > 6, "more polls")
        assert lines(daemon, "event=health", "source=alfa") == []


def test_a_webhook_that_fails_is_tried_again_and_holds_up_nobody(tmp_path: Path, publisher: Server) -> None:
    publisher.answer("/alfa", BAD)
    publisher.answer("/bravo", good("bravo"))
    publisher.answer("/hook", Answer(status=500), Answer(status=200))
    with site(tmp_path, publisher, f'webhook = "{publisher.url("/hook")}"').daemon() as daemon:
        line = daemon.log("event=notice", "error")
        assert "127.0.0.1 answers 500" in line
        assert "retry=10s" in line
        polls = len(publisher.asked("/bravo"))
        daemon.log("event=notice", "by=webhook", "told=1")
        assert len(publisher.asked("/bravo")) > polls
    assert len(publisher.asked("/hook")) == 2


def test_a_webhook_that_never_answers_holds_up_neither_polls_nor_the_end(
    tmp_path: Path, publisher: Server
) -> None:
    publisher.answer("/alfa", BAD)
    publisher.answer("/bravo", good("bravo"))
    publisher.answer("/hook", Answer(delay=60))
    with site(tmp_path, publisher, f'webhook = "{publisher.url("/hook")}"').daemon() as daemon:
        eventually(lambda: publisher.asked("/hook"), "a post")
        polls = len(publisher.asked("/bravo"))
        eventually(lambda: len(publisher.asked("/bravo")) > polls + 2, "polls")
        daemon.feed("alfa: failing", path="/health.atom")
        assert daemon.stop() == 0


def test_a_webhook_is_guarded_as_sources_are_and_its_path_is_no_word_of_the_log(
    tmp_path: Path, publisher: Server
) -> None:
    publisher.answer("/alfa", BAD)
    publisher.answer("/bravo", good("bravo"))
    secret = tmp_path / "hook"
    secret.write_text("http://169.254.169.254/t0ken\n")
    secret.chmod(0o600)
    with site(tmp_path / "site", publisher, f'webhook = {{ file = "{secret}" }}').daemon() as daemon:
        line = daemon.log("event=notice", "error")
        assert "169.254.169.254" in line
        assert "allow_addresses" in line
        daemon.stop()
    assert not lines(daemon, "t0ken")


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ([sys.executable, "-c", "raise SystemExit(75)"], "ended with exit code 75"),
        (["/nowhere/sendmail"], "cannot be started: No such file or directory"),
    ],
    ids=["exit code", "missing"],
)
def test_a_mail_command_that_fails_is_named(
    tmp_path: Path, publisher: Server, command: list[str], said: str
) -> None:
    publisher.answer("/alfa", BAD)
    publisher.answer("/bravo", good("bravo"))
    with site(tmp_path, publisher, f"command = {json.dumps(command)}").daemon() as daemon:
        assert said in daemon.log("event=notice", "error", "by=command")


def test_polls_without_a_daemon_tell_too(tmp_path: Path, publisher: Server) -> None:
    publisher.answer("/alfa", BAD)
    publisher.answer("/bravo", good("bravo"))
    publisher.answer("/hook", Answer())
    here = site(tmp_path, publisher, f'webhook = "{publisher.url("/hook")}"', after="0s")
    assert here.run("poll", "--force").returncode == 1
    assert posts(publisher) == []
    here.run("poll", "--force")
    assert [event["state"] for event in posts(publisher)] == ["failing"]
    here.run("poll", "--force")
    assert len(posts(publisher)) == 1


def test_a_running_daemon_follows_pause_and_resume(tmp_path: Path, publisher: Server) -> None:
    publisher.answer("/alfa", good("alfa"))
    publisher.answer("/bravo", good("bravo"))
    here = site(tmp_path, publisher)
    with here.daemon() as daemon:
        daemon.feed("News of alfa")
        assert "alfa is paused" in here.run("pause", "alfa").stdout
        assert "state=paused" in daemon.log("event=health", "source=alfa")
        asked = len(publisher.asked("/alfa"))
        others = len(publisher.asked("/bravo"))
        eventually(lambda: len(publisher.asked("/bravo")) > others + 2, "polls of the other")
        assert len(publisher.asked("/alfa")) == asked
        assert "News of alfa" in daemon.get("/feed.atom").text
        assert '"state": "paused"' in daemon.get("/status.json").text
        assert "paused" in here.run("status").stdout
        assert "not while it is paused" in daemon.get("/status").text
        assert "alfa is polled" in here.run("resume", "alfa").stdout
        eventually(lambda: len(publisher.asked("/alfa")) > asked, "polls again")
        assert "was=paused" in daemon.log("event=health", "state=ok")
    assert here.run("pause", "nobody").returncode == 2
