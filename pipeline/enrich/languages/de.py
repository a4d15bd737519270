"""German: entities by Dateline's own model; a number's dot is mostly an ordinal's."""

from __future__ import annotations

from functools import partial

from pipeline.enrich.languages.base import Language, SentenceEnds
from pipeline.enrich.languages.foreign import resolve
from pipeline.enrich.lexicon import words

GERMAN = Language(
    "de",
    SentenceEnds(
        before_name=words(
            """hr hrn fr frl dr prof ing dipl st gen oberst hptm lt kard bzw ca evtl ggf inkl max
            min nr nrn art abs s vgl vs z.b d.h u.a i.d.r z b h sog bd bde kap abb tab jan feb mär
            apr jun jul aug sept sep okt nov dez mo di mi do fr sa so tel str mio mrd"""
        ),
        before_number=words("nr nrn art abs s bd kap abb tab str tel"),
        may_end=words("usw etc ag gmbh co inc e.v u.s ff a.m a.d v.chr n.chr"),
        starters=words(
            """der die das den dem des ein eine einen einem einer dieser diese dieses diesen er sie
            es wir ihr ich man sein seine ihre unser aber und oder doch denn auch in im an am auf
            aus bei beim mit nach von vom zu zum zur für gegen ohne um durch über unter vor zwischen
            wegen trotz seit während wenn als ob weil da nachdem bevor dagegen dabei damit dann
            danach zudem außerdem jedoch nun so wer was wo wann warum wie ja nein nicht beide alle
            zwei drei viele einige mehrere"""
        ),
        ordinals=True,
    ),
    partial(resolve, language="de"),
)
