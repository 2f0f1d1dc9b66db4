"""The words that formats share: dates as text, and what stands in for a missing title or summary."""

import re
from datetime import datetime
from html.entities import name2codepoint

from aggregator.html import plain_text
from aggregator.model import MergedEntry

TITLE_LENGTH = 80  # characters of text that stand in for a title
TEASER_LENGTH = 300  # characters of text that stand in for a summary
TEASER_HTML_LENGTH = 5_000  # characters of HTML it is taken from: nobody waits for a long page to be read

_TAG = re.compile(r"<[/!?A-Za-z]")
_WITHOUT_MARKS = str.maketrans("", "", "<&")
_REFERENCE = re.compile(r"&(#?\w+)")


def rfc3339(at: datetime) -> str:
    """Write a UTC date in whole seconds, as `2023-11-14T08:33:00Z`."""
    return f"{at.isoformat(timespec='seconds')[:19]}Z"


def heading(entry: MergedEntry) -> str:
    """Return the title, or what stands in for it where a format insists: a bit of text, else the source."""
    return entry.title or teaser(entry, TITLE_LENGTH) or entry.source.title


def teaser(entry: MergedEntry, length: int = TEASER_LENGTH) -> str:
    """Return the beginning of an entry as plain text on one line, cut between words; "" without text."""
    html = entry.summary or entry.content
    text = one_line(html[:TEASER_HTML_LENGTH])
    if len(html) > TEASER_HTML_LENGTH and len(text) < 2 * length:  # mostly markup, or too near to a cut tag
        text = one_line(html)
    if len(text) <= length:
        return text
    cut = text[:length]
    return f"{cut.rpartition(' ')[0] or cut[:-1]}…"


def one_line(html: str) -> str:
    """Return all the plain text of some HTML on one line."""
    return " ".join(plain_text(html).split())


def looks_like_html(text: str) -> bool:
    """Whether a reader that takes plain text for HTML would show something else."""
    if "<" not in text and "&" not in text:
        return False
    references = _REFERENCE.findall(text)
    return _TAG.search(text) is not None or any(
        name in name2codepoint or name == "apos" or not name.isalpha() for name in references
    )


def unmarked(text: str) -> str:
    """Return plain text for a place that has no way to say whether it holds HTML."""
    if not looks_like_html(text):
        return text
    return one_line(text) or text.translate(_WITHOUT_MARKS)
