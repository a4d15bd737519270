"""The region a story is about, by weighing what a wire desk would look at.

Weights (the sum for a country speaks for its UN M49 sub-region): the dateline, names in the
headline, in the lead and further down (each further mention of one name counts less), and what
money and company forms say. Below `_LEAST` of evidence, or without a lead of `_MARGIN` of all
evidence over the next region, the answer is `unknown`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from pipeline.enrich.lexicon import Lexicon, load_lexicon, rows
from pipeline.model import Entity, Event, RegionEvidence

UNKNOWN = "unknown"
_CURRENCY_AFTER = re.compile(
    r"[- ](?:dlrs?|dollars?|francs?|crowns?|pesos?|pounds?|marks?|yen|cts|cents)\b", re.IGNORECASE
)
DATELINE, HEADLINE, LEAD, BODY = 4.0, 3.0, 1.5, 0.6
CODE, EVENT = 4.0, 0.5
_KIND_WEIGHT = {"GPE": 1.0, "NORP": 1.0, "LOC": 0.8, "FAC": 0.6, "ORG": 0.7, "PERSON": 0.4}
_MONEY = 1.0
_LEAST, _MARGIN = 0.4, 0.02
_SHARE_LISTED = 0.1
_MOST_EVIDENCE = 40
_WORDS = re.compile(r"\w+|[$£¥]")


@dataclass(frozen=True, slots=True)
class Regions:
    """What the evidence comes to: primary region, all regions, all countries, the evidence."""

    primary: str
    regions: tuple[str, ...]
    countries: tuple[str, ...]
    evidence: tuple[RegionEvidence, ...]


@dataclass(frozen=True, slots=True)
class Sign:
    """What tells a country besides places: a row of `data/money.tsv`."""

    kind: str
    country: str
    weight: float
    pattern: re.Pattern[str]
    words: tuple[frozenset[str], ...]
    """What stands in a text that the pattern matches: all words of one of these at least."""

    def search(self, text: str) -> str | None:
        """Return the first words of a text that the pattern matches."""
        match = self.pattern.search(text)
        return match.group() if match else None


@lru_cache(maxsize=1)
def signs() -> tuple[Sign, ...]:
    """Read the rows of `data/money.tsv`."""
    return tuple(
        Sign(
            *(kind, country, float(weight), re.compile(pattern)),
            tuple(frozenset(held.split()) for held in words.split("|")),
        )
        for kind, country, weight, pattern, words in rows("money.tsv")
    )


def signs_of(text: str) -> list[tuple[Sign, str]]:
    """Return the signs that a text has, in the order of the list, with the words of each."""
    index = _signs_by_word()
    words = frozenset(_WORDS.findall(text))
    near = {n for word in words & index.keys() for n, held in index[word] if held <= words}
    found = ((sign, sign.search(text)) for sign in map(signs().__getitem__, sorted(near)))
    return [(sign, matched) for sign, matched in found if matched is not None]


@lru_cache(maxsize=1)
def _signs_by_word() -> dict[str, list[tuple[int, frozenset[str]]]]:
    """Index the signs' words by the longest of each: the number of the sign, and all words."""
    index: dict[str, list[tuple[int, frozenset[str]]]] = defaultdict(list)
    for number, sign in enumerate(signs()):
        for held in sign.words:
            index[max(held, key=lambda word: (len(word), word))].append((number, held))
    return dict(index)


def weigh(
    text: str,
    headline_end: int,
    lead_end: int,
    entities: Sequence[Entity],
    *,
    dateline: tuple[str, str] | None,
    codes: Sequence[tuple[str, str]] = (),
    events: Sequence[Event] = (),
) -> Regions:
    """Weigh all evidence. `dateline` and `codes` are (words, country)."""
    evidence: list[RegionEvidence] = []
    if dateline is not None:
        evidence.append(RegionEvidence("dateline", dateline[0], dateline[1], DATELINE))
    evidence += [RegionEvidence("code", value, country, CODE) for value, country in codes]
    for entity in entities:
        if entity.country:
            evidence += _named(entity, text, headline_end, lead_end)
    scenes = {e.place_country: e for e in reversed(events) if _is_of_story(e)}
    evidence += [
        RegionEvidence("event", event.place or country, country, EVENT)
        for country, event in scenes.items()
        if country is not None
    ]
    evidence += [
        RegionEvidence(sign.kind, found, sign.country, sign.weight * _MONEY)
        for sign, found in signs_of(text)
    ]
    return choose_regions(evidence, load_lexicon())


def _is_of_story(event: Event) -> bool:
    """Say whether the act's own clause says where it was."""
    of_story = event.place_from in {None, "clause"} and not event.negated
    return of_story and event.place_country is not None


def _named(entity: Entity, text: str, headline_end: int, lead_end: int) -> list[RegionEvidence]:
    weights: dict[str, float] = defaultdict(float)
    for mention in entity.mentions:
        if _CURRENCY_AFTER.match(text, mention.end):
            continue  # "Canadian dlr": money, which has its own weight
        if mention.start < headline_end:
            weights["headline"] = HEADLINE
        elif mention.start < lead_end:
            weights["lead"] = LEAD
        else:
            weights["body"] = BODY + (weights["body"] * 0.7)
    factor = _KIND_WEIGHT.get(entity.kind, 0.3)
    return [
        RegionEvidence(where, entity.name, entity.country, round(weight * factor, 4))
        for where, weight in weights.items()
    ]


def choose_regions(evidence: Sequence[RegionEvidence], lexicon: Lexicon) -> Regions:
    """Sum the evidence by country and region and choose."""
    countries: dict[str, float] = defaultdict(float)
    regions: dict[str, float] = defaultdict(float)
    for item in evidence:
        if item.country:
            countries[item.country] += item.weight
            region = lexicon.region_of.get(item.country)
            if region:
                regions[region] += item.weight
    total = sum(regions.values())
    ordered = sorted(regions.items(), key=lambda pair: (-pair[1], pair[0]))
    primary = UNKNOWN
    if ordered and ordered[0][1] >= _LEAST:
        second = ordered[1][1] if len(ordered) > 1 else 0.0
        if ordered[0][1] - second >= _MARGIN * total:
            primary = ordered[0][0]
    listed = tuple(slug for slug, weight in ordered if weight >= _SHARE_LISTED * total)
    by_weight = sorted(countries.items(), key=lambda pair: (-pair[1], pair[0]))
    strongest = sorted(evidence, key=lambda e: (-e.weight, e.kind, e.text, e.country or ""))
    return Regions(
        primary,
        listed,
        tuple(country for country, _ in by_weight),
        tuple(strongest[:_MOST_EVIDENCE]),
    )
