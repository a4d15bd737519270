"""Sports copy: towns that stand for their teams, and the sport's name before a headline.

A town is a team where the words around it play ("beat Leeds", "Leeds striker"); the place itself
stays a place ("in Leeds"). Countries stay places: their teams bear no other name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from pipeline.enrich.entities.spans import Span
from pipeline.enrich.lexicon import word_set

_WORDS = word_set(
    """league cup match matches season coach striker goal goals innings wicket wickets inning homer
    homered quarterback touchdown soccer cricket baseball basketball rugby tennis halftime defeated
    beat pitcher midfielder goalkeeper defender championship playoff tournament scored team teams
    players seed seeded batting bowling standings fixtures penalty skipper shutout tries"""
)
_LEAST_WORDS = 4
_PLAYED = re.compile(
    r"\b(?:for|against|over|beat|beats|defeated|defeating|beating|v|vs|versus|than|past|coach|joined|"
    r"thrashed|downed|crushed|edged|trounced|former|as|and|while|with|when|rivals|hosts|visitors|"
    r"champions|leaders)\s+$"
)
_PLAYS = re.compile(
    r"(?:['\u2019]s?)?\s+(?:have|had|won|lost|beat|defeated|drew|scored|striker|goal|goals|goalkeeper|"
    r"midfielder|defender|winger|forward|captain|skipper|coach|manager|team|side|squad|players?|"
    r"fans|pitcher|starter|batters?|rallied|took|led|trailed|were|are|improved|swept|snapped)\b"
)
_FIRST_IN_SENTENCE = re.compile(r"(?:^|[.!?\n]\s*)$")
_TOWNS = frozenset({"cities.tsv", "iso-3166-2", "us_states.tsv"})
SPORTS = re.compile(
    r"^(?:SOCCER|CRICKET|GOLF|TENNIS|BASEBALL|BASKETBALL|ATHLETICS|BOXING|CYCLING|RUGBY UNION|"
    r"RUGBY LEAGUE|RUGBY|MOTOR RACING|MOTORCYCLING|SKIING|SWIMMING|HOCKEY|ICE HOCKEY|SAILING|"
    r"HORSE RACING|FOOTBALL|BADMINTON|SNOOKER|SQUASH|VOLLEYBALL|HANDBALL|ROWING|GYMNASTICS)"
    r"(?=\s*-)",
    re.IGNORECASE | re.MULTILINE,
)


def is_sport(text: str) -> bool:
    """Say whether a sport's name stands before the headline, or the words of sport are frequent."""
    if SPORTS.match(text):
        return True
    return len(_WORDS & set(re.findall(r"[a-z]+", text[:4000].lower()))) >= _LEAST_WORDS


def teams(text: str, spans: Sequence[Span]) -> list[Span]:
    """Turn towns that play into bodies; only for sports copy."""
    return [replace(span, kind="ORG", name=None) if _plays(text, span) else span for span in spans]


def _plays(text: str, span: Span) -> bool:
    if span.kind != "GPE" or span.name is None or span.name.source not in _TOWNS:
        return False
    if text[span.end : span.end + 2] in (", ", " ("):
        return False
    before = text[max(0, span.start - 20) : span.start]
    return bool(_PLAYED.search(before) or _PLAYS.match(text, span.end))
