"""A byline that stands among the first paragraphs: `Von Anna Berg`, `Par Ada Brenner, AFP`."""

from __future__ import annotations

import re

from pipeline.parse.conventions.providers import house_of, provider
from pipeline.parse.conventions.signoff import split_names, without_titles

_BY = (
    r"(?:(?:By|BY|by|Von|VON|Por|POR|Par|PAR|Per|Di|DI|Door|DOOR|Av|AV|Af|AF):?"
    r"|(?:Text|Tekst|Texte|Testo|Texto|Autorin|Autor|Author|Auteur|Autore|Skribent|Reporter)"
    r"(?: (?:by|von|par|av|af|di|de|por))?:)"
)
_PARTICLE = r"(?:(?:van|von|der|den|de|del|della|di|da|dos|do|du|la|le|el|al|bin|ten|ter|zu|af) )"
_NAME = rf"{_PARTICLE}{{0,2}}[^\W\d_a-z][\w.'’-]*"  # noqa: RUF001
_NAMES = rf"{_NAME}(?: {_NAME}){{1,4}}"
_AND = r"(?:, ?| and | with | und | mit | y | et | avec | con | e | og | och | en | i | & )"
_BYLINE = re.compile(
    rf"\s*{_BY}\s+(?P<names>(?:The )?{_NAMES}(?:{_AND}{_NAMES}){{0,3}})"
    r"(?: (?:in|at|en|à|aus|i|a|da) [^\W\d_a-z][\w -]{1,30})?"
    r"(?P<rest>(?:, | \(|/| / ?)[^\W\d_][\w /.-]{1,40}[)/]?)?\s*"
)
# `By The Numbers`, as a heading within a text.
_NO_NAMES = re.compile(r"(?:The|A|An|And|Any|All|Our|Its|Their|This|That|No|Popular|Land|Air)\b")
_JUNIOR = re.compile(r"\b(?:Jr|Sr)\.\s*$")
_LOOK_AHEAD = 3
_MAX_CHARS = 140


def take_byline(
    paragraphs: tuple[str, ...],
) -> tuple[tuple[str, ...], str | None, tuple[str, ...]]:
    """Return the names of a byline among the first paragraphs, its agency, and the paragraphs
    without it.

    A whole paragraph that says in a language's own word whose text it is, and nothing else.
    """
    first = 0 if len(paragraphs) > 1 else 1
    for index in range(first, min(_LOOK_AHEAD, len(paragraphs))):
        names, agency = read_byline(paragraphs[index])
        if names:
            return names, agency, (*paragraphs[:index], *paragraphs[index + 1 :])
    return (), None, paragraphs


def read_byline(text: str) -> tuple[tuple[str, ...], str | None]:
    """Return the names and the agency of a line that is a byline; no names for any other."""
    found = _BYLINE.fullmatch(text) if len(text) <= _MAX_CHARS else None
    if found is None:
        return (), None
    words, title = found["names"], (found["rest"] or "").strip(" ,()/")
    if (agency := provider(words)) is not None:
        return (words,), agency
    if _NO_NAMES.match(words) or (text.rstrip().endswith(".") and not _JUNIOR.search(text)):
        return (), None
    named = split_names(words)
    people = without_titles(tuple(name for name in named if not provider(name)))
    houses = (provider(name) or house_of(name) for name in (*named, title))
    agency = next(filter(None, houses), None)
    if title and not agency and without_titles((words, title)) != (words,):
        return (), None
    return people or named, agency
