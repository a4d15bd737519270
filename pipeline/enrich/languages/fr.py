"""French: entities by a packaged model, where the configuration names one."""

from __future__ import annotations

from functools import partial

from pipeline.enrich.languages.base import Language, SentenceEnds
from pipeline.enrich.languages.foreign import resolve_foreign
from pipeline.enrich.lexicon import word_set

FRENCH = Language(
    "fr",
    SentenceEnds(
        before_name=word_set(
            """m mm mme mmes mlle mlles me dr pr prof st ste mgr gal col cap lt cf p pp art vol fig
            av bd janv févr avr juil sept oct nov déc env tél ex c.-à-d"""
        ),
        before_number=word_set("p pp art vol fig n no nos"),
        may_end=word_set("etc sa s.a s.a.r.l cie e.u o.n.u j.-c h"),
        starters=word_set(
            """le la les l un une des ce cet cette ces il elle ils elles on nous vous je son sa ses
            leur leurs mais et ou donc or ni car dans sur en à au aux de du pour par avec sans sous
            selon après avant depuis pendant lors si quand comme alors cependant toutefois ainsi
            aussi qui que où pourquoi comment oui non plusieurs certains tous deux trois"""
        ),
    ),
    partial(resolve_foreign, language="fr"),
)
