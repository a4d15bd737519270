"""Where the places of a story lie: which town of a name, its coordinates, how exact they are.

Of several towns of one name in one country the likeliest is taken: by people, by the state that
stands behind the name or is named elsewhere in the story, by nearness to the story's other places.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

from pipeline.enrich.entities.merge import Group
from pipeline.enrich.lexicon import Lexicon, Town, phrase
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
_NEAR_KM = 150.0
_NEAR, _STATED, _NAMED = 2.0, 4.0, 1.5
_MOST_ANCHORS = 40
_EARTH_KM = 6371.0
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
    states = {found.admin1 for found in chosen.values() if found.exactness == "admin1"}
    begins = {
        span.start: found.admin1
        for index, found in chosen.items()
        if found.exactness == "admin1" and found.admin1
        for span in groups[index].spans
    }
    for index, towns in open_:
        behind = _state_behind(text, groups[index], begins)
        best = max(towns, key=lambda town: _score(town, anchors[:_MOST_ANCHORS], behind, states))
        chosen[index] = of_town(best)
    return chosen


def of_town(town: Town) -> Location:
    """Return a town's location."""
    return Location("city", int(town[1]), town[2], town[3], town[4] or None)


def of_country(country: str, lexicon: Lexicon) -> Location | None:
    """Return the middle of a country's towns."""
    centre = lexicon.centres.get(country)
    return Location("country", int(centre[1]), centre[2], centre[3]) if centre else None


def of_state(country: str, name: str, lexicon: Lexicon) -> Location | None:
    """Return the middle of the towns of a state of the USA."""
    centre = lexicon.centres.get(f"{country} {name}")
    if centre is None:
        return None
    return Location("admin1", int(centre[1]), centre[2], centre[3], centre[4])


def apart_km(first: Point, second: Point) -> float:
    """Return the distance of two points (degrees north and east) along the sphere."""
    north, south = math.radians(first[0]), math.radians(second[0])
    turn = math.radians(second[1] - first[1])
    half = math.sin((south - north) / 2) ** 2
    half += math.cos(north) * math.cos(south) * math.sin(turn / 2) ** 2
    return 2 * _EARTH_KM * math.asin(math.sqrt(min(1.0, half)))


def _listed(text: str, group: Group, lexicon: Lexicon) -> Location | tuple[Town, ...] | None:
    """Return the location of a country or state, else the towns that a place may be."""
    first = group.spans[0]
    name = next((span.name for span in group.spans if span.name is not None), None)
    country = group.country or ""
    surface = lexicon.as_listed(phrase(text[first.start : first.end]))
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
    state = name is not None and name.source == "us_states.tsv" and name.country == country
    if state and name is not None and not (name.canonical in TOWNS_BEFORE_STATES and towns):
        return of_state(country, name.canonical, lexicon) or towns
    return towns


def _score(
    town: Town, anchors: Sequence[Point], behind: str | None, states: set[str | None]
) -> float:
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
