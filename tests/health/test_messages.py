"""What messages say, whatever publishers call themselves."""

import email
import email.policy
import json
from dataclasses import replace
from datetime import timedelta

from aggregator.health import Postmark, health_feed, mail, webhook_body
from aggregator.model import HealthEvent, State
from tests.things import NOON

MARK = Postmark(
    title="Новости", public_url="https://news.example", sender="a@b.example", recipient="ops@c.example"
)
EVENT = HealthEvent(
    id="tag:news.example,2026:health:alfa/1",
    source_id="alfa",
    title="Alfa",
    url="https://alfa.example/rss",
    was=State.OK,
    state=State.FAILING,
    since=NOON - timedelta(hours=1),
    at=NOON,
    reason="3 polls in a row have failed: HTTP 500",
    advice="wait",
)


def read(text: bytes) -> email.message.EmailMessage:
    message = email.message_from_bytes(text, policy=email.policy.default)
    assert not message.defects
    return message


def test_a_mail_says_what_and_since_when_and_what_to_do() -> None:
    message = read(mail([EVENT], MARK))
    assert message["subject"] == "[Новости] Alfa: failing"
    assert (message["from"], message["to"]) == ("a@b.example", "ops@c.example")
    assert message["auto-submitted"] == "auto-generated"
    assert message.get_content().replace("\r\n", "\n") == (
        "Alfa: failing\n"
        "  alfa · https://alfa.example/rss\n"
        "  failing since 2026-03-01 11:00 UTC\n"
        "  3 polls in a row have failed: HTTP 500\n"
        "  wait\n"
        "\n"
        "https://news.example/status\n"
    )


def test_a_title_cannot_write_headers_nor_make_a_mail_fail() -> None:
    titles = (
        "x\r\nBcc: all@example.org\r\n\r\nbody",
        "я" * 3000,
        "\udc80\x00",
        "=?utf-8?q?=0ABcc:_all@example.org?=",
        "=?=?utf-8?q?=0A?=",
    )
    for title in titles:
        message = read(mail([replace(EVENT, title=title, reason=title, advice=title)], MARK))
        assert message["bcc"] is None
        assert message["to"] == "ops@c.example"
        assert json.loads(webhook_body([replace(EVENT, title=title)], MARK))["events"][0]["title"] == title
        assert health_feed([replace(EVENT, title=title)], title="x", public_url="https://x.example").entries


def test_the_worst_comes_first_and_names_the_mail() -> None:
    others = [
        replace(EVENT, source_id="b", title="Bravo", was=State.FAILING, state=State.OK),
        replace(EVENT, source_id="c", title="Charlie", state=State.GONE),
    ]
    message = read(mail([*others, EVENT], MARK))
    assert message["subject"] == "[Новости] 3 sources: Charlie: gone, …"
    headlines = [line for line in message.get_content().splitlines() if line and not line.startswith(" ")]
    assert headlines[:3] == ["Charlie: gone", "Alfa: failing", "Bravo: ok again (was failing)"]


def test_without_addresses_there_are_no_such_headers() -> None:
    message = read(mail([EVENT], replace(MARK, sender="", recipient="")))
    assert message["to"] is None
    assert message["from"] is None


def test_a_webhook_is_json_with_everything() -> None:
    said = json.loads(webhook_body([EVENT], MARK))
    assert said == {
        "title": "Новости",
        "url": "https://news.example/status",
        "text": "Alfa: failing",
        "events": [
            {
                "id": "tag:news.example,2026:health:alfa/1",
                "source": "alfa",
                "title": "Alfa",
                "url": "https://alfa.example/rss",
                "was": "ok",
                "state": "failing",
                "since": "2026-03-01T11:00:00Z",
                "at": "2026-03-01T12:00:00Z",
                "reason": "3 polls in a row have failed: HTTP 500",
                "advice": "wait",
            }
        ],
    }


def test_the_feed_has_the_latest_hundred() -> None:
    events = [replace(EVENT, id=f"tag:{n}", at=NOON + timedelta(minutes=n)) for n in range(150)]
    feed = health_feed(events, title="News", public_url="https://news.example")
    assert [entry.id for entry in feed.entries] == [f"tag:{n}" for n in range(149, 49, -1)]
    assert feed.updated_at == NOON + timedelta(minutes=149)
    assert health_feed([], title="News", public_url="https://news.example").entries == ()
