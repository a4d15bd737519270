"""Spanish: entities by Dateline's own model."""

from __future__ import annotations

from functools import partial

from pipeline.enrich.languages.base import Language, SentenceEnds
from pipeline.enrich.languages.foreign import resolve
from pipeline.enrich.lexicon import words

SPANISH = Language(
    "es",
    SentenceEnds(
        before_name=words(
            """sr sra sres sras srta d dª dña dr dra prof profa lic ing arq gral gobr pdte pdta mons
            fray sto sta cnel cap tte cdte av avda pza art arts núm núms n nº pág págs vol fig cf p
            ej vs ene feb mar abr may jun jul ago sept sep oct nov dic tel aprox"""
        ),
        before_number=words("art arts núm núms n nº pág págs vol fig p"),
        may_end=words("etc s.a s.l cía cia ee.uu eeuu uu d.f a.m p.m a.c d.c ltda hnos ud uds"),
        starters=words(
            """el la los las lo un una unos unas este esta estos estas ese esa esos esas aquel él
            ella ellos ellas yo nosotros usted ustedes su sus pero y e o u ni en a al de del por
            para con sin sobre según tras desde hasta entre durante si cuando como mientras aunque
            porque sin embargo además también ya no sí qué quién dónde cómo hoy ayer ambos todos
            dos tres"""
        ),
    ),
    partial(resolve, language="es"),
    entity_model="news-es",
)
