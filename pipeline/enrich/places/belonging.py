"""Which country each name of a story belongs to: places first, then persons and bodies by them.

A person's country comes from the title before the name or the function after it, a body's from its
list entry, a place in its name, or the country named beside it.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.enrich.entities.merge import Group
from pipeline.enrich.entities.persons import title_before
from pipeline.enrich.entities.spans import Span
from pipeline.enrich.lexicon import Lexicon, Name, tokenize, word_set
from pipeline.enrich.places import countries as places

_PLACES = frozenset({"GPE", "LOC", "FAC", "NORP"})
_OWNER = re.compile(
    r"\b(?:his|her|its|their|whose)\s+(?:[a-z-]+\s+){0,2}"
    r"(?:spokes(?:man|woman|person)|aide|deputy|lawyer|adviser|advisor|counterpart)s?\s*$"
)
_OWNED = re.compile(r"(?:['\u2019]s?)?\s+(?:(?![a-z]+ed\s)[a-z-]+\s+){0,2}")
_COUNTERPART = re.compile(r"\bcounterpart,?\s+$")
_APPOSED = re.compile(r",\s+(?:the\s+)?(?:[a-z-]+\s+){0,2}")
_FUNCTION = re.compile(r"(?:['\u2019]s)?\s+((?:[A-Za-z-]+\s?){1,4})")
_FUNCTION_OF = re.compile(r",\s+(?:the\s+)?((?:[A-Za-z-]+\s){1,4})of\s+(?:the\s+)?")


@dataclass(frozen=True, slots=True)
class _Scene:
    """What all names of one story are judged by.

    `known` are the countries of places by span, `support` how strongly the unambiguous names speak
    for each country.
    """

    text: str
    spans: Sequence[Span]
    support: places.Support
    known: dict[Span, str]
    lexicon: Lexicon


def assign(text: str, groups: Sequence[Group], lexicon: Lexicon, hint: str | None = None) -> None:
    """Set `country` (and persons' `role`) of every group. `hint` is a country known beforehand."""
    spans = sorted((s for g in groups for s in g.spans), key=lambda s: s.start)
    support = places.support_of(text, groups, lexicon)
    if hint:
        support.add(hint, 2)
    scene = _Scene(text, spans, support, {}, lexicon)
    for group in groups:
        if group.kind in _PLACES:
            group.country = places.place_country(text, group, spans, support, lexicon)
    scene.known.update({span: g.country for g in groups for span in g.spans if g.country})
    for group in groups:
        if group.kind == "PERSON":
            _person(scene, group)
        elif group.kind in ("ORG", "EVENT", "LAW", "FAC") and group.country is None:
            group.country = _body(scene, group)
    _owners(text, groups)


def _person(scene: _Scene, group: Group) -> None:
    """Return role and country from a title and a country before the name, or set off after it."""
    text = scene.text
    for span in group.spans:
        window = text[max(0, span.start - 90) : span.start]
        tokens = tokenize(window)
        title = title_before(tokens, len(tokens), scene.lexicon) if window[-1:] == " " else None
        if title is not None:
            begin = sum(1 for token in tokens if token[1] < title.start)
            outer = title_before(tokens, begin, scene.lexicon) or title
            group.role = group.role or outer.role or title.role or None
            owner = _ending_at(scene, span.start - len(window) + outer.start)
            group.country = group.country or owner
        beside = _COUNTERPART.search(window)
        if beside is not None:  # "his Indonesian counterpart, Retno Marsudi"
            owner = _ending_at(scene, span.start - len(window) + beside.start())
            group.country = group.country or owner
        group.country = group.country or _after(scene, span, group)
        if group.country and group.role:
            return


def _ending_at(scene: _Scene, position: int) -> str | None:
    """Return the country of a name that ends right before `position` ("Azerbaijani ", "Israel's
    ")."""
    for span in scene.spans[: bisect_left(scene.spans, position, key=lambda s: s.start)][:-4:-1]:
        gap = scene.text[span.end : position]
        if span.end <= position and span in scene.known and _OWNED.fullmatch(gap):
            return scene.known[span]
    return None


def _after(scene: _Scene, span: Span, group: Group) -> str | None:
    """Return the country in "(Cuba)", ", the Armenian foreign minister" or ", president of
    Chile"."""
    text = scene.text
    first = bisect_left(scene.spans, span.end, key=lambda s: s.start)
    for other in scene.spans[first : first + 3]:
        gap = text[span.end : other.start]
        country = scene.known.get(other)
        if len(gap) > 45 or country is None:
            continue
        if gap == " (" and text[other.end : other.end + 1] == ")":
            return country
        if gap == " of " and other.kind == "GPE" and group.role:
            return country  # "President Lula of Brazil"
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


_OF_SOME_COUNTRY = frozenset({"Supreme Court"})
"""Listed names that every country has one of."""


_OF_STATES = word_set(
    "Congress Senate Representatives Commons Lords Department Office Council Party Board Commission"
)
"""Last words of listed bodies that other countries have as well: beside a country, of that one."""


def _is_of_many(name: Name | None) -> bool:
    """Say whether a body is listed as one of many countries, whatever country stands beside it."""
    return (
        name is not None
        and name.source == "organisations.tsv"
        and name.canonical not in _OF_SOME_COUNTRY
    )


def _body(scene: _Scene, group: Group) -> str | None:
    """Return the country of a body: its list entry, a place in its name, a country beside it."""
    text, first = scene.text, group.spans[0]
    if first.name is not None and first.name.country:
        return _other_state(scene, group, first.name) or first.name.country
    if _is_of_many(first.name):
        return None
    inner = places.inner_country(
        text[first.start : first.end], scene.lexicon, scene.support.of_names
    )
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


def _other_state(scene: _Scene, group: Group, name: Name) -> str | None:
    """Return whose a listed body is that many countries have: "Peru's Congress", "the Kenyan
    Senate"."""
    if name.canonical.rsplit(" ", 1)[-1] not in _OF_STATES:
        return None
    owners = (_ending_at(scene, span.start) for span in group.spans)
    return next((owner for owner in owners if owner), None)


def _owners(text: str, groups: Sequence[Group]) -> None:
    """Give "his spokesperson Matthew Miller" the country of the person named last before."""
    persons = sorted(
        ((span.start, group) for group in groups if group.kind == "PERSON" for span in group.spans),
        key=lambda item: item[0],
    )
    for index, (start, group) in enumerate(persons):
        if group.country is None and index and _OWNER.search(text[max(0, start - 60) : start]):
            group.country = persons[index - 1][1].country
