"""German: entities by Dateline's own model; a number's dot is mostly an ordinal's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache, partial

from pipeline.enrich.entities.spans import LISTED_WORD, Span
from pipeline.enrich.languages.base import Language, SentenceEnds
from pipeline.enrich.languages.foreign import resolve_foreign
from pipeline.enrich.lexicon import Name, load_lexicon, rows, word_set

_ADJECTIVE = r"(?:e|en|em|er|es)"
_LETTERS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})


@lru_cache(maxsize=1)
def _forms() -> tuple[re.Pattern[str], dict[str, str | None]]:
    """Say what finds adjectives and peoples, and the country of each form in small letters.

    Adjectives are found with their ending, peoples as they are written, both also as wires without
    umlauts write them.
    """
    country: dict[str, str | None] = {}
    patterns: list[str] = []
    for row in rows("demonyms_de.tsv"):
        for adjective in row[1].split("|"):
            for form in {adjective, adjective.translate(_LETTERS)}:
                country[form] = row[0] or None
                patterns.append(f"[{form[0].upper()}{form[0]}]{form[1:]}{_ADJECTIVE}")
        for people in row[2].split("|"):
            for form in {people, people.translate(_LETTERS)}:
                country[form.lower()] = row[0] or None
                patterns.append(form)
    longest = sorted(patterns, key=lambda form: (-len(form), form))
    return re.compile(rf"(?<![\w-])(?:{'|'.join(longest)})(?![\w-])"), country


def peoples(text: str) -> Iterator[Span]:
    """Yield adjectives and peoples of countries ("die russische Regierung", "zwei Franzosen")."""
    pattern, countries = _forms()
    canonical = _adjectives_in_english()
    for match in pattern.finditer(text):
        word = match.group().lower()
        code = countries.get(word)
        if word not in countries:
            code = countries.get(re.sub(rf"{_ADJECTIVE}$", "", word))
        name = Name("NORP", canonical[code], code, "countries.tsv") if code in canonical else None
        yield Span(match.start(), match.end(), "NORP", LISTED_WORD, name)


@lru_cache(maxsize=1)
def _adjectives_in_english() -> dict[str | None, str]:
    """Return the wires' adjective of each country."""
    found: dict[str | None, str] = {}
    for name in load_lexicon().names.values():
        if name.kind == "NORP" and name.source == "countries.tsv":
            found.setdefault(name.country, name.canonical)
    return found


GERMAN = Language(
    "de",
    SentenceEnds(
        before_name=word_set(
            """hr hrn fr frl dr prof ing dipl st gen oberst hptm lt kard bzw ca evtl ggf inkl max
            min nr nrn art abs s vgl vs z.b d.h u.a v.a i.d.r h.c z b h a d c u v i o sog
            bd bde kap abb tab jan feb mär apr jun jul aug sept sep okt nov dez mo di mi do fr sa so
            tel str mio mrd"""
        ),
        before_number=word_set("nr nrn art abs s bd kap abb tab str tel"),
        may_end=word_set("usw etc ag gmbh co inc e.v u.s ff a.m a.d v.chr n.chr"),
        starters=word_set(
            """der die das den dem des ein eine einen einem einer dieser diese dieses diesen er sie
            es wir ihr ich man sein seine ihre unser aber und oder doch denn auch in im an am auf
            aus bei beim mit nach von vom zu zum zur für gegen ohne um durch über unter vor zwischen
            wegen trotz seit während wenn als ob weil da nachdem bevor dagegen dabei damit dann
            danach zudem außerdem jedoch nun so wer was wo wann warum wie ja nein nicht beide alle
            zwei drei viele einige mehrere"""
        ),
        ordinals=True,
    ),
    partial(resolve_foreign, language="de", peoples=peoples, genitives=("s",)),
    entity_model="news-de",
)
