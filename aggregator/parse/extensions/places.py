"""Where an entry is about: GeoRSS (OGC 17-002r1) and W3C Basic Geo. Points only: readers put pins on maps."""

import re

from aggregator.model import Place
from aggregator.parse.extensions.elements import Said, attribute

_DEGREES = re.compile(r"[+-]?(?:\d{1,3}(?:\.\d{0,20})?|\.\d{1,20})(?:[eE][+-]?\d{1,2})?")
_WGS84 = (":4326", "/4326", ":4979", "/4979")  # codes of EPSG; the latter with a height, which is left out


def place(said: Said) -> Place | None:
    """Return the first point an entry names, or None."""
    name = said.text("georss:featurename")
    for pair in (*_georss(said), *_basic_geo(said)):
        latitude, longitude = map(_degrees, pair)
        if latitude is None or longitude is None or abs(latitude) > 90 or abs(longitude) > 180:
            continue
        return Place(latitude=latitude, longitude=longitude, name=name)
    return None


def _georss(said: Said) -> list[tuple[str, str]]:
    points = [said.text("georss:point")]
    for level in (*map(Said.of, said.all("georss:where")), said):
        for point in level.all("gml:point"):
            system = attribute(point, "srsName")
            if system is None or system.upper().endswith(_WGS84):
                points.append(Said.of(point).text("gml:pos"))
    return [
        (pair[0], pair[1]) for point in points if point and len(pair := re.split(r"[\s,]+", point)) in {2, 3}
    ]


def _basic_geo(said: Said) -> list[tuple[str, str]]:
    levels = (said, *map(Said.of, said.all("geo:point")))
    return [(level.text("geo:lat") or "", level.text("geo:long", "geo:lon") or "") for level in levels]


def _degrees(said: str) -> float | None:
    return float(said) if _DEGREES.fullmatch(said) else None
