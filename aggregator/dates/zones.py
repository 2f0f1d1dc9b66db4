"""The zone a date names, if it names one."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from aggregator.dates.names import FILLER_WORDS

MAX_OFFSET = timedelta(hours=14)  # Kiribati; nobody is further from UTC

# Minutes from UTC of the names that mean one thing. The North American ones as RFC 822 §5.1 has them.
_MINUTES = {
    0: "gmt ut utc uct z wet etc/gmt etc/utc мсв",
    60: "cet met mez west wat",
    120: "cest mest mesz eet sast cat",
    180: "eest msk мск trt eat idt",
    210: "irst",
    240: "msd samt get azt",
    300: "pkt yekt",
    345: "npt",
    360: "omst",
    420: "wib novt krat ict",
    480: "hkt sgt myt pht awst wita irkt",
    540: "jst kst wit yakt",
    570: "acst",
    600: "aest vlat chst",
    630: "acdt",
    660: "aedt magt",
    720: "nzst pett",
    780: "nzdt",
    -150: "ndt",
    -180: "brt art adt uyt clst",
    -210: "nst",
    -240: "edt clt bot vet",
    -300: "est cdt cot",
    -360: "mdt",
    -420: "mst pdt",
    -480: "pst akdt",
    -540: "akst hdt",
    -600: "hst",
}
ZONES = {
    name: timezone(timedelta(minutes=minutes)) for minutes, row in _MINUTES.items() for name in row.split()
}
# Names that countries share: minutes of each meaning, the commonest first. None: there is no commonest.
SHARED_ZONES: dict[str, tuple[int | None, ...]] = {
    "cst": (-360, 480),  # Central (RFC 822), China
    "ist": (330, 120, 60),  # India, Israel, Ireland
    "bst": (60, 360, 660),  # Britain, Bangladesh, Bougainville
    "ast": (-240, 180),  # Atlantic, Arabia
    "gst": (240, -120),  # Gulf, South Georgia
    "amt": (None, 240, -240),  # Armenia, Amazon
    "ect": (None, -300, -240),  # Ecuador, Eastern Caribbean
    "sst": (None, 480, -660),  # Singapore, Samoa
    "wst": (None, 480, 780),  # Western Australia, Western Samoa
}
LOCAL_TIMES = frozenset({"local", "lt"})  # names that say that there is no name
# "Eastern time", whichever of the two applies on that day; too short to believe but right behind a time.
_REGIONS = {
    "at": "America/Halifax",
    "et": "America/New_York",
    "ct": "America/Chicago",
    "mt": "America/Denver",
    "pt": "America/Los_Angeles",
}
_LONG_NAMES = {
    "coordinated universal time": "utc",
    "greenwich mean time": "gmt",
    "central european time": "cet",
    "central european standard time": "cet",
    "central european summer time": "cest",
    "eastern european time": "eet",
    "eastern european standard time": "eet",
    "eastern european summer time": "eest",
    "moscow standard time": "msk",
    "japan standard time": "jst",
    **{
        f"{place} {kind}time": name
        for place, letter in {"eastern": "e", "central": "c", "mountain": "m", "pacific": "p"}.items()
        for kind, name in {"": f"{letter}t", "standard ": f"{letter}st", "daylight ": f"{letter}dt"}.items()
    },
}

_OFFSET = re.compile(
    r" ?:?[(\[]?(?P<name>[^\W\d]{1,5})? ?(?:-(?=-))?(?P<sign>[+-])"
    r"(?P<hours>\d\d?|(?<=[+-]) \d\d(?=\d\d))(?::?(?P<minutes>\d\d)(?::?00)?|:0)?"
    r"(?:(?<=00:00)z|(?<=0000)z)?(?![\d:./z-])[)\]]?"
    r"(?P<comment> ?\([^()]*\)| ?\[[\w/]*\]| [^\W\d]{1,5}(?![\w/]))?"  # repeats what the offset has said
)
_NAME = re.compile(r" ?[(\[]?((?:etc/)?[^\W\d]{1,5})[)\]]?(?![\w/+-])")
_PLACE = re.compile(r" ?[(\[]?([a-z]+(?:/[a-z_-]+){1,2})[)\]]?(?![\w/+-])")
_LONG = re.compile(r" ?\(?((?:[a-z]+ ){1,3}time)\)?(?!\w)")
_WORD = re.compile(r" ?([^\W\d]+)\.?")


@dataclass(frozen=True, slots=True)
class Zone:
    """What is said of the zone, and the text behind it."""

    zone: tzinfo | None  # None: the local time, or `name` alone says too little
    rest: str = ""
    name: str | None = None  # as written, when it is a name

    def placed(self, wall: datetime, own: tzinfo | None) -> "tuple[tzinfo | None, str | None]":
        """Return the zone of a wall clock, and what had to be assumed; `own` is that of the source.

        A name is what `own` is called at that time; else, if countries share it, that meaning of
        which `own` has the offset; else the commonest; else nobody can tell.
        """
        if self.name is None or self.name in LOCAL_TIMES:
            return self.zone or own, None
        if own is not None and (own.tzname(wall) or "").casefold() == self.name:
            return own, None
        meanings = SHARED_ZONES.get(self.name)
        if meanings is None:
            return self.zone, None
        if own is not None and own.utcoffset(wall) in {
            timedelta(minutes=one) for one in meanings if one is not None
        }:
            return own, None
        if meanings[0] is None:
            return None, f"names the zone {self.name.upper()}, which has several meanings"
        zone = timezone(timedelta(minutes=meanings[0]))
        return zone, f"names the zone {self.name.upper()}, which has several meanings; read as {zone}"


def zone_behind_time(text: str) -> Zone | None:
    """Read the zone at the start of what follows a time of day: " Uhr MEZ", "-0700 2012", " GMT+9"."""
    for _ in range(3):  # words between
        found = _offset(text) or _place(text) or _long(text) or _named(text, regions=True)
        if found is not None:
            return found
        word = _WORD.match(text)
        if word is None or word[1] not in FILLER_WORDS:
            return None
        text = text[word.end() :]
    return None


def zone_at_end(text: str) -> Zone | None:
    """Read the zone in the last word or two, the text before it as `rest`."""
    words = text.split(" ")
    for count in (2, 1):
        if len(words) <= count:
            continue
        end = " ".join(words[-count:])
        found = _offset(end) or _place(end) or _named(end, regions=False)
        if found is not None and not found.rest:
            return Zone(found.zone, " ".join(words[:-count]), found.name)
    return None


def _offset(text: str) -> Zone | None:
    """Read "+0300", "-07:00", "-700", "GMT+3 (Moscow Standard Time)". A name before the sign is noise."""
    found = _OFFSET.match(text)
    if found is None:
        return None
    name, comment = found["name"], (found["comment"] or "").strip()
    if name is not None and not _is_known(name):
        return None
    end = found.end()
    if comment and comment[0] not in "([" and not _is_known(comment):
        end = found.start("comment")
    minutes = int(found["minutes"] or 0)
    offset = timedelta(hours=int(found["hours"]), minutes=minutes)
    if offset > MAX_OFFSET or minutes > 59:
        return None
    return Zone(timezone(offset if found["sign"] == "+" else -offset), text[end:])


def _is_known(name: str) -> bool:
    return name in ZONES or name in SHARED_ZONES or name in LOCAL_TIMES


def _named(text: str, *, regions: bool) -> Zone | None:
    """Read "GMT" or "(MSK)"; with `regions` also "ET", which is too short to believe elsewhere."""
    found = _NAME.match(text)
    if found is None:
        return None
    name, rest = found[1], text[found.end() :]
    if regions and name in _REGIONS:
        return Zone(ZoneInfo(_REGIONS[name]), rest)
    return Zone(ZONES.get(name), rest, name) if _is_known(name) else None


def _place(text: str) -> Zone | None:
    """Read a name of the tz database: "Europe/Brussels"."""
    found = _PLACE.match(text)
    name = _places().get(found[1]) if found is not None else None
    return None if found is None or name is None else Zone(ZoneInfo(name), text[found.end() :])


def _long(text: str) -> Zone | None:
    found = _LONG.match(text)
    name = _LONG_NAMES.get(found[1]) if found is not None else None
    if found is None or name is None:
        return None
    return _named(f"{name}{text[found.end() :]}", regions=True)


@cache
def _places() -> dict[str, str]:
    """The names of the tz database as they are compared; read when the first text names one."""
    return {name.casefold(): name for name in available_timezones() if "/" in name}
