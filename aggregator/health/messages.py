"""What was told of the health of sources as a mail, and as the body of a webhook."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from aggregator.health.words import headline
from aggregator.model import HealthEvent, State

SUBJECT_LENGTH = 120  # characters: a title may be longer
# Worst first: what needs somebody stands at the top of a message.
_ORDER = (State.GONE, State.FAILING, State.STALE, State.MOVED, State.PAUSED, State.OK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Postmark:
    """Who says it, and who is to hear it; "" where the mail command knows."""

    title: str  # of the aggregator
    public_url: str
    sender: str = ""
    recipient: str = ""


def mail(events: Sequence[HealthEvent], mark: Postmark) -> bytes:
    """Return one message (RFC 5322) about all these events, the worst first; there is at least one."""
    worst_first = sorted(events, key=lambda event: _ORDER.index(event.state))
    subject = headline(worst_first[0])
    if len(events) > 1:
        subject = f"{len(events)} sources: {subject}, …"
    message = EmailMessage(policy=SMTP)
    # Python reads encoded words (RFC 2047) in what it is given, line breaks in them included: there must be none.
    message["Subject"] = _line(f"[{mark.title}] {subject}")[:SUBJECT_LENGTH].replace("=?", "= ?")
    if mark.sender:
        message["From"] = mark.sender
    if mark.recipient:
        message["To"] = mark.recipient
    message["Date"] = format_datetime(max(event.at for event in events))
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's holiday answers it
    message.set_content("\n".join([*map(_paragraph, worst_first), f"{mark.public_url}/status"]))
    return message.as_bytes()


def _paragraph(event: HealthEvent) -> str:
    lines = [
        headline(event),
        f"  {event.source_id} · {event.url}",
        f"  {event.state} since {event.since:%Y-%m-%d %H:%M} UTC",
        *(f"  {line}" for line in (event.reason, event.advice) if line),
    ]
    return "\n".join(map(_line, lines)) + "\n"


def _line(text: str) -> str:
    """Leave no line break or control character of a publisher's in a header or line of ours."""
    return "".join(one if one.isprintable() else " " for one in text)


def webhook_body(events: Sequence[HealthEvent], mark: Postmark) -> bytes:
    """Return a JSON object with all these events, the earliest first; times are RFC 3339."""
    said = {
        "title": mark.title,
        "url": f"{mark.public_url}/status",
        "text": "\n".join(_line(headline(event)) for event in events),  # what chats show of a webhook
        "events": [
            {
                "id": event.id,
                "source": event.source_id,
                "title": event.title,
                "url": event.url,
                "was": event.was.value,
                "state": event.state.value,
                "since": f"{event.since:%Y-%m-%dT%H:%M:%SZ}",
                "at": f"{event.at:%Y-%m-%dT%H:%M:%SZ}",
                "reason": event.reason or None,
                "advice": event.advice or None,
            }
            for event in events
        ],
    }
    return json.dumps(said).encode("ascii")  # so that no character can be wrong
