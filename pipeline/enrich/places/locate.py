"""Where the places of a story lie: which town of a name, its coordinates, how exact they are.

Of several towns of one name in one country the likeliest is taken: by people, by the state that
stands behind the name or is named elsewhere in the story, by nearness to the story's other places.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Literal

from pipeline.enrich.entities.merge import Group
from pipeline.enrich.lexicon import Lexicon, Town, phrase, word_set
from pipeline.model import Location

_PLACES = frozenset({"GPE", "LOC", "FAC"})
TOWNS_BEFORE_STATES = frozenset({"Washington", "New York"})
STATES_OF_POLICY = frozenset(
    (
        *("Taiwan", "Hong Kong", "Macau", "Western Sahara", "Kosovo", "Falkland Islands"),
        *("Gibraltar", "Guam", "Puerto Rico", "Vatican", "Myanmar", "Korea", "Congo", "Zaire"),
        *("Rhodesia", "Soviet Union", "Yugoslavia", "Serbia and Montenegro", "Czechoslovakia"),
        *("East Germany", "West Germany"),
    )
)
"""What of the policy table is or was a state or territory with a code, and no part of one."""
_SURE_FROM = 250_000
_LARGE = 100_000
_NEAR_KM = 150.0
_NEAR, _STATED, _NAMED = 2.0, 4.0, 1.5
_MOST_ANCHORS = 40
_EARTH_KM = 6371.0
_SIDES = word_set(
    """
    north south east west northern southern eastern western central upper lower greater
    north-east north-west south-east south-west northeast northwest southeast southwest
    northeastern northwestern southeastern southwestern
    """
)
_DIVISIONS = word_set(
    "province state region governorate oblast prefecture district department island islands valley"
)
_GOVERNED = word_set("City Commune County Port Province State Town Village")
_BEHIND = re.compile(r",\s*$")

Point = tuple[float, float]


def locate(
    text: str, groups: Sequence[Group], lexicon: Lexicon, dateline: Location | None = None
) -> dict[int, Location]:
    """Return the location of each place that has one, by the group's index; countries are known."""
    chosen: dict[int, Location] = {}
    open_: list[tuple[int, tuple[Town, ...]]] = []
    anchors: list[Point] = []
    if dateline is not None and dateline.exactness == "city":
        anchors.append(_point(dateline))
    for index, group in enumerate(groups):
        if group.kind not in _PLACES or group.country is None:
            continue
        known = _listed(text, group, lexicon)
        if isinstance(known, Location):
            chosen[index] = known
            if known.exactness != "country":
                anchors.append(_point(known))
        elif known:
            open_.append((index, known))
            if len(known) == 1 or known[0][0] >= _SURE_FROM:
                anchors.append((known[0][2], known[0][3]))
    divisions = {
        index: (groups[index].country, found.admin1)
        for index, found in chosen.items()
        if found.exactness == "admin1" and found.admin1
    }
    begins = {
        span.start: divisions[index][1] for index in divisions for span in groups[index].spans
    }
    for index, towns in open_:
        behind = _state_behind(text, groups[index], begins)
        states = {code for country, code in divisions.values() if country == groups[index].country}
        best = max(towns, key=lambda town: _score(town, anchors[:_MOST_ANCHORS], behind, states))
        chosen[index] = of_town(best)
    return chosen


def of_town(town: Town) -> Location:
    """Return the location of a town, or of a county, which has no GeoNames id."""
    exactness: Literal["city", "admin1"] = "city" if town[1] else "admin1"
    return Location(exactness, int(town[1]) if town[1] else None, *town[2:4], town[4] or None)


def of_country(country: str, lexicon: Lexicon) -> Location | None:
    """Return the middle of a country's towns."""
    centre = lexicon.centres.get(country)
    return Location("country", int(centre[1]), centre[2], centre[3]) if centre else None


def of_division(country: str, name: str, lexicon: Lexicon) -> Location | None:
    """Return the middle of the towns of a division, an island or a land, by its phrase.

    Outside the USA the middle has no GeoNames id, and a land of several divisions no code.
    """
    middle = lexicon.middles.get((country, name))
    if middle is None:
        return None
    _, geonameid, north, east, division = middle
    return Location("admin1", int(geonameid) if geonameid else None, north, east, division or None)


def rather_division(division: Location | None, towns: Sequence[Town]) -> bool:
    """Say whether a name is that of a division rather than of one of `towns`, which it has too.

    A town that lies in the division of its name is its seat, and a large one is named more often
    ("Quebec"); a village elsewhere is not ("Ontario").
    """
    if division is None:
        return False
    return not any(
        town[0] >= _LARGE or (division.admin1 is not None and town[4] == division.admin1)
        for town in towns
    )


def apart_km(first: Point, second: Point) -> float:
    """Return the distance of two points (degrees north and east) along the sphere."""
    north, south = math.radians(first[0]), math.radians(second[0])
    turn = math.radians(second[1] - first[1])
    half = math.sin((south - north) / 2) ** 2
    half += math.cos(north) * math.cos(south) * math.sin(turn / 2) ** 2
    return 2 * _EARTH_KM * math.asin(math.sqrt(min(1.0, half)))


def _listed(text: str, group: Group, lexicon: Lexicon) -> Location | tuple[Town, ...] | None:
    """Return the location of a country or division, else the towns that a place may be."""
    first = group.spans[0]
    name = next((span.name for span in group.spans if span.name is not None), None)
    country = group.country or ""
    surface = lexicon.as_listed(phrase(text[first.start : first.end]))
    if name is None:  # a state's abbreviation that lost its last dot ("W.Va")
        name = lexicon.names.get(f"{surface} .")
    keys = (surface, name.canonical if name is not None else surface, surface.title())
    towns = next((lexicon.towns[k, country] for k in keys if (k, country) in lexicon.towns), None)
    if (
        name is not None
        and name.country == country
        and (
            name.source == "countries.tsv"
            or (name.source == "policy.tsv" and name.canonical in STATES_OF_POLICY)
        )
    ):
        return of_country(country, lexicon)
    division = next(filter(None, (of_division(country, k, lexicon) for k in keys)), None)
    if name is not None and name.source == "us_states.tsv" and name.country == country:
        return towns if name.canonical in TOWNS_BEFORE_STATES and towns else division or towns
    if division is None and not towns:
        return _inner(surface.split(), group.kind, country, lexicon)
    return division if rather_division(division, towns or ()) else towns


def _inner(
    words: Sequence[str], kind: str, country: str, lexicon: Lexicon
) -> Location | tuple[Town, ...] | None:
    """Return where the place in a name lies: "South Philadelphia", "City of Utica".

    A building goes by a larger town or a division that it begins with, but not by a word that is a
    person's name too ("Lincoln Center").
    """
    people = lexicon.names.get(words[0]) if words else None
    if len(words) > 1 and (
        words[0].casefold() in _SIDES or (people is not None and people.kind == "NORP")
    ):
        held = [words[1:]]
    elif len(words) > 1 and words[-1].casefold() in _DIVISIONS:
        held = [words[:-1]]
    elif len(words) > 2 and words[0] in _GOVERNED and words[1] == "of":
        held = [words[2:]]
    elif kind == "FAC" and not _is_persons(words[0], lexicon):
        held = [words[:n] for n in range(len(words) - 1, 0, -1)]
    else:
        return None
    for key in map(" ".join, held):
        towns = lexicon.towns.get((key, country), ())
        division = of_division(country, key, lexicon)
        if rather_division(division, towns):
            return division
        if towns and (kind != "FAC" or towns[0][0] >= _LARGE):
            return towns
    return None


def _is_persons(word: str, lexicon: Lexicon) -> bool:
    return word in lexicon.first_names or word in lexicon.last_names


def _score(town: Town, anchors: Sequence[Point], behind: str | None, states: set[str]) -> float:
    score = math.log10(town[0] + 10)
    if behind is not None:
        score += _STATED if town[4] == behind else 0.0
    elif town[4] in states:
        score += _NAMED
    others = [apart_km((town[2], town[3]), point) for point in anchors]
    others = [far for far in others if far > 0.0]
    if others:
        score += _NEAR * math.exp(-min(others) / _NEAR_KM)
    return score


def _state_behind(text: str, group: Group, states: Mapping[int, str]) -> str | None:
    """Return the state that stands behind a town ("Paris, Texas"); `states` are by where they
    begin."""
    starts = (
        start
        for span in group.spans
        for start in range(span.end + 1, span.end + 4)
        if start in states and _BEHIND.search(text, span.end, start)
    )
    found = next(starts, None)
    return states[found] if found is not None else None


def _point(location: Location) -> Point:
    return location.latitude or 0.0, location.longitude or 0.0
