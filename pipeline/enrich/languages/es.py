"""Spanish: entities by Dateline's own model."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

from pipeline.enrich.entities.spans import Span
from pipeline.enrich.languages.base import Language, SentenceEnds
from pipeline.enrich.languages.foreign import resolve_foreign, territories
from pipeline.enrich.lexicon import OWN_WORDS, Lexicon, Name, rows, tokenize, word_set

_HEADS = {
    "LOC": word_set(
        """río rio mar golfo isla islas sierra monte montes valle cabo lago bahía océano península
        cordillera estrecho desierto américa europa áfrica asia oceanía oriente occidente caribe
        mediterráneo atlántico pacífico cantábrico balcanes"""
    ),
    "FAC": word_set(
        """calle plaza avenida paseo estadio aeropuerto palacio museo hospital teatro puente parque
        catedral iglesia pabellón autopista carretera estación cárcel auditorio polideportivo"""
    ),
    "LAW": word_set(
        """ley constitución tratado acuerdo acuerdos protocolo código convenio convención estatuto
        carta decreto pacto"""
    ),
}

_CLUB_BEFORE = re.compile(r"\b(?:[Ee]l|[Aa]l)\s$")
_PLACE_BEFORE = re.compile(r"\b(?:[Ee]n|[Dd]e|[Dd]esde|[Hh]asta|[Hh]acia)\s$")
_STATES = frozenset({"countries.tsv", "policy.tsv"})
_SPORT = word_set(
    """liga copa partido gol goles árbitro jugador jugadores equipo entrenador campeonato torneo
    minuto delantero portero amonestó tarjeta tarjetas etapa set sets final semifinal estadio
    selección técnico temporada clasificación marcador puntos vuelta club amonestación
    amonestaciones partidos minutos expulsión suspensión suspendido árbitros goleador defensa
    fútbol baloncesto tenis balonmano ciclista triples"""
)
_LEAST_WORDS = 3
_BODIES = word_set(
    """Corte Tribunal Juzgado Fiscalía Ministerio Gobierno Congreso Senado Parlamento Asamblea
    Ejército Policía Partido Universidad Secretaría Consejo Comisión Banco Federación Asociación
    Cámara"""
)
"""First words of bodies, which no person's name begins with."""
_ADJECTIVE_BEHIND = re.compile(r"\s(\w+)")
_COUNTRY_BEHIND = re.compile(r"\s(?:de(?: la| los| las)?|del)(?: [A-ZÁÉÍÓÚ][\w.]*){1,3}")
_STRESSED = {"és": "es", "án": "an", "ín": "in", "ón": "on"}
"""Ends of an adjective that lose their accent where another syllable follows."""
_CODE, _WORD = re.compile(r"[A-Z]{3}"), re.compile(r"\w+")


def _clubs(text: str, spans: Sequence[Span]) -> list[Span]:
    """Yield towns that stand for their clubs, as bodies: "el Valencia", further on "Valencia".

    Spanish gives a club the article that its town does not have; "en Valencia" stays the town.
    Some countries have an article of their own ("el Líbano").
    """
    clubs = {text[s.start : s.end] for s in spans if _is_town(s) and _stands(_CLUB_BEFORE, text, s)}
    return [
        replace(span, kind="ORG", name=None)
        if text[span.start : span.end] in clubs
        and _is_town(span)
        and not _stands(_PLACE_BEFORE, text, span)
        else span
        for span in spans
    ]


def _members(text: str, spans: Sequence[Span]) -> list[Span]:
    """Yield players' clubs in sports copy, as bodies: "Varela (Extremadura)".

    Codes of three letters are countries ("Ferrero (ESP)"), and countries stay places.
    """
    if len(_SPORT & set(_WORD.findall(text.lower()))) < _LEAST_WORDS:
        return list(spans)
    persons = {span.end for span in spans if span.kind == "PERSON"}

    def is_club(span: Span) -> bool:
        return (
            _is_town(span)
            and span.start - 2 in persons
            and text[span.start - 2 : span.start] == " ("
            and text[span.end : span.end + 1] == ")"
            and not _CODE.fullmatch(text, span.start, span.end)
        )

    return [replace(span, kind="ORG", name=None) if is_club(span) else span for span in spans]


def _is_town(span: Span) -> bool:
    return span.kind == "GPE" and (span.name is None or span.name.source not in _STATES)


def _stands(before: re.Pattern[str], text: str, span: Span) -> bool:
    return bool(before.search(text, max(0, span.start - 12), span.start))


def _of_countries(text: str, spans: Sequence[Span], lexicon: Lexicon) -> list[Span]:
    """Return bodies with the country that their words or those behind them name.

    "Gobierno de Marruecos", "la Corte Suprema de Chile", "el Ejército colombiano".
    """
    names = territories("es", lexicon)
    longest = max(map(len, names))

    def country(span: Span) -> str | None:
        behind = _ADJECTIVE_BEHIND.match(text, span.end)
        if behind is not None and behind[1] in _adjectives():
            return _adjectives()[behind[1]]
        after = _COUNTRY_BEHIND.match(text, span.end)
        words = [w for w, _, _ in tokenize(text[span.start : after.end() if after else span.end])]
        for at in range(1, len(words)):
            for end in range(min(len(words), at + longest), at, -1):
                name = names.get(tuple(words[at:end]))
                if name is not None:
                    return name.country
        return None

    def known(span: Span) -> Span:
        first, _, rest = text[span.start : span.end].partition(" ")
        if span.kind == "PERSON" and rest and first in _BODIES:
            span = replace(span, kind="ORG")
        code = country(span) if span.kind == "ORG" and span.name is None else None
        words = " ".join(text[span.start : span.end].split())
        return span if code is None else replace(span, name=Name("ORG", words, code, OWN_WORDS))

    return _of_one_name(text, [known(span) for span in spans])


def _of_one_name(text: str, spans: Sequence[Span]) -> list[Span]:
    """Return bodies under the longest of their names in the story.

    "El Gobierno colombiano" is the "Gobierno de Colombia" of the same story, and so is "el
    Gobierno" where it tells of no other country's.
    """
    own = {s.name for s in spans if s.name is not None and s.name.source == OWN_WORDS}

    def longest(begin: str, codes: Collection[str | None]) -> Name | None:
        begins = re.compile(rf"{re.escape(begin)}(?: del? |$)")
        found = [n for n in own if n.country in codes and begins.match(n.canonical)]
        longer = [name for name in found if name.canonical != begin] or found
        return longer[0] if len(longer) == 1 and len({n.country for n in found}) == 1 else None

    def named(span: Span) -> Span:
        if span.kind != "ORG" or (span.name is not None and span.name not in own):
            return span
        words = " ".join(text[span.start : span.end].split())
        codes = {n.country for n in own} if span.name is None else {span.name.country}
        name = longest(words, codes)
        return span if name is None else replace(span, name=name)

    return [named(span) for span in spans]


@lru_cache(maxsize=1)
def _adjectives() -> dict[str, str]:
    """Return the country of each form of an adjective: masculine, feminine, plurals."""
    return {
        form: code
        for code, listed in rows("demonyms_es.tsv")
        for adjective in listed.split("|")
        for form in _inflected(adjective)
    }


def _inflected(adjective: str) -> Iterator[str]:
    yield adjective
    if adjective.endswith("o"):
        yield from (adjective[:-1] + end for end in ("a", "os", "as"))
    elif adjective[-2:] in _STRESSED:
        stem = adjective[:-2] + _STRESSED[adjective[-2:]]
        yield from (stem + end for end in ("a", "es", "as"))
    else:
        feminine = ("a", "es", "as") if adjective.endswith("ol") else ("s", "es")
        yield from (adjective + end for end in feminine)


def _resolve(text: str, model_spans: Sequence[Span] | None, lexicon: Lexicon) -> list[Span]:
    spans = resolve_foreign(text, model_spans, lexicon, language="es", heads=_HEADS)
    return _of_countries(text, _members(text, _clubs(text, spans)), lexicon)


SPANISH = Language(
    "es",
    SentenceEnds(
        before_name=word_set(
            """sr sra sres sras srta d dª dña dr dra prof profa lic ing arq gral gobr pdte pdta mons
            fray sto sta cnel cap tte cdte av avda pza art arts núm núms n nº pág págs vol fig cf p
            ej vs ee ff jj cc rr ene feb mar abr may jun jul ago sept sep oct nov dic tel aprox"""
        ),
        before_number=word_set("art arts núm núms n nº pág págs vol fig p"),
        may_end=word_set(
            "etc s.a s.l cía cia ee.uu eeuu uu aa oo d.f a.m p.m a.c d.c ltda hnos ud uds"
        ),
        starters=word_set(
            """el la los las lo un una unos unas este esta estos estas ese esa esos esas aquel él
            ella ellos ellas yo nosotros usted ustedes su sus pero y e o u ni en a al de del por
            para con sin sobre según tras desde hasta entre durante si cuando como mientras aunque
            porque sin embargo además también ya no sí qué quién dónde cómo hoy ayer ambos todos
            dos tres"""
        ),
    ),
    _resolve,
    entity_model="news-es",
)
