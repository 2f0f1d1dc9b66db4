"""The zone a date names, if it names one."""

import re
from dataclasses import dataclass
from datetime import timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from aggregator.dates.words import AMBIGUOUS_ZONES, FILLER_WORDS, REGIONS, ZONES

MAX_OFFSET = timedelta(hours=14)  # Kiribati; nobody is further from UTC

_OFFSET = re.compile(
    r" ?:?\(?(?P<name>[^\W\d]{1,5})? ?(?P<sign>[+-])(?P<hours>\d\d?)(?::?(?P<minutes>\d\d)(?::?00)?)?"
    r"(?![\d:./-])\)?(?P<comment> ?\([^()]*\)| [^\W\d]{1,5}(?!\w))?"  # repeats what the offset has said
)
_NAME = re.compile(r" ?\(?((?:etc/)?[^\W\d]{1,5})\)?(?![\w/+-])")
_WORD = re.compile(r" ?([^\W\d]+)\.?")


@dataclass(frozen=True, slots=True)
class Zone:
    """A zone and the text behind it. `zone` is None when its name, `unclear`, has several meanings."""

    zone: tzinfo | None
    rest: str = ""
    unclear: str | None = None


def zone_behind_time(text: str) -> Zone | None:
    """Read the zone at the start of what follows a time of day: " Uhr MEZ", "-0700 2012", " GMT+9"."""
    found = _offset(text) or _named(text, regions=True)
    if found is None and (word := _WORD.match(text)) and word[1] in FILLER_WORDS:
        return zone_behind_time(text[word.end() :])
    return found


def zone_at_end(text: str) -> Zone | None:
    """Read the zone in the last word or two, the text before it as `rest`."""
    words = text.split(" ")
    for count in (2, 1):
        end = " ".join(words[-count:])
        found = _offset(end) or _named(end, regions=False) if len(words) > count else None
        if found is not None and not found.rest:
            return Zone(found.zone, " ".join(words[:-count]), found.unclear)
    return None


def _offset(text: str) -> Zone | None:
    """Read "+0300", "-07:00", "-700", "GMT+3 (Moscow Standard Time)". A name before the sign is noise."""
    found = _OFFSET.match(text)
    if found is None:
        return None
    name, comment = found["name"], (found["comment"] or "").strip()
    known = ZONES.keys() | AMBIGUOUS_ZONES
    if name is not None and name not in known:
        return None
    end = found.end()
    if comment and not comment.startswith("(") and comment not in known:
        end = found.start("comment")
    minutes = int(found["minutes"] or 0)
    offset = timedelta(hours=int(found["hours"]), minutes=minutes)
    if offset > MAX_OFFSET or minutes > 59:
        return None
    return Zone(timezone(offset if found["sign"] == "+" else -offset), text[end:])


def _named(text: str, *, regions: bool) -> Zone | None:
    """Read "GMT" or "(MSK)"; with `regions` also "ET", which is too short to believe elsewhere."""
    found = _NAME.match(text)
    if found is None:
        return None
    name, rest = found[1], text[found.end() :]
    if name in ZONES:
        return Zone(timezone(ZONES[name]), rest)
    if regions and name in REGIONS:
        return Zone(ZoneInfo(REGIONS[name]), rest)
    if name in AMBIGUOUS_ZONES:
        return Zone(None, rest, unclear=name.upper())
    return None
