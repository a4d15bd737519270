"""Makes the shapes of countries for maps from Natural Earth's, by npm's package world-atlas.

    npm pack world-atlas@2.0.2 && tar xzf world-atlas-2.0.2.tgz
    python -m training.world package/countries-110m.json

Natural Earth draws who holds a land; the lake counts it as `policy.tsv` does. So the two are
brought together here: Northern Cyprus and Somaliland are parts of Cyprus and Somalia, and Crimea of
Ukraine.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pycountry

TABLE = Path(__file__).resolve().parents[1] / "pipeline" / "show" / "report" / "data" / "world.tsv"
NAMED = {"N. Cyprus": "CYP", "Somaliland": "SOM", "Kosovo": "XKX"}
"""Countries of shapes that have no ISO code there."""
CRIMEA = (34.1, 45.2)
LEFT_OUT = frozenset({"ATA", "ATF"})
"""Antarctica and the French lands before it: they would take half the map's height."""

Point = tuple[float, float]


def rows(atlas: Mapping[str, Any]) -> Iterator[str]:
    """Yield the table's rows: country, then its rings as `longitude latitude,…;…` in tenths."""
    arcs = _arcs(atlas)
    shapes: dict[str, list[list[Point]]] = {}
    for shape in atlas["objects"]["countries"]["geometries"]:
        polygons = shape["arcs"] if shape["type"] == "MultiPolygon" else [shape["arcs"]]
        for polygon in polygons:
            outer = _ring(arcs, polygon[0])
            country = "UKR" if _inside(CRIMEA, outer) else _country(shape)
            if country not in LEFT_OUT:
                holes = (_ring(arcs, hole) for hole in polygon[1:])
                for ring in (outer, *holes):
                    shapes.setdefault(country, []).extend(_cut(ring))
    for country in sorted(shapes):
        written = [text for text in map(_written, shapes[country]) if text]
        if written:
            yield f"{country}\t{';'.join(written)}"


def _country(shape: Mapping[str, Any]) -> str:
    if "id" not in shape:
        return NAMED[shape["properties"]["name"]]
    found = pycountry.countries.get(numeric=shape["id"])
    if found is None:
        raise SystemExit(f"no country has the number {shape['id']}")
    return str(found.alpha_3)


def _arcs(atlas: Mapping[str, Any]) -> list[list[Point]]:
    """Return the arcs in degrees: TopoJSON holds them as steps on a grid (specification, 2.1.4)."""
    (scale_x, scale_y), (from_x, from_y) = (
        atlas["transform"]["scale"],
        atlas["transform"]["translate"],
    )
    arcs = []
    for steps in atlas["arcs"]:
        x = y = 0
        points = []
        for step_x, step_y in steps:
            x, y = x + step_x, y + step_y
            points.append((x * scale_x + from_x, y * scale_y + from_y))
        arcs.append(points)
    return arcs


def _ring(arcs: Sequence[Sequence[Point]], indices: Sequence[int]) -> list[Point]:
    ring: list[Point] = []
    for index in indices:
        points = arcs[index] if index >= 0 else arcs[~index][::-1]
        ring.extend(points if not ring else points[1:])
    return ring


def _inside(point: Point, ring: Sequence[Point]) -> bool:
    """Whether the point is in the ring: a ray to the east meets an odd number of its sides."""
    x, y = point
    is_inside = False
    for (x1, y1), (x2, y2) in zip(ring, [*ring[1:], ring[0]], strict=True):
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            is_inside = not is_inside
    return is_inside


def _cut(ring: Sequence[Point]) -> list[list[Point]]:
    """Return the ring, or its two halves where it lies on both sides of the 180th meridian.

    TopoJSON joins what Natural Earth has cut there: a side of such a ring would cross the map.
    """
    whole = [ring[0]]
    for x, y in ring[1:]:
        turns = round((whole[-1][0] - x) / 360)
        whole.append((x + 360 * turns, y))
    halves = []
    for turn in (-1, 0, 1):
        low, high = -180 + 360 * turn, 180 + 360 * turn
        half = _clipped(_clipped(whole, low, keep_east=True), high, keep_east=False)
        if half:
            halves.append([(x - 360 * turn, y) for x, y in half])
    return halves


def _clipped(ring: Sequence[Point], meridian: float, *, keep_east: bool) -> list[Point]:
    """Return what of the ring lies on one side of a meridian (Sutherland and Hodgman 1974)."""
    kept: list[Point] = []
    for (x1, y1), (x2, y2) in pairwise(ring):
        first, second = (x1 >= meridian) == keep_east, (x2 >= meridian) == keep_east
        if first:
            kept.append((x1, y1))
        if first != second and x1 != x2:
            kept.append((meridian, y1 + (y2 - y1) * (meridian - x1) / (x2 - x1)))
    return [*kept, kept[0]] if kept else []


def _written(ring: Sequence[Point]) -> str:
    """Return a ring in tenths of a degree, without points that fall together; "" if none."""
    points: list[tuple[int, int]] = []
    for x, y in ring:
        point = (round(x * 10), round(y * 10))
        if not points or points[-1] != point:
            points.append(point)
    triangle = 4  # the last point is the first one
    return ",".join(f"{x} {y}" for x, y in points) if len(points) >= triangle else ""


def main(path: Path) -> None:
    """Write the table, its head as it is shipped."""
    head = [line for line in TABLE.read_text("utf-8").splitlines() if line.startswith("#")]
    atlas = json.loads(path.read_text("utf-8"))
    TABLE.write_text("\n".join([*head, *rows(atlas)]) + "\n", "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
