"""Which country each place, person and body belongs to, as far as the text says it.

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

from pipeline.enrich.lexicon import Lexicon, phrase, tokenize, words
from pipeline.enrich.merge import Group
from pipeline.enrich.persons import title_before
from pipeline.enrich.spans import Span, listed

_SUPPORT = 4.5
_BIG_CITY = 100_000
_COMPANY_ENDS = words(
    "Inc Corp Co Ltd Plc PLC SA AG NV LP Group Holdings Industries Systems Bancorp"
)
# Bodies that a town or county runs: its name in theirs is a place.
_CIVIC_ENDS = words(
    """Police Department Council Court County Parish School Schools College University Hospital
    Authority Commission Board Committee District Office Fire Chamber Airport Park Library Museum
    Church Township Center Centre Hall Street Road Stadium Cathedral Prison Jail Government"""
)
_PLACES = frozenset({"GPE", "LOC", "FAC", "NORP"})
_OWNER = re.compile(
    r"\b(?:his|her|its|their|whose)\s+(?:[a-z-]+\s+){0,2}"
    r"(?:spokes(?:man|woman|person)|aide|deputy|lawyer|adviser|advisor|counterpart)s?\s*$"
)
_OWNED = re.compile(r"(?:['\u2019]s?)?\s+(?:[a-z-]+\s+){0,2}")
_APPOSED = re.compile(r",\s+(?:the\s+)?(?:[a-z-]+\s+){0,2}")
_FUNCTION = re.compile(r"(?:['\u2019]s)?\s+((?:[A-Za-z-]+\s?){1,4})")
_FUNCTION_OF = re.compile(r",\s+(?:the\s+)?((?:[A-Za-z-]+\s){1,4})of\s+(?:the\s+)?")
_AFTER = re.compile(r"(?:,\s+|\s+\(|\s+in\s+)$")


@dataclass(frozen=True, slots=True)
class _Scene:
    """What all names of one story are judged by.

    `known` are the countries of places by span, `support` how strongly the unambiguous names speak
    for each country.
    """

    text: str
    spans: Sequence[Span]
    support: Mapping[str, float]
    known: dict[Span, str]
    lexicon: Lexicon


def assign(text: str, groups: Sequence[Group], lexicon: Lexicon, hint: str | None = None) -> None:
    """Set `country` (and persons' `role`) of every group. `hint` is a country known beforehand."""
    spans = sorted((s for g in groups for s in g.spans), key=lambda s: s.start)
    support = _support(text, groups, lexicon)
    if hint:
        support[hint] += 2
    scene = _Scene(text, spans, support, {}, lexicon)
    for group in groups:
        if group.kind in _PLACES:
            group.country = _place_country(scene, group)
    scene.known.update({span: g.country for g in groups for span in g.spans if g.country})
    for group in groups:
        if group.kind == "PERSON":
            _person(scene, group)
        elif group.kind in ("ORG", "EVENT", "LAW", "FAC") and group.country is None:
            group.country = _body(scene, group)
    _owners(text, groups)


def _support(text: str, groups: Sequence[Group], lexicon: Lexicon) -> dict[str, float]:
    """How strongly the unambiguous names of the story speak for each country."""
    support: dict[str, float] = defaultdict(float)
    for group in groups:
        weight = 1 + math.log(len(group.spans))
        for country in _readings(text, group.spans[0], lexicon):
            support[country] += weight
    return support


def _readings(text: str, span: Span, lexicon: Lexicon) -> tuple[str, ...]:
    """The country of a name that has one reading; none of an ambiguous one."""
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
    if key == "Georgia" or name.country is None:
        return ()
    return (name.country,)


def _place_country(scene: _Scene, group: Group) -> str | None:
    lexicon, text = scene.lexicon, scene.text
    candidates: dict[str, float] = defaultdict(float)
    key = phrase(text[group.spans[0].start : group.spans[0].end])
    name = group.spans[0].name
    if name is not None and name.source in ("policy.tsv", "countries.tsv") and key != "Georgia":
        return name.country
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
        stated = _stated_after(text, span, scene.spans)
        if stated:
            candidates[stated] += 6.0
            break
    if not candidates:
        return _unlisted(text, group, scene.support, lexicon)
    return _best(candidates, scene.support)


def _stated_after(text: str, span: Span, spans: Sequence[Span]) -> str | None:
    """The country or state that follows a place ("Gainesville, Ga.", "Cork in Ireland")."""
    for other in spans:
        if other.start < span.end:
            continue
        if other.start > span.end + 4:
            return None
        if other.kind in ("GPE", "LOC") and _AFTER.search(text, span.end, other.start):
            key = phrase(text[other.start : other.end])
            if key in ("Georgia", "Ga", "Ga ."):
                return "USA"
            if other.name is not None and other.name.source != "cities.tsv":
                return other.name.country
        return None
    return None


def _unlisted(
    text: str, group: Group, support: Mapping[str, float], lexicon: Lexicon
) -> str | None:
    """A place on no list: the country of a listed place in its name, else of a clear majority."""
    surface = text[group.spans[0].start : group.spans[0].end]
    inner = _inner(surface, lexicon, support)
    if inner:
        return inner
    if re.search(r" (?:County|Parish|Township)$", surface) and set(support) <= {"USA"}:
        return "USA"
    if group.kind in ("GPE", "FAC", "LOC") and support:
        top, weight = min(support.items(), key=lambda item: (-item[1], item[0]))
        if weight >= 2 and weight > 0.6 * sum(support.values()):
            return top
    return None


def _inner(surface: str, lexicon: Lexicon, support: Mapping[str, float]) -> str | None:
    """The country of a place inside a longer name: a country or state first, else a town."""
    town: str | None = None
    last = surface.rsplit(" ", 1)[-1]
    company, civic = last in _COMPANY_ENDS, last in _CIVIC_ENDS
    for span in listed(tokenize(surface), lexicon):
        name, key = span.name, phrase(surface[span.start : span.end])
        if name is None or name.kind == "ORG":
            continue
        sure = name.source in ("countries.tsv", "policy.tsv", "us_states.tsv")
        if sure and name.country and key != "Georgia":
            return name.country
        if key not in lexicon.common_words and town is None:
            town = _likeliest(key, lexicon, support)
            people = lexicon.cities.get(key, (("", 0),))[0][1]
            if company or not (civic or people >= _BIG_CITY or support.get(town or "")):
                town = None
    return town


def _likeliest(key: str, lexicon: Lexicon, support: Mapping[str, float]) -> str | None:
    """The likeliest country of a town's or division's name, given what the story speaks for."""
    candidates: dict[str, float] = defaultdict(float)
    for country, people in lexicon.cities.get(key, ()):
        candidates[country] = math.log10(people + 10)
    for country in lexicon.divisions.get(key, ()):
        candidates[country] = max(candidates[country], 5.0)
    return _best(candidates, support)


def _best(candidates: dict[str, float], support: Mapping[str, float]) -> str | None:
    total = sum(support.values()) or 1.0
    scored = {c: value + _SUPPORT * support.get(c, 0.0) / total for c, value in candidates.items()}
    return min(scored.items(), key=lambda item: (-item[1], item[0]))[0] if scored else None


def _person(scene: _Scene, group: Group) -> None:
    """Role and country from a title and a country before the name, or set off after it."""
    text = scene.text
    for span in group.spans:
        window = text[max(0, span.start - 90) : span.start]
        tokens = tokenize(window)
        title = title_before(tokens, len(tokens), scene.lexicon) if window[-1:] == " " else None
        if title is not None:
            group.role = group.role or title.role or None
            owner = _ending_at(scene, span.start - len(window) + title.start)
            group.country = group.country or owner
        group.country = group.country or _after(scene, span, group)
        if group.country and group.role:
            return


def _ending_at(scene: _Scene, position: int) -> str | None:
    """The country of a name that ends right before `position` ("Azerbaijani ", "Israel's ")."""
    for span in scene.spans[: bisect_left(scene.spans, position, key=lambda s: s.start)][:-4:-1]:
        gap = scene.text[span.end : position]
        if span.end <= position and span in scene.known and _OWNED.fullmatch(gap):
            return scene.known[span]
    return None


def _after(scene: _Scene, span: Span, group: Group) -> str | None:
    """The country in "(Cuba)", ", the Armenian foreign minister" or ", president of Chile"."""
    text = scene.text
    first = bisect_left(scene.spans, span.end, key=lambda s: s.start)
    for other in scene.spans[first : first + 3]:
        gap = text[span.end : other.start]
        country = scene.known.get(other)
        if len(gap) > 45 or country is None:
            continue
        if gap == " (" and text[other.end : other.end + 1] == ")":
            return country
        if other.kind not in ("GPE", "NORP"):
            continue
        rest = _FUNCTION.match(text, other.end)
        if _APPOSED.fullmatch(gap) and rest and _is_title(rest.group(1), scene.lexicon, group):
            return country
        function = _FUNCTION_OF.fullmatch(gap)
        if function and _is_title(function.group(1), scene.lexicon, group):
            return country
    return None


def _is_title(words: str, lexicon: Lexicon, group: Group) -> bool:
    parts = words.lower().split()
    for size in range(len(parts), 0, -1):
        for some in (parts[:size], parts[-size:]):
            role = lexicon.titles.get(" ".join(some))
            if role:
                group.role = group.role or role
                return True
    return False


def _body(scene: _Scene, group: Group) -> str | None:
    """The country of a body: its list entry, a place in its name, a country beside it."""
    text, first = scene.text, group.spans[0]
    if first.name is not None and first.name.country:
        return first.name.country
    inner = _inner(text[first.start : first.end], scene.lexicon, scene.support)
    if inner:
        return inner
    for span in group.spans:
        owner = _ending_at(scene, span.start)
        if owner:
            return owner
        index = bisect_left(scene.spans, span.end, key=lambda s: s.start)
        following = scene.spans[index] if index < len(scene.spans) else None
        if following is not None and text[span.end : following.start] == " (":
            return scene.known.get(following)
    return None


def _owners(text: str, groups: Sequence[Group]) -> None:
    """ "his spokesperson Matthew Miller" has the country of the person named last before."""
    persons = sorted(
        ((span.start, group) for group in groups if group.kind == "PERSON" for span in group.spans),
        key=lambda item: item[0],
    )
    for index, (start, group) in enumerate(persons):
        if group.country is None and index and _OWNER.search(text[max(0, start - 60) : start]):
            group.country = persons[index - 1][1].country
