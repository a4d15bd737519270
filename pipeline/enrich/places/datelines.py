"""The place of a dateline: its country, its coordinates."""

from __future__ import annotations

import re
from functools import cache

from pipeline.enrich.lexicon import Lexicon, phrase, rows
from pipeline.enrich.places.locate import (
    TOWNS_BEFORE_STATES,
    of_country,
    of_state,
    of_town,
)
from pipeline.model import Location

_NOISE = re.compile(r"[*}{<>+=_#]")
_AND = re.compile(r" (?:and|AND|&) ")
_SAINT = re.compile(r"^(?:St|ST)\.? ")
_WIDE = frozenset({"countries.tsv", "policy.tsv", "us_states.tsv"})
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
    wide: str | None = None
    for part in parts[:2]:
        found, is_wide, state = _country(part, lexicon)
        if found is not None and (country is None or is_wide):
            country, wide = found, state or wide
        if found is not None and "/" in dateline:
            break
    if country is None:
        return None, None
    keys = _forms(parts[0], lexicon)
    towns = next((lexicon.towns[k, country] for k in keys if (k, country) in lexicon.towns), None)
    state = _country(parts[0], lexicon)[2]
    if state is not None and state not in TOWNS_BEFORE_STATES:
        return country, of_state(country, state, lexicon) or of_country(country, lexicon)
    if towns is None:
        return country, of_country(country, lexicon)
    stated = of_state(country, wide, lexicon) if wide else None
    inside = [town for town in towns if stated is not None and town[4] == stated.admin1]
    return country, of_town((inside or list(towns))[0])


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
    behind, is_wide, _ = _country(parts[1], lexicon) if len(parts) > 1 else (None, False, None)
    return parts[0] if is_wide and behind != country else town


def _country(part: str, lexicon: Lexicon) -> tuple[str | None, bool, str | None]:
    """Return a part's country, whether it names a country or state, and which state."""
    for key in _forms(part, lexicon):
        name = lexicon.names.get(key)
        if name is not None and name.country and name.kind in ("GPE", "LOC"):
            state = name.canonical if name.source == "us_states.tsv" else None
            return name.country, name.source in _WIDE, state
        places = lexicon.cities.get(key)
        if places:
            return places[0][0], False, None
    return None, False, None


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
