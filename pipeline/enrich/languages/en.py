"""English: everything that Dateline can do."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.enrich.entities.resolve import resolve
from pipeline.enrich.entities.spans import Span
from pipeline.enrich.languages.base import Language, SentenceEnds
from pipeline.enrich.lexicon import Lexicon, word_set

SENTENCE_ENDS = SentenceEnds(
    before_name=word_set(
        """mr mrs ms dr prof rev fr hon gov sen rep gen lt col maj capt cmdr adm sgt cpl pvt brig
        pres amb atty supt det st ste mt ft messrs mme mlle sr sra herr vs v no nos art fig approx
        ca cf e.g i.e jan feb mar apr jun jul aug sept sep oct nov dec mon tue tues wed thu thur
        thurs fri sat sun vol pp ed eds op sec para"""
    ),
    before_number=word_set("no nos sec art"),
    may_end=word_set(
        """inc corp co ltd plc llc bros jr sr etc al a.m p.m u.s u.n u.k e.u u.s.a u.s.s.r d.c
        assn dept univ est intl"""
    ),
    starters=word_set(
        """the a an this that these those he she it they we i you his her its their our but and or
        so in on at for from to of as if when while after before since until although though because
        however meanwhile also there here what who where why how yes no not analysts officials
        police last earlier many most some several other another each both all one two under with
        by"""
    ),
)


def _resolve(text: str, model_spans: Sequence[Span] | None, lexicon: Lexicon) -> list[Span]:
    return resolve(text, model_spans or (), lexicon)


ENGLISH = Language(
    *("en", SENTENCE_ENDS, _resolve), entity_model="news-en", has_topics=True, has_small_words=True
)
