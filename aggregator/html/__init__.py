"""HTML as published to HTML that is safe to show, and to plain text.

Parsing is HTML5 (nh3), work is bounded (`bounds`), and nothing here raises on any text.
"""

from aggregator.html.lines import Line, lines
from aggregator.html.posted import Posted, lift_posted, posted_line
from aggregator.html.safe import sanitise
from aggregator.html.text import escape_text, plain_text, safe_text, xml_safe

__all__ = [
    "Line",
    "Posted",
    "escape_text",
    "lift_posted",
    "lines",
    "plain_text",
    "posted_line",
    "safe_text",
    "sanitise",
    "xml_safe",
]
