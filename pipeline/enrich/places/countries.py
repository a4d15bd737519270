"""Which country a place belongs to, as far as the text says it.

A place name that several countries have goes to the one with most people, unless the story speaks
for another: what stands right after it ("Paris, Texas"), and the countries of the names that have
one reading only.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.enrich.entities.merge import Group
from pipeline.enrich.entities.spans import Span, listed
from pipeline.enrich.lexicon import Lexicon, phrase, tokenize, word_set

_SUPPORT = 4.5
_BIG_CITY = 100_000
_WORLD_CITY = 500_000
_TIMES = 10
"""So many times the people of another country's town of the name has one that the world knows."""
_COUNTRIES = "countries.tsv"
_COMPANY_ENDS = word_set(
    "Inc Corp Co Ltd Plc PLC SA AG NV LP Group Holdings Industries Systems Bancorp"
)
# Bodies that a town or county runs: its name in theirs is a place.
_CIVIC_ENDS = word_set(
    """Police Department Council Court County Parish School Schools College University Hospital
    Authority Commission Board Committee District Office Fire Chamber Airport Park Library Museum
    Church Township Center Centre Hall Street Road Stadium Cathedral Prison Jail Government"""
)
_ADJECTIVE = re.compile(r"^(?:pro|anti|ex|pre|post|non|neo|trans)-|-[a-z]+$", re.IGNORECASE)
_AFTER = re.compile(r"(?:,\s+|\s+\(|\s+in\s+)$")


@dataclass(frozen=True, slots=True)
class Support:
    """How strongly the unambiguous names of a story speak for each country.

    `of_places` are those within a country alone, not itself and its people: who bombs Damascus does
    not say where it lies.
    """

    of_names: dict[str, float]
    of_places: dict[str, float]

    def add(self, country: str, weight: float) -> None:
        """Count a country that is known beforehand, as a place in it."""
        for known in (self.of_names, self.of_places):
            known[country] = known.get(country, 0.0) + weight


def support_of(text: str, groups: Sequence[Group], lexicon: Lexicon) -> Support:
    """Say how strongly the unambiguous names of the story speak for each country."""
    support = Support({}, {})
    for group in groups:
        weight = 1 + math.log(len(group.spans))
        name = group.spans[0].name
        is_whole = name is not None and (name.kind == "NORP" or name.source == _COUNTRIES)
        for country in _readings(text, group.spans[0], lexicon):
            if is_whole:
                support.of_names[country] = support.of_names.get(country, 0.0) + weight
            else:
                support.add(country, weight)
    return support


def _readings(text: str, span: Span, lexicon: Lexicon) -> tuple[str, ...]:
    """Return the country of a name that has one reading; none of an ambiguous one."""
    name = span.name
    if name is None:
        if span.kind in ("ORG", "FAC", "GPE", "LOC"):
            codes = lexicon.divisions.get(phrase(text[span.start : span.end]), ())
            return codes if len(codes) == 1 else ()
        return ()
    key = phrase(text[span.start : span.end])
    if name.source == "cities.tsv":
        places = lexicon.cities.get(key, ())
        return (places[0][0],) if len(places) == 1 and places[0][1] > 20_000 else ()
    if name.kind in ("ORG",):
        return ()
    if key == "Georgia" or key in lexicon.shared or name.country is None:
        return ()
    return (name.country,)


def place_country(
    text: str,
    group: Group,
    spans: Sequence[Span],
    support: Support,
    lexicon: Lexicon,
) -> str | None:
    """Return the country of a place; `spans` are all names of the story, in order.

    A town that the world knows is that town unless places of another country stand beside it.
    """
    candidates: dict[str, float] = defaultdict(float)
    key = lexicon.as_listed(phrase(text[group.spans[0].start : group.spans[0].end]))
    name = group.spans[0].name
    if name is not None and name.source in ("policy.tsv", _COUNTRIES) and key != "Georgia":
        others = lexicon.shared.get(key, ())
        elsewhere = _of_shared(text, group, spans, support.of_names, others) if others else None
        return elsewhere or name.country
    if name is not None and name.source == "organisations.tsv":
        return name.country
    if key == "Georgia":
        candidates.update({"GEO": 6.0, "USA": 6.0})
    elif name is not None and name.source == "us_states.tsv":
        candidates[name.country or "USA"] = 6.5
    for country, people in lexicon.cities.get(key, ()):
        candidates[country] = max(candidates[country], math.log10(people + 10))
    for country in lexicon.divisions.get(key, ()):
        candidates[country] = max(candidates[country], 5.0)
    for span in group.spans:
        stated = _stated_after(text, span, spans)
        if stated:
            candidates[stated] += 6.0
            break
    if not candidates:
        return _unlisted(text, group, support.of_names, lexicon)
    home = _known_home(key, lexicon)
    if home is None:
        return _best(candidates, support.of_names)
    total = sum(support.of_names.values())
    return _best(candidates, {**support.of_places, home: support.of_names.get(home, 0.0)}, total)


def _known_home(key: str, lexicon: Lexicon) -> str | None:
    """Return the country of a name's largest town where the world knows it.

    It is a capital, or far larger than the towns of the name elsewhere.
    """
    towns = lexicon.cities.get(key, ())
    if not towns:
        return None
    (country, people), *others = towns
    far_larger = people >= _WORLD_CITY and all(_TIMES * p <= people for _, p in others)
    return country if far_larger or lexicon.capitals.get(key) == country else None


def _of_shared(
    text: str,
    group: Group,
    spans: Sequence[Span],
    support: Mapping[str, float],
    others: Sequence[str],
) -> str | None:
    """Return the one of `others` that stands behind a land of several countries.

    Else the one that the story speaks for, where it speaks for its first country nowhere.
    """
    behind = {_stated_after(text, span, spans) for span in group.spans}
    first = group.spans[0].name.country if group.spans[0].name is not None else None
    is_open = first not in behind and not support.get(first or "", 0.0)
    for other in others:
        if other in behind or (is_open and support.get(other, 0.0) > 0.0):
            return other
    return None


def _stated_after(text: str, span: Span, spans: Sequence[Span]) -> str | None:
    """Return the country or state that follows a place ("Gainesville, Ga.", "Cork in Ireland")."""
    place = bisect_left(spans, span.end, key=lambda other: other.start)
    if place == len(spans) or (other := spans[place]).start > span.end + 4:
        return None
    if other.kind in ("GPE", "LOC") and _AFTER.search(text, span.end, other.start):
        key = phrase(text[other.start : other.end])
        if key in ("Georgia", "Ga", "Ga ."):
            return "USA"
        if other.name is not None and other.name.source != "cities.tsv":
            return other.name.country
    return None


def _unlisted(
    text: str, group: Group, support: Mapping[str, float], lexicon: Lexicon
) -> str | None:
    """Return a place on no list: the country of a listed place in its name, else of a clear
    majority."""
    surface = text[group.spans[0].start : group.spans[0].end]
    base = _ADJECTIVE.sub("", surface)
    if base != surface and " " not in phrase(base):
        listed_name = lexicon.names.get(phrase(base))
        if listed_name is not None and listed_name.kind in ("GPE", "LOC", "NORP"):
            return listed_name.country
        return _likeliest(phrase(base), lexicon, support)
    inner = inner_country(surface, lexicon, support)
    if inner:
        return inner
    if re.search(r" (?:County|Parish|Township)$", surface) and set(support) <= {"USA"}:
        return "USA"
    if group.kind in ("GPE", "FAC", "LOC") and support:
        top, weight = min(support.items(), key=lambda item: (-item[1], item[0]))
        if weight >= 2 and weight > 0.6 * sum(support.values()):
            return top
    return None


def inner_country(surface: str, lexicon: Lexicon, support: Mapping[str, float]) -> str | None:
    """Return the country of a place inside a longer name: a country or state first, else a town."""
    town: str | None = None
    last = surface.rsplit(" ", 1)[-1]
    company, civic = last in _COMPANY_ENDS, last in _CIVIC_ENDS
    for span in listed(tokenize(surface), lexicon):
        name, key = span.name, phrase(surface[span.start : span.end])
        if name is None or name.kind == "ORG":
            continue
        sure = name.source in (_COUNTRIES, "policy.tsv", "us_states.tsv")
        if sure and name.country and key != "Georgia":
            return name.country
        if key not in lexicon.common_words and town is None:
            town = _likeliest(key, lexicon, support)
            people = lexicon.cities.get(key, (("", 0),))[0][1]
            if company or not (civic or people >= _BIG_CITY or support.get(town or "")):
                town = None
    return town


def _likeliest(key: str, lexicon: Lexicon, support: Mapping[str, float]) -> str | None:
    """Return the likeliest country of a town's or division's name, given what the story speaks
    for."""
    candidates: dict[str, float] = defaultdict(float)
    for country, people in lexicon.cities.get(key, ()):
        candidates[country] = math.log10(people + 10)
    for country in lexicon.divisions.get(key, ()):
        candidates[country] = max(candidates[country], 5.0)
    return _best(candidates, support)


def _best(
    candidates: dict[str, float], support: Mapping[str, float], total: float | None = None
) -> str | None:
    total = total or sum(support.values()) or 1.0
    scored = {c: value + _SUPPORT * support.get(c, 0.0) / total for c, value in candidates.items()}
    return min(scored.items(), key=lambda item: (-item[1], item[0]))[0] if scored else None
