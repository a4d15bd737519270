"""spaCy's kinds for the kinds of the labelled sets.

The sets know four kinds (LOC, MISC) or seven (FAC, NORP, PRODUCT besides); which place is governed
and which a mountain, which name of another kind is a people and which a contest, is told by the
lists, by what the stock model sees in the same words, and by the words themselves.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from pipeline.enrich.lexicon import Lexicon, phrase, word_set
from training.corpora import Document

Labelled = tuple[int, int, str]

_SAME = {"PER": "PERSON", "ORG": "ORG", "FAC": "FAC", "NORP": "NORP", "PRODUCT": "PRODUCT"}
_ALLOWED = {
    "LOC": frozenset({"GPE", "LOC", "FAC"}),
    "MISC": frozenset({"NORP", "EVENT", "PRODUCT", "WORK_OF_ART", "LAW", "LANGUAGE"}),
}
_ONE_OF_FOUR = {"PERSON": "PERSON", "ORG": "ORG", "GPE": "GPE", "LOC": "GPE", "FAC": "GPE"}
_FALLBACK = {"LOC": "GPE", "MISC": "EVENT"}
_HEADS = {
    "LOC": {
        "LOC": word_set(
            """River Rivers Sea Ocean Bay Gulf Lake Mountain Mountains Mount Mt Hills Valley Desert
            Island Islands Peninsula Strait Straits Coast Cape Basin Delta Forest Plateau Canal
            Channel Reef Falls Africa Asia Europe America East West Pacific Atlantic Caribbean
            Middle Balkans Sahel Fjord Glacier Río Sierra Isla Islas Mar Golfo See Meer"""
        ),
        "FAC": word_set(
            """Stadium Airport Hospital Bridge Street Road Avenue Highway Square Hall Palace Park
            Station Building Tower Hotel Prison Jail Church Mosque Temple Museum Theatre Theater
            Centre Center Arena Ground Oval Course Boulevard Plaza Gate Port Harbour Dam Camp Base
            Aeropuerto Estadio Calle Plaza Palacio Straße Strasse Platz Stadion Flughafen Halle"""
        ),
    },
    "MISC": {
        "EVENT": word_set(
            """Cup Open Prix Championship Championships Games Olympics Series League War Conference
            Summit Festival Tour Trophy Masters Final Finals Classic Bowl Marathon Day Holocaust
            Revolution Copa Liga Mundial Juegos Guerra Pokal Weltmeisterschaft"""
        ),
        "LAW": word_set(
            "Act Treaty Constitution Accord Accords Agreement Protocol Bill Law Pact Ley"
        ),
        "LANGUAGE": word_set("Arabic Mandarin Swahili Urdu Hindi Cantonese Quechua"),
        "PRODUCT": word_set("Airbus Boeing Windows Boeings iPhone Toyota MiG Antonov Kalashnikov"),
    },
}
_PEOPLE = re.compile(r"(?:an|ans|ese|ish|ian|ians|i|is|ist|ists|er|ern|isch\w*|ic|ch|sh|mp)$")


def fine(document: Document, seen: Sequence[Labelled], lexicon: Lexicon) -> list[Labelled]:
    """The document's spans with spaCy's kinds; `seen` are the stock model's in the same text."""
    by_span = {(start, end): kind for start, end, kind in seen}
    result = []
    for start, end, kind in document.spans:
        own = _SAME.get(kind)
        if own is None:
            own = _told(document.text[start:end], kind, by_span.get((start, end)), lexicon)
            own = own or f"{kind}?"
        result.append((start, end, own))
    return result


def coarse(spans: Sequence[Labelled]) -> list[Labelled]:
    """Spans with one kind for each of CoNLL's four: PERSON, ORG, GPE, EVENT."""
    return [(start, end, _ONE_OF_FOUR.get(kind, "EVENT")) for start, end, kind in spans]


def settle(texts: Iterable[str], spans: Iterable[Sequence[Labelled]]) -> list[list[Labelled]]:
    """Names that nothing told the kind of, by the kind of the same words elsewhere."""
    pairs = list(zip(texts, spans, strict=True))
    votes: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for text, found in pairs:
        for start, end, kind in found:
            if not kind.endswith("?"):
                votes[_coarse(kind), text[start:end]][kind] += 1
    settled = []
    for text, found in pairs:
        own = []
        for start, end, kind in found:
            if not kind.endswith("?"):
                own.append((start, end, kind))
                continue
            counts = votes.get((kind[:-1], text[start:end]))
            told = counts.most_common(1)[0][0] if counts else _guess(text[start:end], kind[:-1])
            own.append((start, end, told))
        settled.append(own)
    return settled


def _coarse(kind: str) -> str:
    return next((coarse for coarse, fine in _ALLOWED.items() if kind in fine), kind)


def _told(surface: str, kind: str, seen: str | None, lexicon: Lexicon) -> str | None:
    key = phrase(surface)
    listed = lexicon.names.get(key)
    if listed is not None and listed.kind in _ALLOWED[kind]:
        return listed.kind
    parts = surface.split()
    for own, heads in _HEADS[kind].items():
        if parts[-1] in heads or parts[0] in heads:
            return own
    if seen in _ALLOWED[kind]:
        return seen
    if kind == "LOC" and key in lexicon.cities:
        return "GPE"
    return None


def _guess(surface: str, kind: str) -> str:
    if kind == "MISC" and " " not in surface and _PEOPLE.search(surface):
        return "NORP"
    if kind == "MISC" and any(c.isdigit() for c in surface):
        return "PRODUCT"
    return _FALLBACK[kind]
