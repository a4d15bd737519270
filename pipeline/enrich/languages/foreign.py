"""Names in stories that are not in English: the model's, and countries in the story's language.

The rules for titles, shapes and headlines are those of English; here only what holds in any
language is used. Countries are the Unicode CLDR's names of territories (package `babel`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from pipeline.enrich.entities.consistency import choose_spans, one_kind, repeated_names
from pipeline.enrich.entities.spans import (
    BIG_CITY,
    LISTED_PHRASE,
    LISTED_WORD,
    MODEL_PHRASE,
    MODEL_WORD,
    Span,
    Token,
    listed,
)
from pipeline.enrich.lexicon import Lexicon, Name, phrase, tokenize

_ARTICLE = re.compile(
    r"(?:(?:le|la|les|un|une|des|du|de|der|die|das|den|dem|el|los|las|il|lo|gli|o|os|as|het|een)\s+"
    r"|[ldLD]['\u2019]|[\s\"'\u2018\u201c\u00ab(\[-]+)"
)
_CAPITAL_ARTICLE = re.compile(r"(?:Le|La|Les|L['\u2019]|El|Los|Las|Die|Der|Das)\s?")
_TRAILING = re.compile(r"[\s\"'\u2019\u201d\u00bb,;:.)\]-]+$")
_OF_PLACES, _OF_OTHERS = ("LOC", "FAC"), ("LAW", "EVENT", "WORK_OF_ART")
_OPENING_QUOTES = ('"', "\u201c", "\u00ab")
_ENGLISH_NAMES = frozenset({"countries.tsv", "policy.tsv"})


Heads = Mapping[str, frozenset[str]]
"""For a finer kind (LOC, FAC, LAW) the words, in small letters, that such names begin with."""

Peoples = Callable[[str], Iterator[Span]]
"""The adjectives and peoples of countries in a text, in a language that has a list of them."""


def resolve_foreign(
    text: str,
    model_spans: Sequence[Span] | None,
    lexicon: Lexicon,
    *,
    language: str | None,
    peoples: Peoples | None = None,
    genitives: tuple[str, ...] = (),
    heads: Heads | None = None,
) -> list[Span]:
    """Return the story's names, in order, without overlaps.

    Without a model only those that are listed. With a model the lists of English names only tell
    which country or body it is that the model sees: "Essen" and "Man" are towns, and words of other
    languages too. `genitives` are the endings that a country's name may take ("Israels").
    """
    tokens = tokenize(text)
    names = territories(language, lexicon, genitives) if language else {}
    countries = [span for span in _territories(tokens, names) if not _in_compound(text, span)]
    known = [*countries, *_listed(tokens, lexicon, bool(names))]
    if model_spans is None:
        return choose_spans(known)
    candidates = [*countries, *(peoples(text) if peoples else ())]
    entries = {(span.start, span.end): span.name for span in known}
    for span in model_spans:
        clean = _clean(text, span)
        if clean is not None:
            clean = _without_article(text, clean, entries)
            name = entries.get((clean.start, clean.end))
            fits = name is not None and _class(name.kind) == _class(clean.kind)
            strength = MODEL_PHRASE if " " in text[clean.start : clean.end] else MODEL_WORD
            kind = name.kind if name is not None and fits else _finer(text, clean, heads or {})
            named = name if fits else None
            candidates.append(replace(clean, kind=kind, strength=strength, name=named))
    chosen = choose_spans(candidates)
    chosen = choose_spans([*chosen, *repeated_names(tokens, text, chosen, lexicon)])
    return one_kind(text, chosen)


def _without_article(text: str, span: Span, entries: Mapping[tuple[int, int], Name | None]) -> Span:
    """Return a listed name without the article that begins its sentence ("La France", no "La
    Paz")."""
    article = _CAPITAL_ARTICLE.match(text, span.start, span.end)
    if article is None or (span.start, span.end) in entries:
        return span
    return replace(span, start=article.end()) if (article.end(), span.end) in entries else span


def _finer(text: str, span: Span, heads: Heads) -> str:
    """Return the kind of a place or another name by its first word, by quotes around it, by
    figures."""
    words = text[span.start : span.end]
    if not heads or span.kind not in ("GPE", "EVENT"):
        return span.kind
    first = words.split(" ", 1)[0].lower()
    kinds = _OF_PLACES if span.kind == "GPE" else _OF_OTHERS
    by_head = next((kind for kind in kinds if first in heads.get(kind, ())), None)
    if by_head is not None or span.kind == "GPE":
        return by_head or span.kind
    if text[max(0, span.start - 1) : span.start] in _OPENING_QUOTES:
        return "WORK_OF_ART"
    return "PRODUCT" if " " not in words and any(c.isdigit() for c in words) else span.kind


def _class(kind: str) -> str:
    return "PLACE" if kind in ("GPE", "LOC", "FAC") else kind


def _in_compound(text: str, span: Span) -> bool:
    """Say whether a hyphen ties a name to another word ("Deutschland-Achter")."""
    after = text[span.end : span.end + 2]
    before = text[max(0, span.start - 2) : span.start]
    return (after[:1] == "-" and after[1:].isalpha()) or (
        before[1:] == "-" and before[:1].isalpha()
    )


@lru_cache(maxsize=32)
def _cldr(language: str) -> tuple[tuple[str, str], ...]:
    """List (name, ISO 3166-1 alpha-3) of the territories in a language; none for one unknown."""
    import pycountry
    from babel import Locale, UnknownLocaleError

    try:
        territories = Locale.parse(language).territories
    except (UnknownLocaleError, ValueError):
        return ()
    alpha3 = {entry.alpha_2: str(entry.alpha_3) for entry in pycountry.countries}
    return tuple((name, alpha3[code]) for code, name in territories.items() if code in alpha3)


def territories(
    language: str, lexicon: Lexicon, genitives: tuple[str, ...] = ()
) -> dict[tuple[str, ...], Name]:
    """Map the tokens of a country's name in a language to the wires' English name."""
    return {
        tuple(phrase(form).split(" ")): Name(
            "GPE", lexicon.canonical_country.get(country, name), country, "countries.tsv"
        )
        for name, country in _cldr(language)
        for form in {name, name.replace("-", " "), *(name + ending for ending in genitives)}
        if len(name) > 2
    }


def _territories(tokens: Sequence[Token], names: dict[tuple[str, ...], Name]) -> Iterator[Span]:
    longest = max((len(key) for key in names), default=0)
    words = [token[0] for token in tokens]
    for index, (word, start, _) in enumerate(tokens):
        if not word[0].isalpha() or word[0].islower():
            continue
        for size in range(min(longest, len(words) - index), 0, -1):
            name = names.get(tuple(words[index : index + size]))
            if name is not None:
                strength = LISTED_PHRASE if size > 1 else LISTED_WORD
                yield Span(start, tokens[index + size - 1][2], "GPE", strength, name)
                break


def _listed(tokens: Sequence[Token], lexicon: Lexicon, own_names: bool) -> Iterator[Span]:
    """Yield the lists' large towns and bodies; English names of countries only without own ones."""
    for span in listed(tokens, lexicon):
        name = span.name
        if name is None:
            continue
        if name.source in _ENGLISH_NAMES and name.kind == "NORP" and own_names:
            continue
        large = name.source == "cities.tsv" and span.strength >= BIG_CITY
        if name.source in _ENGLISH_NAMES or name.kind == "ORG" or large:
            yield span


def _clean(text: str, span: Span) -> Span | None:
    start, end = span.start, span.end
    newline = text.find("\n", start, end)
    end = newline if newline >= 0 else end
    lead = _ARTICLE.match(text, start, end)
    while lead and lead.end() > start:
        start = lead.end()
        lead = _ARTICLE.match(text, start, end)
    end = start + len(_TRAILING.sub("", text[start:end]))
    # In many languages a people's adjective has a small letter ("deutsche").
    capital = span.kind == "NORP" or any(c.isupper() or not c.isascii() for c in text[start:end])
    if end <= start or not capital:
        return None
    return replace(span, start=start, end=end)
