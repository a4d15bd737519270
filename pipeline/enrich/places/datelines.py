"""The place of a dateline: its country, its coordinates."""

from __future__ import annotations

import re
from functools import cache

from pipeline.enrich.lexicon import Lexicon, phrase, rows
from pipeline.enrich.places.locate import (
    TOWNS_BEFORE_STATES,
    of_country,
    of_division,
    of_town,
    rather_division,
)
from pipeline.model import Location

_NOISE = re.compile(r"[*}{<>+=_#]")
_AND = re.compile(r" (?:and|AND|&) ")
_SAINT = re.compile(r"^(?:St|ST)\.? ")
_WIDE = frozenset({"countries.tsv", "policy.tsv", "us_states.tsv"})
_TOWNS = TOWNS_BEFORE_STATES | {"Quebec"}
"""States and provinces whose names are towns where a dateline has them."""
_SHORTEST = 4
"""Shorter ones in capitals may be letters: "UAE"."""
_SMALL_WORDS = frozenset(
    {"de", "do", "da", "del", "la", "le", "es", "am", "an", "der", "of", "the"}
)


def dateline_place(dateline: str | None, lexicon: Lexicon) -> tuple[str | None, Location | None]:
    """Return country and location of a dateline ("BAKU, Nov 28 (AFP) -", "Paris, Texas").

    Of several places ("PARIS/BONN") the first counts; a country or state behind a town says which
    town is meant.
    """
    if not dateline:
        return None, None
    parts = [_NOISE.sub("", part).strip(" -.") for part in re.split(r"[,(/]", dateline)]
    parts[0] = _in_english(parts, lexicon)
    joined = _AND.split(parts[0])
    if len(joined) > 1 and _country(parts[0], lexicon)[0] is None:
        parts = joined[:1]
    country: str | None = None
    for part in parts[:2]:
        found, is_wide = _country(part, lexicon)
        if found is not None and (
            country is None or (is_wide and _division(part, country, lexicon)[0] is None)
        ):
            country = found
        if found is not None and "/" in dateline:
            break
    if country is None:
        return None, None
    keys = _forms(parts[0], lexicon)
    towns = next((lexicon.towns[k, country] for k in keys if (k, country) in lexicon.towns), ())
    own, is_state = _division(parts[0], country, lexicon)
    if own is not None and (is_state or rather_division(own, towns)):
        return country, own
    if not towns:
        return country, of_country(country, lexicon)
    behind = _division(parts[1], country, lexicon)[0] if len(parts) > 1 else None
    inside = [town for town in towns if behind is not None and town[4] == behind.admin1]
    return country, of_town((inside or list(towns))[0])


def as_written(place: str, lexicon: Lexicon) -> str:
    """Return a dateline's place as a sentence has it: `RIO DE JANEIRO` → "Rio de Janeiro"."""
    if not place.isupper() or len(place) < _SHORTEST:
        return place
    key = phrase(place)
    name = lexicon.names.get(key)
    if name is not None and name.kind == "GPE":
        return name.canonical
    town = iter(lexicon.shouted.get(key, place.title()).replace(" ", ""))
    return "".join(sign if sign.isspace() else next(town, sign) for sign in place)


@cache
def _own_names() -> dict[str, tuple[str, str]]:
    """Return country and name in the lists of towns that other languages call otherwise."""
    names = rows("dateline_names.tsv")
    return {phrase(name).casefold(): (country, town) for name, country, town in names}


def _in_english(parts: list[str], lexicon: Lexicon) -> str:
    """Return the first place under the name that the lists have for it.

    Where a state behind it is another one (`ROMA, Texas`) it is its own name.
    """
    country, town = _own_names().get(phrase(parts[0]).casefold(), (None, parts[0]))
    behind, is_wide = _country(parts[1], lexicon) if len(parts) > 1 else (None, False)
    return parts[0] if is_wide and behind != country else town


def _country(part: str, lexicon: Lexicon) -> tuple[str | None, bool]:
    """Return a part's country, and whether it names a country or state."""
    for key in _forms(part, lexicon):
        name = lexicon.names.get(key)
        if name is not None and name.country and name.kind in ("GPE", "LOC"):
            return name.country, name.source in _WIDE
        places = lexicon.cities.get(key)
        if places:
            return places[0][0], False
    return None, False


def _division(part: str, country: str, lexicon: Lexicon) -> tuple[Location | None, bool]:
    """Return the location of a division of a country, and whether a part names no town beside it.

    It does not where it is a state of the USA that no town is better known than.
    """
    for key in _forms(part, lexicon):
        name = lexicon.names.get(key)
        if name is not None and name.source == "us_states.tsv" and name.country == country:
            is_town = name.canonical in _TOWNS
            return of_division(country, name.canonical, lexicon), not is_town
        if (found := of_division(country, key, lexicon)) is not None:
            return found, False
    return None, False


def _forms(part: str, lexicon: Lexicon) -> list[str]:
    """Return the look-up forms of a part; an abbreviated state keeps its dot in the lists."""
    titled = part.title().split()
    lowered = [w.lower() if i and w.lower() in _SMALL_WORDS else w for i, w in enumerate(titled)]
    written = [part, f"{part}.", part.title(), " ".join(lowered), part.upper()]
    if _SAINT.match(part):
        written += [_SAINT.sub(saint, part.title()) for saint in ("St. ", "Saint ")]
    forms = [phrase(form) for form in written]
    shouted = lexicon.shouted.get(phrase(part).upper())
    return [*forms, shouted] if shouted else forms
