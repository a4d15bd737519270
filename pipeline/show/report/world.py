"""The world map's projection and the shapes of countries on it.

The projection is Equal Earth (Šavrič, Patterson, Jenny 2018, doi:10.1080/13658816.2018.1504949):
areas keep their shares, so a large land far north does not weigh more than it is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from functools import cache

from pipeline import tsv

WIDTH = 960.0
HEIGHT = 430.0
"""Size of the map; what is south of Patagonia is cut off."""

_A1, _A2, _A3, _A4 = 1.340264, -0.081106, 0.000893, 0.003796
_M = math.sqrt(3) / 2
_HALF_WIDTH = 2.7066297  # x at 180 degrees east on the equator
_TOP = 1.275  # y at 80 degrees north or so
_SCALE = WIDTH / (2 * _HALF_WIDTH)


def project(longitude: float, latitude: float) -> tuple[float, float]:
    """Return where a point in degrees lies on the map: to the right and down from its corner."""
    theta = math.asin(_M * math.sin(math.radians(latitude)))
    squared = theta * theta
    sixth = squared**3
    derivative = _A1 + 3 * _A2 * squared + sixth * (7 * _A3 + 9 * _A4 * squared)
    x = math.radians(longitude) * math.cos(theta) / (_M * derivative)
    y = theta * (_A1 + _A2 * squared + sixth * (_A3 + _A4 * squared))
    return WIDTH / 2 + x * _SCALE, (_TOP - y) * _SCALE


@cache
def shapes() -> dict[str, str]:
    """Return the outline of each country (ISO 3166-1 alpha-3) as the `d` of an SVG path."""
    return {
        country: "".join(_path(ring) for ring in rings.split(";"))
        for country, rings in tsv.rows("pipeline.show.report", "data/world.tsv")
    }


def _path(ring: str) -> str:
    return "M" + "L".join(_thinned(_projected(ring.split(",")))) + "Z"


def _projected(points: Iterable[str]) -> Iterator[tuple[float, float]]:
    for point in points:
        longitude, latitude = point.split(" ")
        yield project(int(longitude) / 10, int(latitude) / 10)


def _thinned(points: Iterable[tuple[float, float]]) -> Iterator[str]:
    """Yield the points as text, without those that fall on the one before."""
    before = ""
    for x, y in points:
        text = f"{x:.1f} {y:.1f}"
        if text != before:
            yield text
        before = text
