"""Sports results and other lists, where the shape of a line tells what its names are.

Lines of names and scores name teams; a name before a nationality in brackets, a bowling figure or
a minute of play is a person's. Wire services set results alike, whatever the sport.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.enrich.entities.spans import Span

LINE = 95
"""Strength of what a line's shape says: above the model and the lists."""

_NAME = (
    r"[A-Z][\w'\u2019.-]*(?:[ -](?:[A-Z][\w'\u2019.-]*|of|de|del|la|and|&))*"
    r"(?: \([A-Z]{1,2}\))?"
)
_PERSON = (
    r"[A-Z][\w'\u2019-]*\.?"
    r"(?: (?:[A-Z][\w'\u2019-]*\.?|van|von|der|den|de|da|di|del|la|al|bin|ul|el))*"
)
_SCORE = re.compile(
    rf"(?P<first>{_NAME}) \d{{1,3}}(?: \(.{{1,30}}?\))?,? (?P<second>{_NAME}) \d{{1,3}}"
    r"(?: \(.{1,40}?\))?\s*$"
)
_STANDING = re.compile(
    rf"(?:\d{{1,2}}\. )?(?P<team>{_NAME})(?: \([A-Z]\w*\))?(?: [-.]?\d[\d./]*| -){{3,}}\s*$"
)
_FIXTURE = re.compile(rf"(?P<first>{_NAME}) (?:v|vs|V|VS) (?P<second>{_NAME})\s*$")
_VISIT = re.compile(rf"(?P<first>{_NAME}) (?:at|AT) (?P<venue>{_NAME})\s*$")
_RANKED = re.compile(rf"^\d{{1,3}}\.? (?P<person>{_PERSON}) \([A-Z][\w. ]+\)")
_NATIONAL = re.compile(rf"(?P<person>{_PERSON}) \((?P<country>[A-Z][A-Za-z. ]+)\)")
_FIGURES = re.compile(rf"(?P<person>{_PERSON}) \d{{1,2}}(?:\.\d)?-\d+-\d+-\d+")
_MINUTE = re.compile(rf"(?P<person>{_PERSON}) \((?:\d{{1,3}}(?:st|nd|rd|th)\b|\d{{1,3}} pen)")
_DISMISSAL = re.compile(
    r"\b(?:c|b|st|lbw b|c and b) (?P<person>(?:[A-Z]\. ?)?[A-Z][\w'\u2019-]+)(?= (?:b |\d))"
)
_BATSMAN = re.compile(rf"^(?P<person>{_PERSON}) (?:c |b |st |lbw |run out|not out|retired)")
_IN_FIGURES = re.compile(r"\d-\d+-\d")
_IN_DISMISSAL = re.compile(r"[bct] [A-Z]")
_INITIAL = re.compile(r"[A-Z]\.")
_IN_FIXTURE = re.compile(r" (?:vs?|VS?) [A-Z]")
_IN_BATSMAN = re.compile(r" (?:c|b|st|lbw|run out|not out|retired)(?: |$)")
_AT_END = re.compile(r"(?:\d[./]?|[./]{2}|-|\))\s*$")
"""What a line of scores or of a table ends with."""
_LONGEST_END = 12
_INITIALS = re.compile(
    r"(?<![\w.])(?P<person>(?:[A-Z]\. ?){1,3}(?:(?:van|von|de|der) )*[A-Z][a-z][\w'\u2019-]+)"
)
_NO_INITIALS = re.compile(r"(?:[UE]\. ?[SNKU]\.|[NSEW]\. ?(?=Korea|Africa|Germany))")
_BEFORE_LIST = re.compile(r"(?:Postponed|Abandoned|Playing \w+|Halftime|Results?): ")
_DATELINE = re.compile(
    r"^(?P<place>[A-Z][A-Za-z'.\u2019 -]+?)(?:, [A-Z][\w. ]+?)?,? "
    r"(?:\d{4}-\d\d-\d\d|"
    r"(?:Jan|Feb|March|April|May|June|July|Aug|Sept|Oct|Nov|Dec)\w*\.? \d{1,2})\s*$"
)


def marked(text: str, is_country: frozenset[str], sport: bool = False) -> Iterator[Span]:
    """Yield spans told by the shape of their line. `is_country` holds names that stay places.

    `sport` says that the story is of sport: there "Leeds at Hull" is a match and its venue.
    """
    position = 0
    for line in text.split("\n"):
        if line and len(line) < 400:
            yield from _line(line, position, is_country, sport)
        position += len(line) + 1


def _line(line: str, at: int, is_country: frozenset[str], sport: bool) -> Iterator[Span]:
    teams = list(_teams(line, at, is_country))
    if teams:
        yield from teams
        return
    match = _VISIT.match(line) if sport else None
    if match is not None:
        first = "GPE" if _is_country(match["first"], is_country) else "ORG"
        yield Span(at + match.start("first"), at + match.end("first"), first, LINE)
        yield Span(at + match.start("venue"), at + match.end("venue"), "GPE", LINE)
        return
    match = _DATELINE.match(line) if line.rstrip()[-1:].isdigit() else None
    if match is not None:
        yield Span(at + match.start("place"), at + match.end("place"), "GPE", LINE)
        return
    ranked = _RANKED.match(line)
    if ranked is not None:
        yield _person(ranked, at)
    # Most lines are prose: what a pattern asks for is looked for first, which is much faster.
    brackets, figures = " (" in line, _IN_FIGURES.search(line) is not None
    for match in _NATIONAL.finditer(line) if brackets else ():
        if match["country"] in is_country and " " in match["person"]:
            yield _person(match, at)
    for pattern, may_match in (
        (_FIGURES, figures),
        (_MINUTE, brackets),
        (_DISMISSAL, _IN_DISMISSAL.search(line) is not None),
        (_BATSMAN, _IN_BATSMAN.search(line) is not None),
        (_INITIALS, _INITIAL.search(line) is not None),
    ):
        for match in pattern.finditer(line) if may_match else ():
            if pattern is not _INITIALS or not _NO_INITIALS.match(match["person"]):
                yield _person(match, at)


def _teams(line: str, at: int, is_country: frozenset[str]) -> Iterator[Span]:
    """Yield the teams of a line of scores, of a table's line, or of fixtures ("A v B, C v D")."""
    for pattern in (_SCORE, _STANDING) if _AT_END.search(line[-_LONGEST_END:]) else ():
        match = pattern.match(line)
        if match is not None:
            yield from _grouped(match, at, is_country)
            return
    if _IN_FIXTURE.search(line) is None:
        return
    lead = _BEFORE_LIST.match(line)
    begin = lead.end() if lead else 0
    for part in line[begin:].split(", "):
        match = _FIXTURE.match(part)
        if match is not None:
            yield from _grouped(match, at + begin, is_country)
        begin += len(part) + 2


def _grouped(match: re.Match[str], at: int, is_country: frozenset[str]) -> Iterator[Span]:
    for group in match.groupdict():
        if not _is_country(match[group], is_country):
            yield Span(at + match.start(group), at + match.end(group), "ORG", LINE)


def _is_country(name: str, is_country: frozenset[str]) -> bool:
    return name in is_country or name.title() in is_country


def _person(match: re.Match[str], at: int) -> Span:
    return Span(at + match.start("person"), at + match.end("person"), "PERSON", LINE)
